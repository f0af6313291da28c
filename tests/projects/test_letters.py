"""Letters of the States that benefit: two at least, more than half where many benefit, and who is still missing."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from prima.db import db
from prima.lists import Country
from prima.projects import queries, rules
from prima.projects.models import Document
from tests.factories import a_project, a_user

BLOCK, WARN = "REG_LETTERS", "REG_LETTERS_MAJ"
FOUR = ("KEN", "UGA", "RWA", "TZA")


def unmet(countries, letters, *, line="L1", not_eligible=(), **more):
    """The rules on letters that are unmet, with what they say."""
    project = a_project(countries=countries, complete=True, budget=150_000, **more)
    project.fund_line_code = line
    db.session.execute(delete(Document).where(Document.project_id == project.id))
    filer = a_user()
    for version, country in enumerate(letters, 1):
        paper = {"title": "Letter", "file_name": "letter.pdf", "media_type": "application/pdf", "size": 1}
        kind = "LTR" if version == 1 else "LSUP"
        db.session.add(
            Document(
                project_id=project.id,
                type_code=kind,
                version=version,
                country_code=country,
                sha256="0" * 64,
                filed_by_id=filer.id,
                **paper,
            )
        )
    db.session.execute(update(Country).where(Country.code.in_(not_eligible)).values(fund_line_2_eligible="no"))
    db.session.commit()
    found = queries.proposal(project.reference)
    return {need.code: str(need.text) for need in rules.to_submit(found) if need.code in (BLOCK, WARN)}


@pytest.mark.parametrize(
    ("countries", "letters", "codes"),
    [
        (("KEN",), (), set()),
        (("KEN", "UGA"), (), {BLOCK}),
        (("KEN", "UGA"), ("KEN",), {BLOCK}),
        (("KEN", "UGA"), ("KEN", "KEN"), {BLOCK}),
        (("KEN", "UGA"), ("KEN", "SOM"), {BLOCK}),
        (("KEN", "UGA"), ("KEN", "UGA"), set()),
        (("KEN", "UGA", "RWA"), ("KEN",), {BLOCK, WARN}),
        (("KEN", "UGA", "RWA"), ("KEN", "RWA"), set()),
        (FOUR, ("KEN", "UGA"), {WARN}),
        (FOUR, ("KEN", "UGA", "TZA"), set()),
    ],
)
def test_two_states_write_and_more_than_half_where_many_benefit(app, countries, letters, codes):
    assert set(unmet(countries, letters)) == codes


def test_the_letter_of_a_state_that_may_not_apply_does_not_count(app):
    asked = (("KEN", "UGA", "RWA"), ("KEN", "RWA"))
    found = unmet(*asked, line="L2", not_eligible=["RWA"])
    assert set(found) == {BLOCK, WARN}
    assert found[BLOCK].endswith("Filed so far: Kenya. Not yet: Uganda.")
    # Which States may not apply for the second line says nothing about the first.
    assert unmet(*asked, line="L1", not_eligible=["RWA"]) == {}


def test_it_is_said_who_wrote_and_who_has_not(app):
    assert unmet(FOUR, ())[BLOCK].endswith(
        "No letter is filed yet of: Kenya, Uganda, Rwanda, United Republic of Tanzania."
    )
    found = unmet(FOUR, ("UGA",))
    assert found[BLOCK].endswith("Filed so far: Uganda. Not yet: Kenya, Rwanda, United Republic of Tanzania.")
    assert found[WARN].endswith("Filed so far: Uganda. Not yet: Kenya, Rwanda, United Republic of Tanzania.")


def test_a_donor_asks_no_letters(app):
    assert unmet(("KEN", "UGA"), (), funding="donor") == {}
