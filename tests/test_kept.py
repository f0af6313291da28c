"""Answers that are kept until a table that they were read from changes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask, g
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import Session

from prima import clock, kept
from prima.db import Model, db
from prima.lists import Country
from prima.projects.models import Coverage, Project
from prima.reporting import summary
from tests import factories
from tests.conftest import own_answer


def state() -> dict[str, list[int]]:
    return db.session.scalar(select(kept.states())) or {}


def changed_by(work: Callable[[], object]) -> set[str]:
    """The tables whose state is another one afterwards."""
    db.session.flush()
    before = state()
    work()
    db.session.flush()
    after = state()
    return {name for name in before | after if before.get(name) != after.get(name)}


def noted(connection: Connection) -> dict[str, set[str]]:
    """By table, the events that are noted."""
    rows = connection.execute(
        text("select tgrelid::regclass::text, tgname from pg_trigger where tgname like '%\\_is\\_noted'")
    )
    found: dict[str, set[str]] = {}
    for table, name in rows:
        found.setdefault(table.strip('"'), set()).add(name.removesuffix("_is_noted").rpartition("_")[2])
    return found


def test_all_three_events_of_each_watched_table_are_noted(app: Flask) -> None:
    found = noted(db.session.connection())
    assert {model.__tablename__ for model in summary.SOURCES} <= set(found) < set(Model.metadata.tables)
    assert {frozenset(events) for events in found.values()} == {frozenset(("insert", "update", "delete"))}


def test_a_state_changes_with_every_change_of_rows_and_with_nothing_else(app: Flask) -> None:
    project = factories.a_project()
    db.session.flush()
    covered = Coverage(project_id=project.id, country_code="UGA")
    assert changed_by(lambda: db.session.add(covered)) == {"coverage"}
    assert changed_by(lambda: setattr(project, "duration_months", 7)) == {"project"}
    assert changed_by(lambda: setattr(project, "title", "Another title")) == set()
    assert changed_by(lambda: setattr(project, "version", project.version + 1)) == set()
    assert changed_by(lambda: db.session.execute(text("update deadline set due_on = due_on where false"))) == set()
    assert changed_by(lambda: db.session.execute(text("delete from report where false"))) == set()
    assert changed_by(lambda: db.session.delete(covered)) == {"coverage"}


def test_a_state_never_comes_back_when_rows_are_taken_away(app: Flask) -> None:
    project = factories.a_project()
    db.session.flush()
    seen = [state()["project"]]
    for number in range(3):
        for _more in range(kept.MANY + 1):
            project.duration_months = (project.duration_months or 0) + 1
            db.session.flush()
        assert changed_by(lambda: kept.tidy(db.session())) >= {"project"}
        assert state()["project"] not in seen and state()["project"][0] == 1, number
        seen.append(state()["project"])
    assert kept.tidy(db.session()) == 0 and state()["project"] == seen[-1], "few rows are left to lie"


@pytest.fixture
def two(databases: Callable[..., str], template_url: str) -> Iterator[tuple[Session, Session]]:
    """Two people who change things at the same time."""
    engine = create_engine(databases("prima_kept", template=make_url(template_url).database))
    with Session(engine) as one, Session(engine) as other:
        yield one, other
    engine.dispose()


def test_who_began_earlier_and_ends_later_is_not_missed(two: tuple[Session, Session]) -> None:
    one, other = two

    def touch(session: Session, code: str) -> None:
        session.execute(text("update country set name = name || '.' where code = :code"), {"code": code})

    def state_now() -> object:
        found = other.scalar(select(kept.states()))
        other.commit()
        return found

    seen: list[object] = [state_now()]
    touch(one, "KEN")  # its row has the lower number and is seen later
    touch(other, "UGA")
    other.commit()
    seen.append(state_now())
    for _more in range(kept.MANY):
        touch(other, "UGA")
    kept.tidy(other)
    other.commit()
    seen.append(state_now())
    one.commit()
    seen.append(state_now())
    for _more in range(kept.MANY + 1):
        touch(other, "UGA")
    kept.tidy(other)
    other.commit()
    seen.append(state_now())
    assert len({str(one) for one in seen}) == len(seen)


@pytest.fixture
def asks(app: Flask) -> Callable[..., int]:
    """How many countries are kept under a name; and how often that was really asked, in `times`."""

    def ask(name: str = "countries", method: str = "GET", *, signed_in: bool = True) -> int:
        with app.test_request_context(method=method):
            g.pop("states", None)
            if signed_in:
                kept.use(state())
            return kept.answer(name, (Country,), work)

    def work() -> int:
        ask.times += 1  # type: ignore[attr-defined]
        return len(db.session.scalars(select(Country.code)).all())

    ask.times = 0  # type: ignore[attr-defined]
    return ask


def test_an_answer_is_worked_out_once_for_all_until_its_table_changes(app: Flask, asks) -> None:
    number = asks()
    assert (asks(), asks.times) == (number, 1)
    db.session.execute(text("update project set title = title"))
    factories.a_project()
    db.session.flush()
    assert (asks(), asks.times) == (number, 1), "what it does not read does not matter"
    columns = "code, name, iso2, fund_line_2_eligible, sort_key, retired, position"
    db.session.execute(text(f"insert into country ({columns}) select 'XNW', 'New', 'XN', 'no', 'new', false, 999"))
    assert (asks(), asks.times) == (number + 1, 2)
    asks("another question")
    assert asks.times == 3


def test_another_day_is_another_answer(app: Flask, asks) -> None:
    asks()
    clock.fix(date(2016, 10, 2))
    asks()
    assert asks.times == 2


def test_who_may_change_something_and_who_is_unknown_ask_anew(app: Flask, asks) -> None:
    asks(method="POST")
    asks(method="POST")
    asks(signed_in=False)
    assert kept.answer("countries", (Country,), lambda: 7) == 7, "outside of requests"
    assert asks.times == 3
    asks()
    assert asks.times == 4, "none of them kept anything"


def test_a_question_is_made_once_and_may_be_told_by_nothing_in_the_database(app: Flask) -> None:
    made: list[str] = []
    with app.test_request_context():
        kept.use(state())
        for _open in range(2):
            assert kept.question("all", lambda: made.append("once") or select(Country.code)) is not None
        with pytest.raises(AssertionError):
            kept.question(
                "of some", lambda: select(Country.code).where(Country.code == db.session.scalar(select(Country.code)))
            )
    assert made == ["once"]


def test_of_several_who_want_the_same_at_once_one_works_it_out(shared_app: Flask) -> None:
    kept.forget(shared_app)
    at_work, may_end = threading.Event(), threading.Event()
    made: list[str] = []
    got: list[str] = []

    def work() -> str:
        made.append("once")
        at_work.set()
        assert may_end.wait(10)
        return "the answer"

    def ask() -> None:
        with shared_app.test_request_context():
            kept.use({})
            got.append(kept.answer("at once", (), work))

    threads = [threading.Thread(target=ask) for _one in range(3)]
    threads[0].start()
    assert at_work.wait(10)
    for thread in threads[1:]:
        thread.start()
        thread.join(0.05)
        assert thread.is_alive(), "waits for it"
    may_end.set()
    for thread in threads:
        thread.join(10)
    assert (got, made) == (["the answer"] * 3, ["once"])
    kept.forget(shared_app)


def test_the_answer_that_was_not_asked_for_the_longest_goes_first() -> None:
    answers = kept.Answers(2)
    for name in "ab":
        answers.put(name, 1, name)
    assert answers.get("a", 1) == ("a",)
    answers.put("c", 1, None)
    assert [answers.get(name, 1) for name in "abc"] == [("a",), None, (None,)]
    assert answers.get("a", 2) is None, "of another state"
    answers.clear()
    assert answers.get("a", 1) is None


@pytest.fixture
def processes(shared_app: Flask, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Ask in a process of the web server, which remembers what it was told unless it is another one."""
    folder = tmp_path / "shared"
    folder.mkdir()
    shared_app.extensions[kept.SHARED] = kept.Shared(folder)

    def ask(answer: str, *, seconds: float = kept.WORTH, other: bool = True, states: object = None) -> str:
        if other:
            shared_app.extensions.pop(kept.KEPT, None)
        with shared_app.test_request_context():
            kept.use(states)  # type: ignore[arg-type]
            return own_answer(
                ("long", frozenset({"a", "b"})), (Country,), lambda: time.sleep(seconds) or answer, for_many=True
            )

    ask.folder = folder  # type: ignore[attr-defined]
    yield ask
    shared_app.extensions.pop(kept.SHARED)
    kept.forget(shared_app)


