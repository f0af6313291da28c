"""Two people write in one results matrix at the same time, with script and without: nobody's words are lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from prima.db import db
from prima.projects import queries
from prima.projects.models import Part, Party
from prima.projects.numbering import numbered
from prima.users import Role
from tests.factories import a_matrix, a_project
from tests.journeys.people import Cast, Person

BOTH_VALUES = "Saved by somebody else meanwhile"
CAPTION = "What you typed, and what stands there now"
WAYS = [
    pytest.param({"width": 1280}, id="script", marks=pytest.mark.soak),
    pytest.param({"javascript": False, "width": 390}, id="no script"),
]


class Pair:
    """Two developers of one project, whose matrix has an outcome, an output and two activities."""

    def __init__(self, browser_page, options) -> None:
        cast = Cast(browser_page, options)
        cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
        cast.add("colleague", Role.PDEV, "KEN", "Second developer, Kenya")
        project = a_project(developer=cast.people["developer"])
        db.session.add(Party(project_id=project.id, user_id=cast.people["colleague"].id, part=Part.DEVELOPER))
        a_matrix(project, activities=2)
        db.session.commit()
        self.reference = project.reference
        self.one, self.other = (self.open(person) for person in (cast.developer, cast.colleague))

    def open(self, person: Person) -> Person:
        return person.open("/").open(f"/projects/{self.reference}/matrix").is_at("Results matrix")

    @property
    def stored(self) -> dict[str, str]:
        """Each row's text by its number; the objective has none."""
        db.session.rollback()
        db.session.expire_all()
        return {row.number: row.text for row in numbered(queries.proposal(self.reference).results)}


@pytest.fixture(params=WAYS)
def pair(browser_page, request) -> Pair:
    return Pair(browser_page, request.param)


def holds(person: Person, label: str, text: str) -> None:
    expect(person.field(label)).to_have_value(text)


def keeps_what_was_typed(person: Person) -> None:
    """The second save wins, and says so."""
    person.press("Save what I typed").is_told("Saved").is_at("Results matrix")


def test_different_rows_are_both_saved(pair, axe):
    pair.one.type("Text of outcome 1", "One's outcome.").type("Assumption of output 1.1", "One's assumption.")
    pair.other.type("Text of activity 1.1.2", "The other's activity.").press("Save").is_told("Saved")
    pair.one.press("Save").is_told("Saved")
    assert pair.stored["1"] == "One's outcome."
    assert pair.stored["1.1.2"] == "The other's activity."
    holds(pair.one, "Text of activity 1.1.2", "The other's activity.")
    holds(pair.open(pair.other), "Assumption of output 1.1", "One's assumption.")
    axe(pair.other.fits().page)


def test_the_same_row_shows_both_values_and_keeps_every_other(pair, axe):
    pair.other.type("Text of output 1.1", "The other's output.").press("Save").is_told("Saved")
    pair.one.type("Text of output 1.1", "One's output.").type("Text of activity 1.1.1", "One's activity.")
    pair.one.press("Save").is_at(BOTH_VALUES).reads("Second developer, Kenya saved this while you were writing")
    assert [row[1:] for row in pair.one.rows(CAPTION)] == [["One's output.", "The other's output."]]
    axe(pair.one.fits().page)
    assert pair.stored["1.1"] == "The other's output."
    keeps_what_was_typed(pair.one)
    assert (pair.stored["1.1"], pair.stored["1.1.1"]) == ("One's output.", "One's activity.")


def test_the_other_value_can_be_kept(pair):
    pair.other.type("Text of output 1.1", "The other's output.").press("Save").is_told("Saved")
    pair.one.type("Text of output 1.1", "One's output.").press("Save").is_at(BOTH_VALUES)
    pair.one.follow("Keep what was saved").is_at("Results matrix")
    holds(pair.one, "Text of output 1.1", "The other's output.")


def test_a_third_save_in_between_is_shown_too(pair):
    pair.other.type("Text of output 1.1", "First.").press("Save").is_told("Saved")
    pair.one.type("Text of output 1.1", "One's output.").press("Save").is_at(BOTH_VALUES)
    pair.other.type("Text of output 1.1", "Second.").press("Save").is_told("Saved")
    pair.one.press("Save what I typed").is_at(BOTH_VALUES)
    assert [row[1:] for row in pair.one.rows(CAPTION)] == [["One's output.", "Second."]]
    keeps_what_was_typed(pair.one)
    assert pair.stored["1.1"] == "One's output."


def test_one_removes_what_the_other_edits(pair, axe):
    pair.other.press("Remove 1.1.2").is_at("Remove activity 1.1.2").press("Remove for good")
    pair.other.is_told("Removed: activity 1.1.2.")
    pair.one.type("Text of activity 1.1.2", "One's activity.").type("Text of outcome 1", "One's outcome.")
    pair.one.press("Save").is_at(BOTH_VALUES)
    assert ["One's activity.", "removed"] in [row[1:] for row in pair.one.rows(CAPTION)]
    axe(pair.one.fits().page)
    keeps_what_was_typed(pair.one)
    assert "One's activity." in pair.stored.values()
    assert pair.stored["1"] == "One's outcome."


def test_one_removes_what_the_other_left_alone(pair):
    pair.other.press("Remove 1.1.2").press("Remove for good")
    pair.other.is_told("Removed: activity 1.1.2.")
    pair.one.type("Text of activity 1.1.1", "One's activity.").press("Save").is_told("Saved")
    assert list(pair.stored) == ["", "1", "1.1", "1.1.1"]
    assert pair.stored["1.1.1"] == "One's activity."


def test_one_moves_rows_while_the_other_types(pair):
    """What is typed follows its row, not its number."""
    first, second = pair.stored["1.1.1"], pair.stored["1.1.2"]
    pair.one.type("Text of activity 1.1.1", "Typed while it moved.")
    pair.other.press("Up 1.1.2").is_told("Saved, and moved.")
    assert [pair.stored["1.1.1"], pair.stored["1.1.2"]] == [second, first]
    pair.one.press("Save").is_told("Saved")
    assert [pair.stored["1.1.1"], pair.stored["1.1.2"]] == [second, "Typed while it moved."]
    holds(pair.one, "Text of activity 1.1.2", "Typed while it moved.")


def test_one_adds_rows_while_the_other_types(pair):
    pair.other.press("Add an activity under 1.1").type("Text of activity 1.1.3", "The other's.").press("Save")
    pair.other.is_told("Saved")
    pair.one.type("Text of outcome 1", "One's outcome.").press("Add an output under 1").is_told("Saved")
    pair.one.type("Text of output 1.2", "One's output.").press("Save").is_told("Saved")
    assert list(pair.stored) == ["", "1", "1.1", "1.1.1", "1.1.2", "1.1.3", "1.2"]
    assert [pair.stored["1.1.3"], pair.stored["1.2"]] == ["The other's.", "One's output."]
