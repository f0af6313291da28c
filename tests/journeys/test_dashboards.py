"""The dashboard's themes in a browser: a chart drawn, shown as shares and as a trend, taken away as picture or data."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

from playwright.sync_api import expect

from prima.db import db
from prima.projects.models import Extension
from tests.conftest import TODAY
from tests.factories import PASSWORD, a_project, a_user


def an_extended_project(year: int, place: str) -> None:
    project = a_project(status="ACTIVE", budget=100_000, office_code=place, starts_on=date(2015, 1, 1), ends_on=TODAY)
    db.session.add(
        Extension(
            project_id=project.id, old_end=date(2016, 1, 31), new_end=date(2016, 4, 30), reason="Elections",
            decided_on=date(year, 6, 1),
        )
    )  # fmt: skip


def at_the_changes(browser_page, **options):
    for year, place in ((2015, "KEN"), (2016, "SEN"), (2016, "KEN")):
        an_extended_project(year, place)
    reader = a_user("VIEW")
    db.session.commit()
    page = browser_page(**options)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(reader.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")
    page.goto("/dashboard/changes")
    return page


def taken(page, panel, name: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        panel.get_by_role("button", name=name).or_(panel.get_by_role("link", name=name)).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_chart_is_drawn_shown_in_other_ways_and_taken_away(browser_page, axe):
    page = at_the_changes(browser_page)
    panel = page.locator("#extensions")
    chart, tables = panel.locator("[data-panel]"), panel.locator("[data-views]")
    bars, trend = tables.nth(0), tables.nth(1)
    expect(chart.locator(".barlayer path").first).to_be_visible()
    expect(chart.locator(".xtitle")).to_have_text("Extensions")
    axe(page)

    page.get_by_role("link", name="Share", exact=True).click()
    expect(chart.locator(".xtitle")).to_have_text("Share of all, %")
    assert page.url.endswith("/dashboard/changes?show=share")
    expect(page.locator("[data-show=share]")).to_have_attribute("aria-current", "true")
    expect(bars).to_be_visible()

    page.get_by_role("link", name="Trend", exact=True).click()
    expect(chart.locator(".ytitle")).to_have_text("Extensions")
    expect(trend).to_be_visible()
    expect(bars).to_be_hidden()
    name, data = taken(page, panel, "CSV of “Extensions by region”")
    assert name == "prima-changes-extensions-2016-10-01.csv"
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert [row[:2] for row in rows[1:]] == [["2015", "1"], ["2016", "2"]]
    axe(page)

    name, data = taken(page, panel, "PNG of “Extensions by region”")
    assert (name, data[:8]) == ("prima-changes-extensions.png", b"\x89PNG\r\n\x1a\n")
    name, data = taken(page, panel, "SVG of “Extensions by region”")
    assert name == "prima-changes-extensions.svg"
    assert b"<svg" in data[:200]
    assert b"2016" in data

    page.get_by_role("search", name="Filters").get_by_role("button", name="Apply").click()
    page.wait_for_url("**show=trend**")
    expect(
        page.get_by_role("navigation", name="Pages of the dashboard").get_by_role("link", name="Money")
    ).to_have_attribute("href", re.compile("show=trend"))


def test_without_script_there_are_tables_that_print(browser_page, axe):
    page = at_the_changes(browser_page, javascript=False, width=390)
    panel = page.locator("#extensions")
    expect(panel.locator("[data-panel]")).to_be_hidden()
    expect(panel.get_by_role("button", name="PNG")).to_have_count(0)
    expect(panel.locator("[data-views]").nth(0)).to_be_visible()
    page.get_by_role("link", name="Trend", exact=True).click()
    expect(page.locator("#extensions [data-views]").nth(0)).to_be_hidden()
    expect(page.locator("#extensions [data-views]").nth(1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    axe(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Show charts as")).to_be_hidden()
    expect(page.locator("#extensions table").nth(1)).to_be_visible()
