"""Deadlines by the edition's rules, and the reports that met them or did not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import TODAY, YESTERDAY, moment, working_day
from prima.demonstration.offices import Site
from prima.demonstration.stories import Habit
from prima.demonstration.topics import LESSONS, REPORTED, RETURNED_REPORT
from prima.handbook.edition import ReportType
from prima.projects.models import Project
from prima.projects.stages import Funding, Status
from prima.reporting.calendar import (
    AFTER_THE_END,
    EVALUATION,
    EXTENSION_REQUEST,
    FINAL,
    FRAMEWORK,
    INTERIM,
    Due,
    ReportState,
    deadlines,
)
from prima.reporting.models import (
    Deadline,
    DeadlineChange,
    Expense,
    ExpenseKind,
    Reached,
    Report,
    ReportRemark,
    ReportStep,
    ReportText,
    Spending,
)
from prima.reporting.operations.deadlines import BY_DECISION, CLOSED
from prima.reporting.rules import REACHED
from prima.reporting.steps import DONE, IN, report_type_of
from prima.users import Role, User

CENT = Decimal("0.01")
KEPT_FOR_EVALUATION = "OPER.EVAL"
BURN, FINAL_BURN, COMMITTED = Decimal("0.92"), Decimal("0.98"), Decimal("0.04")
"""How much of the budget of the time passed is spent, at the end, and committed in between."""
EXPENSES = (ExpenseKind.EXPENDITURE, ExpenseKind.COMMITMENT)
FINANCIAL = (INTERIM[1], FINAL[1])
LAST_STATED, SOON = date(2016, 9, 25), timedelta(days=45)
"""The last day that the spreadsheet of finance covers; a period that ended shortly before is not stated again."""
TO_CHECK, TO_ACCEPT, TO_SEND = 5, 12, 20
"""Days from the submission until a report is checked, accepted, sent to the donor."""


@dataclass(frozen=True)
class Decided:
    """A decision that made deadlines or moved them."""

    at: datetime
    by: User
    change_id: int | None = None


@dataclass(frozen=True)
class Subject:
    """A project with what its reports tell of."""

    project: Project
    site: Site
    habit: Habit
    lines: list[tuple[int | None, str, Decimal]]
    """Budget lines: (key, category, approved amount); without key the categories of a project that has no lines."""
    groups: list[tuple[int, int]]
    """(key, number planned)"""
    words: dict[str, str]
    statement: int | None = None
    """The spreadsheet of finance that states its spending, line by line."""
    finished: date | None = None
    """The day on which it was closed: everything that was asked is accepted by then."""
    evaluated: bool = False
    stopped: date | None = None
    """The day on which it was suspended or cancelled."""
    burn: Decimal = BURN
    """How much of the budget of the time passed is spent."""
    activated: Decided | None = None
    changed: Decided | None = None
    """What moved its end: an extension, or that it was cancelled."""


@dataclass(frozen=True)
class Course:
    """How far a report came: the moves with their days."""

    steps: tuple[tuple[str, ReportState, datetime, User], ...]
    draft_at: datetime | None = None
    """It was begun on that day, if it was not handed in."""


def told(subject: Subject, chronicle: Chronicle, source: random.Random) -> Iterator[Any]:
    """Every deadline of an activated project, with its report."""
    project = subject.project
    plan, first_dates = _plan(project)
    current = _current(plan)
    yield from _expenses(subject, plan)
    for due in plan:
        course = _course(subject, due, due in current, source)
        deadline = _deadline(subject, due, first_dates.get((due.kind, due.period_from)), course)
        yield deadline
        if course:
            yield _report(subject, deadline, due, course, chronicle, source)


def _plan(project: Project) -> tuple[list[Due], dict[tuple[str, date | None], date]]:
    """What is due by the present end, and the date that each deadline had by the first one."""
    assert project.starts_on and project.ends_on and project.first_ends_on
    donor = project.funding is Funding.DONOR
    rules = project.edition.handbook.deadlines
    terms: dict[str, Any] = {
        "funding": project.funding.value,
        "interim_every": project.interim_every_months if donor else None,
        "evaluation": project.evaluation_agreed if donor else None,
    }
    plan = deadlines(project.starts_on, project.ends_on, rules, **terms)
    first = deadlines(project.starts_on, project.first_ends_on, rules, **terms)
    return list(plan), {(due.kind, due.period_from): due.due_on for due in first}


def _current(plan: list[Due]) -> list[Due]:
    """The last reports whose time has come: they show how a project stands."""
    past = [due for due in plan if due.kind in (*INTERIM, *FINAL) and due.period_to and due.period_to < TODAY]
    if not past:
        return [due for due in plan if due.kind in FRAMEWORK]
    newest = max(due.period_to for due in past if due.period_to)
    return [due for due in past if due.period_to == newest]


def _course(subject: Subject, due: Due, is_current: bool, source: random.Random) -> Course | None:
    """How far the report of a deadline came; None if nothing was written."""
    kind = report_type_of(subject.project.edition.handbook, due.kind)
    if kind is None or (due.kind == EVALUATION and not subject.evaluated):
        return None
    begins = due.period_to or due.due_on - timedelta(days=25)
    if subject.finished is None and begins >= TODAY:
        return None
    if due.kind == EVALUATION:
        assert due.from_on is not None
        return _handed_in(subject, kind, due.from_on + timedelta(days=60), source)
    habit = subject.habit if is_current else Habit.ON_TIME
    early = source.randrange(2, 9)
    day = min(due.due_on - timedelta(days=early), subject.finished - timedelta(days=30) if subject.finished else TODAY)
    day = max(day, begins + timedelta(days=3)) if due.period_to else day
    main = kind.part != "financial" and due.kind != FRAMEWORK[1]
    if habit is Habit.NOTHING:
        return None
    if habit is Habit.DRAFT:
        begun = begins + timedelta(days=9)
        return Course((), moment(working_day(min(begun, YESTERDAY)), source)) if main else None
    if habit is Habit.LATE and due.due_on + timedelta(days=18) < TODAY:
        return _handed_in(subject, kind, due.due_on + timedelta(days=source.randrange(3, 15)), source)
    if habit is Habit.SUBMITTED:
        last = min(day, YESTERDAY - timedelta(days=source.randrange(1, 4)))
        return _handed_in(subject, kind, last, source, until=ReportState.SUBMITTED)
    if habit is Habit.CHECKED and not main:
        return _handed_in(subject, kind, day, source, until=ReportState.CHECKED)
    if habit is Habit.RETURNED and main:
        return _returned(subject, kind, day, source)
    if day >= TODAY - timedelta(days=2):
        return None
    return _handed_in(subject, kind, day, source)


def _handed_in(
    subject: Subject, kind: ReportType, day: date, source: random.Random, until: ReportState = ReportState.SENT
) -> Course | None:
    """Submitted by the manager and taken on as far as `until` and today allow; None if it is too early for any."""
    who = subject.site.who
    goes_on = subject.project.funding is Funding.DONOR and kind.part in ("narrative", "financial")
    road = [
        ("submit", ReportState.SUBMITTED, 0, who(Role.EVAL if kind.code == EVALUATION else Role.PM)),
        ("check", ReportState.CHECKED, TO_CHECK, who(Role(kind.checked_by[0]))),
        ("accept", ReportState.ACCEPTED, TO_ACCEPT, who(Role(kind.accepted_by))),
    ]
    if goes_on:
        road.append(("send", ReportState.SENT, TO_SEND, who(Role(kind.accepted_by))))
    latest = min(subject.finished or YESTERDAY, YESTERDAY)
    if subject.evaluated and kind.code == EVALUATION:
        latest = YESTERDAY
    steps = []
    for name, state, days, actor in road:
        on_day = working_day(day + timedelta(days=days))
        if on_day > latest:
            break
        steps.append((name, state, moment(on_day, source), actor))
        if state is until:
            break
    return Course(tuple(_in_order(steps))) if steps else None


def _in_order(steps: list[tuple[str, ReportState, datetime, User]]) -> Iterator[Any]:
    """Two moves that fall on one Friday keep their order."""
    before: datetime | None = None
    for name, state, at, actor in steps:
        if before and at <= before:
            at = before + timedelta(minutes=25)
        before = at
        yield name, state, at, actor


def _returned(subject: Subject, kind: ReportType, day: date, source: random.Random) -> Course:
    """Submitted and returned for changes."""
    who = subject.site.who
    back = working_day(min(day + timedelta(days=TO_CHECK), YESTERDAY))
    steps = [
        ("submit", ReportState.SUBMITTED, moment(working_day(min(day, back)), source), who(Role.PM)),
        ("return", ReportState.RETURNED, moment(back, source), who(Role(kind.checked_by[0]))),
    ]
    return Course(tuple(_in_order(steps)))


def _deadline(subject: Subject, due: Due, first_due_on: date | None, course: Course | None) -> Deadline:
    states = [state for _, state, _, _ in course.steps] if course else []
    state = states[-1] if states else None
    done = [at for _, state, at, _ in course.steps if state in DONE] if course else []
    cancelled = subject.project.status is Status.CANCELLED and due.kind == EXTENSION_REQUEST
    due_on = first_due_on if cancelled and first_due_on else due.due_on
    deadline = Deadline(
        project_id=subject.project.id,
        kind=due.kind,
        period_from=due.period_from,
        period_to=due.period_to,
        from_on=due.from_on,
        due_on=due_on,
        first_due_on=first_due_on or due.due_on,
        why=due.why,
        is_open=state not in IN,
        done_at=done[0] if done else None,
        changes=list(_history(subject, first_due_on or due.due_on, due_on, late=first_due_on is None)),
    )
    if subject.finished and deadline.is_open and due.kind != EVALUATION:
        _drop(deadline, subject.finished, CLOSED)
    elif cancelled:
        _drop(deadline, subject.project.ends_on or TODAY, AFTER_THE_END)
    return deadline


def _history(subject: Subject, first: date, due_on: date, *, late: bool) -> Iterator[DeadlineChange]:
    """Made at activation and moved by what changed the end, or made by that (`late`)."""
    made, moved = subject.activated, subject.changed
    if late:
        made = moved
    if made:
        yield DeadlineChange(at=made.at, by_id=made.by.id, change_id=made.change_id, new_due_on=first)
    if moved and not late and first != due_on:
        yield DeadlineChange(
            at=moved.at,
            by_id=moved.by.id,
            change_id=moved.change_id,
            old_due_on=first,
            new_due_on=due_on,
            why=BY_DECISION,
        )


def _drop(deadline: Deadline, day: date, why: str) -> None:
    at = moment(day, random.Random(day.toordinal()))
    deadline.is_open, deadline.why, deadline.fell_away_at = False, why, at
    deadline.changes.append(DeadlineChange(at=at, old_due_on=deadline.due_on, why=why))


def _report(
    subject: Subject, deadline: Deadline, due: Due, course: Course, chronicle: Chronicle, source: random.Random
) -> Report:
    kind = report_type_of(subject.project.edition.handbook, due.kind)
    assert kind is not None
    writer = subject.site.who(Role.EVAL if due.kind == EVALUATION else Role.PM)
    submitted = [at for name, _, at, _ in course.steps if name == "submit"]
    state = course.steps[-1][1] if course.steps else ReportState.DRAFT
    saved_at = submitted[0] - timedelta(hours=1) if submitted else course.draft_at
    assert saved_at is not None
    report = Report(
        deadline=deadline,
        state=state,
        state_since=course.steps[-1][2] if course.steps else saved_at,
        first_submitted_on=submitted[0].date() if submitted else None,
        submitted_by_id=writer.id if submitted else None,
        reason=RETURNED_REPORT if state is ReportState.RETURNED else "",
        saved_at=saved_at,
        saved_by_id=writer.id,
        texts=_texts(subject, kind, complete=bool(submitted)),
        reached=_reached(subject, due, source) if kind.part == "narrative" and submitted else [],
        spending=_spending(subject, due) if kind.part == "financial" else [],
        steps=[],
    )
    for name, target, at, actor in course.steps:
        note = RETURNED_REPORT if target is ReportState.RETURNED else ""
        step = ReportStep(move=name, target=target, actor_id=actor.id, at=at, remarks=[])
        if note:
            step.remarks.append(ReportRemark(code=_returned_for(kind), text=note))
        report.steps.append(step)
        chronicle.note(subject.project, at, f"report {target}", actor, deadline=deadline, kind=due.kind, note=note)
    return report


def _returned_for(kind: ReportType) -> str:
    """The part that the remark is about."""
    return REACHED if kind.part == "narrative" else kind.sections[0].code


def _texts(subject: Subject, kind: ReportType, *, complete: bool) -> list[ReportText]:
    """All required parts of a report handed in; of a draft, the first."""
    wanted = [section for section in kind.sections if section.required and section.code in REPORTED]
    lesson = LESSONS[sum(map(ord, subject.project.title)) % len(LESSONS)].format(**subject.words)
    return [
        ReportText(code=section.code, text=REPORTED[section.code].format(**subject.words, lesson=lesson))
        for section in (wanted if complete else wanted[:1])
    ]


def _elapsed(project: Project, day: date) -> Decimal:
    assert project.starts_on and project.ends_on
    whole = (project.ends_on - project.starts_on).days + 1
    return min(Decimal((day - project.starts_on).days + 1) / whole, Decimal(1))


def _reached(subject: Subject, due: Due, source: random.Random) -> list[Reached]:
    """Those reached in the period; the final report adds what is left since the last interim one."""
    assert due.period_from and due.period_to
    days = Decimal((due.period_to - due.period_from).days + 1)
    project = subject.project
    assert project.starts_on and project.ends_on
    share = days / ((project.ends_on - project.starts_on).days + 1)
    if due.kind in FINAL:
        share = min(share, Decimal("0.3"))
    return [
        Reached(beneficiaries_id=key, number=int(planned * share * source.randrange(80, 112) / 100))
        for key, planned in subject.groups
    ]


Amounts = dict[tuple[int | None, str], tuple[Decimal, Decimal]]
"""Spent and committed by budget line and category."""


def _stated(subject: Subject, until: date, *, final: bool = False) -> Amounts:
    """By the end of a day, cumulative from the start; the evaluation's money stays unspent."""
    source = random.Random(f"{subject.project.reference} {until}")
    found = {}
    for line, category, planned in subject.lines:
        part = FINAL_BURN if final else _elapsed(subject.project, until) * subject.burn
        spent = planned * part * source.randrange(94, 101) / 100
        committed = Decimal(0) if final else planned * COMMITTED
        if category == KEPT_FOR_EVALUATION:
            spent, committed = Decimal(0), planned
        found[line, category] = (spent.quantize(CENT), committed.quantize(CENT))
    return found


