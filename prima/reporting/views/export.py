"""The list as Excel or CSV: small exports at once, large ones made in the background and kept for their owner."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from prima import clock
from prima.downloads import WORKBOOK
from prima.endorsement.forms import shown
from prima.errors import Refused
from prima.filters import money
from prima.forms import BaseForm
from prima.permissions import Action, guard
from prima.reporting import exports, portfolio
from prima.reporting.exports import jobs
from prima.reporting.forms.export import EXCEL, FORMATS, ExportForm
from prima.reporting.models import ExportFormat, ExportJob, ExportState
from prima.reporting.operations import exports as making
from prima.users import viewer

bp = Blueprint("export", __name__)
OWN = frozenset({"sheet", "format"})
"""Parameters of an address that say how, not of what."""
MEDIA_TYPES = {ExportFormat.EXCEL: WORKBOOK, ExportFormat.CSV: "application/zip"}
Answer = str | Response | tuple[str, int]


def given() -> dict[str, list[str]]:
    """The filters in the address, as they stand there."""
    return {name: values for name, values in request.args.to_dict(flat=False).items() if name not in OWN}


def address(endpoint: str, filters: dict[str, list[str]], **more: Any) -> str:
    """A parameter of any name, also one that `url_for` would take for its own."""
    query = urlencode({**filters, **more}, doseq=True)
    return url_for(endpoint) + (f"?{query}" if query else "")


@bp.get("/projects.xlsx")
@guard(Action.SIGNED_IN)
def workbook() -> Answer:
    """Every sheet in Excel, where it is small; else the page that asks which."""
    return at_once([], ExportFormat.EXCEL, problems="listing.index")


@bp.get("/export")
@guard(Action.SIGNED_IN)
def show() -> Answer:
    chosen = [name for name in request.args.getlist("sheet") if name in exports.TABLES]
    wanted = request.args.get("format", "")
    form = ExportForm(formdata=None, sheets=chosen or list(exports.TABLES), format=EXCEL)
    if wanted in dict(FORMATS):
        form.format.data = wanted
    return page(portfolio.read(viewer(), given()), form)


@bp.post("/export")
@guard(Action.SIGNED_IN)
def ask() -> Answer:
    reading = portfolio.read(viewer(), given())
    form = ExportForm()
    form.sheets.choices = shown((name, name) for name in exports.TABLES)
    if reading.problems:
        return redirect(address("export.show", given()), 303)
    valid = form.validate_on_submit()
    if not form.sheets.data and not form.sheets.errors:
        form.sheets.errors = [_("Please choose at least one sheet.")]
    counts = exports.counted(viewer(), reading)
    if not counts[exports.PROJECTS]:
        form.form_errors.append(_("No project that you may see fits these filters: there is nothing to export."))
    sheets = {name: counts.get(name) for name in exports.TABLES if name in (form.sheets.data or ())}
    known = {name: number for name, number in sheets.items() if number is not None}
    if form.format.data == EXCEL and (long := exports.too_long(known)):
        says = _("A workbook cannot hold all rows of: %(sheets)s. Choose CSV, or filter more.", sheets=", ".join(long))
        form.format.errors = [*form.format.errors, says]
    if not valid or form.errors:
        return page(reading, form, counts), 422
    total, format = sum(known.values()), ExportFormat(form.format.data)
    if len(known) == len(sheets) and total <= making.ROWS_AT_ONCE:
        return redirect(
            address("export.download", reading.filters.args(), sheet=list(sheets), format=format.value), 303
        )
    try:
        job = making.ask(
            actor=viewer(),
            query=urlencode(reading.filters.args()),
            sheets=list(sheets),
            format=format,
            total_rows=total,
        )
    except Refused as refusal:
        form.refuse(refusal)
        return page(reading, form, counts), 409
    return redirect(url_for("export.job", number=job.id), 303)


@bp.get("/export/file")
@guard(Action.SIGNED_IN)
def download() -> Answer:
    """A small export, made while it is waited for."""
    names = [name for name in exports.TABLES if name in request.args.getlist("sheet")]
    wanted = request.args.get("format", EXCEL)
    format = ExportFormat(wanted) if wanted in dict(FORMATS) else ExportFormat.EXCEL
    return at_once(names, format, problems="export.show")


def at_once(names: list[str], format: ExportFormat, *, problems: str) -> Answer:
    """A file cannot say that a filter was left out; the page that `problems` names does."""
    reading = portfolio.read(viewer(), given())
    if reading.problems:
        return redirect(address(problems, given()), 303)
    url = current_app.config["BASE_URL"] + address("listing.index", reading.filters.args())
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        made = making.at_once(file, viewer(), reading, names, format, url=url, most=making.ROWS_AT_ONCE)
    except BaseException:
        file.close()
        raise
    if not made:
        file.close()
        flash(_("This export is large. Choose what you need of it; it is then made in the background."), "info")
        return redirect(address("export.show", reading.filters.args(), sheet=names), 303)
    file.seek(0)
    name = f"prima-projects-{clock.today().isoformat()}.{format.value}"
    return send_file(file, MEDIA_TYPES[format], as_attachment=True, download_name=name, max_age=0)


def page(reading: portfolio.Reading, form: ExportForm, counts: dict[str, int] | None = None) -> str:
    """The filter in words, how many rows each sheet has, and what the person had made before."""
    if counts is None:
        counts = exports.counted(viewer(), reading)
    form.sheets.choices = shown(
        (name, _with_rows(name, counts[name]) if name in counts else name) for name in exports.TABLES
    )
    return render_template(
        "reporting/export.html",
        reading=reading,
        filters=reading.filters,
        said=reading.said(),
        form=form,
        counts=counts,
        number=counts[exports.PROJECTS],
        at_once=making.ROWS_AT_ONCE,
        warnings=[("warning", problem) for problem in reading.problems],
        url=address("export.ask", reading.filters.args()),
        made=[(one, state_chip(one), in_words(one)) for one in jobs.newest(viewer())],
    )


def _with_rows(name: str, number: int) -> str:
    return ngettext("%(name)s: %(rows)s row", "%(name)s: %(rows)s rows", number, name=name, rows=money(number))


# -- made in the background -------------------------------------------------------------------------------------------


def own(number: int) -> ExportJob | None:
    return jobs.own(viewer(), number)


@bp.get("/export/<int:number>")
@guard(Action.SIGNED_IN, own, see=None)
def job(job: ExportJob) -> str:
    return render_template(
        "reporting/export_job.html",
        job=job,
        chip=state_chip(job),
        said=in_words(job),
        state=progress(job),
        nobody=job.is_open and not jobs.can_run(),
        form=BaseForm(formdata=None),
        again=address("export.show", parse_qs(job.query), sheet=list(job.sheets), format=job.format.value),
        taken=jobs.may_be_taken(job),
        format=dict(FORMATS)[job.format.value],
    )


@bp.get("/export/<int:number>/progress")
@guard(Action.SIGNED_IN, own, see=None)
def state(job: ExportJob) -> Response:
    return jsonify(progress(job))


@bp.post("/export/<int:number>/cancel")
@guard(Action.SIGNED_IN, own, see=None)
def cancel(job: ExportJob) -> Response:
    making.cancel(job, actor=viewer())
    flash(_("The export is cancelled."), "success")
    return redirect(url_for("export.job", number=job.id), 303)


@bp.get("/export/<int:number>/file")
@guard(Action.SIGNED_IN, own, see=None)
def file(job: ExportJob) -> Response:
    """The file as it was made, to whoever may still see all that it holds."""
    if not jobs.may_be_taken(job):
        raise Refused(_("There is no file of this export any more, or not yet. Look at its page."))
    if job.rights != jobs.rights_of(viewer()):
        raise Refused(_("What you may see has changed since this file was made. Please ask for the export again."))
    place = jobs.place(current_app.config["EXPORTS_DIR"], job)
    if not place.is_file():
        raise Refused(_("The file of this export is gone. Please ask for it again."))
    return send_file(place, MEDIA_TYPES[job.format], as_attachment=True, download_name=job.file_name, max_age=0)


CHIPS = {
    ExportState.WAITING: "blue",
    ExportState.RUNNING: "blue",
    ExportState.DONE: "green",
    ExportState.FAILED: "red",
    ExportState.CANCELLED: "grey",
    ExportState.EXPIRED: "grey",
}


def state_chip(job: ExportJob) -> tuple[str, str]:
    if job.state is ExportState.DONE and not jobs.may_be_taken(job):
        return _("No longer kept"), "grey"
    words = {
        ExportState.WAITING: _("Waiting"),
        ExportState.RUNNING: _("Being made"),
        ExportState.DONE: _("Ready"),
        ExportState.FAILED: _("Failed"),
        ExportState.CANCELLED: _("Cancelled"),
        ExportState.EXPIRED: _("No longer kept"),
    }
    return words[job.state], CHIPS[job.state]


def in_words(job: ExportJob) -> str:
    """What was asked for, on one line: the filters and the sheets."""
    reading = portfolio.read(viewer(), parse_qs(job.query))
    filters = ", ".join(f"{name}: {words}" for name, words in reading.said())
    sheets = _("all sheets") if len(job.sheets) == len(exports.TABLES) else ", ".join(job.sheets)
    return f"{filters or _('All projects')}; {sheets}"


def progress(job: ExportJob) -> dict[str, Any]:
    """How far it is, for the page and for the script that looks again."""
    if job.state is ExportState.WAITING:
        ahead = jobs.before(job)
        says = (
            ngettext("%(num)s export comes before yours.", "%(num)s exports come before yours.", ahead)
            if ahead
            else _("Yours is next.")
        )
    else:
        says = _("%(done)s of %(total)s rows", done=money(job.done_rows), total=money(job.total_rows))
    return {"open": job.is_open, "percent": job.percent, "says": says, "state": job.state.value}
