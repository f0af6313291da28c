"""A table as every analysis shows it: rows of figures with what they count, for the page, the sheet and the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prima.spreadsheets import Kind

READ_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Head:
    """The heading of a column, and the kind of what stands under it."""

    name: str
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True)
class Cell:
    """A value; `args` are the filters of the list behind it, beside those chosen; None where no list shows it."""

    value: Any
    args: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Line:
    """A row: its name, its cells; `group`: it sums up the rows after it, up to the next such."""

    name: str
    cells: Sequence[Cell]
    group: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    heading: str
    """Of the names of the rows."""
    heads: Sequence[Head]
    lines: Sequence[Line]
    total: Line | None = None
    note: str = ""
    listed: bool = False
    """Single records, not sums: the page shows the first, the sheet all."""
    number: int = 0
    """How many rows there are, where only the first may be here."""
    within: str = ""
    """The heading of the groups, where there are any."""

    def rows(self) -> Iterable[list[Any]]:
        """For a sheet or a file: groups become a column of their own, so that nothing stands in it twice."""
        group = ""
        for line in self.lines:
            if self.within and line.group:
                group = line.name
                continue
            yield [*([group] if self.within else []), line.name, *(cell.value for cell in line.cells)]
        if self.total:
            yield [*([""] if self.within else []), self.total.name, *(cell.value for cell in self.total.cells)]

    @property
    def columns(self) -> list[Head]:
        """Of `rows`."""
        first = [Head(self.within, Kind.TEXT)] if self.within else []
        return [*first, Head(self.heading, Kind.TEXT), *self.heads]


@dataclass(frozen=True)
class Reported:
    """A report: its tables, what must be known to read them, and what goes beside them into the workbook alone."""

    tables: Sequence[Table]
    notes: Sequence[str] = ()
    further: Sequence[Table] = field(default_factory=tuple)


def as_csv(table: Table) -> bytes:
    """The rows of a table with their headings; a text that a spreadsheet could take for a formula is quoted."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([_harmless(column.name) for column in table.columns])
    writer.writerows([_harmless(value) for value in row] for row in table.rows())
    return file.getvalue().encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(READ_AS_FORMULA) else value
