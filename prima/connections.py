"""Connections to the database: how they are set up, and how a dead one is noticed without asking each time."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

IDLE = 30
"""Seconds after which a connection is asked whether it lives: a network may have dropped it without a word."""
SETTINGS = ("jit = off", "max_parallel_workers_per_gather = 0")
"""Pages are many and small: compiling a question, or asking it with two processes, takes more than it spares."""


def watch(engine: Engine) -> None:
    """A server that has gone closes its connections, and that is seen on them; so a page seldom has to ask.

    Raises InvalidatePoolError on a connection that is dead: the pool opens new ones.
    """

    @event.listens_for(engine, "connect")
    def opened(connection: psycopg.Connection, _record: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        connection.execute("; ".join(f"set {one}" for one in SETTINGS))  # type: ignore[arg-type]
        connection.autocommit = before

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


def something_came(connection: psycopg.Connection) -> bool:
    """Whether the server sent something unasked, as it does when it ends."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
