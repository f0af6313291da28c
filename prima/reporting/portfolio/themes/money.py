"""Money: what was approved beside what was spent and committed, in USD, by place, gender marker and area of work.

Spent is what finance states; of a project of which finance says nothing, what its newest financial report tells, as
with the traffic light of money. Each project is turned into USD at the rate of its budget, to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    exists,
    extract,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from prima.db import db
from prima.places import Office
from prima.projects.models import ALLOCATIONS, Dimension, Project
from prima.reporting.models import Deadline, Expense, ExpenseKind, Report, Spending
from prima.reporting.portfolio.choosing import chosen, projects
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.keeping import keeping
from prima.reporting.portfolio.themes.among import ACTIVATED, REGION, UNSTATED
from prima.reporting.spending import Figures, Spent
from prima.reporting.steps import IN
from prima.users import User

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Used:
    """The projects of a region, office or gender marker; `figures` are of those that were activated, in USD."""

    code: str
    name: str
    number: int
    budget: Decimal
    """Of all of them, activated or not."""
    figures: Figures
    by_report: int = 0
    """Of how many the figures are those of a report, because finance says nothing."""
    silent: int = 0
    """Of how many activated ones nobody says anything."""


@dataclass(frozen=True)
class Money:
    whole: Used
    regions: list[Used]
    offices: list[Used]
    """The largest budgets first."""
    markers: list[Used]
    areas: dict[str, Spent]
    """Spent and committed shared out to areas of work as the budget of each project is; together they are the whole.

    NONE is what the budget leaves to no area.
    """
    years: dict[int, Decimal]
    """What finance states as spent, by the year in which it was."""


REGIONS, OFFICES, MARKERS, WHOLE, AREAS, YEARS = 0b011, 0b101, 0b110, 0b111, 8, 9
"""What a row is of: as grouping() of region, office and marker tells it, or not of that table."""


@keeping(Expense, Deadline, Report, Spending, ALLOCATIONS[Dimension.AREA])
def used(viewer: User | None, filters: Filters) -> Money:
    """Everything by one question, so that what finance states is gone through once."""
    ids = chosen(viewer, filters)
    booked = _booked(ids)
    rows = _per_project(viewer, filters, ids, booked)
    asked = union_all(_grouped(rows), _shared_out(rows), _by_year(rows, booked))
    found: dict[int, list[Any]] = defaultdict(list)
    for dimension, *row in db.session.execute(asked):
        found[dimension].append(row)
    (whole,) = (_used(row) for row in found[WHOLE])
    offices = sorted(map(_used, found[OFFICES]), key=lambda one: (-one.budget, one.name))
    return Money(
        whole,
        [_used(row) for row in found[REGIONS]],
        offices,
        [_used(row) for row in found[MARKERS]],
        _areas(found[AREAS], whole.figures),
        {int(code): _cents(spent) for code, *_some, spent, _committed, _told, _silent in sorted(found[YEARS])},
    )


def _used(row: Any) -> Used:
    code, name, number, budget, approved, spent, committed, told, silent = row
    figures = Figures(Decimal(approved), Spent(_cents(spent), _cents(committed)))
    return Used(code, name or "", number, Decimal(budget), figures, told, silent)


def _areas(rows: Iterable[Any], whole: Figures) -> dict[str, Spent]:
    parts = {code: (spent, committed) for code, *_some, spent, committed, _told, _silent in rows}
    left_spent = whole.spent - sum((pair[0] for pair in parts.values()), ZERO)
    left_committed = whole.committed - sum((pair[1] for pair in parts.values()), ZERO)
    if _cents(left_spent) or _cents(left_committed):
        parts[NONE] = (left_spent, left_committed)
    spent = settled({code: pair[0] for code, pair in parts.items()}, whole.spent)
    committed = settled({code: pair[1] for code, pair in parts.items()}, whole.committed)
    return {code: Spent(spent[code], committed[code]) for code in parts}


def _grouped(rows: CTE) -> Select[Any]:
    """By place, marker and whether activated first: so few rows are left that to sort them for each table is cheap."""
    c = rows.c
    by = (c.region, c.office, c.office_name, c.marker, c.activated)
    few = (
        select(
            *by,
            func.count().label("number"),
            func.sum(c.budget).label("budget"),
            func.sum(c.spent).label("spent"),
            func.sum(c.committed).label("committed"),
            func.count().filter(c.by_report).label("by_report"),
            func.count().filter(c.spent.is_(None)).label("silent"),
        )
        .group_by(*by)
        .subquery("few")
    )
    c, activated = few.c, few.c.activated
    region, office, marker = tuple_(c.region), tuple_(c.office, c.office_name), tuple_(c.marker)

    def whole(count: Any) -> Any:
        return cast(func.coalesce(count, 0), Integer)

    return select(
        func.grouping(c.region, c.office, c.marker),
        func.coalesce(c.region, c.office, c.marker, ""),
        c.office_name,
        whole(func.sum(c.number)),
        func.coalesce(func.sum(c.budget), 0),
        func.coalesce(func.sum(c.budget).filter(activated), 0),
        func.coalesce(func.sum(c.spent), 0),
        func.coalesce(func.sum(c.committed), 0),
        whole(func.sum(c.by_report)),
        whole(func.sum(c.silent).filter(activated)),
    ).group_by(func.grouping_sets(region, office, marker, tuple_()))


def _row(dimension: int, code: Any, spent: Any, committed: Any) -> Select[Any]:
    """A row of only spent and committed."""
    nothing: ColumnElement[Any] = literal_column("0")
    empty = (null(), nothing, nothing, nothing)
    return select(literal_column(str(dimension)), code, *empty, spent, committed, nothing, nothing)


def _shared_out(rows: CTE) -> Select[Any]:
    """By area of work; what is left of the whole is left to no area."""
    table = ALLOCATIONS[Dimension.AREA]
    amount = func.sum(table.amount_usd).label("amount")
    stated = select(table.project_id, amount).group_by(table.project_id).subquery("allocated")
    part = table.amount_usd / func.greatest(rows.c.budget, stated.c.amount)
    return (
        _row(AREAS, table.code, func.sum(rows.c.spent * part), func.sum(rows.c.committed * part))
        .select_from(rows)
        .join(table, table.project_id == rows.c.id)
        .join(stated, stated.c.project_id == rows.c.id)
        .where(table.amount_usd > 0, or_(rows.c.spent != 0, rows.c.committed != 0))
        .group_by(table.code)
    )


def _by_year(rows: CTE, booked: CTE) -> Select[Any]:
    spent = func.sum(booked.c.expenditure * rows.c.rate)
    return (
        _row(YEARS, cast(booked.c.year, Text), spent, literal_column("0"))
        .select_from(booked)
        .join(rows, rows.c.id == booked.c.project_id)
        .where(booked.c.expenditure.is_not(None))
        .group_by(booked.c.year)
    )


def settled(parts: dict[str, Decimal], whole: Decimal) -> dict[str, Decimal]:
    """The parts to the cent, the cents by which they then miss the whole given to the largest."""
    rounded = {code: part.quantize(CENT, ROUND_HALF_UP) for code, part in parts.items()}
    if rounded:
        largest = max(rounded, key=lambda code: (abs(rounded[code]), code))
        rounded[largest] += whole - sum(rounded.values(), ZERO)
    return rounded


def _cents(amount: Any) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def _booked(ids: Subquery) -> CTE:
    """What finance states of each chosen project by year, in the budget's currency."""
    year = cast(extract("year", Expense.on_day), Integer)
    sums = (func.sum(Expense.amount).filter(Expense.kind == kind).label(kind.value) for kind in ExpenseKind)
    return (
        select(Expense.project_id, year.label("year"), *sums)
        .join(ids, ids.c.id == Expense.project_id)
        .where(Expense.superseded_id.is_(None))
        .group_by(Expense.project_id, year)
        .cte("booked")
    )


