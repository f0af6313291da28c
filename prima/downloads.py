"""A workbook as the answer to a request, written to disk and streamed from there."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryFile

from flask import send_file
from werkzeug.wrappers import Response

from prima import clock
from prima.spreadsheets import Sheet, write

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(sheets: Sequence[Sheet], name: str) -> Response:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        write(file, sheets, created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, WORKBOOK, as_attachment=True, download_name=name, max_age=0)
