"""The list of projects: its rows at once, and then, as a part of its own, the count, sum and facets of all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.filters import money
from prima.permissions import Action, guard
from prima.projects.tones import TONES
from prima.reporting import portfolio
from prima.reporting.forms.searches import columns_form
from prima.reporting.operations.searches import keep_columns
from prima.reporting.portfolio import Counted, Filters, Reading
from prima.reporting.queries.searches import columns_of
from prima.reporting.views.searches import address, query_of
from prima.users import viewer

bp = Blueprint("listing", __name__)
Answer = str | Response | tuple[str, int]
MOST_SHOWN = 8
"""So many values of a facet are offered; the others are found by typing."""


@bp.get("/projects")
@guard(Action.SIGNED_IN)
def index() -> str:
    """The rows; `figures=yes` asks for the rest in the same answer, for whoever has no script to fetch it."""
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), given)
    columns, wrong = portfolio.columns(given, columns_of(viewer()))
    page = portfolio.page(viewer(), reading.filters, given, columns=columns)
    named = ",".join(columns) if given.get("columns") else None
    shown = {"sort": page.order.arg, "columns": named}
    return render_template(
        "reporting/list.html",
        reading=reading,
        filters=reading.filters,
        labels=portfolio.LABELS,
        fundings={code: str(name) for code, name in portfolio.FUNDINGS.items()},
        warnings=[("warning", problem) for problem in (*reading.problems, *page.problems, *wrong)],
        page=page,
        shown={name: value for name, value in shown.items() if value},
        columns=[(name, portfolio.COLUMNS[name]) for name in columns],
        query=query_of(given),
        tones=TONES,
        figures=figures_of(reading, shown) if request.args.get("figures") else None,
    )


@bp.get("/projects/figures")
@guard(Action.SIGNED_IN)
def figures() -> Response:
    """Count, sum and facets of the same filters: a part of the list's page, kept by the browser while it holds."""
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), given)
    shown = {name: given[name][0] for name in ("sort", "columns") if given.get(name)}
    answer = current_app.make_response(
        render_template("reporting/list_figures.html", figures=figures_of(reading, shown), reading=reading)
    )
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


@bp.route("/projects/columns", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def columns() -> Answer:
    """In which columns the list stands from now on; then back to the same list, in them."""
    given = request.args.to_dict(flat=False)
    shown, _wrong = portfolio.columns(given, columns_of(viewer()))
    offered = [(name, one.label) for name, one in portfolio.COLUMNS.items() if name != portfolio.FIRST]
    form = columns_form(offered, list(shown))
    back = address({name: values for name, values in given.items() if name != "columns"})
    if form.validate_on_submit():
        keep_columns(form.columns.data, actor=viewer())
        flash(_("The list stands in these columns from now on."), "success")
        return redirect(back, 303)
    status = 422 if form.is_submitted() else 200
    return render_template("reporting/list_columns.html", form=form, back=back, query=query_of(given)), status


# -- the count, the sum and the facets --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A value with how many projects have it; `url` adds the filter, or takes it away where it is `chosen`."""

    name: str
    number: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    label: Any
    choices: list[Choice]
    more: int
    """How many more values there are."""


@dataclass(frozen=True)
class Figures:
    totals: portfolio.Totals
    facets: list[Facet]


def figures_of(reading: Reading, shown: Mapping[str, Any]) -> Figures:
    found = portfolio.whole(viewer(), reading.filters)
    return Figures(found.totals, list(_facets(reading, found.facets, shown)))


def _facets(reading: Reading, counted: Mapping[str, Sequence[Counted]], shown: Mapping[str, Any]) -> Iterator[Facet]:
    filters, labels = reading.filters, portfolio.LABELS
    counts = {**counted, "stage": _by_stage(reading, counted["status"])}
    names = {kind: {one.code: one.name for one in rows} for kind, rows in reading.choices.items()}
    for kind in ("region", "office", "country", "stage", "status", "funding", "year", "type", "area", "activity",
                 "donor", "marker", "sdg"):  # fmt: skip
        asked = str(getattr(filters, kind) or "")
        choices = [
            _choice(filters, shown, one.name or names.get(kind, {}).get(one.code) or _("Not stated"), one.number,
                    {kind: one.code}, one.code == asked)
            for one in counts[kind]
            if kind != "donor" or one.code != portfolio.NONE
        ]  # fmt: skip
        if choices:
            # One more value takes no more room than saying that there is one.
            most = MOST_SHOWN if len(choices) > MOST_SHOWN + 1 else len(choices)
            yield Facet(labels[kind], choices[:most], len(choices) - most)
    yield from _flags(filters, counted, shown)


def _flags(filters: Filters, counted: Mapping[str, Sequence[Counted]], shown: Mapping[str, Any]) -> Iterator[Facet]:
    late, soon = (next((one.number for one in counted[kind] if one.code == "yes"), 0) for kind in ("overdue", "ending"))
    days = portfolio.ENDING_SOON
    found = [
        _choice(filters, shown, _("With overdue reports"), late, {"overdue": True}, filters.overdue),
        _choice(filters, shown, _("Ending within %(days)s days", days=days), soon, {"ending": days},
                filters.ending == days),
    ]  # fmt: skip
    yield Facet(_("To be looked at"), [one for one in found if one.number], 0)
    numbers = {one.code: one.number for one in counted["range"]}
    ranges = []
    for place, (low, high) in enumerate(portfolio.RANGES):
        if number := numbers.get(str(place)):
            limits = {"min": low, "max": high}
            chosen = (filters.min, filters.max) == (low, high)
            ranges.append(_choice(filters, shown, _range(place), number, limits, chosen))
    yield Facet(_("Budget, USD"), ranges, 0)


def _range(place: int) -> str:
    low = portfolio.RANGES[place][0]
    above = portfolio.RANGES[place + 1][0] if place + 1 < len(portfolio.RANGES) else None
    if low is None:
        return _("under %(amount)s", amount=money(above))
    if above is None:
        return _("%(amount)s and more", amount=money(low))
    return _("%(low)s to under %(high)s", low=money(low), high=money(above))


def _choice(
    filters: Filters, shown: Mapping[str, Any], name: str, number: int, values: Mapping[str, Any], chosen: bool
) -> Choice:
    wanted = dict.fromkeys(values) if chosen else values
    return Choice(name, number, url_for("listing.index", **filters.args(**wanted, **shown)), chosen)


def _by_stage(reading: Reading, statuses: Sequence[Counted]) -> list[Counted]:
    stage = {one.code: one.more for one in reading.choices["status"]}
    numbers: dict[str, int] = {}
    for one in statuses:
        numbers[stage[one.code]] = numbers.get(stage[one.code], 0) + one.number
    order = [one.code for one in reading.choices["stage"]]
    return [Counted(code, numbers[code]) for code in order if code in numbers]
