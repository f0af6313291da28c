"""The list of projects: filtered by the URL, a page at a time."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from prima.permissions import Action, guard
from prima.projects.tones import TONES
from prima.reporting import portfolio
from prima.users import viewer

bp = Blueprint("listing", __name__)


@bp.get("/projects")
@guard(Action.SIGNED_IN)
def index() -> str:
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), given)
    page = portfolio.page(viewer(), reading.filters, given)
    return render_template(
        "reporting/list.html",
        reading=reading,
        filters=reading.filters,
        labels=portfolio.LABELS,
        fundings=portfolio.FUNDINGS,
        warnings=[("warning", problem) for problem in (*reading.problems, *page.problems)],
        page=page,
        totals=portfolio.totals(viewer(), reading.filters),
        tones=TONES,
    )
