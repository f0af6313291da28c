"""Reads one sheet of an Excel workbook that somebody hands in: sizes first, then every cell with its place.

What is read is measured before anything is unpacked, unpacked once by us, and only then given to the reader: a file
that lies about its sizes fails its own checksums. What the reader does not tell (formulas without a value, hidden
rows) is read from the sheet's own XML.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from lxml import etree
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from openpyxl.utils.exceptions import CellCoordinatesException
from python_calamine import CalamineError, CalamineWorkbook

from prima.spreadsheets.tables import Cell, Holds, Row, bare, is_invisible

MOST_UNPACKED = 20 * 1024 * 1024
MOST_PARTS = 500
MOST_COLUMNS = 100
LAST_ROW = 10_000
"""Cells further out are refused: the reader lays out everything between the first cell and the last."""
MEGABYTE = 1024 * 1024
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError,
    KeyError, etree.XMLSyntaxError, CellCoordinatesException, CalamineError,
)  # fmt: skip
NOT_A_WORKBOOK = _l("This is no Excel workbook (.xlsx), or it is damaged. Save it again as “Excel workbook”.")
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
FIFTEEN_DIGITS = ".15g"
"""What Excel itself keeps of a number: 0.1 + 0.2 is 0.3 there."""


class Unreadable(ValueError):
    """Why a file is not read, as a sentence for who chose it."""


@dataclass(frozen=True)
class Reading:
    """A sheet and the rows of it in which something can be seen."""

    name: str
    rows: list[Row]

    @property
    def hidden(self) -> int:
        return sum(row.is_hidden for row in self.rows)


@dataclass
class Scan:
    """What the sheet's XML says beside the values; `cells` counts what holds something."""

    hidden: set[int] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    """Formulas without a value, as (row, column)."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)


def read(data: bytes, wanted: str, *, most_rows: int) -> Reading:
    """The sheet of that name, or the only one there is; raises Unreadable."""
    try:
        parts = unpacked(data)
        name, path = sheet_of(parts, wanted)
        scan = scanned(parts[path], most_rows)
        return Reading(name, list(_rows(parts, name, scan)))
    except Unreadable:
        raise
    except BROKEN:
        raise Unreadable(str(NOT_A_WORKBOOK)) from None


def sheet_names(data: bytes) -> list[str]:
    """What the sheets of a workbook are called, in order; raises Unreadable."""
    try:
        parts = unpacked(data)
        return [one.get("name", "") for one in _tree(parts["xl/workbook.xml"]).iter() if _tag(one) == "sheet"]
    except Unreadable:
        raise
    except BROKEN:
        raise Unreadable(str(NOT_A_WORKBOOK)) from None


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of the file that a sheet needs, none larger than it says, all together within bounds."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        size = sum(member.file_size for member in members)
        if size > MOST_UNPACKED:
            says = _(
                "Unpacked, this file would have %(size)s MB; at most %(most)s MB are read. "
                "Copy the rows into a new workbook and choose that.",
                size=f"{-(-size // MEGABYTE):,}",
                most=MOST_UNPACKED // MEGABYTE,
            )
            raise Unreadable(says)
        if len(members) > MOST_PARTS or len(names) != len(members) or "xl/workbook.xml" not in names:
            raise Unreadable(str(NOT_A_WORKBOOK))
        wanted = [member for member in members if member.filename.endswith((".xml", ".rels"))]
        return {member.filename: archive.read(member) for member in wanted}


def sheet_of(parts: dict[str, bytes], wanted: str) -> tuple[str, str]:
    """The name of the sheet to be read and the part that it is."""
    targets = {one.get("Id"): one.get("Target", "") for one in _tree(parts["xl/_rels/workbook.xml.rels"])}
    listed = [one for one in _tree(parts["xl/workbook.xml"]).iter() if _tag(one) == "sheet"]
    sheets = {one.get("name", ""): targets.get(one.get(RELATION)) or "" for one in listed}
    names = [name for name in sheets if name.strip().casefold() == wanted.casefold()] or list(sheets)
    if len(names) != 1:
        there = ", ".join(f"“{name}”" for name in names[:10])
        says = _(
            "This workbook has no sheet “%(wanted)s”. It has %(there)s: rename the one that is meant.",
            wanted=wanted,
            there=there,
        )
        raise Unreadable(says)
    target = sheets[names[0]]
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if path not in parts:
        raise Unreadable(str(NOT_A_WORKBOOK))
    return names[0], path


def _tree(part: bytes) -> Any:
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise Unreadable(str(NOT_A_WORKBOOK))
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def scanned(part: bytes, most_rows: int, last_row: int = LAST_ROW) -> Scan:
    """Goes through the sheet before anybody lays it out: one cell at its far end would fill the memory."""
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise Unreadable(str(NOT_A_WORKBOOK))
    found = Scan()
    number = 0
    rows = etree.iterparse(io.BytesIO(part), tag="{*}row", resolve_entities=False, no_network=True, huge_tree=False)
    for _event, row in rows:
        number = int(row.get("r") or number + 1)
        if row.get("hidden") in ("1", "true"):
            found.hidden.add(number)
        column = 0
        for cell in row:
            if _tag(cell) != "c":
                continue
            # The reader goes by what the cell says of itself, whatever the row around it says.
            letters, row_number = coordinate_from_string(cell.get("r")) if cell.get("r") else ("", number)
            column = column_index_from_string(letters) if letters else column + 1
            _note(found, (row_number, column), cell, last_row)
        if len(found.rows) > most_rows:
            says = _(
                "This sheet has more than %(most)s rows. Leave out what does not belong there.", most=f"{most_rows:,}"
            )
            raise Unreadable(says)
        row.clear()
        while row.getprevious() is not None:
            del row.getparent()[0]
    return found


def _note(found: Scan, place: tuple[int, int], cell: Any, last_row: int) -> None:
    inside = {_tag(one): one for one in cell}
    text = "".join(inside["is"].itertext()) if "is" in inside else inside["v"].text if "v" in inside else None
    if "f" not in inside and not text:
        return
    row, column = place
    if column > MOST_COLUMNS or row > last_row:
        says = _(
            "Cell %(cell)s lies too far out: at most %(columns)s columns and %(rows)s rows are read.",
            cell=f"{get_column_letter(column)}{row}",
            columns=MOST_COLUMNS,
            rows=f"{last_row:,}",
        )
        raise Unreadable(says)
    found.rows.add(row)
    if "f" in inside and not text:
        found.formulas.add(place)
    if cell.get("t") == "e":
        found.errors[place] = text or ""


def _rows(parts: dict[str, bytes], name: str, scan: Scan) -> Iterator[Row]:
    merged: set[tuple[int, int]] = set()
    with CalamineWorkbook.from_filelike(io.BytesIO(packed(parts))) as book:
        sheet = book.get_sheet_by_name(name)
        values = sheet.to_python(skip_empty_area=False)
        height, width = len(values), max(map(len, values), default=0)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            merged |= {
                (row + 1, column + 1)
                for row in range(top, min(bottom + 1, height))
                for column in range(left, min(right + 1, width))
            }
    for number, cells in enumerate(values, 1):
        read = [
            _cell(value, (number, column), scan, (number, column) in merged) for column, value in enumerate(cells, 1)
        ]
        if any(cell.text for cell in read):
            yield Row(number, tuple(read), number in scan.hidden)


def packed(parts: dict[str, bytes]) -> bytes:
    """The parts as a workbook again: the reader sees what was measured, and nothing else."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return memory.getvalue()


def _cell(value: Any, place: tuple[int, int], scan: Scan, is_merged: bool) -> Cell:
    where = f"{get_column_letter(place[1])}{place[0]}"
    if place in scan.formulas:
        return Cell(_("a formula without a value"), Holds.OTHER, where)
    if place in scan.errors:
        return Cell(_("the error %(code)s", code=scan.errors[place]), Holds.OTHER, where)
    text, holds = _read(value)
    if is_merged and text:
        return Cell(_("%(text)s (merged cells)", text=text), Holds.OTHER, where)
    return Cell(text, holds, where)


def _read(value: Any) -> tuple[str, Holds]:
    match value:
        case bool():
            return ("TRUE" if value else "FALSE"), Holds.OTHER
        case int() | float():
            return f"{Decimal(format(value, FIFTEEN_DIGITS)):f}", Holds.NUMBER
        case datetime():
            return (value.date() if value.time() == time() else value).isoformat(), Holds.DAY
        case date() | time():
            return value.isoformat(), Holds.DAY
        case timedelta():
            return str(value), Holds.DAY
    return ("" if is_invisible(value) else bare(re.sub(r"_x000[DA]_", " ", value))), Holds.TEXT
