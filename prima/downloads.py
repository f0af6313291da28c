"""A workbook as the answer to a request, written to disk and streamed from there; or one table as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryFile

from flask import make_response, send_file
from werkzeug.wrappers import Response

from prima import clock, turns
from prima.spreadsheets import Sheet, write
from prima.spreadsheets.separated import separated

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(sheets: Sequence[Sheet], name: str) -> Response:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        turns.give_away()
        write(file, sheets, created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, WORKBOOK, as_attachment=True, download_name=name, max_age=0)


def table(sheet: Sheet, name: str) -> Response:
    """A sheet of few rows as comma-separated values."""
    response = make_response(separated(sheet.columns, sheet.rows))
    response.mimetype = "text/csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
