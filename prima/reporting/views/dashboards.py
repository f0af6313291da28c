"""The further pages of the dashboard, one a theme: their panels, and the data of each as CSV and Excel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from prima import clock, downloads
from prima.permissions import Action, guard
from prima.reporting import portfolio
from prima.reporting.figures import changes as of_changes
from prima.reporting.figures import delivery as of_delivery
from prima.reporting.figures import money as of_money
from prima.reporting.figures import pipeline as of_pipeline
from prima.reporting.figures import results as of_results
from prima.reporting.figures.panels import BARS, SHARE, TREND, Page, Panel
from prima.reporting.portfolio import NONE, OVER, Filters, Reading
from prima.reporting.portfolio.filters import quoted
from prima.reporting.portfolio.themes import changes, delivery, money, pipeline, results
from prima.reporting.spending import NOTHING
from prima.users import User, viewer

bp = Blueprint("dashboards", __name__, url_prefix="/dashboard")
SHOWS: Mapping[str, Any] = {BARS: _l("Bars"), SHARE: _l("Share"), TREND: _l("Trend")}
SHOW = "show"
"""The parameter that says as what charts are shown; it is no filter."""
OF_WAITING = frozenset({"region", "office"})
"""The filters that the list of what waits takes as well."""


# -- themes -----------------------------------------------------------------------------------------------------------


def _results(user: User, reading: Reading) -> Page:
    asked = (user, reading.filters)
    return of_results.page(results.beneficiaries(*asked), results.contributions(*asked), results.indicators(*asked))


def _delivery(user: User, reading: Reading) -> Page:
    asked = (user, reading.filters)
    return of_delivery.page(
        of_delivery.Delivered(
            delivery.milestones(*asked),
            delivery.owed(*asked),
            delivery.handed_in(*asked),
            delivery.activities(*asked),
            delivery.coming(*asked),
            _names(reading, "region"),
            delivery.kinds(),
        )
    )


def _money(user: User, reading: Reading) -> Page:
    asked = (user, reading.filters)
    found = money.used(*asked)
    budgets: dict[str, list[portfolio.Allocated]] = {}
    for row in portfolio.by_area(*asked):
        budgets.setdefault(row.code, []).append(row)
    areas = []
    for code in {*budgets, *found.areas}:
        rows, used = budgets.get(code, []), found.areas.get(code, NOTHING)
        number, budget = sum(row.number for row in rows), sum((row.amount for row in rows), of_money.ZERO)
        areas.append(of_money.Area(code, number, budget, used.spent, used.committed))
    return of_money.page(
        found,
        areas,
        regions=_names(reading, "region"),
        markers=_names(reading, "marker"),
        area_names=_names(reading, "area") | {OVER: _("Allocated beyond the budget")},
    )


def _pipeline(user: User, reading: Reading) -> Page:
    asked, filters = (user, reading.filters), reading.filters
    roles, regions, everything = pipeline.heaped(*asked)
    given = filters.args()
    return of_pipeline.page(
        of_pipeline.Pipeline(
            portfolio.by_status(*asked),
            pipeline.stays(*asked),
            roles,
            regions,
            everything,
            pipeline.answered(*asked),
            given if set(given) <= OF_WAITING and NONE not in given.values() else None,
        ),
        reading.choices,
    )


def _changes(user: User, reading: Reading) -> Page:
    asked = (user, reading.filters)
    return of_changes.page(
        changes.extensions(*asked),
        changes.reasons(*asked),
        changes.activated(*asked),
        changes.changes(*asked),
        _names(reading, "region"),
    )


THEMES: dict[str, tuple[Any, Callable[[User, Reading], Page]]] = {
    "results": (_l("Results"), _results),
    "delivery": (_l("Delivery"), _delivery),
    "money": (_l("Money"), _money),
    "pipeline": (_l("Pipeline"), _pipeline),
    "changes": (_l("Changes"), _changes),
}
ANY = f"<any({', '.join(THEMES)}):about>"


# -- pages ------------------------------------------------------------------------------------------------------------


@bp.get(f"/{ANY}")
@guard(Action.SEE_FIGURES)
def show(about: str) -> str:
    user = viewer()
    name, build = THEMES[about]
    reading, shown, problems = wanted()
    page = build(user, reading)
    return render_template(
        "reporting/dashboard_theme.html",
        name=str(name),
        theme=about,
        page=page,
        tabs=tabs(reading.filters, about, shown),
        shows=offered(page.panels),
        shown=shown,
        reading=reading,
        filters=reading.filters,
        scope=reading.said(),
        labels=portfolio.LABELS,
        warnings=[("warning", problem) for problem in problems],
    )


@bp.get(f"/{ANY}/<panel>.<any(csv, xlsx):form>")
@guard(Action.SEE_FIGURES)
def table(about: str, panel: str, form: str) -> Response:
    """What stands beside a chart, in full."""
    page = url_for("dashboards.show", about=about)
    return taken_away(about, panel, form, lambda reading: THEMES[about][1](viewer(), reading).panel(panel), page)


def taken_away(about: str, id: str, form: str, build: Callable[[Reading], Panel | None], page: str) -> Response:
    """The table of a panel as a file. A file cannot say that a filter was left out; the page of the panel does."""
    reading, shown, problems = wanted()
    if problems:
        given = urlencode(request.args.to_dict(flat=False), doseq=True)
        return redirect(f"{page}?{given}", 303)
    found = build(reading)
    if found is None:
        abort(404)
    sheet = found.data(shown).sheet(found.title)
    name = f"prima-{about}-{id}-{clock.today().isoformat()}.{form}"
    return downloads.workbook([sheet], name) if form == "xlsx" else downloads.table(sheet, name)


def wanted() -> tuple[Reading, str, list[str]]:
    """The filters of the URL, as what charts are to be shown, and what is wrong with either."""
    given = request.args.to_dict(flat=False)
    shows = [value.strip() for value in given.pop(SHOW, []) if value.strip()]
    reading = portfolio.read(viewer(), given)
    problems = list(reading.problems)
    shown = shows[0] if shows and shows[0] in SHOWS else BARS
    if shows and shows[0] not in SHOWS:
        problems.append(_("Charts cannot be shown as “%(value)s”; here they are bars.", value=quoted(shows[0])))
    return reading, shown, problems


def offered(panels: Iterable[Panel]) -> list[tuple[str, str]]:
    """(code, word) of each way in which at least one of the panels can be shown."""
    codes = {view.code for panel in panels if panel for view in panel.views}
    return [(code, str(word)) for code, word in SHOWS.items() if code in codes]


def _names(reading: Reading, kind: str) -> dict[str, str]:
    """What the codes of a list are called, in its order, and last what is not stated."""
    rest = _("No Regional Office") if kind == "region" else _("Not stated")
    return {one.code: one.name for one in reading.choices[kind]} | {NONE: rest}


def tabs(filters: Filters, here: str = "", shown: str = BARS) -> list[tuple[str, str, bool, None]]:
    """(label, address, whether it is this one, no count) of each page of the dashboard, with the same filters."""
    given = filters.args()
    kept = given if shown == BARS else {**given, SHOW: shown}
    return [
        (_("Overview"), url_for("dashboard.show", **kept), not here, None),
        *(
            (str(name), url_for("dashboards.show", about=theme, **kept), theme == here, None)
            for theme, (name, _build) in THEMES.items()
        ),
        (_("Timeline"), url_for("timeline.show", **given), here == "timeline", None),
        (_("Analysis"), url_for("analysis.index", **given), here == "analysis", None),
    ]
