"""Who is reminded of what: for each open deadline and milestone the latest step of its ladder, never twice the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from prima import clock, outbox
from prima.filters import day
from prima.handbook import published
from prima.handbook.edition import Edition, Ladder
from prima.handbook.published import HandbookEdition
from prima.outbox import Draft, Letter
from prima.projects import queries as projects
from prima.projects.models import Milestone, Part, Project
from prima.projects.rules.calls import day_at
from prima.projects.stages import RUNNING, Funding, Status
from prima.reporting import queries
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST, Step, reminder_step
from prima.reporting.evaluating import TAKEN_ON, TO_DO, recommendation_path
from prima.reporting.models import Deadline, Evaluation, Recommendation, Report
from prima.reporting.queries.evaluation import with_judgements
from prima.reporting.rules import missing
from prima.reporting.steps import REMINDED, deadline_name, in_a_sentence, report_path, report_type
from prima.users import Role, User

AT_ONCE = 500
"""Deadlines or milestones read at a time."""
Regional = Callable[[str], Sequence[User]]
"""Who is copied for a Regional Office."""
Fund = Callable[[], Sequence[User]]
"""Who is copied for the Fund; asked for once somebody is."""


@dataclass(frozen=True)
class Planned:
    """One letter: to whom and why, about which deadline or milestone, at which step of the ladder."""

    to: User
    why: str
    project: str
    report: str
    step: str
    due_on: date
    cause: str
    kind: str
    subject: str
    body: str
    path: str

    @property
    def draft(self) -> Draft:
        return Draft(
            to=self.to,
            cause=self.cause,
            kind=self.kind,
            due_on=self.due_on,
            subject=self.subject,
            body=self.body,
            path=self.path,
        )

    @property
    def line(self) -> str:
        """One line for the operator: when due, what, which step, to whom, why."""
        parts = (self.due_on.isoformat(), self.project, self.report, self.step, self.to.email, self.why)
        return "\t".join(parts)


def remind(session: Session, on: date | None = None) -> int:
    """Queue every letter that is due and was not written yet; the number of new ones."""
    count, letters = 0, due(session, on)
    while some := list(islice(letters, AT_ONCE)):
        count += outbox.queue_all(session, [one.draft for one in some])
    outbox.keep_latest(session, "remind:")
    return count


def due(session: Session, on: date | None = None) -> Iterator[Planned]:
    """The letters due by that day and not queued yet: deadlines, milestones, recommendations, each the earliest first.

    Without a day it is for each project today at its office. Writes nothing.
    """
    first, last = (on, on) if on else clock.days_on_earth()
    regional = cache(lambda region: queries.holders([Role.RPDO], region))
    fund = cache(lambda: queries.holders([Role.FUND], None))
    kinds: tuple[tuple[Sequence[int], Callable[..., Sequence[Any]], Callable[..., Iterator[Planned]]], ...] = (
        (_in_the_window(session, first, last), _loaded, _letters),
        (_milestones(session, last), _loaded_milestones, _milestone_letters),
        (_recommendations(session, last), _loaded_recommendations, _recommendation_letters),
    )
    for numbers, load, letters in kinds:
        for start in range(0, len(numbers), AT_ONCE):
            rows = load(session, numbers[start : start + AT_ONCE])
            planned = [letter for row in rows for letter in letters(row, on or _today(row), regional, fund)]
            there = _queued(session, {one.cause for one in planned})
            yield from (one for one in planned if (one.cause, one.kind, one.due_on, one.to.email) not in there)


def _today(row: Deadline | Milestone | Recommendation) -> date:
    return day_at((row.evaluation if isinstance(row, Recommendation) else row).project.office)


def _in_the_window(session: Session, first: date, on: date) -> Sequence[int]:
    """Open deadlines that some step of some edition's ladder has reached; the last day to ask is not mourned."""
    editions = list(session.scalars(select(HandbookEdition)))
    reports = max((_first(one.handbook.ladder) for one in editions), default=0)
    requests = max((_first(one.handbook.extension_ladder) for one in editions), default=0)
    return session.scalars(
        select(Deadline.id)
        .join(Project, Project.id == Deadline.project_id)
        .where(
            Deadline.is_open,
            Deadline.due_on <= on + timedelta(days=max(reports, requests)),
            Project.status.in_(REMINDED),
            or_(
                and_(Deadline.kind != EXTENSION_REQUEST, Deadline.due_on <= on + timedelta(days=reports)),
                and_(Deadline.kind == EXTENSION_REQUEST, Deadline.due_on >= first),
            ),
        )
        .order_by(Deadline.due_on, Deadline.id)
    ).all()


