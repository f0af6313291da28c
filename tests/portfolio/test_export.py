"""The workbook: the headings to the letter, money as numbers, dates as dates, what is not stated blank."""

from __future__ import annotations

import io
import os
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from prima.db import db
from prima.projects.models import FundingRound, Milestone
from prima.reference import reader
from tests.factories import a_project, a_user

FACTS = [
    "Reference", "Project ID", "Title", "Status", "Stage", "Regional Office", "Country", "Office", "Project type",
    "Funding", "Donor", "Funding year", "Call for proposals", "Start", "End", "Budget (USD)",
]  # fmt: skip
MORE = [
    "In this status since", "Secondary type", "Executing agency", "Developer", "Manager", "Alternate", "Gender marker",
    "SDG targets", "MiGOF", "Cross-cutting themes", "Duration (months)", "First end", "Extensions", "Months added",
    "Currency", "Budget", "USD for one unit", "Spent", "Committed", "Balance", "Spent (USD)", "Spent of the budget",
    "Beneficiaries planned", "Beneficiaries reached", "Reports overdue", "Milestones", "Milestones done",
    "Milestones overdue", "Light of schedule", "Light of results", "Light of money", "Last change",
]  # fmt: skip
SHEETS = [
    "Projects", "Totals", "Budget lines", "Allocation", "Beneficiaries", "Results", "Indicators", "Milestones",
    "Reports", "Deadlines", "Changes", "Clearances", "Spending", "Lessons", "Read me",
]  # fmt: skip
AREAS = [line["name"] for line in reader.rows("areas_of_work.csv")]
ACTIVITIES = [line["name"] for line in reader.rows("activity_types.csv")]


def book_of(page):
    assert page.status == 200
    assert page.response.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return load_workbook(io.BytesIO(page.content))


def moment(*day):
    return datetime(*day)  # noqa: DTZ001 - Excel knows no zones


def projects(book):
    headings, *rows = book["Projects"].values
    return [dict(zip(headings, row, strict=True)) for row in rows]


def test_the_headings_are_exactly_these(app, browser_of):
    book = book_of(browser_of(a_user("VIEW")).open("/projects.xlsx"))
    assert book.sheetnames == SHEETS
    assert [cell.value for cell in book["Projects"][1]] == [
        *FACTS,
        *MORE,
        *(f"{name} (USD)" for name in AREAS),
        *(f"{name} (USD)" for name in ACTIVITIES),
    ]
    assert (len(AREAS), len(ACTIVITIES)) == (7, 19)
    assert [cell.value for cell in book["Totals"][1]] == ["Regional Office", *AREAS, "Total"]
    assert list(book["Totals"].values)[1:] == [("All", *[0] * 8)]
    assert book["Projects"].freeze_panes == "A2"
    [table] = book["Projects"].tables.values()
    assert (table.name, table.autoFilter.ref) == ("Projects", table.ref)


def test_a_project_is_one_row(app, browser_of):
    made = a_project(
        title="=1+1", code="LM.0001", status="ACTIVE", budget="100.25", countries=("KEN", "SOM"), year=2015,
        starts_on=date(2015, 1, 31), ends_on=date(2016, 12, 31),
    )  # fmt: skip
    book = book_of(browser_of(a_user("VIEW")).open("/projects.xlsx"))
    [row] = projects(book)
    assert [row[name] for name in FACTS] == [
        made.reference, "LM.0001", "=1+1", "Active", "Implementation and monitoring", "East and Horn of Africa",
        "Kenya; Somalia", "Kenya", "Labour Migration", "Fund", None, 2015, None, moment(2015, 1, 31),
        moment(2016, 12, 31), 100.25,
    ]  # fmt: skip
    assert row["Labour mobility and human development (USD)"] == 100.25
    assert row["Training (USD)"] == 100.25
    assert row["Migration health (USD)"] is None
    cell = book["Projects"]["P2"]
    assert (cell.data_type, cell.number_format) == ("n", "#,##0.00")


