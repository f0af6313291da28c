"""The first page of the dashboard: budget by region, year, area of work, activity type and gender marker; stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima.reporting.figures import Cell as Summed
from prima.reporting.figures import Cross, Line
from prima.reporting.figures.panels import Cell, Panel, Table, panel
from prima.reporting.portfolio import OVER
from prima.spreadsheets import Kind

PROJECTS, BUDGET = 1, 2
"""The columns of these tables that charts draw."""


def years(found: Cross) -> Panel:
    """By region, each bar made of the funding years; over time by year."""
    charted = Table(
        [(_("Region"), Kind.TEXT), *((year.name, Kind.MONEY) for year in found.columns)],
        [[Cell(row.name), *(Cell(found.at(row, year).amount) for year in found.columns)] for row in found.rows],
    )
    everything = _summed(_("All"), found.total, {})
    return panel(
        "years",
        _("Budget by region and funding year"),
        _("USD, by the Regional Office of the management site"),
        Table(
            _headings(_("Region")),
            [_summed(row.name, found.row(row), {"region": row.code}) for row in found.rows],
            everything,
        ),
        charted=charted,
        drawn=range(1, len(found.columns) + 1),
        axis=_("USD"),
        empty=_("No project that you may see fits these filters."),
        trend=Table(
            _headings(_("Funding year")),
            [_summed(year.name, found.column(year), {"year": year.code}) for year in found.columns],
            everything,
        ),
        trend_drawn=(BUDGET,),
    )


def areas(lines: Sequence[Line]) -> Panel:
    says = _("USD; a project stands in each area that it has money for")
    return _by_code("areas", _("Budget by area of work"), says, _("Area of work"), lines, "area")


def activities(lines: Sequence[Line]) -> Panel:
    says = _("USD; a project stands in each type that it has money for")
    return _by_code("activities", _("Budget by activity type"), says, _("Activity type"), lines, "activity")


def markers(lines: Sequence[Line]) -> Panel:
    return _by_code("markers", _("Budget by gender marker"), _("USD"), _("Gender marker"), lines, "marker")


def stages(lines: Sequence[Line]) -> Panel:
    title, says = _("Projects by stage"), _("Number of projects")
    return _by_code("stages", title, says, _("Stage"), lines, "stage", drawn=PROJECTS, axis=_("Projects"))


def overdue(rows: Sequence[tuple[str, Any]]) -> Panel:
    """By region, of rows with the numbers of reports and of projects."""
    return panel(
        "overdue",
        _("Overdue reports by region"),
        _("Reports past their due date and not handed in"),
        Table(
            [(_("Region"), Kind.TEXT), (_("Reports"), Kind.NUMBER), (_("Projects"), Kind.NUMBER)],
            [
                [Cell(name), Cell(row.reports, to), Cell(row.projects, to)]
                for name, row in rows
                for to in [{"region": row.region, "overdue": True}]
            ],
        ),
        drawn=(1,),
        axis=_("Overdue reports"),
        empty=_("No report is overdue."),
    )


def _by_code(
    id: str, title: str, says: str, heading: str, lines: Sequence[Line], name: str, *, drawn: int = BUDGET,
    axis: str = "",
) -> Panel:  # fmt: skip
    """What is allocated beyond the budget is no part of a chart, and no list is behind it."""
    headings = [*_headings(heading), (_("Share"), Kind.PERCENT)]

    def cells(line: Line) -> list[Cell]:
        to = None if line.code == OVER else {name: line.code}
        return [Cell(line.name), Cell(line.number, to), Cell(line.amount, to), Cell(line.share)]

    return panel(
        id,
        title,
        says,
        Table(headings, [cells(one) for one in lines]),
        charted=Table(headings, [cells(one) for one in lines if one.code != OVER]),
        drawn=(drawn,),
        axis=axis or _("USD"),
        empty=_("No project that you may see fits these filters."),
        unstated=_("Not stated"),
        narrow=True,
    )


def _headings(first: str) -> list[tuple[str, Kind]]:
    return [(first, Kind.TEXT), (_("Projects"), Kind.NUMBER), (_("USD"), Kind.MONEY)]


def _summed(name: str, found: Summed, to: dict[str, Any]) -> list[Cell]:
    return [Cell(name), Cell(found.number, to), Cell(found.amount, to)]
