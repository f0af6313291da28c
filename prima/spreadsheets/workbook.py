"""Writes the workbook: openpyxl builds it with its styles and no rows, the rows are streamed into its zip."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from operator import itemgetter
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import tostring

from prima.spreadsheets.cells import Styles
from prima.spreadsheets.rows import Rows
from prima.spreadsheets.sheets import Column, Kind, Sheet, TooManyRows, Unwritable, check_table, valid_names

CREATOR = "PRIMA"
MOST_ROWS = 1_048_575  # and the headings
MOST_COLUMNS = 16_384
LARGEST_PART = 2**31 - 2**24  # bytes of XML; beyond it the zip needs an extension that makes Excel offer a repair
BATCH = 500  # rows
COMPRESSION = 1  # level 6 makes the file a fifth smaller and takes three times as long

FORMATS = {
    Kind.TEXT: "General",
    Kind.MONEY: "#,##0.00",
    Kind.NUMBER: "General",
    Kind.DAY: "d mmm yyyy",
    Kind.MOMENT: "d mmm yyyy hh:mm",
    Kind.PERCENT: "0.0%",
}
WIDTHS = {Kind.MONEY: 18, Kind.NUMBER: 11, Kind.DAY: 13, Kind.MOMENT: 19, Kind.PERCENT: 10}
NARROWEST_TEXT, WIDEST_TEXT = 10, 50
FILTER_BUTTON = 4  # characters its button takes from a heading

SIZE = re.compile(rb"<dimension [^>]*/>")  # that of the sheet without rows, so it is left out
EMPTY_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")


def write(file: BinaryIO, sheets: Sequence[Sheet], *, created: datetime) -> dict[str, int]:
    """Write the sheets into a seekable file and say how many rows each holds, by the name Excel shows.

    Raises Unwritable for what Excel cannot hold. After any error the file is as long as it was before.
    """
    names = valid_names(sheet.name for sheet in sheets)
    for sheet, name in zip(sheets, names, strict=True):
        if not 0 < len(sheet.columns) <= MOST_COLUMNS:
            raise Unwritable(f"a sheet has 1 to {MOST_COLUMNS:,} columns, not {len(sheet.columns):,}.", sheet=name)
        if sheet.table:
            check_table(sheet)
    book = _book(names, created)
    for sheet, page in zip(sheets, book.worksheets, strict=True):
        if sheet.table:
            page.add_table(_table(sheet))
    parts = _parts(book)
    written = {}
    start = file.tell()
    try:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
            for sheet, page in zip(sheets, book.worksheets, strict=True):
                path = page.path.removeprefix("/")
                before, after = EMPTY_ROWS.split(parts[path])
                with archive.open(path, "w") as part:
                    part.write(SIZE.sub(b"", before))
                    written[page.title] = _write_rows(part, sheet, page)
                    part.write(after)
            # Only now are the ranges of the filters known, which the workbook's own part names too.
            for path, content in _parts(book).items():
                if path not in archive.NameToInfo:
                    with archive.open(path, "w") as part:
                        part.write(content)
    except BaseException as error:
        file.seek(start)
        file.truncate()
        if isinstance(error, Unwritable):
            raise type(error)(error.reason, sheet=page.title, column=error.column, row=error.row) from None
        raise
    return written


def _book(names: Iterable[str], created: datetime) -> Workbook:
    book = Workbook()
    book.remove(book.active)
    for name in names:
        book.create_sheet(name).freeze_panes = "A2"
    if not book.worksheets:
        raise Unwritable("a workbook needs at least one sheet.")
    book.properties.title = book.properties.creator = CREATOR
    moment = created.astimezone(UTC).replace(tzinfo=None) if created.tzinfo else created
    book.properties.created = book.properties.modified = moment.replace(microsecond=0)
    return book


def _parts(book: Workbook) -> dict[str, bytes]:
    """The files inside the workbook; ExcelWriter, unlike book.save(), leaves the date of change alone."""
    memory = BytesIO()
    ExcelWriter(book, ZipFile(memory, "w")).save()
    with ZipFile(memory) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _styles(page: Worksheet) -> tuple[Styles, Styles]:
    """The looks of the headings and of the rows."""
    heading = {"font": Font(bold=True), "alignment": Alignment(wrap_text=True, vertical="center")}
    return (
        Styles({Kind.TEXT: _style(page, **heading)}, quoted=_style(page, **heading, quotePrefix=True)),
        Styles(
            {kind: _style(page, number_format=FORMATS[kind]) for kind in Kind}, quoted=_style(page, quotePrefix=True)
        ),
    )


def _style(page: Worksheet, **looks: Any) -> int:
    cell = WriteOnlyCell(page)
    for name, look in looks.items():
        setattr(cell, name, look)
    return int(cell.style_id)


def _write_rows(part: IO[bytes], sheet: Sheet, page: Worksheet) -> int:
    heading_styles, styles = _styles(page)
    rows = iter(sheet.rows)
    batch = list(islice(rows, BATCH))
    letters = [get_column_letter(number) for number in range(1, len(sheet.columns) + 1)]
    for letter, column in zip(letters, sheet.columns, strict=True):
        page.column_dimensions[letter].width = column.width or _width(column, batch)
    part.write(tostring(page.column_dimensions.to_tree()))

    headings = [column.heading for column in sheet.columns]
    as_text = [Column(heading, itemgetter(index)) for index, heading in enumerate(headings)]
    part.write(b"<sheetData>" + Rows(as_text, letters, heading_styles).xml([headings], 1))

    body = Rows(sheet.columns, letters, styles, in_order=sheet.in_order)
    count = size = 0
    while batch:
        if count + len(batch) > MOST_ROWS:
            raise TooManyRows(f"a sheet holds at most {MOST_ROWS:,} rows below its headings.")
        xml = body.xml(batch, count + 2)
        count, size = count + len(batch), size + len(xml)
        if size > LARGEST_PART:
            raise Unwritable("there is too much in this sheet for one workbook.", row=count + 1)
        part.write(xml)
        batch = list(islice(rows, BATCH))

    # The range stands behind the rows, or in a part of its own, so their number need not be known before.
    part.write(b"</sheetData>")
    if sheet.table:
        _stretch(page.tables[sheet.table], letters[-1], count)
    else:
        page.auto_filter.ref = f"A1:{letters[-1]}{count + 1}"
        part.write(tostring(page.auto_filter.to_tree()))
    return count


def _table(sheet: Sheet) -> Table:
    """Around the headings and one row; `_stretch` says later how far it goes. It filters, so the sheet does not."""
    table = Table(displayName=sheet.table, name=sheet.table, ref="A1:A2")
    table.tableColumns = [TableColumn(id=place, name=one.heading) for place, one in enumerate(sheet.columns, 1)]
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    table.autoFilter = AutoFilter(ref=table.ref)
    _stretch(table, get_column_letter(len(sheet.columns)), 1)
    return table


def _stretch(table: Table, last: str, rows: int) -> None:
    """A table has at least one row below its headings, be it empty."""
    table.ref = table.autoFilter.ref = f"A1:{last}{max(rows, 1) + 1}"


def _width(column: Column, rows: Sequence[Any]) -> float:
    """Wide enough for the longest word of the heading, which wraps, and for what the first rows hold."""
    heading = max(map(len, column.heading.split()), default=0) + FILTER_BUTTON
    if column.kind is not Kind.TEXT:
        return max(heading, WIDTHS[column.kind])
    values = (str(value) for value in map(column.read, rows) if value is not None)
    longest = max((len(line) for value in values for line in value.splitlines()), default=0) + 2
    return max(NARROWEST_TEXT, min(WIDEST_TEXT, max(heading, longest)))
