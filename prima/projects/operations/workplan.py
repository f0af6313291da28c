"""The workplan: in which months each activity of the matrix is done, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima import months
from prima.errors import Invalid
from prima.projects.models import ActivityPlan, Level, Part, Project
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.users import User

NOTHING = {"responsible": "", "months": ""}
"""What people edit of an activity without a plan."""


def values_of(plan: ActivityPlan) -> dict[str, Any]:
    """What people edit of it; months in the words in which they are typed."""
    return {"responsible": plan.responsible, "months": months.say(plan.months)}


def plan_activities(project: Project, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Save the plans of activities, a row each (`id` is the activity's); raises RowsConflict.

    Every activity of the matrix has a row, so none is added or removed here. What was typed for an activity that has
    left the matrix meanwhile is refused, not dropped.
    """
    project = opened(project, actor=actor)
    session = session_of(project)
    plans = {plan.result_id: plan for plan in project.plans}
    stored = {
        one.id: plans.get(one.id)
        or ActivityPlan(result_id=one.id, project_id=project.id, responsible="", months=[], version=0)
        for one in project.results
        if one.level is Level.ACTIVITY
    }
    for row in rows:
        if row.id not in stored and row.is_touched and any(row.values.values()):
            raise Invalid(
                f"{row.name}-responsible",
                _("This activity has left the results matrix meanwhile. Clear its fields to save the others."),
            )
    changes = sort_out(
        [row for row in rows if row.id in stored], stored, values_of, who=last_writer(project, "workplan")
    )
    if not changes.changed:
        return changes
    before = [[plan.result_id, values_of(plan)] for plan, _row in changes.changed]
    for plan, row in changes.changed:
        plan.responsible, plan.months = row.values["responsible"], months.read(row.values["months"])
        plan.version += 1
        session.add(plan)
    take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "workplan",
        actor=actor,
        before=before,
        after=[[plan.result_id, row.values] for plan, row in changes.changed],
    )
    return changes
