"""The list as an Excel workbook: what the viewer may see, with exactly the filters of the list."""

from __future__ import annotations

from tempfile import TemporaryFile
from urllib.parse import urlencode

from flask import Blueprint, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from prima import clock
from prima.permissions import Action, guard
from prima.reporting import portfolio, workbooks
from prima.spreadsheets import write
from prima.users import viewer

bp = Blueprint("export", __name__)

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/projects.xlsx")
@guard(Action.SIGNED_IN)
def workbook() -> Response:
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), given)
    if reading.problems:
        # A file cannot say that a filter was left out; the list does.
        return redirect(f"{url_for('listing.index')}?{urlencode(given, doseq=True)}", 303)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        write(file, workbooks.portfolio(portfolio.export(viewer(), reading)), created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"prima-projects-{clock.today().isoformat()}.xlsx"
    return send_file(file, MEDIA_TYPE, as_attachment=True, download_name=name, max_age=0)
