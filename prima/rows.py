"""Rows that came as JSON, standing in the session as if loaded singly: several tables in one question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Date, DateTime, Enum, Numeric, inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

Read = Callable[[Any], Any]
_known: dict[type[Any], dict[str, tuple[str, Read]]] = {}


def instance(session: Session, model: type[Any], row: dict[str, Any], *, refresh: bool = True) -> Any:
    """The row in the session. One that is there already takes the stored values, unless it is only referred to."""
    readers = _readers(model)
    key = inspect(model).identity_key_from_primary_key(
        tuple(readers[column.name][1](row[column.name]) for column in inspect(model).primary_key)
    )
    there = session.identity_map.get(key)
    if there is None:
        there = model(**{name: read(row[column]) for column, (name, read) in readers.items()})
        make_transient_to_detached(there)
        session.add(there)
    elif refresh or inspect(there).expired:
        for column, (name, read) in readers.items():
            set_committed_value(there, name, read(row[column]))
    return there


def _readers(model: type[Any]) -> dict[str, tuple[str, Read]]:
    """By the column's name: the attribute, and how its JSON reads."""
    if model not in _known:
        _known[model] = {
            attribute.columns[0].name: (attribute.key, _reader(attribute.columns[0]))
            for attribute in inspect(model).column_attrs
            if not attribute.deferred
        }
    return _known[model]


def _reader(column: Column[Any]) -> Read:
    kind = column.type
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return _or_none(kind.enum_class)
    if isinstance(kind, Numeric):
        return _or_none(Decimal)
    if isinstance(kind, DateTime):
        return _or_none(datetime.fromisoformat)
    if isinstance(kind, Date):
        return _or_none(date.fromisoformat)
    return lambda value: value


def _or_none(read: Read) -> Read:
    return lambda value: None if value is None else read(value)
