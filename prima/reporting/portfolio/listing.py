"""The list of projects, a page at a time by keyset, in any of its orders.

Few matches among many projects are a trap: a database that walks along the order until a page is full may walk to the
end of it. So a walk looks at a few hundred projects, and at some thousands where it finds two that are wanted. What it
does not find is found without an order, up to FEW, and then looked for along it by the numbers alone. What holds words
is found first, if it is not common.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from prima import clock, kept
from prima.connections import planned_anew
from prima.db import db
from prima.idlist import among_named, braced, writing, written
from prima.lists import Country, Donor, ProjectType, RegionalOffice, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import Coverage, Part, Party, Project
from prima.projects.stages import CLOSE_HELD, Funding, Status
from prima.projects.visibility import in_sight, may_see, out_of_sight, region_link, sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import conditions, limits
from prima.reporting.portfolio.columns import COLUMNS
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.keeping import moment, tables, whose
from prima.reporting.portfolio.sorting import Order, Place, asked, of_names, standing
from prima.reporting.queries import is_overdue
from prima.reporting.search.holding import few_holders, holders
from prima.users import User

SIZE = 25
FEW = 6_000
"""So many projects are found before they are put into an order; more are looked for along it: of a hundred thousand
they are sixty in every thousand."""
FAR_FOR_MANY = 20_000
"""So far a walk goes for more than FEW: to put all of them into an order takes longer."""
FAR_FOR_WORDS = 1_500
"""So far a walk goes that looks for words in all texts of each project; those that are looked for so are common."""


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
    held = few_holders(filters.q) if filters.q else None
    if held is None:
        ends = (FAR_FOR_WORDS,) if filters.q else order.sort.near
        found, whole = _walk(viewer, filters, order, place, most, ends)
        if whole:
            return found
    if filters.q:
        held = holders(filters.q) if held is None else held
        return _sorted(held, order, place, down, most, wanted(viewer, replace(filters, q="")))
    ids = few(viewer, filters) if filters or (viewer is not None and not viewer.staff) else None
    if ids is None:
        found, whole = _walk(viewer, filters, order, place, most, (FAR_FOR_MANY,))
        if whole:
            return found
        ids = written(select(Project.id).where(*wanted(viewer, filters))) or ""
    return _sorted(ids, order, place, down, most)


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
    found: list[str | None] = []

    def both() -> str | None:
        there, beside = _few_there_and_beside(viewer, filters)
        found.append(beside)
        return there

    def beside() -> str | None:
        return found[0] if found else written(out_of_sight(viewer).where(*conditions(viewer, filters)), FEW)

    there = kept.answer(("few", filters, sight(viewer), moment()), (*uses, Party), both, for_many=True)
    if there is None:
        return None
    more = kept.answer(("few beside", filters, whose(viewer), moment()), (*uses, Party), beside)
    return None if more is None else ",".join(filter(None, (there, more)))


def _few_there_and_beside(viewer: User, filters: Filters) -> tuple[str | None, str | None]:
    """Asked at once: those that are seen by where they are, and those that are seen for another reason."""

    def make() -> Select[Any]:
        those = conditions(viewer, filters)
        # What is held close is seen for one's place alone: said, as the database would look at all of it.
        seen = replace(sight(viewer), staff=False) if filters.status in CLOSE_HELD else sight(viewer)
        ways = (select(Project.id).where(in_sight(seen), *those), out_of_sight(viewer).where(*those))
        there, beside = (writing(ids, FEW).subquery() for ids in ways)
        return planned_anew(select(*there.c, *beside.c).join_from(there, beside, true()))

    asked = kept.question(("few", filters, whose(viewer), moment()), make)
    number, there, number_beside, beside = db.session.execute(asked).one()
    return (there or "") if number <= FEW else None, (beside or "") if number_beside <= FEW else None


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


def _walk(
    viewer: User | None, filters: Filters, order: Order, place: Place, most: int, ends: tuple[int, ...]
) -> tuple[Found, bool]:
    """What a walk along the order finds, and whether there is no more to be found, or no more is wanted.

    The question is kept for the first page: making it takes as long as answering it.
    """

    def make() -> Select[Any]:
        down = order.down != (place.way == "before")
        those = [may_see(viewer), *conditions(viewer, filters, one_by_one=True)]
        return _walked(those, [*_beyond(order, place, down), *_within(filters, order)], order, down, ends, most)

    if place.way or filters.q:
        asked = make()
    else:
        asked = kept.question(("walk", whose(viewer), filters, order, most, ends, moment()), make)
    rows = db.session.execute(asked).all()
    return tuple((row[0], row[1]) for row in rows if row[0] is not None), rows[0][2]


def _within(filters: Filters, order: Order) -> list[ColumnElement[bool]]:
    """What a filter says of the key itself: there the walk begins and ends."""
    key = order.key
    if order.name == "end" and filters.ending is not None:
        return [key.between(clock.today(), clock.today() + timedelta(days=filters.ending))]
    if order.name == "year" and filters.year is not None:
        return [key == filters.year]
    if order.name == "budget":
        return limits(filters)
    return []


def _walked(
    those: Sequence[Any], after: Sequence[Any], order: Order, down: bool, ends: Sequence[int], most: int
) -> Select[Any]:
    """The first of those that are wanted among the next few projects, and of some more if it finds two among these.

    Beside each stands whether that is all; if there is none, it stands alone.
    """
    near, *more = (_edge(f"edge_{number}", after, order, down, number) for number in ends)
    found = _until(near, those, after, order, down, most).cte("found").prefix_with("MATERIALIZED")
    number = select(func.count()).select_from(found).scalar_subquery()
    whole: ColumnElement[bool] = or_(number == most, _ended(near))
    all_found: Any = select(found)
    for far in more:
        # From the beginning again: between two edges the database would rather read one of its other indexes.
        goes_on = (number.between(2, most - 1), ~_ended(near))
        further = _until(far, (*those, *goes_on), after, order, down, most).cte("further").prefix_with("MATERIALIZED")
        further_number = select(func.count()).select_from(further).scalar_subquery()
        whole = or_(whole, and_(number > 1, or_(further_number == most, _ended(far))))
        all_found = union_all(all_found.where(further_number == 0), select(further))
    either = all_found.subquery("either")
    alone = select(whole.label("whole")).subquery("alone")
    return (
        select(either.c.id, either.c.stored, alone.c.whole)
        .join_from(alone, either, true(), isouter=True)
        .order_by(*((either.c.key.desc(), either.c.id.desc()) if down else (either.c.key, either.c.id)))
    )


def _edge(name: str, after: Sequence[Any], order: Order, down: bool, number: int) -> CTE:
    """The place of the last of the next so many projects, whoever may see them, and whether the order ends there."""
    next_ones = select(order.key.label("key"), Project.id.label("id")).where(*after)
    at = next_ones.add_columns(literal_column("false").label("ended")).order_by(*standing(order.key, down))
    end = next_ones.add_columns(literal_column("true")).order_by(*standing(order.key, not down))
    # Numbers as texts: a plan that is made for all values must know that few are read.
    one: Any = literal_column("1")
    either = union_all(at.offset(literal_column(str(number - 1))).limit(one), end.limit(one))
    return either.limit(one).cte(name).prefix_with("MATERIALIZED")


def _place_of(edge: CTE) -> Any:
    return select(edge.c.key, edge.c.id).scalar_subquery()


def _ended(edge: CTE) -> ColumnElement[bool]:
    return func.coalesce(select(edge.c.ended).scalar_subquery(), true())


def _until(edge: CTE, those: Sequence[Any], after: Sequence[Any], order: Order, down: bool, most: int) -> Select[Any]:
    """The first of those that are wanted up to that place."""
    place, last = tuple_(order.key, Project.id), _place_of(edge)
    return (
        select(Project.id, order.key.label("key"), order.sort.stored.label("stored"))
        .where(*after, place >= last if down else place <= last, *those)
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
