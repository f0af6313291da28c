"""Overdue reports by where their projects are: by region the database sums them, and by country too they are read once
for all who look, and chosen of for each of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Text, any_, cast, func, literal_column, or_, select, true

from prima import clock, kept
from prima.db import Model, db
from prima.lists import StatusName
from prima.places import Office, OfficeLink
from prima.projects import visibility
from prima.projects.models import Coverage, Project
from prima.projects.stages import CLOSE_HELD, Funding
from prima.projects.visibility import Sight, may_see, region_link
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

READ: tuple[type[Model], ...] = (Deadline, Project, OfficeLink, Office, StatusName, Coverage)
EXACT = ("region", "office", "year", "funding", "status", "stage")
"""The filters that each project has one value for."""
EASY: dict[str, Any] = dict.fromkeys((*EXACT, "country"), "") | {"year": None}
"""The filters that what is read once is chosen of by, when they are not set."""
NOTHING_OWED = OWING.isdisjoint(CLOSE_HELD)
"""Whether what is close-held owes no reports: staff see nothing else beside what all staff see."""


class Late(NamedTuple):
    """A project with overdue reports, and how many. `region` is NONE for those of no Regional Office."""

    project_id: int
    office_id: int
    office: str
    region: str
    funding: str
    year: int
    status: str
    stage: str
    reports: int
    countries: str
    """Codes, with spaces between them."""


@dataclass(frozen=True)
class Overdue:
    """Overdue reports of a region, and how many projects they belong to."""

    region: str
    reports: int
    projects: int


@dataclass(frozen=True)
class OverdueThere:
    """By region; and by country, where a project that covers several counts in each."""

    regions: tuple[Overdue, ...]
    countries: dict[str, int]

    @property
    def reports(self) -> int:
        return sum(row.reports for row in self.regions)


def overdue_by_region(viewer: User | None, filters: Filters) -> tuple[Overdue, ...]:
    if viewer is not None and not viewer.active:
        return ()
    uses = keeping.uses(filters)
    if uses is None:
        return _asked([may_see(viewer), *conditions(viewer, replace(filters, q=""))], filters.q)
    seen, beside = keeping.sight_of(viewer)
    own = [Project.id.in_(beside)] if beside else []
    if not easy(filters):
        return _kept(uses, filters, (seen, beside), [_there_is(seen), *own])
    # What many choose by is asked in the parts that they see alike; where nothing is owed, nothing is overdue.
    parts = [one for one in keeping.parts(seen) if not NOTHING_OWED or one is None or not one.held]
    found = [_kept(uses, filters, one, [_there_is(one)], for_many=True) for one in parts]
    if own and not (NOTHING_OWED and seen and seen.staff):
        found.append(_kept(uses, filters, beside, own))
    return found[0] if len(found) == 1 else _regions(found)


def _there_is(seen: Sight | None) -> ColumnElement[bool]:
    return true() if seen is None else visibility.in_sight(seen)


def _kept(
    uses: Sequence[type[Model]],
    filters: Filters,
    whose: Hashable,
    ways: Sequence[ColumnElement[bool]],
    *,
    for_many: bool = False,
) -> tuple[Overdue, ...]:
    """Of the chosen projects that are seen in one of these ways."""
    name = ("overdue asked", whose, filters, keeping.moment())
    return kept.answer(
        name, (*uses, Deadline), lambda: _asked([or_(*ways), *conditions(None, filters)]), for_many=for_many
    )


def easy(filters: Filters) -> bool:
    """Whether what is read once for all is enough to choose by them."""
    return replace(filters, **EASY) == Filters()


def overdue_there(viewer: User | None, filters: Filters) -> OverdueThere:
    """By filters that are easy."""
    if viewer is not None and not viewer.active:
        return OverdueThere((), {})
    seen, beside = keeping.sight_of(viewer)
    found = [_in_sight(one, filters) for one in keeping.parts(seen)]
    if beside:
        late = everywhere()
        found.append(_there(_chosen([late[number] for number in beside if number in late], filters)))
    return found[0] if len(found) == 1 else _added_up(found)


def _in_sight(seen: Sight | None, filters: Filters) -> OverdueThere:
    name = ("overdue", seen, filters, keeping.moment())

    def make() -> OverdueThere:
        return _there(_chosen((row for row in everywhere().values() if in_sight(row, seen)), filters))

    return kept.answer(name, READ, make, for_many=True)


def _there(rows: Iterable[Late]) -> OverdueThere:
    reports, projects, countries = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, int](int)
    for row in rows:
        number = row.reports
        reports[row.region] += number
        projects[row.region] += 1
        for code in row.countries.split():
            countries[code] += number
    return OverdueThere(
        tuple(Overdue(code, number, projects[code]) for code, number in reports.items()), dict(countries)
    )


def _added_up(parts: Sequence[OverdueThere]) -> OverdueThere:
    countries = Counter[str]()
    for part in parts:
        countries.update(part.countries)
    return OverdueThere(_regions([part.regions for part in parts]), countries)


def _regions(parts: Iterable[Iterable[Overdue]]) -> tuple[Overdue, ...]:
    reports, projects = Counter[str](), Counter[str]()
    for row in chain.from_iterable(parts):
        reports[row.region] += row.reports
        projects[row.region] += row.projects
    return tuple(Overdue(code, number, projects[code]) for code, number in reports.items())


def _chosen(rows: Iterable[Late], filters: Filters) -> Iterator[Late]:
    wanted = [
        (Late._fields.index(name), value) for name in EXACT if (value := getattr(filters, name)) not in ("", None)
    ]
    if not wanted and not filters.country:
        yield from rows
        return
    for row in rows:
        if filters.country and filters.country not in row.countries.split():
            continue
        if all(row[place] == value for place, value in wanted):
            yield row


def in_sight(row: Late, seen: Sight | None) -> bool:
    """The twin of visibility.in_sight."""
    if seen is not None and seen.held and row.status not in CLOSE_HELD:
        return False
    return (
        seen is None
        or (seen.staff and row.status not in CLOSE_HELD)
        or row.office_id in seen.offices
        or row.region in seen.regions
        or (seen.fund and row.funding == Funding.FUND)
    )


def everywhere() -> dict[int, Late]:
    """By its id, every project with overdue reports, whoever may see it: for others to choose of."""
    when = (clock.today(), keeping.moment())
    return kept.answer(("late", when), READ, lambda: _everywhere(when), for_many=True)


def _everywhere(when: Hashable) -> dict[int, Late]:
    return {row[0]: Late._make(row) for row in db.session.execute(_question(when))}


@lru_cache(maxsize=2)
def _question(_when: Hashable) -> Any:
    """Each project of reports past their day is looked up, which the offset sees to: read as a whole, the projects
    would cost more than all the rest."""
    due = _due()
    columns = (Project.id, Project.office_id, Project.starts_on, Project.funding, Project.funding_year, Project.status)
    looked_up = select(*columns).where(Project.id == due.c.project_id, owes()).offset(0).lateral("looked_up")
    # Whole before it is named: else the names of statuses would be gone through for every row.
    whose = select(looked_up, due.c.reports).join_from(due, looked_up, true()).cte("whose").prefix_with("MATERIALIZED")
    # All their countries in one go through the index, which an array of ids sees to.
    these = Coverage.project_id == any_(func.array(select(whose.c.id).scalar_subquery()))
    covered = (
        # As a text: of thousands of arrays each would be read by itself.
        select(Coverage.project_id, func.string_agg(Coverage.country_code, literal_column("' '")).label("countries"))
        .where(these)
        .group_by(Coverage.project_id)
        .subquery("covered")
    )
    texts = (cast(whose.c.funding, Text), whose.c.funding_year, cast(whose.c.status, Text))
    told = (whose.c.id, whose.c.office_id, Office.code, REGION, *texts, StatusName.stage, whose.c.reports)
    return (
        select(*told, func.coalesce(covered.c.countries, literal_column("''")))
        .select_from(whose)
        .outerjoin(covered, covered.c.project_id == whose.c.id)
        .join(Office, Office.id == whose.c.office_id)
        .join(StatusName, StatusName.code == whose.c.status)
        .outerjoin(OfficeLink, region_link(whose.c))
    )


def _asked(which: Sequence[ColumnElement[bool]], words: str = "") -> tuple[Overdue, ...]:
    """By any conditions on Project. Here too the project of overdue reports is looked up; what words find is looked up
    once, outside of that."""
    found = mentions(words, Deadline.project_id) if words else []
    due = _due(*found)
    columns = select(Project.id, Project.office_id, Project.starts_on)
    whose = columns.where(Project.id == due.c.project_id, owes(), *which).correlate(due).offset(0).lateral("whose")
    each = select(whose, due.c.reports).join_from(due, whose, true()).cte("each").prefix_with("MATERIALIZED")
    sums = (func.sum(each.c.reports), func.count())
    query = select(REGION, *sums).select_from(each).outerjoin(OfficeLink, region_link(each.c)).group_by(REGION)
    return tuple(Overdue(region, int(reports), number) for region, reports, number in db.session.execute(query))


def _due(*which: ColumnElement[bool]) -> CTE:
    """Reports past their day, by project: they are few, and an index finds them."""
    due = select(Deadline.project_id, func.count().label("reports")).where(is_past_due(), *which)
    return due.group_by(Deadline.project_id).cte("due").prefix_with("MATERIALIZED")


@dataclass(frozen=True)
class Headline:
    """The figures above everything: projects, their budgets in USD, overdue reports."""

    projects: int
    budget: Decimal
    overdue: int


def headline(viewer: User | None, filters: Filters = Filters()) -> Headline:
    found = total(viewer, filters)
    return Headline(found.number, found.budget, sum(row.reports for row in overdue_by_region(viewer, filters)))
