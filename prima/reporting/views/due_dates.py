"""One deadline with every date it had; moving it by a decision, and reports asked outside the schedule."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima.errors import Refused
from prima.permissions import Action, can, guard
from prima.projects.models import Project
from prima.reporting import operations, queries
from prima.reporting.calendar import INTERIM
from prima.reporting.forms import AskedForm, DueDateForm, TakeBackForm
from prima.reporting.models import Deadline
from prima.reporting.overview import line_of
from prima.reporting.steps import OWING, deadline_name
from prima.users import viewer

bp = Blueprint("due_dates", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]


@bp.get("/<reference>/deadlines/<int:deadline>")
@guard(Action.VIEW_PROJECT, queries.deadline)
def show(deadline: Deadline) -> str:
    decides = can(viewer(), Action.RUN, deadline.project) and deadline.is_open and deadline.fell_away_at is None
    return render_template(
        "reporting/due_date.html",
        project=deadline.project,
        line=line_of(deadline.project, deadline),
        history=queries.history_of(deadline.id),
        internal=can(viewer(), Action.VIEW_INTERNAL, deadline.project),
        decides=decides,
    )


@bp.route("/<reference>/deadlines/<int:deadline>/move", methods=["GET", "POST"])
@guard(Action.RUN, queries.deadline)
def move(deadline: Deadline) -> Answer:
    form = DueDateForm(data={"seen": deadline.due_on.isoformat()})
    if form.validate_on_submit():
        try:
            operations.move_due_date(
                deadline.id,
                actor=viewer(),
                due_on=form.due_on.data,  # type: ignore[arg-type]  # the form was validated
                reason=form.reason.data,
                seen=day_of(form.seen.data),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The due date is moved; the earlier one stays visible."), "success")
            return page_of(deadline)
    return decided("reporting/due_date_move.html", deadline, form)


@bp.route("/<reference>/deadlines/<int:deadline>/take-back", methods=["GET", "POST"])
@guard(Action.RUN, queries.deadline)
def take_back(deadline: Deadline) -> Answer:
    form = TakeBackForm()
    if form.validate_on_submit():
        operations.take_back(deadline.id, actor=viewer(), reason=form.reason.data)
        flash(_("The report is no longer asked."), "success")
        return page_of(deadline)
    return decided("reporting/due_date_take_back.html", deadline, form)


@bp.route("/<reference>/deadlines/ask", methods=["GET", "POST"])
@guard(Action.ASK_REPORT, queries.project)
def ask(project: Project) -> Answer:
    if project.status not in OWING:
        raise Refused(_("Reports are asked only of a project that was activated and is not closed."))
    form = AskedForm()
    edition = project.edition.handbook
    form.kind.choices = [
        SelectChoice("", _("Please choose")),
        *(SelectChoice(kind, deadline_name(edition, kind)) for kind in INTERIM),
    ]
    if form.validate_on_submit():
        try:
            asked = operations.ask_report(project.id, actor=viewer(), **form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The report is asked for; the manager and the alternate get a letter."), "success")
            return page_of(asked, project)
    return (
        render_template("reporting/ask_report.html", project=project, form=form),
        422 if form.is_submitted() else 200,
    )


def page_of(deadline: Deadline, project: Project | None = None) -> Response:
    reference = (project or deadline.project).reference
    return redirect(url_for("due_dates.show", reference=reference, deadline=deadline.id), 303)


def decided(template: str, deadline: Deadline, form: Any) -> Answer:
    line = line_of(deadline.project, deadline)
    page = render_template(template, project=deadline.project, line=line, form=form)
    return page, 422 if form.is_submitted() else 200


def day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
