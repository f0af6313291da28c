"""The workplan: for each activity of the matrix its months and who is responsible, drawn by months."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import operations, queries
from prima.projects.forms.workplan import WorkplanForm
from prima.projects.models import Project
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import RowsConflict
from prima.projects.operations.workplan import NOTHING, values_of
from prima.projects.rules.calls import day_at
from prima.projects.snapshot import snapshot
from prima.projects.tasks import section
from prima.projects.views.comments import discussion
from prima.projects.views.drafting import (
    Answer,
    both_rows,
    drafting,
    frame,
    limit_rows,
    outcome,
    rows_of,
    saved,
)
from prima.projects.workplan import Line, drawing, live
from prima.users import viewer

bp = Blueprint("workplan", __name__, url_prefix="/projects")
HERE = "workplan.edit"
SECTION = "WPL"
MOST_ROWS = 1000


def with_a_workplan(reference: str) -> Project | None:
    """The project, where its edition asks for a workplan."""
    found = queries.proposal(reference)
    return found if found and section(found, SECTION) else None


@bp.get("/<reference>/workplan")
@guard(Action.VIEW_PROJECT, with_a_workplan)
def edit(project: Project) -> str:
    return page(project, offer(WorkplanForm(rows=rows_as_stored(project)), live(project)))


@bp.post("/<reference>/workplan")
@drafting(with_a_workplan)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS)
    form = offer(WorkplanForm(), live(project))
    try:
        status = outcome(
            form,
            lambda: operations.plan_activities(project, actor=viewer(), rows=rows_of(form.rows.entries, _("Activity"))),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def rows_as_stored(project: Project) -> list[dict[str, Any]]:
    """A row for each activity in the order of the matrix, also where nothing is planned yet."""
    plans = {plan.result_id: plan for plan in project.plans}
    rows = []
    for line in live(project):
        if line.is_activity:
            plan = plans.get(line.id or 0)
            values = values_of(plan) if plan else dict(NOTHING)
            version = plan.version if plan else 0
            rows.append({**values, "row": line.id, "version": version, "seen": fingerprint(values)})
    return rows


def offer(form: WorkplanForm, lines: list[Line]) -> WorkplanForm:
    """Each label names its activity by the number in the matrix."""
    numbers = {line.id: line.number for line in lines}
    for place, entry in enumerate(form.rows.entries, 1):
        name(entry, numbers.get(entry.form.row.data) or _("in line %(place)s", place=place))
    return form


def name(entry: Any, number: str) -> None:
    for field in entry.form:
        field.label.text = _("%(label)s, activity %(number)s", label=str(field.label.text), number=number)


def page(project: Project, form: WorkplanForm) -> str:
    lines, planned = live(project), project.duration_months
    posted = {entry.form.row.data for entry in form.rows.entries}
    numbers = {line.id: line.number for line in lines}
    for row in rows_as_stored(project):
        if row["row"] not in posted:  # an activity that came into the matrix meanwhile
            name(form.rows.append_entry(row), numbers[row["row"]])
    typed = {entry.form.row.data: entry for entry in form.rows.entries}
    known = {line.id for line in lines}
    return render_template(
        "projects/workplan.html",
        **frame(project, HERE),
        discussion=discussion(project, SECTION),
        section=section(project, SECTION),
        form=form,
        lines=lines,
        typed=typed,
        gone=[entry for number, entry in typed.items() if number not in known],
        has_activities=any(line.is_activity for line in lines),
        drawing=drawing(
            lines, planned, starts_on=project.starts_on, milestones=project.milestones, today=day_at(project.office)
        ),
        milestones=snapshot(project)["milestones"],
    )
