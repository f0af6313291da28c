"""Connections to the database: how they are set up, and how a dead one is noticed without asking each time.

What a page only reads, it reads in a transaction that may not write, and that is ended by COMMIT. With ROLLBACK psycopg
forgets which questions are prepared: the database then plans all of them anew for every page, which takes it longer
than to answer them.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from flask import g, has_request_context, request
from psycopg.pq import TransactionStatus
from sqlalchemy import ColumnElement, Engine, Select, event, sql
from sqlalchemy.exc import InvalidatePoolError

IDLE = 30
"""Seconds after which a connection is asked whether it lives: a network may have dropped it without a word."""
SETTINGS = ("jit = off", "max_parallel_workers_per_gather = 0")
"""Pages are many and small: compiling a question, or asking it with two processes, takes more than it spares."""
PREPARED_FROM, PREPARED = 2, 400
"""From which time on that it is asked a question is prepared on a connection, and how many are at most."""
ANEW = "planned_anew"
"""The execution option of questions that are never prepared: a plan that is good for all values is bad for most."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Requests that change nothing."""


def planned_anew(asked: Select[Any]) -> Select[Any]:
    """For questions whose best plan depends on the values: how many are chosen, or which ids stand in them."""
    return asked.execution_options(**{ANEW: True})


def there_of_each(*those: Any) -> ColumnElement[bool]:
    """Whether there is a row of which this is true, looked up for each row of the question around: it soon ends.

    OFFSET 0: else the database would join all such rows at once.
    """
    return sql.select(sql.literal_column("1")).where(*those).offset(sql.literal_column("0")).exists()


class Connection(psycopg.Connection[Any]):
    """Remembers what is prepared when a transaction that could not write is given up."""

    def rollback(self) -> None:
        if self.read_only and self.info.transaction_status == TransactionStatus.INTRANS:
            self.commit()
        else:
            super().rollback()


def reads() -> bool:
    """Whether what is asked now belongs to a request that changes nothing; `db.afterwards` is not of it."""
    return has_request_context() and request.method in READING and not g.get("is_over")


def watch(engine: Engine) -> None:
    """A server that has gone closes its connections, and that is seen on them; so a page seldom has to ask.

    Raises InvalidatePoolError on a connection that is dead: the pool opens new ones.
    """

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, settings: Any) -> Connection:
        return Connection.connect(*arguments, **settings)

    @event.listens_for(engine, "connect")
    def opened(connection: psycopg.Connection, _record: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        connection.execute("; ".join(f"set {one}" for one in SETTINGS))  # type: ignore[arg-type]
        connection.autocommit = before
        connection.prepare_threshold, connection.prepared_max = PREPARED_FROM, PREPARED

    @event.listens_for(engine, "do_execute")
    def ask(cursor: psycopg.Cursor, statement: Any, parameters: Any, context: Any) -> bool:
        if not context.execution_options.get(ANEW):
            return False
        cursor.execute(statement, parameters, prepare=False)
        return True

    @event.listens_for(engine, "checkin")
    def left(_connection: object, record: Any) -> None:
        record.info["left_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: psycopg.Connection, record: Any, _proxy: object) -> None:
        left_at = record.info.get("left_at")
        if left_at is not None and (time.monotonic() - left_at > IDLE or something_came(connection)):
            try:
                engine.dialect.do_ping(connection)  # type: ignore[arg-type]
            except psycopg.Error:
                raise InvalidatePoolError() from None
        if connection.read_only is not (wanted := reads() or None):
            connection.read_only = wanted


def something_came(connection: psycopg.Connection) -> bool:
    """Whether the server sent something unasked, as it does when it ends."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