def test_only_the_proposals_of_a_call_with_its_code(app, browser_of):
    db.session.add(
        FundingRound(
            code="2016-1", name="=First", funding_year=2016, opens_on=date(2016, 1, 1), cut_off_on=date(2016, 3, 1)
        )
    )
    db.session.flush()
    a_project(title="Of none", status="ACTIVE")
    made = a_project(title="Of the call", status="ACTIVE", funding_round_code="2016-1")
    page = browser_of(a_user("VIEW")).open("/projects?call=2016-1").check()
    assert page.value("Call for proposals") == "2016-1: =First"
    [row] = projects(book_of(page.follow("Excel with every sheet")))
    assert (row["Reference"], row["Call for proposals"]) == (made.reference, "2016-1")


def test_what_the_source_does_not_hold_is_blank(imported, browser_of):
    rows = projects(book_of(browser_of(a_user("VIEW")).open("/projects.xlsx")))
    [kenya] = [row for row in rows if row["Office"] == "Kenya"]
    assert kenya["Emergency, operations and post-crisis (USD)"] == 3_500_000
    for name in ("Migration, environment and climate change (USD)", "Training (USD)", "Donor", "Project type", "Start"):
        assert kenya[name] is None
    [vienna] = [row for row in rows if row["Office"].startswith("Regional Office for South-Eastern")]
    assert vienna["Regional Office"] == "South-Eastern Europe, Eastern Europe and Central Asia"
    assert vienna["Country"] is None


MILESTONES = ["Reference", "Project ID", "Title", "Milestone", "Planned day", "Done on", "Evidence", "State"]


def milestones(book):
    headings, *rows = book["Milestones"].values
    assert list(headings) == MILESTONES
    return [dict(zip(headings, row, strict=True)) for row in rows]


def a_milestone(project, name, planned_on, **more):
    db.session.add(Milestone(project_id=project.id, name=name, planned_on=planned_on, **more))
    db.session.flush()


def test_milestones_have_a_sheet_of_their_own(app, browser_of):
    made = a_project(title="Active", code="LM.0001", status="ACTIVE")
    a_milestone(made, "=1+1", date(2016, 10, 1))
    a_milestone(made, "Late", date(2016, 9, 30))
    a_milestone(made, "Done", date(2016, 3, 1), done_on=date(2016, 3, 15), evidence="Photographs 📷")
    book = book_of(browser_of(a_user("VIEW")).open("/projects.xlsx"))
    assert [list(row.values()) for row in milestones(book)] == [
        [
            made.reference,
            "LM.0001",
            "Active",
            "Done",
            moment(2016, 3, 1),
            moment(2016, 3, 15),
            "Photographs 📷",
            "Done",
        ],
        [made.reference, "LM.0001", "Active", "Late", moment(2016, 9, 30), None, None, "Overdue"],
        [made.reference, "LM.0001", "Active", "=1+1", moment(2016, 10, 1), None, None, "Not yet due"],
    ]
    assert book["Milestones"].freeze_panes == "A2"


def test_milestones_are_those_of_the_projects_that_are_seen_and_chosen(app, browser_of):
    for title, status, year in (("Seen", "ACTIVE", 2016), ("Older", "ACTIVE", 2015), ("Draft", "DRAFT", 2016)):
        a_milestone(a_project(title=title, status=status, year=year), f"Of {title}", date(2016, 12, 1))
    browser = browser_of(a_user("VIEW"))
    assert {row["Milestone"] for row in milestones(book_of(browser.open("/projects.xlsx")))} == {"Of Seen", "Of Older"}
    book = book_of(browser.open("/projects.xlsx?year=2016"))
    assert [row["Milestone"] for row in milestones(book)] == ["Of Seen"]
    assert [row["Title"] for row in projects(book)] == ["Seen"]


