"""The benchmark runs on a small portfolio of its own, and a bound that is missed ends it with status 1."""

from __future__ import annotations

import itertools
import logging
import time
from contextvars import Context
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from prima import bench, bench_exports, bench_load, cli_bench, clock, kept
from prima.bench import Bound, Measured, Times
from prima.db import db
from prima.demonstration.portfolio import fill, full
from prima.endorsement.models import Round
from prima.projects.models import Project, Section
from prima.projects.snapshot import changed_sections, seal
from prima.projects.stages import Status
from tests.conftest import TODAY, make_app
from tests.factories import a_project, a_user
from tests.nursery import until

DRAFTING = (
    "project page: a full proposal",
    "proposal page: every part",
    "section page: of a full proposal",
    "matrix page: 4 x 4 x 4 results",
    "workplan page: 64 activities",
    "budget page: 300 lines",
    "readiness: of a full proposal",
    "Word: a full proposal",
    "budget form: 300 lines",
    "similar: projects like",
    "former: two words",
    "indicator library: everything",
    "autosave: a word more or less",
)


def measured(kind: str, questions: int, wall: float = 10, database: float = 0) -> Measured:
    return Measured(kind, kind, 1, questions, Times(wall, 5, database), bench.BARE, Times(5, 4, 1))


def test_bounds_are_kept_by_kind(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"list": Bound(queries=12, ratio=2)})
    assert measured("list", 12).missed() == []
    assert measured("list", 13).missed() == ["list asks the database 13 times; 12 are allowed."]
    assert measured("list", 1, wall=11).missed() == ["list takes 2.2 times its floor; 2 are allowed."]
    busy = ["list takes 2.4 times its floor of processor time; 2 are allowed."]
    assert measured("list", 1, database=7).missed() == busy
    monkeypatch.setattr(bench, "BOUNDS", {"Excel memory": Bound(size=0)})
    assert measured("Excel memory", 1).missed() == ["Excel memory: 1; 0 are allowed."]
    assert measured("desk", 99).missed() == []


def test_a_bound_may_be_seconds(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"Word": Bound(seconds=1)})
    assert measured("Word", 99, wall=1000).missed() == []
    assert measured("Word", 1, wall=1250).missed() == ["Word takes 1.25 seconds; 1 are allowed."]


def test_what_takes_long_is_measured_less_often(monkeypatch):
    """A figure and its floor by a clock of their own: so many seconds each time, and how often they are measured."""

    def often(seconds: float) -> int:
        clock, turns = [0.0], []
        monkeypatch.setattr(bench.time, "perf_counter", lambda: clock[0])

        def work() -> int:
            turns.append(1)
            clock[0] += seconds
            return 1

        found = bench.measure(bench.Figure("x", "x", work, lambda: 1), 9, [])
        assert found.took.wall == pytest.approx(seconds * 1000)
        return len(turns)

    assert often(0.1) == bench.WARM_UP + 9
    assert often(3) == 7, "until so many seconds have gone"
    assert often(6) == 1 + bench.RUNS_OF_SLOW
    assert often(16) == bench.RUNS_OF_SLOW, "what is first counts"


def test_nothing_is_prepared_for_what_is_not_measured(app, monkeypatch):
    fill(db.session(), 200)

    def never(*_given: object) -> None:
        raise AssertionError("this is prepared for nothing")

    for place, name in ((bench, "_all_written"), (bench, "_among"), (bench.loopback, "Loopback"),
                        (bench.Reader, "types")):  # fmt: skip
        monkeypatch.setattr(place, name, never)
    names = [one.name for one in bench.figures(app, lambda name: "analysis" in name)]
    assert any(name.startswith("analysis") for name in names) and not any("an hour" in name for name in names)


def test_what_the_database_takes_of_the_processor_is_counted(app):
    processor = bench.Processor(db.session.connection())
    before = processor.milliseconds()
    db.session.execute(text("select count(*) from generate_series(1, 300000)"))
    assert processor.milliseconds() - before > 1


def test_a_database_elsewhere_is_counted_as_nothing(app, monkeypatch):
    monkeypatch.setattr(bench, "PROCESSES", Path("/nowhere"))
    assert bench.Processor(db.session.connection()).milliseconds() == 0


def test_a_proposal_in_review_holds_the_full_one_once_and_for_all(app):
    fill(db.session(), 200)
    reference = db.session.scalars(select(Project.reference).where(Project.status == Status.REVIEW)).first()
    full_one = bench._full_proposal()
    asked = select(Round.number, Round.snapshot, Round.sha256).join(Project).where(Project.reference == reference)
    found = []
    for _time in range(2):
        bench._review_in_full(reference, full_one)
        db.session.flush()
        found.append([tuple(row) for row in db.session.execute(asked.order_by(Round.number))])
    assert found[0] == found[1]
    (first, before, _seal), (second, frozen, sealed) = found[0]
    assert (first, second) == (1, 2) and len(frozen["lines"]) == full.LINES and seal(frozen) == sealed
    assert changed_sections(before, frozen)


