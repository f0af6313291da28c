"""What a readable section is made of: prose, facts and tables, in plain words and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

Names = Mapping[tuple[str, str], str]
"""The names of what a frozen proposal names by code, by (list, code)."""
Value = str | int | Decimal | tuple[str, ...] | None
"""A tuple is a list of which the order says nothing: countries, targets."""
Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Prose:
    text: str
    name: str = ""


@dataclass(frozen=True)
class Fact:
    label: str
    value: Value


@dataclass(frozen=True)
class Facts:
    facts: tuple[Fact, ...]
    name: str = ""


@dataclass(frozen=True)
class Column:
    """`sums`: figures that have a total, and a difference between two versions."""

    label: str
    wide: bool = False
    sums: bool = False


@dataclass(frozen=True)
class Row:
    """`key` tells it from the others: its text. `under` is the text of the row above it, `group` what kind it is."""

    cells: tuple[Cell, ...]
    key: str
    under: str = ""
    group: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Table:
    """`coded`: a row's key is a code, so another key is another row and never the same one reworded.

    `code` names the table within its section, in every language.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unit: str = ""
    coded: bool = False
    code: str = ""

    @cached_property
    def anchors(self) -> list[str]:
        """A name for each row, the same in every version in which the row is called so; of twins the later are counted.

        Comments are tied to it.
        """
        met: Counter[str] = Counter()
        found = []
        for row in self.rows:
            told = sha256("\n".join((row.group, row.under, row.key)).encode()).hexdigest()[:12]
            met[told] += 1
            twin = f"-{met[told]}" if met[told] > 1 else ""
            found.append(f"{self.code}-{told}{twin}")
        return found

    @cached_property
    def shown(self) -> list[int]:
        """The places of the columns in which anything stands."""
        return [place for place in range(len(self.columns)) if any(row.cells[place] for row in self.rows)]

    @cached_property
    def called(self) -> list[str]:
        """What to call each row: its text, or where that is a code whatever stands in its cells but sums."""
        words = [place for place, column in enumerate(self.columns) if not column.sums]
        return [_in_words(row, words) if self.coded else row.key for row in self.rows]

    def total(self, place: int) -> Decimal:
        return sum((Decimal(row.cells[place] or 0) for row in self.rows), Decimal(0))

    @property
    def has_total(self) -> bool:
        return any(column.sums for column in self.columns)


Block = Prose | Facts | Table


def _in_words(row: Row, places: list[int]) -> str:
    return ", ".join(str(cell) for place in places if isinstance(cell := row.cells[place], str) and cell)


def name_of(names: Names, kind: str, code: str | None) -> str:
    """The name behind a code; the code itself where the list no longer has it."""
    return names.get((kind, code), code) if code else ""