def test_the_workbook_asks_the_same_for_one_milestone_and_for_many(app, browser_of, questions):
    made = a_project(status="ACTIVE")
    browser = browser_of(a_user("VIEW"))
    asked = []
    for number in (1, 700):
        for place in range(number):
            a_milestone(made, f"Milestone {place}", date(2016, 12, 1))
        db.session.commit()
        browser.open("/projects.xlsx")
        questions.clear()
        book = book_of(browser.open("/projects.xlsx"))
        asked.append(len(questions))
    assert len(milestones(book)) == 701
    assert asked[0] == asked[1]


@pytest.mark.parametrize("path", ["/projects", "/dashboard"])
def test_one_button_says_what_each_way_of_taking_a_choice_away_gives(app, browser_of, path):
    a_project(status="ACTIVE")
    page = browser_of(a_user("VIEW")).open(f"{path}?year=2016")
    [menu] = page.main.select("details.export")
    assert menu.summary.get_text() == "Export"
    ways = [(item.a.get_text(), item.p.get_text()) for item in menu.select("li")]
    assert [name for name, _says in ways] == ["Excel with every sheet", "Choose sheets, or CSV"]
    assert all(says.endswith(".") for _name, says in ways)
    assert page.follow("Choose sheets, or CSV").definition("Funding year") == "2016"
    assert not {"Excel", "Export"} & set(page.links)


def test_the_page_exports_exactly_its_list(imported, browser_of):
    page = browser_of(a_user("VIEW")).open("/projects?region=NBO&q=kenya")
    [row] = projects(book_of(page.follow("Excel with every sheet")))
    assert row["Title"] == "Funding requirements 2016: Kenya"


def test_a_wrong_filter_leads_back_to_the_list_and_its_message(app, browser_of):
    page = browser_of(a_user("VIEW")).open("/projects.xlsx?year=abc&_scheme=x")
    assert page.heading == "Projects"
    assert len(page.messages) == 2


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def export(app, tmp_path):
    def run(*options):
        target = tmp_path / "out.xlsx"
        result = app.test_cli_runner().invoke(args=["export", str(target), *options])
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
        return result, projects(load_workbook(target)) if result.exit_code == 0 else target.exists()

    return run


def test_the_operator_exports_everything_and_a_person_what_it_may_see(app, export):
    a_project(title="Draft", status="DRAFT")
    a_project(title="Active", status="ACTIVE")
    person = a_user("VIEW")
    result, rows = export()
    assert result.output.endswith("out.xlsx: 2 projects.\n")
    assert {row["Title"] for row in rows} == {"Draft", "Active"}
    assert [row["Title"] for row in export("--as", person.email.upper())[1]] == ["Active"]


def test_the_command_filters(app, export):
    a_project(title="A", status="ACTIVE", year=2015)
    a_project(title="B", status="DRAFT", office_code="COL")
    assert [row["Title"] for row in export("--region", "NBO")[1]] == ["A"]
    assert [row["Title"] for row in export("--year", "2016")[1]] == ["B"]
    assert [row["Title"] for row in export("--status", "DRAFT")[1]] == ["B"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--region", "XXX"), "“XXX” is not known"),
        (("--year", "abc"), "“abc” is no year"),
        (("--status", "active"), "“active” is not known"),
        (("--status", ""), "--status is empty."),
        (("--as", "nobody@prima.example"), "Nobody has an account with the address nobody@prima.example."),
    ],
)
def test_a_wrong_option_writes_nothing(app, export, options, sentence):
    result, exists = export(*options)
    assert (result.exit_code, exists) == (1, False)
    assert sentence in result.output


def test_what_is_no_file_is_left_alone(app, tmp_path):
    pipe = tmp_path / "out.xlsx"
    os.mkfifo(pipe)
    result = app.test_cli_runner().invoke(args=["export", str(pipe)])
    assert (result.exit_code, result.output) == (1, f"Error: {pipe} is no file that could be replaced.\n")
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_named(app, tmp_path):
    result = app.test_cli_runner().invoke(args=["export", str(tmp_path / "nowhere" / "out.xlsx")])
    assert result.exit_code == 1
    assert "could not be written" in result.output
