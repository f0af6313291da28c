"""Saved searches: one's own list of them, and saving, changing and deleting one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.permissions import Action, guard
from prima.reporting import portfolio
from prima.reporting.forms.searches import ChangeForm, DeleteForm, SearchForm
from prima.reporting.models import SavedSearch
from prima.reporting.operations.searches import change_search, delete_search, save_search
from prima.reporting.portfolio.filters import LABELS, LONGEST_WORDS
from prima.reporting.queries.searches import search_of, searches_of
from prima.users import viewer

bp = Blueprint("searches", __name__)
Answer = str | Response | tuple[str, int]
KEPT = (*LABELS, "sort", "columns")
"""What of a list's address a search keeps: not the page of the list that one stands on."""


def arguments(query: str) -> dict[str, list[str]]:
    return parse_qs(query, max_num_fields=200) if query.count("&") < 200 else {}


def query_of(given: Mapping[str, Sequence[str]]) -> str:
    """What is worth keeping of an address, each argument once."""
    pairs = [(name, value[: 2 * LONGEST_WORDS]) for name in KEPT for value in given.get(name, ())[:1] if value.strip()]
    return urlencode(pairs)


def address(given: Mapping[str, Sequence[str]]) -> str:
    query = query_of(given)
    return url_for("listing.index") + (f"?{query}" if query else "")


@bp.get("/searches")
@guard(Action.SIGNED_IN)
def index() -> str:
    rows = [(row, address(arguments(row.query))) for row in searches_of(viewer())]
    return render_template("reporting/searches.html", rows=rows)


@bp.route("/searches/new", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def new() -> Answer:
    form = SearchForm(data={"query": request.query_string.decode("utf-8", "replace")})
    query = query_of(arguments(form.query.data or ""))
    if form.validate_on_submit():
        try:
            save_search(form.name.data, query, actor=viewer(), weekly=form.weekly.data)
        except Refused as refusal:
            form.refuse(refusal)
            return _draw(form, query, 409)
        flash(_("The search is saved."), "success")
        return redirect(url_for("searches.index"), 303)
    return _draw(form, query, 422 if form.is_submitted() else 200)


def _draw(form: SearchForm, query: str, status: int) -> tuple[str, int]:
    given = arguments(query)
    said = portfolio.read(viewer(), given).said()
    page = render_template("reporting/search_save.html", form=form, query=query, back=address(given), said=said)
    return page, status


@bp.route("/searches/<int:search_id>", methods=["GET", "POST"])
@guard(Action.SIGNED_IN, lambda search_id: search_of(viewer(), search_id), see=None)
def change(search: SavedSearch) -> Answer:
    form = ChangeForm(data={"name": search.name, "weekly": search.weekly})
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            change_search(search, form.name.data, actor=viewer(), weekly=form.weekly.data)
            flash(_("The search is changed."), "success")
            return redirect(url_for("searches.index"), 303)
        except Refused as refusal:
            form.refuse(refusal)
            status = 409
    return render_template("reporting/search_change.html", form=form, search=search), status


@bp.route("/searches/<int:search_id>/delete", methods=["GET", "POST"])
@guard(Action.SIGNED_IN, lambda search_id: search_of(viewer(), search_id), see=None)
def delete(search: SavedSearch) -> Answer:
    form = DeleteForm()
    if form.validate_on_submit():
        delete_search(search, actor=viewer())
        flash(_("The search is deleted."), "success")
        return redirect(url_for("searches.index"), 303)
    return render_template("reporting/search_delete.html", form=form, search=search)
