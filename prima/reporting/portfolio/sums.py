"""Counts and sums of the projects that a viewer may see: what dashboards, the home page and the map show.

What several people see alike, by where a project is, what it is and whose, is asked once for all of them and kept; what
somebody sees beside that is added.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)

from prima import clock, kept
from prima.db import db
from prima.places import OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, GovernanceMark, Project, SdgMark
from prima.projects.stages import Status
from prima.projects.visibility import Sight, in_sight, may_see, region_link
from prima.reporting.portfolio import keeping
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.summary import OVER, REGION, UNSTATED, Kept, answer_to
from prima.users import User

ZERO = Decimal(0)
# Written out, not as a parameter: what is grouped by must be the same text as what is selected.
TOO_MUCH: ColumnElement[str] = literal_column(f"'{OVER}'")
ALLOCATED = {Kept.AREA: Dimension.AREA, Kept.ACTIVITY: Dimension.ACTIVITY}
MARKS: dict[Kept, tuple[Any, Any]] = {
    Kept.COUNTRY: (Coverage, Coverage.country_code),
    Kept.SDG: (SdgMark, SdgMark.code),
    Kept.MIGOF: (GovernanceMark, GovernanceMark.code),
}
MOST_GROUPS = 2
READ_AS: dict[str, Any] = {"region": str, "year": int, "status": Status, "code": str}
Wanted = tuple[Kept, tuple[str, ...]]
"""What sums are of, and the groups that they are by."""
Figures = tuple[int, Decimal, Decimal]
"""How many projects, what they have for the code, and their budgets."""
Row = tuple[tuple[Any, ...], Figures]
"""The values of the groups, and the figures."""
Part = tuple[tuple[Any, ...], ...]
"""Rows as they are asked for: the place among what is wanted, the groups as text, the figures."""


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


def by_region_and_year(viewer: User | None, filters: Filters) -> list[Summed]:
    return _by_region_and_year(grouped(viewer, filters, Kept.PLAIN, "region", "year"))


def _by_region_and_year(rows: Iterable[Row]) -> list[Summed]:
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
    """Together the rows of a region add up to the budgets of its projects: NONE is the rest, OVER what is too much."""
    return _allocated(grouped(viewer, filters, Kept.AREA, "region", "code"))


def by_activity(viewer: User | None, filters: Filters) -> list[Allocated]:
    """By activity type, as `by_area`."""
    return _allocated(grouped(viewer, filters, Kept.ACTIVITY, "region", "code"))


def _allocated(rows: Iterable[Row]) -> list[Allocated]:
    return [Allocated(region, code, number, amount) for (region, code), (number, amount, _budget) in rows]


def total(viewer: User | None, filters: Filters) -> Summed:
    """All of the projects as one."""
    found = list(grouped(viewer, filters, Kept.PLAIN))
    number, budget = (found[0][1][0], found[0][1][2]) if found else (0, ZERO)
    return Summed("", number, budget)


@dataclass(frozen=True)
class Overview:
    """What the first dashboard shows, beside what is overdue."""

    years: tuple[Summed, ...]
    areas: tuple[Allocated, ...]
    activities: tuple[Allocated, ...]
    statuses: tuple[Summed, ...]
    markers: tuple[Summed, ...]


OVERVIEW: tuple[Wanted, ...] = (
    (Kept.PLAIN, ("region", "year")),
    (Kept.AREA, ("region", "code")),
    (Kept.ACTIVITY, ("region", "code")),
    (Kept.PLAIN, ("status",)),
    (Kept.MARKER, ("code",)),
)


def overview(viewer: User | None, filters: Filters) -> Overview:
    """All of it by one question, and one more of what the viewer sees beside what others see."""
    years, areas, activities, statuses, markers = together(viewer, filters, OVERVIEW)
    return Overview(
        tuple(_by_region_and_year(years)),
        tuple(_allocated(areas)),
        tuple(_allocated(activities)),
        tuple(_summed(statuses)),
        tuple(_summed(markers)),
    )


# -- kept or live -----------------------------------------------------------------------------------------------------


def grouped(viewer: User | None, filters: Filters, by: Kept, *groups: str) -> Iterator[Row]:
    """By the values of the groups: how many projects, what they have for the code, and their budgets."""
    [rows] = together(viewer, filters, ((by, groups),))
    return iter(rows)


def grouped_live(viewer: User | None, filters: Filters, by: Kept, *groups: str) -> Iterator[Row]:
    """The same of the projects themselves, whatever is kept."""
    wanted = ((by, groups),)
    rows = _rows(_as_one(_live([may_see(viewer), *_besides(viewer, filters)], filters, dict(enumerate(wanted)))))
    return iter(_added_up([rows], wanted)[0])


def together(viewer: User | None, filters: Filters, wanted: tuple[Wanted, ...]) -> list[list[Row]]:
    """Of each that is wanted, in this order: by the values of the groups, the figures of the projects."""
    return _added_up(list(_parts(viewer, filters, wanted)), wanted)


def _parts(viewer: User | None, filters: Filters, wanted: tuple[Wanted, ...]) -> Iterator[Part]:
    uses = keeping.uses(filters)
    if uses is None or (viewer is not None and not viewer.active):
        yield _rows(_as_one(_live([may_see(viewer), *_besides(viewer, filters)], filters, dict(enumerate(wanted)))))
        return
    (seen, ids), when = keeping.sight_of(viewer), (clock.today(), keeping.moment())
    for one in keeping.parts(seen):
        yield kept.answer(
            ("sums", one, filters, wanted, when), uses, partial(_asked, one, filters, wanted, when), for_many=True
        )
    if ids:
        yield kept.answer(
            ("sums", ids, filters, wanted, when), uses, lambda: _rows(_beside(filters, wanted, when), ids=list(ids))
        )


def _asked(seen: Sight | None, filters: Filters, wanted: tuple[Wanted, ...], when: Hashable) -> Part:
    return _rows(_in_sight(seen, filters, wanted, when))


def _rows(question: Any, **values: Any) -> Part:
    return tuple(tuple(row) for row in db.session.execute(question, values))


def _added_up(parts: Sequence[Part], wanted: Sequence[Wanted]) -> list[list[Row]]:
    found: list[dict[tuple[Any, ...], list[Any]]] = [{} for _one in wanted]
    for part in parts:
        for place, first, second, *figures in part:
            sums = found[place].setdefault((first, second), [0, ZERO, ZERO])
            for number, more in enumerate(figures):
                sums[number] += more
    return [_read(groups, sums) for (_by, groups), sums in zip(wanted, found, strict=True)]


def _read(groups: Sequence[str], sums: Mapping[tuple[Any, ...], Sequence[Any]]) -> list[Row]:
    readers = [READ_AS[one] for one in groups]
    return [
        (tuple(read(value) for read, value in zip(readers, values, strict=False)), (int(number), amount, budget))
        for values, (number, amount, budget) in sums.items()
        if number
    ]


# Questions depend on these values alone, and putting one together costs more than asking it again.
@lru_cache(maxsize=64)
def _in_sight(seen: Sight | None, filters: Filters, wanted: tuple[Wanted, ...], _when: Hashable) -> Any:
    """What is added up in the kept totals, where they answer, and of the projects themselves where they do not."""
    answers = {place: answer_to(seen, filters, *one) for place, one in enumerate(wanted)}
    arms = [
        _shaped(place, arm, groups)
        for place, (_by, groups) in enumerate(wanted)
        if (found := answers[place])
        for arm in found.arms(seen, filters, groups)
    ]
    others = {place: wanted[place] for place, found in answers.items() if not found}
    there = [] if seen is None else [in_sight(seen)]
    return _as_one(arms + (_live([*there, *_besides(None, filters)], filters, others) if others else []))


@lru_cache(maxsize=64)
def _beside(filters: Filters, wanted: tuple[Wanted, ...], _when: Hashable) -> Any:
    """Of the projects with these `ids`."""
    these = Project.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    return _as_one(_live([these, *_besides(None, filters)], filters, dict(enumerate(wanted))))


def _as_one(arms: Sequence[Select[Any]]) -> Any:
    return union_all(*arms)


def _shaped(place: int, arm: Select[Any], groups: Sequence[str]) -> Select[Any]:
    """Its rows with their place and with as many groups as any other, as text."""
    columns = list(arm.subquery().c)
    texts: list[Any] = [cast(one, Text) for one in columns[: len(groups)]]
    texts += [cast(null(), Text)] * (MOST_GROUPS - len(groups))
    told: list[Any] = [literal_column(str(place)), *texts, *columns[len(groups) :]]
    return select(*told)


def _live(which: Sequence[ColumnElement[bool]], filters: Filters, wanted: Mapping[int, Wanted]) -> list[Select[Any]]:
    """Of the projects themselves: they are chosen once for all that is wanted of them. `filters` are in `which`."""
    chosen = _chosen(which, filters, by_region=any("region" in groups for _by, groups in wanted.values()))
    return [_shaped(place, arm, groups) for place, (by, groups) in wanted.items() for arm in _arms(chosen, by, groups)]


def _besides(viewer: User | None, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions, but for that which the projects are looked up by."""
    return conditions(viewer, replace(filters, country=""))


