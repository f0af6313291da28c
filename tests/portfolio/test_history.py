"""Bringing in projects that ran before: dates, deadlines, budget, reports; every fault at its cell, again safely."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from prima import journal
from prima.db import db
from prima.projects.models import Extension, Part, Project
from prima.projects.operations import number
from prima.reporting.models import Deadline, Report
from prima.reporting.operations.history import import_history
from prima.reporting.operations.history_file import BadHistory
from tests.factories import a_user

KENYA = {
    "Reference": "OLD-1", "Project ID": "LM.0276", "Title": "Labour inspectors", "Office": "KEN", "Funding": "Fund",
    "Funding year": 2014, "Project type": "LM", "Countries": "Kenya; Uganda", "Status": "Active",
    "Start": date(2014, 3, 1), "First end": date(2015, 8, 31), "End": date(2016, 2, 29), "Budget": 150_000,
    "LHD": 100_000, "MHD": 50_000,
}  # fmt: skip
FIRST_REPORT = {
    "Reference": "OLD-1", "Report": "INT_N", "Period end": date(2014, 8, 31),
    "Submitted on": date(2014, 10, 7), "Accepted on": date(2014, 10, 21),
}  # fmt: skip


def a_workbook(*rows, reports=()):
    book = openpyxl.Workbook()
    for sheet, of in ((book.active, rows), (book.create_sheet(), reports)):
        sheet.title = "Reports" if of is reports else "Projects"
        headings = list(dict.fromkeys(name for row in of for name in row)) or list(FIRST_REPORT)
        sheet.append(headings)
        for row in of:
            sheet.append([row.get(name) for name in headings])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bring_in(*rows, reports=()):
    return import_history(db.session(), a_workbook(*rows, reports=reports), "old.xlsx")


def faults(*rows, reports=()):
    with pytest.raises(BadHistory) as caught:
        bring_in(*rows, reports=reports)
    db.session.rollback()
    assert not db.session.scalar(select(func.count()).select_from(Project))
    return [str(one) for one in caught.value.faults]


def the_project():
    return db.session.scalars(
        select(Project)
        .options(selectinload(Project.areas), selectinload(Project.coverage), selectinload(Project.parties))
        .execution_options(populate_existing=True)
    ).one()


def rows_of(project):
    return db.session.scalars(
        select(Deadline)
        .where(Deadline.project_id == project.id, Deadline.fell_away_at.is_(None))
        .options(selectinload(Deadline.report))
        .order_by(Deadline.due_on, Deadline.kind)
        .execution_options(populate_existing=True)
    ).all()


def test_a_project_comes_with_its_dates_its_deadlines_and_what_was_reported(app):
    outcome = bring_in(KENYA, reports=[FIRST_REPORT])
    assert (outcome.added, outcome.reports) == (["LM.0276"], 1)
    project = the_project()
    assert (project.code, project.status, project.ends_on) == ("LM.0276", "ACTIVE", date(2016, 2, 29))
    assert {one.code: one.amount_usd for one in project.areas} == {"LHD": Decimal(100_000), "MHD": Decimal(50_000)}
    assert sum(one.amount for one in project.areas) == project.budget == Decimal(150_000)
    assert [one.country_code for one in project.coverage] == ["KEN", "UGA"]
    dues = [(row.kind, row.due_on.isoformat(), row.is_open) for row in rows_of(project) if row.kind == "INT_N"]
    assert dues == [
        ("INT_N", "2014-10-12", False), ("INT_N", "2015-04-11", True), ("INT_N", "2015-10-12", True),
    ]  # fmt: skip
    finals = next(row for row in rows_of(project) if row.kind == "FIN_N")
    assert (finals.first_due_on, finals.due_on) == (date(2015, 11, 30), date(2016, 5, 29))
    report = db.session.scalars(select(Report)).one()
    assert (report.state, report.first_submitted_on) == ("accepted", date(2014, 10, 7))
    assert db.session.scalars(select(Extension.new_end)).one() == date(2016, 2, 29)
    assert not list(journal.faults(db.session(), {"project": Project}))


def test_the_same_file_again_changes_nothing(app):
    bring_in(KENYA, reports=[FIRST_REPORT])
    count = db.session.scalar(select(func.count()).select_from(Deadline))
    outcome = bring_in(KENYA, reports=[FIRST_REPORT])
    assert (outcome.added, outcome.changes, outcome.unchanged, outcome.reports) == ([], [], 1, 0)
    assert db.session.scalar(select(func.count()).select_from(Deadline)) == count


def test_the_same_reference_brings_the_project_to_what_the_file_states(app):
    bring_in(KENYA, reports=[FIRST_REPORT])
    title = "Labour inspectors of two countries"
    longer = {**KENYA, "Title": title, "End": date(2016, 8, 31), "LHD": 90_000, "MHD": 60_000}
    outcome = bring_in(longer, reports=[FIRST_REPORT])
    assert {one.what for one in outcome.changes} == {"title", "ends_on", "area of work LHD", "area of work MHD"}
    project = the_project()
    assert project.title == "Labour inspectors of two countries"
    assert {one.code: one.amount for one in project.areas} == {"LHD": Decimal(90_000), "MHD": Decimal(60_000)}
    finals = [row.due_on for row in rows_of(project) if row.kind == "FIN_N"]
    assert finals == [date(2016, 11, 30)]
    assert [row.period_to for row in rows_of(project) if row.kind == "INT_N"] == [
        date(2014, 8, 31), date(2015, 2, 28), date(2015, 8, 31), date(2016, 2, 29),
    ]  # fmt: skip
    assert db.session.scalars(select(Report)).one().state == "accepted"


def test_what_people_have_worked_on_stays(app):
    bring_in(KENYA)
    project = the_project()
    project.as_imported = False
    db.session.flush()
    outcome = bring_in({**KENYA, "Title": "Another title"})
    assert (outcome.kept, outcome.changes) == (["LM.0276"], [])
    assert the_project().title == "Labour inspectors"


def test_the_next_id_comes_after_the_highest_that_was_brought_in(app):
    bring_in(KENYA)
    assert number(db.session(), "ID-LM") == 277


def test_a_project_without_an_id_gets_the_next(app):
    bring_in(KENYA, {**KENYA, "Reference": "OLD-2", "Project ID": None})
    assert sorted(db.session.scalars(select(Project.code))) == ["LM.0276", "LM.0277"]


def test_a_closed_project_owes_nothing_but_its_evaluation(app):
    bring_in({**KENYA, "Status": "Closed"})
    assert {row.kind for row in rows_of(the_project()) if row.is_open} == {"EVA"}


def test_people_are_found_by_their_address(app):
    manager = a_user("PM", "KEN")
    bring_in({**KENYA, "Manager": manager.email})
    (party,) = the_project().parties
    assert (party.part, party.user_id) == (Part.MANAGER, manager.id)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"End": date(2014, 2, 1)}, "Projects, L2, “End”: “2014-02-01”: The end comes before the start."),
        ({"Start": "1 March 2014"}, "Write a day such as 2016-10-31, or a date of the spreadsheet."),
        ({"Start": "0001-01-01"}, "The year must lie between 1990 and 2100."),
        ({"End": "9999-12-31"}, "The year must lie between 1990 and 2100."),
        ({"Budget": "=1+"}, "Budget"),
        ({"Budget": 150_000.5}, "The areas of work add up to 150,000, the budget is 150,000.5."),
        ({"Budget": -5}, "An amount cannot be negative."),
        ({"Office": "Narnia"}, "There is no office of this name or code."),
        ({"Countries": "Kenya, Uganda"}, "No country is called “Kenya, Uganda”. Put a semicolon"),
        ({"Project ID": "XX.0001"}, "A project of this type has the prefix LM."),
        ({"Project ID": "276"}, "A project ID has the prefix of its type, a point and digits: LM.0276."),
        ({"Funding": "Lottery"}, "Write Fund or Donor."),
        ({"Funding": "Donor"}, "A donor's project names its donor."),
        ({"Status": "Draft"}, "Write one of ACTIVE, SUSPENDED, OP_CLOSED, FIN_CLOSED, CANCELLED."),
        ({"Manager": "nobody@prima.example"}, "Nobody with this address has an active account."),
        ({"Title": None}, "This is missing."),
        ({"Currency": "euro"}, "Write the three capital letters of the currency, such as EUR."),
        ({"Currency": "EUR"}, "There is no rate of EUR on 2014-03-01."),
        ({"Colour": "blue"}, "This column is unknown. The template names every column."),
        ({"First end": date(2017, 1, 1)}, "The first end comes after the end"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_at_its_cell_and_nothing_is_taken(app, changed, says):
    found = faults({**KENYA, **changed}, {**KENYA, "Reference": "OLD-2", "Project ID": "LM.0300"})
    assert says in "\n".join(found)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"Reference": "OLD-9"}, "No project of this file has this reference."),
        ({"Report": "Novel"}, "There is no report of this name or code."),
        ({"Period end": date(2014, 9, 30)}, "The project owes it for the periods that end on 2014-08-31"),
        ({"Accepted on": date(2014, 10, 1)}, "It cannot be accepted before it was submitted."),
    ],
)
def test_a_report_that_does_not_fit_is_told(app, changed, says):
    assert says in "\n".join(faults(KENYA, reports=[{**FIRST_REPORT, **changed}]))


def test_two_rows_of_one_reference_or_id_are_told(app):
    assert "Projects, row 2 holds this reference already." in faults(KENYA, KENYA)[0]
    assert "Projects, row 2 holds this project ID already." in faults(KENYA, {**KENYA, "Reference": "OLD-2"})[0]


def test_merged_cells_and_formulas_are_told(app):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Projects"
    sheet.append(list(KENYA))
    sheet.append(list(KENYA.values()))
    sheet["C2"] = "=A2"
    sheet.merge_cells("D2:D3")
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(BadHistory) as caught:
        import_history(db.session(), file.getvalue(), "old.xlsx")
    said = "\n".join(map(str, caught.value.faults))
    assert "Projects, C2, “Title”" in said
    assert "Projects, D2, “Office”: “KEN (merged cells)”" in said


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\x00" * 100])
def test_a_file_that_is_no_workbook_is_told(app, content):
    with pytest.raises(BadHistory, match="no Excel workbook"):
        import_history(db.session(), content, "old.xlsx")


def test_the_command_brings_in_csv_with_its_reports(app, tmp_path):
    projects, reports = tmp_path / "old.csv", tmp_path / "reports.csv"
    for path, row in ((projects, KENYA), (reports, FIRST_REPORT)):
        text = io.StringIO()
        csv.writer(text).writerows([list(row), list(row.values())])
        path.write_text(text.getvalue(), encoding="utf-8")
    run = app.test_cli_runner().invoke
    trial = run(args=["import-projects", str(projects), "--reports", str(reports), "--dry-run"])
    assert trial.exit_code == 0, trial.output
    assert "1 project added, 0 changed, 0 unchanged; 1 report noted as handed in." in trial.output
    assert not db.session.scalar(select(func.count()).select_from(Project))
    done = run(args=["import-projects", str(projects), "--reports", str(reports)])
    assert done.exit_code == 0, done.output
    assert the_project().code == "LM.0276"


def test_the_command_writes_the_form_and_takes_it_back(app, tmp_path):
    form = tmp_path / "form.xlsx"
    run = app.test_cli_runner().invoke
    assert run(args=["import-projects", "--template", str(form)]).exit_code == 0
    done = run(args=["import-projects", str(form)])
    assert done.exit_code == 0, done.output
    assert "1 project added" in done.output
    assert the_project().title == "Training of labour inspectors"


def test_a_faulty_file_ends_the_command_with_every_fault(app, tmp_path):
    file = tmp_path / "old.xlsx"
    file.write_bytes(a_workbook({**KENYA, "Office": "Narnia", "End": date(2014, 1, 1)}))
    done = app.test_cli_runner().invoke(args=["import-projects", str(file)])
    assert done.exit_code == 1
    assert "old.xlsx: 3 problems; nothing was imported." in done.output
