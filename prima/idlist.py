"""Ids of many rows, written and read by the database alone: for thousands of them Python would take longer than it."""

from __future__ import annotations

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
)

from prima.connections import planned_anew
from prima.db import db

COMMA: Any = literal_column("','")


def written(ids: Select[Any], most: int | None = None) -> str | None:
    """The ids that a question finds, with commas between them; None if there are more than `most`."""
    return read(writing(ids, most), most)


def read(asked: Select[Any], most: int | None = None) -> str | None:
    """The same of what `writing` made, with the same `most`."""
    number, said = db.session.execute(asked).one()
    return (said or "") if most is None or number <= most else None


def writing(ids: Any, most: int | None = None) -> Select[Any]:
    """How many there are, and all of them with commas between them, which is nothing where there are none."""
    some = (ids if most is None else ids.limit(most + 1)).subquery()
    return planned_anew(select(func.count(), func.string_agg(cast(some.c[0], Text), COMMA)))


def among(ids: str, column: Any) -> ColumnElement[bool]:
    """Whether a column is one of the ids that were written."""
    return _among(column, bindparam(None, braced(ids), type_=Text(), literal_execute=True))


def among_named(name: str, column: Any) -> ColumnElement[bool]:
    """The same for a statement that is made once: the ids are its parameter of that name, braced."""
    return _among(column, bindparam(name, type_=Text(), literal_execute=True))


def braced(ids: str) -> str:
    """As the database writes an array."""
    return f"{{{ids}}}"


def _among(column: Any, ids: Any) -> ColumnElement[bool]:
    # Written into the statement, so that the database reads it once, not for every row. Whether it walks along an index
    # or looks each up depends on how many it is: who asks plans it anew.
    found: ColumnElement[bool] = column == any_(cast(ids, ARRAY(BigInteger)))
    return found
