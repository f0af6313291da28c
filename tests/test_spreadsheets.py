"""Workbooks as Excel reads them: values, styles, ranges, and what is refused."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from prima.spreadsheets import Column, Kind, Sheet, TooLong, TooManyRows, Unwritable, workbook, write, write_archive
from prima.spreadsheets.sheets import valid_names

HOUSE = Path(__file__).parents[1]
CREATED = datetime(2016, 10, 1, 9, 30, tzinfo=UTC)


def a_sheet(*values, kind=Kind.TEXT, heading="Value", name="Projects"):
    return Sheet(name, (Column(heading, itemgetter(0), kind),), ((value,) for value in values))


def written(*sheets):
    file = BytesIO()
    write(file, sheets, created=CREATED)
    return file


def xml(file, part="xl/worksheets/sheet1.xml"):
    return ZipFile(file).read(part).decode()


def opened(file):
    return openpyxl.load_workbook(file)


def cells(file):
    """The cells below the heading of the first column."""
    return [row[0] for row in opened(file).worksheets[0].iter_rows(min_row=2)]


def as_calamine_reads(file):
    file.seek(0)
    return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


def number_format_and_prefix(cell):
    return cell.number_format, cell.quotePrefix


def test_every_kind_of_value_comes_back_from_both_readers():
    columns = [Column(kind.title(), itemgetter(index), kind) for index, kind in enumerate(Kind)]
    moment = datetime(2016, 10, 1, 14, 5, tzinfo=timezone(timedelta(hours=2)))
    row = ("Kenya", Decimal("1234.50"), 2016, date(2016, 2, 29), moment, Decimal("0.25"))
    file = written(Sheet("Projects", columns, [row]))
    heading, cells = opened(file).active.iter_rows()
    assert [cell.value for cell in heading] == ["Text", "Money", "Number", "Day", "Moment", "Percent"]
    in_utc = datetime(2016, 10, 1, 12, 5)  # noqa: DTZ001
    assert [cell.value for cell in cells] == ["Kenya", 1234.5, 2016, datetime(2016, 2, 29), in_utc, 0.25]  # noqa: DTZ001
    formats = ["General", "#,##0.00", "General", "d mmm yyyy", "d mmm yyyy hh:mm", "0.0%"]
    assert [cell.number_format for cell in cells] == formats
    assert as_calamine_reads(file)[1] == ["Kenya", 1234.5, 2016, date(2016, 2, 29), in_utc, 0.25]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("0.10"), "0.10"),
        (Decimal("-7.005"), "-7.005"),
        (Decimal("999999999999999.99"), "999999999999999.99"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-7"), "0.0000000"),
        (0, "0"),
    ],
)
def test_money_stands_in_the_file_digit_by_digit(amount, text):
    assert f"<v>{text}</v>" in xml(written(a_sheet(Decimal("1.00"), amount, kind=Kind.MONEY)))


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_a_blank_cell(kind):
    file = written(a_sheet(None, "", kind=kind))
    assert [cell.value for cell in cells(file)] == [None, None]
    body = xml(file).partition('<row r="2">')[2]
    assert "<v>" not in body
    assert "<is>" not in body


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "'quoted", " =1+1", "＝1+1"])
def test_a_text_like_a_formula_stays_text_even_when_edited(value):
    file = written(a_sheet(value, "harmless"))
    cell, harmless = cells(file)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (value, "s", True)
    assert not harmless.quotePrefix
    assert "<f>" not in xml(file)
    assert 'quotePrefix="1"' in xml(file, "xl/styles.xml")


def test_a_heading_like_a_formula_stays_text():
    heading = opened(written(a_sheet(heading="=1+1"))).active["A1"]
    assert (heading.value, heading.quotePrefix, heading.font.bold) == ("=1+1", True, True)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("  spaces  kept ", "  spaces  kept "),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("from\r\na form\rhere", "from\na form\nhere"),
        ("<b>&amp; \"quotes\" 'too' ]]>", "<b>&amp; \"quotes\" 'too' ]]>"),
        ("bell\x07 and \x00nothing\ufffe\uffff\ud800", "bell and nothing"),
        ("👩‍👩‍👧 émigré العربية עברית 中文", "👩‍👩‍👧 émigré العربية עברית 中文"),
        ("_x0041_ _x000D_ _x005F_ _x00_ _xyz_", "_x0041_ _x000D_ _x005F_ _x00_ _xyz_"),
        ("_x0041_x0042_", "_x0041_x0042_"),
        ("_x00\x0041_", "_x0041_"),
        ("None", "None"),
    ],
)
def test_texts_come_back_as_they_went(text, back):
    file = written(a_sheet(text))
    assert as_calamine_reads(file)[1] == [back]
    assert unescape(cells(file)[0].value) == back


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)))
def test_any_text_comes_back(texts):
    assert [row[0] for row in as_calamine_reads(written(a_sheet("first", *texts)))[2:]] == texts


def test_a_text_of_equal_numbers_keeps_each_one_apart():
    values = [cell.value for cell in cells(written(a_sheet(1, True, Decimal("1.0"), Kind.TEXT)))]
    assert values == ["1", "True", "1.0", "text"]


def test_a_day_excel_cannot_count_stays_readable():
    file = written(a_sheet(date(1900, 3, 1), date(1900, 2, 28), date(216, 1, 1), date(9999, 12, 31), kind=Kind.DAY))
    first, *old, last = cells(file)
    assert (first.value.date(), last.value.date()) == (date(1900, 3, 1), date(9999, 12, 31))
    assert [cell.value for cell in old] == ["1900-02-28", "0216-01-01"]


def test_headings_are_bold_frozen_and_filterable_over_all_rows():
    columns = [Column(f"Column {number}", itemgetter(0)) for number in range(30)]
    rows = 2 * workbook.BATCH + 7
    file = written(Sheet("Tom & Co's", columns, ((str(number),) for number in range(rows))))
    book = opened(file)
    page = book.active
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == f"A1:AD{rows + 1}" == page.dimensions
    assert all(cell.font.bold for cell in page[1])
    assert re.search(r'<pane [^>]*ySplit="1"[^>]*state="frozen"', xml(file))
    assert f"'Tom &amp; Co''s'!$A$1:$AD${rows + 1}" in xml(file, "xl/workbook.xml")
    assert [page.cell(row, 30).value for row in (2, rows + 1)] == ["0", str(rows - 1)]


def test_the_parts_of_a_sheet_stand_in_the_order_of_the_schema():
    parts = re.findall(r"<(dimension|sheetViews|cols|sheetData|autoFilter|pageMargins)\b", xml(written(a_sheet("x"))))
    assert parts == ["sheetViews", "cols", "sheetData", "autoFilter", "pageMargins"]


def test_a_sheet_without_rows_has_its_headings_and_filter():
    page = opened(written(a_sheet())).active
    assert (page["A1"].value, page.max_row, page.auto_filter.ref) == ("Value", 1, "A1:A1")


def test_columns_are_as_wide_as_asked_or_needed():
    columns = [
        Column("Reference", itemgetter(0)),
        Column("Summary", itemgetter(1)),
        Column("Resettlement (USD)", itemgetter(2), Kind.MONEY),
        Column("Title", itemgetter(0), width=33),
    ]
    page = opened(written(Sheet("Projects", columns, [("LM.0276", "word " * 100, Decimal(1))]))).active
    assert [page.column_dimensions[letter].width for letter in "ABCD"] == [13, 50, 18, 33]


def test_it_says_how_many_rows_each_sheet_got_by_its_valid_name():
    file = BytesIO()
    assert write(file, [a_sheet("a", "b", name="A/B"), a_sheet(name="a:b")], created=CREATED) == {
        "A B": 2,
        "a b (2)": 0,
    }
    assert opened(file).sheetnames == ["A B", "a b (2)"]


def test_sheet_names_are_made_valid_and_unique():
    names = valid_names(["x" * 40, "X" * 40, "", "'[]:*?/\\'", "History", "a" * 30 + "👩", "O'Brien"])
    assert names == ["x" * 31, "X" * 27 + " (2)", "Sheet", "Sheet (2)", "History (2)", "a" * 30, "O'Brien"]


@pytest.mark.parametrize("text", ["x" * 32_767, "👩" * 16_383 + "x", "&" * 32_767])
def test_the_longest_text_is_written_whole(text):
    assert cells(written(a_sheet(text)))[0].value == text


@pytest.mark.parametrize("text", ["x" * 32_768, "👩" * 16_384])
def test_a_longer_text_is_refused_with_its_place(text):
    rows = [(str(number), "fine") for number in range(workbook.BATCH + 5)]
    rows[-1] = ("last", text)
    columns = [Column("Title", itemgetter(0)), Column("Summary", itemgetter(1))]
    file = BytesIO(b"before")
    file.seek(6)
    with pytest.raises(TooLong) as refused:
        write(file, [a_sheet("x", name="First"), Sheet("Long/ones", columns, iter(rows))], created=CREATED)
    error = refused.value
    assert (error.sheet, error.column, error.row) == ("Long ones", "Summary", workbook.BATCH + 6)
    assert str(error) == (
        "Sheet “Long ones”, column “Summary”, row 506: the text has 32,768 characters; a cell holds at most 32,767."
    )
    assert file.getvalue() == b"before"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Kind.MONEY, 0.1, "0.1 is not an exact number."),
        (Kind.MONEY, "12", "'12' is not an exact number."),
        (Kind.MONEY, True, "True is not an exact number."),
        (Kind.MONEY, Decimal("NaN"), "NaN is not a finite number."),
        (Kind.NUMBER, float("inf"), "inf is not a finite number."),
        (Kind.NUMBER, 10**308, "1.000E+308 is larger than any number Excel knows."),
        (Kind.DAY, "2016-10-01", "'2016-10-01' is not a date."),
        (Kind.MOMENT, date(2016, 10, 1), "datetime.date(2016, 10, 1) is not a moment."),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(kind, value, reason):
    with pytest.raises(Unwritable) as refused:
        written(a_sheet(None, value, kind=kind))
    assert (refused.value.reason, refused.value.column, refused.value.row) == (reason, "Value", 3)


def test_a_float_is_a_number_in_full():
    assert "<v>10000000000000000</v>" in xml(written(a_sheet(1e16, 0.5, kind=Kind.NUMBER)))


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert len(cells(written(a_sheet("a", "b", "c")))) == 3
    with pytest.raises(TooManyRows, match="Sheet “Projects”: a sheet holds at most 3 rows"):
        written(a_sheet("a", "b", "c", "d"))


def test_a_sheet_too_large_for_the_zip_is_refused(monkeypatch):
    monkeypatch.setattr(workbook, "LARGEST_PART", 1000)
    with pytest.raises(Unwritable, match="too much in this sheet"):
        written(a_sheet(*["text"] * 100))


def test_a_workbook_has_sheets_and_a_sheet_has_columns():
    with pytest.raises(Unwritable, match="at least one sheet"):
        written()
    with pytest.raises(Unwritable, match="Sheet “Empty”: a sheet has 1 to 16,384 columns, not 0"):
        written(Sheet("Empty", (), []))


def test_an_error_of_the_rows_passes_through_and_leaves_no_file():
    def rows():
        yield ("one",)
        raise ConnectionError

    file = BytesIO()
    with pytest.raises(ConnectionError):
        write(file, [Sheet("Projects", [Column("Title", itemgetter(0))], rows())], created=CREATED)
    assert file.getvalue() == b""


def test_the_file_says_prima_and_the_time_it_was_given():
    properties = opened(written(a_sheet("x"))).properties
    assert (properties.title, properties.creator) == ("PRIMA", "PRIMA")
    assert properties.created == properties.modified == datetime(2016, 10, 1, 9, 30)  # noqa: DTZ001


def test_the_same_rows_make_the_same_file():
    assert written(a_sheet("x", "y")).getvalue() == written(a_sheet("x", "y")).getvalue()


def test_it_does_not_need_lxml():
    program = (
        "import io, datetime, openpyxl; from prima.spreadsheets import *; file = io.BytesIO();"
        "write(file, [Sheet('S', [Column('C', str)], 'ab')], created=datetime.datetime(2016, 10, 1));"
        "assert not openpyxl.LXML; assert openpyxl.load_workbook(file).active['A3'].value == 'b'"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HOUSE, env={"OPENPYXL_LXML": "False"}, timeout=60)


# -- tables and CSV ---------------------------------------------------------------------------------------------------


def a_table(name, *values, heading="Value"):
    columns = (Column(heading, itemgetter(0), cut=True), Column("Amount", itemgetter(1), Kind.MONEY))
    return Sheet(name.replace("_", " "), columns, values, name, in_order=True)


def test_a_sheet_is_a_table_as_far_as_its_rows_go():
    rows = [(f"<{number}>", Decimal(number)) for number in range(1234)]
    book = opened(written(a_table("Budget_lines", *rows, heading="B & <c>"), a_table("Empty"), a_sheet("x")))
    [table], [empty] = (book[name].tables.values() for name in ("Budget lines", "Empty"))
    assert (table.displayName, table.ref, table.autoFilter.ref) == ("Budget_lines", "A1:B1235", "A1:B1235")
    assert [column.name for column in table.tableColumns] == ["B & <c>", "Amount"]
    assert empty.ref == "A1:B2"
    assert (table.id, empty.id) == (1, 2)
    assert book["Budget lines"].auto_filter.ref is None
    assert book["Projects"].auto_filter.ref == "A1:A2" and not book["Projects"].tables
    assert [cell.value for cell in book["Budget lines"][1235]] == ["<1233>", 1233]


@pytest.mark.parametrize("name", ["AB1", "R1C1", "1st", "a b", "Pro", "Ab=c", ""])
def test_a_name_that_excel_takes_for_a_cell_is_refused(name):
    sheet = Sheet("S", (Column("A", itemgetter(0)),), [], name or "-")
    with pytest.raises(Unwritable, match="is no name of a table"):
        written(sheet)


def test_a_table_has_a_heading_of_its_own_for_each_column():
    columns = (Column("Name", itemgetter(0)), Column("name", itemgetter(0)))
    with pytest.raises(Unwritable, match="a heading of its own"):
        written(Sheet("S", columns, [], "Sheet_one"))


@pytest.mark.parametrize("text", ["a" * 32_768, "😀" * 16_384, "a" * 32_000 + "😀" * 400])
def test_a_text_over_the_limit_is_cut_where_the_column_says_so(text):
    file = written(a_table("Texts", (text, None), ("a" * 32_767, None)))
    cut, whole = (opened(file)["Texts"].cell(number, 1).value for number in (2, 3))
    assert cut.endswith("[cut: a cell of Excel holds no more]") and cut[:100] == text[:100]
    assert 16_000 < len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert len(whole) == 32_767


def test_csv_holds_the_same_in_plain_words():
    columns = [Column(kind.title(), itemgetter(index), kind) for index, kind in enumerate(Kind)]
    moment = datetime(2016, 10, 1, 12, 30, tzinfo=timezone(timedelta(hours=3)))
    row = ("=Kenya, “x”\n2", Decimal("-1E+3"), 7, date(2016, 10, 1), moment, Decimal("0.25"))
    blank = (None,) * len(row)
    file = BytesIO()
    sheets = [Sheet("Facts", columns, [row, blank]), Sheet("facts", columns, (one for one in [row]), in_order=True)]
    assert write_archive(file, sheets) == {"Facts": 2, "facts (2)": 1}
    with ZipFile(file) as archive:
        text = archive.read("Facts.csv").decode("utf-8")
        again = archive.read("facts (2).csv").decode("utf-8")
    assert text.startswith("\ufeffText,Money,Number,Day,Moment,Percent\r\n")
    said = '"\'=Kenya, “x”\n2",-1000,7,2016-10-01,2016-10-01 09:30:00,0.25\r\n'
    assert text.endswith(said + ",,,,,\r\n") and again.endswith(said)


def test_an_archive_that_fails_leaves_nothing():
    def rows():
        yield ("a",)
        raise ZeroDivisionError

    file = BytesIO()
    with pytest.raises(ZeroDivisionError):
        write_archive(file, [Sheet("S", (Column("A", itemgetter(0)),), rows())])
    assert file.getvalue() == b""
    with pytest.raises(Unwritable):
        write_archive(file, [])
