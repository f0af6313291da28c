"""Overdue reports by where their projects are, summed by the database: once for all who see the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from sqlalchemy import CTE, ColumnElement, any_, func, select, true

from prima import kept
from prima.db import db
from prima.places import OfficeLink
from prima.projects.models import Coverage, Project
from prima.projects.stages import CLOSE_HELD
from prima.projects.visibility import in_sight, may_see, region_link
from prima.reporting.models import Deadline
from prima.reporting.portfolio import keeping
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.sums import total
from prima.reporting.queries import is_past_due, owes
from prima.reporting.search.matching import mentions
from prima.reporting.steps import OWING
from prima.reporting.summary import REGION
from prima.users import User

NOTHING_OWED = OWING.isdisjoint(CLOSE_HELD)
"""Whether what is close-held owes no reports: staff see nothing else beside what all staff see."""
Found = TypeVar("Found")
Ask = Callable[[CTE], Found]
"""Asks something of projects with overdue reports: their `id`, `office_id`, `starts_on` and how many `reports`."""


@dataclass(frozen=True)
class Overdue:
    """Overdue reports of a region, and how many projects they belong to. `region` is NONE for those of none."""

    region: str
    reports: int
    projects: int


def overdue_by_region(viewer: User | None, filters: Filters) -> tuple[Overdue, ...]:
    found = _in_parts(viewer, filters, _by_region)
    if len(found) == 1:
        return found[0]
    reports, projects = Counter[str](), Counter[str]()
    for row in chain.from_iterable(found):
        reports[row.region] += row.reports
        projects[row.region] += row.projects
    return tuple(Overdue(code, number, projects[code]) for code, number in reports.items())


def overdue_by_country(viewer: User | None, filters: Filters) -> dict[str, int]:
    """Reports; those of a project that covers several countries count in each."""
    found = Counter[str]()
    for part in _in_parts(viewer, filters, _by_country):
        found.update(dict(part))
    return dict(found)


def _in_parts(viewer: User | None, filters: Filters, ask: Ask[Found]) -> list[Found]:
    """Answers that are to be added up: what many see alike is asked once for all of them."""
    if viewer is not None and not viewer.active:
        return []
    uses = keeping.uses(filters)
    if uses is None:
        return [ask(_late([may_see(viewer), *conditions(viewer, replace(filters, q=""))], filters.q))]

    def answer(whose: Hashable, seen: ColumnElement[bool], *, for_many: bool = False) -> Found:
        name = ("overdue", ask.__name__, whose, filters, keeping.moment())
        return kept.answer(
            name, (*uses, Deadline), lambda: ask(_late([seen, *conditions(None, filters)])), for_many=for_many
        )

    seen, beside = keeping.sight_of(viewer)
    parts = [one for one in keeping.parts(seen) if not NOTHING_OWED or one is None or not one.held]
    found = [answer(one, true() if one is None else in_sight(one), for_many=True) for one in parts]
    if beside and not (NOTHING_OWED and seen and seen.staff):
        found.append(answer(beside, Project.id.in_(beside)))
    return found


def _late(which: Sequence[ColumnElement[bool]], words: str = "") -> CTE:
    """Projects with overdue reports, by any conditions on Project; what words find is looked up once, outside of that.

    Reports past their day are few and found by an index; for each of their projects it is looked up, which the offset
    sees to: read as a whole, the projects would cost more than all the rest.
    """
    found = mentions(words, Deadline.project_id) if words else []
    past = select(Deadline.project_id, func.count().label("reports")).where(is_past_due(), *found)
    due = past.group_by(Deadline.project_id).cte("due").prefix_with("MATERIALIZED")
    columns = select(Project.id, Project.office_id, Project.starts_on)
    whose = columns.where(Project.id == due.c.project_id, owes(), *which).correlate(due).offset(0).lateral("whose")
    return select(whose, due.c.reports).join_from(due, whose, true()).cte("late").prefix_with("MATERIALIZED")


def _by_region(late: CTE) -> tuple[Overdue, ...]:
    sums = (func.sum(late.c.reports), func.count())
    query = select(REGION, *sums).select_from(late).outerjoin(OfficeLink, region_link(late.c)).group_by(REGION)
    return tuple(Overdue(region, int(reports), number) for region, reports, number in db.session.execute(query))


def _by_country(late: CTE) -> tuple[tuple[str, int], ...]:
    # All their countries in one go through the index, which an array of ids sees to.
    these = Coverage.project_id == any_(func.array(select(late.c.id).scalar_subquery()))
    query = (
        select(Coverage.country_code, func.sum(late.c.reports))
        .join_from(late, Coverage, Coverage.project_id == late.c.id)
        .where(these)
        .group_by(Coverage.country_code)
    )
    return tuple((code, int(reports)) for code, reports in db.session.execute(query))


@dataclass(frozen=True)
class Headline:
    """The figures above everything: projects, their budgets in USD, overdue reports."""

    projects: int
    budget: Decimal
    overdue: int


def headline(viewer: User | None, filters: Filters = Filters()) -> Headline:
    found = total(viewer, filters)
    return Headline(found.number, found.budget, sum(row.reports for row in overdue_by_region(viewer, filters)))
