"""An exported file in LibreOffice: `make interop` opens it there and compares every sheet. Not part of `make test`."""

from __future__ import annotations

import csv
import shutil
import subprocess

import pytest
from openpyxl import load_workbook

from prima.db import db
from prima.demonstration.portfolio import fill
from prima.reporting import exports, portfolio
from prima.reporting.models import ExportFormat
from prima.reporting.operations import exports as making

PROJECTS = 300
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
"""Commas, quotation marks, UTF-8, values as they are shown, one file a sheet."""


@pytest.fixture
def exported(app, tmp_path):
    """The file, and how many rows each of its sheets has."""
    fill(db.session(), PROJECTS)
    file = tmp_path / "projects.xlsx"
    with file.open("w+b") as written:
        reading = portfolio.read(None, {})
        counts = making.at_once(written, None, reading, [], ExportFormat.EXCEL, url="https://prima.example/projects")
    return file, counts


def converted(file, form):
    program = shutil.which("soffice")
    assert program, "LibreOffice is not there: make interop installs it."
    folder = file.parent / form.split(":")[0]
    done = subprocess.run(
        [program, f"-env:UserInstallation={file.parent.as_uri()}/profile", "--headless", "--norestore",
         "--convert-to", form, "--outdir", str(folder), str(file)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_sheet_comes_out_as_it_went_in(exported):
    file, counts = exported
    folder = converted(file, EVERY_SHEET)
    assert {one.stem.removeprefix("projects-") for one in folder.iterdir()} == {*exports.TABLES, "Read me"}
    book = load_workbook(file, read_only=True)
    for name, number in counts.items():
        with (folder / f"projects-{name}.csv").open(encoding="utf-8", newline="") as text:
            headings, *rows = csv.reader(text)
        ours, *expected = book[name].iter_rows(values_only=True)
        # A table without rows has one that is blank.
        rows = [row for row in rows if any(row)]
        assert (headings, len(rows)) == (list(ours), number)
        assert [row[0] for row in rows] == [str(row[0] or "") for row in expected if any(row)]


def test_saved_again_it_is_the_same_workbook(exported):
    file, counts = exported
    again = load_workbook(converted(file, "xlsx") / file.name)
    assert again.sheetnames == list(counts)
    for sheet in again.worksheets:
        [table] = sheet.tables.values()
        assert table.displayName == sheet.title.replace(" ", "_")
        assert table.ref.rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(max(counts[sheet.title], 1) + 1)
    headings, *rows = again["Projects"].values
    budget = headings.index("Budget (USD)")
    ours = list(load_workbook(file)["Projects"].values)[1:]
    assert [row[budget] for row in rows] == [row[budget] for row in ours]
