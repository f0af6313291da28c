"""The letters about deadlines, milestones and recommendations: loaded, and written for everybody who gets one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from prima.filters import day
from prima.languages import words
from prima.projects import queries as projects
from prima.projects.models import Milestone, Part, Project
from prima.reporting import queries
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST
from prima.reporting.evaluating import recommendation_path
from prima.reporting.models import About, Deadline, Evaluation, Reason, Recommendation, Report
from prima.reporting.queries.evaluation import with_judgements
from prima.reporting.reminders.ladders import FOLLOW_UPS, MILESTONES, REPORTS, REQUESTS, WINDOWS, Ladders
from prima.reporting.reminders.planned import Copied, Planned, addressed, copies, reached, team, when
from prima.reporting.rules import missing
from prima.reporting.steps import deadline_name, in_a_sentence, report_path, report_type

CLIMBS = {EXTENSION_REQUEST: (About.EXTENSION, REQUESTS), EVALUATION: (About.EVALUATION, WINDOWS)}
"""What a kind of deadline is about and which ladder it climbs; the others are reports."""


def recommendations(session: Session, numbers: Sequence[int]) -> list[Recommendation]:
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


def milestones(session: Session, numbers: Sequence[int]) -> list[Milestone]:
    return list(
        session.scalars(
            select(Milestone)
            .where(Milestone.id.in_(numbers))
            .options(joinedload(Milestone.project, innerjoin=True).options(*projects.with_rights()))
            .order_by(Milestone.planned_on, Milestone.id)
        )
    )


def deadlines(session: Session, numbers: Sequence[int]) -> list[Deadline]:
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


def of_deadline(deadline: Deadline, on: date, ladders: Ladders, copied: Copied) -> Iterator[Planned]:
    project = deadline.project
    edition = project.edition.handbook
    about, name = CLIMBS.get(deadline.kind, (About.REPORT, REPORTS))
    step = reached(ladders, name, project, deadline.due_on, on, deadline.from_on)
    if step is None:
        return
    subject, body = words(_words, deadline, on)
    evaluators = project.people(Part.EVALUATOR) if deadline.kind == EVALUATION else []
    yield from addressed(
        team(project, step, copied, evaluators),
        project=project,
        about=about,
        report=deadline_name(edition, deadline.kind, deadline.name),
        step=step,
        due_on=deadline.due_on,
        cause=f"deadline:{deadline.id}",
        subject=subject,
        body=body,
        path=_path(deadline),
    )


def of_milestone(milestone: Milestone, on: date, ladders: Ladders, copied: Copied) -> Iterator[Planned]:
    project = milestone.project
    step = reached(ladders, MILESTONES, project, milestone.planned_on, on)
    if step is None:
        return
    name = " ".join(milestone.name.split())
    subject, body = words(_milestone_words, milestone, name, on)
    yield from addressed(
        team(project, step, copied),
        project=project,
        about=About.MILESTONE,
        report=_("Milestone: %(name)s", name=name),
        step=step,
        due_on=milestone.planned_on,
        cause=f"milestone:{milestone.id}",
        subject=subject,
        body=body,
        path=f"/projects/{project.reference}/milestones",
    )


def _milestone_words(milestone: Milestone, name: str, on: date) -> tuple[str, str]:
    project = milestone.project
    named = {"id": project.name, "name": name, "when": when(milestone.planned_on, on)}
    body = _(
        "The milestone “%(name)s” of %(id)s, %(title)s: %(when)s.\n\n"
        "If it is done, write the day and the evidence on the page of milestones. If it comes later, plan another day.",
        title=project.title,
        **named,
    )
    return _("%(id)s: milestone %(when)s: %(name)s", **named), body


def of_recommendation(recommendation: Recommendation, on: date, ladders: Ladders, copied: Copied) -> Iterator[Planned]:
    """To its owner; copied to the Regional Office and the Fund as the ladder says."""
    project, owner, due_on = recommendation.evaluation.project, recommendation.owner, recommendation.due_on
    step = reached(ladders, FOLLOW_UPS, project, due_on, on)
    if step is None or owner is None or due_on is None:
        return
    subject, body = words(_recommendation_words, recommendation, due_on, on)
    yield from addressed(
        [(owner, Reason.OWNER), *copies(project, step, copied)],
        project=project,
        about=About.RECOMMENDATION,
        report=_("Recommendation %(number)s", number=recommendation.position),
        step=step,
        due_on=due_on,
        cause=f"recommendation:{recommendation.id}",
        subject=subject,
        body=body,
        path=recommendation_path(project.reference, recommendation.id),
    )


def _recommendation_words(recommendation: Recommendation, due_on: date, on: date) -> tuple[str, str]:
    project = recommendation.evaluation.project
    named = {"id": project.name, "number": recommendation.position, "when": when(due_on, on)}
    body = _(
        "Recommendation %(number)s of the evaluation of %(id)s, %(title)s: %(when)s.\n\n%(text)s\n\n"
        "It is yours to follow up. Please write on its page how far it is.",
        title=project.title,
        text=" ".join(recommendation.text.split()),
        **named,
    )
    return _("%(id)s: recommendation %(number)s, %(when)s", **named), body


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
    due = when(deadline.due_on, on)
    subject = _("%(id)s: %(report)s, %(when)s", id=project.name, report=in_a_sentence(name), when=due)
    text = _("%(report)s of %(id)s, %(title)s: %(when)s.", report=name, when=due, **named)
    if deadline.from_on and deadline.from_on <= on <= deadline.due_on:
        text += " " + _("Its window has been open since %(from)s.", **{"from": day(deadline.from_on)})
    kind = report_type(deadline)
    unmet = missing(deadline, kind) if kind else []
    if unmet:
        lines = "\n".join(f"- {need.text}" for need in unmet)
        text += "\n\n" + _("Before it can be submitted it still needs:") + f"\n{lines}"
    else:
        text += "\n\n" + _("It is complete and can be submitted.")
    return subject, text
