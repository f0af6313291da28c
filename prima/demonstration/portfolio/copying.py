"""COPY into tables that are bare meanwhile: foreign keys and plain indexes come back at the end and check every row.

What triggers keep beside the rows is made for all of them at the end: each statement's own would look through tables
that have no index yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg import Cursor, sql
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from prima.db import Model
from prima.searched import Searched

Table = type[Model]

FOREIGN_KEYS = """
    select conname, pg_get_constraintdef(oid) from pg_constraint
    where conrelid = %s::regclass and contype = 'f' order by conname
"""
PLAIN_INDEXES = """
    select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
    where i.indrelid = %s::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    order by 1
"""
KEEPING = """
    select tgname from pg_trigger
    where tgrelid = %s::regclass and not tgisinternal and tgenabled <> 'D' and right(tgname, 9) <> '_is_noted'
    order by tgname
"""
"""Triggers, but for those that note that a table was changed."""


@contextmanager
def bare(cursor: Cursor[Any], tables: Sequence[Table]) -> Iterator[None]:
    """Rows come in without a look-up each; at the end every foreign key is checked and every index is built at once.

    What triggers would have kept is for the caller to make.
    """
    afterwards: list[sql.Composed] = []
    for table in tables:
        name = sql.Identifier(table.__tablename__)
        for (trigger,) in cursor.execute(KEEPING, [table.__tablename__]).fetchall():
            switch = sql.SQL("alter table {} {} trigger {}")
            cursor.execute(switch.format(name, sql.SQL("disable"), sql.Identifier(trigger)))
            afterwards.append(switch.format(name, sql.SQL("enable"), sql.Identifier(trigger)))
        for index, definition in cursor.execute(PLAIN_INDEXES, [table.__tablename__]).fetchall():
            cursor.execute(sql.SQL("drop index {}").format(sql.SQL(index)))
            afterwards.append(sql.SQL("{}").format(sql.SQL(definition)))
        for key, definition in cursor.execute(FOREIGN_KEYS, [table.__tablename__]).fetchall():
            cursor.execute(sql.SQL("alter table {} drop constraint {}").format(name, sql.Identifier(key)))
            add = sql.SQL("alter table {} add constraint {} {}")
            afterwards.append(add.format(name, sql.Identifier(key), sql.SQL(definition)))
    yield
    cursor.execute("set local maintenance_work_mem = '256MB'")
    for statement in afterwards:
        cursor.execute(statement)


def copy(
    cursor: Cursor[Any], table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]], day: datetime
) -> int:
    """COPY the rows; columns that are not named take the default of their model, moments the given one."""
    rest = {one.name: _default(one, day) for one in table.__table__.columns if one.name not in columns and _needed(one)}
    constants = tuple(rest.values())
    names = [*columns, *rest]
    searched = ["words"] if issubclass(table, Searched) else []
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table.__tablename__), sql.SQL(", ").join(map(sql.Identifier, [*names, *searched]))
    )
    number = 0
    with cursor.copy(statement) as target:
        for row in rows:
            whole = (*row, *constants)
            if issubclass(table, Searched):
                whole = (*whole, table.words_in(dict(zip(names, whole, strict=True))))
            target.write_row(whole)
            number += 1
    return number


def _needed(column: Column[Any]) -> bool:
    return not column.nullable and column.identity is None and column.server_default is None


def _default(column: Column[Any], day: datetime) -> Any:
    default = column.default
    if column.type.python_type is datetime:
        return day
    if default is None:
        raise ValueError(f"{column} has no default: name it among the columns.")
    value = default.arg({}) if default.is_callable else default.arg  # type: ignore[attr-defined]
    return "[]" if isinstance(column.type, JSONB) and value == [] else value


def continue_after(cursor: Cursor[Any], tables: Iterable[Table]) -> None:
    """Numbers that were given explicitly are not given again."""
    for table in tables:
        name = table.__tablename__
        highest = sql.SQL("select setval(pg_get_serial_sequence({}, 'id'), greatest(1, (select max(id) from {})))")
        cursor.execute(highest.format(sql.Literal(name), sql.Identifier(name)))
