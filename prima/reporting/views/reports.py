"""The reports of a project: the list of what is due, and the page on which a report is written and decided on."""

from __future__ import annotations

from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from prima import clock
from prima.errors import Invalid, Refused
from prima.forms import BaseForm
from prima.permissions import Action, can, guard, require
from prima.projects.models import Project
from prima.projects.stages import RUNNING
from prima.reporting import operations, papers, queries, workbooks
from prima.reporting.calendar import ReportState
from prima.reporting.forms import DecisionForm, decision_form, report_form
from prima.reporting.models import Deadline
from prima.reporting.overview import line_of
from prima.reporting.page import LESSON_KINDS, RETURN, ReportPage, put_together
from prima.reporting.queries.schedule import schedule, with_extensions
from prima.reporting.rules import PROGRESS, remark_field, text_field
from prima.reporting.steps import OWING, report_type, writes
from prima.spreadsheets import write
from prima.users import viewer

bp = Blueprint("reports", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LESSONS_AT = {"lesson": "lessons", "withdraw": "lessons"}
"""Where the page goes on after a lesson was recorded or taken out."""


@bp.get("/<reference>/reports")
@guard(Action.VIEW_PROJECT, with_extensions)
def index(project: Project) -> str:
    rows = schedule(project.id)
    return render_template(
        "reporting/reports.html",
        project=project,
        lines=[line_of(project, row) for row in rows if row.fell_away_at is None],
        gone=[line_of(project, row) for row in rows if row.fell_away_at is not None],
        asks=project.status in OWING and can(viewer(), Action.ASK_REPORT, project),
        reminders=can(viewer(), Action.VIEW_INTERNAL, project),
        extendable=project.status in RUNNING and can(viewer(), Action.ASK_CHANGE, project),
    )


@bp.get("/<reference>/reports/<int:deadline>")
@guard(Action.VIEW_PROJECT, queries.deadline)
def show(deadline: Deadline) -> str:
    page = whole(deadline)
    return draw(page, written(page) if page.writes else None, decision(page))


@bp.post("/<reference>/reports/<int:deadline>")
@guard(Action.VIEW_PROJECT, queries.deadline)
def save(deadline: Deadline) -> Answer:
    """Save the draft; `then` says what else the button does: submit it, begin a part, or mend the list of lessons."""
    page = whole(deadline)
    require(viewer(), writes(page.kind), deadline.project)
    form = written(page)
    if not form.validate_on_submit():
        return draw(page, form, decision(page)), 422
    then = request.form.get("then", "")
    typed = contents(page, form)
    if then == "draft" and not typed["texts"].get(PROGRESS):
        typed["texts"][PROGRESS] = page.draft
    if page.takes_lessons and form.has_lesson:
        operations.record_lesson(deadline.id, actor=viewer(), **form.lesson)
    if (number := then.removeprefix("withdraw-")) != then:
        operations.withdraw_lesson(deadline.id, number_of(number), actor=viewer())
    saved = operations.save(deadline.id, actor=viewer(), version=version_of(form), labels=page.labels, **typed)
    if then != "submit":
        flash(_("Saved as a draft."), "success")
        return here(deadline, {"draft": text_field(PROGRESS)}.get(then) or LESSONS_AT.get(then.partition("-")[0], ""))
    if whole(saved).unmet:
        flash(_("Saved, but not submitted yet: what is still missing is listed below."), "warning")
        return here(deadline)
    operations.submit(deadline.id, actor=viewer())
    flash(_("The report is submitted."), "success")
    return here(deadline)


@bp.post("/<reference>/reports/<int:deadline>/decide")
@guard(Action.VIEW_PROJECT, queries.deadline)
def decide(deadline: Deadline) -> Answer:
    page = whole(deadline)
    form = decision(page)
    move = next((one for one in page.moves if one.name == request.form.get("move")), None)
    if move is None:
        raise Refused(_("You cannot decide this now. Open the report again to see where it is."))
    if form.validate_on_submit():
        try:
            operations.decide(
                deadline.id, move.name, actor=viewer(), version=version_of(form), note=form.note.data or "",
                remarks=form.remarks, sent_on=form.data.get("sent_on"),
            )  # fmt: skip
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(_("Done: %(move)s.", move=move.says), "success")
            return here(deadline)
    return draw(page, None, form), 422


@bp.get("/<reference>/reports/<int:deadline>.docx")
@guard(Action.VIEW_PROJECT, queries.deadline)
def in_word(deadline: Deadline) -> Response:
    page = readable(deadline)
    return send_file(
        BytesIO(papers.report(page)), papers.WORD, as_attachment=True, download_name=f"{file_name(page)}.docx",
        max_age=0,
    )  # fmt: skip


@bp.get("/<reference>/reports/<int:deadline>.xlsx")
@guard(Action.VIEW_PROJECT, queries.deadline)
def in_excel(deadline: Deadline) -> Response:
    page = readable(deadline)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        write(file, workbooks.report(page), created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, MEDIA_TYPE, as_attachment=True, download_name=f"{file_name(page)}.xlsx", max_age=0)


def readable(deadline: Deadline) -> ReportPage:
    """The report for who may read it: a draft is no file for everybody."""
    page = whole(deadline)
    if page.is_hidden:
        raise NotFound
    return page


def file_name(page: ReportPage) -> str:
    last = page.deadline.until.isoformat()
    return f"{page.project.name}-{page.kind.code.lower().replace('_', '-')}-{last}"


def here(deadline: Deadline, anchor: str = "") -> Response:
    where = url_for("reports.show", reference=deadline.project.reference, deadline=deadline.id, _anchor=anchor or None)
    return redirect(where, 303)


def whole(deadline: Deadline) -> ReportPage:
    kind = report_type(deadline)
    if kind is None:
        raise NotFound
    return put_together(deadline, kind, viewer())


def draw(page: ReportPage, form: BaseForm | None, decision: DecisionForm) -> str:
    return render_template(
        "reporting/report.html",
        page=page,
        form=form,
        decision=decision,
        remark_field=remark_field,
    )


def decision(page: ReportPage) -> DecisionForm:
    """The form of a decision; remarks are asked only of who can return it."""
    returns = any(move.name == RETURN for move in page.moves)
    form: DecisionForm = decision_form(page.parts if returns else [], page.version)
    if all(move.target != ReportState.SENT for move in page.moves):
        del form.sent_on
    return form


def written(page: ReportPage) -> Any:
    """The form of the report, beginning with what is saved, or with the report before."""
    data: dict[str, Any] = {"version": str(page.version)}
    data |= {part.field: part.text for part in page.texts}
    data |= {group.field: group.reached for group in page.groups}
    amounts = []
    for one in page.money.figures if page.money else ():
        data |= {one.field: one.spent, one.committed_field: one.committed}
        amounts += [(one.field, one.spent_label), (one.committed_field, one.committed_label)]
    return report_form(
        [(part.field, part.title) for part in page.texts],
        [(group.field, group.name) for group in page.groups],
        amounts,
        data,
        [(code, str(name)) for code, name in LESSON_KINDS.items()] if page.takes_lessons else (),
    )


def contents(page: ReportPage, form: BaseForm) -> dict[str, Any]:
    """What was typed, as the operation takes it."""
    typed = form.data
    figures = page.money.figures if page.money else ()
    return {
        "texts": {part.code: typed[part.field] or "" for part in page.texts},
        "reached": {group.id: typed[group.field] for group in page.groups},
        "spending": {
            (one.row.category_code, one.row.line_id): (typed[one.field], typed[one.committed_field]) for one in figures
        },
    }


def version_of(form: BaseForm) -> int:
    return number_of(form.data["version"] or "")


def number_of(text: str) -> int:
    """A number that a page of ours writes; -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
