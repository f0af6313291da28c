"""Counts and sums of the projects that a viewer may see: what dashboards, the home page and the map show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Subquery,
    Text,
    case,
    func,
    literal,
    literal_column,
    null,
    nulls_first,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from prima.db import db
from prima.lists import Country
from prima.places import OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, GovernanceMark, Project, SdgMark
from prima.projects.visibility import may_see, region_link
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import chosen, chosen_out_of_sight, conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.queries import is_past_due, owes
from prima.reporting.search.matching import mentions
from prima.reporting.summary import OVER, REGION, UNSTATED, Kept, answer
from prima.users import User

ZERO = Decimal(0)
# Written out, not as a parameter: what is grouped by must be the same text as what is selected.
TOO_MUCH: ColumnElement[str] = literal_column(f"'{OVER}'")
NO_COUNTRY = type_coerce(null(), Text).label("code")
ALLOCATED = {Kept.AREA: Dimension.AREA, Kept.ACTIVITY: Dimension.ACTIVITY}
MARKS: dict[Kept, tuple[Any, Any]] = {
    Kept.COUNTRY: (Coverage, Coverage.country_code),
    Kept.SDG: (SdgMark, SdgMark.code),
    Kept.MIGOF: (GovernanceMark, GovernanceMark.code),
}
Row = tuple[tuple[Any, ...], tuple[int, Decimal, Decimal]]
"""The values of the groups; how many projects, what they have for the code, and their budgets."""


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
    rows = grouped(viewer, filters, Kept.PLAIN, "region", "year")
    return [Summed(region, number, budget, region, year) for (region, year), (number, _amount, budget) in rows]


def by_status(viewer: User | None, filters: Filters) -> list[Summed]:
    return _summed(grouped(viewer, filters, Kept.PLAIN, "status"))


def by_marker(viewer: User | None, filters: Filters) -> list[Summed]:
    return _summed(grouped(viewer, filters, Kept.MARKER, "code"))


def by_sdg(viewer: User | None, filters: Filters) -> list[Summed]:
    """Each target with the projects that serve it; one that serves several counts, with its whole budget, in each."""
    return _summed(grouped(viewer, filters, Kept.SDG, "code"))


def by_migof(viewer: User | None, filters: Filters) -> list[Summed]:
    """Each principle or objective of migration governance, as `by_sdg`."""
    return _summed(grouped(viewer, filters, Kept.MIGOF, "code"))


def _summed(rows: Iterable[Row]) -> list[Summed]:
    return [Summed(code, number, budget) for (code,), (number, _amount, budget) in rows]


def by_area(viewer: User | None, filters: Filters) -> list[Allocated]:
    return _allocated(viewer, filters, Kept.AREA)


def by_activity(viewer: User | None, filters: Filters) -> list[Allocated]:
    return _allocated(viewer, filters, Kept.ACTIVITY)


def _allocated(viewer: User | None, filters: Filters, by: Kept) -> list[Allocated]:
    """Together the rows of a region add up to the budgets of its projects: NONE is the rest, OVER what is too much."""
    rows = grouped(viewer, filters, by, "region", "code")
    return [Allocated(region, code, number, amount) for (region, code), (number, amount, _budget) in rows]


def total(viewer: User | None, filters: Filters) -> Summed:
    """All of the projects as one."""
    found = list(grouped(viewer, filters, Kept.PLAIN))
    number, budget = (found[0][1][0], found[0][1][2]) if found else (0, ZERO)
    return Summed("", number, budget)


def overdue_by_region(viewer: User | None, filters: Filters) -> list[Overdue]:
    late = _overdue(viewer, filters)
    whose = (late.c.id, late.c.office_id, late.c.starts_on)
    each = select(*whose, func.count().label("reports")).group_by(*whose).subquery("each")
    sums = (func.sum(each.c.reports), func.count())
    query = select(REGION, *sums).select_from(each).outerjoin(OfficeLink, region_link(each.c)).group_by(REGION)
    return [Overdue(region, int(reports), number) for region, reports, number in db.session.execute(query)]


def headline(viewer: User | None, filters: Filters = Filters()) -> Headline:
    """The figures above everything: projects, their budgets in USD, overdue reports."""
    found = total(viewer, filters)
    late = db.session.scalar(select(func.count()).select_from(_overdue(viewer, filters)))
    return Headline(found.number, found.budget, int(late or 0))


def by_country(viewer: User | None) -> tuple[Headline, list[ByCountry]]:
    """Every country that a visible project covers, by name: the figures of the map; and the headline of all of them."""
    everything, nothing = Filters(), (literal(0), literal(ZERO))
    arms: list[Any] = []
    for by, groups in ((Kept.PLAIN, ()), (Kept.COUNTRY, ("code",))):
        for arm in _arms(viewer, everything, by, groups):
            (*codes, number, _amount, budget) = arm.subquery().c
            arms.append(select(*(codes or [NO_COUNTRY]), number, budget, literal(0)))
    late = _overdue(viewer, everything)
    arms.append(select(NO_COUNTRY, *nothing, func.count()).select_from(late))
    there = select(Coverage.country_code).where(Coverage.project_id == late.c.id)
    covered = there.correlate(late).offset(0).lateral("covered")
    arms.append(
        select(covered.c.country_code, *nothing, func.count())
        .join_from(late, covered, true())
        .group_by(covered.c.country_code)
    )
    code, *figures = union_all(*arms).subquery("part").c
    query = (
        select(Country.code, Country.name, *(func.sum(one) for one in figures))
        .outerjoin(Country, Country.code == code)
        .group_by(Country.code)
        .having(or_(Country.code.is_(None), func.sum(figures[0]) > 0))
        .order_by(nulls_first(Country.sort_key))
    )
    (*_none, number, budget, overdue), *countries = db.session.execute(query)
    return Headline(int(number), Decimal(budget), int(overdue)), [
        ByCountry(code, name, int(projects), Decimal(budget), int(late))
        for code, name, projects, budget, late in countries
    ]


def _overdue(viewer: User | None, filters: Filters) -> CTE:
    """Each overdue report of the chosen projects: its project's id, office and start.

    Reports past their day are few and found by an index; for each of them its project is looked up, which the offset
    sees to: read as a whole, the projects would cost more than all the rest of a dashboard. What words find is looked
    up once, outside of that.
    """
    found = mentions(filters.q, Deadline.project_id) if filters.q else []
    columns = select(Project.id, Project.office_id, Project.starts_on)
    besides = conditions(viewer, replace(filters, q=""))
    whose = columns.where(Project.id == Deadline.project_id, owes(), may_see(viewer), *besides)
    project = whose.correlate(Deadline).offset(0).lateral("whose")
    late = select(*project.c).join_from(Deadline, project, true()).where(is_past_due(), *found)
    return late.cte("late").prefix_with("MATERIALIZED")


# -- kept or live -----------------------------------------------------------------------------------------------------


def grouped(viewer: User | None, filters: Filters, by: Kept, *groups: str) -> Iterator[Row]:
    """By the values of the groups: how many projects, what they have for the code, and their budgets."""
    return _added_up(_arms(viewer, filters, by, groups))


def grouped_live(viewer: User | None, filters: Filters, by: Kept, *groups: str) -> Iterator[Row]:
    """The same of the projects themselves, whatever is kept."""
    return _added_up(live(chosen(viewer, filters), by, groups))


def _added_up(arms: Sequence[Select[Any]]) -> Iterator[Row]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for *key, number, amount, budget in db.session.execute(union_all(*arms)):
        sums = found.setdefault(tuple(key), [0, ZERO, ZERO])
        for place, more in enumerate((number, amount, budget)):
            sums[place] += more
    for values, (number, amount, budget) in found.items():
        if number:
            yield values, (int(number), amount, budget)


def _arms(viewer: User | None, filters: Filters, by: Kept, groups: Sequence[str]) -> list[Select[Any]]:
    """Questions that together answer: of kept totals and the projects seen beside them, or of all projects live."""
    kept = answer(viewer, filters, by, groups)
    if kept is None:
        return live(chosen(viewer, filters), by, groups)
    arms = kept.arms(viewer, filters, groups)
    return arms + (live(chosen_out_of_sight(viewer, filters), by, groups) if viewer else [])


def live(ids: Subquery, by: Kept, groups: Sequence[str]) -> list[Select[Any]]:
    """The same of the projects themselves."""
    if by in ALLOCATED:
        table = ALLOCATIONS[ALLOCATED[by]]
        allocated = select(table.project_id, func.sum(table.amount_usd).label("amount")).group_by(table.project_id)
        sums = allocated.where(table.project_id.in_(select(ids.c.id))).subquery("allocated")
        rest = Project.budget_usd - func.coalesce(sums.c.amount, literal_column("0"))
        which = case((rest > literal_column("0"), UNSTATED), else_=TOO_MUCH)
        stated = _of(ids, groups, table.code, table.amount_usd).join(table, table.project_id == Project.id)
        unstated = _of(ids, groups, which, rest).outerjoin(sums, sums.c.project_id == Project.id)
        return [stated.where(table.amount_usd > 0), unstated.where(rest != 0)]
    match by:
        case Kept.PLAIN:
            return [_of(ids, groups, UNSTATED)]
        case Kept.MARKER:
            return [_of(ids, groups, func.coalesce(Project.gender_marker_code, UNSTATED))]
    table, code = MARKS[by]
    return [_of(ids, groups, code).join(table, table.project_id == Project.id)]


def _of(ids: Subquery, groups: Sequence[str], code: Any, amount: Any = Project.budget_usd) -> Select[Any]:
    by = {"region": REGION, "year": Project.funding_year, "status": Project.status, "code": code}
    columns = [by[one] for one in groups]
    figures = (func.count(), func.sum(amount), func.sum(Project.budget_usd))
    query = select(*columns, *figures).join_from(ids, Project, Project.id == ids.c.id)
    if "region" in groups:
        query = query.outerjoin(OfficeLink, region_link())
    return query.group_by(*columns).having(func.count() > 0)
