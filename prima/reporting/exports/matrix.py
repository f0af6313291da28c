"""The sheets of what a project is to achieve: results, indicators with what they came to, beneficiaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Integer, Text, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased

from prima.lists import BeneficiaryDisaggregation, BeneficiaryType
from prima.months import say
from prima.projects.models import ActivityPlan, Beneficiaries, Indicator, Level, Project, Result
from prima.reporting.exports.columns import NEWEST_FIRST, Asked, Field, Table, of_the_project, words, yes
from prima.reporting.models import ActivityProgress, ActivityState, Deadline, IndicatorValue
from prima.reporting.monitoring import Reading, achieved
from prima.reporting.queries.counted import reached_by_group
from prima.spreadsheets import Kind

STATES = {
    ActivityState.NOT_STARTED: "Not started",
    ActivityState.UNDER_WAY: "Under way",
    ActivityState.DONE: "Done",
    ActivityState.DROPPED: "Dropped",
}
LEVELS = {level: level.capitalize() for level in Level}
MEASURES = {"number": "Number", "percentage": "Percentage", "yes_no": "Yes or no", "words": "In words"}
TENTH = Decimal("0.0001")


def results(asked: Asked) -> Table:
    numbers, plan, progress = asked.places, ActivityPlan, ActivityProgress
    is_activity = Result.level == Level.ACTIVITY
    state = func.coalesce(cast(progress.state, Text), case((is_activity, ActivityState.NOT_STARTED.value)))
    fields = [
        *of_the_project(),
        Field("Level", words(Result.level, LEVELS), "Objective, outcome, output or activity."),
        Field("Number", numbers.c.number, "Its place in the matrix; blank for the objective and what was taken out."),
        Field("Result", Result.text, "In words."),
        Field("Assumption", Result.assumption, "What is assumed."),
        Field("Planned months", plan.months, "Of an activity, counted from the start of the project."),
        Field("Responsible", plan.responsible, "Of an activity: who does it."),
        Field("State", words(state, STATES), "How far an activity is."),
        Field("Done on", progress.done_on, "When an activity was done.", Kind.DAY),
        Field("Taken out on", Result.retired_on, "By a change of results.", Kind.DAY),
    ]
    months = [one.heading for one in fields].index("Planned months")

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Result, Result.project_id == Project.id)
            .outerjoin(numbers, numbers.c.id == Result.id)
            .outerjoin(plan, plan.result_id == Result.id)
            .outerjoin(progress, progress.result_id == Result.id)
            .order_by(*NEWEST_FIRST, *_in_order(numbers))
        )

    def read(row: Sequence[Any]) -> Sequence[Any]:
        return (*row[:months], say(row[months]) if row[months] else None, *row[months + 1 :])

    says = "One row for each objective, outcome, output and activity of a results matrix, with the workplan."
    return Table("Results", says, fields, query, asked.number(Result.project_id), read=read)


def _in_order(numbers: Any) -> tuple[Any, ...]:
    """The objective, then as the matrix is read, then what was taken out."""
    parts = func.string_to_array(numbers.c.number, ".")
    as_numbers = cast(parts, ARRAY(Integer))
    return (Result.level != Level.OBJECTIVE, as_numbers.nulls_last(), Result.position, Result.id)


def indicators(asked: Asked) -> Table:
    numbers, value = asked.places, IndicatorValue
    reading = func.jsonb_build_array(
        cast(value.on_day, Text), cast(value.value, Text), cast(value.numerator, Text),
        cast(value.denominator, Text), value.words,
    )  # fmt: skip
    readings = (
        select(value.indicator_id, func.jsonb_agg(aggregate_order_by(reading, value.on_day)).label("all"))
        .where(asked.within(value.project_id))
        .group_by(value.indicator_id)
        .subquery("readings")
    )
    empty = literal(None, Text)
    fields = [
        *of_the_project(),
        Field("Result", numbers.c.number, "The number of the result that it measures; blank for the objective."),
        Field("Level", words(Result.level, LEVELS), "Of that result."),
        Field("Result, in words", Result.text, "That result."),
        Field("Indicator", Indicator.text, "In words."),
        Field("Measure", words(Indicator.measure, MEASURES), "How it is read."),
        Field("Unit", Indicator.unit, "What is counted."),
        Field("Source", Indicator.source, "Data source and collection method."),
        Field("Baseline", Indicator.baseline, "As it was written."),
        Field("Target", Indicator.target, "As it was written."),
        Field("Baseline, number", Indicator.baseline_value, "Where it is a number.", Kind.NUMBER),
        Field("Target, number", Indicator.target_value, "Where it is a number.", Kind.NUMBER),
        Field("Achieved", empty, "The level to compare with the target: increments are added to the baseline; "
              "of a percentage the per cent.", Kind.NUMBER),
        Field("Achieved, in words", empty, "Of an indicator that is read in words, or by yes or no."),
        Field("Of the way", empty, "The way from baseline to target that is done; over 100% beyond it.", Kind.PERCENT),
        Field("Newest value on", empty, "The day of the newest value.", Kind.DAY),
        Field("Values", empty, "How many values were recorded.", Kind.NUMBER),
        Field("Library code", Indicator.library_code, "The indicator of the library that it was taken from."),
        Field("Taken out on", Indicator.retired_on, "By a change of results.", Kind.DAY),
    ]  # fmt: skip
    first = [one.heading for one in fields].index("Achieved")
    last = first + 5
    number_of = len(fields)

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Indicator, Indicator.project_id == Project.id)
            .join(Result, Result.id == Indicator.result_id)
            .outerjoin(numbers, numbers.c.id == Result.id)
            .outerjoin(readings, readings.c.indicator_id == Indicator.id)
            .order_by(*NEWEST_FIRST, *_in_order(numbers), Indicator.position, Indicator.id)
        )

    def read(row: Sequence[Any]) -> Sequence[Any]:
        given, (measure, counting, recorded) = row[:number_of], row[number_of:]
        baseline, target = row[first - 2], row[first - 1]
        measured = SimpleNamespace(
            measure=measure, counting=counting, baseline_value=baseline, target_value=target, target=row[first - 3]
        )
        found = achieved(measured, [_reading(*one) for one in recorded or ()])
        if found is None:
            return (*given[:first], None, None, None, None, 0, *given[last:])
        level = None if found.level is None else found.level.quantize(TENTH)
        share = None if found.share is None else found.share.quantize(TENTH)
        return (*given[:first], level, found.words, share, found.on_day, found.count, *given[last:])

    more = (Indicator.measure, Indicator.counting, readings.c.all)
    says, number = "One row for each indicator, with what its values come to.", asked.number(Indicator.project_id)
    return Table("Indicators", says, fields, query, number, more, read)


def _reading(on_day: str, value: Any, numerator: Any, denominator: Any, said: str) -> Reading:
    exact = [None if one is None else Decimal(one) for one in (value, numerator, denominator)]
    return Reading(date.fromisoformat(on_day), exact[0], exact[1], exact[2], said)


def beneficiaries(asked: Asked) -> Table:
    told, sex, age = (
        reached_by_group(asked.within(Deadline.project_id)),
        aliased(BeneficiaryDisaggregation),
        aliased(BeneficiaryDisaggregation),
    )
    group = Beneficiaries
    fields = [
        *of_the_project(),
        Field("Type", BeneficiaryType.name, "The type of beneficiary."),
        Field("Reach", words(group.reach, {"direct": "Direct", "indirect": "Indirect"}), "Direct or indirect."),
        Field("Sex", sex.name, "As planned."),
        Field("Age", age.name, "As planned."),
        Field("Planned", group.planned, "How many are to be reached.", Kind.NUMBER),
        Field("Reached", func.coalesce(told.c.number, 0),
              "In reports that were handed in and not returned.", Kind.NUMBER),
        Field("Counted", words(group.counted, {"people": "People", "services": "Services"}),
              "What the number counts; blank until the first is reported."),
        Field("With repetition", yes(group.repeated), "Whether one person reached twice counts twice."),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(group, group.project_id == Project.id)
            .join(BeneficiaryType, BeneficiaryType.code == group.type_code)
            .join(sex, sex.code == group.sex_code)
            .join(age, age.code == group.age_code)
            .outerjoin(told, told.c.group_id == group.id)
            .order_by(*NEWEST_FIRST, group.id)
        )

    says = "One row for each planned group of beneficiaries, with the number reached."
    return Table("Beneficiaries", says, fields, query, asked.number(group.project_id))
