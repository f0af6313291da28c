"""An export as sheets: which there are, how many rows each has, and their rows streamed from one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import undefer

from prima.db import db
from prima.handbook.published import HandbookEdition, followed
from prima.reporting.exports import duties, matrix, money, projects, readme
from prima.reporting.exports.columns import Asked, Table, sees_internal
from prima.reporting.portfolio.choosing import Reading, chosen
from prima.spreadsheets import Column, Sheet
from prima.spreadsheets.workbook import MOST_ROWS
from prima.users import User

AT_ONCE = 500
"""Rows fetched at once; the rest waits on the server."""
MOST_COUNTED = 5_000
"""Projects whose every row is counted while somebody waits."""
TABLES: dict[str, Callable[[Asked], Table]] = {
    projects.NAME: projects.table,
    "Totals": projects.totals,
    "Budget lines": money.lines,
    "Allocation": money.allocation,
    "Beneficiaries": matrix.beneficiaries,
    "Results": matrix.results,
    "Indicators": matrix.indicators,
    "Milestones": duties.milestones,
    "Reports": duties.reports,
    "Deadlines": duties.deadlines,
    "Changes": duties.changes,
    "Clearances": duties.clearances,
    "Spending": money.spending,
    "Lessons": duties.lessons,
}
"""By the name of the sheet, in the order of the workbook. Names never change: other programs ask for them."""
Told = Callable[[int], None]
"""Is told how many more rows are through; may raise to end the export."""


@contextmanager
def at_one_moment(bind: Engine | Connection) -> Iterator[Connection]:
    """A connection on which the database stands still, so that all sheets agree.

    Who is in a transaction already gives its connection, and the export stands in that.
    """
    if isinstance(bind, Connection):
        yield bind
        return
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with bind.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def ask(connection: Connection, viewer: User | None, reading: Reading) -> Asked:
    """What is exported, to whom: two questions."""
    rows = db.session.scalars(select(HandbookEdition).options(undefer(HandbookEdition.content))).all()
    editions = {one.id: one.handbook for one in rows}
    lights = {number: edition.lights or followed(rows, "lights") for number, edition in editions.items()}
    return Asked(viewer, reading, editions, lights, sees_internal(connection, viewer, reading))


def tables(asked: Asked, names: Sequence[str] = ()) -> list[Table]:
    """The sheets of these names, or all, in the order of the workbook."""
    return [make(asked) for name, make in TABLES.items() if not names or name in names]


def count(connection: Connection, wanted: Sequence[Table]) -> dict[str, int]:
    """How many rows each sheet has, by its name: one question."""
    row = connection.execute(select(*(one.number.scalar_subquery() for one in wanted))).one()
    return dict(zip([one.name for one in wanted], row, strict=True))


def counted(viewer: User | None, reading: Reading, names: Sequence[str] = ()) -> dict[str, int]:
    """How many rows these sheets, or all, would have now, and how many projects there are.

    Of many projects the projects alone are counted, for somebody waits for it.
    """
    ids = chosen(viewer, reading.filters)
    number = db.session.scalar(select(func.count()).select_from(ids)) or 0
    if number > MOST_COUNTED:
        return {projects.NAME: number}
    connection = db.session.connection()
    return {projects.NAME: number} | count(connection, tables(ask(connection, viewer, reading), names))


def sheets(
    connection: Connection, wanted: Sequence[Table], cover: readme.Cover, told: Told = lambda rows: None
) -> list[Sheet]:
    """The sheets, and last one that says what stands in them; the database is asked while rows are gone through."""
    counted: dict[str, int] = {}

    def rows(table: Table) -> Iterator[Sequence[Any]]:
        counted[table.name] = 0
        with connection.execute(table.statement, execution_options={"yield_per": AT_ONCE}) as found:
            for part in found.partitions():
                yield from map(table.read, part) if table.read else part
                counted[table.name] += len(part)
                told(len(part))

    made = [_sheet(table, rows(table)) for table in wanted]
    columns = [Column(name, itemgetter(place), width=width) for place, (name, width) in enumerate(readme.COLUMNS)]
    return [*made, Sheet(readme.NAME, columns, readme.rows(cover, wanted, counted), "Read_me", in_order=True)]


def _sheet(table: Table, rows: Iterator[Sequence[Any]]) -> Sheet:
    columns = [Column(one.heading, itemgetter(place), one.kind, cut=True) for place, one in enumerate(table.fields)]
    return Sheet(table.name, columns, rows, table.name.replace(" ", "_"), in_order=True)


def too_long(counts: dict[str, int]) -> list[str]:
    """The sheets that no workbook can hold, as they are named; CSV can."""
    return [name for name, number in counts.items() if number > MOST_ROWS]
