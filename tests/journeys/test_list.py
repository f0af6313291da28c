"""The list of projects in a browser: its figures come after the rows, and it is fit for a phone."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from prima.db import db
from tests.factories import a_project, a_user
from tests.journeys.people import Person


@pytest.fixture
def officer(app):
    for number in range(30):
        a_project(
            title=f"Wells and roads, part {number} of a long undertaking",
            status="ACTIVE",
            budget=1000 + number,
            office_code=("KEN", "COL")[number % 2],
        )
    person = a_user("RPDO", "NBO", name="Regional officer, Nairobi")
    db.session.commit()
    return person


@pytest.mark.parametrize("width", [1280, 390])
def test_the_figures_of_the_list_come_after_its_rows(officer, browser_page, axe, width):
    person = Person(officer.name, officer.email, browser_page(width=width))
    person.open("/projects?region=NBO")
    page = person.page
    expect(page.locator("#list-whole")).to_contain_text("15 projects")
    expect(page.locator("#list-whole")).to_contain_text("USD 15,210")
    facet = page.locator("#list-facets details").filter(has_text="Regional Office")
    if width == 390:
        expect(facet).not_to_have_attribute("open", re.compile(".*"))
        facet.locator("summary").click()
    axe(person.fits().page)
    rows = page.get_by_role("region", name="Projects", exact=True)
    assert rows.evaluate("frame => frame.scrollWidth <= frame.clientWidth"), "the rows scroll sideways"
    facet.get_by_role("link").click()
    expect(page.locator("#list-whole")).to_contain_text("30 projects")
    page.get_by_role("link", name="Title").click()
    expect(page.locator("tbody tr").first).to_contain_text("part 0 of")
    expect(page.locator("#list-whole")).to_contain_text("30 projects")
    for address in ("/projects/columns", "/searches", "/searches/new?region=NBO", "/projects?figures=yes"):
        person.open(address)
        axe(person.fits().page)


def test_a_phone_shows_the_years_of_the_timeline_whole(app, browser_page, axe):
    """A project's name stands above its bar, and both within the screen."""
    a_project(title="Wells", status="ACTIVE", starts_on=date(2016, 1, 1), ends_on=date(2016, 12, 31))
    reader = a_user("VIEW", name="Reader")
    db.session.commit()
    person = Person(reader.name, reader.email, browser_page(width=390))
    axe(person.open("/timeline?from=2016&years=1").fits().page)
    frame = person.page.locator(".many > .table-frame")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth"), "the years scroll sideways"
    name, bar = frame.locator("a text").bounding_box(), frame.locator(".bar").bounding_box()
    assert bar["width"] > 300
    assert name["y"] + name["height"] <= bar["y"] + 2
