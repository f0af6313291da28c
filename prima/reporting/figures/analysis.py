"""Charts of the analysis reports: which of a report's tables say more as a drawing, and by which of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.reporting.analysis import tables as of_analysis
from prima.reporting.analysis.naming import BEYOND
from prima.reporting.figures.panels import Cell, Panel, Table, panel
from prima.spreadsheets import Kind

MOST_SERIES = 6
"""Columns that are drawn apart; a further colour would tell nobody anything."""


@dataclass(frozen=True)
class Chart:
    """`table` is its place among those of the report, `column` the one that is drawn, 1 the first after the names."""

    id: str
    table: int
    axis: Any
    column: int = 1
    says: Any = ""
    over_time: bool = False
    """Its rows are periods."""
    stacked: bool = False
    """All columns but the last, which is their total, make up the bars."""


CHARTS: dict[str, tuple[Chart, ...]] = {
    "years": (Chart("years", 0, _l("Projects"), over_time=True),),
    "activities": (Chart("activities", 0, _l("Allocated, USD"), 2),),
    "extensions": (
        Chart("regions", 0, _l("Extensions"), 3),
        Chart("decided", 2, _l("Extensions"), over_time=True),
    ),
    "overdue": (Chart("regions", 0, _l("Overdue reports")),),
    "allocation": (
        Chart("areas", 0, _l("USD"), says=_l("The chart sets the largest activity types apart."), stacked=True),
    ),
}
"""By report."""


def drawn(name: str, made: of_analysis.Reported) -> dict[int, Panel]:
    """The panels of a report by the place of their tables; of a table without rows none."""
    charts = [(one, made.tables[one.table]) for one in CHARTS.get(name, ())]
    return {chart.table: _panel(chart, table) for chart, table in charts if table.lines}


def _panel(chart: Chart, found: of_analysis.Table) -> Panel:
    headings = [(found.heading, Kind.TEXT), *((head.name, head.kind) for head in found.heads)]
    lines = [[Cell(line.name), *(Cell(one.value, one.args) for one in line.cells)] for line in found.lines]
    foot = [Cell(found.total.name), *(Cell(one.value, one.args) for one in found.total.cells)] if found.total else ()
    table = Table(headings, lines, foot)
    within = _within_the_budget(table)
    charted = _largest(within) if chart.stacked else within
    return panel(
        chart.id,
        found.caption,
        str(chart.says),
        table,
        charted=charted,
        drawn=range(1, len(charted.headings)) if chart.stacked else (chart.column,),
        axis=str(chart.axis),
        empty=_("Nothing that you may see fits these filters."),
        trend=table if chart.over_time else None,
        trend_drawn=(chart.column,),
        unstated=_("Not stated"),
    )


def _within_the_budget(table: Table) -> Table:
    """What is allocated beyond a budget is less than nothing, and no part of a bar."""
    beyond = str(BEYOND)
    places = [place for place, (name, _kind) in enumerate(table.headings) if name != beyond]
    rows = [[row[place] for place in places] for row in table.rows if row[0].value != beyond]
    return Table([table.headings[place] for place in places], rows)


def _largest(table: Table) -> Table:
    """Rows with the columns that have most in all, in their order, and what the others have together."""
    places = range(1, len(table.headings) - 1)
    sums = {place: sum((row[place].value or Decimal(0) for row in table.rows), Decimal(0)) for place in places}
    apart = sorted(sorted(places, key=lambda place: -sums[place])[:MOST_SERIES])
    others = [place for place in places if place not in apart and sums[place]]
    headings = [table.headings[place] for place in (0, *apart)]
    rows = [[row[place] for place in (0, *apart)] for row in table.rows]
    if others:
        headings.append((_("All others"), Kind.MONEY))
        together = [sum((row[place].value or Decimal(0) for place in others), Decimal(0)) for row in table.rows]
        rows = [[*row, Cell(rest)] for row, rest in zip(rows, together, strict=True)]
    return Table(headings, rows)
