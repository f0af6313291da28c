"""Panels of a dashboard: a table of cells that lead to the list behind them, and the charts drawn from that very table.

What a panel shows as bars it also shows as shares, and some as a trend over time, with a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.reporting.figures import FEW, GREY, LINE, Figure, Number, a_figure, a_series
from prima.spreadsheets import Column, Kind, Sheet

BARS, SHARE, TREND = "bars", "share", "trend"
LIST = "listing.index"
ONE_HUNDRED = Decimal(100)
TREND_HEIGHT = 340
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
"""Above the bars, where it is seen however high the chart is."""


@dataclass(frozen=True)
class Cell:
    """A value, and which list is behind it: filters beside those of the page; None where no list holds just that."""

    value: Any
    to: Mapping[str, Any] | None = None
    at: str = LIST
    """The endpoint of the list; another one than that of projects takes `to` as it stands."""


@dataclass(frozen=True)
class Table:
    """Headings with what stands below them, and rows of cells, the first of each being its name."""

    headings: Sequence[tuple[str, Kind]]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Cell] = ()

    def sheet(self, name: str) -> Sheet:
        """The same as a sheet; what the page shortens stands in full."""
        columns = [Column(heading, _value(place), kind) for place, (heading, kind) in enumerate(self.headings)]
        return Sheet(name, columns, [*self.rows, *([self.foot] if self.foot else [])])


def _value(place: int) -> Any:
    return lambda row: row[place].value


@dataclass(frozen=True)
class View:
    """One way of showing a panel."""

    code: str
    table: Table
    figure: Figure | None


@dataclass(frozen=True)
class Panel:
    """`id` names it in the page and in the address of its data. Without rows it says `empty` in words."""

    id: str
    title: str
    description: str
    views: Sequence[View]
    empty: str
    notes: Sequence[str] = field(default_factory=tuple)
    full: Table | None = None
    """What can be taken away, where the page shows only the first rows."""
    narrow: bool = False
    """Its table stands beside the chart, however many columns it has."""

    @property
    def below(self) -> bool:
        """Whether the table takes the whole width, below the chart."""
        return not self.narrow and len(self.views[0].table.headings) > 3

    def data(self, asked: str) -> Table:
        """What can be taken away of a view."""
        view = self.view(asked)
        return self.full if self.full and view.code != TREND else view.table

    def view(self, asked: str) -> View:
        """As asked for, or else its first."""
        return next((one for one in self.views if one.code == asked), self.views[0])

    @property
    def tables(self) -> list[tuple[str, Table]]:
        """Each table once, with the codes of the views that it stands beside, parted by spaces."""
        found: list[tuple[list[str], Table]] = []
        for view in self.views:
            codes = next((codes for codes, table in found if table is view.table), None)
            if codes is None:
                found.append(([view.code], view.table))
            else:
                codes.append(view.code)
        return [(" ".join(codes), table) for codes, table in found]

    def __bool__(self) -> bool:
        return any(view.table.rows for view in self.views)


@dataclass(frozen=True)
class KeyFigure:
    """A figure above everything; `kind` says how its cell is written."""

    cell: Cell
    words: str
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True)
class Page:
    """All of a theme: what stands above everything, and its panels."""

    headline: Sequence[KeyFigure]
    panels: Sequence[Panel]

    def panel(self, id: str) -> Panel | None:
        return next((one for one in self.panels if one.id == id), None)


WELL, CAREFUL, BAD, GOING, DROPPED, NOTHING_YET = 3, 2, 5, 1, 4, 7
"""The page's colours of charts (`--chart-3` in its style sheet, and so on) for what went well and what did not."""


def panel(
    id: str,
    title: str,
    description: str,
    table: Table,
    *,
    drawn: Sequence[int],
    axis: str,
    empty: str,
    beside: bool = False,
    trend: Table | None = None,
    trend_drawn: Sequence[int] = (),
    notes: Iterable[str] = (),
    unstated: str = "",
    most: int | None = None,
    full: Table | None = None,
    colours: Sequence[int] = (),
    charted: Table | None = None,
    narrow: bool = False,
) -> Panel:
    """A panel whose charts show the columns `drawn` of its table, stacked or, if so said, `beside` each other.

    `trend` is a table whose rows are periods, of which the chart shows the columns `trend_drawn`; `most` is how many
    rows, from the first, the other charts show; `colours` are those of the page for the columns, where they mean
    something. `charted` is the table that the other charts are drawn from, where it is not the one beside them;
    `narrow`: four columns fit beside the chart.
    """
    charted = charted or table
    whole = replace(charted, rows=charted.rows[:most])
    bars = _bars(whole, drawn, axis, beside=beside, unstated=unstated)
    views = [View(BARS, table, bars), View(SHARE, table, _shares(whole, drawn, beside=beside, unstated=unstated))]
    if trend is not None and trend.rows:
        views.append(View(TREND, trend, _over_time(trend, trend_drawn or drawn, axis)))
    for view in views:
        if colours and view.figure:
            view.figure["layout"]["meta"] = {"colours": list(colours)}
    return Panel(id, title, description, views, empty, tuple(notes), full, narrow)