def _chosen(which: Sequence[ColumnElement[bool]], filters: Filters, *, by_region: bool) -> FromClause:
    columns = (
        Project.id, Project.office_id, Project.starts_on, Project.funding_year, Project.status, Project.budget_usd,
        Project.gender_marker_code,
    )  # fmt: skip
    query: Any = select(*columns).where(*which)
    found: FromClause = query.subquery("found")
    if filters.country:
        # The projects of a country are looked up one by one, which the offset sees to: they are few among all.
        there = select(Coverage.project_id).where(Coverage.country_code == filters.country).subquery("there")
        one = query.where(Project.id == there.c.project_id).correlate(there).offset(literal_column("0")).lateral("one")
        found = select(*one.c).join_from(there, one, true()).cte("found").prefix_with("MATERIALIZED")
    if not by_region:
        return select(*found.c).cte("chosen")
    return select(*found.c, REGION.label("region")).outerjoin(OfficeLink, region_link(found.c)).cte("chosen")


def _arms(chosen: FromClause, by: Kept, groups: Sequence[str]) -> list[Select[Any]]:
    if by in ALLOCATED:
        table = ALLOCATIONS[ALLOCATED[by]]
        whole = select(*chosen.c, table.code, table.amount_usd).join(table, table.project_id == chosen.c.id)
        rows = whole.cte(f"allocated_by_{by}")
        sums = select(rows.c.id, func.sum(rows.c.amount_usd).label("amount")).group_by(rows.c.id).subquery("sums")
        rest = chosen.c.budget_usd - func.coalesce(sums.c.amount, literal_column("0"))
        which = case((rest > literal_column("0"), UNSTATED), else_=TOO_MUCH)
        stated = _of(rows, groups, rows.c.code, rows.c.amount_usd).where(rows.c.amount_usd > 0)
        unstated = _of(chosen, groups, which, rest).outerjoin(sums, sums.c.id == chosen.c.id).where(rest != 0)
        return [stated, unstated]
    match by:
        case Kept.PLAIN:
            return [_of(chosen, groups, UNSTATED)]
        case Kept.MARKER:
            return [_of(chosen, groups, func.coalesce(chosen.c.gender_marker_code, UNSTATED))]
    table, code = MARKS[by]
    return [_of(chosen, groups, code).join(table, table.project_id == chosen.c.id)]


def _of(chosen: FromClause, groups: Sequence[str], code: Any, amount: Any = None) -> Select[Any]:
    c = chosen.c
    by = {"region": "region", "year": "funding_year", "status": "status"}
    columns = [code if one == "code" else c[by[one]] for one in groups]
    figures = (func.count(), func.sum(c.budget_usd if amount is None else amount), func.sum(c.budget_usd))
    return select(*columns, *figures).select_from(chosen).group_by(*columns).having(func.count() > 0)
