"""The milestones of a project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import operations, queries
from prima.projects.forms.milestones import MilestonesForm
from prima.projects.forms.rows import EMPTY_ROWS
from prima.projects.models import Project
from prima.projects.operations.milestones import MOST_MILESTONES, may_plan, values_of
from prima.projects.operations.rows import RowsConflict
from prima.projects.rules.calls import day_at
from prima.projects.views.drafting import (
    Answer,
    both_rows,
    drafting,
    frame,
    limit_rows,
    outcome,
    rows_of,
    saved,
    shown,
)
from prima.users import viewer

bp = Blueprint("milestones", __name__, url_prefix="/projects")
HERE = "milestones.edit"


@bp.get("/<reference>/milestones")
@guard(Action.VIEW_PROJECT, queries.proposal_with_story)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [shown(values_of(one), one) for one in project.milestones]
    form = MilestonesForm(milestones=[*rows, *({} for _row in range(EMPTY_ROWS))])
    form.number(form.milestones, {})
    return page(project, form)


@bp.post("/<reference>/milestones")
@drafting(queries.proposal_with_story, may_plan)
def save(project: Project) -> Answer:
    limit_rows(MOST_MILESTONES + 20)
    form = MilestonesForm()
    form.number(form.milestones, {})
    try:
        status = outcome(
            form,
            lambda: operations.plan_milestones(
                project, actor=viewer(), rows=rows_of(form.milestones.entries, _("Milestone"))
            ),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def page(project: Project, form: MilestonesForm) -> str:
    known = frame(project, HERE, may=may_plan)
    return render_template("projects/milestones.html", **known, form=form, today_there=day_at(project.office))