# -- charts -----------------------------------------------------------------------------------------------------------


def _columns(table: Table, drawn: Sequence[int]) -> tuple[list[str], list[tuple[str, list[Number]]]]:
    """The names of the rows, and of each drawn column its heading and numbers."""
    labels = [str(row[0].value) for row in table.rows]
    return labels, [(table.headings[place][0], [row[place].value or 0 for row in table.rows]) for place in drawn]


def _bars(table: Table, drawn: Sequence[int], axis: str, *, beside: bool, unstated: str) -> Figure | None:
    labels, columns = _columns(table, drawn)
    return _drawing(labels, columns, axis, beside=beside, unstated=unstated) if labels else None


def _shares(table: Table, drawn: Sequence[int], *, beside: bool, unstated: str) -> Figure | None:
    """Each row's part of the column; of several stacked columns, each column's part of the row."""
    labels, columns = _columns(table, drawn)
    if not labels:
        return None
    if len(columns) == 1 or beside:
        wholes = [sum(values) for _name, values in columns]
        parts = [
            (name, [_percent(value, whole) for value in values])
            for (name, values), whole in zip(columns, wholes, strict=True)
        ]
        axis = _("Share of all, %")
    else:
        rows = [sum(values) for values in zip(*(values for _name, values in columns), strict=True)]
        parts = [
            (name, [_percent(value, whole) for value, whole in zip(values, rows, strict=True)])
            for name, values in columns
        ]
        axis = _("Share of the row, %")
    figure = _drawing(labels, parts, axis, beside=beside, unstated=unstated)
    figure["layout"]["xaxis"]["ticksuffix"] = "%"
    figure["layout"]["xaxis"].pop("dtick", None)
    for one in figure["data"]:
        one["hovertemplate"] = one["hovertemplate"].replace(":,.0f}", ":.1f}%")
    return figure


def _percent(value: Number, whole: Number) -> Decimal:
    return ONE_HUNDRED * value / whole if whole else Decimal(0)


def _drawing(
    labels: Sequence[str], columns: Sequence[tuple[str, Sequence[Number]]], axis: str, *, beside: bool, unstated: str
) -> Figure:
    several = len(columns) > 1
    drawn = [a_series(name if several else "", labels, values) for name, values in columns]
    if unstated in labels and not several:
        # Bars without a colour of their own take the page's.
        own = [None if label == unstated else value for label, value in zip(labels, columns[0][1], strict=True)]
        grey = [value if label == unstated else None for label, value in zip(labels, columns[0][1], strict=True)]
        drawn = [a_series("", labels, own), a_series("", labels, grey) | {"marker": {"color": GREY}}]
    figure = a_figure(drawn, labels, axis, legend=several)
    figure["layout"]["legend"] = LEGEND
    if beside and several:
        figure["layout"]["barmode"] = "group"
        figure["layout"]["height"] += LINE * len(labels) * (len(columns) - 1)
    return figure


def _over_time(table: Table, drawn: Sequence[int], axis: str) -> Figure:
    """Columns upright, a period each, from the left to the right."""
    periods, columns = _columns(table, drawn)
    several = len(columns) > 1
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": name if several else "",
            "x": list(periods),
            "y": [float(value) for value in values],
            "hovertemplate": f"%{{x}}<br>%{{y:,.0f}}<extra>{'%{fullData.name}' if several else ''}</extra>",
        }
        for name, values in columns
    ]
    layout: dict[str, Any] = {
        "barmode": "stack",
        "height": TREND_HEIGHT,
        "showlegend": several,
        "legend": LEGEND,
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": axis}, "rangemode": "tozero"},
    }
    if max((sum(values) for values in zip(*(one["y"] for one in data), strict=True)), default=0) < FEW:
        layout["yaxis"]["dtick"] = 1
    return {"data": data, "layout": layout}
