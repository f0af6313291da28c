"""Analysis of the portfolio: the reports and the cross-table, each as page, workbook and printed sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from prima import clock, downloads
from prima.permissions import Action, guard
from prima.reporting import portfolio
from prima.reporting.analysis import crossing
from prima.reporting.analysis.naming import DIMENSIONS
from prima.reporting.analysis.reports import REPORTS
from prima.reporting.analysis.sheets import sheets
from prima.reporting.analysis.tables import as_csv
from prima.reporting.figures.analysis import drawn
from prima.reporting.figures.panels import Panel
from prima.reporting.views.dashboards import offered, tabs, taken_away, wanted
from prima.users import viewer

bp = Blueprint("analysis", __name__)
NAMES, ABOUT = (f"<any({','.join(REPORTS)}):{variable}>" for variable in ("name", "about"))
MOST_ROWS, MOST_LISTED = 500, 100
"""Rows on a page of sums, and of single records; the workbook has them all."""


@bp.get("/analysis")
@guard(Action.SEE_FIGURES)
def index() -> str:
    reading = portfolio.read(viewer(), request.args.to_dict(flat=False))
    pages = tabs(reading.filters, "analysis")
    return render_template("reporting/analysis_index.html", **frame(reading), reports=REPORTS, tabs=pages)


@bp.get(f"/analysis/{NAMES}")
@guard(Action.SEE_FIGURES)
def show(name: str) -> str:
    reading, shown, problems = wanted()
    report = REPORTS[name]
    made = report.make(viewer(), reading, MOST_LISTED)
    charts = drawn(name, made)
    return render_template(
        "reporting/analysis.html",
        **frame(reading, problems[len(reading.problems) :]),
        name=name,
        report=report,
        tables=made.tables,
        notes=made.notes,
        charts=charts,
        shown=shown,
        shows=offered(charts.values()),
    )


@bp.get(f"/analysis/{ABOUT}/<panel>.<any(csv, xlsx):form>")
@guard(Action.SEE_FIGURES)
def table(about: str, panel: str, form: str) -> Answer:
    """What stands beside a chart, in full."""

    def build(reading: portfolio.Reading) -> Panel | None:
        charts = drawn(about, REPORTS[about].make(viewer(), reading))
        return next((one for one in charts.values() if one.id == panel), None)

    return taken_away(about, panel, form, build, url_for("analysis.show", name=about))


@bp.get(f"/analysis/{NAMES}.xlsx")
@guard(Action.SEE_FIGURES)
def workbook(name: str) -> Answer:
    reading = portfolio.read(viewer(), request.args.to_dict(flat=False))
    if reading.problems:
        return said_on("analysis.show", name=name)
    made = REPORTS[name].make(viewer(), reading)
    return as_workbook(f"prima-{name}", str(REPORTS[name].name), made.tables, made.notes, reading)


@bp.get("/analysis/cross-table")
@guard(Action.SEE_FIGURES)
def cross() -> str:
    asked, reading, problems = _asked()
    made = crossing.cross(viewer(), reading, asked)
    turned = {"rows": asked.across, "across": asked.rows} if asked.across else {}
    return render_template(
        "reporting/cross_table.html",
        **frame(reading, problems),
        wanted=asked,
        made=made,
        title=crossing.title(asked),
        dimensions=DIMENSIONS,
        measures=crossing.MEASURES,
        most=crossing.MOST_COLUMNS,
        args=reading.filters.args(**asked.args()),
        plain_url=url_for("analysis.cross", **asked.args()),
        turned_url=url_for("analysis.cross", **reading.filters.args(**(asked.args() | turned))),
    )


@bp.get("/analysis/cross-table.xlsx")
@guard(Action.SEE_FIGURES)
def cross_workbook() -> Answer:
    asked, reading, problems = _asked()
    made = crossing.cross(viewer(), reading, asked)
    if problems or reading.problems or made.table is None:
        return said_on("analysis.cross")
    return as_workbook("prima-cross-table", crossing.title(asked), [made.table], made.notes, reading)


@bp.get("/analysis/cross-table.csv")
@guard(Action.SEE_FIGURES)
def cross_csv() -> Answer:
    asked, reading, problems = _asked()
    made = crossing.cross(viewer(), reading, asked)
    if problems or reading.problems or made.table is None:
        return said_on("analysis.cross")
    name = f"prima-cross-table-{clock.today().isoformat()}.csv"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(as_csv(made.table), content_type="text/csv; charset=utf-8", headers=headers)


def _asked() -> tuple[crossing.Asked, portfolio.Reading, list[str]]:
    given = request.args.to_dict(flat=False)
    asked, problems = crossing.asked({name: request.args.get(name, "") for name in crossing.OWN})
    own = {name: values for name, values in given.items() if name not in crossing.OWN}
    return asked, portfolio.read(viewer(), own), problems


# -- what every analysis needs ----------------------------------------------------------------------------------------


def frame(reading: portfolio.Reading, problems: list[str] | None = None) -> dict[str, Any]:
    return {
        "reading": reading,
        "filters": reading.filters,
        "labels": portfolio.LABELS,
        "warnings": [("warning", problem) for problem in (*reading.problems, *(problems or []))],
        "list_url": list_address(reading.filters),
        "most_rows": MOST_ROWS,
        "most_listed": MOST_LISTED,
    }


def list_address(filters: portfolio.Filters) -> Callable[[Mapping[str, Any]], str]:
    """The list of projects that a figure counts; a table has thousands, so their address is built by hand."""
    start = url_for("listing.index")
    return lambda args: f"{start}?{urlencode(filters.args(**args))}"


def as_workbook(stem: str, title: str, tables: Any, notes: Any, reading: portfolio.Reading) -> Answer:
    user = viewer()
    made = sheets(title, tables, notes, reading, user.name if user else "", clock.now())
    return downloads.workbook(made, f"{stem}-{clock.today().isoformat()}.xlsx")


def said_on(endpoint: str, **values: Any) -> Answer:
    """A file cannot say that part of the address was left out; the page does."""
    given = urlencode(request.args.to_dict(flat=False), doseq=True)
    return redirect(f"{url_for(endpoint, **values)}?{given}", 303)
