"""What is planned to be reached, when, and when it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima.errors import Invalid, Refused
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import Milestone, Part, Project
from prima.projects.operations.drafting import last_writer, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.projects.rules.calls import day_at
from prima.projects.stages import RUNNING
from prima.users import User

MOST_MILESTONES = 100
FIELDS = ("name", "planned_on", "done_on", "evidence")


def may_plan(user: User, project: Project) -> bool:
    """The team while the proposal is open for writing; manager and alternate while the project runs."""
    if project.status in RUNNING:
        return can(user, Action.WRITE_REPORT, project)
    return can(user, Action.EDIT_PROPOSAL, project)


def values_of(milestone: Milestone) -> dict[str, Any]:
    return {name: getattr(milestone, name) for name in FIELDS}


def plan_milestones(project: Project, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Add, change and remove milestones; raises RowsConflict when somebody else changed one of the same."""
    project = queries.locked(project.id)
    if not may_plan(actor, project):
        raise Refused(_("The project has moved on meanwhile, and its milestones can no longer be changed by you."))
    session = session_of(project)
    stored = {milestone.id: milestone for milestone in project.milestones}
    changes = sort_out(rows, stored, values_of, who=last_writer(project, "milestones"))
    if len(stored) + len(changes.added) - len(changes.removed) > MOST_MILESTONES:
        raise Invalid("milestones", _("A project has at most %(most)s milestones.", most=MOST_MILESTONES))
    if not changes:
        return changes
    for row in [*changes.added, *(row for _milestone, row in changes.changed)]:
        if (done := row.values["done_on"]) and done > day_at(project.office):
            raise Invalid(f"{row.name}-done_on", _("This day is still to come."))
    new = [(Milestone(project_id=project.id, version=0), row) for row in changes.added]
    for milestone, row in [*changes.changed, *new]:
        for name in FIELDS:
            setattr(milestone, name, row.values[name])
        milestone.version += 1
    session.add_all(milestone for milestone, _row in new)
    for milestone in changes.removed:
        session.delete(milestone)
    if project.is_editable:
        take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "milestones",
        actor=actor,
        added=[row.values for row in changes.added],
        changed=[[milestone.id, row.values] for milestone, row in changes.changed],
        removed=[[milestone.id, values_of(milestone)] for milestone in changes.removed],
    )
    return changes
