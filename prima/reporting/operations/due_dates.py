"""What people decide about a due date: to move it, to add a report that a donor asks for, to take that back."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import gettext as _

from prima import clock, outbox
from prima.db import db
from prima.errors import Invalid, Refused
from prima.filters import day
from prima.journal import record
from prima.languages import Words, words
from prima.permissions import Action, can
from prima.projects.models import Part, Project
from prima.projects.rights import running_authority
from prima.projects.rules.calls import day_at
from prima.reporting import queries
from prima.reporting.calendar import INTERIM, N_
from prima.reporting.models import Deadline
from prima.reporting.operations.deadlines import drop, noted
from prima.reporting.steps import OWING, deadline_name, in_a_sentence
from prima.users import User

ASKED = N_("The donor asked for it outside the schedule.")
TAKEN_BACK = N_("The donor no longer asks for it.")
FURTHEST = timedelta(days=3660)
"""Beyond ten years from today a due date is a slip of the pen."""


def move_due_date(deadline_id: int, *, actor: User, due_on: date, reason: str, seen: date | None = None) -> Deadline:
    """Give an open deadline another day by a recorded decision; the original stays visible.

    `seen` is the day that the person had before their eyes.
    """
    deadline = queries.locked(deadline_id, actor)
    project = deadline.project
    _may_decide(project, actor)
    _is_open(deadline)
    if seen is not None and seen != deadline.due_on:
        raise Refused(
            _("It was moved to %(day)s meanwhile. Please decide again with this in view.", day=day(deadline.due_on))
        )
    today = day_at(project.office)
    if due_on == deadline.due_on:
        raise Invalid("due_on", _("This is the day on which it is due already."))
    _possible(due_on, today)
    if deadline.from_on and due_on < deadline.from_on:
        raise Invalid("due_on", _("The window opens on %(day)s; it cannot close before.", day=day(deadline.from_on)))
    if deadline.period_to and due_on < deadline.period_to:
        raise Invalid("due_on", _("The period ends on %(day)s; it cannot be due before.", day=day(deadline.period_to)))
    _reasoned(reason)
    old, deadline.due_on, deadline.why = deadline.due_on, due_on, ""
    noted(deadline, old, due_on, actor=actor, reason=reason.strip())
    _traced(project, "due date moved", actor, deadline=deadline.id, old=old, new=due_on, reason=reason.strip())
    _tell_managers(project, deadline, f"moved:{due_on.isoformat()}", words(_moved, deadline, old, reason.strip()))
    return deadline


def ask_report(
    project_id: int,
    *,
    actor: User,
    kind: str,
    name: str,
    due_on: date,
    period_from: date | None = None,
    period_to: date | None = None,
    reason: str,
) -> Deadline:
    """Add a report that the donor asks for outside the schedule; no rule recomputes it."""
    project = queries.locked_project(project_id, actor)
    if not can(actor, Action.ASK_REPORT, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))
    if project.status not in OWING:
        raise Refused(_("Reports are asked only of a project that was activated and is not closed."))
    if kind not in INTERIM:
        raise Invalid("kind", _("Please choose what kind of report it is."))
    if not name.strip():
        raise Invalid("name", _("Please say how the report is called."))
    if (period_from is None) != (period_to is None):
        missing = "period_from" if period_from is None else "period_to"
        raise Invalid(missing, _("Please give the first and the last day of the period, or neither."))
    if period_from and period_to:
        if period_to < period_from:
            raise Invalid("period_to", _("The period must not end before it begins."))
        if project.starts_on and period_from < project.starts_on:
            started = day(project.starts_on)
            raise Invalid("period_from", _("The project starts on %(day)s; choose that day or a later.", day=started))
        if due_on < period_to:
            raise Invalid("due_on", _("The report cannot be due before its period ends."))
    _possible(due_on, day_at(project.office))
    _reasoned(reason)
    deadline = Deadline(
        project_id=project.id,
        kind=kind,
        name=name.strip(),
        period_from=period_from,
        period_to=period_to,
        due_on=due_on,
        first_due_on=due_on,
        ad_hoc=True,
        why=ASKED,
    )
    noted(deadline, None, due_on, actor=actor, why=ASKED, reason=reason.strip())
    db.session.flush()
    _traced(project, "report asked", actor, deadline=deadline.id, name=deadline.name, due_on=due_on, reason=reason)
    _tell_managers(project, deadline, "asked", words(_asked, project, deadline, reason.strip()))
    return deadline


def take_back(deadline_id: int, *, actor: User, reason: str) -> Deadline:
    """Let a report fall away that was asked outside the schedule and that nobody handed in."""
    deadline = queries.locked(deadline_id, actor)
    _may_decide(deadline.project, actor)
    _is_open(deadline)
    if not deadline.ad_hoc:
        raise Refused(_("Only a report that was asked outside the schedule can be taken back."))
    if deadline.report is not None and deadline.report.first_submitted_on is not None:
        raise Refused(_("It has been handed in already."))
    _reasoned(reason)
    old = deadline.due_on
    drop(deadline, TAKEN_BACK, actor, reason=reason.strip())
    _traced(deadline.project, "report taken back", actor, deadline=deadline.id, due_on=old, reason=reason.strip())
    return deadline


def _may_decide(project: Project, actor: User) -> None:
    if not can(actor, Action.RUN, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))


def _is_open(deadline: Deadline) -> None:
    if deadline.fell_away_at is not None:
        raise Refused(_("This is no longer asked, so its day cannot be changed."))
    if not deadline.is_open:
        raise Refused(_("The report has been handed in meanwhile, so its day cannot be changed."))


def _possible(due_on: date, today: date) -> None:
    if due_on < today:
        raise Invalid("due_on", _("This day is past. Please choose today or a later day."))
    if due_on > today + FURTHEST:
        raise Invalid("due_on", _("Please check the year: this is more than ten years ahead."))


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason", _("Please write the reason."))


def _traced(project: Project, event: str, actor: User, **facts: object) -> None:
    project.updated_at = clock.now()
    authority = running_authority(actor, project)
    record(project, event, actor=actor, behalf_of=authority.absent if authority else None, **facts)


def _named(deadline: Deadline) -> str:
    return deadline_name(deadline.project.edition.handbook, deadline.kind, deadline.name)


def _moved(deadline: Deadline, old: date, reason: str) -> tuple[str, str]:
    project, name = deadline.project, in_a_sentence(_named(deadline))
    return (
        _("%(id)s: the %(report)s is now due on %(day)s", id=project.name, report=name, day=day(deadline.due_on)),
        _(
            "The %(report)s of %(id)s, %(title)s, was due on %(old)s and is now due on %(new)s.\n\nReason: %(reason)s",
            report=name, id=project.name, title=project.title, old=day(old), new=day(deadline.due_on), reason=reason,
        ),
    )  # fmt: skip


def _asked(project: Project, deadline: Deadline, reason: str) -> tuple[str, str]:
    due_on = day(deadline.due_on)
    return (
        _("%(id)s: the donor asks for “%(name)s” by %(day)s", id=project.name, name=deadline.name, day=due_on),
        _(
            "The donor of %(id)s, %(title)s, asks for a further report, “%(name)s”, due on %(day)s.\n\n%(reason)s",
            id=project.name, title=project.title, name=deadline.name, day=due_on, reason=reason,
        ),
    )  # fmt: skip


def _tell_managers(project: Project, deadline: Deadline, kind: str, said: tuple[Words, Words]) -> None:
    subject, body = said
    for person in project.people(Part.MANAGER, Part.ALTERNATE):
        outbox.queue(
            db.session(),
            to=person,
            cause=f"deadline:{deadline.id}",
            kind=kind,
            subject=subject,
            body=body,
            path=f"/projects/{project.reference}/deadlines/{deadline.id}",
        )
