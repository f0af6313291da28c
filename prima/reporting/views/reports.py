"""The reports of a project: the list of what is due, and the page on which a report is written and decided on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.forms import BaseForm
from prima.permissions import Action, can, guard, require
from prima.projects.models import Project
from prima.projects.stages import RUNNING
from prima.reporting import operations, queries
from prima.reporting.forms import DecisionForm, report_form
from prima.reporting.models import Deadline
from prima.reporting.overview import line_of
from prima.reporting.page import ReportPage, put_together
from prima.reporting.steps import OWING, report_type, writes
from prima.users import viewer

bp = Blueprint("reports", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]


@bp.get("/<reference>/reports")
@guard(Action.VIEW_PROJECT, queries.project)
def index(project: Project) -> str:
    rows = queries.deadlines_of(project.id)
    return render_template(
        "reporting/reports.html",
        project=project,
        lines=[line_of(project, row) for row in rows if row.fell_away_at is None],
        gone=[line_of(project, row) for row in rows if row.fell_away_at is not None],
        asks=project.status in OWING and can(viewer(), Action.ASK_REPORT, project),
        extendable=project.status in RUNNING and can(viewer(), Action.RUN, project),
    )


@bp.get("/<reference>/reports/<int:deadline>")
@guard(Action.VIEW_PROJECT, queries.deadline)
def show(deadline: Deadline) -> str:
    page = whole(deadline)
    return draw(page, written(page) if page.writes else None, decision(page))


@bp.post("/<reference>/reports/<int:deadline>")
@guard(Action.VIEW_PROJECT, queries.deadline)
def save(deadline: Deadline) -> Answer:
    page = whole(deadline)
    require(viewer(), writes(page.kind), deadline.project)
    form = written(page)
    if not form.validate_on_submit():
        return draw(page, form, decision(page)), 422
    saved = operations.save(
        deadline.id, actor=viewer(), version=version_of(form), labels=page.labels, **contents(page, form)
    )
    here = redirect(url_for("reports.show", reference=deadline.project.reference, deadline=deadline.id), 303)
    if request.form.get("then") != "submit":
        flash(_("Saved as a draft."), "success")
        return here
    if whole(saved).unmet:
        flash(_("Saved, but not submitted yet: what is still missing is listed below."), "warning")
        return here
    operations.submit(deadline.id, actor=viewer())
    flash(_("The report is submitted."), "success")
    return here


@bp.post("/<reference>/reports/<int:deadline>/decide")
@guard(Action.VIEW_PROJECT, queries.deadline)
def decide(deadline: Deadline) -> Answer:
    page = whole(deadline)
    form = decision(page)
    move = next((one for one in page.moves if one.name == request.form.get("move")), None)
    if move is None:
        raise Refused(_("You cannot decide this now. Open the report again to see where it is."))
    if move.note == "required" and not form.note.data:
        form.note.errors = [_("Please write what has to be changed.")]
    elif form.validate_on_submit():
        operations.decide(deadline.id, move.name, actor=viewer(), version=version_of(form), note=form.note.data or "")
        flash(_("Done: %(move)s.", move=move.says), "success")
        return redirect(url_for("reports.show", reference=deadline.project.reference, deadline=deadline.id), 303)
    return draw(page, None, form), 422


def whole(deadline: Deadline) -> ReportPage:
    kind = report_type(deadline)
    if kind is None:
        raise NotFound
    return put_together(deadline, kind, viewer())


def draw(page: ReportPage, form: BaseForm | None, decision: DecisionForm) -> str:
    return render_template("reporting/report.html", page=page, form=form, decision=decision)


def decision(page: ReportPage) -> DecisionForm:
    """The form of a decision; it knows which version the person has read."""
    return DecisionForm(data={"version": str(page.version)})


def written(page: ReportPage) -> BaseForm:
    """The form of the report, beginning with what is saved, or with the report before."""
    data: dict[str, Any] = {"version": str(page.version)}
    data |= {part.field: part.text for part in page.texts}
    data |= {group.field: group.reached for group in page.groups}
    amounts = []
    for one in page.categories:
        data |= {one.field: one.spent, one.committed_field: one.committed}
        amounts += [
            (one.field, _("%(category)s, spent", category=one.name)),
            (one.committed_field, _("%(category)s, committed", category=one.name)),
        ]
    return report_form(
        [(part.field, part.title) for part in page.texts],
        [(group.field, group.name) for group in page.groups],
        amounts,
        data,
    )


def contents(page: ReportPage, form: BaseForm) -> dict[str, Any]:
    """What was typed, as the operation takes it."""
    typed = form.data
    spending: dict[str, tuple[Decimal | None, Decimal | None]] = {
        one.code: (typed[one.field], typed[one.committed_field]) for one in page.categories
    }
    return {
        "texts": {part.code: typed[part.field] or "" for part in page.texts},
        "reached": {group.id: typed[group.field] for group in page.groups},
        "spending": spending,
    }


def version_of(form: BaseForm) -> int:
    text = form.data["version"] or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
