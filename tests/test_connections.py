"""Connections that have died are noticed before a page asks by them; living ones are not asked each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, g
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InternalError

from prima import connections


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    made = create_engine(databases("prima_connections").replace("postgresql:", "postgresql+psycopg:"))
    connections.watch(made)
    yield made
    made.dispose()


@pytest.fixture
def pinged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    found: list[object] = []
    ping = engine.dialect.do_ping
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: found.append(connection) or ping(connection))
    return found


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select pg_backend_pid()")) or 0)


def end(engine: Engine, *numbers: int) -> None:
    other = create_engine(engine.url)
    with other.connect() as connection:
        for number in numbers:
            connection.execute(text("select pg_terminate_backend(:number, 5000)"), {"number": number})
    other.dispose()


def test_a_living_connection_is_used_again_unasked(engine: Engine, pinged: list[object]) -> None:
    assert backend(engine) == backend(engine)
    assert pinged == []


def test_all_that_the_server_ended_are_replaced_and_nobody_sees_an_error(engine: Engine, pinged: list[object]) -> None:
    one, other = engine.connect(), engine.connect()
    numbers = [int(each.scalar(text("select pg_backend_pid()")) or 0) for each in (one, other)]
    one.close()
    other.close()
    end(engine, *numbers)
    with engine.connect() as first, engine.connect() as second:
        found = [int(each.scalar(text("select pg_backend_pid()")) or 0) for each in (first, second)]
    assert not set(found) & set(numbers) and len(set(found)) == 2
    assert len(pinged) == 1, "the first that is dead tells of all"


def test_one_that_lay_long_is_asked(engine: Engine, pinged: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    before = backend(engine)
    end(engine, before)
    monkeypatch.setattr(connections, "something_came", lambda _connection: False)  # the network said nothing
    monkeypatch.setattr(connections, "IDLE", -1)
    assert backend(engine) != before and len(pinged) == 1


def test_settings_hold_after_a_transaction_was_undone(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _time in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text("show jit")) == "off"
            assert connection.scalar(text("show max_parallel_workers_per_gather")) == "0"
            connection.rollback()
    assert set(asked) == {"show jit", "show max_parallel_workers_per_gather"}


PREPARED = "select count(*) from pg_prepared_statements where statement like '%as asked_often%'"


def asked_often(engine: Engine) -> int:
    """How many questions are prepared after some pages, if a page asks this one once."""
    for _page in range(4):
        with engine.connect() as connection:
            connection.execute(text("select 1 as asked_often"))
    with engine.connect() as connection:
        return int(connection.scalar(text(PREPARED)) or 0)


def test_pages_that_read_find_their_questions_prepared(engine: Engine) -> None:
    with Flask(__name__).test_request_context("/"):
        assert asked_often(engine) == 1


def test_a_page_that_reads_may_write_nothing_until_it_is_over(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table kept_here (number int)"))
    with Flask(__name__).test_request_context("/"):
        with pytest.raises(InternalError, match="read-only transaction"), engine.begin() as connection:
            connection.execute(text("insert into kept_here values (1)"))
        g.is_over = True
        with engine.begin() as connection:
            connection.execute(text("insert into kept_here values (2)"))
    with Flask(__name__).test_request_context("/", method="POST"), engine.begin() as connection:
        connection.execute(text("insert into kept_here values (3)"))
    with engine.connect() as connection:
        assert list(connection.scalars(text("select number from kept_here order by 1"))) == [2, 3]


def test_what_was_written_and_given_up_is_undone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table undone (number int)"))
    with Flask(__name__).test_request_context("/", method="POST"), engine.connect() as connection:
        connection.execute(text("insert into undone values (1)"))
        connection.rollback()
        assert connection.scalar(text("select count(*) from undone")) == 0


def test_a_question_whose_plan_depends_on_its_values_is_never_prepared(engine: Engine) -> None:
    with Flask(__name__).test_request_context("/"):
        for _page in range(4):
            with engine.connect() as connection:
                connection.execute(text("select 1 as asked_often"), execution_options={connections.ANEW: True})
        with engine.connect() as connection:
            assert connection.scalar(text(PREPARED)) == 0
