"""What exports are measured by: the same rows of the same question, as the standard library or openpyxl write them."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy import func, select

from prima import clock
from prima.db import db
from prima.places import OfficeLink
from prima.projects.models import Project
from prima.projects.visibility import region_link
from prima.reporting import exports, portfolio
from prima.reporting.exports.book import AT_ONCE
from prima.reporting.models import ExportFormat
from prima.reporting.operations import exports as making
from prima.spreadsheets import Column, Sheet, write

SLICE = 5_000
"""Rows that openpyxl writes too: it would take minutes for all."""
WANTED = 1_500
"""Projects whose every sheet is exported."""
PROCESS = Path("/proc/self")


def projects() -> int:
    """The sheet of projects, all of them, as an operator exports it."""
    return _exported([exports.PROJECTS], {})[exports.PROJECTS]


def projects_as_csv() -> int:
    return _as_csv([exports.PROJECTS], {})


class SomeProjects:
    """Of a region and a funding year, so chosen that there are about as many as wanted."""

    @cached_property
    def given(self) -> dict[str, list[str]]:
        apart = func.abs(func.count() - WANTED)
        region, year = db.session.execute(
            select(OfficeLink.region_code, Project.funding_year)
            .select_from(Project)
            .join(OfficeLink, region_link())
            .group_by(OfficeLink.region_code, Project.funding_year)
            .order_by(apart)
            .limit(1)
        ).one()
        return {"region": [region], "year": [str(year)]}

    def every_sheet(self) -> int:
        return sum(_exported([], self.given).values())

    def as_csv(self) -> int:
        return _as_csv([], self.given)


class Slice:
    """Rows of the sheet of projects, read once."""

    @cached_property
    def rows(self) -> tuple[exports.Table, list[tuple[Any, ...]]]:
        reading = portfolio.read(None, {})
        connection = db.session.connection()
        [table] = exports.tables(exports.ask(connection, None, reading), [exports.PROJECTS])
        rows = connection.execute(table.statement.limit(SLICE))
        return table, [tuple(table.read(row) if table.read else row) for row in rows]

    def written(self) -> int:
        table, rows = self.rows
        columns = [Column(one.heading, lambda row: row, one.kind, width=20, cut=True) for one in table.fields]
        with tempfile.TemporaryFile() as file:
            sheet = Sheet(table.name, columns, rows, "Projects", in_order=True)
            return write(file, [sheet], created=clock.now())[table.name]

    def by_openpyxl(self) -> int:
        table, rows = self.rows
        book = Workbook(write_only=True)
        sheet = book.create_sheet(table.name)
        sheet.append([one.heading for one in table.fields])
        for row in rows:
            sheet.append(row)
        with tempfile.TemporaryFile() as file:
            book.save(file)
        return len(rows)


def most_memory() -> int:
    """Kilobytes that this process held at its most while it wrote the sheet of projects, beyond what it held before."""
    before = _memory("VmRSS")
    (PROCESS / "clear_refs").write_text("5")  # the high-water mark begins anew
    projects()
    return max(0, _memory("VmHWM") - before)


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", (PROCESS / "status").read_text())
    return int(found[1]) if found else 0


def _exported(names: Sequence[str], given: dict[str, list[str]]) -> dict[str, int]:
    with tempfile.TemporaryFile() as file:
        reading = portfolio.read(None, given)
        return making.at_once(file, None, reading, names, ExportFormat.EXCEL, url="", most=None)


def _as_csv(names: Sequence[str], given: dict[str, list[str]]) -> int:
    """The very same cells: what is computed of a row is computed here too."""
    number = 0
    with tempfile.TemporaryFile("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        with exports.at_one_moment(db.engine) as connection:
            asked = exports.ask(connection, None, portfolio.read(None, given))
            for table in exports.tables(asked, names):
                found = connection.execute(table.statement, execution_options={"yield_per": AT_ONCE})
                for part in found.partitions():
                    writer.writerows(map(table.read, part) if table.read else part)
                    number += len(part)
    return number
