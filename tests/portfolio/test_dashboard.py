"""The dashboard: every figure beside its chart, and a link to the list behind it."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

from openpyxl import load_workbook
from plotly.graph_objects import Figure
from sqlalchemy import delete

from prima.db import db
from prima.projects.models import ActivityAllocation
from prima.reporting import figures
from tests.factories import a_project, a_user

CAPTIONS = {
    "Budget by region and funding year",
    "Budget by region and funding year, over time",
    "Projects and budget (USD) by region and funding year",
    "Budget by area of work",
    "Budget by region and area of work, USD",
    "Budget by activity type",
    "Projects by stage",
    "Overdue reports by region",
    "Budget by gender marker",
}


def figures_of(page):
    return [Figure(json.loads(script.string)) for script in page.soup.select("script[type='application/json']")]


def test_every_chart_is_a_figure_that_plotly_draws(imported, browser_of, overdue):
    overdue(a_project(status="ACTIVE", budget=50_000, year=2015))
    page = browser_of(a_user("VIEW")).open("/dashboard").check()
    assert set(page.captions) == CAPTIONS
    assert len(figures_of(page)) == 13  # six as bars and as shares, and the funding years over time


def test_figures_lead_to_the_list_behind_them(imported, browser_of):
    a_project(status="ACTIVE", budget=50_000, year=2015, office_code="COL")
    page = browser_of(a_user("VIEW")).open("/dashboard")
    [row] = [row for row in page.rows("Projects by stage") if row[0] == "Approval"]
    behind = page.follow(row[1], within="Approval")
    assert behind.heading == "Projects"
    assert f"{row[1]} projects" in behind.follow("Count, sum and how these projects divide").text
    assert behind.value("Stage") == "Approval"


def test_all_links_lead_to_as_many_projects_as_they_say(app, browser_of, overdue):
    overdue(a_project(status="ACTIVE", budget=100, gender_marker_code="1"))
    a_project(status="APPROVED", budget=30, funding="donor", year=2015, office_code="COL")
    a_project(status="CONCEPT", budget=0, office_code="HQ", countries=())
    browser = browser_of(a_user("FUND"))
    page = browser.open("/dashboard")
    checked = 0
    for link in page.main.select("td.figure a"):
        text = link.get_text()
        if text.isdigit() and not link.get("title") and int(text) < 10:
            behind = browser.open(link["href"])
            assert not behind.messages
            assert len(behind.rows("Projects")) == int(text), link["href"]
            checked += 1
    assert checked > 15


def test_what_the_source_does_not_hold_has_a_bar_of_its_own(imported, browser_of, source):
    page = browser_of(a_user("VIEW")).open("/dashboard")
    [row] = page.rows("Budget by activity type")
    assert (row[0], row[3]) == ("Not stated", "100.0%")
    assert f"USD {source['All'][7]:,}" in str(page.main)
    assert all(row[0] != "Not stated" for row in page.rows("Budget by area of work"))


def test_an_allocation_beyond_the_budget_is_shown_apart(app, browser_of):
    project = a_project(status="ACTIVE", budget=100)
    project.total(Decimal(80))
    part = a_project(status="ACTIVE", budget=100)
    db.session.execute(delete(ActivityAllocation).where(ActivityAllocation.project_id == part.id))
    db.session.flush()
    page = browser_of(a_user("VIEW")).open("/dashboard")
    amounts = {row[0]: row[2] for row in page.rows("Budget by activity type")}
    assert amounts == {"Training": "100", "Not stated": "100", "Allocated beyond the budget": "-20"}


def test_charts_are_shown_as_one_chooses_also_without_script(imported, browser_of):
    a_project(status="ACTIVE", budget=1000, year=2015, office_code="COL")
    browser = browser_of(a_user("VIEW"))
    page = browser.open("/dashboard?region=NBO")
    assert [one.get_text() for one in page.soup.select("[data-show]")] == ["Bars", "Share", "Trend"]
    page = page.follow("Share", within="Show charts as").check()
    assert page.url.endswith("/dashboard?show=share&region=NBO")
    [marked] = page.soup.select("[data-show][aria-current]")
    assert marked.get_text() == "Share"
    assert page.soup.select_one("[data-panel=areas]")["data-chart"] == "areas-share-figure"
    figure = json.loads(page.soup.select_one("#areas-share-figure").string)
    assert round(sum(figure["data"][0]["x"])) == 100
    theme = page.follow("Money")
    assert theme.soup.select_one("[data-show=share]")["aria-current"] == "true"
    assert "show=share" in theme.follow("Overview").url
    trend = browser.open("/dashboard?show=trend").check()
    assert [row[0] for row in trend.rows("Budget by region and funding year, over time")][:2] == ["2015", "2016"]
    assert trend.soup.select_one("[data-views='bars share']").has_attr("hidden")
    assert "Charts cannot be shown as “pie”" in browser.open("/dashboard?show=pie").messages[0]


def test_what_stands_beside_a_chart_can_be_taken_away(imported, browser_of, source):
    browser = browser_of(a_user("VIEW"))
    page = browser.open("/dashboard")
    [link] = [one["href"] for one in page.soup.select("#areas [data-data]") if "csv" in one["href"]]
    rows = list(csv.reader(io.StringIO(browser.open(link).content.decode("utf-8-sig"))))
    assert rows[0] == page.headings("Budget by area of work")
    assert [row[0] for row in rows[1:]] == [row[0] for row in page.rows("Budget by area of work")]
    assert sum(Decimal(row[2]) for row in rows[1:]) == source["All"][7]
    for id in ("years", "activities", "stages", "overdue", "markers"):
        book = load_workbook(io.BytesIO(browser.open(f"/dashboard/overview/{id}.xlsx?show=trend").content))
        assert book.worksheets[0].max_row >= 2 or id == "overdue"
    assert browser.open("/dashboard/overview/none.csv").status == 404
    told = browser.open("/dashboard/overview/areas.csv?region=XXX")
    assert told.url.endswith("/dashboard?region=XXX") and told.messages


def test_an_empty_dashboard_says_why(app, browser_of):
    page = browser_of(a_user("VIEW")).open("/dashboard").check()
    assert "As soon as there are projects that you may see" in page.text
    page = browser_of(a_user("VIEW")).open("/dashboard?year=1999").check()
    assert "No project that you may see fits these filters." in page.text


def test_the_dashboard_asks_five_questions_of_its_own(imported, browser_of, questions):
    browser = browser_of(a_user("RPDO", "NBO"))
    questions.clear()
    assert browser.open("/dashboard?region=NBO").status == 200
    ours = [one for one in questions if "UNION ALL" in one or "FROM deadline" in one]
    assert len(ours) == 5, "one of lists that are kept for everybody, two of sums: what all staff see, and what is held"


def test_a_stranger_to_the_house_sees_no_figures(app, browser_of):
    assert browser_of(a_user(staff=False)).open("/dashboard").status == 403


def test_a_table_of_two_dimensions_adds_up():
    cells = [("a", "x", 1, Decimal("0.10")), ("a", "y", 2, Decimal("0.20")), ("b", "x", 3, Decimal("0.30"))]
    table = figures.cross(cells, {"b": "B", "a": "A", "c": "C"}, {"x": "X", "y": "Y"})
    assert [row.name for row in table.rows] == ["B", "A"]
    assert [table.row(row).amount for row in table.rows] == [Decimal("0.30"), Decimal("0.30")]
    assert [table.column(column).number for column in table.columns] == [4, 2]
    assert table.total == figures.Cell(6, Decimal("0.60"))
    Figure(figures.stacked(table, "USD"))


def test_shares_of_nothing_are_not_stated():
    [line] = figures.lines([("a", 1, Decimal(0))], {"a": "A"})
    assert line.share is None
