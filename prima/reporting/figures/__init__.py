"""Rows of figures become the tables of a dashboard, and Plotly figures as plain dicts that the browser draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import wrap
from typing import Any

Names = Mapping[str, str]
"""What codes are called, in the order shown."""
Figure = dict[str, Any]
Number = Decimal | int
ZERO = Decimal(0)

LETTERS_OF_A_LABEL = 30
BAR, LINE, FRAME = 12, 16, 90
"""Heights in pixels: the space around a bar; a line of its label; axis and legend."""
FEW = 10
"""Below it an axis counts one by one: there is no half of a project."""
GREY = "#8a94a1"
"""What nobody has stated, in every chart."""

# -- tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A count of projects and an amount in USD."""

    number: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: Cell) -> Cell:
        return Cell(self.number + other.number, self.amount + other.amount)


@dataclass(frozen=True)
class Head:
    code: str
    name: str


@dataclass(frozen=True)
class Cross:
    """A table of two dimensions with its sums. Only rows and columns that hold something are there."""

    rows: list[Head]
    columns: list[Head]
    cells: dict[tuple[str, str], Cell]

    def at(self, row: Head, column: Head) -> Cell:
        return self.cells.get((row.code, column.code), Cell())

    def row(self, row: Head) -> Cell:
        return sum((self.at(row, column) for column in self.columns), Cell())

    def column(self, column: Head) -> Cell:
        return sum((self.at(row, column) for row in self.rows), Cell())

    @property
    def total(self) -> Cell:
        return sum((self.row(row) for row in self.rows), Cell())


@dataclass(frozen=True)
class Line:
    """One line of a table of one dimension; `share` is its part of the whole."""

    code: str
    name: str
    number: int
    amount: Decimal
    share: Decimal | None


def cross(cells: Iterable[tuple[str, str, int, Decimal]], rows: Names, columns: Names, *, keep: bool = False) -> Cross:
    """(row, column, number, amount) put into a table; `keep`: also the columns that hold nothing."""
    found: dict[tuple[str, str], Cell] = defaultdict(Cell)
    for row, column, number, amount in cells:
        found[row, column] += Cell(number, amount)
    return Cross(
        _heads(rows, {row for row, _ in found}),
        _heads(columns, set(columns) if keep else {column for _, column in found}),
        dict(found),
    )


def lines(cells: Iterable[tuple[str, int, Decimal]], names: Names) -> list[Line]:
    """(code, number, amount) in the order of the names; several of one code are added up."""
    found: dict[str, Cell] = defaultdict(Cell)
    for code, number, amount in cells:
        found[code] += Cell(number, amount)
    whole = sum((cell.amount for cell in found.values()), ZERO)
    return [
        Line(head.code, head.name, cell.number, cell.amount, cell.amount / whole if whole else None)
        for head in _heads(names, set(found))
        if (cell := found[head.code])
    ]


def _heads(names: Names, found: set[str]) -> list[Head]:
    return [Head(code, name) for code, name in names.items() if code in found] + [
        Head(code, code) for code in sorted(found - set(names))
    ]


# -- charts -----------------------------------------------------------------------------------------------------------


def bars(labels: Sequence[str], values: Sequence[Number], axis: str, *, grey: str = "") -> Figure:
    """Horizontal bars in the order given, the first on top; the one labelled `grey` is what nobody has stated."""
    series = [a_series("", labels, values)]
    if grey in labels:
        # Bars without a colour of their own take the page's, so the grey one is a series beside the others.
        split = [
            [None if (label == grey) is not own else value for label, value in zip(labels, values, strict=True)]
            for own in (False, True)
        ]
        series = [a_series("", labels, split[0]), a_series("", labels, split[1]) | {"marker": {"color": GREY}}]
    return a_figure(series, labels, axis, legend=False)


def stacked(table: Cross, axis: str, *, grey: str = "") -> Figure:
    """A bar for each row of the table, made of a part per column."""
    labels = [row.name for row in table.rows]
    series = []
    for column in table.columns:
        one = a_series(column.name, labels, [table.at(row, column).amount for row in table.rows])
        series.append(one | {"marker": {"color": GREY}} if column.name == grey else one)
    return a_figure(series, labels, axis, legend=len(series) > 1)


def a_series(name: str, labels: Sequence[str], values: Sequence[Number | None]) -> dict[str, Any]:
    """A horizontal bar for each label."""
    extra = "%{fullData.name}" if name else ""
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [_broken(label) for label in labels],
        "x": [None if value is None else float(value) for value in values],
        "hovertemplate": f"%{{y}}<br>%{{x:,.0f}}<extra>{extra}</extra>",
    }


def a_figure(series: list[dict[str, Any]], labels: Sequence[str], axis: str, *, legend: bool) -> Figure:
    """The series as a figure as high as its labels need."""
    lines = max((_broken(label).count("<br>") + 1 for label in labels), default=1)
    layout: dict[str, Any] = {
        "barmode": "stack",
        "height": FRAME + (BAR + LINE * max(lines, 2)) * max(len(labels), 3),
        "showlegend": legend,
        "legend": {"orientation": "h", "y": -0.2, "traceorder": "normal"},
        "xaxis": {"title": {"text": axis}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed"},
    }
    if max((value for one in series for value in one["x"] if value is not None), default=0) < FEW:
        layout["xaxis"]["dtick"] = 1
    return {"data": series, "layout": layout}


def _broken(label: str) -> str:
    """A label in lines short enough to stand beside its bar."""
    return "<br>".join(wrap(label, LETTERS_OF_A_LABEL)) or label
