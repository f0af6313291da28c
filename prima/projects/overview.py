"""What the project itself tells on its page: who drafts it, when it moved, its milestones and its actual periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext as _

from prima.desk import Duty
from prima.filters import day_of, today_here
from prima.overview import Telling
from prima.permissions import Action, can
from prima.projects import changing, queries
from prima.projects.changes import IN_A_SENTENCE, ROAD, ChangeState, path
from prima.projects.models import Change, Milestone, Part, Project
from prima.projects.rights import may_change
from prima.projects.rules import is_donor
from prima.projects.rules.calls import day_at
from prima.projects.rules.milestones import is_missed
from prima.projects.stages import CLOSABLE, RUNNING, Status
from prima.timeline import Mark, Span
from prima.users import User
from prima.workdays import add_working_days

ENDED = frozenset({Status.OP_CLOSED, Status.FIN_CLOSED, Status.CANCELLED})


def tell(project: Project, viewer: User) -> Telling:
    found = Telling(duties=duties(project), spans=spans(project), marks=[*_moves(project), *_milestones(project)])
    if project.starts_on is not None:
        found.duties += changes_under_way(project)
        found.tabs = [(_("Changes"), url_for("changes.index", reference=project.reference))]
    if project.status in CLOSABLE:
        found.tabs.append((_("Closure"), url_for("closure.show", reference=project.reference)))
    found.marks += _changes(project)
    return found


def duties(project: Project) -> list[Duty]:
    if project.status not in (Status.CONCEPT, Status.DRAFT):
        return []
    what = _("Complete the concept note") if project.status is Status.CONCEPT else _("Complete and submit the proposal")
    return [
        Duty(
            what=what,
            reference=project.name,
            title=project.title,
            place=project.office.name,
            url=url_for("proposal.show", reference=project.reference),
            since_on=project.status_since.date(),
            since_at=project.status_since,
            who=", ".join(person.name for person in project.people(Part.DEVELOPER)),
        )
    ]


def spans(project: Project) -> list[Span]:
    """What really happened: preparation until the start, then implementation until today or the end."""
    found = []
    today = today_here()
    begun = day_of(project.created_at)
    until = project.starts_on or today
    if begun < until:
        found.append(Span(_("Preparation"), begun, until - timedelta(days=1) if project.starts_on else until, "actual"))
    if project.starts_on and project.starts_on <= today:
        found += _implemented(project, project.starts_on, _implemented_until(project, today))
    return found


def _implemented(project: Project, first: date, last: date) -> list[Span]:
    """Implementation from its first day to its last, and the stretches in between in which it was suspended."""
    found = []
    for begins, ends in _suspensions(project, last):
        begins, ends = max(begins, first), min(ends, last)
        if begins > ends:
            continue
        if first < begins:
            found.append(Span(_("Implementation"), first, begins - timedelta(days=1), "actual"))
        found.append(Span(_("Suspended"), begins, ends, "suspended"))
        first = ends + timedelta(days=1)
    if first <= last:
        found.append(Span(_("Implementation"), first, last, "actual"))
    return found


def _suspensions(project: Project, until: date) -> list[tuple[date, date]]:
    """First and last days; one that is resumed on the day on which it began left no trace in time."""
    found: list[tuple[date, date]] = []
    since: date | None = None
    for step in project.steps:
        day = day_of(step.at)
        if step.target is Status.SUSPENDED:
            since = day
        elif since is not None:
            if since < day:
                found.append((since, day - timedelta(days=1)))
            since = None
    return [*found, (since, until)] if since is not None else found


def _implemented_until(project: Project, today: date) -> date:
    assert project.starts_on
    if project.status in ENDED:
        last = [day_of(step.at) for step in project.steps if step.target in ENDED]
        end = min([day for day in (*last, project.ends_on) if day])
    elif project.status in RUNNING:
        end = today
    else:
        end = project.starts_on
    return max(end, project.starts_on)


def _moves(project: Project) -> list[Mark]:
    """The day on which it came into each stage, or to the next desk of one."""
    words = {
        "create": _("Concept"),
        "import": _("Imported"),
        "develop": _("Proposal begun"),
        "submit": _("Submitted"),
        "clear": _("Head of office cleared, in review"),
        "stand": _("In review"),
        "pass": _("Reviewed"),
        "endorse": _("Endorsed"),
        "to-fund": _("In Fund review"),
        "to-donor": _("With the donor"),
        "recommend": _("Recommended by the Fund"),
        "approve": _("Approved"),
        "approved": _("Approved by the donor"),
        "activate": _("Activated"),
        "close": _("Operationally closed"),
        "settle": _("Financially closed"),
        "cancel": _("Cancelled"),
    }
    return [Mark(words[step.move], day_of(step.at), "stage", "done") for step in project.steps if step.move in words]


def _changes(project: Project) -> list[Mark]:
    """Changes that took effect, each with its number and kind."""
    return [
        Mark(
            _("Change %(number)s: %(kind)s", number=one.number, kind=IN_A_SENTENCE[one.kind]),
            one.decided_on,
            "change",
            "done",
            url_for("changes.show", reference=project.reference, number=one.number),
        )
        for one in sorted(project.changes, key=lambda one: one.number)
        if one.state is ChangeState.APPROVED and one.decided_on
    ]


def _milestones(project: Project) -> list[Mark]:
    today = day_at(project.office)
    return [
        Mark(one.name, one.done_on or one.planned_on, "milestone", milestone_state(one, today))
        for one in project.milestones
    ]


def milestone_state(milestone: Milestone, today: date) -> str:
    """`today` at the office."""
    if milestone.done_on:
        return "done"
    return "late" if is_missed(milestone.planned_on, None, today) else "ahead"


def desk(user: User) -> list[Duty]:
    """Concepts and drafts that the person is to complete, and changes that wait for the person."""
    found = [duty for project in queries.drafts_of(user) for duty in duties(project)]
    return found + [_duty(change) for change in changing.waiting_for(user) if _waits_for(change, user)]


def changes_under_way(project: Project) -> list[Duty]:
    """Requests that are with somebody who decides, or came back."""
    found = []
    for change in changing.on_the_way(project):
        if change.state in (ChangeState.ASKED, ChangeState.ENDORSED):
            at_the_fund = change.state is ChangeState.ENDORSED and not is_donor(project)
            found.append(replace(_duty(change), who=_("the Fund") if at_the_fund else _("the Regional Office")))
        elif change.state is ChangeState.RETURNED:
            team = project.people(Part.MANAGER, Part.ALTERNATE)
            found.append(replace(_duty(change), who=", ".join(person.name for person in team)))
    return found


def _waits_for(change: Change, user: User) -> bool:
    if change.state is ChangeState.RETURNED:
        return can(user, Action.ASK_CHANGE, change.project)
    moves = ROAD.moves_from(change.state, change)
    return any(may_change(user, move, change) for move in moves if move.action is not Action.ASK_CHANGE)


def _duty(change: Change) -> Duty:
    """What is to be done with a change, by when the edition wants it done."""
    project, kind = change.project, IN_A_SENTENCE[change.kind]
    since_on = change.state_since.date()
    if change.state is ChangeState.RETURNED:
        what, due_on = _("Mend the returned %(kind)s", kind=kind), None
    else:
        due_on = add_working_days(since_on, project.change_rules.days)  # type: ignore[union-attr]  # looked up with it
        if change.state is ChangeState.ASKED:
            what = _("Endorse the %(kind)s", kind=kind)
        elif is_donor(project):
            what = _("Record the donor's answer on the %(kind)s", kind=kind)
        else:
            what = _("Decide on the %(kind)s", kind=kind)
    return Duty(
        what=what,
        reference=project.name,
        title=project.title,
        place=project.office.name,
        url=path(project.reference, change.number),
        since_on=since_on,
        since_at=change.state_since,
        due_on=due_on,
        key=f"change{change.id}",
    )
