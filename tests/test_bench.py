"""The benchmark runs on a small portfolio of its own, and a bound that is missed ends it with status 1."""

from __future__ import annotations

import pytest

from prima import bench, clock
from prima.bench import Bound, Measured
from tests.conftest import TODAY


def measured(kind: str, questions: int, wall: float = 10) -> Measured:
    return Measured(kind, kind, 1, questions, wall, 5, bench.BARE, 5, 5)


def test_bounds_are_kept_by_kind(monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"list": Bound(queries=12, ratio=2)})
    assert measured("list", 12).missed() == []
    assert measured("list", 13).missed() == ["list asks the database 13 times; 12 are allowed."]
    assert measured("list", 1, wall=11).missed() == ["list takes 2.2 times its floor; 2 are allowed."]
    assert measured("desk", 99).missed() == []


@pytest.fixture
def run(app, databases, monkeypatch):
    monkeypatch.setenv("BENCH_DATABASE_URL", databases("prima_bench"))

    def typed(*words: str):
        return app.test_cli_runner().invoke(args=["bench", "--runs", "1", *words])

    return typed


def test_a_small_portfolio_is_made_once_and_measured(run):
    first = run("--projects", "100")
    assert first.exit_code == 0, first.output
    assert "Filling the database with 100 projects" in first.output
    for words in (
        "list: unfiltered",
        "dashboard: unfiltered",
        "project page: ACTIVE",
        "desk: first page",
        "Excel: every",
    ):
        assert words in first.output
    assert clock.today() == TODAY
    again = run("--projects", "100", "--only", "Excel")
    assert "Filling" not in again.output and "list:" not in again.output
    other = run("--projects", "200")
    assert "This database holds 100 projects, not 200" in other.output


def test_a_missed_bound_ends_with_status_one(run, monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"list": Bound(queries=1)})
    found = run("--projects", "100", "--only", "list: unfiltered (developer)")
    assert found.exit_code == 1
    assert "1 are allowed" in found.output
