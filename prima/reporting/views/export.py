"""The list as an Excel workbook: what the viewer may see, with exactly the filters of the list."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from prima import clock, downloads
from prima.permissions import Action, guard
from prima.reporting import portfolio, workbooks
from prima.users import viewer

bp = Blueprint("export", __name__)


@bp.get("/projects.xlsx")
@guard(Action.SIGNED_IN)
def workbook() -> Response:
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), given)
    if reading.problems:
        # A file cannot say that a filter was left out; the list does.
        return redirect(f"{url_for('listing.index')}?{urlencode(given, doseq=True)}", 303)
    sheets = workbooks.portfolio(portfolio.export(viewer(), reading))
    return downloads.workbook(sheets, f"prima-projects-{clock.today().isoformat()}.xlsx")
