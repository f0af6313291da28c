"""The same sheets as CSV, a file each, in one zip: for programs that take no workbook, and for sheets of any length."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import TextIOWrapper
from itertools import islice
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from prima.spreadsheets.cells import FORBIDDEN_IN_XML
from prima.spreadsheets.sheets import Kind, Sheet, Unwritable, valid_names

BATCH = 500
COMPRESSION = 1
READ_AS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""A text that begins so is a formula to a spreadsheet that opens the file; an apostrophe before it keeps it a text."""


def write_archive(file: BinaryIO, sheets: Sequence[Sheet]) -> dict[str, int]:
    """Write the sheets into a seekable file, UTF-8 with its mark, and say how many rows each holds, by its name."""
    if not sheets:
        raise Unwritable("an archive needs at least one sheet.")
    written = {}
    start = file.tell()
    try:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
            for sheet, name in zip(sheets, valid_names(sheet.name for sheet in sheets), strict=True):
                with (
                    archive.open(f"{name}.csv", "w", force_zip64=True) as part,
                    TextIOWrapper(part, "utf-8-sig", newline="") as text,
                ):
                    written[name] = _write_rows(text, sheet)
    except BaseException:
        file.seek(start)
        file.truncate()
        raise
    return written


def _write_rows(text: TextIOWrapper, sheet: Sheet) -> int:
    writer = csv.writer(text)
    writer.writerow([_safe(column.heading) for column in sheet.columns])
    rows, count = iter(sheet.rows), 0
    while batch := list(islice(rows, BATCH)):
        turned: Any = zip(*batch, strict=True) if sheet.in_order else ([*map(c.read, batch)] for c in sheet.columns)
        columns = [list(map(SAID[column.kind], values)) for column, values in zip(sheet.columns, turned, strict=True)]
        writer.writerows(zip(*columns, strict=True))
        count += len(batch)
    return count


def _safe(value: Any) -> Any:
    """A text without what is no character, which no spreadsheet takes for a formula."""
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isprintable():
        text = FORBIDDEN_IN_XML.sub("", text)
    return "'" + text if text and text[0] in READ_AS_FORMULA else text


def _number(value: Any) -> Any:
    """Digits and a point, whatever the number is like."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return moment.isoformat(" ", "seconds")


SAID: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _safe,
    Kind.MONEY: _number,
    Kind.NUMBER: _number,
    Kind.PERCENT: _number,
    Kind.DAY: lambda day: day and day.isoformat(),
    Kind.MOMENT: _moment,
}
