"""A table that somebody hands in, pasted or in a workbook: rows of cells as people read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

EDGES = re.compile(r"^[\s\u00a0\u202f\ufeff\u200b-\u200f\u2060]+|[\s\u00a0\u202f\ufeff\u200b-\u200f\u2060]+$")
"""What is invisible at the edges of a text: spaces of every width, marks of direction and joiners."""
QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=\t|\r?\n|\r|\Z)')
PLAIN = re.compile(r"[^\t\r\n]*")


class Holds(StrEnum):
    """What a cell holds, as far as it matters for reading it."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    OTHER = "other"  # yes or no, an error, a formula without its value, a part of merged cells: `text` says which


@dataclass(frozen=True)
class Cell:
    """`place` is where it stands, in words: C5 in a workbook, empty in a pasted table."""

    text: str
    holds: Holds = Holds.TEXT
    place: str = ""


@dataclass(frozen=True)
class Row:
    """A row in which something can be seen; `number` counts from 1 with the empty ones."""

    number: int
    cells: tuple[Cell, ...]
    is_hidden: bool = False


def bare(text: str) -> str:
    """A text without what is invisible at its edges, line breaks and tabs inside made spaces; "" if all of it is."""
    return EDGES.sub("", re.sub(r"[\t\r\n\v\f\u2028\u2029]+", " ", text))


def is_invisible(text: str) -> bool:
    return all(letter.isspace() or unicodedata.category(letter) in ("Cf", "Zs") for letter in text)


def pasted(text: str) -> list[Row]:
    """The rows of what a spreadsheet puts on the clipboard: cells between tabs, quoted where they hold a line break."""
    rows = []
    for number, cells in enumerate(_records(text), 1):
        shown = [Cell("" if is_invisible(cell) else bare(cell)) for cell in cells]
        if any(cell.text for cell in shown):
            rows.append(Row(number, tuple(shown)))
    return rows


def _records(text: str) -> Iterator[list[str]]:
    place, cells = 0, []
    while place <= len(text):
        quoted = QUOTED.match(text, place)
        # A spreadsheet quotes only what holds a tab or a line break; other quotation marks are the author's.
        if quoted and re.search(r"[\t\r\n]", quoted[1]):
            cells.append(quoted[1].replace('""', '"'))
            place = quoted.end()
        else:
            plain = PLAIN.match(text, place)
            assert plain is not None
            cells.append(plain[0])
            place = plain.end()
        if text[place : place + 1] == "\t":
            place += 1
            continue
        yield cells
        cells = []
        place += 2 if text[place : place + 2] == "\r\n" else 1
