"""The list of projects, a page at a time by keyset, in any of its orders.

Few matches among many projects are a trap: a database that walks along the order until a page is full may walk to the
end of it. So up to FEW matches are found first, without an order, and then looked for along it by their numbers alone.
More of them stand close to each other in most orders: a walk that looks at the projects goes only so far, and what it
does not find is found as the few are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)

from prima import kept
from prima.db import db
from prima.lists import Country, Donor, ProjectType, RegionalOffice, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import Coverage, Part, Party, Project
from prima.projects.stages import Funding, Status
from prima.projects.visibility import in_sight, may_see, out_of_sight, region_link, sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.keeping import moment, tables, whose
from prima.reporting.portfolio.sorting import Order, Place, asked, of_names, standing
from prima.reporting.queries import is_overdue
from prima.users import User

SIZE = 25
FEW = 10_000
"""So many projects are found before they are put into an order; more are looked for along it."""
COMMA: Any = literal_column("','")


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


def page(viewer: User | None, filters: Filters, given: Mapping[str, Sequence[str]], size: int = SIZE) -> Page:
    """The rows after, or before, the cursor in the URL; a bad cursor is named and the list begins at its start."""
    about = asked(given)
    order, place = about.order, about.place
    found = _found(viewer, filters, order, place, size + 1)
    chosen, more = found[:size], len(found) > size
    if place.way == "before":
        chosen = chosen[::-1]
    has_previous, has_next = (more, True) if place.way == "before" else (place.way == "after", more)
    return Page(
        _rows([number for number, _stored in chosen]),
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
    if filters or (viewer is not None and not viewer.staff):
        numbers = few(viewer, filters)
        if numbers is not None:
            return _sorted(numbers, order, place, down, most)
    wanted = [may_see(viewer), *conditions(viewer, filters)]
    for near in order.sort.near:
        found = _walked(wanted, order, place, down, near, most)
        if len(found) == most:
            return found
    return _sorted(_numbers(select(Project.id).where(*wanted)) or "", order, place, down, most)


# -- of few -----------------------------------------------------------------------------------------------------------


def few(viewer: User | None, filters: Filters) -> str | None:
    """The ids of the chosen projects that the viewer may see, commas between them; None if there are more than FEW.

    They are kept where what chooses them is noted: those that are seen by where they are for everybody who sees so.
    """
    uses = tables(filters)
    if uses is None or viewer is None or not viewer.active:
        # Words are looked up once: as long as that takes, it is not much to name all that hold them.
        most = None if filters.q else FEW
        return _numbers(select(Project.id).where(may_see(viewer), *conditions(viewer, filters)), most)
    seen = sight(viewer)
    in_place = kept.answer(
        ("few", filters, seen, moment()),
        uses,
        lambda: _numbers(select(Project.id).where(in_sight(seen), *conditions(viewer, filters)), FEW),
    )
    if in_place is None:
        return None
    name = ("few beside", filters, whose(viewer), moment())
    beside = kept.answer(
        name, (*uses, Party), lambda: _numbers(out_of_sight(viewer).where(*conditions(viewer, filters)), FEW)
    )
    return None if beside is None else ",".join(filter(None, (in_place, beside)))


def _numbers(ids: Select[Any], most: int | None = None) -> str | None:
    """As the database writes them: reading and writing thousands of numbers would take longer than finding them."""
    some = ids.limit(most and most + 1).subquery()
    number, numbers = db.session.execute(select(func.count(), func.string_agg(cast(some.c.id, Text), COMMA))).one()
    return (numbers or "") if most is None or number <= most else None


@cache
def _in_order(order: Order, down: bool, most: int) -> Select[Any]:
    # Written into the statement: whether to walk along the order or to look each up depends on how many there are.
    numbers: Any = cast(bindparam("numbers", type_=Text(), literal_execute=True), ARRAY(BigInteger))
    found = select(Project.id, order.sort.stored).where(Project.id == any_(numbers))
    return found.order_by(*standing(order.key, down)).limit(most)


def _sorted(numbers: str, order: Order, place: Place, down: bool, most: int) -> Found:
    if not numbers:
        return ()
    query = _in_order(order, down, most)
    if place.way:
        query = query.where(*_beyond(order, place, down))
    return tuple(tuple(row) for row in db.session.execute(query, {"numbers": f"{{{numbers}}}"}))


# -- of many ----------------------------------------------------------------------------------------------------------


def _beyond(order: Order, place: Place, down: bool) -> list[ColumnElement[bool]]:
    if not place.way:
        return []
    key, edge = tuple_(order.key, Project.id), tuple_(place.value, place.number)
    return [key < edge if down else key > edge]


def _walked(wanted: Sequence[Any], order: Order, place: Place, down: bool, near: int, most: int) -> Found:
    """The first of those that are wanted among the next `near` projects of the order, whoever may see them."""
    after = _beyond(order, place, down)
    those = select(order.key.label("key"), Project.id).where(*after).order_by(*standing(order.key, down)).limit(near)
    last = those.subquery("near")
    edge = (last.c.key, last.c.id) if down else (last.c.key.desc(), last.c.id.desc())
    furthest = select(last.c.key, last.c.id).order_by(*edge).limit(1).scalar_subquery()
    key = tuple_(order.key, Project.id)
    query = (
        select(Project.id, order.sort.stored)
        .where(*after, key >= furthest if down else key <= furthest, *wanted)
        .order_by(*standing(order.key, down))
        .limit(most)
    )
    return tuple(tuple(row) for row in db.session.execute(query))


# -- what a row shows -------------------------------------------------------------------------------------------------


def _rows(ids: Sequence[int]) -> list[Listed]:
    """Everything that a column can show of these projects, in their order."""
    if not ids:
        return []
    rows = db.session.execute(_what_is_shown(moment()), {"numbers": list(ids)})
    found = {row[0]: Listed(*row) for row in rows}
    return [found[number] for number in ids if number in found]


@lru_cache(maxsize=1)
def _what_is_shown(_at: Hashable) -> Select[Any]:
    """As of a moment."""
    numbers: Any = bindparam("numbers", type_=ARRAY(BigInteger))
    return (
        select(*_columns())
        .join(StatusName, StatusName.code == Project.status)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(Donor, Donor.code == Project.donor_code)
        .outerjoin(ProjectType, ProjectType.code == Project.project_type_code)
        .where(Project.id == any_(numbers))
    )


def _columns() -> tuple[Any, ...]:
    overdue = (
        select(func.count())
        .select_from(Deadline)
        .where(Deadline.project_id == Project.id, is_overdue())
        .correlate(Project)
        .scalar_subquery()
    )
    countries = (
        select(of_names(Country.name).aggregate_order_by(Coverage.position))
        .join_from(Coverage, Country, Country.code == Coverage.country_code)
        .where(Coverage.project_id == Project.id)
        .correlate(Project)
        .scalar_subquery()
    )
    manager = (
        select(of_names(User.name).aggregate_order_by(User.sort_key))
        .join_from(Party, User, User.id == Party.user_id)
        .where(Party.project_id == Project.id, Party.part == Part.MANAGER, Party.until_at.is_(None))
        .correlate(Project)
        .scalar_subquery()
    )
    return (
        Project.id,
        Project.reference,
        Project.code,
        Project.title,
        Project.status,
        StatusName.name,
        StatusName.stage,
        Office.name,
        RegionalOffice.city,
        countries,
        Project.funding,
        Donor.name,
        Project.funding_year,
        ProjectType.name,
        Project.budget_usd,
        Project.starts_on,
        Project.ends_on,
        manager,
        Project.updated_at,
        overdue,
    )
