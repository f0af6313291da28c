"""What finance states: taken over from a spreadsheet, after a preview, and shown beside the approved budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from prima import clock, turns
from prima.config import MEGABYTE, MOST_BYTES_OF_A_FILE
from prima.errors import Refused
from prima.permissions import Action, can, guard
from prima.projects import queries as projects
from prima.projects.models import Project
from prima.projects.rules import is_of_staff
from prima.rates import USD
from prima.reporting import operations, statement, workbooks
from prima.reporting.forms import SpendingForm, TakeOverForm
from prima.reporting.operations.spending import Changed, Prepared, read
from prima.reporting.queries import spending as queries
from prima.reporting.spending import Category, Figures, by_category, total
from prima.reporting.statement import Statement, Wrong
from prima.spreadsheets import write
from prima.spreadsheets.reading import Unreadable
from prima.users import viewer

bp = Blueprint("spending", __name__)
Answer = str | Response | tuple[str, int]
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_NAME = 200


# -- taking over ------------------------------------------------------------------------------------------------------


@bp.get("/spending/import")
@guard(Action.IMPORT_SPENDING)
def begin() -> str:
    return page(SpendingForm())


@bp.post("/spending/import")
@guard(Action.IMPORT_SPENDING)
def preview() -> Answer:
    form = SpendingForm()
    problems: Sequence[str] = ()
    if form.validate_on_submit():
        try:
            data, name = _chosen(form)
            turns.give_away()
            found, prepared = read(data, actor=viewer(), file_name=name)
        except Unreadable as error:
            form.file.errors = [str(error)]
        except Wrong as wrong:
            problems = wrong.sentences
        else:
            if not prepared.is_known:
                return shown(found, prepared)
            flash(_("Nothing is to be changed: this file was taken over, and its figures stand."), "info")
            return redirect(url_for("spending.begin"), 303)
    return page(form, problems), 422


@bp.post("/spending/import/confirm")
@guard(Action.IMPORT_SPENDING)
def confirm() -> Answer:
    form = TakeOverForm()
    try:
        held = _seal().loads(form.kept.data if form.validate_on_submit() else "")
    except BadData:
        held = {}
    if held.get("by") != viewer().id:
        raise Refused(_("This preview cannot be read any more. Choose the file again."))
    found = statement.again(held["rows"])
    try:
        source = operations.confirm(
            found, actor=viewer(), file_name=held["file"], sha256=held["sha256"], seen=held["seen"]
        )
    except Wrong as wrong:
        return page(SpendingForm(formdata=None), wrong.sentences), 422
    except Changed as changed:
        return shown(found, changed.prepared, str(changed)), 409
    if source is None:
        flash(_("Nothing was changed: this file was taken over before, and its figures stand."), "info")
    else:
        flash(ngettext("%(num)s row was taken over.", "%(num)s rows were taken over.", source.rows), "success")
    return redirect(url_for("spending.begin"), 303)


def page(form: SpendingForm, problems: Sequence[str] = ()) -> str:
    return render_template(
        "reporting/spending_import.html",
        form=form,
        problems=problems,
        imports=queries.imports_of(viewer()),
        most=statement.MOST_ROWS,
    )


def shown(found: Statement, prepared: Prepared, changed: str = "") -> str:
    """The preview; its form keeps the rows, so that nothing is stored of what nobody confirms."""
    held = {
        "by": viewer().id,
        "file": prepared.file_name,
        "sha256": prepared.sha256,
        "seen": prepared.seen,
        "rows": statement.kept(found),
    }
    striking = [(one, moved) for one in prepared.stated for moved in one.lines if is_striking(moved)]
    return render_template(
        "reporting/spending_preview.html",
        form=TakeOverForm(formdata=None, kept=_seal().dumps(held)),
        prepared=prepared,
        striking=striking,
        changed=changed,
    )


def is_striking(moved: Any) -> bool:
    return moved.is_overspent or moved.went_down or moved.disappears


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="spending")


def _chosen(form: SpendingForm) -> tuple[bytes, str]:
    """The bytes and the name of the file; raises Unreadable when there is none or too much."""
    file = form.file.data
    if not file:
        raise Unreadable(_("Please choose the file."))
    with file.stream as stream:
        data: bytes = stream.read(MOST_BYTES_OF_A_FILE + 1)
    if len(data) > MOST_BYTES_OF_A_FILE:
        raise Unreadable(_("This file is larger than %(most)s MB.", most=MOST_BYTES_OF_A_FILE // MEGABYTE))
    name = "".join(letter for letter in file.filename or "" if letter.isprintable())
    return data, name[-LONGEST_NAME:]


# -- of a project -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """A category as the viewer sees it: of staff without its lines, for those who see nothing internal."""

    category: Category
    lines_hidden: bool

    @property
    def figures(self) -> Figures:
        return self.category.figures


@bp.get("/projects/<reference>/spending")
@guard(Action.VIEW_PROJECT, projects.project)
def show(project: Project) -> str:
    groups = groups_of(project)
    whole = total(one.figures for one in groups)
    return render_template(
        "reporting/spending.html",
        project=project,
        groups=groups,
        total=whole,
        in_usd=in_usd(project, whole) if project.currency != USD and project.rate else None,
        standing=queries.last_import(project.id),
        may_import=can(viewer(), Action.IMPORT_SPENDING, project),
        hidden=any(one.lines_hidden for one in groups),
    )


@bp.get("/projects/<reference>/spending.xlsx")
@guard(Action.VIEW_PROJECT, projects.project)
def download(project: Project) -> Response:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        write(file, workbooks.spending(groups_of(project), project.currency), created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, MEDIA_TYPE, as_attachment=True, download_name=f"spending-{project.name}.xlsx", max_age=0)


def groups_of(project: Project) -> list[Group]:
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    found = by_category(queries.lines_spent(project.id), queries.category_names())
    return [Group(one, not internal and is_of_staff(one.code)) for one in found]


def in_usd(project: Project, whole: Figures) -> dict[str, Any]:
    """The totals at the rate of the budget; the balance is what is left of them."""
    approved, spent, committed = (project.in_usd(one) for one in (whole.approved, whole.spent, whole.committed))
    return {"approved": approved, "spent": spent, "committed": committed, "balance": approved - spent - committed}
