"""The list of projects, a page at a time by keyset, in any of its orders.

Few matches among many projects are a trap: a database that walks along the order until a page is full may walk to the
end of it. So up to FEW matches are found first, without an order, and then looked for along it by their numbers alone.
More of them stand close to each other in most orders: a walk that looks at the projects goes only so far, and what it
does not find is found as the few are. What holds words is found first, whatever its number.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, bindparam, func, null, select, tuple_

from prima import kept
from prima.connections import planned_anew
from prima.db import db
from prima.idlist import among_named, braced, read, writing, written
from prima.lists import Country, Donor, ProjectType, RegionalOffice, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import Coverage, Part, Party, Project
from prima.projects.stages import Funding, Status
from prima.projects.visibility import in_sight, may_see, out_of_sight, region_link, sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.columns import COLUMNS
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.keeping import moment, tables, whose
from prima.reporting.portfolio.sorting import Order, Place, asked, of_names, standing
from prima.reporting.queries import is_overdue
from prima.reporting.search.holding import holders
from prima.users import User

SIZE = 25
FEW = 6_000
"""So many projects are found before they are put into an order; more are looked for along it: of a hundred thousand
they are sixty in every thousand."""


@dataclass(frozen=True)
class Listed:
    """One project of the list."""

    id: int
    reference: str
    code: str | None
    title: str
    status: Status
    status_name: str
    stage: str
    office: str
    city: str | None
    """Of its Regional Office."""
    countries: str | None
    """Only where they are shown, as the manager."""
    funding: Funding
    donor: str | None
    year: int
    type: str | None
    budget: Decimal
    starts_on: date | None
    ends_on: date | None
    manager: str | None
    updated_at: datetime
    overdue: int
    """How many of its reports are overdue."""

    @property
    def name(self) -> str:
        return self.code or self.reference


@dataclass(frozen=True)
class Page:
    """A page of the list; `previous` and `next` are arguments of the URL, None at the ends."""

    rows: list[Listed]
    previous: dict[str, str] | None
    next: dict[str, str] | None
    problems: list[str]
    order: Order


def page(
    viewer: User | None,
    filters: Filters,
    given: Mapping[str, Sequence[str]],
    size: int = SIZE,
    columns: Collection[str] = COLUMNS,
) -> Page:
    """The rows after, or before, the cursor in the URL; a bad cursor is named and the list begins at its start.

    `columns` are those that will be shown: what others show is left out.
    """
    about = asked(given)
    order, place = about.order, about.place
    found = _found(viewer, filters, order, place, size + 1)
    chosen, more = found[:size], len(found) > size
    if place.way == "before":
        chosen = chosen[::-1]
    has_previous, has_next = (more, True) if place.way == "before" else (place.way == "after", more)
    return Page(
        _rows([number for number, _stored in chosen], columns),
        {"before": order.place(chosen[0][1], chosen[0][0])} if chosen and has_previous else None,
        {"after": order.place(chosen[-1][1], chosen[-1][0])} if chosen and has_next else None,
        about.problems,
        order,
    )


Found = Sequence[tuple[int, Any]]
"""Ids, and what names their places."""


def _found(viewer: User | None, filters: Filters, order: Order, place: Place, most: int) -> Found:
    """The first of an order whose changes are noted are kept."""
    uses = tables(filters)
    if uses is None or place.way or not order.sort.noted:
        return _from(viewer, filters, order, place, most)
    name = ("first", filters, order, most, whose(viewer), moment())
    return kept.answer(name, (*uses, Party), lambda: _from(viewer, filters, order, place, most))


def _from(viewer: User | None, filters: Filters, order: Order, place: Place, most: int) -> Found:
    down = order.down != (place.way == "before")
    if filters.q:
        return _sorted(holders(filters.q), order, place, down, most, wanted(viewer, replace(filters, q="")))
    if filters or (viewer is not None and not viewer.staff):
        ids = few(viewer, filters)
        if ids is not None:
            return _sorted(ids, order, place, down, most)
    for near in order.sort.near:
        found = _read(_walk(viewer, filters, order, place, near, most))
        if len(found) == most:
            return found
    return _sorted(written(select(Project.id).where(*wanted(viewer, filters))) or "", order, place, down, most)


def wanted(viewer: User | None, filters: Filters) -> list[ColumnElement[bool]]:
    return [may_see(viewer), *conditions(viewer, filters)]


# -- of few -----------------------------------------------------------------------------------------------------------


def few(viewer: User | None, filters: Filters) -> str | None:
    """The ids of the chosen projects that the viewer may see (prima.idlist); None if there are more than FEW.

    They are kept where what chooses them is noted: those that are seen by where they are for everybody who sees so.
    """
    uses = tables(filters)
    if uses is None or viewer is None or not viewer.active:
        return written(select(Project.id).where(*wanted(viewer, filters)), FEW)
    seen = sight(viewer)
    name: tuple[Hashable, ...] = ("few", filters, seen, moment())
    there = kept.question(
        name, lambda: writing(select(Project.id).where(in_sight(seen), *conditions(viewer, filters)), FEW)
    )
    in_place = kept.answer(name, uses, lambda: read(there, FEW))
    if in_place is None:
        return None
    name = ("few beside", filters, whose(viewer), moment())
    others = kept.question(name, lambda: writing(out_of_sight(viewer).where(*conditions(viewer, filters)), FEW))
    beside = kept.answer(name, (*uses, Party), lambda: read(others, FEW))
    return None if beside is None else ",".join(filter(None, (in_place, beside)))


def _sorted(
    ids: str, order: Order, place: Place, down: bool, most: int, those: Sequence[ColumnElement[bool]] = ()
) -> Found:
    """The first of these ids, and of them of those that are wanted."""
    if not ids:
        return ()
    query = _in_order(order, down, most)
    if place.way or those:
        query = query.where(*_beyond(order, place, down), *those)
    return _read(query, {"ids": braced(ids)})


@cache
def _in_order(order: Order, down: bool, most: int) -> Select[Any]:
    found = select(Project.id, order.sort.stored).where(among_named("ids", Project.id))
    return planned_anew(found.order_by(*standing(order.key, down)).limit(most))


# -- of many ----------------------------------------------------------------------------------------------------------


def _beyond(order: Order, place: Place, down: bool) -> list[ColumnElement[bool]]:
    if not place.way:
        return []
    key, edge = tuple_(order.key, Project.id), tuple_(place.value, place.number)
    return [key < edge if down else key > edge]


def _walk(viewer: User | None, filters: Filters, order: Order, place: Place, near: int, most: int) -> Select[Any]:
    """To be asked. It is kept for the first page: making it takes as long as answering it."""

    def make() -> Select[Any]:
        return _walked(wanted(viewer, filters), order, place, order.down != (place.way == "before"), near, most)

    if place.way:
        return make()
    return kept.question(("walk", whose(viewer), filters, order, near, most, moment()), make)


def _walked(those: Sequence[Any], order: Order, place: Place, down: bool, near: int, most: int) -> Select[Any]:
    """The first of those that are wanted among the next `near` projects of the order, whoever may see them."""
    after = _beyond(order, place, down)
    next_ones = select(order.key.label("key"), Project.id).where(*after).order_by(*standing(order.key, down))
    last = next_ones.limit(near).subquery("near")
    edge = (last.c.key, last.c.id) if down else (last.c.key.desc(), last.c.id.desc())
    furthest = select(last.c.key, last.c.id).order_by(*edge).limit(1).scalar_subquery()
    key = tuple_(order.key, Project.id)
    return (
        select(Project.id, order.sort.stored)
        .where(*after, key >= furthest if down else key <= furthest, *those)
        .order_by(*standing(order.key, down))
        .limit(most)
    )


def _read(query: Select[Any], parameters: Mapping[str, Any] | None = None) -> Found:
    return tuple(tuple(row) for row in db.session.execute(query, parameters))


# -- what a row shows -------------------------------------------------------------------------------------------------


def _rows(ids: Sequence[int], columns: Collection[str]) -> list[Listed]:
    """What these columns show of the projects, in their order."""
    if not ids:
        return []
    asked = frozenset(SEVERAL.keys() & set(columns))
    rows = db.session.execute(_what_is_shown(asked, moment()), {"ids": list(ids)})
    found = {row[0]: Listed(*row) for row in rows}
    return [found[number] for number in ids if number in found]


@lru_cache(maxsize=16)
def _what_is_shown(columns: frozenset[str], _at: Hashable) -> Select[Any]:
    """As of a moment."""
    ids: Any = bindparam("ids", type_=ARRAY(BigInteger))
    several = {name: make() if name in columns else null() for name, make in SEVERAL.items()}
    return (
        select(
            Project.id,
            Project.reference,
            Project.code,
            Project.title,
            Project.status,
            StatusName.name,
            StatusName.stage,
            Office.name,
            RegionalOffice.city,
            several["country"],
            Project.funding,
            Donor.name,
            Project.funding_year,
            ProjectType.name,
            Project.budget_usd,
            Project.starts_on,
            Project.ends_on,
            several["manager"],
            Project.updated_at,
            _overdue(),
        )
        .join(StatusName, StatusName.code == Project.status)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(Donor, Donor.code == Project.donor_code)
        .outerjoin(ProjectType, ProjectType.code == Project.project_type_code)
        .where(Project.id == any_(ids))
    )


def _overdue() -> Any:
    late = select(func.count()).select_from(Deadline).where(Deadline.project_id == Project.id, is_overdue())
    return late.correlate(Project).scalar_subquery()


def _countries() -> Any:
    return (
        select(of_names(Country.name).aggregate_order_by(Coverage.position))
        .join_from(Coverage, Country, Country.code == Coverage.country_code)
        .where(Coverage.project_id == Project.id)
        .correlate(Project)
        .scalar_subquery()
    )


def _manager() -> Any:
    return (
        select(of_names(User.name).aggregate_order_by(User.sort_key))
        .join_from(Party, User, User.id == Party.user_id)
        .where(Party.project_id == Project.id, Party.part == Part.MANAGER, Party.until_at.is_(None))
        .correlate(Project)
        .scalar_subquery()
    )


SEVERAL = {"country": _countries, "manager": _manager}
"""Columns that several rows are looked up for: only where they are shown."""
