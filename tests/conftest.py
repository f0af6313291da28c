"""What every test stands on: a real PostgreSQL, one migrated database, a transaction rolled back per test."""

from __future__ import annotations

import os
import pickle
import re
import secrets
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, before_render_template, g, has_request_context, request, template_rendered
from flask_migrate import upgrade
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine, make_url

from prima import clock, create_app, embedded, journal, kept, sessions
from prima.db import Model, db
from prima.handbook import published
from prima.reference import reader
from prima.reporting import summary
from prima.users import SignIn, User
from tests.browser import Browser

HERE = Path(__file__).parent
TODAY = date(2016, 10, 1)
LONG = (
    "test_bench.py",
    "journeys/test_running_project.py",
    "test_serve.py",
    "test_demonstration.py",
    "test_kill.py",
    "journeys/",
    "endorsement/test_machine.py",
    "endorsement/test_parallel.py",
    "endorsement/test_segregation.py",
    "test_embedded.py",
    "test_migrations.py",
    "test_scheduler.py",
    "test_restart.py",
)
"""What takes longest, by the beginning of its path under tests/."""


def pytest_configure(config: pytest.Config) -> None:
    """Several workers take the files in the order below, not those with most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left with a long file when the others have ended."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
        return next((place for place, start in enumerate(LONG) if path.startswith(start)), len(LONG))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL to make databases in: TEST_DATABASE_URL, or the embedded one in a folder of its own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with embedded.join(tmp_path_factory.mktemp("postgres") / "data", testing=True, say=lambda _: None) as server:
        yield server.url


@pytest.fixture(scope="session")
def databases(server_url: str) -> Iterator[Callable[..., str]]:
    """Make a database (from a template, if named) and get its URL; all are dropped at the end."""
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make(name: str, template: str = "template0") -> str:
        name = f"{name}_{os.getpid()}_{len(made)}"
        with admin.connect() as connection:
            connection.execute(text(f'create database "{name}" template "{template}" encoding "UTF8"'))
        made.append(name)
        return make_url(server_url).set(database=name).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f'drop database if exists "{name}" with (force)'))
    admin.dispose()


@pytest.fixture(scope="session")
def made_anew(server_url: str) -> Iterator[Callable[..., None]]:
    """Make a database again under its name as a copy of a template; nobody may be connected to either."""
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")

    def again(url: str, template: str) -> None:
        name = make_url(url).database
        with admin.connect() as connection:
            connection.execute(text(f'drop database "{name}"'))
            connection.execute(text(f'create database "{name}" template "{template}" encoding "UTF8"'))

    yield again
    admin.dispose()


@pytest.fixture(scope="session")
def template_url(databases: Callable[..., str]) -> str:
    """A migrated database with the lists and the Handbook edition, and nobody connected to it."""
    url = databases("prima_test")
    app = make_app(url)
    with app.app_context():
        upgrade()
        reader.load(db.session)
        for file in sorted(published.EDITIONS.glob("*.toml")):
            published.publish(db.session, file)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return url


class Compiled(BytecodeCache):
    """Templates as they were compiled for another application of this process; whether they changed is looked at."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self.known.get(bucket.key):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


compiled = Compiled()


def make_app(url: str, **settings: object) -> Flask:
    app = create_app(
        PRIMA_ENV="test",
        SQLALCHEMY_DATABASE_URI=url,
        SECRET_KEY="the key of the tests, long enough to be one",
        JOURNAL_KEY="the journal key of the tests, long enough",
        COOKIE_SECURE=False,
        SESSION_COOKIE_SECURE=False,
        PROPAGATE_EXCEPTIONS=True,
        **settings,
    )
    app.jinja_env.bytecode_cache = compiled
    return app