def test_a_bound_may_be_of_what_is_computed(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"import": Bound(cpu_ratio=1)})
    assert measured("import", 99, wall=1000).missed() == []
    monkeypatch.setattr(bench, "BOUNDS", {"import": Bound(cpu_ratio=0.5)})
    assert measured("import", 1).missed() == ["import computes 1.0 times its floor; 0.5 are allowed."]


@pytest.fixture
def empty(databases):
    """A database without a table."""
    return databases("prima_bench")


@pytest.fixture
def migrated(databases, template_url):
    return databases("prima_bench", template=make_url(template_url).database)


@pytest.fixture
def run(app, request, monkeypatch):
    """On a database that has its tables and lists, or on the empty one where the test names it."""
    url = request.getfixturevalue("empty" if "empty" in request.fixturenames else "migrated")
    monkeypatch.setenv("BENCH_DATABASE_URL", url)
    monkeypatch.setattr(bench, "WARM_UP", 0)
    monkeypatch.setattr(bench, "FINANCE_ROWS", 200)
    monkeypatch.setattr(bench, "QUEUED", 200)
    monkeypatch.setattr(bench, "SENT", 20)
    monkeypatch.setattr(bench_exports, "SLICE", 50)
    monkeypatch.setattr(bench_load, "RATE", 10)

    def typed(*words: str):
        return app.test_cli_runner().invoke(args=["bench", "--runs", "1", "--seconds", "3", *words])

    yield typed
    logging.getLogger("prima").setLevel(logging.NOTSET)  # measuring silences it


def test_a_small_portfolio_is_made_once_and_measured(empty, run):
    first = run("--projects", "200")
    assert "Filling the database with 200 projects" in first.output
    assert "was not measured" not in first.output
    for words in (
        "list: unfiltered",
        "dashboard: unfiltered",
        "project page: ACTIVE",
        "desk: everything on it",
        "compare: ",
        "Excel: the sheet of projects",
        "Excel memory: the same",
        "Excel sheets: every sheet",
        "Excel rows: 50 rows",
        "spending import: 200 rows",
        "letters: 200 queued",
        "letters: 20 sent over SMTP",
        "first page: home, with its files",
        "next page: the list",
        "| project page |",
        "| all |",
        *DRAFTING,
    ):
        assert words in first.output
    assert clock.today() == TODAY
    again = run("--projects", "200", "--only", "count and sum")
    assert again.exit_code == 0, again.output
    assert "Filling" not in again.output and "list:" not in again.output
    other = run("--projects", "100")
    assert "This database holds 200 projects, not 100" in other.output


def test_a_portfolio_too_small_for_a_full_proposal_is_measured_without_it(run, monkeypatch):
    monkeypatch.setattr(full, "chosen", lambda _plans: None)
    found = run("--projects", "100", "--only", "page: ")
    assert "project page: ACTIVE" in found.output and "was not measured" not in found.output
    assert not any(words in found.output for words in DRAFTING)


def test_typing_leaves_the_text_as_it_was_or_a_word_longer(app):
    """However often it is measured, the full proposal stays as long as it is."""
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    db.session.add(Section(project_id=project.id, code="RAT", text="Why & how"))
    reader = bench.signed_in(app, bench.AUTHOR, developer.id)
    db.session.commit()
    path, texts = f"/projects/{project.reference}/sections/rat", []

    def typing(turns):
        type_on = reader.types(path)
        for _turn in range(turns):
            type_on()
            with app.app_context():
                texts.append(db.session.scalar(select(Section.text)))

    for turns in (3, 2):
        Context().run(typing, turns)  # a request of its own, as a browser's is
    longer = "Why & how more"
    assert texts == [longer, "Why & how", longer, longer, "Why & how"]


def test_a_missed_bound_ends_with_status_one(run, monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"list": Bound(queries=1)})
    found = run("--projects", "100", "--only", "list: unfiltered (developer)")
    assert found.exit_code == 1
    assert "1 are allowed" in found.output


