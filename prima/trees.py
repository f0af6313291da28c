"""Rows with all that hangs on them in one question: they come as JSON and stand in the session as if loaded singly.

A page that shows a project, a round or a colleague needs rows of many tables. Asked one by one, the questions cost
more than everything else on it together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Column, Date, DateTime, Enum, FromClause, Numeric, Text, and_, cast, func, inspect, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Mapper, Session, scoped_session
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value

Read = Callable[[Any], Any]


def parsed(text: str | None) -> Any:
    """What a column of JSON holds, its amounts exact; an empty list where there is nothing."""
    return json.loads(text, parse_float=Decimal) if text else []


@dataclass(frozen=True, eq=False)
class Shape:
    """How a model's row stands in JSON: its columns in turn, save those that are loaded only when asked for."""

    mapper: Mapper[Any]
    columns: tuple[Column[Any], ...]
    names: tuple[str, ...]
    reads: tuple[tuple[int, Read], ...]
    """The places of what JSON holds in another form than Python."""
    key: tuple[int, ...]
    """The places of the primary key."""
    left_out: frozenset[str]
    """What is read from the database once somebody asks for it."""

    def instance(self, session: Session | scoped_session[Session], row: list[Any], *, refresh: bool) -> Any:
        """The row in the session. One that is there already takes the stored values, unless it is only referred to."""
        for place, read in self.reads:
            if row[place] is not None:
                row[place] = read(row[place])
        key = self.mapper.identity_key_from_primary_key(tuple(row[place] for place in self.key))
        there = session.identity_map.get(key)
        if there is None:
            there = self.mapper.class_manager.new_instance()
            values = instance_dict(there)
            values.update(zip(self.names, row, strict=False))
            # As the session's own loader puts a row into it. make_transient_to_detached and add come to the same, but
            # expire the relations, which has to be undone, and walk along them: that takes four times as long.
            state = instance_state(there)
            own = session() if isinstance(session, scoped_session) else session
            state.key, state.session_id = key, own.hash_key
            session.identity_map.add(state)
            state._commit_all(values, session.identity_map)
            state.expired_attributes.update(self.left_out)
        elif refresh or instance_state(there).expired:
            for name, value in zip(self.names, row, strict=False):
                set_committed_value(there, name, value)
        return there


@cache
def shape_of(model: type[Any], left_out: frozenset[str] = frozenset()) -> Shape:
    mapper = inspect(model)
    shown = [one for one in mapper.column_attrs if not one.deferred and one.key not in left_out]
    columns = tuple(one.columns[0] for one in shown)
    reads = ((place, read) for place, column in enumerate(columns) if (read := _reader(column)))
    key = tuple(columns.index(column) for column in mapper.primary_key)
    return Shape(mapper, columns, tuple(one.key for one in shown), tuple(reads), key, left_out)


def _reader(column: Column[Any]) -> Read | None:
    kind = column.type
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class
    if isinstance(kind, Numeric):
        return Decimal
    if isinstance(kind, DateTime):
        return datetime.fromisoformat
    if isinstance(kind, Date):
        return date.fromisoformat
    return None


@dataclass(frozen=True, eq=False)
class Tree:
    """A model's row, and what is loaded along with it: by the relation's name, whether it has many rows, and those."""

    shape: Shape
    along: tuple[tuple[str, bool, Tree], ...]

    def row(self, table: FromClause) -> Any:
        """A JSON array: the columns of the table, then `along`."""
        return func.json_build_array(*(table.c[column.name] for column in self.shape.columns), *self.hanging(table))

    def hanging(self, table: FromClause) -> list[Any]:
        """The rows of each relation as JSON; to be asked beside the row of the table."""
        return [self._related(table, name, tree) for name, _many, tree in self.along]

    def _related(self, table: FromClause, name: str, tree: Tree) -> Any:
        relation = self.shape.mapper.relationships[name]
        there = relation.mapper.local_table.alias()
        found = tree.row(there)
        if relation.uselist:
            order = relation.order_by or relation.mapper.primary_key
            found = func.json_agg(aggregate_order_by(found, *(there.c[column.name] for column in order)))
        pairs = (there.c[remote.name] == table.c[local.name] for local, remote in relation.local_remote_pairs)
        return select(found).where(and_(*pairs)).correlate(table).scalar_subquery()

    def stand(self, session: Session, row: Sequence[Any], *, refresh: bool = True) -> Any:
        """The row as an object of the session, with its relations."""
        width = len(self.shape.columns)
        there = self.shape.instance(session, list(row[:width]), refresh=refresh)
        return self.hang(session, there, row[width:])

    def hang(self, session: Session, there: Any, parts: Iterable[Any]) -> Any:
        """Set the relations of an object to what `hanging` found, in its order."""
        for (name, many, tree), part in zip(self.along, parts, strict=True):
            if many:
                value: Any = [tree.stand(session, one) for one in part or ()]
            else:
                value = tree.stand(session, part, refresh=False) if part else None
            set_committed_value(there, name, value)
        return there


@cache
def tree_of(model: type[Any], *paths: str) -> Tree:
    """`paths` name relations, and behind a dot what is loaded along with their rows: steps, steps.actor, office.links.

    A relation is loaded with every part of a path: `steps.actor` says `steps` too. `-shown` leaves a column out.
    """
    below: dict[str, list[str]] = {}
    left_out = frozenset(path.removeprefix("-") for path in paths if path.startswith("-"))
    for path in paths:
        name, _dot, rest = path.partition(".")
        if not name.startswith("-"):
            below.setdefault(name, []).extend([rest] if rest else [])
    relations = inspect(model).relationships
    along = (
        (name, bool(relations[name].uselist), tree_of(relations[name].mapper.class_, *rest))
        for name, rest in below.items()
    )
    return Tree(shape_of(model, left_out), tuple(along))


def paths_of(relations: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Of relations by name, each with what is loaded along with its rows."""
    return tuple(path for name, along in relations.items() for path in (name, *(f"{name}.{one}" for one in along)))


def as_text(found: Any) -> Any:
    """JSON as the database writes it, to be read by `parsed`."""
    return cast(found, Text)
