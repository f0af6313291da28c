"""Reads tables people hand in as CSV, and says everything that is wrong with one at once."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

DELIMITERS = ",;\t"
MOST_PROBLEMS = 1_000  # enough to mend a file by; more would only fill the memory
LONGEST_HEADINGS = 10_000  # characters in which the delimiter is looked for
LONGEST_QUOTE = 100  # characters of a cell repeated in a problem
PLAIN_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
LARGEST_AMOUNT_DIGITS = 15
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """One row; `number` is the line of the file it begins on, the headings being on line 1."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Problem:
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        column = f", column “{self.column}”" if self.column else ""
        value = f" “{self.value}”:" if self.value else ""
        return f"Line {self.line}{column}:{value} {self.reason}"


class BadTable(ValueError):
    """The file cannot be read as the table it should be; `problems` says why, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def read_csv(data: bytes, columns: Sequence[str], *, optional: Sequence[str] = ()) -> list[Line]:
    """The rows of a table with these columns, in any order, each value without the space around it.

    UTF-8 or, failing that, Windows-1252; commas, semicolons or tabs. A row without a single value is left out; an
    optional column the file does not have reads as "". Raises BadTable.
    """
    text = _decoded(data)
    known = [*columns, *optional]
    delimiter = _delimiter(text, known)
    problems: list[Problem] = []
    lines: list[Line] = []
    headings: list[str] | None = None
    for number, cells in _records(text, delimiter, problems):
        if headings is None:
            headings = _without_empty_end(cells)
            problems += _wrong_headings(number, headings, columns, known)
            continue
        if len(cells) > len(headings):
            cells = cells[: len(headings)] + _without_empty_end(cells[len(headings) :])
        if not any(cells):
            continue
        if len(cells) != len(headings):
            problems.append(Problem(number, "", "", _miscounted(len(cells), len(headings))))
        else:
            lines.append(Line(number, dict.fromkeys(optional, "") | dict(zip(headings, cells, strict=True))))
        if len(problems) >= MOST_PROBLEMS:
            problems.append(Problem(number, "", "", "The file was not read any further: it has too many problems."))
            break
    if headings is None and not problems:
        problems.append(Problem(1, "", "", "The file is empty."))
    if problems:
        raise BadTable(problems)
    return lines


def rows_of(data: bytes, *, most: int) -> list[tuple[int, list[str]]]:
    """Each row with something in it, and the line it begins on, whatever its columns are. Raises BadTable."""
    text = _decoded(data)
    problems: list[Problem] = []
    found = []
    for number, cells in _records(text, _delimiter(text, ()), problems):
        if len(found) == most:
            raise BadTable([Problem(number, "", "", f"At most {most:,} rows are read.")])
        found.append((number, cells))
    if not (found or problems):
        problems.append(Problem(1, "", "", "The file is empty."))
    if problems:
        raise BadTable(problems)
    return found


def amount(text: str) -> Decimal:
    """An amount of money as plain digits, with at most two decimals. Raises ValueError with the reason."""
    text = text.strip()
    if match := PLAIN_AMOUNT.fullmatch(text):
        whole, decimals = match.groups(default="")
        if len(whole) > LARGEST_AMOUNT_DIGITS:
            raise ValueError(f"An amount has at most {LARGEST_AMOUNT_DIGITS} digits before the decimal point.")
        if len(decimals) > 2:
            raise ValueError("An amount has at most two decimals.")
        return Decimal(text)
    if not text:
        raise ValueError("An amount is missing.")
    if text[0] in "-−(":
        raise ValueError("An amount cannot be negative.")
    if any(mark in text for mark in ",' \u00a0\u202f’") or text.count(".") > 1:
        raise ValueError("Write an amount without thousands separators and with a point before the decimals: 1234.56.")
    raise ValueError("An amount is written in plain digits, such as 1234.56.")


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise BadTable([Problem(line, "", "", "This is not a CSV file: save the table as “CSV UTF-8” and try again.")])
    marked = data.startswith(BYTE_ORDER_MARK)
    data = data.removeprefix(BYTE_ORDER_MARK)
    for encoding in ["utf-8"] if marked else ["utf-8", "cp1252"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            at = error.start
    line, value = data[:at].count(b"\n") + 1, f"0x{data[at]:02X}"
    reason = "This byte is no character in UTF-8 or Windows-1252: save the file as “CSV UTF-8” and try again."
    raise BadTable([Problem(line, "", value, reason)])


def _delimiter(text: str, known: Sequence[str]) -> str:
    """The one that finds most of the columns we know; if it is a tie, the one that finds most columns."""
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")[:LONGEST_HEADINGS]

    def found(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        return len(set(cells) & set(known)), len(cells)

    return max(DELIMITERS, key=found)


def _records(text: str, delimiter: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Every record with a cell in it and the line it begins on. What is not CSV ends the reading with a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        reasons = {
            "unexpected end of data": "A quotation mark is opened here and never closed.",
            "field larger": "A cell is longer than can be read; perhaps a quotation mark is never closed.",
            "expected after": "A quotation mark inside a quoted cell has to be doubled.",
        }
        reason = next((reason for part, reason in reasons.items() if part in str(error)), "This line is not CSV.")
        problems.append(Problem(begins, "", "", reason))


def _wrong_headings(line: int, headings: list[str], columns: Sequence[str], known: Sequence[str]) -> list[Problem]:
    counts = Counter(headings)
    return [
        *(Problem(line, name, "", "This column is missing.") for name in columns if name not in counts),
        *(
            Problem(line, _short(name), "", f"This column stands here {count} times.")
            for name, count in counts.items()
            if count > 1 and name
        ),
        *(
            Problem(line, _short(name), "", "This column is unknown." if name else "A column has no heading.")
            for name in counts
            if name not in known
        ),
    ]


def _miscounted(cells: int, headings: int) -> str:
    how = "many" if cells > headings else "few"
    return f"This row has too {how} cells: {cells}, where the headings are {headings}."


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
