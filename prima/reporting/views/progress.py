"""How far the activities of a running project are: state, day and note of each, beside its planned months."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects.forms.rows import Options
from prima.projects.models import Level, Project
from prima.projects.numbering import live, numbered
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import RowsConflict
from prima.projects.rules.calls import day_at
from prima.projects.views.drafting import Answer, both_rows, limit_rows, outcome, rows_of
from prima.reporting.forms.monitoring import STATES, ProgressForm
from prima.reporting.models import ActivityProgress
from prima.reporting.monitoring import planned, standing
from prima.reporting.operations import progress as operations
from prima.reporting.operations.progress import progress_of, values_of
from prima.reporting.queries.monitoring import monitored
from prima.reporting.views.monitoring import frame
from prima.users import viewer

bp = Blueprint("progress", __name__, url_prefix="/projects/<reference>/monitoring/activities")
HERE = "progress.edit"
MOST_ROWS = 1000


@bp.get("")
@guard(Action.VIEW_PROJECT, monitored)
def edit(project: Project) -> str:
    said = progress_of(project)
    return page(project, offer(ProgressForm(rows=as_stored(project, said)), project), said)


@bp.post("")
@guard(Action.WRITE_REPORT, monitored)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS)
    form = offer(ProgressForm(), project)
    try:
        status = outcome(
            form,
            lambda: operations.report_activities(
                project.id, actor=viewer(), rows=rows_of(form.rows.entries, _("Activity"))
            ),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    if status != 303:
        return page(project, form, progress_of(project)), status
    flash(_("Saved."), "success")
    return redirect(url_for(HERE, reference=project.reference), 303)


def as_stored(project: Project, said: dict[int, ActivityProgress]) -> list[dict[str, Any]]:
    """A row for each activity in the order of the matrix."""
    return [
        {
            **(values := values_of(said[row.id])),
            "row": row.id,
            "version": said[row.id].version,
            "seen": fingerprint(values),
        }
        for row in numbered(project.results)
        if row.id in said
    ]


def offer(form: ProgressForm, project: Project) -> ProgressForm:
    """Each label names its activity by the number in the matrix."""
    numbers, states = {row.id: row.number for row in numbered(project.results)}, Options(STATES)
    for place, entry in enumerate(form.rows.entries, 1):
        entry.form.state.choices = states
        number = numbers.get(entry.form.row.data) or _("in line %(place)s", place=place)
        for field in entry.form:
            field.label.text = _("%(label)s, activity %(number)s", label=str(field.label.text), number=number)
    return form


def page(project: Project, form: ProgressForm, said: dict[int, ActivityProgress]) -> str:
    plans, there = {plan.result_id: plan.months for plan in project.plans}, live(project.results)
    today, start = day_at(project.office), project.starts_on
    assert start
    dates = {number: planned(plans.get(number, ()), start) for number in said}
    typed = {entry.form.row.data: entry for entry in form.rows.entries}
    return render_template(
        "reporting/activities.html",
        **frame(project, HERE),
        form=form,
        rows=[row for row in numbered(project.results) if row.id in there and row.level != Level.OBJECTIVE],
        typed=typed,
        said=said,
        dates=dates,
        standing={number: standing(said[number].state, dates[number], today) for number in said},
        states=STATES,
        gone=[entry for number, entry in typed.items() if number not in said],
    )