@pytest.fixture(scope="session")
def shared_app(databases: Callable[..., str], template_url: str) -> Iterator[Flask]:
    app = make_app(databases("prima_run", template=make_url(template_url).database))
    with app.app_context():
        watch(app, db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def counting() -> None:
    """Named by tests of the numbers in the menu: they are counted as they are for people."""


@pytest.fixture
def app(tmp_path: object, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application inside one transaction that is rolled back; its day is 1 October 2016.

    The test and every request it makes share the connection; each commit is a savepoint of it. The number in the menu
    costs more than most pages do, and is taken as known where the test does not name `counting`. Its database is empty
    but for the lists, and holds the figures of 2016 where the test names `imported`.
    """
    shared_app = request.getfixturevalue("app_of_2016" if "imported" in request.fixturenames else "shared_app")
    clock.fix(TODAY)
    if "counting" not in request.fixturenames:
        monkeypatch.setattr(sessions, "kept_count", lambda: 0)
    monkeypatch.setattr(kept, "worked_out", reading_what_it_says)
    monkeypatch.setattr(kept, "answer", as_another_process_reads_it)
    kept.forget(shared_app)
    journal.use_key(shared_app.config["JOURNAL_KEY"])  # a test before may have made an app with another one
    shared_app.config["DOCUMENTS_DIR"] = tmp_path / "documents"
    shared_app.config["EXPORTS_DIR"] = tmp_path / "exports"
    with shared_app.app_context():
        engine = db.engine
        connection = engine.connect()
        transaction = connection.begin()
        db._app_engines[shared_app][None] = connection
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield shared_app
        finally:
            db.session.remove()
            transaction.rollback()
            connection.close()
            db._app_engines[shared_app][None] = engine
            clock.fix(None)


@pytest.fixture
def browser_of(app: Flask) -> Callable[..., Browser]:
    """A browser in which somebody is signed in (or nobody).

    The session is the one that the sign-in page would have begun; that page has tests of its own.
    """

    def browser(user: User | None = None) -> Browser:
        made = Browser(app)
        if user is not None:
            token = secrets.token_urlsafe(32)
            db.session.add(SignIn(token_hash=sessions.hashed(token), user_id=user.id, source="127.0.0.1"))
            made.client.set_cookie(sessions.COOKIE, token)
        db.session.commit()
        db.session.expire_all()
        return made

    return browser


@pytest.fixture
def questions(app: Flask) -> Iterator[list[str]]:
    """The SQL statements asked since the test cleared the list."""
    asked: list[str] = []
    connection = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            asked.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield asked
    event.remove(connection, "before_cursor_execute", note)


def watch(app: Flask, engine: Engine) -> None:
    """House rules that only running code can break: no SQL while a template is drawn, no write on GET."""

    @before_render_template.connect_via(app)
    def drawing(_app: Flask, **_: object) -> None:
        g.drawing = True

    @template_rendered.connect_via(app)
    def drawn(_app: Flask, **_: object) -> None:
        g.drawing = False

    @event.listens_for(engine, "before_cursor_execute")
    def asked(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not has_request_context():
            return
        assert not g.get("drawing"), f"a template asked the database: {statement}"
        writes = statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        if request.method == "GET" and writes:
            assert "UPDATE sign_in" in statement and g.get("is_over"), f"a GET wrote: {statement}"
        if request.method == "GET":  # it may not be done where nothing may be written
            assert " FOR UPDATE" not in statement and " FOR SHARE" not in statement, f"a GET locked: {statement}"


READ = re.compile(
    r"\b(?:from|join)\s+((?:\"?\w+\"?(?:\s+as\s+\w+)?)(?:\s*,\s*\"?\w+\"?(?:\s+as\s+\w+)?)*)", re.IGNORECASE
)
UNNOTED = re.compile(
    r"\bproject(?:_\d+)?\.(title|title_key|summary|agreement|focal_point\w*|version|budget_version|updated_at|search|words)\b"
)
"""Columns of a project whose change is not noted."""


def tables_of(statement: str) -> set[str]:
    """The tables that a question reads."""
    words = {word.strip(' "').split()[0].strip('"') for found in READ.findall(statement) for word in found.split(",")}
    return words & set(Model.metadata.tables)


own_answer = kept.answer


def as_another_process_reads_it(
    name: Hashable, uses: Sequence[type[Model]], make: Callable[[], Any], *, for_many: bool = False
) -> Any:
    """House rule of kept answers: what one process worked out, another can read, and finds under the same name."""
    assert pickle.loads(pickle.dumps(name)) == name
    return own_answer(name, uses, lambda: pickle.loads(pickle.dumps(make())), for_many=for_many)


def reading_what_it_says(uses: Sequence[type[Model]], make: Callable[[], Any]) -> Any:
    """House rule of kept answers: they read no other table than those they name."""
    said = {model.__tablename__ for model in uses}
    if {model.__tablename__ for model in summary.SOURCES} <= said:
        said |= {"portfolio_sum", "portfolio_rollup", "portfolio_change"}

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        assert tables_of(statement) <= said, f"{tables_of(statement) - said} are not named by who keeps: {statement}"
        assert not UNNOTED.search(statement), f"the change of {UNNOTED.findall(statement)} is not noted: {statement}"

    connection = db.engine
    event.listen(connection, "before_cursor_execute", note)
    try:
        return make()
    finally:
        event.remove(connection, "before_cursor_execute", note)
