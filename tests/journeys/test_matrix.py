"""The results matrix in a real browser: a new row has the focus, and what is still needed follows typing."""

import pytest
from playwright.sync_api import expect

from prima.db import db
from tests.factories import a_matrix, a_project
from tests.journeys.people import Cast


@pytest.fixture
def developer_of(browser_page):
    def make(**options):
        cast = Cast(browser_page, options)
        cast.add("developer", "PDEV", "KEN", "Project developer, Kenya")
        project = a_project(developer=cast.people["developer"])
        a_matrix(project)
        db.session.commit()
        return cast.developer, f"/projects/{project.reference}/matrix"

    return make


def test_what_is_needed_follows_typing_and_a_new_row_has_the_focus(developer_of, axe):
    developer, matrix = developer_of()
    developer.open(matrix)
    beside = developer.page.get_by_role("complementary")
    nothing = beside.get_by_text("Nothing: the matrix keeps every rule of the Handbook.")
    expect(nothing).to_be_visible()
    developer.type("Assumption of output 1.1", "")
    expect(beside.get_by_role("link")).to_have_text(["1.1"])
    expect(nothing).to_be_hidden()
    developer.type("Assumption of output 1.1", "Trainers are found.")
    expect(nothing).to_be_visible()
    developer.press("Add an output under 1").is_told("Saved, with a new output.")
    expect(developer.field("Text of output 1.2")).to_be_focused()
    expect(developer.field("Assumption of output 1.1")).to_have_value("Trainers are found.")
    axe(developer.fits().page)


def test_only_the_split_that_is_asked_for_is_seen(developer_of, axe):
    developer, matrix = developer_of(width=390)
    developer.open(matrix).press("Edit indicator 1 of 1.1").is_at("Indicator of output 1.1")
    parts = developer.page.locator("fieldset .part:visible")
    expect(parts).to_have_count(0)
    developer.field("Counted by sex").check()
    expect(parts).to_have_count(3)
    developer.field("Counted by age group").check()
    expect(parts).to_have_count(15)
    developer.choose("How it is read", "A percentage")
    expect(parts).to_have_count(0)
    axe(developer.fits().page)


def test_a_matrix_is_written_without_script(developer_of):
    developer, matrix = developer_of(javascript=False, width=390)
    developer.open(matrix).type("Text of outcome 1", "Typed first.").press("Add an activity under 1.1")
    developer.type("Text of activity 1.1.2", "Typed next.").press("Up 1.1.2").is_told("Saved, and moved.").fits()
    expect(developer.field("Text of outcome 1")).to_have_value("Typed first.")
    expect(developer.field("Text of activity 1.1.1")).to_have_value("Typed next.")
