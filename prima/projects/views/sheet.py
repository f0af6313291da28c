"""Budget lines by the sheet: pasted, or filled in in Excel; shown before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from prima.downloads import WORKBOOK, workbook
from prima.errors import Refused
from prima.filters import money
from prima.forms import BaseForm
from prima.permissions import Action, guard
from prima.projects import operations, queries, workbooks
from prima.projects.forms.budget import ConfirmForm, PasteForm, UploadForm
from prima.projects.forms.lines import (
    COLUMNS,
    COMPUTED,
    PICKED,
    Problem,
    Reader,
    Table,
    Understood,
    hidden_words,
    kept,
    titles_of,
    unfolded,
)
from prima.projects.models import Project
from prima.projects.operations.budget import MOST_AMOUNT, MOST_LINES, amount_of, values_of
from prima.projects.operations.rows import Row
from prima.projects.papers import Filed
from prima.projects.rules import is_regional
from prima.projects.views.budget import HERE as BUDGET
from prima.projects.views.budget import internal_lines, offered, staff_lines
from prima.projects.views.drafting import Answer, drafting, frame, names_of, outcome, saved
from prima.projects.workbooks import Listed
from prima.spreadsheets import Sheet, reading, write
from prima.spreadsheets.tables import Row as TableRow
from prima.spreadsheets.tables import pasted
from prima.users import viewer

bp = Blueprint("sheet", __name__, url_prefix="/projects")
MOST_BYTES = 5 * 1024 * 1024
INTERNAL = ("unit", "quantity", "units", "unit_cost")
"""How a cost of staff was worked out."""


@dataclass(frozen=True)
class Shown:
    """One understood row as the preview shows it."""

    line: Understood
    amount: Decimal | None


@bp.get("/<reference>/budget/sheet")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    return page(project, PasteForm(), UploadForm())


@bp.post("/<reference>/budget/sheet")
@drafting(queries.proposal)
def show(project: Project) -> Answer:
    """What was understood of a workbook, which comes in parts, or of pasted rows."""
    return upload(project) if request.mimetype == "multipart/form-data" else paste(project)


def paste(project: Project) -> Answer:
    form = PasteForm()
    if not form.validate_on_submit():
        return page(project, form, UploadForm(formdata=None)), 422
    table = understood(project, pasted(form.rows.data))
    if not (table.lines or table.problems):
        form.rows.errors = [_("There is no line in it. Copy the rows in the spreadsheet, then paste them here.")]
    if table.problems or not table.lines:
        return page(project, form, UploadForm(formdata=None), table.problems), 422
    return preview(project, table)


def upload(project: Project) -> Answer:
    form = UploadForm()
    problems: Sequence[Problem] = ()
    if form.validate_on_submit():
        try:
            read = reading.read(_content(form), workbooks.SHEET, most_rows=MOST_LINES + 1)
        except reading.Unreadable as error:
            form.file.errors = [str(error)]
        else:
            table = understood(project, read.rows)
            problems = [
                Problem(_("Sheet “%(name)s”, %(place)s", name=read.name, place=one.place), one.value, one.expected)
                for one in table.problems
            ]
            if not (table.lines or problems):
                form.file.errors = [_("The sheet “%(name)s” holds no line.", name=read.name)]
            elif not problems:
                return preview(project, table)
    return page(project, PasteForm(formdata=None), form, problems), 422


@bp.post("/<reference>/budget/sheet/confirm")
@drafting(queries.proposal)
def confirm(project: Project) -> Answer:
    form = ConfirmForm()
    try:
        table = understood(project, unfolded(form.kept.data))
    except ValueError:
        raise Refused(_("These rows cannot be read any more. Paste or choose them again.")) from None
    if table.problems or not table.lines:
        return page(project, PasteForm(formdata=None), UploadForm(formdata=None), table.problems), 422
    rows = [
        Row(f"row-{one.number}", _("Row %(number)s", number=one.number), None, 0, "", False, dict(one.typed))
        for one in table.lines
    ]
    status = outcome(
        form,
        lambda: operations.bring_lines(
            project,
            actor=viewer(),
            version=form.version.data,
            rows=rows,
            replace=form.way.data == "replace",
            currency=form.currency.data,
        ),
    )
    if status != 303:
        return preview(project, table, form), status
    return saved(project, BUDGET, message=_("%(count)s lines were taken over.", count=len(rows)))


@bp.get("/<reference>/budget.xlsx")
@guard(Action.VIEW_PROJECT, queries.proposal)
def download(project: Project) -> Response:
    return workbook(form_of(project, internal_lines(project)), f"budget-{project.name}.xlsx")


def as_submitted(project: Project) -> bytes:
    """The budget form as it is filed at a submission: all staff may read it later, so unit costs of staff stay out."""
    file = BytesIO()
    write(file, form_of(project, staff_lines(project)), created=project.status_since)
    return file.getvalue()


BUDGET_FORM = Filed(
    "BUD", _l("Budget form"), "budget.xlsx", WORKBOOK, lambda project, names, version: as_submitted(project),
    only=lambda project: bool(project.lines),
)  # fmt: skip


def form_of(project: Project, hidden: Collection[int]) -> list[Sheet]:
    """The sheets of the budget form; how the amounts of the `hidden` lines were worked out stays blank."""
    titles = headings(project)
    names = {name: names_of(options) for name, options in offered(project).items()}
    rows = []
    for line in project.lines:
        row: dict[str, Any] = {**values_of(line), COMPUTED: line.amount}
        row |= {name: names[name].get(str(row[name] or ""), "") for name in PICKED}
        if line.id in hidden:
            row |= dict.fromkeys(INTERNAL)
        rows.append(row)
    lists = [
        Listed(titles[name], words, code if name != "result_id" else words.partition(" ")[0])
        for name in PICKED
        if name in titles
        for code, words in names[name].items()
        if code
    ]
    notes = [
        _("Fill in the sheet “Budget”, one line a row, and choose this file on the page of the budget."),
        _("The amount is computed from quantity, number of units and unit cost: what stands there is not read."),
        _("The columns may stand in another order; their headings stay as they are."),
    ]
    return workbooks.budget(titles, rows, lists, notes)


def headings(project: Project) -> dict[str, str]:
    """The headings of the columns this project fills in, in their order; amounts say their currency."""
    left_out = () if is_regional(project) else ("country_code",)
    titles = titles_of([name for name in COLUMNS if name not in left_out])
    for name in ("unit_cost", COMPUTED):
        titles[name] = _("%(heading)s, %(currency)s", heading=titles[name], currency=project.currency)
    return titles


def understood(project: Project, rows: Sequence[TableRow]) -> Table:
    if len(rows) > MOST_LINES + 1:  # and the headings
        says = _("A budget has at most %(most)s lines. Please join some.", most=MOST_LINES)
        return Table(problems=[Problem(_("%(count)s rows", count=f"{len(rows):,}"), "", says)])
    table = Reader(offered(project), project.currency, list(headings(project))).read(rows)
    if len(table.lines) > MOST_LINES:
        says = _("A budget has at most %(most)s lines. Please join some.", most=MOST_LINES)
        table.problems.append(Problem(_("%(count)s rows", count=len(table.lines)), "", says))
    for line in table.lines:
        amount = amount_in(line)
        if amount is not None and amount >= MOST_AMOUNT:
            where = _("Row %(number)s", number=line.number)
            table.problems.append(Problem(where, "", _("The amount of this line is too large.")))
    return table


def amount_in(line: Understood) -> Decimal | None:
    if line.typed["unit_cost"] is None:
        return None
    return amount_of(line.typed["quantity"], line.typed["units"], line.typed["unit_cost"])


def _content(form: UploadForm) -> bytes:
    """The file's bytes; raises Unreadable when there are none or too many."""
    content: bytes = form.file.data.stream.read(MOST_BYTES + 1) if form.file.data else b""
    if not content:
        raise reading.Unreadable(_("Please choose the file."))
    if len(content) > MOST_BYTES:
        says = _("This file is larger than %(limit)s MB. Choose the form of this budget.", limit=MOST_BYTES // 1024**2)
        raise reading.Unreadable(says)
    return content


def page(project: Project, form: PasteForm, file: UploadForm, problems: Sequence[Problem] = ()) -> str:
    return render_template(
        "projects/sheet.html",
        **frame(project, BUDGET),
        form=form,
        file=file,
        problems=[str(problem) for problem in problems],
        headings=list(headings(project).values()),
        most=MOST_LINES,
    )


def preview(project: Project, table: Table, form: BaseForm | None = None) -> str:
    lines = [Shown(line, amount_in(line)) for line in table.lines]
    confirm_form = form or ConfirmForm(formdata=None, way="add")
    confirm_form.version.data = project.budget_version
    confirm_form.currency.data = project.currency
    confirm_form.kept.data = kept(table.lines)
    return render_template(
        "projects/preview.html",
        **frame(project, BUDGET),
        form=confirm_form,
        lines=lines,
        headings=headings(project),
        picked=PICKED,
        regional=is_regional(project),
        there=len(project.lines),
        total=money(sum((one.amount for one in lines if one.amount is not None), Decimal(0))),
        hidden=hidden_words(count) if (count := sum(line.is_hidden for line in table.lines)) else "",
    )