def test_a_part_that_is_measured_anew_leaves_the_other_rows(tmp_path, monkeypatch):
    file = tmp_path / "benchmarks.md"
    said = {"filled": None, "server": "18.4", "runs": 9}
    one, other = measured("list", 7), measured("desk", 8)
    cli_bench.write_report(file, [one, other], [], **said)
    before = file.read_text()
    assert "| list | 1 | 7 |" in before and "| desk | 1 | 8 |" in before and "Measured anew" not in before
    cli_bench.write_report(file, [measured("desk", 99)], ["desk is slow."], **said, only="desk")
    after = file.read_text()
    assert "| list | 1 | 7 |" in after and "| desk | 1 | 99 |" in after and "| desk | 1 | 8 |" not in after
    assert "desk is slow." in after and "Measured anew since then: desk (" in after
    assert "- desk: at most 12 questions" in after
    cli_bench.write_report(file, [measured("home", 5)], [], **said, only="home: ")
    assert "| desk | 1 | 99 |" in file.read_text() and "since then: desk (" in file.read_text()
    assert "; home (" in file.read_text() and "desk is slow." in file.read_text()
    cli_bench.write_report(file, [measured("desk", 9)], [], **said, only="desk")
    assert "desk is slow." not in file.read_text() and cli_bench.MISSED not in file.read_text()


def loaded(reached: float = 100, p95: float = 200, errors: tuple[str, ...] = ()) -> bench_load.Loaded:
    whole, bare = bench_load.Part("all", 600, 20, p95, 400), bench_load.Part(bench.BARE, 100, 5, 20, 30)
    return bench_load.Loaded(bench_load.NAME, 100, reached, errors, whole, [], bare, 8, 5, 1)


def test_the_load_is_held_to_its_rate_its_time_and_no_error():
    assert loaded().missed() == [] and loaded().ratio == 10
    assert loaded(reached=80).missed() == ["load: mixed pages: 80.0 a second are answered of 100 asked for."]
    assert "within 301 ms; 300 are allowed" in loaded(p95=301).missed()[0]
    assert "1 were not answered, as /desk answered 500" in loaded(errors=("/desk answered 500",)).missed()[0]


def test_who_finds_no_free_connection_waits_and_is_counted():
    class Slow:
        def get(self, _path):
            time.sleep(0.2)
            return 200, b""

    ever = itertools.repeat(("page", "/"))
    answers, errors, lasted = bench_load.rush([Slow()], lambda _client: ever, 20, 0.5)
    assert not errors and lasted >= 0.5 and len(answers) < 10
    assert answers[-1].milliseconds > 300


def test_what_fails_is_told_with_its_address():
    class Broken:
        reader = bench.Reader(None, "developer", "")

        def get(self, path):
            if path == "/away":
                raise ConnectionResetError
            return 500, b""

        def close(self):
            pass

    pages = itertools.cycle([("page", "/wrong"), ("page", "/away")])
    answers, errors, _lasted = bench_load.rush([Broken()], lambda _client: pages, 100, 0.02)
    assert errors[0] == "/wrong answered 500 to the developer" and errors[1].startswith("/away broke off")
    assert [one.good for one in answers] == [False, False]


def test_the_load_has_its_place_in_the_report(tmp_path):
    file = tmp_path / "benchmarks.md"
    said = {"filled": None, "server": "18.4", "runs": 9}
    cli_bench.write_report(file, [measured("list", 7)], [], **said)
    assert cli_bench.UNDER_LOAD not in file.read_text() and "95 of 100 are answered within 300 ms" in file.read_text()
    slow = loaded(p95=400)
    for _time in range(2):
        cli_bench.write_report(file, [], slow.missed(), **said, only=bench_load.NAME, loaded=slow)
    text = file.read_text()
    assert text.count("| all | 600 | 20 | 400 | 400 |") == 1 and text.count("400 ms; 300 are allowed") == 1
    cli_bench.write_report(file, [measured("desk", 9)], [], **said, only="desk")
    lines = file.read_text().splitlines()
    assert lines.index("| list | 1 | 7 | 10.0 | 5.0 | 0.0 | bare page | 5.0 | 2.0 | 1.0 |") + 1 == next(
        place for place, line in enumerate(lines) if line.startswith("| desk |")
    )
    cli_bench.write_report(file, [], [], **said, only=bench_load.NAME, loaded=loaded())
    assert "300 are allowed" not in file.read_text()


def test_while_pages_are_mixed_a_project_changes_and_is_in_the_end_as_it_was(monkeypatch, databases, template_url):
    """What was kept is void after each change."""
    url = databases("prima_changing", template=make_url(template_url).database)
    app = make_app(url)
    with app.app_context():
        fill(db.session(), 100)
        db.session.commit()
        last = text("select ends_on from project where id = " + bench_load.RUNNING)

        def now():
            found = db.session.execute(last).scalar_one(), db.session.scalar(select(kept.states()))
            db.session.rollback()
            return found

        before, meanwhile = now(), []
        monkeypatch.setattr(bench_load, "CHANGES", 0.2)
        with bench_load.changing(url):
            until(lambda: now()[0] != before[0], "it ends on another day")
            meanwhile.append(now()[1])
        assert now()[0] == before[0]
        for name in ("project", "deadline", "step", "clearance"):
            assert meanwhile[0][name] != before[1].get(name)
        db.session.remove()
        db.engine.dispose()