def _per_project(viewer: User | None, filters: Filters, ids: Subquery, booked: CTE) -> CTE:
    """Budget, spent and committed of each chosen project in USD; nothing (null) where nobody says anything."""
    stated = (
        select(
            booked.c.project_id,
            *(func.coalesce(func.sum(booked.c[kind.value]), 0).label(kind.value) for kind in ExpenseKind),
        )
        .group_by(booked.c.project_id)
        .subquery("stated")
    )
    newest = (
        select(Deadline.project_id, Report.id)
        .ext(distinct_on(Deadline.project_id))
        .select_from(ids)
        .join(Deadline, Deadline.project_id == ids.c.id)
        .join(Report, Report.deadline_id == Deadline.id)
        .where(Report.state.in_(IN), exists().where(Spending.report_id == Report.id))
        .order_by(Deadline.project_id, Deadline.due_on.desc(), Deadline.id.desc())
        .subquery("newest")
    )
    told = (
        select(
            newest.c.project_id,
            func.sum(Spending.spent).label("spent"),
            func.sum(Spending.committed).label("committed"),
        )
        .join(Spending, Spending.report_id == newest.c.id)
        .group_by(newest.c.project_id)
        .subquery("told")
    )

    def in_usd(by_finance: Any, by_report: Any) -> Any:
        return func.round(func.coalesce(by_finance, by_report) * func.coalesce(Project.rate, 1), 2)

    return (
        projects(
            viewer,
            filters,
            Project.id.label("id"),
            REGION.label("region"),
            Office.code.label("office"),
            Office.name.label("office_name"),
            func.coalesce(Project.gender_marker_code, UNSTATED).label("marker"),
            Project.budget_usd.label("budget"),
            Project.status.in_(ACTIVATED).label("activated"),
            func.coalesce(Project.rate, 1).label("rate"),
            in_usd(stated.c[ExpenseKind.EXPENDITURE.value], told.c.spent).label("spent"),
            in_usd(stated.c[ExpenseKind.COMMITMENT.value], told.c.committed).label("committed"),
            and_(stated.c.project_id.is_(None), told.c.project_id.is_not(None)).label("by_report"),
        )
        .outerjoin(stated, stated.c.project_id == Project.id)
        .outerjoin(told, told.c.project_id == Project.id)
        .cte("money")
    )
