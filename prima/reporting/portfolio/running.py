"""The projects that run within some years, in groups by Regional Office or manager, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from prima.db import db
from prima.lists import RegionalOffice
from prima.projects.models import Extension, Milestone, Part, Party, Project
from prima.projects.stages import Status
from prima.reporting.models import Deadline
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.filters import Filters
from prima.reporting.queries import is_missed, is_overdue
from prima.users import User

SIZE = 50
REGION, MANAGER = "region", "manager"
LAST = 32_767
"""Where those stand that belong to no group: behind all places of the list of Regional Offices."""
BEHIND = "\U0010fffd"
"""Sorts behind every name."""


@dataclass(frozen=True)
class Planned:
    """A milestone: the day it was planned for, the day it was done, and whether it is missed."""

    name: str
    planned_on: date
    done_on: date | None
    is_missed: bool


@dataclass(frozen=True)
class Lengthened:
    """An extension: the last day agreed before it, and after."""

    old_end: date
    new_end: date


@dataclass
class Running:
    """A project with its dates; `group` is what its Regional Office or manager is called, empty for none."""

    id: int
    reference: str
    name: str
    title: str
    status: Status
    group: str
    starts_on: date
    first_ends_on: date
    ends_on: date
    milestones: list[Planned] = field(default_factory=list)
    extensions: list[Lengthened] = field(default_factory=list)
    overdue: list[date] = field(default_factory=list)
    """The due dates of its reports that are late."""


@dataclass(frozen=True)
class Stretch:
    """A page of the projects that run within the years; `previous` and `next` are ids to go on from."""

    rows: list[Running]
    number: int
    """How many run within the years."""
    elsewhere: int
    """Chosen as well, but with other dates."""
    undated: int
    """Chosen as well, but with no dates yet."""
    previous: int | None
    next: int | None
    is_found: bool
    """Whether the project to go on from is one of them."""


def running(
    viewer: User | None, filters: Filters, by: str, first: date, last: date, *, way: str = "", at: int = 0
) -> Stretch:
    """Those chosen that run on some day from `first` to `last`; `way` is after or before the project `at`."""
    group = _Group(by)
    within = and_(Project.starts_on <= last, Project.ends_on >= first)
    number, dated, everything = db.session.execute(
        projects(
            viewer,
            filters,
            func.count().filter(within),
            func.count().filter(Project.ends_on.is_not(None)),
            func.count(),
        )
    ).one()
    cursor: Any = None
    if way:
        key = group.joined(projects(viewer, filters, *group.key)).where(within, Project.id == at)
        cursor = db.session.execute(key).one_or_none()
    query = group.joined(projects(viewer, filters, *_columns(group))).where(within).limit(SIZE + 1)
    backwards = way == "before" and cursor is not None
    if cursor is not None:
        here = tuple_(*(literal(value, column.type) for value, column in zip(cursor, group.key, strict=True)))
        query = query.where(tuple_(*group.key) < here if backwards else tuple_(*group.key) > here)
    order = [column.desc() if backwards else column.asc() for column in group.key]
    found = [Running(*row) for row in db.session.execute(query.order_by(*order))]
    rows, more = found[:SIZE], len(found) > SIZE
    if backwards:
        rows.reverse()
    _complete(rows)
    behind, ahead = (more, True) if backwards else (cursor is not None, more)
    return Stretch(
        rows,
        number,
        dated - number,
        everything - dated,
        rows[0].id if rows and behind else None,
        rows[-1].id if rows and ahead else None,
        cursor is not None or not way,
    )


class _Group:
    """By what the projects stand together: its name, the key of the order, and what must be joined for both."""

    def __init__(self, by: str) -> None:
        self.by = by
        self.manager = aliased(User)
        if by == MANAGER:
            self.name: Any = func.coalesce(self.manager.name, "")
            place: tuple[Any, ...] = (func.coalesce(self.manager.sort_key, BEHIND), func.coalesce(self.manager.id, 0))
        else:
            self.name = func.coalesce(RegionalOffice.name, "")
            place = (func.coalesce(RegionalOffice.position, LAST),)
        self.key: tuple[Any, ...] = (*place, Project.starts_on, Project.id)

    def joined(self, query: Select[Any]) -> Select[Any]:
        if self.by != MANAGER:
            return query
        now = select(Party.user_id).where(
            Party.project_id == Project.id, Party.part == Part.MANAGER, Party.until_at.is_(None)
        )
        first = now.order_by(Party.id).limit(1).correlate(Project).scalar_subquery()
        return query.outerjoin(self.manager, self.manager.id == first)


def _columns(group: _Group) -> tuple[Any, ...]:
    return (
        Project.id,
        Project.reference,
        func.coalesce(Project.code, Project.reference),
        Project.title,
        Project.status,
        group.name,
        Project.starts_on,
        func.coalesce(Project.first_ends_on, Project.ends_on),
        Project.ends_on,
    )


def _complete(rows: Sequence[Running]) -> None:
    """Milestones, extensions and late reports of all rows: a question each."""
    of, ids = {row.id: row for row in rows}, [row.id for row in rows]
    milestones = select(Milestone.project_id, Milestone.name, Milestone.planned_on, Milestone.done_on, is_missed())
    for number, name, planned_on, done_on, missed in db.session.execute(
        milestones.where(Milestone.project_id.in_(ids)).order_by(Milestone.planned_on, Milestone.id)
    ):
        of[number].milestones.append(Planned(name, planned_on, done_on, missed))
    extensions = select(Extension.project_id, Extension.old_end, Extension.new_end)
    for number, old_end, new_end in db.session.execute(
        extensions.where(Extension.project_id.in_(ids)).order_by(Extension.id)
    ):
        of[number].extensions.append(Lengthened(old_end, new_end))
    late = select(Deadline.project_id, Deadline.due_on).join(Project, Project.id == Deadline.project_id)
    for number, due_on in db.session.execute(
        late.where(Deadline.project_id.in_(ids), is_overdue()).order_by(Deadline.due_on)
    ):
        of[number].overdue.append(due_on)


def groups(rows: Iterable[Running]) -> list[tuple[str, list[Running]]]:
    """The rows of a page by their group, in the order they come."""
    found: list[tuple[str, list[Running]]] = []
    for row in rows:
        if not found or found[-1][0] != row.group:
            found.append((row.group, []))
        found[-1][1].append(row)
    return found
