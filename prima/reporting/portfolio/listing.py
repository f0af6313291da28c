"""The list of projects: newest change first, by keyset, with the count and the sum of the whole list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, literal, select, tuple_

from prima.db import db
from prima.lists import RegionalOffice, StatusName
from prima.places import Office
from prima.projects.models import ALLOCATIONS, Dimension, Project
from prima.projects.stages import Funding, Status
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import chosen, projects
from prima.reporting.portfolio.filters import NONE, PAGING, Filters, quoted
from prima.reporting.queries import is_overdue
from prima.users import User

SIZE = 25
CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Listed:
    """One project of the list."""

    id: int
    reference: str
    code: str | None
    title: str
    status: Status
    status_name: str
    office: str
    city: str | None
    """Of its Regional Office."""
    funding: Funding
    year: int
    budget: Decimal
    updated_at: datetime
    overdue: int
    """How many of its reports are overdue."""

    @property
    def name(self) -> str:
        return self.code or self.reference

    @property
    def cursor(self) -> str:
        return f"{(self.updated_at - EPOCH) // timedelta(microseconds=1)}-{self.id}"


@dataclass(frozen=True)
class Page:
    """A page of the list; `previous` and `next` are arguments of the URL, None at the ends."""

    rows: list[Listed]
    previous: dict[str, str] | None
    next: dict[str, str] | None
    problems: list[str]


@dataclass(frozen=True)
class Totals:
    """The whole list: how many projects, their budgets, and what of it the area or activity type asked for has."""

    number: int
    budget: Decimal
    part: Decimal | None


def page(viewer: User | None, filters: Filters, given: Mapping[str, Sequence[str]], size: int = SIZE) -> Page:
    """The rows after, or before, the cursor in the URL; a bad cursor is named and the list begins at its start."""
    way, cursor, problems = _cursor(given)
    key = tuple_(Project.updated_at, Project.id)
    query = projects(viewer, filters, *_columns()).join(StatusName, StatusName.code == Project.status).limit(size + 1)
    if way == "before":
        query = query.where(key > cursor).order_by(Project.updated_at, Project.id)
    else:
        query = query.order_by(Project.updated_at.desc(), Project.id.desc())
        if way == "after":
            query = query.where(key < cursor)
    found = [Listed(*row) for row in db.session.execute(query)]
    rows, more = found[:size], len(found) > size
    if way == "before":
        rows.reverse()
    has_previous, has_next = (more, True) if way == "before" else (way == "after", more)
    return Page(
        rows,
        {"before": rows[0].cursor} if rows and has_previous else None,
        {"after": rows[-1].cursor} if rows and has_next else None,
        problems,
    )


def totals(viewer: User | None, filters: Filters) -> Totals:
    ids = chosen(viewer, filters)
    part = _part(filters)
    query = select(
        func.count(),
        func.coalesce(func.sum(Project.budget_usd), 0),
        func.sum(part) if part is not None else literal(None),
    ).join_from(ids, Project, Project.id == ids.c.id)
    number, budget, of_it = db.session.execute(query).one()
    return Totals(number, Decimal(budget), of_it)


def _part(filters: Filters) -> ColumnElement[Any] | None:
    """What a project's budget has for the area or activity type asked for, or for nothing stated."""
    for dimension, code in ((Dimension.AREA, filters.area), (Dimension.ACTIVITY, filters.activity)):
        if code:
            table = ALLOCATIONS[dimension]
            amount = select(func.coalesce(func.sum(table.amount_usd), 0)).where(table.project_id == Project.id)
            if code == NONE:
                return Project.budget_usd - amount.correlate(Project).scalar_subquery()
            return amount.where(table.code == code).correlate(Project).scalar_subquery()
    return None


def _columns() -> tuple[Any, ...]:
    overdue = (
        select(func.count())
        .select_from(Deadline)
        .where(Deadline.project_id == Project.id, is_overdue())
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
        Office.name,
        RegionalOffice.city,
        Project.funding,
        Project.funding_year,
        Project.budget_usd,
        Project.updated_at,
        overdue,
    )


def _cursor(given: Mapping[str, Sequence[str]]) -> tuple[str, tuple[datetime, int] | None, list[str]]:
    """(which way, from where, what is wrong); the start of the list when there is no cursor."""
    asked = [(way, value) for way in PAGING for value in given.get(way, ()) if value.strip()]
    if not asked:
        return "", None, []
    way, text = asked[0]
    match = CURSOR.fullmatch(text.strip())
    try:
        if match and len(asked) == 1:
            return way, (EPOCH + timedelta(microseconds=int(match[1])), int(match[2])), []
    except OverflowError:
        pass
    sentence = _("There is no page of the list at “%(cursor)s”; here is its beginning.", cursor=quoted(text))
    return "", None, [sentence]
