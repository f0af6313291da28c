"""What the traffic lights are judged by: of one project in one question, of many within the question for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from prima.db import db
from prima.errors import Refused
from prima.handbook import published
from prima.handbook.edition import Lights
from prima.lists import RiskScale
from prima.projects.models import Project
from prima.reporting.lights import Recorded, Reviewed, Spent
from prima.reporting.models import (
    ActivityProgress,
    ActivityState,
    Deadline,
    Expense,
    ExpenseKind,
    IndicatorValue,
    Report,
    RiskReview,
    RiskState,
    Spending,
    SpendingImport,
)
from prima.reporting.monitoring import Reading
from prima.reporting.queries.schedule import schedule_as_text, schedule_read
from prima.reporting.steps import IN
from prima.trees import parsed


def rules_of(project: Project) -> Lights | None:
    """The thresholds of the project's edition, or of the newest that has them; none where no edition speaks of them."""
    try:
        found: Lights = published.part(db.session(), project.edition, "lights")
    except Refused:
        return None  # the page of a project is shown without lights
    return found


def recorded(project: Project) -> Recorded:
    """All that was recorded on the project, as the lights take it."""
    return _read(project, db.session.execute(_asked(), {"number": project.id}).one())


def recorded_with_schedule(project: Project) -> tuple[Recorded, list[Deadline]]:
    """The same with the project's deadlines."""
    deadlines, *row = db.session.execute(_asked_with_schedule(), {"number": project.id}).one()
    return _read(project, row), schedule_read(deadlines)


@cache
def _asked_with_schedule() -> Select[Any]:
    return select(schedule_as_text(), *_columns())


@cache
def _asked() -> Select[Any]:
    return select(*_columns())


def _columns() -> list[Any]:
    """Each as the text of its JSON; of the project `number`."""
    return [cast(one, Text) for one in asked_of(bindparam("number", type_=BigInteger))]


def _read(project: Project, row: Sequence[Any]) -> Recorded:
    return read([parsed(text) for text in row], project.ends_on)


def asked_of(number: Any) -> list[Any]:
    """What `read` takes of the project with this number, each a JSON value: values of indicators, activities, reviews
    of risks, the scale of risks, what finance states, and the newest financial report."""
    standing = (Expense.project_id == number, Expense.superseded_id.is_(None))
    money = (
        select(
            func.jsonb_build_array(
                func.count(),
                func.coalesce(func.sum(Expense.amount).filter(Expense.kind == ExpenseKind.EXPENDITURE), 0),
                func.max(SpendingImport.at),
            )
        )
        .select_from(Expense)
        .join(SpendingImport, SpendingImport.id == Expense.import_id)
        .where(*standing)
    )
    spent = select(func.sum(Spending.spent)).where(Spending.report_id == Report.id).correlate(Report).scalar_subquery()
    told = (
        select(func.jsonb_build_array(spent, Deadline.period_to, Report.first_submitted_on))
        .select_from(Report)
        .join(Deadline, Deadline.id == Report.deadline_id)
        .where(Deadline.project_id == number, Report.state.in_(IN), Report.spending.any())
        .order_by(Deadline.due_on.desc(), Deadline.id.desc())
        .limit(1)
    )
    reviews = _rows(
        RiskReview,
        number,
        RiskReview.risk_id,
        RiskReview.state,
        RiskReview.consequence_code,
        RiskReview.likelihood_code,
        RiskReview.on_day,
        order=RiskReview.id,
    )
    asked = [
        _rows(
            IndicatorValue,
            number,
            IndicatorValue.indicator_id,
            IndicatorValue.on_day,
            IndicatorValue.value,
            IndicatorValue.numerator,
            IndicatorValue.denominator,
            IndicatorValue.words,
            order=IndicatorValue.id,
        ),
        _rows(
            ActivityProgress,
            number,
            ActivityProgress.result_id,
            ActivityProgress.state,
            ActivityProgress.saved_at,
            order=ActivityProgress.result_id,
        ),
        reviews,
        select(func.jsonb_object_agg(RiskScale.code, RiskScale.value)),
        money,
        told,
    ]
    return [one.correlate(Project).scalar_subquery() for one in asked]


def read(found: Sequence[Any], ends_on: date | None) -> Recorded:
    """From what `asked_of` gave, with fractions as Decimal; `ends_on` is the project's end."""
    values, activities, risks, scale, expenses, reported = (one or [] for one in found)
    readings: dict[int, list[Reading]] = {}
    for indicator, on_day, value, numerator, denominator, words in values:
        reading = Reading(date.fromisoformat(on_day), _exact(value), _exact(numerator), _exact(denominator), words)
        readings.setdefault(indicator, []).append(reading)
    return Recorded(
        readings=readings,
        states={result: ActivityState(state) for result, state, _at in activities},
        activities_on=max((_day(at) for _result, _state, at in activities), default=None),
        reviews={
            risk: Reviewed(RiskState(state), grave, likely, date.fromisoformat(on_day))
            for risk, state, grave, likely, on_day in risks
        },
        worth=dict(scale),
        spent=_spent(ends_on, expenses, reported),
    )


def _rows(model: Any, number: Any, *columns: Any, order: Any) -> Any:
    rows = func.jsonb_agg(aggregate_order_by(func.jsonb_build_array(*columns), order))
    return select(rows).where(model.project_id == number)


def _exact(figure: Any) -> Decimal | None:
    return None if figure is None else Decimal(figure)


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _spent(ends_on: date | None, expenses: list[Any], reported: list[Any]) -> Spent | None:
    """What finance states; where it states nothing, the newest financial report that was handed in."""
    count, amount, at = expenses
    if count:
        return Spent(Decimal(amount), _day(at), _day(at), by_finance=True)
    if not reported:
        return None
    amount, period_to, handed_in = reported
    assert ends_on
    until = date.fromisoformat(period_to) if period_to else ends_on
    stated = date.fromisoformat(handed_in) if handed_in else until
    return Spent(Decimal(amount), min(until, stated), stated, by_finance=False)
