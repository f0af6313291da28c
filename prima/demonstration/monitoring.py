"""What was recorded while Fund projects ran: values of indicators, activities, risks, how people are counted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import TODAY, moment, working_day
from prima.demonstration.proposals import Case
from prima.demonstration.stories import Habit, Story
from prima.projects.models import Beneficiaries, Counted, Counting, Indicator, Measure, Project, Reach
from prima.projects.stages import Status
from prima.reporting.models import (
    ActivityProgress,
    ActivityState,
    IndicatorPart,
    IndicatorValue,
    RiskReview,
    RiskState,
)
from prima.reporting.monitoring import Planned, live_activities, planned
from prima.users import Role

ZERO = Decimal(0)
ROUND = 45
"""Of a project that ran for less than three times as many days there is only one round of readings."""
HALF = Decimal("0.5")
SERVICES = frozenset({"HLT", "RTN"})
"""The focus areas that count consultations given, not people, but for those in STAFF, whom they train."""
STAFF = frozenset({"GOV", "HLW"})
EVIDENCE = "Monitoring file {year}, sheet {sheet}"
LATER = "Waits for the formal adoption at the {ministry}."
WORDED = "A first version is in use in one of the places; the {ministry} has commented on it."
CALM = "Discussed at the meeting of the team; the treatment works, and nothing further is needed."
STANDS = "Discussed at the meeting of the team; it stands as before."
WORSE = "It has come closer since the last review: the steering committee decides on it at its next meeting."
OVER = "This can no longer happen: the activity concerned is done."


@dataclass(frozen=True)
class Pace:
    """How a project goes: what the lights will show. `spent` and `results` are parts of what the time lets expect."""

    late: int
    """Of a hundred activities that should be done, how many are not; at least one, where any is."""
    results: Decimal
    spent: Decimal
    risk: str
    """The note of the first risk's newest review: CALM, STANDS or WORSE."""
    silent: bool = False
    """Nothing was recorded for more than half a year."""


STEADY = Pace(0, Decimal("1.02"), Decimal("0.95"), CALM)
PACES = (
    Pace(20, Decimal("0.81"), Decimal("0.72"), STANDS),
    STEADY,
    Pace(45, Decimal("0.55"), Decimal("0.45"), WORSE),
    Pace(8, Decimal("0.94"), Decimal("0.90"), STANDS),
    Pace(0, Decimal("0.97"), Decimal("0.70"), CALM),
    Pace(15, Decimal("0.84"), Decimal("0.93"), CALM),
    Pace(0, Decimal("0.90"), Decimal("0.90"), STANDS, silent=True),
)
"""Taken in turn by the projects that run."""


def pace_of(story: Story, place: int) -> Pace:
    """How the `place`-th project went; those that were closed went well."""
    if story.status not in (Status.ACTIVE, Status.SUSPENDED):
        return STEADY
    return PACES[2] if story.habit is Habit.NOTHING else PACES[place % len(PACES)]


def last_day(project: Project, case: Case) -> date:
    """The last day on which something was recorded: before yesterday, its end, or the day on which it stopped."""
    assert project.ends_on
    days = [project.ends_on, TODAY - timedelta(days=18)]
    if case.story.ended_on:
        days.append(case.story.ended_on - timedelta(days=4))
    return working_day(min(days))


def recorded(project: Project, case: Case, pace: Pace, chronicle: Chronicle, source: random.Random) -> Iterator[Any]:
    """Everything that the manager recorded on an activated project."""
    assert project.starts_on
    _declare(project, case, chronicle, source)
    until = last_day(project, case)
    third = (until - project.starts_on) / 3
    days = [working_day(project.starts_on + third * part) for part in (1, 2)] if third.days > ROUND else []
    days.append(until)
    if pace.silent:
        days = days[:-1] or days
    for number, indicator in enumerate(project.indicators, 1):
        yield from _values(project, case, indicator, days, pace, number, chronicle, source)
    yield from _activities(project, case, days[-1], pace, chronicle, source)
    yield from _reviews(project, case, days, pace, chronicle, source)


def _declare(project: Project, case: Case, chronicle: Chronicle, source: random.Random) -> None:
    """How each group is counted: those reached directly one by one, the others with repetition."""
    for group in project.beneficiaries:
        services = case.story.focus in SERVICES and group.type_code not in STAFF
        group.counted = Counted.SERVICES if services else Counted.PEOPLE
        group.repeated = services or group.reach is Reach.INDIRECT
    at = moment(working_day(case.at("activate").date() + timedelta(days=21)), source)
    after = [[group.id, _kind(group)] for group in project.beneficiaries]
    chronicle.note(project, at, "beneficiaries counted", case.site.who(Role.PM), after=after)


def _kind(group: Beneficiaries) -> str:
    return f"{group.counted}{'_repeated' if group.repeated else ''}"


# -- indicators -------------------------------------------------------------------------------------------------------


def _elapsed(project: Project, day: date) -> Decimal:
    assert project.starts_on and project.ends_on
    whole = (project.ends_on - project.starts_on).days + 1
    return min(Decimal((day - project.starts_on).days + 1) / whole, Decimal(1))