def test_what_took_one_process_long_another_one_reads(processes) -> None:
    assert processes("first") == processes("second") == "first"
    assert processes("changed", states={"country": [1, 1]}) == "changed", "not what was read from the table before"
    assert processes("back") == "back", "only the newest lies there"
    assert processes("own", other=False, states={"country": [2, 2]}) == "own"
    assert len(list(processes.folder.iterdir())) == 1


def test_what_is_quick_is_not_worth_a_file(processes, monkeypatch) -> None:
    monkeypatch.setattr(kept, "WORTH", 60)  # however busy the machine is
    assert [processes("first", seconds=0), processes("second", seconds=0)] == ["first", "second"]
    assert not list(processes.folder.iterdir())


def test_an_answer_under_the_same_file_with_another_name_is_another(processes, monkeypatch) -> None:
    monkeypatch.setattr(kept.Shared, "_file", lambda self, _key: self.folder / "all")
    processes("first")
    clock.fix(date(2016, 10, 2))
    assert processes("second") == "second"
    clock.fix(None)


def test_a_full_disk_fails_no_page(processes, caplog) -> None:
    processes.folder.rmdir()
    shared = kept.Shared(processes.folder)
    for _turn in range(kept.OFTEN):  # with the one that looks for old files
        shared.put("new", 1, "answer")
    assert [processes("first"), processes("second")] == ["first", "second"]
    assert "not shared with other processes" in caplog.text


