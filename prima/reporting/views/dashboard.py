"""The dashboard: the figures of the list and the workbook, summed by place, year, area, activity type and stage."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, get_template_attribute, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from prima import kept
from prima.permissions import Action, guard
from prima.reporting import figures, portfolio
from prima.reporting.figures import overview as of_overview
from prima.reporting.figures.panels import Panel
from prima.reporting.portfolio import NONE, OVER, keeping
from prima.reporting.views.dashboards import offered, tabs, taken_away, wanted
from prima.users import viewer

bp = Blueprint("dashboard", __name__)
NAMED = ("region", "area", "activity", "status", "stage", "marker")
"""The lists whose names the panels show."""


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
        panels=found.drawn(shown),
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

    filters: portfolio.Filters
    name: Hashable
    """Whatever they depend on, where they are kept."""
    headline: portfolio.Headline
    panels: dict[str, Panel]
    years: figures.Cross
    areas: figures.Cross

    def drawn(self, shown: str) -> Markup:
        """Drawn once for all who see the same figures, under the same names and in the same language."""
        return (
            kept.answer(("drawn", shown, self.name), (), lambda: self._drawn(shown), for_many=True)
            if self.name
            else self._drawn(shown)
        )

    def _drawn(self, shown: str) -> Markup:
        if not self.headline.projects:
            return Markup("")
        drawn: Markup = get_template_attribute("reporting/overview_panels.html", "panels")(self, shown, self.filters)
        return drawn


def overview(reading: portfolio.Reading) -> Overview:
    """The panels are put together once for all who see the same figures."""
    asked = (viewer(), reading.filters)
    found, overdue = portfolio.overview(*asked), portfolio.overdue_by_region(*asked)
    if keeping.uses(reading.filters) is None:
        return _put_together(reading, found, overdue, None)
    names = tuple(tuple(reading.choices[kind]) for kind in NAMED)
    name = ("overview", reading.filters, found, overdue, names, str(get_locale()))
    return kept.answer(name, (), lambda: _put_together(reading, found, overdue, name), for_many=True)


def _put_together(
    reading: portfolio.Reading, found: portfolio.Overview, overdue: tuple[portfolio.Overdue, ...], name: Hashable
) -> Overview:
    by_year, by_area = _by_year(reading, found.years), _by_area(reading, found.areas)
    panels = [
        of_overview.years(by_year),
        of_overview.areas(_allocated(reading, "area", found.areas)),
        of_overview.activities(_allocated(reading, "activity", found.activities)),
        of_overview.stages(_stages(reading, found.statuses)),
        of_overview.overdue(_overdue(reading, overdue)),
        of_overview.markers(_lines(reading, "marker", found.markers)),
    ]
    headline = portfolio.Headline(
        sum(row.number for row in found.years),
        sum((row.budget for row in found.years), Decimal(0)),
        sum(row.reports for row in overdue),
    )
    return Overview(reading.filters, name, headline, {one.id: one for one in panels}, by_year, by_area)


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
