"""flask spending import: the preview as lines, errors by cell, and an exit code that tells."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from prima.db import db
from prima.reporting.models import Expense, SpendingImport
from tests.factories import a_user
from tests.reporting.finance import a_csv, a_row, a_running_project, a_workbook, standing


@pytest.fixture
def project(app):
    project = a_running_project()
    db.session.commit()
    return project


@pytest.fixture
def typed(app, tmp_path):
    def run(content, *options, name="finance.xlsx"):
        file = tmp_path / name
        file.write_bytes(content)
        return app.test_cli_runner().invoke(args=["spending", "import", str(file), *options])

    return run


def test_a_dry_run_shows_what_would_change_and_writes_nothing(typed, project):
    data = a_workbook(a_row(amount=25000), a_row(line="B003", amount=7.5, kind="commitment"))
    found = typed(data, "--dry-run")
    assert found.exit_code == 0
    assert found.stdout.splitlines() == [
        "LM.0276, USD: spent 0 -> 25,000, committed 0 -> 7.50",
        "  B001, approved 20,000: spent 0 -> 25,000, committed 0 [OVERSPENT]",
        "  B003, approved 75,000: spent 0, committed 0 -> 7.50",
        "2 rows of 1 projects would be taken over; nothing was written.",
    ]
    assert db.session.scalar(select(func.count(Expense.id))) == 0


def test_a_file_is_taken_over_by_the_operator_and_again_changes_nothing(typed, project):
    data = a_workbook(a_row(amount=25000))
    found = typed(data)
    assert found.exit_code == 0 and found.stdout.splitlines()[-1] == "1 rows of 1 projects taken over."
    assert found.stderr == ""
    source = db.session.scalars(select(SpendingImport)).one()
    assert (source.file_name, source.rows, source.by_id) == ("finance.xlsx", 1, None)
    again = typed(data)
    assert again.exit_code == 0
    assert (
        again.stdout.splitlines()[-1] == "Nothing was changed: this file was taken over before, and its figures stand."
    )
    assert db.session.scalar(select(func.count(SpendingImport.id))) == 1
    down = typed(a_csv(a_row(line="B002", amount=3)), name="later.csv")
    assert "  B001, approved 20,000: spent 25,000 -> 0, committed 0 [no longer stated]" in down.stdout
    assert [row.amount for row in standing(project)] == [3]


def test_wrong_cells_go_to_stderr_with_status_one_and_nothing_is_written(typed, project):
    found = typed(a_workbook(a_row(), a_row(amount="x"), a_row(day="soon")))
    assert found.exit_code == 1 and found.stdout == ""
    assert [line.partition(":")[0] for line in found.stderr.splitlines()] == [
        "Sheet “Spending”, cell E3",
        "Sheet “Spending”, cell C4",
        "Error",
    ]
    assert found.stderr.endswith("finance.xlsx is not as it should be; nothing was written.\n")
    assert db.session.scalar(select(func.count(Expense.id))) == 0


@pytest.mark.parametrize("content", [b"", b"PK nothing", b"\0\0"])
def test_what_is_no_spreadsheet_ends_with_status_one(typed, project, content):
    found = typed(content)
    assert found.exit_code == 1 and "Traceback" not in found.output and found.stderr


def test_as_somebody_their_rights_count(typed, project):
    data = a_workbook(a_row())
    officer, stranger = a_user("FIN"), a_user("RAS", "BUE")
    db.session.commit()
    refused = typed(data, "--as", stranger.email)
    assert refused.exit_code == 1 and "it is not of your office, region or Fund" in refused.stderr
    assert typed(data, "--as", "nobody@prima.example").exit_code == 1
    found = typed(data, "--as", officer.email)
    assert found.exit_code == 0, found.output
    assert db.session.scalar(select(SpendingImport.by_id)) == officer.id


def test_progress_is_shown_to_somebody_who_looks_on(typed, project, monkeypatch):
    monkeypatch.setattr("prima.cli_spending.looked_at", lambda: True)
    found = typed(a_workbook(a_row()))
    for step in ("Reading", "Writing"):
        assert f"\r{step}: 100 %" in found.stderr
    assert "%" not in found.stdout