def test_old_files_go(processes) -> None:
    processes("first")
    [file] = processes.folder.iterdir()
    shared = kept.Shared(processes.folder)
    shared.tidy(file.stat().st_mtime)
    assert file.exists()
    for _turn in range(kept.OFTEN):
        shared.put("new", 1, "answer")
    os.utime(file, (0, 0))
    for _turn in range(kept.OFTEN):
        shared.put("new", 1, "answer")
    assert not file.exists() and shared.get("new", 1) == ("answer",)


def test_the_folder_ends_with_the_process_that_made_it_and_not_with_those_forked_from_it(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from flask import Flask
from prima import kept
app = Flask("any")
app.config["INSTANCE"] = Path(sys.argv[1])
kept.share(app)
child = os.fork()
if child == 0:
    app.extensions[kept.SHARED].put("key", 1, "answer")
    sys.exit()
os.waitpid(child, 0)
assert app.extensions[kept.SHARED].get("key", 1) == ("answer",)
[folder] = Path(sys.argv[1]).glob("kept-*")
assert folder.stat().st_mode & 0o777 == 0o700
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "instance")], check=True)
    assert not list((tmp_path / "instance").iterdir())


def test_where_nothing_can_be_written_nothing_is_shared(tmp_path: Path, caplog) -> None:
    app = Flask("any")
    app.config["INSTANCE"] = tmp_path / "file" / "instance"
    (tmp_path / "file").write_text("in the way")
    kept.share(app)
    assert kept.SHARED not in app.extensions and "not shared between processes" in caplog.text


def test_who_keeps_must_name_what_is_read(app: Flask) -> None:
    with app.test_request_context():
        kept.use({})
        with pytest.raises(AssertionError, match="office_link"):
            kept.answer(
                "x", (Project,), lambda: db.session.execute(text("select 1 from project, office_link as l")).all()
            )
        with pytest.raises(AssertionError, match="title"):
            kept.answer("y", (Project,), lambda: db.session.scalars(select(Project.title)).all())
        assert kept.answer("z", (Project,), lambda: db.session.scalars(select(Project.id)).all()) == []


def test_pages_are_drawn_with_the_states_of_their_sign_in(
    app: Flask, browser_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(kept, "use", seen.append)
    factories.a_project()
    browser_of(factories.a_user()).open("/account")
    assert seen == [state()] and "project" in state()
