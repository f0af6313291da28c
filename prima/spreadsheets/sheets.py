"""What a sheet is: its columns, its rows, a name Excel accepts, and the ways in which it can be refused."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LONGEST_NAME = 31
RESERVED_NAME = "history"  # Excel keeps it for its own list of changes
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")


class Kind(StrEnum):
    TEXT = "text"
    MONEY = "money"  # Decimal or int; a float is refused
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"  # a datetime, shown in UTC
    PERCENT = "percent"  # a share: 0.25 shows as 25.0%


@dataclass(frozen=True)
class Column:
    """One column. `read` takes a row to its value and has no side effects; None and "" leave the cell blank."""

    heading: str
    read: Callable[[Any], Any]
    kind: Kind = Kind.TEXT
    width: float | None = None  # in characters; without it, as wide as the kind and the first rows need
    cut: bool = False  # a text over the limit of a cell is cut short and says so; otherwise it is refused


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` is gone through once, so it may be a generator."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    table: str = ""  # the name of Excel's own table around it, which other sheets and queries call it by
    in_order: bool = False  # each row is the values of its columns in their order: no column is asked to read


class Unwritable(ValueError):
    """A value or a sheet that Excel cannot hold; `row` counts as Excel does, the headings being row 1."""

    def __init__(self, reason: str, *, sheet: str = "", column: str = "", row: int = 0) -> None:
        self.reason, self.sheet, self.column, self.row = reason, sheet, column, row
        places = (sheet and f"sheet “{sheet}”", column and f"column “{column}”", row and f"row {row:,}")
        place = ", ".join(str(part) for part in places if part)
        super().__init__(f"{place[:1].upper()}{place[1:]}: {reason}" if place else reason)


class TooLong(Unwritable):
    """A text over Excel's limit for one cell."""


class TooManyRows(Unwritable):
    """More rows than a sheet of Excel has."""


TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z_]{3}[A-Za-z0-9_]{0,200}")
"""A name of a table that Excel takes for no cell (AB12) and no formula."""


def check_table(sheet: Sheet) -> None:
    """Raises Unwritable unless Excel takes the sheet for a table: a name, and a heading of its own for each column."""
    headings = [column.heading.casefold() for column in sheet.columns]
    if not TABLE_NAME.fullmatch(sheet.table):
        raise Unwritable(f"“{sheet.table}” is no name of a table.", sheet=sheet.name)
    if not all(headings) or len(set(headings)) < len(headings):
        raise Unwritable("in a table each column has a heading of its own.", sheet=sheet.name)


def valid_names(names: Iterable[str]) -> list[str]:
    """The names as Excel accepts them: at most 31 characters, none forbidden, none twice whatever the case."""
    taken = {RESERVED_NAME}
    valid = []
    for wanted in names:
        stem = NOT_IN_A_NAME.sub(" ", wanted).strip(" '") or "Sheet"
        name, number = _cut(stem, LONGEST_NAME), 1
        while name.casefold() in taken:
            number += 1
            name = f"{_cut(stem, LONGEST_NAME - len(f' ({number})'))} ({number})"
        taken.add(name.casefold())
        valid.append(name)
    return valid


def length(text: str) -> int:
    """How many characters Excel counts: one beyond the first 65,536 of Unicode, such as an emoji, counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(text: str, longest: int) -> str:
    while length(text) > longest:
        text = text[:-1]
    return text.rstrip(" '")
