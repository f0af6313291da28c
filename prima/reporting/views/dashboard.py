"""The dashboard: the figures of the list and the workbook, summed by place, year, area, activity type and stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.permissions import Action, guard
from prima.reporting import figures, portfolio
from prima.reporting.figures import overview as of_overview
from prima.reporting.figures.panels import Panel
from prima.reporting.portfolio import NONE, OVER
from prima.reporting.views.dashboards import offered, tabs, taken_away, wanted
from prima.users import viewer

bp = Blueprint("dashboard", __name__)


@bp.get("/dashboard")
@guard(Action.SEE_FIGURES)
def show() -> str:
    reading, shown, problems = wanted()
    filters = reading.filters
    found = overview(reading)
    return render_template(
        "reporting/dashboard.html",
        reading=reading,
        filters=filters,
        tabs=tabs(filters, shown=shown),
        labels=portfolio.LABELS,
        warnings=[("warning", problem) for problem in problems],
        shown=shown,
        shows=offered(found.panels.values()),
        found=found,
    )


@bp.get("/dashboard/<any(overview):about>/<panel>.<any(csv, xlsx):form>")
@guard(Action.SEE_FIGURES)
def table(about: str, panel: str, form: str) -> Response:
    """What stands beside a chart, in full."""
    page = url_for("dashboard.show")
    return taken_away(about, panel, form, lambda reading: overview(reading).panels.get(panel), page)


@dataclass(frozen=True)
class Overview:
    """The key figures, the panels by their names, and the two tables of the regions."""

    headline: portfolio.Headline
    panels: dict[str, Panel]
    years: figures.Cross
    areas: figures.Cross


def overview(reading: portfolio.Reading) -> Overview:
    """Seven questions."""
    asked = (viewer(), reading.filters)
    years, overdue = portfolio.by_region_and_year(*asked), portfolio.overdue_by_region(*asked)
    areas, activities = portfolio.by_area(*asked), portfolio.by_activity(*asked)
    stages, markers = portfolio.by_status(*asked), portfolio.by_marker(*asked)
    by_year, by_area = _by_year(reading, years), _by_area(reading, areas)
    panels = [
        of_overview.years(by_year),
        of_overview.areas(_allocated(reading, "area", areas)),
        of_overview.activities(_allocated(reading, "activity", activities)),
        of_overview.stages(_stages(reading, stages)),
        of_overview.overdue(_overdue(reading, overdue)),
        of_overview.markers(_lines(reading, "marker", markers)),
    ]
    headline = portfolio.Headline(
        sum(row.number for row in years),
        sum((row.budget for row in years), Decimal(0)),
        sum(row.reports for row in overdue),
    )
    return Overview(headline, {one.id: one for one in panels}, by_year, by_area)


def _names(reading: portfolio.Reading, kind: str) -> dict[str, str]:
    """What the codes of a list are called, in its order, and last what is not stated."""
    rest = _("No Regional Office") if kind == "region" else _("Not stated")
    beyond = {OVER: _("Allocated beyond the budget")}
    return {one.code: one.name for one in reading.choices[kind]} | {NONE: rest} | beyond


def _by_year(reading: portfolio.Reading, rows: Sequence[portfolio.Summed]) -> figures.Cross:
    years = {str(year): str(year) for year in sorted({row.year for row in rows})}
    cells = ((row.region, str(row.year), row.number, row.budget) for row in rows)
    return figures.cross(cells, _names(reading, "region"), years)


def _by_area(reading: portfolio.Reading, rows: Sequence[portfolio.Allocated]) -> figures.Cross:
    stated = {one.code: one.name for one in reading.choices["area"]}
    cells = ((row.region, row.code, row.number, row.amount) for row in rows if row.code in stated)
    return figures.cross(cells, _names(reading, "region"), stated, keep=True)


def _allocated(reading: portfolio.Reading, kind: str, rows: Iterable[portfolio.Allocated]) -> list[figures.Line]:
    return figures.lines(((row.code, row.number, row.amount) for row in rows), _names(reading, kind))


def _stages(reading: portfolio.Reading, rows: Iterable[portfolio.Summed]) -> list[figures.Line]:
    stage_of = {status.code: status.more for status in reading.choices["status"]}
    names = {stage.code: stage.name for stage in reading.choices["stage"]}
    return figures.lines(((stage_of[row.code], row.number, row.budget) for row in rows), names)


def _lines(reading: portfolio.Reading, kind: str, rows: Iterable[portfolio.Summed]) -> list[figures.Line]:
    return figures.lines(((row.code, row.number, row.budget) for row in rows), _names(reading, kind))


def _overdue(reading: portfolio.Reading, rows: Iterable[portfolio.Overdue]) -> list[tuple[str, portfolio.Overdue]]:
    of = {row.region: row for row in rows}
    return [(name, of[code]) for code, name in _names(reading, "region").items() if code in of]
