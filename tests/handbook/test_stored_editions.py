"""Editions are rows for good: one that was published before the form widened is read, and its projects go on."""

import json
from datetime import date
from pathlib import Path

import pytest

from prima.db import db
from prima.handbook import published
from prima.handbook.edition import parse
from prima.projects import queries, rules
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.factories import a_project

FILE = Path(__file__).parent / "fund_current_1.toml"
"""The current form as it was first published, its last line included."""
LATER = {
    "": {"milestone_ladder", "duties", "gender"},
    "stages": {"guidance", "who", "statuses"},
    "sections": {"guidance"},
}
"""What the form holds since."""


def as_it_was_stored():
    content = parse(FILE.read_text(encoding="utf-8"), FILE.name).model_dump(mode="json")
    for key in LATER[""]:
        assert not content.pop(key)
    for part in ("stages", "sections"):
        for item in content[part]:
            for key in LATER[part]:
                assert not item.pop(key)
    return json.loads(json.dumps(content))


@pytest.fixture
def first(app):
    row = published.HandbookEdition(
        code="fund-current-1", title="Project Handbook", valid_from=date(2014, 1, 1), checksum="of-the-first",
        content=as_it_was_stored(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.expire_all()
    return row


def test_it_is_read_and_what_came_later_is_empty(first):
    edition = first.handbook
    assert (edition.duties, edition.gender, edition.milestone_ladder) == ((), None, None)
    assert not edition.is_conditional("fund")
    assert not edition.is_conditional("donor")
    assert {one.guidance for one in (*edition.stages, *edition.sections)} == {None}
    assert edition.stage_of("REVIEW", "Endorsement").code == "END"
    assert edition.stage_of("WITHDRAWN", "any before activation") is None


def test_a_project_that_began_on_it_goes_on(first, browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)
    project.edition_id = first.id
    db.session.flush()
    db.session.expire_all()
    assert rules.to_submit(queries.proposal(project.reference)) == []
    for part in ("", "/proposal", "/cover", "/sections/sum", "/budget", "/readiness", "/process"):
        page = cast.open(Role.PDEV, f"/projects/{project.reference}{part}").check()
        assert page.status == 200, part
    cast.to_fund(project)
    db.session.expire_all()
    assert queries.project(project.reference).status == "FUND_REVIEW"
    page = cast.open(Role.FUND, f"/projects/{project.reference}/process").check()
    assert "With Fund management" in page.text
