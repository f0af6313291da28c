"""The dashboard: the figures of the list and the workbook, summed by place, year, area, activity type and stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, get_template_attribute, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from prima import kept
from prima.permissions import Action, guard
from prima.reporting import figures, portfolio
from prima.reporting.portfolio import NONE, OVER, keeping
from prima.reporting.views.dashboards import tabs
from prima.users import viewer

bp = Blueprint("dashboard", __name__)
NAMED = ("region", "area", "activity", "status", "stage", "marker")
"""The lists whose names the panels show."""


@bp.get("/dashboard")
@guard(Action.SEE_FIGURES)
def show() -> str:
    user, reading = viewer(), portfolio.read(viewer(), request.args.to_dict(flat=False))
    filters = reading.filters
    found, overdue = portfolio.overview(user, filters), portfolio.overdue_by_region(user, filters)
    return render_template(
        "reporting/dashboard.html",
        reading=reading,
        filters=filters,
        tabs=tabs(filters),
        labels=portfolio.LABELS,
        warnings=[("warning", problem) for problem in reading.problems],
        headline=portfolio.Headline(
            sum(row.number for row in found.years),
            sum((row.budget for row in found.years), Decimal(0)),
            sum(row.reports for row in overdue),
        ),
        panels=_panels(reading, found, overdue),
    )


def _panels(reading: portfolio.Reading, found: portfolio.Overview, overdue: tuple[portfolio.Overdue, ...]) -> Markup:
    """Drawn once for all who see the same figures, under the same names and in the same language."""
    if not found.years:
        return Markup("")
    if keeping.uses(reading.filters) is None:
        return _drawn(reading, found, overdue)
    names = tuple(tuple(reading.choices[kind]) for kind in NAMED)
    name = ("overview", reading.filters, found, overdue, names, str(get_locale()))
    return kept.answer(name, (), lambda: _drawn(reading, found, overdue))


def _drawn(reading: portfolio.Reading, found: portfolio.Overview, overdue: tuple[portfolio.Overdue, ...]) -> Markup:
    drawn: Markup = get_template_attribute("reporting/overview_panels.html", "panels")(
        reading.filters,
        _years(reading, found.years),
        _allocated(reading, "area", found.areas),
        _allocated(reading, "activity", found.activities),
        _stages(reading, found.statuses),
        _lines(reading, "marker", found.markers),
        _overdue(reading, overdue),
        OVER,
    )
    return drawn


def _names(reading: portfolio.Reading, kind: str) -> dict[str, str]:
    """What the codes of a list are called, in its order, and last what is not stated."""
    rest = _("No Regional Office") if kind == "region" else _("Not stated")
    beyond = {OVER: _("Allocated beyond the budget")}
    return {one.code: one.name for one in reading.choices[kind]} | {NONE: rest} | beyond


def _years(reading: portfolio.Reading, rows: Sequence[portfolio.Summed]) -> dict[str, Any]:
    years = {str(year): str(year) for year in sorted({row.year for row in rows})}
    cells = ((row.region, str(row.year), row.number, row.budget) for row in rows)
    table = figures.cross(cells, _names(reading, "region"), years)
    return {"table": table, "chart": figures.stacked(table, _("USD"))}


def _allocated(reading: portfolio.Reading, kind: str, rows: Sequence[portfolio.Allocated]) -> dict[str, Any]:
    """By the codes of the list, and crossed with the regions."""
    names = _names(reading, kind)
    lines = figures.lines(((row.code, row.number, row.amount) for row in rows), names)
    stated = {one.code: one.name for one in reading.choices[kind]}
    table = figures.cross(
        ((row.region, row.code, row.number, row.amount) for row in rows if row.code in stated),
        _names(reading, "region"),
        stated,
        keep=True,
    )
    return {"lines": lines, "chart": _bars(lines), "table": table}


def _stages(reading: portfolio.Reading, rows: Sequence[portfolio.Summed]) -> dict[str, Any]:
    stage_of = {status.code: status.more for status in reading.choices["status"]}
    names = {stage.code: stage.name for stage in reading.choices["stage"]}
    lines = figures.lines(((stage_of[row.code], row.number, row.budget) for row in rows), names)
    chart = figures.bars([one.name for one in lines], [one.number for one in lines], _("Projects"))
    return {"lines": lines, "chart": chart}


def _lines(reading: portfolio.Reading, kind: str, rows: Sequence[portfolio.Summed]) -> dict[str, Any]:
    lines = figures.lines(((row.code, row.number, row.budget) for row in rows), _names(reading, kind))
    return {"lines": lines, "chart": _bars(lines)}


def _overdue(reading: portfolio.Reading, rows: Sequence[portfolio.Overdue]) -> dict[str, Any]:
    of = {row.region: row for row in rows}
    found = [(name, of[code]) for code, name in _names(reading, "region").items() if code in of]
    chart = figures.bars([name for name, _row in found], [row.reports for _name, row in found], _("Overdue reports"))
    return {"rows": found, "chart": chart}


def _bars(lines: Iterable[figures.Line]) -> figures.Figure:
    drawn = [one for one in lines if one.code != OVER]
    return figures.bars([one.name for one in drawn], [one.amount for one in drawn], _("USD"), grey=_("Not stated"))
