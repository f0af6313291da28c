"""A change in a browser: asked for on a phone, endorsed and approved, every page fit and without faults."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.people import Person
from tests.projects.changing import Crew


def test_a_change_is_asked_for_and_decided(browser_page, axe):
    crew = Crew()
    home = crew.path
    manager, director, fund = (
        Person(crew[who].name, crew[who].email, browser_page(width=width))
        for who, width in (("manager", 390), ("RD", 1280), ("FUND", 1280))
    )

    def look(person):
        axe(person.fits().page)

    for path in ("", "/new/results", "/new/budget", "/new/manager", "/new/cost_extension"):
        manager.open(f"{home}/changes{path}")
        look(manager)
    page = manager.page
    page.get_by_label("New end date").fill("2018-02-28")
    page.get_by_label("New amount of Line 2").fill("6000")
    page.get_by_label("New amount of Line 3").fill("90000")
    page.get_by_label("Reason").fill("Floods.")
    page.get_by_label("Effect on results").fill("The courses are held later.")
    page.get_by_role("button", name="Save and ask").click()
    expect(page.get_by_role("table", name="Before and after")).to_contain_text("28 Feb 2018")
    look(manager)
    director.open(f"{home}/changes/1")
    director.page.get_by_role("link", name="Endorse").click()
    look(director)
    director.page.get_by_role("button", name="Endorse").click()
    fund.open(f"{home}/changes/1/approve")
    fund.page.get_by_role("button", name="Approve").click()
    expect(fund.page.get_by_role("status")).to_contain_text("in effect")
    look(fund)
    manager.open(f"{home}/changes")
    look(manager)
