"""The list of projects, a page at a time by keyset, in any of its orders.

Few matches among many projects are a trap: a database that walks along the order until a page is full may walk to the
end of it. So a walk goes only so far (NEAR); where that does not fill the page, all matches are found first and sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, true, tuple_

from prima.db import db
from prima.lists import Country, Donor, ProjectType, RegionalOffice, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import Coverage, Part, Party, Project
from prima.projects.stages import Funding, Status
from prima.projects.visibility import may_see, region_link
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.sorting import Order, Place, asked, of_names, standing
from prima.reporting.queries import is_overdue
from prima.users import User

SIZE = 25
NEAR = 1000
"""So many projects are looked at along the order before all matches are found first."""
_NOTHING: Any = literal_column("0")


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
    down = order.down != (place.way == "before")
    seen, wanted = may_see(viewer), conditions(viewer, filters)
    found = _walked([seen, *wanted], order, place, down, size + 1)
    if len(found) <= size:
        narrow = viewer is not None and not viewer.staff
        first, then = ([seen, *wanted], true()) if narrow or not wanted else (wanted, seen)
        found = _gathered(first, then, order, place, down, size + 1)
    kept, more = found[:size], len(found) > size
    if place.way == "before":
        kept.reverse()
    has_previous, has_next = (more, True) if place.way == "before" else (place.way == "after", more)
    return Page(
        _rows([number for number, _stored in kept]),
        {"before": order.place(kept[0][1], kept[0][0])} if kept and has_previous else None,
        {"after": order.place(kept[-1][1], kept[-1][0])} if kept and has_next else None,
        about.problems,
        order,
    )


Found = list[tuple[int, Any]]
"""Ids, and what names their places."""


def _beyond(order: Order, place: Place, down: bool) -> list[ColumnElement[bool]]:
    if not place.way:
        return []
    key, edge = tuple_(order.key, Project.id), tuple_(place.value, place.number)
    return [key < edge if down else key > edge]


def _walked(wanted: Sequence[Any], order: Order, place: Place, down: bool, most: int) -> Found:
    """The first of those that are wanted among the next NEAR projects of the order, whoever may see them."""
    after = _beyond(order, place, down)
    near = select(order.key.label("key"), Project.id).where(*after).order_by(*standing(order.key, down)).limit(NEAR)
    last = near.subquery("near")
    edge = (last.c.key, last.c.id) if down else (last.c.key.desc(), last.c.id.desc())
    furthest = select(last.c.key, last.c.id).order_by(*edge).limit(1).scalar_subquery()
    key = tuple_(order.key, Project.id)
    query = (
        select(Project.id, order.sort.stored)
        .where(*after, key >= furthest if down else key <= furthest, *wanted)
        .order_by(*standing(order.key, down))
        .limit(most)
    )
    return [tuple(row) for row in db.session.execute(query)]


def _gathered(first: Sequence[Any], then: Any, order: Order, place: Place, down: bool, most: int) -> Found:
    """The same of all: found by what chooses best (`first`), sorted, and looked at until there are enough (`then`)."""
    matches = (
        select(Project.id, order.sort.stored.label("stored"), order.key.label("key"))
        .where(*_beyond(order, place, down), *first)
        .cte("matches")
        .prefix_with("MATERIALIZED")
    )
    # OFFSET 0 keeps the database from looking at all of them before it sorts: it looks at one after the other.
    columns = (matches.c.key, matches.c.id)
    ordered = select(matches).order_by(*(one.desc() if down else one for one in columns)).offset(_NOTHING)
    row = ordered.subquery("ordered")
    looked_at = select(Project.id).where(Project.id == row.c.id, then).offset(_NOTHING)
    query = select(row.c.id, row.c.stored).where(looked_at.correlate(row).exists()).limit(most)
    return [tuple(found) for found in db.session.execute(query)]


def _rows(ids: list[int]) -> list[Listed]:
    """Everything that a column can show of these projects, in their order."""
    if not ids:
        return []
    query = (
        select(*_columns())
        .join(StatusName, StatusName.code == Project.status)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(Donor, Donor.code == Project.donor_code)
        .outerjoin(ProjectType, ProjectType.code == Project.project_type_code)
        .where(Project.id.in_(ids))
    )
    found = {row[0]: Listed(*row) for row in db.session.execute(query)}
    return [found[number] for number in ids if number in found]


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
