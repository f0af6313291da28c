"""The dashboard: every figure beside its chart, and a link to the list behind it."""

from __future__ import annotations

import json
from decimal import Decimal

from plotly.graph_objects import Figure
from sqlalchemy import delete

from prima.db import db
from prima.projects.models import ActivityAllocation
from prima.reporting import figures
from tests.factories import a_project, a_user

CAPTIONS = {
    "Projects and budget by region",
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
    assert len(figures_of(page)) == 6


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


def test_an_empty_dashboard_says_why(app, browser_of):
    page = browser_of(a_user("VIEW")).open("/dashboard").check()
    assert "As soon as there are projects that you may see" in page.text
    page = browser_of(a_user("VIEW")).open("/dashboard?year=1999").check()
    assert "No project that you may see fits these filters." in page.text


def test_the_dashboard_asks_three_questions_of_its_own(imported, browser_of, questions):
    browser = browser_of(a_user("RPDO", "NBO"))
    questions.clear()
    assert browser.open("/dashboard?region=NBO").status == 200
    ours = [one for one in questions if "UNION ALL" in one or "FROM deadline" in one]
    assert len(ours) == 3


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
