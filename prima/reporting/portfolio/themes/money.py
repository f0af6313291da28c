"""Money: what was approved beside what was spent and committed, in USD, by place, gender marker and area of work.

Spent is what finance states; of a project of which finance says nothing, what its newest financial report tells, as
with the traffic light of money. Each project is turned into USD at the rate of its budget, to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    Integer,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
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
from prima.reporting.portfolio.filters import Filters
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
    markers: list[Used]


def used(viewer: User | None, filters: Filters) -> Money:
    """Each project is read once for all four."""
    rows = _per_project(viewer, filters)
    c, activated = rows.c, rows.c.activated
    region, office, marker = tuple_(c.region), tuple_(c.office, c.office_name), tuple_(c.marker)
    query = select(
        func.grouping(c.region, c.office, c.marker),
        func.coalesce(c.region, c.office, c.marker, ""),
        c.office_name,
        func.count(),
        func.coalesce(func.sum(c.budget), 0),
        func.coalesce(func.sum(c.budget).filter(activated), 0),
        func.coalesce(func.sum(c.spent), 0),
        func.coalesce(func.sum(c.committed), 0),
        func.count().filter(c.by_report),
        func.count().filter(activated, c.spent.is_(None)),
    ).group_by(func.grouping_sets(region, office, marker, tuple_()))
    found: dict[int, list[Used]] = {}
    for dimension, code, name, number, budget, approved, spent, committed, told, silent in db.session.execute(query):
        figures = Figures(Decimal(approved), Spent(Decimal(spent), Decimal(committed)))
        one = Used(code, name or "", number, Decimal(budget), figures, told, silent)
        found.setdefault(dimension, []).append(one)
    offices = sorted(found.get(0b101, []), key=lambda one: (-one.budget, one.name))
    return Money(found[0b111][0], found.get(0b011, []), offices, found.get(0b110, []))


def by_area(viewer: User | None, filters: Filters, whole: Figures) -> dict[str, Spent]:
    """Spent and committed shared out to areas of work as the budget of each project is; together they are the whole.

    NONE is what the budget leaves to no area.
    """
    rows = _per_project(viewer, filters)
    table = ALLOCATIONS[Dimension.AREA]
    stated = (
        select(table.project_id, func.sum(table.amount_usd).label("amount"))
        .group_by(table.project_id)
        .subquery("stated")
    )
    allocated = func.coalesce(stated.c.amount, 0)
    base = func.nullif(func.greatest(rows.c.budget, allocated), 0)
    spending = or_(rows.c.spent != 0, rows.c.committed != 0)
    shares = (
        select(table.code, *(func.sum(one * table.amount_usd / base) for one in (rows.c.spent, rows.c.committed)))
        .select_from(rows)
        .join(table, table.project_id == rows.c.id)
        .join(stated, stated.c.project_id == rows.c.id)
        .where(table.amount_usd > 0, spending)
        .group_by(table.code)
    )
    rest = case((base.is_(None), 1), else_=(base - allocated) / base)
    left = (
        select(UNSTATED, *(func.sum(one * rest) for one in (rows.c.spent, rows.c.committed)))
        .select_from(rows)
        .outerjoin(stated, stated.c.project_id == rows.c.id)
        .where(rest != 0, spending)
    )
    found = {
        code: (Decimal(spent), Decimal(committed))
        for code, spent, committed in db.session.execute(union_all(shares, left))
        if spent is not None
    }
    spent = settled({code: pair[0] for code, pair in found.items()}, whole.spent)
    committed = settled({code: pair[1] for code, pair in found.items()}, whole.committed)
    return {code: Spent(spent[code], committed[code]) for code in found}


def by_year(viewer: User | None, filters: Filters) -> dict[int, Decimal]:
    """What finance states as spent, in USD, by the year in which it was."""
    ids = chosen(viewer, filters)
    year = cast(extract("year", Expense.on_day), Integer)
    query = (
        select(year, func.sum(Expense.amount * func.coalesce(Project.rate, 1)))
        .select_from(ids)
        .join(Project, Project.id == ids.c.id)
        .join(Expense, Expense.project_id == Project.id)
        .where(Expense.superseded_id.is_(None), Expense.kind == ExpenseKind.EXPENDITURE)
        .group_by(year)
        .order_by(year)
    )
    return {year: Decimal(amount).quantize(CENT, ROUND_HALF_UP) for year, amount in db.session.execute(query)}


def settled(parts: dict[str, Decimal], whole: Decimal) -> dict[str, Decimal]:
    """The parts to the cent, the cents by which they then miss the whole given to the largest."""
    rounded = {code: part.quantize(CENT, ROUND_HALF_UP) for code, part in parts.items()}
    if rounded:
        largest = max(rounded, key=lambda code: (abs(rounded[code]), code))
        rounded[largest] += whole - sum(rounded.values(), ZERO)
    return rounded


def _per_project(viewer: User | None, filters: Filters) -> CTE:
    """Budget, spent and committed of each chosen project in USD; nothing (null) where nobody says anything."""
    ids = chosen(viewer, filters)
    stated = (
        select(
            Expense.project_id,
            *(
                func.coalesce(func.sum(Expense.amount).filter(Expense.kind == kind), 0).label(kind.value)
                for kind in ExpenseKind
            ),
        )
        .where(Expense.superseded_id.is_(None))
        .group_by(Expense.project_id)
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
            in_usd(stated.c[ExpenseKind.EXPENDITURE.value], told.c.spent).label("spent"),
            in_usd(stated.c[ExpenseKind.COMMITMENT.value], told.c.committed).label("committed"),
            and_(stated.c.project_id.is_(None), told.c.project_id.is_not(None)).label("by_report"),
        )
        .outerjoin(stated, stated.c.project_id == Project.id)
        .outerjoin(told, told.c.project_id == Project.id)
        .cte("money")
    )