def _values(
    project: Project,
    case: Case,
    indicator: Indicator,
    days: list[date],
    pace: Pace,
    number: int,
    chronicle: Chronicle,
    source: random.Random,
) -> Iterator[IndicatorValue]:
    manager = case.site.who(Role.PM)
    adds_up = indicator.measure is Measure.NUMBER and bool(indicator.splits)
    indicator.counting = Counting.INCREMENT if adds_up else Counting.TO_DATE
    before = ZERO
    for day in days:
        share = min(_elapsed(project, day) * pace.results * source.randrange(97, 104) / 100, Decimal("1.05"))
        at = moment(day, source)
        value = IndicatorValue(
            project_id=project.id,
            indicator_id=indicator.id,
            on_day=day,
            source=indicator.source,
            evidence=EVIDENCE.format(year=day.year, sheet=number),
            saved_at=at,
            saved_by_id=manager.id,
            parts=[],
        )
        before = _read(value, indicator, share, before, case)
        yield value
        facts = {"value": value.value, "numerator": value.numerator, "denominator": value.denominator}
        chronicle.note(
            project,
            at,
            "indicator value recorded",
            manager,
            indicator=indicator.id,
            counting=indicator.counting,
            value=value,
            after={**facts, "on_day": day, "words": value.words, "source": value.source, "evidence": value.evidence},
        )


def _read(value: IndicatorValue, indicator: Indicator, share: Decimal, before: Decimal, case: Case) -> Decimal:
    """Fill the value in; what the indicator has come to by then."""
    if indicator.measure is Measure.YES_NO:
        value.words = "yes" if share > HALF else "no"
        return ZERO
    if indicator.measure is Measure.WORDS:
        value.words = indicator.target if share >= 1 else case.say(WORDED) if share > HALF else indicator.baseline
        return ZERO
    low, high = indicator.baseline_value, indicator.target_value
    assert low is not None and high is not None
    level = low + (high - low) * share
    if indicator.measure is Measure.PERCENTAGE:
        value.denominator = Decimal(60)
        value.numerator = round(value.denominator * min(level, Decimal(100)) / 100) * Decimal(1)
        return level
    level = round(level) * Decimal(1)
    value.value = max(level - max(before, low), ZERO) if indicator.counting is Counting.INCREMENT else level
    if indicator.splits:
        left = value.value
        for split in indicator.splits[:-1]:
            amount = round(value.value * split.target / high) * Decimal(1)
            left -= amount
            value.parts.append(IndicatorPart(sex_code=split.sex_code, age_code=split.age_code, amount=amount))
        last = indicator.splits[-1]
        value.parts.append(IndicatorPart(sex_code=last.sex_code, age_code=last.age_code, amount=left))
    return level


# -- activities and risks ---------------------------------------------------------------------------------------------


def _activities(
    project: Project, case: Case, until: date, pace: Pace, chronicle: Chronicle, source: random.Random
) -> Iterator[ActivityProgress]:
    """What should be done is done, but for the last of it that is late; what should have begun is under way."""
    assert project.starts_on
    manager, at = case.site.who(Role.PM), moment(until, source)
    months = {plan.result_id: plan.months for plan in project.plans}
    plans = [(one.id, plan) for one in live_activities(project) if (plan := planned(months[one.id], project.starts_on))]
    begun = sorted(
        ((number, plan) for number, plan in plans if plan.first <= until), key=lambda one: (one[1].last, one[0])
    )
    over = [number for number, plan in begun if plan.last < TODAY]
    behind = max(1, round(len(over) * pace.late / 100)) if pace.late and over else 0
    late = set(over[len(over) - behind :])
    said = []
    for number, plan in begun:
        done_on = None if number in late else _done(plan, until)
        row = ActivityProgress(
            result_id=number,
            project_id=project.id,
            state=ActivityState.DONE if done_on else ActivityState.UNDER_WAY,
            done_on=done_on,
            note=case.say(LATER) if number in late else "",
            saved_at=at,
            saved_by_id=manager.id,
        )
        said.append([number, {"state": row.state, "done_on": row.done_on, "note": row.note}])
        yield row
    if said:
        chronicle.note(project, at, "activities reported", manager, before=[], after=said)


def _done(plan: Planned, until: date) -> date | None:
    """A little before its last day; nothing while its months go on."""
    return working_day(min(plan.last - timedelta(days=plan.last.day % 9), until)) if plan.last < TODAY else None


def _reviews(
    project: Project, case: Case, days: list[date], pace: Pace, chronicle: Chronicle, source: random.Random
) -> Iterator[RiskReview]:
    manager = case.site.who(Role.PM)
    for place, day in enumerate(days):
        newest, at, said = place == len(days) - 1, moment(day, source), []
        for number, risk in enumerate(project.risks):
            note = pace.risk if number == 0 and newest else STANDS if pace.risk == STANDS or not newest else CALM
            review = RiskReview(
                project_id=project.id,
                risk_id=risk.id,
                on_day=day,
                state=RiskState.OPEN,
                consequence_code=risk.consequence_code,
                likelihood_code=risk.likelihood_code,
                note=note,
                saved_at=at,
                saved_by_id=manager.id,
            )
            if note == CALM:
                review.consequence_code, review.likelihood_code = min(risk.consequence_code or "", "C4"), "L2"
            elif note == WORSE:
                review.consequence_code, review.likelihood_code = "C5", "L5"
            if newest and _elapsed(project, day) >= 1:
                review.state, review.note = RiskState.CLOSED, OVER
            said.append([risk.id, {"state": review.state, "note": review.note}])
            yield review
        chronicle.note(project, at, "risks reviewed", manager, reviewed=said)
