"""Reads one large sheet of an Excel workbook as bare values: as fast as its reader, measured first like any other.

A sheet whose cells are all written in the plainest way is measured by counting them; any other one cell by cell.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from python_calamine import CalamineWorkbook

from prima.spreadsheets.reading import BROKEN, NOT_A_WORKBOOK, Scan, Unreadable, packed, scanned, sheet_of, unpacked

PLAIN_CELL = re.compile(
    rb'<c r="(?:[A-Z]|A[A-X])([1-9][0-9]{0,5})"(?: s="[0-9]{1,6}")?(?: t="(?:n|s|d|b|str|inlineStr)")?/?>'
)
"""A cell of the first fifty columns that holds no error."""
HIDDEN_ROW = re.compile(rb'<row r="([1-9][0-9]{0,6})"[^<>]* hidden="(?:1|true)"')
OTHERWISE = (b":c", b"<f", b"\0", b"hidden='", b"<!", b"<?")
"""Cells under a prefix, formulas, and whatever could hide something from who looks for the plain way."""
ENDS = b"</worksheet>"


@dataclass(frozen=True)
class Grid:
    """The values of a sheet; `rows[0]` is its first row. Numbers are floats, days are dates, blank is ""."""

    name: str
    rows: list[list[Any]]
    odd: dict[tuple[int, int], str] = field(default_factory=dict)
    """Cells that hold no value of their own (errors, formulas without one, merged cells), as (row, column) from 1."""
    hidden: frozenset[int] = frozenset()


def grid(data: bytes, wanted: str, *, most_rows: int) -> Grid:
    """The sheet of that name, or the only one there is; raises Unreadable."""
    try:
        parts = unpacked(data)
        name, path = sheet_of(parts, wanted)
        scan = _counted(parts[path], most_rows) or scanned(parts[path], most_rows, most_rows)
        with CalamineWorkbook.from_filelike(io.BytesIO(packed(parts))) as book:
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
            merged = sheet.merged_cell_ranges if b"mergeCell" in parts[path] else None
        return Grid(name, rows, _odd(scan, rows, merged or []), frozenset(scan.hidden))
    except Unreadable:
        raise
    except BROKEN:
        raise Unreadable(str(NOT_A_WORKBOOK)) from None


def _counted(part: bytes, most_rows: int) -> Scan | None:
    """What is said of a sheet of plain cells; None where only going through it can tell."""
    begins = part.find(b"<worksheet")
    body = part[begins:] if 0 <= begins < 200 else part
    if any(one in body for one in OTHERWISE) or not body.rstrip().endswith(ENDS):
        return None
    numbers = PLAIN_CELL.findall(body)
    if len(numbers) != body.count(b"<c") - body.count(b"<co"):  # <cols>, <conditionalFormatting>
        return None
    if max(map(int, set(numbers)), default=0) > most_rows:
        return None
    hidden = {int(number) for number in HIDDEN_ROW.findall(body)} if b" hidden=" in body else set()
    return Scan(hidden=hidden)


def _odd(scan: Scan, rows: list[list[Any]], merged: list[Any]) -> dict[tuple[int, int], str]:
    found = {place: _("a formula without a value") for place in scan.formulas}
    found |= {place: _("the error %(code)s", code=code) for place, code in scan.errors.items()}
    for (top, left), (bottom, right) in merged:
        for row in range(top, min(bottom + 1, len(rows))):
            for column in range(left, min(right + 1, len(rows[row]))):
                if rows[row][column] != "":
                    found[row + 1, column + 1] = _("%(text)s (merged cells)", text=rows[row][column])
    return found