def _spending(subject: Subject, due: Due) -> list[Spending]:
    """As finance states it."""
    assert due.period_to
    stated = _stated(subject, due.period_to, final=due.kind in FINAL)
    return [
        Spending(category_code=category, line_id=line, spent=spent, committed=committed)
        for (line, category), (spent, committed) in stated.items()
    ]


def _expenses(subject: Subject, plan: list[Due]) -> Iterator[Expense]:
    """What finance states of the periods that are over, and since: in each what came since the one before."""
    over = [due for due in plan if due.kind in FINANCIAL and due.period_to and due.period_to < TODAY]
    before: Amounts = {(line, category): (Decimal(0), Decimal(0)) for line, category, _planned in subject.lines}
    if subject.statement is None:
        return
    stated = [
        (due.period_to, _stated(subject, due.period_to, final=due.kind in FINAL)) for due in over if due.period_to
    ]
    latest = min(subject.stopped or LAST_STATED, LAST_STATED)
    if not any(due.kind in FINAL or due.period_to > latest - SOON for due in over if due.period_to):
        stated.append((latest, _stated(subject, latest)))
    for until, amounts in sorted(stated, key=lambda one: one[0]):
        for (line, _category), (now, then) in _since(amounts, before):
            for kind, one, other in zip(EXPENSES, now, then, strict=True):
                if one != other:
                    yield Expense(
                        project_id=subject.project.id,
                        line_id=line,
                        import_id=subject.statement,
                        on_day=until - timedelta(days=3),
                        kind=kind,
                        currency=subject.project.currency,
                        stated=one - other,
                        amount=one - other,
                    )
        before = amounts


def _since(now: Amounts, before: Amounts) -> Iterator[tuple[tuple[int | None, str], tuple[Any, Any]]]:
    for key, amounts in now.items():
        yield key, (amounts, before[key])
