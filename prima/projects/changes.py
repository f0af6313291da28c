"""The road of a change of a running project as a table of moves, and how its kinds and states are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from prima.permissions import Action
from prima.projects.rules import is_donor, is_fund
from prima.workflow import Move, Workflow


class ChangeKind(StrEnum):
    NO_COST_EXTENSION = "no_cost_extension"
    COST_EXTENSION = "cost_extension"
    BUDGET = "budget"
    RESULTS = "results"
    MANAGER = "manager"


class ChangeState(StrEnum):
    """Where a change is; only an approved one has taken effect."""

    DRAFT = "draft"
    ASKED = "asked"
    ENDORSED = "endorsed"
    APPROVED = "approved"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


K, S = ChangeKind, ChangeState
EXTENSIONS = frozenset({K.NO_COST_EXTENSION, K.COST_EXTENSION})
WITH_LINES = frozenset({K.COST_EXTENSION, K.BUDGET})
TIMED = EXTENSIONS | WITH_LINES
"""Asked for by the last day to request an extension or a budget change; later ones are flagged."""
WRITABLE = frozenset({S.DRAFT, S.RETURNED})
UNDER_WAY = WRITABLE | {S.ASKED, S.ENDORSED}
VIA = "changes.take"


def by_the_fund(change: Any) -> bool:
    return is_fund(change.project)


def by_the_donor(change: Any) -> bool:
    return is_donor(change.project)


def is_free(change: Any) -> bool:
    """Within what the edition leaves to the manager: it takes effect at once, and nobody decides on it."""
    return bool(change.free)


def needs_a_decision(change: Any) -> bool:
    return not change.free


# fmt: off
ROAD = Workflow(
    #    from         move        to           who may                the button says
    *(Move(state,     "ask",      S.ASKED,     Action.ASK_CHANGE,     _l("Ask for this change"),     only=needs_a_decision, via=VIA, note="none") for state in (S.DRAFT, S.RETURNED)),
    *(Move(state,     "record",   S.APPROVED,  Action.ASK_CHANGE,     _l("Put into effect"),         only=is_free, via=VIA, note="none") for state in (S.DRAFT, S.RETURNED)),
    Move(S.ASKED,     "endorse",  S.ENDORSED,  Action.ENDORSE_CHANGE, _l("Endorse"),                 via=VIA),
    Move(S.ASKED,     "return",   S.RETURNED,  Action.ENDORSE_CHANGE, _l("Return for changes"),      via=VIA, note="required", tone="secondary"),
    Move(S.ENDORSED,  "approve",  S.APPROVED,  Action.DECIDE_CHANGE,  _l("Approve"),                 only=by_the_fund, via=VIA),
    Move(S.ENDORSED,  "return",   S.RETURNED,  Action.DECIDE_CHANGE,  _l("Return for changes"),      only=by_the_fund, via=VIA, note="required", tone="secondary"),
    Move(S.ENDORSED,  "refuse",   S.REFUSED,   Action.DECIDE_CHANGE,  _l("Refuse"),                  only=by_the_fund, via=VIA, note="required", tone="danger"),
    Move(S.ENDORSED,  "approved", S.APPROVED,  Action.DECIDE_CHANGE,  _l("The donor approved"),      only=by_the_donor, via=VIA),
    Move(S.ENDORSED,  "changes",  S.RETURNED,  Action.DECIDE_CHANGE,  _l("The donor asks for changes"), only=by_the_donor, via=VIA, note="required", tone="secondary"),
    Move(S.ENDORSED,  "refused",  S.REFUSED,   Action.DECIDE_CHANGE,  _l("The donor refused"),       only=by_the_donor, via=VIA, note="required", tone="danger"),
    *(Move(state,     "withdraw", S.WITHDRAWN, Action.ASK_CHANGE,     _l("Withdraw"),                via=VIA, tone="danger") for state in (S.DRAFT, S.ASKED, S.ENDORSED, S.RETURNED)),
)
# fmt: on
ANSWERS = frozenset({"approved", "changes", "refused"})
"""Moves by which the donor's answer is written down; its letter is filed with them."""
MOVES = sorted({move.name for move in ROAD})

TAKEN = {
    "ask": _l("Asked for"),
    "record": _l("Put into effect"),
    "endorse": _l("Endorsed"),
    "return": _l("Returned for changes"),
    "approve": _l("Approved"),
    "refuse": _l("Refused"),
    "approved": _l("The donor approved"),
    "changes": _l("The donor asked for changes"),
    "refused": _l("The donor refused"),
    "withdraw": _l("Withdrawn"),
}
"""How a step is told that was taken."""

KINDS = {
    K.NO_COST_EXTENSION: _l("No-cost extension"),
    K.COST_EXTENSION: _l("Cost extension"),
    K.BUDGET: _l("Budget revision"),
    K.RESULTS: _l("Change of results"),
    K.MANAGER: _l("Change of manager"),
}
IN_A_SENTENCE = {
    K.NO_COST_EXTENSION: _l("no-cost extension"),
    K.COST_EXTENSION: _l("cost extension"),
    K.BUDGET: _l("budget revision"),
    K.RESULTS: _l("change of results"),
    K.MANAGER: _l("change of manager"),
}
STATES = {
    S.DRAFT: (_l("Draft"), "grey"),
    S.ASKED: (_l("With the Regional Office"), "amber"),
    S.ENDORSED: (_l("Endorsed, with the Fund"), "amber"),
    S.APPROVED: (_l("Approved"), "green"),
    S.RETURNED: (_l("Returned"), "violet"),
    S.REFUSED: (_l("Refused"), "red"),
    S.WITHDRAWN: (_l("Withdrawn"), "grey"),
}
"""The word and the colour of a state."""
WITH_THE_DONOR = _l("Endorsed, with the donor")
IN_EFFECT = _l("In effect")
"""What a budget revision is that nobody had to decide on."""


def state_chip(change: Any, state: ChangeState | None = None) -> tuple[str, str]:
    """Of the state in which it is, or of another that it comes to."""
    state = state or change.state
    word, tone = STATES[state]
    if state is S.ENDORSED and by_the_donor(change):
        word = WITH_THE_DONOR
    elif state is S.APPROVED and change.free:
        word = IN_EFFECT
    return str(word), tone


def deciding_role(rules: Any, project: Any, state: ChangeState) -> str:
    """Whose turn it is, as the edition says."""
    if state is S.ASKED:
        return str(rules.endorsed_by)
    return str(rules.decided_by.fund if is_fund(project) else rules.decided_by.donor)


def path(reference: str, number: int) -> str:
    """The page of a change; letters and desks know no request, so the address is written here and tested."""
    return f"/projects/{reference}/changes/{number}"