def _first(ladder: Ladder | None) -> int:
    return max(ladder.before_days, default=0) if ladder else 0


def _milestones(session: Session, on: date) -> Sequence[int]:
    """Milestones of running projects that are not done, and that some step of some edition's ladder has reached."""
    ladders = [edition.handbook.milestone_ladder for edition in session.scalars(select(HandbookEdition))]
    if not any(ladders):
        return []
    return session.scalars(
        select(Milestone.id)
        .join(Project, Project.id == Milestone.project_id)
        .where(
            Milestone.done_on.is_(None),
            Milestone.planned_on <= on + timedelta(days=max(map(_first, ladders))),
            Project.status.in_(RUNNING & REMINDED),
        )
        .order_by(Milestone.planned_on, Milestone.id)
    ).all()


def _recommendations(session: Session, on: date) -> Sequence[int]:
    """Recommendations still to be followed up that some step of some edition's ladder has reached."""
    ladders = [edition.handbook.follow_up_ladder for edition in session.scalars(select(HandbookEdition))]
    if not any(ladders):
        return []
    return session.scalars(
        select(Recommendation.id)
        .join(Evaluation, Evaluation.id == Recommendation.evaluation_id)
        .join(Project, Project.id == Evaluation.project_id)
        .where(
            Recommendation.follow_up.in_(TO_DO),
            Recommendation.response.in_(TAKEN_ON),
            Recommendation.due_on <= on + timedelta(days=max(map(_first, ladders))),
            Project.status != Status.SUSPENDED,
        )
        .order_by(Recommendation.due_on, Recommendation.id)
    ).all()


def _loaded_recommendations(session: Session, numbers: Sequence[int]) -> list[Recommendation]:
    return list(
        session.scalars(
            select(Recommendation)
            .where(Recommendation.id.in_(numbers))
            .options(
                joinedload(Recommendation.owner),
                joinedload(Recommendation.evaluation, innerjoin=True)
                .joinedload(Evaluation.project, innerjoin=True)
                .options(*projects.with_rights()),
            )
            .order_by(Recommendation.due_on, Recommendation.id)
        )
    )


def _loaded_milestones(session: Session, numbers: Sequence[int]) -> list[Milestone]:
    return list(
        session.scalars(
            select(Milestone)
            .where(Milestone.id.in_(numbers))
            .options(joinedload(Milestone.project, innerjoin=True).options(*projects.with_rights()))
            .order_by(Milestone.planned_on, Milestone.id)
        )
    )


def _loaded(session: Session, numbers: Sequence[int]) -> list[Deadline]:
    rows = list(
        session.scalars(
            select(Deadline)
            .where(Deadline.id.in_(numbers))
            .options(
                joinedload(Deadline.project, innerjoin=True).options(
                    *projects.with_rights(),
                    selectinload(Project.lines),
                    selectinload(Project.beneficiaries),
                ),
                selectinload(Deadline.evaluations).options(*with_judgements()),
                joinedload(Deadline.report).options(
                    selectinload(Report.texts), selectinload(Report.reached), selectinload(Report.spending)
                ),
                selectinload(Deadline.lessons),
            )
            .order_by(Deadline.due_on, Deadline.id)
        )
    )
    queries.with_finance(rows)
    return rows


