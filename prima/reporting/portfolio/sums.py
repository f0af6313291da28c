"""Counts and sums of the projects that a viewer may see: what dashboards, the home page and the map show."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, null, nulls_first, select, union_all

from prima.db import db
from prima.lists import Country
from prima.places import OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, Project
from prima.projects.visibility import visible_projects
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import chosen, projects
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.queries import is_overdue, is_past_due, owes
from prima.users import User

ZERO = Decimal(0)
OVER = "over"
"""Stands for what is allocated beyond the budget: such an allocation is out of balance until somebody mends it."""
# Written out, not as parameters: what is grouped by must be the same text as what is selected.
UNSTATED: ColumnElement[str] = literal_column(f"'{NONE}'")
TOO_MUCH: ColumnElement[str] = literal_column(f"'{OVER}'")
REGION = func.coalesce(OfficeLink.region_code, UNSTATED)


@dataclass(frozen=True)
class Summed:
    """How many projects have a value, and the sum of their budgets. `code` is NONE where nothing is stated."""

    code: str
    number: int
    budget: Decimal
    region: str = ""
    year: int = 0


@dataclass(frozen=True)
class Allocated:
    """What the projects of a region have allocated to an area or activity type; NONE: to nothing; OVER: too much."""

    region: str
    code: str
    number: int
    amount: Decimal


@dataclass(frozen=True)
class Overdue:
    """Overdue reports of a region, and how many projects they belong to."""

    region: str
    reports: int
    projects: int


@dataclass(frozen=True)
class Headline:
    projects: int
    budget: Decimal
    overdue: int


@dataclass(frozen=True)
class ByCountry:
    """The projects that cover a country. One that covers several counts, with its whole budget, in each of them."""

    code: str
    name: str
    projects: int
    budget: Decimal
    overdue: int


def by_region_and_year(viewer: User | None, filters: Filters) -> list[Summed]:
    query = projects(viewer, filters, REGION, Project.funding_year, func.count(), func.sum(Project.budget_usd))
    rows = db.session.execute(query.group_by(REGION, Project.funding_year))
    return [Summed(region, number, budget, region, year) for region, year, number, budget in rows]


def by_status(viewer: User | None, filters: Filters) -> list[Summed]:
    return _by(viewer, filters, Project.status)


def by_marker(viewer: User | None, filters: Filters) -> list[Summed]:
    return _by(viewer, filters, func.coalesce(Project.gender_marker_code, UNSTATED))


def _by(viewer: User | None, filters: Filters, value: Any) -> list[Summed]:
    ids = chosen(viewer, filters)
    query = select(value, func.count(), func.sum(Project.budget_usd)).join_from(ids, Project, Project.id == ids.c.id)
    return [Summed(*row) for row in db.session.execute(query.group_by(value))]


def by_area(viewer: User | None, filters: Filters) -> list[Allocated]:
    return _by_allocation(viewer, filters, Dimension.AREA)


def by_activity(viewer: User | None, filters: Filters) -> list[Allocated]:
    return _by_allocation(viewer, filters, Dimension.ACTIVITY)


def _by_allocation(viewer: User | None, filters: Filters, dimension: Dimension) -> list[Allocated]:
    """Together the rows of a region add up to the budgets of its projects: NONE is the rest, OVER what is too much."""
    table = ALLOCATIONS[dimension]
    stated = (
        projects(viewer, filters, REGION, table.code, func.count(), func.sum(table.amount_usd))
        .join(table, table.project_id == Project.id)
        .where(table.amount_usd > 0)
        .group_by(REGION, table.code)
    )
    allocated = (
        select(table.project_id, func.sum(table.amount_usd).label("amount"))
        .group_by(table.project_id)
        .subquery("allocated")
    )
    rest = Project.budget_usd - func.coalesce(allocated.c.amount, literal_column("0"))
    which = case((rest > literal_column("0"), UNSTATED), else_=TOO_MUCH)
    unstated = (
        projects(viewer, filters, REGION, which, func.count(), func.sum(rest))
        .outerjoin(allocated, allocated.c.project_id == Project.id)
        .where(rest != 0)
        .group_by(REGION, which)
    )
    return [Allocated(*row) for row in db.session.execute(union_all(stated, unstated))]


def overdue_by_region(viewer: User | None, filters: Filters) -> list[Overdue]:
    query = (
        projects(viewer, filters, REGION, func.count(), func.count(Deadline.project_id.distinct()))
        .join(Deadline, Deadline.project_id == Project.id)
        .where(is_overdue())
        .group_by(REGION)
    )
    return [Overdue(*row) for row in db.session.execute(query)]


def headline(viewer: User | None, filters: Filters = Filters()) -> Headline:
    """The figures above everything: projects, their budgets in USD, overdue reports."""
    ids = chosen(viewer, filters)
    late = _late_per_project()
    sums = (func.sum(Project.budget_usd), func.sum(late.c.reports).filter(owes()))
    query = (
        select(func.count(), *(func.coalesce(one, 0) for one in sums))
        .join_from(ids, Project, Project.id == ids.c.id)
        .outerjoin(late, late.c.project_id == Project.id)
    )
    number, budget, overdue = db.session.execute(query).one()
    return Headline(number, Decimal(budget), int(overdue))


def by_country(viewer: User | None) -> tuple[Headline, list[ByCountry]]:
    """Every country that a visible project covers, by name: the figures of the map; and the headline of all of them.

    The projects are read once for both.
    """
    reports = _late_per_project()
    overdue_there = case((owes(), reports.c.reports)).label("overdue")
    seen = (
        visible_projects(viewer, Project.id, Project.budget_usd, overdue_there)
        .outerjoin(reports, reports.c.project_id == Project.id)
        .cte("seen")
    )
    sums = (func.count(), func.sum(seen.c.budget_usd), func.coalesce(func.sum(seen.c.overdue), 0))
    covered = (
        select(Country.code, Country.name, Country.sort_key, *sums)
        .select_from(seen)
        .join(Coverage, Coverage.project_id == seen.c.id)
        .join(Country, Country.code == Coverage.country_code)
        .group_by(Country.code, Country.name, Country.sort_key)
    )
    everything = union_all(select(null(), null(), null().label("ordered"), *sums), covered)
    rows = db.session.execute(everything.order_by(nulls_first(literal_column("ordered"))))
    (*_none, number, total, overdue), *countries = rows
    return Headline(number, Decimal(total or 0), int(overdue)), [
        ByCountry(code, name, projects, budget, int(late)) for code, name, _key, projects, budget, late in countries
    ]


def _late_per_project() -> Any:
    """Deadlines alone: whether a project owes anything is asked where it is summed up, which reads projects anyway."""
    query = select(Deadline.project_id, func.count().label("reports")).where(is_past_due())
    return query.group_by(Deadline.project_id).subquery("late")
