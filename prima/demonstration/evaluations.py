"""What evaluations of the demonstration's closed projects found, what was done about it, and what projects learned."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from prima import journal
from prima.demonstration.days import TODAY, moment, on
from prima.demonstration.proposals import Case
from prima.handbook import published
from prima.months import add_months
from prima.projects.models import Part, Party, Project
from prima.reporting.calendar import EVALUATION, RESPONSE, ReportState
from prima.reporting.models import (
    Deadline,
    DeadlineChange,
    Evaluation,
    Finding,
    FollowUp,
    Lesson,
    LessonKind,
    Rating,
    Recommendation,
    Report,
    ReportStep,
    ReportText,
    Response,
)
from prima.users import Role

RATED = ("GOOD", "EXCELLENT", "GOOD", "ADEQUATE", "ADEQUATE", "POOR")
WHY = "By interviews in the capital and at two posts, and by the registers of the counterpart."
FINDINGS = (
    "The procedure is applied at the posts where the officers who were trained still serve.",
    "The registers are kept, and nobody reads them outside the posts.",
)
RECOMMENDED = (
    ("Include the course in the academy's yearly programme.", Response.ACCEPTED, "The academy has agreed.", 25),
    (
        "Agree with the ministry who reads the registers, and how often.",
        Response.PARTLY,
        "A first meeting is held.",
        -12,
    ),
    (
        "Replace the equipment at the northern post.",
        Response.REJECTED,
        "The ministry has budgeted for it itself.",
        None,
    ),
    ("Publish the manual on the ministry's pages.", Response.ACCEPTED, "", -60),
)
FOLLOWED = (FollowUp.UNDER_WAY, FollowUp.OPEN, FollowUp.OPEN, FollowUp.DONE)
LESSONS = (
    (LessonKind.LESSON, "Plan the baseline before the first payment", "The baseline took three months, twice the plan.",
     "Enumerators were hired only once the money had come.", "Agree on the survey with the counterpart at the start.",
     "IMP", ("baseline", "monitoring")),
    (LessonKind.CHALLENGE, "Counterparts changed after the elections", "Two of three focal points left within a month.",
     "Nobody had named deputies.", "Ask for a named deputy in each institution; it kept the work going in the third.",
     "IMP", ("counterparts",)),
    (LessonKind.PRACTICE, "Train officials of several institutions in one room", "They now call each other.",
     "Joint cases were worked on together for the first time.", "Plan joint sessions; they cost no more.",
     "DEV", ("training", "coordination")),
    (LessonKind.LESSON, "Ask for the tax exemption with the request letter", "Equipment came four months late.",
     "Its customs papers were begun late.", "Begin the papers when the Government asks for the project.",
     "ACT", ("procurement",)),
    (LessonKind.PRACTICE, "Morning sessions near home", "Women took part in equal number.",
     "Sessions in the evening and far away had kept them out.", "Plan hours and places with those who are to come.",
     "IMP", ("gender", "training")),
)  # fmt: skip
CURATED = 3
"""So many of the first lessons stand in the library."""


def build(session: Session, told: Iterable[tuple[Project, Case]]) -> None:
    """An evaluation for every report of one that was handed in, and a lesson for some of the ended projects."""
    ended = [(project, case) for project, case in told if project.ends_on and project.ends_on < TODAY]
    handed_in = select(Deadline, Report.first_submitted_on).join(Report, Report.deadline_id == Deadline.id)
    handed_in = handed_in.where(Deadline.kind == EVALUATION, Report.first_submitted_on.is_not(None))
    windows = {deadline.project_id: (deadline, received_on) for deadline, received_on in session.execute(handed_in)}
    for project, case in ended:
        if project.id in windows:
            session.add_all(_evaluated(session, project, case, *windows[project.id]))
    for place, (project, case) in enumerate(ended[: len(LESSONS)]):
        _learned(session, project, case, place)
    session.flush()


def _evaluated(session: Session, project: Project, case: Case, deadline: Deadline, received_on: date) -> Iterator[Any]:
    """Ratings, findings and recommendations, each with its response; the response of management, accepted."""
    evaluator, manager = case.site.who(Role.EVAL), case.site.who(Role.PM)
    rules = published.part(session, project.edition, "evaluation")
    begun = deadline.from_on or received_on - timedelta(days=60)
    yield Party(project_id=project.id, user_id=evaluator.id, part=Part.EVALUATOR, since_at=_at(begun, project))
    recommendations = []
    for number, ((text, response, words, days), state) in enumerate(zip(RECOMMENDED, FOLLOWED, strict=True), 1):
        taken_on = days is not None
        recommendations.append(
            Recommendation(
                position=number,
                text=text,
                response=response,
                response_text=words,
                owner_id=manager.id if taken_on else None,
                due_on=TODAY + timedelta(days=days) if days is not None else None,
                follow_up=state,
                follow_up_note="It stands on the ministry's pages." if state is FollowUp.DONE else "",
                followed_at=_at(received_on + timedelta(days=30), project),
            )
        )
    yield Evaluation(
        project_id=project.id,
        deadline_id=deadline.id,
        terms="What remains of the project, for whom, and what follows from it. Interviews, registers.",
        evaluator_id=evaluator.id,
        starts_on=begun,
        received_on=received_on,
        ratings=[
            Rating(criterion=one.code, rating=word, why=WHY) for one, word in zip(rules.criteria, RATED, strict=False)
        ],
        findings=[Finding(position=place, text=text, criterion=None) for place, text in enumerate(FINDINGS, 1)],
        recommendations=recommendations,
    )
    yield _response(project, case, received_on)


def _response(project: Project, case: Case, received_on: date) -> Deadline:
    """The management response, handed in and accepted where its time has come."""
    manager, officer, decider = (case.site.who(role) for role in (Role.PM, Role.RME, Role.RPDO))
    due_on = add_months(received_on, project.edition.handbook.deadlines.response_months)
    deadline = Deadline(project_id=project.id, kind=RESPONSE, due_on=due_on, first_due_on=due_on)
    deadline.changes = [DeadlineChange(at=_at(received_on, project), by_id=manager.id, new_due_on=due_on)]
    day = due_on - timedelta(days=4)
    if day + timedelta(days=12) >= TODAY:
        return deadline
    road = (
        ("submit", ReportState.SUBMITTED, manager, 0),
        ("check", ReportState.CHECKED, officer, 5),
        ("accept", ReportState.ACCEPTED, decider, 12),
    )
    steps = [
        ReportStep(move=move, target=state, actor_id=actor.id, at=_at(day + timedelta(days=days), project))
        for move, state, actor, days in road
    ]
    deadline.report = Report(
        state=ReportState.ACCEPTED,
        state_since=steps[-1].at,
        first_submitted_on=day,
        submitted_by_id=manager.id,
        saved_at=steps[0].at - timedelta(hours=1),
        saved_by_id=manager.id,
        texts=[ReportText(code="RESPONSE", text="Each recommendation has its response, owner and date in the list.")],
        steps=steps,
    )
    deadline.is_open, deadline.done_at = False, steps[-1].at
    return deadline


def _learned(session: Session, project: Project, case: Case, place: int) -> None:
    """One lesson of an ended project; the first of them were taken into the library since."""
    kind, title, happened, why, advice, stage, tags = LESSONS[place]
    manager, officer = case.site.who(Role.PM), case.site.who(Role.RPDO)
    assert project.ends_on
    recorded_at = _at(project.ends_on + timedelta(days=10), project)
    lesson = Lesson(
        project_id=project.id,
        kind=kind,
        title=title,
        happened=happened,
        why=why,
        advice=advice,
        area_code=next((one.code for one in project.areas if one.amount), None),
        country_code=next((one.country_code for one in project.coverage), None),
        stage=stage,
        tags=list(tags),
        made_by_id=manager.id,
        made_at=recorded_at,
    )
    session.add(lesson)
    with on(recorded_at.date()):
        journal.record(lesson, "recorded", actor=manager, title=title)
    if place < CURATED:
        lesson.curated_at, lesson.curated_by_id = recorded_at + timedelta(days=2), officer.id
        with on(lesson.curated_at.date()):
            journal.record(lesson, "curated", actor=officer, title=title)


def _at(day: date, project: Project) -> Any:
    return moment(day, random.Random(project.id))