def _queued(session: Session, causes: set[str]) -> set[tuple[str, str, date | None, str]]:
    rows = session.execute(
        select(Letter.cause, Letter.kind, Letter.due_on, Letter.recipient).where(Letter.cause.in_(causes))
    )
    return {(cause, kind, due_on, recipient) for cause, kind, due_on, recipient in rows}


def _letters(deadline: Deadline, on: date, regional: Regional, fund: Fund) -> Iterator[Planned]:
    project = deadline.project
    edition = project.edition.handbook
    step = reminder_step(_ladder(edition, deadline.kind), deadline.due_on, on)
    if step is None or (deadline.kind == EXTENSION_REQUEST and deadline.due_on < on):
        return
    subject, body = _words(deadline, on)
    evaluators = project.people(Part.EVALUATOR) if deadline.kind == EVALUATION else []
    for person, why in _recipients(_asked(project, step, regional, fund, evaluators)):
        yield Planned(
            to=person,
            why=why,
            project=project.name,
            report=deadline_name(edition, deadline.kind, deadline.name),
            step=_step_words(step, deadline.due_on),
            due_on=deadline.due_on,
            cause=f"deadline:{deadline.id}",
            kind=f"remind:{step.code}",
            subject=subject,
            body=body,
            path=_path(deadline),
        )


def _milestone_letters(milestone: Milestone, on: date, regional: Regional, fund: Fund) -> Iterator[Planned]:
    project = milestone.project
    ladder = project.edition.handbook.milestone_ladder
    step = reminder_step(ladder, milestone.planned_on, on) if ladder else None
    if step is None:
        return
    name = " ".join(milestone.name.split())
    named = {"id": project.name, "title": project.title, "name": name, "when": _when(milestone.planned_on, on)}
    body = _(
        "The milestone “%(name)s” of %(id)s, %(title)s: %(when)s.\n\n"
        "If it is done, write the day and the evidence on the page of milestones. If it comes later, plan another day.",
        **named,
    )
    for person, why in _recipients(_asked(project, step, regional, fund)):
        yield Planned(
            to=person,
            why=why,
            project=project.name,
            report=_("Milestone: %(name)s", name=name),
            step=_step_words(step, milestone.planned_on),
            due_on=milestone.planned_on,
            cause=f"milestone:{milestone.id}",
            kind=f"remind:{step.code}",
            subject=_("%(id)s: milestone %(when)s: %(name)s", **named),
            body=body,
            path=f"/projects/{project.reference}/milestones",
        )


def _recommendation_letters(
    recommendation: Recommendation, on: date, regional: Regional, fund: Fund
) -> Iterator[Planned]:
    """To its owner; copied to the Regional Office and the Fund as the ladder says."""
    project, owner, due_on = recommendation.evaluation.project, recommendation.owner, recommendation.due_on
    session = object_session(recommendation)
    assert session is not None
    ladder = published.part(session, project.edition, "follow_up_ladder")
    step = reminder_step(ladder, due_on, on) if due_on else None
    if step is None or owner is None or due_on is None:
        return
    text = " ".join(recommendation.text.split())
    named = {"id": project.name, "title": project.title, "number": recommendation.position, "when": _when(due_on, on)}
    body = _(
        "Recommendation %(number)s of the evaluation of %(id)s, %(title)s: %(when)s.\n\n%(text)s\n\n"
        "It is yours to follow up. Please write on its page how far it is.",
        text=text,
        **named,
    )
    asked = [(owner, _("owner")), *_copied(project, step, regional, fund)]
    for person, why in _recipients(asked):
        yield Planned(
            to=person,
            why=why,
            project=project.name,
            report=_("Recommendation %(number)s", number=recommendation.position),
            step=_step_words(step, due_on),
            due_on=due_on,
            cause=f"recommendation:{recommendation.id}",
            kind=f"remind:{step.code}",
            subject=_("%(id)s: recommendation %(number)s, %(when)s", **named),
            body=body,
            path=recommendation_path(project.reference, recommendation.id),
        )


