"""Freezing a proposal: canonical, sealed, comparable by section."""

from __future__ import annotations

from prima.db import db
from prima.projects.queries import locked
from prima.projects.snapshot import changed_sections, seal, snapshot
from tests.factories import a_project


def frozen(project) -> dict:
    db.session.flush()
    return snapshot(locked(project.id))


def test_the_same_proposal_gives_the_same_seal(app):
    project = a_project(complete=True)
    first = frozen(project)
    db.session.expire_all()
    assert seal(first) == seal(frozen(project))
    assert len(seal(first)) == 64


def test_a_change_shows_in_its_section(app):
    project = a_project(complete=True)
    before = frozen(project)
    fresh = locked(project.id)
    fresh.title = "Another title"
    next(section for section in fresh.sections if section.code == "RAT").text = "Another rationale."
    after = frozen(project)
    assert changed_sections(before, after) == {"COV", "RAT"}
    assert changed_sections(after, after) == set()
    fresh.lines[0].description = "Another line"
    assert changed_sections(after, frozen(project)) == {"BUD"}
    assert seal(before) != seal(after)


def test_amounts_are_text_to_the_cent(app):
    content = frozen(a_project(complete=True, budget="100000.10"))
    assert content["cover"]["budget_usd"] == "100000.10"
    assert [line["amount"] for line in content["lines"]] == ["20000.02", "5000.00", "75000.08"]
    assert content["areas"] == {"LHD": "100000.10"}
