"""What a readable section is made of: prose, facts and tables, in plain words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

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
    """`coded`: a row's key is a code, so another key is another row and never the same one reworded."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unit: str = ""
    coded: bool = False

    @property
    def shown(self) -> list[int]:
        """The places of the columns in which anything stands."""
        return [place for place in range(len(self.columns)) if any(row.cells[place] for row in self.rows)]

    def total(self, place: int) -> Decimal:
        return sum((Decimal(row.cells[place] or 0) for row in self.rows), Decimal(0))

    @property
    def has_total(self) -> bool:
        return any(column.sums for column in self.columns)


Block = Prose | Facts | Table


def name_of(names: Names, kind: str, code: str | None) -> str:
    """The name behind a code; the code itself where the list no longer has it."""
    return names.get((kind, code), code) if code else ""