def _ladder(edition: Edition, kind: str) -> Ladder:
    return edition.extension_ladder if kind == EXTENSION_REQUEST else edition.ladder


def _recipients(asked: Iterable[tuple[User, str]]) -> Iterator[tuple[User, str]]:
    """Everybody once, by the first of their reasons; nobody whose account is closed."""
    written: set[int] = set()
    for person, why in asked:
        if person.id not in written and person.active:
            written.add(person.id)
            yield person, why


def _asked(
    project: Project, step: Step, regional: Regional, fund: Fund, evaluators: Sequence[User] = ()
) -> Iterator[tuple[User, str]]:
    """Who owes it, the evaluators if there are any, and who gets a copy."""
    for person in evaluators:
        yield person, _("evaluator")
    if not evaluators:
        for person in project.people(Part.MANAGER):
            yield person, _("manager")
        for person in project.people(Part.ALTERNATE):
            yield person, _("alternate manager")
    yield from _copied(project, step, regional, fund)


def _copied(project: Project, step: Step, regional: Regional, fund: Fund) -> Iterator[tuple[User, str]]:
    if "region" in step.copies and project.region_code:
        for person in regional(project.region_code):
            yield person, _("copy to the Regional Office")
    if "fund" in step.copies and project.funding is Funding.FUND:
        for person in fund():
            yield person, _("copy to the Fund")


def _step_words(step: Step, due_on: date) -> str:
    days = (step.on - due_on).days
    if days == 0:
        return _("on the day")
    if days < 0:
        return ngettext("%(num)s day before", "%(num)s days before", -days)
    return ngettext("%(num)s day after", "%(num)s days after", days)


def _when(due_on: date, on: date) -> str:
    days = (due_on - on).days
    if days > 0:
        return ngettext("due in %(num)s day, on %(due)s", "due in %(num)s days, on %(due)s", days, due=day(due_on))
    if days == 0:
        return _("due today")
    return ngettext(
        "%(num)s day late, it was due on %(due)s", "%(num)s days late, it was due on %(due)s", -days, due=day(due_on)
    )


def _path(deadline: Deadline) -> str:
    reference = deadline.project.reference
    if deadline.kind == EXTENSION_REQUEST:
        return f"/projects/{reference}/reports"
    return report_path(reference, deadline.id)


def _words(deadline: Deadline, on: date) -> tuple[str, str]:
    """Subject and text: what is due, for which project, what is still missing."""
    project = deadline.project
    named = {"id": project.name, "title": project.title, "due": day(deadline.due_on)}
    if deadline.kind == EXTENSION_REQUEST:
        subject = _("%(id)s: ask for an extension or a budget change by %(due)s", **named)
        body = _(
            "If %(id)s, %(title)s, needs more time or another budget, the request must be made by %(due)s.\n\n"
            "The project ends on %(end)s. If it needs neither, there is nothing to do.",
            end=day(project.ends_on),
            **named,
        )
        return subject, body
    name = deadline_name(project.edition.handbook, deadline.kind, deadline.name)
    when = _when(deadline.due_on, on)
    subject = _("%(id)s: %(report)s, %(when)s", id=project.name, report=in_a_sentence(name), when=when)
    text = _("%(report)s of %(id)s, %(title)s: %(when)s.", report=name, when=when, **named)
    kind = report_type(deadline)
    unmet = missing(deadline, kind) if kind else []
    if unmet:
        lines = "\n".join(f"- {need.text}" for need in unmet)
        text += "\n\n" + _("Before it can be submitted it still needs:") + f"\n{lines}"
    else:
        text += "\n\n" + _("It is complete and can be submitted.")
    return subject, text
