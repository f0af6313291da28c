"""The benchmark runs on a small portfolio of its own, and a bound that is missed ends it with status 1."""

from __future__ import annotations

from contextvars import Context

import pytest
from sqlalchemy import select

from prima import bench, clock
from prima.bench import Bound, Measured
from prima.db import db
from prima.demonstration.portfolio import full
from prima.projects.models import Section
from tests.conftest import TODAY
from tests.factories import a_project, a_user

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


def measured(kind: str, questions: int, wall: float = 10) -> Measured:
    return Measured(kind, kind, 1, questions, wall, 5, bench.BARE, 5, 5)


def test_bounds_are_kept_by_kind(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"list": Bound(queries=12, ratio=2)})
    assert measured("list", 12).missed() == []
    assert measured("list", 13).missed() == ["list asks the database 13 times; 12 are allowed."]
    assert measured("list", 1, wall=11).missed() == ["list takes 2.2 times its floor; 2 are allowed."]
    assert measured("desk", 99).missed() == []


def test_a_bound_may_be_seconds(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"Word": Bound(seconds=1)})
    assert measured("Word", 99, wall=1000).missed() == []
    assert measured("Word", 1, wall=1250).missed() == ["Word takes 1.25 seconds; 1 are allowed."]


@pytest.fixture
def run(app, databases, monkeypatch):
    monkeypatch.setenv("BENCH_DATABASE_URL", databases("prima_bench"))
    monkeypatch.setattr(bench, "QUEUED", 200)
    monkeypatch.setattr(bench, "SENT", 20)

    def typed(*words: str):
        return app.test_cli_runner().invoke(args=["bench", "--runs", "1", *words])

    return typed


def test_a_small_portfolio_is_made_once_and_measured(run):
    first = run("--projects", "200")
    assert "Filling the database with 200 projects" in first.output
    assert "was not measured" not in first.output
    for words in (
        "list: unfiltered",
        "dashboard: unfiltered",
        "project page: ACTIVE",
        "desk: everything on it",
        "compare: ",
        "Excel: every",
        "letters: 200 queued",
        "letters: 20 sent over SMTP",
        *DRAFTING,
    ):
        assert words in first.output
    assert clock.today() == TODAY
    again = run("--projects", "200", "--only", "Excel")
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
