"""The letters about clearances that are not given in time: to whoever holds the seat, then to the coordinator too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from prima.endorsement import queries as endorsement
from prima.endorsement.models import Clearance, Round
from prima.endorsement.operations.asking import path
from prima.endorsement.operations.clearances import checks
from prima.endorsement.queries.asked import Place, asked, takers
from prima.languages import words
from prima.projects import queries as projects
from prima.projects.models import Project
from prima.reporting.models import About, Reason
from prima.reporting.reminders.ladders import REVIEWS, Ladders
from prima.reporting.reminders.planned import Copied, Planned, addressed, copies, reached, when
from prima.users import User


@dataclass(frozen=True)
class Late:
    """A clearance asked, what its seat is called, and who may give it."""

    clearance: Clearance
    role: str
    people: Sequence[User]


def clearances(session: Session, numbers: Sequence[int]) -> list[Late]:
    rows = session.scalars(
        select(Clearance)
        .where(Clearance.id.in_(numbers))
        .options(
            selectinload(Clearance.answers),
            joinedload(Clearance.round, innerjoin=True)
            .joinedload(Round.project, innerjoin=True)
            .options(*projects.with_rights(), selectinload(Project.coverage)),
        )
        .order_by(Clearance.due_on, Clearance.id)
    ).all()
    people = seated(session, {row.round.project_id for row in rows})
    names = endorsement.seat_names()
    return [Late(row, names.seat(row), people.get((row.round.project_id, row.seat), [])) for row in rows]


def seated(session: Session, project_ids: set[int]) -> dict[tuple[int, str], list[User]]:
    """Who may sit at each desk of these projects, in one question."""
    lying = asked(Project.id.in_(project_ids)).subquery("lying")
    found: dict[tuple[int, str], list[User]] = {}
    for project_id, seat, person in session.execute(
        select(lying.c.project_id, lying.c.seat, User)
        .select_from(lying)
        .join(User, User.id.in_(takers(Place.of(lying))))
        .order_by(User.sort_key, User.id)
    ):
        found.setdefault((project_id, seat), []).append(person)
    return found


def of_clearance(late: Late, on: date, ladders: Ladders, copied: Copied) -> Iterator[Planned]:
    """What is drafted only the seat sees: the copy says that it waits, not how far it is."""
    clearance, project = late.clearance, late.clearance.project
    due_on = clearance.due_on
    step = reached(ladders, REVIEWS, project, due_on, on)
    if step is None or due_on is None:
        return
    subject, body = words(_words, late, due_on, on, True)
    of_others, waits = words(_words, late, due_on, on, False)
    asked = [(person, Reason.REVIEWER) for person in late.people]
    yield from addressed(
        [*asked, *copies(project, step, copied)],
        of_copies={"subject": of_others, "body": waits, "path": path(project)},
        project=project,
        about=About.REVIEW,
        report=_("Review as %(role)s", role=late.role),
        step=step,
        due_on=due_on,
        cause=f"review:{clearance.id}",
        subject=subject,
        body=body,
        path=path(project, "clearances", clearance.seat.lower()),
    )


def _words(late: Late, due_on: date, on: date, reviews: bool) -> tuple[str, str]:
    """Subject and text, for whoever reviews or for whoever gets the copy."""
    project = late.clearance.project
    named = {"id": project.name, "role": late.role, "when": when(due_on, on)}
    opening = _("The review of %(id)s, %(title)s, as %(role)s: %(when)s.", title=project.title, **named)
    rest = _open_checks(late.clearance) if reviews else _waits_for(late.people)
    return _("%(id)s: review as %(role)s, %(when)s", **named), f"{opening}\n\n{rest}"


def _open_checks(clearance: Clearance) -> str:
    """What it still needs before it can be given."""
    answered = {one.check_code for one in clearance.answers if one.answer is not None}
    unanswered = [one for one in checks(clearance.project, clearance.reviewer) if one.code not in answered]
    if not unanswered:
        return _("Every check is answered; the clearance can be given, or the proposal returned.")
    begin = ngettext("%(num)s check is not answered yet:", "%(num)s checks are not answered yet:", len(unanswered))
    return "\n".join((begin, *(f"- {one.question.say()}" for one in unanswered)))


def _waits_for(people: Sequence[User]) -> str:
    if not people:
        return _("Nobody can give it: no active account holds the role there.")
    names = ", ".join(person.name for person in people)
    return _("It waits for %(names)s. Please see to it that somebody takes it up, or stands in.", names=names)
