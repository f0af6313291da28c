"""The road of a report as a table of moves, how its states are called, and which deadlines are still owed."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.handbook.edition import Edition, ReportType
from prima.permissions import Action
from prima.projects.rules import is_donor
from prima.projects.stages import Status
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST, ReportState, Timeliness, TimelinessKind
from prima.workflow import Move, Workflow

S = ReportState
WRITABLE = frozenset({S.DRAFT, S.RETURNED})
"""The team can write in it."""
IN = frozenset({S.SUBMITTED, S.CHECKED, S.ACCEPTED, S.SENT})
"""Handed in and not returned."""
DONE = frozenset({S.ACCEPTED, S.SENT})
OWING = frozenset({Status.ACTIVE, Status.SUSPENDED, Status.OP_CLOSED, Status.CANCELLED})
"""Projects whose open deadlines are owed: the evaluation after the closure, the final reports after a cancellation."""
REMINDED = OWING - {Status.SUSPENDED}


def _road(check: Action, accept: Action, write: Action = Action.WRITE_REPORT) -> Workflow:
    # fmt: off
    return Workflow(
        #    from         move      to            who may              the button says
        Move(S.DRAFT,     "submit", S.SUBMITTED,  write,               _l("Submit"), note="none"),
        Move(S.RETURNED,  "submit", S.SUBMITTED,  write,               _l("Submit again"), note="none"),
        Move(S.SUBMITTED, "check",  S.CHECKED,    check,               _l("Checked")),
        Move(S.SUBMITTED, "return", S.RETURNED,   check,               _l("Return"), tone="secondary"),
        Move(S.CHECKED,   "accept", S.ACCEPTED,   accept,              _l("Accept")),
        Move(S.CHECKED,   "return", S.RETURNED,   accept,              _l("Return"), tone="secondary"),
        Move(S.ACCEPTED,  "send",   S.SENT,       accept,              _l("Sent to the donor"), only=goes_to_the_donor),
    )
    # fmt: on


def goes_to_the_donor(deadline: Any) -> bool:
    kind = report_type(deadline)
    return is_donor(deadline.project) and kind is not None and kind.part in ("narrative", "financial")


def report_type(deadline: Any) -> ReportType | None:
    """What the edition says of this kind of report; None for the last day of an extension request."""
    return report_type_of(deadline.project.edition.handbook, deadline.kind)


def report_type_of(edition: Edition, kind: str) -> ReportType | None:
    return next((one for one in edition.reports if one.code == kind), None)


FINANCIAL = _road(Action.CHECK_FINANCIAL, Action.ACCEPT_FINANCIAL)
EVALUATED = _road(Action.CHECK_NARRATIVE, Action.CHECK_NARRATIVE, Action.WRITE_EVALUATION)
OTHERS = _road(Action.CHECK_NARRATIVE, Action.CHECK_NARRATIVE)


def road(kind: ReportType) -> Workflow:
    if kind.code == EVALUATION:
        return EVALUATED
    return FINANCIAL if kind.part == "financial" else OTHERS


def writes(kind: ReportType) -> Action:
    """What whoever writes the report may do."""
    move = road(kind).find(S.DRAFT, "submit")
    assert move is not None
    return move.action


def deciding_roles(kind: ReportType, state: ReportState) -> tuple[str, ...]:
    """Whose turn it is in a state, as the edition says."""
    return kind.checked_by if state is S.SUBMITTED else (kind.accepted_by,)


STATES = {
    S.DRAFT: (_l("Draft"), "grey"),
    S.SUBMITTED: (_l("Submitted"), "amber"),
    S.CHECKED: (_l("Checked"), "amber"),
    S.ACCEPTED: (_l("Accepted"), "green"),
    S.RETURNED: (_l("Returned"), "violet"),
    S.SENT: (_l("Sent to the donor"), "green"),
}
"""The word and the colour of a state."""
NOT_STARTED = (_l("Not started"), "grey")
EXTENSION_REQUEST_NAME = _l("Last day to request an extension or budget change")


def state_chip(state: ReportState | None) -> tuple[str, str]:
    word, tone = STATES[state] if state else NOT_STARTED
    return str(word), tone


def timeliness_chip(found: Timeliness) -> tuple[str, str]:
    """The words and the colour of a timeliness."""
    days = found.days
    match found.kind:
        case TimelinessKind.NOT_YET_DUE:
            return _("Not yet due"), "grey"
        case TimelinessKind.DUE:
            return _("Due"), "blue"
        case TimelinessKind.OVERDUE:
            return ngettext("Overdue, %(num)s day", "Overdue, %(num)s days", days), "red"
        case TimelinessKind.LATE:
            return ngettext("%(num)s day late", "%(num)s days late", days), "red"
    return _("On time"), "green"


def deadline_name(edition: Edition, kind: str, own: str = "") -> str:
    """How a deadline is called: as the donor who asked for it says, by its report, or what may be asked until then."""
    if own:
        return own
    if kind == EXTENSION_REQUEST:
        return str(EXTENSION_REQUEST_NAME)
    found = report_type_of(edition, kind)
    return found.name.say() if found else kind


def in_a_sentence(name: str) -> str:
    """A name within a sentence begins small."""
    return name[:1].lower() + name[1:]


def report_path(reference: str, deadline_id: int) -> str:
    """The page of a report; letters and desks know no request, so the address is written here and tested."""
    return f"/projects/{reference}/reports/{deadline_id}"
