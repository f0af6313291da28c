"""What the project itself tells on its page: who drafts it, when it moved, its milestones and its actual periods."""

from __future__ import annotations

from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext as _

from prima import clock
from prima.desk import Duty
from prima.overview import Telling
from prima.projects import queries
from prima.projects.models import Milestone, Part, Project
from prima.projects.stages import CLOSABLE, RUNNING, Status
from prima.timeline import Mark, Span
from prima.users import User

ENDED = frozenset({Status.OP_CLOSED, Status.FIN_CLOSED, Status.CANCELLED})


def tell(project: Project, viewer: User) -> Telling:
    tabs = []
    if project.status in CLOSABLE:
        tabs.append((_("Closure"), url_for("closure.show", reference=project.reference)))
    return Telling(
        duties=duties(project), spans=spans(project), marks=[*_moves(project), *_milestones(project)], tabs=tabs
    )


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
            who=", ".join(person.name for person in project.people(Part.DEVELOPER)),
        )
    ]


def spans(project: Project) -> list[Span]:
    """What really happened: preparation until the start, then implementation until today or the end."""
    found = []
    today = clock.today()
    begun = project.created_at.date()
    until = project.starts_on or today
    if begun < until:
        found.append(Span(_("Preparation"), begun, until - timedelta(days=1) if project.starts_on else until, "actual"))
    if project.starts_on and project.starts_on <= today:
        found.append(Span(_("Implementation"), project.starts_on, _implemented_until(project, today), "actual"))
    return found


def _implemented_until(project: Project, today: date) -> date:
    assert project.starts_on
    if project.status in ENDED:
        last = [step.at.date() for step in project.steps if step.target in ENDED]
        end = min([day for day in (*last, project.ends_on) if day])
    elif project.status in RUNNING:
        end = today
    else:
        end = project.starts_on
    return max(end, project.starts_on)


def _moves(project: Project) -> list[Mark]:
    words = {
        "create": _("Concept"),
        "import": _("Imported"),
        "submit": _("Submitted"),
        "endorse": _("Endorsed"),
        "approve": _("Approved"),
        "approved": _("Approved by the donor"),
        "close": _("Closed"),
        "cancel": _("Cancelled"),
    }
    return [Mark(words[step.move], step.at.date(), "stage", "done") for step in project.steps if step.move in words]


def _milestones(project: Project) -> list[Mark]:
    return [
        Mark(one.name, one.done_on or one.planned_on, "milestone", milestone_state(one)) for one in project.milestones
    ]


def milestone_state(milestone: Milestone) -> str:
    if milestone.done_on:
        return "done"
    return "late" if milestone.planned_on < clock.today() else "ahead"


def desk(user: User) -> list[Duty]:
    """Concepts and drafts that the person is to complete."""
    return [duty for project in queries.drafts_of(user) for duty in duties(project)]
