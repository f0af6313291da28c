"""What a sheet of an export is before it is a file: its columns with their definitions, and the question for its rows.

Headings, states and definitions are read by other programs and in other countries, so they are never translated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
)

from prima.handbook.edition import Edition, Lights
from prima.languages import ENGLISH, speaking
from prima.projects.models import Project, Result
from prima.projects.visibility import may_see_internal
from prima.reporting.exports.places import numbers
from prima.reporting.portfolio.choosing import Reading, chosen
from prima.spreadsheets import Kind
from prima.users import User

BETWEEN = "; "
"""Between several values in one cell."""


@dataclass(frozen=True)
class Field:
    """A column: what it is called, what the database gives for it, and what it means."""

    heading: str
    value: Any
    says: str
    kind: Kind = Kind.TEXT
    internal: bool = False
    """Only for those who see internal parts: left out where the reader sees those of no project of the export."""


@dataclass(frozen=True)
class Table:
    """A sheet. `query` selects its rows from nothing said yet of columns; they are the fields' values, then `more`."""

    name: str
    says: str
    fields: Sequence[Field]
    query: Callable[..., Select[Any]]
    number: Select[Any]
    """How many rows there are, asked of the rows' own table alone: their joins take and add none."""
    more: tuple[Any, ...] = ()
    """What `read` needs beside the fields."""
    read: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    """Makes of a row what is computed in one place only, which is not the database."""

    @property
    def statement(self) -> Select[Any]:
        return self.query(*(one.value for one in self.fields), *self.more)


@dataclass(frozen=True)
class Asked:
    """Whose export it is, and of what. `sees_internal`: of at least one of the projects."""

    viewer: User | None
    reading: Reading
    editions: Mapping[int, Edition]
    lights: Mapping[int, Lights | None]
    """By edition the thresholds of the traffic lights, its own or those of the newest that speaks of them."""
    sees_internal: bool

    @cached_property
    def ids(self) -> CTE:
        """The projects, asked once a sheet."""
        return select(chosen(self.viewer, self.reading.filters).c.id).cte("exported")

    @cached_property
    def inside(self) -> ColumnElement[bool]:
        """Of a project: that the viewer sees its internal parts."""
        return may_see_internal(self.viewer)

    @cached_property
    def places(self) -> Subquery:
        """By result its number in the matrix."""
        return numbers(self.within(Result.project_id))

    def internal(self, value: Any) -> Any:
        """The value, for those alone who see the internal parts of the row's project."""
        return value if self.viewer is None else case((self.inside, value), else_=null())

    def visible(self, fields: Sequence[Field]) -> list[Field]:
        return [one for one in fields if self.sees_internal or not one.internal]

    def within(self, column: Any) -> ColumnElement[bool]:
        """That a project's id is one of those exported."""
        return column.in_(select(self.ids.c.id))

    def number(self, column: Any, *conditions: Any) -> Select[Any]:
        """How many rows of a table belong to the projects; `column` names the project."""
        return select(func.count()).where(self.within(column), *conditions)

    def projects(self, *columns: Any) -> Select[Any]:
        """`columns` of the projects, to which a sheet joins its own rows."""
        return select(*columns).select_from(self.ids).join(Project, Project.id == self.ids.c.id)


def sees_internal(connection: Connection, viewer: User | None, reading: Reading) -> bool:
    """Whether the viewer sees the internal parts of any of the projects."""
    ids = chosen(viewer, reading.filters)
    any_of_them = exists(select(Project.id).join(ids, ids.c.id == Project.id).where(may_see_internal(viewer)))
    return bool(connection.scalar(select(any_of_them)))


NEWEST_FIRST = (Project.updated_at.desc(), Project.id.desc())
"""The order of the list."""


def of_the_project() -> list[Field]:
    """What every long sheet begins with, so that each row can be counted and looked up by itself."""
    return [
        Field("Reference", Project.reference, "The project's reference, given when it was begun; never changes."),
        Field("Project ID", Project.code, "Given at activation; blank before it."),
        Field("Title", Project.title, "The project's title."),
    ]


def words(column: Any, of: Mapping[Any, Any]) -> Any:
    """A code as the word that pages say for it, in English; what no word is known for stays as it is."""
    with speaking(ENGLISH):
        named = {getattr(code, "value", code): str(word) for code, word in of.items()}
    return case(named, value=cast(column, Text), else_=cast(column, Text))


def yes(condition: Any) -> Any:
    """yes or no; blank where nobody has said."""
    return case((condition.is_(None), null()), (condition, "yes"), else_="no")


def joined(values: Any, *, by: Any) -> Any:
    return func.string_agg(values, literal(BETWEEN)).aggregate_order_by(by)
