"""Analysis: totals and cells are those of the list, divided budgets add up to the cent, bad addresses are told."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from openpyxl import load_workbook
from plotly.graph_objects import Figure
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from prima import clock
from prima.db import db
from prima.projects.models import Beneficiaries, Extension, Project
from prima.projects.visibility import visible_projects
from prima.reference import reader
from prima.reporting import portfolio
from prima.reporting.analysis import counting, crossing
from prima.reporting.analysis.counting import ALLOCATED, DIVIDED, MARKED, SINGLE, counted
from prima.reporting.analysis.naming import DIMENSIONS
from prima.reporting.analysis.reports import REPORTS
from prima.reporting.analysis.tables import Cell, Head, Line, Table, as_csv
from prima.reporting.figures import analysis as of_analysis
from prima.reporting.models import Deadline, Expense, ExpenseKind, Report
from prima.reporting.monitoring import months_since, reached, told_of
from prima.reporting.portfolio import NONE, Filters
from prima.reporting.portfolio.choosing import chosen
from prima.reporting.steps import IN
from prima.reporting.views import analysis as of_pages
from prima.spreadsheets import Kind
from tests.chance import seeds
from tests.factories import a_deadline, a_project, a_user
from tests.portfolio.conftest import FILE
from tests.portfolio.varied import a_varied_portfolio

REGIONAL = "Budget by country and area of work, USD"


def people(seen_by):
    """Who sees different parts of a portfolio; last the operator, who sees all."""
    users = [a_user("VIEW"), a_user("FUND"), a_user("PDEV", "KEN"), a_user("RPDO", "NBO"), a_user(staff=False)]
    return [*map(seen_by, users), None]


def some_filters(dice):
    """Now and then none, else one or two."""
    offered = {
        "year": dice.choice((2014, 2015, 2016)), "funding": dice.choice(("fund", "donor")), "region": "NBO",
        "area": dice.choice(("LHD", "MHD", NONE)), "activity": "TRN", "country": "KEN", "marker": "1",
        "min": Decimal(20_000), "extended": True, "status": "ACTIVE", "overdue": True, "sdg": "10.7",
    }  # fmt: skip
    return Filters(**{name: offered[name] for name in dice.sample(list(offered), dice.choice((0, 1, 1, 2)))})


def reading(viewer, filters=Filters()):
    return portfolio.read(viewer, {name: [str(value)] for name, value in filters.args().items()})


@pytest.mark.parametrize("seed", seeds(3))
def test_any_two_dimensions_agree_with_the_list(app, seen_by, seed):
    dice = Random(seed)
    a_varied_portfolio(dice)
    checked = 0
    for viewer in people(seen_by):
        for _ in range(4):
            rows, across = dice.sample(list(DIMENSIONS), 2)
            asked = reading(viewer, some_filters(dice))
            filters = asked.filters
            for measure, of_list in (("projects", "number"), ("budget", "budget")):
                table = crossing.cross(viewer, asked, crossing.Asked(rows, across, measure)).table
                whole = portfolio.totals(viewer, filters)
                assert table.total.cells[-1].value == getattr(whole, of_list)
                for line in (*table.lines, table.total):
                    for cell in line.cells:
                        if cell.args is not None and dice.random() < 0.1:
                            behind = portfolio.read(viewer, args_of(filters, cell.args))
                            assert behind.problems == []
                            shown = portfolio.totals(viewer, behind.filters)
                            assert cell.value == getattr(shown, of_list), (rows, across, cell, filters)
                            checked += 1
                if {rows, across} <= set(SINGLE):
                    assert sums(table) == [cell.value for cell in table.total.cells]
    assert checked > 30


def args_of(filters, args):
    return {name: [str(value)] for name, value in filters.args(**args).items()}


def sums(table):
    """Of the columns."""
    lines = [[0] * (len(table.heads)), *([cell.value for cell in line.cells] for line in table.lines)]
    return [sum(column) for column in zip(*lines, strict=True)]


@pytest.mark.parametrize("seed", seeds(3))
def test_allocated_amounts_add_up_to_the_cent_in_rows_and_columns(app, seen_by, seed):
    dice = Random(seed)
    a_varied_portfolio(dice)
    for viewer in people(seen_by):
        asked = reading(viewer, some_filters(dice))
        budget = portfolio.totals(viewer, asked.filters).budget
        for rows, across in (("area", "activity"), ("country", "area"), ("activity", "country"), ("area", "region")):
            table = crossing.cross(viewer, asked, crossing.Asked(rows, across, ALLOCATED)).table
            if not table.lines:
                assert budget == 0
                continue
            assert table.total.cells[-1].value == budget
            assert sums(table) == [cell.value for cell in table.total.cells]
            for line in (*table.lines, table.total):
                *parts, whole = (cell.value for cell in line.cells)
                assert sum(parts) == whole, (rows, across, line)
        for dimension, of in (("area", "LHD"), ("activity", "TRN")):
            found = counted(viewer, asked.filters, [(dimension,), ()], [ALLOCATED])
            if not (asked.filters.area or asked.filters.activity):
                part = portfolio.totals(viewer, replace(asked.filters, **{dimension: of})).part
                assert found[dimension,].get((of,), (0,))[0] == (part or 0)


@pytest.mark.parametrize("seed", seeds(3))
def test_cells_are_the_same_alone_and_beside_another_measure(app, seen_by, seed):
    """Alone they are what is counted; beside another measure the parts of both dimensions are."""
    dice = Random(seed)
    a_varied_portfolio(dice)
    for viewer in people(seen_by):
        filters = some_filters(dice)
        for arm in (("area", "activity"), ("year", "activity", "country"), ("region", "country", "area", "sdg")):
            alone = counted(viewer, filters, [arm, arm[1:], ()], [ALLOCATED])
            beside = counted(viewer, filters, [arm, arm[1:], ()], [ALLOCATED, "projects"])
            for one in (arm, arm[1:], ()):
                amounts = {key: values[0] for key, values in beside[one].items() if values[0] or not one}
                assert {key: values[0] for key, values in alone[one].items()} == amounts


@pytest.mark.parametrize("seed", seeds(3))
def test_the_kept_totals_say_what_is_counted_of_the_projects(app, seen_by, monkeypatch, seed):
    dice, by_totals = Random(seed), 0
    a_varied_portfolio(dice)
    ways = (("activity", "year"), ("region", "marker"), ("status", "area"), ("year", "status"), ("activity",), ())
    for viewer in people(seen_by):
        for filters in (Filters(), some_filters(dice)):
            for measures in (("projects", ALLOCATED), ("budget",), (ALLOCATED,)):
                arms = dice.sample(ways, 3)
                by_totals += counting._of_totals(viewer, filters, arms, measures) is not None
                found = counted(viewer, filters, arms, measures)
                with monkeypatch.context() as live:
                    live.setattr(counting, "answer", lambda *_: None)
                    assert found == counted(viewer, filters, arms, measures), (filters, arms, measures)
    assert by_totals > 10


def test_a_budget_is_divided_in_proportion_within_two_cents(app):
    a_varied_portfolio(Random(7), 25)
    for project in db.session.scalars(select(Project).where(Project.budget_usd > 0)):
        filters = Filters(q=project.reference)
        arms = [("area", "activity"), ("area",), ("activity",), ()]
        found = counted(None, filters, arms, [ALLOCATED])
        assert found[()][()] == (project.budget_usd,)
        for (area, activity), (amount,) in found["area", "activity"].items():
            exact = found["area",][area,][0] * found["activity",][activity,][0] / project.budget_usd
            assert abs(amount - exact) < Decimal("0.02")


@pytest.mark.parametrize("seed", seeds(3))
def test_the_other_measures_are_those_of_the_projects_pages(app, seen_by, seed):
    """Spent, extensions and people reached, against the rules that the pages of one project use."""
    dice = Random(seed)
    a_varied_portfolio(dice)
    measures = ("spent", "extensions", "months", "extended", "planned", "reached", "undeclared", "overdue")
    for viewer in people(seen_by):
        filters = some_filters(dice)
        ids = select(chosen(viewer, filters).c.id)
        projects = list(db.session.scalars(visible_projects(viewer).where(Project.id.in_(ids))))
        found = counted(viewer, filters, [("region",), ()], measures)
        extended = list(db.session.scalars(select(Extension).where(Extension.project_id.in_(ids))))
        day = timedelta(1)
        expected = (
            sum((spent(one) for one in projects), Decimal(0)),
            len(extended),
            sum(months_since(one.old_end + day, one.new_end + day) for one in extended),
            len({one.project_id for one in extended}),
            *(sum(column) for column in zip((0, 0, 0), *map(people_of, projects), strict=True)),
            portfolio.headline(viewer, filters).overdue,
        )
        assert found[()][()] == expected
        by_region = [sum(column) for column in zip([0] * len(measures), *found["region",].values(), strict=True)]
        assert tuple(by_region) == expected


def spent(project):
    rows = select(Expense.amount).where(
        Expense.project_id == project.id, Expense.kind == ExpenseKind.EXPENDITURE, Expense.superseded_id.is_(None)
    )
    return project.in_usd(sum(db.session.scalars(rows), Decimal(0)))


def people_of(project):
    """(planned, reached) of people each counted once, and what was planned of the undeclared."""
    groups = list(db.session.scalars(select(Beneficiaries).where(Beneficiaries.project_id == project.id)))
    reports = (
        select(Report)
        .join(Report.deadline)
        .where(Deadline.project_id == project.id, Report.state.in_(IN))
        .order_by(Deadline.due_on, Deadline.id)
        .options(contains_eager(Report.deadline), selectinload(Report.reached))
    )
    numbers = reached(told_of(list(db.session.scalars(reports))))
    once = [one for one in groups if one.counted == "people" and one.repeated is False]
    return (
        sum(one.planned for one in once),
        sum(numbers.get(one.id, 0) for one in once),
        sum(one.planned for one in groups if one.counted is None),
    )


# -- the reports ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_ends_with_the_totals_of_the_list(app, seen_by, name):
    dice = Random(11)
    a_varied_portfolio(dice)
    for viewer in people(seen_by):
        asked = reading(viewer, some_filters(dice))
        whole, late = portfolio.totals(viewer, asked.filters), portfolio.headline(viewer, asked.filters).overdue
        for table in REPORTS[name].make(viewer, asked).tables:
            total = (
                {head.name: cell.value for head, cell in zip(table.heads, table.total.cells, strict=True)}
                if (table.total)
                else {}
            )
            for heading, expected in (
                ("Projects", whole.number), ("Budget, USD", whole.budget), ("Allocated, USD", whole.budget),
                ("Total", whole.budget), ("Overdue reports", late),
            ):  # fmt: skip
                assert total.get(heading, expected) == expected, (name, table.caption)


def test_the_published_figures_of_2016_come_out_by_country_region_and_area(imported, browser_of, source):
    page = browser_of(a_user("VIEW")).open("/analysis/regional?year=2016").check()
    table = page.table(REGIONAL)
    amounts = {row[0]: [Decimal(cell.replace(",", "")) for cell in row[1:]] for row in table.rows}
    assert {name: amounts[name] for name in source if name != "All"} == {
        name: row for name, row in source.items() if name != "All"
    }
    assert [Decimal(cell.replace(",", "")) for cell in table.totals[0][1:]] == source["All"]
    columns = [line["funding_column"] for line in reader.rows("areas_of_work.csv")]
    compared = 0
    for line in reader.rows(FILE):
        if line["country_or_programme"] in amounts:
            assert amounts[line["country_or_programme"]] == [Decimal(line[one]) for one in [*columns, "stated_total"]]
            compared += 1
    assert compared > 100
    book = load_workbook(io.BytesIO(browser_of(a_user("VIEW")).open("/analysis/regional.xlsx?year=2016").content))
    sheet = list(book[REGIONAL[:31]].values)
    assert list(map(Decimal, map(str, sheet[-1][2:]))) == source["All"]
    for region in source:
        if region != "All":
            parts = [row[2:] for row in sheet if row[0] == region]
            assert [sum(map(Decimal, map(str, column))) for column in zip(*parts, strict=True)] == source[region]
    assert ("Filter: Funding year", "2016") in list(book["Read me"].values)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_stands_as_page_and_workbook_with_the_same_figures(app, browser_of, name):
    a_varied_portfolio(Random(5), 12)
    browser = browser_of(a_user("FUND"))
    page = browser.open(f"/analysis/{name}").check()
    assert page.captions
    book = load_workbook(io.BytesIO(browser.open(f"/analysis/{name}.xlsx").content))
    assert len(book.sheetnames) == len(page.captions) + 1
    for caption, sheet in zip(page.captions, book.worksheets, strict=False):
        if sheet.title == REGIONAL[:31]:
            continue  # its groups are a column of the sheet
        table = page.table(caption)
        written = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert [row[0] for row in (*table.rows, *table.totals)] == written


def figure_of(page, panel, view="bars"):
    return json.loads(page.soup.find(id=f"{panel}-{view}-figure").string)


@pytest.mark.parametrize(
    ("name", "panel", "column"),
    [
        ("years", "years", 1),
        ("activities", "activities", 2),
        ("extensions", "regions", 3),
        ("extensions", "decided", 1),
        ("overdue", "regions", 1),
    ],
)
def test_a_chart_draws_a_column_of_the_table_beside_it_and_both_are_taken_away(app, browser_of, name, panel, column):
    a_varied_portfolio(Random(5), 16)
    browser = browser_of(a_user("FUND"))
    page = browser.open(f"/analysis/{name}?show=share").check()
    place = page.soup.select_one(f"[data-panel={panel}]")
    assert place["data-chart"] == f"{panel}-share-figure"
    table = page.table(page.soup.find(id=f"{panel}-title").get_text())
    drawn = figure_of(page, panel)
    rows = [row for row in table.rows if row[0] != "Allocated beyond the budget"]
    values = [sum(one["x"][row] or 0 for one in drawn["data"]) for row in range(len(rows))]
    assert values == [float(row[column].replace(",", "")) for row in rows] and any(values)
    Figure(drawn)
    Figure(figure_of(page, panel, "share"))
    [link] = [one["href"] for one in page.soup.select(f"#{panel} [data-data]") if "csv" in one["href"]]
    taken = list(csv.reader(io.StringIO(browser.open(link).content.decode("utf-8-sig"))))
    assert taken[0] == table.headings
    assert [row[0] for row in taken[1:]] == [row[0] for row in (*table.rows, *table.totals)]
    book = load_workbook(io.BytesIO(browser.open(link.replace(".csv", ".xlsx")).content))
    assert book.worksheets[0].max_row == len(taken)


def test_the_chart_of_areas_sets_the_largest_activity_types_apart_and_loses_nothing(app, browser_of, monkeypatch):
    monkeypatch.setattr(of_analysis, "MOST_SERIES", 2)
    a_varied_portfolio(Random(5), 40)
    browser = browser_of(a_user("FUND"))
    page = browser.open("/analysis/allocation").check()
    table = page.table("Budget by area of work and activity type, USD")
    drawn = figure_of(page, "areas")["data"]
    assert len(drawn) == 3 and len(table.headings) > 5 and drawn[-1]["name"] == "All others"
    beyond = table.headings.index("Allocated beyond the budget")
    rows = [[row[0], *(Decimal(cell.replace(",", "")) for cell in row[1:])] for row in table.rows]
    assert rows.pop()[0] == "Allocated beyond the budget"  # it is less than nothing: no part of a bar
    for place, row in enumerate(rows):
        assert sum(Decimal(str(one["x"][place])) for one in drawn) == row[-1] - row[beyond]
    assert browser.open("/analysis/allocation/none.csv").status == 404
    assert browser.open("/analysis/allocation/areas.csv?region=XXX").url.endswith("/analysis/allocation?region=XXX")


def test_a_report_of_nothing_draws_nothing_and_one_without_charts_offers_no_choice(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    for name in REPORTS:
        page = browser.open(f"/analysis/{name}?show=trend").check()
        assert not page.soup.select("[data-chart]")
    a_project(status="ACTIVE", budget=10)
    years = browser.open("/analysis/years?show=trend").check()
    assert [one.get_text() for one in years.soup.select("[data-show]")] == ["Bars", "Share", "Trend"]
    assert not browser.open("/analysis/regional").soup.select("[data-show]")
    assert "Charts cannot be shown as “pie”" in browser.open("/analysis/years?show=pie").messages[0]


def test_the_page_lists_the_first_overdue_reports_and_the_workbook_all(app, browser_of, monkeypatch):
    monkeypatch.setattr(of_pages, "MOST_LISTED", 2)
    for days in (10, 30, 20):
        a_deadline(a_project(status="ACTIVE", title=f"Late by {days}"), due_on=clock.today() - timedelta(days=days))
    db.session.commit()
    browser = browser_of(a_user("FUND"))
    text = browser.open("/analysis/overdue").text
    assert "Late by 30" in text and "Late by 20" in text and "Late by 10" not in text
    assert "The first 2 of 3 rows; the workbook has them all." in text
    names = "Overdue reports one by one"
    rows = list(load_workbook(io.BytesIO(browser.open("/analysis/overdue.xlsx").content))[names].values)
    assert [row[1] for row in rows[1:]] == ["Late by 30", "Late by 20", "Late by 10"]


def test_the_index_lists_every_report_and_takes_the_filters_along(app, browser_of):
    a_project(status="ACTIVE", budget=10)
    page = browser_of(a_user("VIEW")).open("/analysis?year=2016").check()
    assert {str(report.name) for report in REPORTS.values()} <= set(page.links)
    behind = page.follow("Overdue reports", within="Which reports")
    assert behind.value("Funding year") == "2016"


def test_drafts_of_others_are_in_no_figure(app, browser_of):
    a_project(status="DRAFT", budget=1_234_567, office_code="COL")
    for name in REPORTS:
        assert "1,234,567" not in browser_of(a_user("VIEW")).open(f"/analysis/{name}").text
    assert "1,234,567" in browser_of(a_user("PDEV", "COL")).open("/analysis/years").text


def test_people_from_outside_see_no_analysis(app, browser_of):
    for path in ("/analysis", "/analysis/years", "/analysis/cross-table", "/analysis/years.xlsx"):
        assert browser_of(a_user(staff=False)).open(path).status == 403


@pytest.mark.parametrize("name", [*REPORTS, "cross-table?rows=office&across=sdg&measure=reached"])
def test_an_analysis_asks_as_much_for_two_projects_as_for_twenty(app, browser_of, questions, name):
    browser = browser_of(a_user("FUND"))
    counts = []
    for number in (3, 20):
        a_varied_portfolio(Random(number), number)
        app.extensions.pop("prima.kept", None)
        questions.clear()
        assert browser.open(f"/analysis/{name}").status == 200
        counts.append(len([one for one in questions if "sign_in" not in one]))
    assert counts[0] == counts[1] <= 11


# -- the cross-table --------------------------------------------------------------------------------------------------


def test_cells_lead_to_their_lists(app, browser_of):
    a_project(status="ACTIVE", budget=10, year=2015, office_code="KEN")
    a_project(status="ACTIVE", budget=10, year=2016, office_code="KEN")
    page = browser_of(a_user("VIEW")).open("/analysis/cross-table?rows=office&across=year").check()
    caption = "Number of projects by Office and Funding year"
    [row] = page.rows(caption)
    assert row[1:] == ["1", "1", "2"]
    behind = page.follow("2", within=row[0])
    assert behind.heading == "Projects"
    assert "2 projects" in behind.follow("Count, sum and how these projects divide").text


def test_a_table_is_the_same_as_page_workbook_and_csv(app, browser_of):
    a_varied_portfolio(Random(3), 15)
    browser = browser_of(a_user("FUND"))
    query = "rows=area&across=activity&measure=allocated&funding=fund"
    page = browser.open(f"/analysis/cross-table?{query}").check()
    [caption] = page.captions
    shown = [row[0:1] + [Decimal(cell.replace(",", "")) for cell in row[1:]] for row in page.rows(caption)]
    book = load_workbook(io.BytesIO(browser.open(f"/analysis/cross-table.xlsx?{query}").content))
    sheet = [[row[0], *(Decimal(str(cell)) for cell in row[1:])] for row in list(book.worksheets[0].values)[1:-1]]
    text = browser.open(f"/analysis/cross-table.csv?{query}").content.decode("utf-8-sig")
    written = [[row[0], *map(Decimal, row[1:])] for row in list(csv.reader(io.StringIO(text)))[1:-1]]
    assert shown == sheet == written
    assert "in proportion to both" in page.text


def test_what_counts_several_times_is_said(app, browser_of):
    a_project(status="ACTIVE", budget=10, countries=("KEN", "UGA"))
    page = browser_of(a_user("VIEW")).open("/analysis/cross-table?rows=country&across=none")
    assert "A project can have several of these: Country." in page.text
    assert [row[1] for row in page.rows("Number of projects by Country")] == ["1", "1"]
    assert page.table("Number of projects by Country").totals[0][1] == "1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("rows=nothing", "The table knows no “nothing”; Regional Office is shown."),
        ("measure=" + "x" * 5000, "The table knows no “xxxx"),
        ("across=%00%F0%9F%98%80", "The table knows no “�😀”; Funding year is shown."),
        ("rows=area&across=area", "Rows and columns are both “Area of work”; only the rows are shown."),
        ("min=10&max=5", "No budget is from USD 10 up to USD 5"),
        ("&".join(f"unknown{number}=1" for number in range(100)), "more parts of the address could not be used"),
    ],
)
def test_what_is_wrong_with_the_address_is_said(app, browser_of, query, message):
    browser = browser_of(a_user("VIEW"))
    page = browser.open(f"/analysis/cross-table?{query}")
    assert page.status == 200
    assert any(message in one for one in page.messages), page.messages
    for ending in ("xlsx", "csv"):
        response = browser.open(f"/analysis/cross-table.{ending}?{query}")
        assert any(message in one for one in response.messages)


def test_rows_that_are_the_columns_by_default_stand_alone(app, browser_of):
    page = browser_of(a_user("VIEW")).open("/analysis/cross-table?rows=year")
    assert page.messages == []
    assert page.captions == ["Number of projects by Funding year"]


def test_a_table_too_wide_to_be_read_is_not_drawn(app, browser_of, monkeypatch):
    a_varied_portfolio(Random(3), 15)
    monkeypatch.setattr(crossing, "MOST_COLUMNS", 2)
    browser = browser_of(a_user("FUND"))
    page = browser.open("/analysis/cross-table?rows=funding&across=year").check()
    assert page.captions == []
    assert "would have 3 columns; at most 2 are shown" in page.text
    assert page.follow("Turn rows and columns").captions == ["Number of projects by Funding year and Funding"]
    assert "at most 2 are shown" in browser.open("/analysis/cross-table.csv?rows=funding&across=year").text


def test_an_unknown_report_is_not_there(app, browser_of):
    assert browser_of(a_user("VIEW")).open("/analysis/everything").status == 404


def test_a_text_that_a_spreadsheet_would_run_is_quoted():
    table = Table("Names", "Name", [Head("What", Kind.TEXT)], [Line("=1+1", [Cell("@now")])])
    assert as_csv(table).decode("utf-8-sig").splitlines() == ["Name,What", "'=1+1,'@now"]


def test_every_dimension_can_be_counted_and_filtered_by():
    assert set(DIMENSIONS) == {*SINGLE, *MARKED, *DIVIDED}
    assert set(DIMENSIONS) <= set(portfolio.LABELS)
