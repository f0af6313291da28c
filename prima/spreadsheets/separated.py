"""A table as comma-separated values, which a spreadsheet opens without reading any text of it as a formula."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from prima.spreadsheets.cells import READ_AS_FORMULA
from prima.spreadsheets.sheets import Column

MARK = "\ufeff"
"""By it a spreadsheet knows that the file is UTF-8."""


def separated(columns: Sequence[Column], rows: Iterable[Any]) -> bytes:
    """Headings and rows; amounts in plain digits, days as 2016-10-12, and nothing where there is no value."""
    file = StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([_safe(column.heading) for column in columns])
    for row in rows:
        writer.writerow([_plain(column.read(row)) for column in columns])
    return (MARK + file.getvalue()).encode()


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case int() | float():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    return _safe(str(value))


def _safe(text: str) -> str:
    """An apostrophe before what would be taken for a formula: spreadsheets show the rest as it is."""
    text = text.replace("\0", "")
    return f"'{text}" if text[:1] in READ_AS_FORMULA and text else text
