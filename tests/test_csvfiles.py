"""Tables as people hand them in: every encoding and delimiter, and every problem named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.csvfiles import MOST_PROBLEMS, BadTable, Line, Problem, amount, read_csv

COLUMNS = ("region", "country", "amount")


def problems(data, columns=COLUMNS, **more):
    with pytest.raises(BadTable) as bad:
        read_csv(data if isinstance(data, bytes) else data.encode(), columns, **more)
    return bad.value.problems


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_file_reads_the_same(delimiter, encoding, end):
    rows = [("region", "country", "amount"), ("West Africa", "Côte d’Ivoire", "1.5")]
    data = "".join(delimiter.join(row) + end for row in rows).encode(encoding)
    values = {"region": "West Africa", "country": "Côte d’Ivoire", "amount": "1.5"}
    assert read_csv(data, COLUMNS) == [Line(2, values)]


def test_lines_are_counted_as_an_editor_does():
    data = b'\nregion,country,amount\n\nA,"two\nlines",1\n ,,\nB,"x, ""y""",2\n'
    lines = read_csv(data, COLUMNS)
    assert [(line.number, line.values["country"]) for line in lines] == [(4, "two\nlines"), (7, 'x, "y"')]


def test_columns_may_stand_in_any_order_and_optional_ones_be_absent():
    data = b" amount ;region;country;note\n1; A ;B;\xc2\xa0x\n"
    assert read_csv(data, COLUMNS, optional=("note", "code")) == [
        Line(2, {"note": "x", "code": "", "amount": "1", "region": "A", "country": "B"})
    ]


def test_a_semicolon_file_with_many_commas_is_still_a_semicolon_file():
    data = b'region;country;amount\n"a,b,c";d,e,f,g;1,5\n'
    assert read_csv(data, COLUMNS)[0].values == {"region": "a,b,c", "country": "d,e,f,g", "amount": "1,5"}


def test_empty_cells_at_the_end_do_no_harm():
    assert len(read_csv(b"region,country,amount,,\nA,B,1,,\nA,B,1\nA,B,\n", COLUMNS)) == 3


def test_headings_alone_are_a_table_without_rows():
    assert read_csv(b"region,country,amount\n", COLUMNS) == []


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n \r\n", b",,,\n"])
def test_an_empty_file_says_so(data):
    assert problems(data) == [Problem(1, "", "", "The file is empty.")]


def test_all_problems_are_told_together():
    assert problems("country,region,region,colour,,amount2\nA,B,C,D,E,F\nA,B\nA,B,C,D,E,F,G\n") == [
        Problem(1, "amount", "", "This column is missing."),
        Problem(1, "region", "", "This column stands here 2 times."),
        Problem(1, "colour", "", "This column is unknown."),
        Problem(1, "", "", "A column has no heading."),
        Problem(1, "amount2", "", "This column is unknown."),
        Problem(3, "", "", "This row has too few cells: 2, where the headings are 6."),
        Problem(4, "", "", "This row has too many cells: 7, where the headings are 6."),
    ]


def test_a_problem_reads_as_a_sentence():
    assert str(Problem(3, "amount", "-5", "An amount cannot be negative.")) == (
        "Line 3, column “amount”: “-5”: An amount cannot be negative."
    )
    assert str(BadTable([Problem(1, "", "", "The file is empty.")])) == "Line 1: The file is empty."


def test_an_optional_column_cannot_stand_twice():
    assert problems("region,country,amount,note,note\n", optional=("note",)) == [
        Problem(1, "note", "", "This column stands here 2 times.")
    ]


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"region,country,amount\nA,B\x00,1\n", 2, "This is not a CSV file"),
        ("region,country,amount\n".encode("utf-16"), 1, "This is not a CSV file"),
        (b"region,country,amount\nA,\x81,1\n", 2, "This byte is no character"),
        (b"\xef\xbb\xbfregion,country,amount\nA,\xe9,1\n", 2, "This byte is no character"),
        (b'region,country,amount\nA,B,1\nA,"B,1\nA,B,1\n', 3, "A quotation mark is opened here and never closed."),
        (b'region,country,amount\nA,"B"x,1\n', 2, "A quotation mark inside a quoted cell has to be doubled."),
        (b"region,country,amount\nA,B," + b"1" * 140_000, 2, "A cell is longer than can be read"),
    ],
)
def test_what_is_not_csv_is_refused_with_its_line(data, line, reason):
    (problem,) = problems(data)
    assert problem.line == line
    assert problem.reason.startswith(reason)


def test_a_hopeless_file_is_not_read_to_its_end():
    found = problems("region,country,amount\n" + "A\n" * 5_000)
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].line == MOST_PROBLEMS + 1


@given(st.binary())
def test_any_bytes_are_a_table_or_a_named_problem(data):
    try:
        read_csv(b"region,country,amount\n" + data, COLUMNS)
    except BadTable as bad:
        assert bad.problems


@pytest.mark.parametrize(
    ("text", "value"), [("0", "0"), ("12", "12"), (" 1234.5 ", "1234.5"), ("999999999999999.99", "999999999999999.99")]
)
def test_plain_amounts_are_read_exactly(text, value):
    assert str(amount(text)) == value
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        ("-1", "negative"),
        ("−1", "negative"),
        ("(1)", "negative"),
        ("-inf", "negative"),
        ("1.234", "two decimals"),
        ("1.234,56", "thousands separators"),
        ("1,234.56", "thousands separators"),
        ("1 234", "thousands separators"),
        ("1'234", "thousands separators"),
        ("1.234.567", "thousands separators"),
        ("1" * 16, "15 digits"),
        ("1e308", "plain digits"),
        ("NaN", "plain digits"),
        ("inf", "plain digits"),
        ("+1", "plain digits"),
        (".5", "plain digits"),
        ("5.", "plain digits"),
        ("USD 5", "thousands|plain digits"),
        ("١٢", "plain digits"),
        ("1_000", "plain digits"),
    ],
)
def test_other_amounts_are_refused_in_plain_words(text, reason):
    with pytest.raises(ValueError, match=reason):
        amount(text)
