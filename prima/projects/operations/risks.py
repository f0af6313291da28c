"""The risk plan: what may happen, how bad and how likely it is, and what is done about it by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima.errors import Invalid
from prima.projects.models import Part, Project, Risk
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.users import User

MOST_RISKS = 100
FIELDS = (
    "factor", "consequence_code", "likelihood_code", "timing", "treatment_code", "action", "owner", "due_on",
)  # fmt: skip


def values_of(risk: Risk) -> dict[str, Any]:
    """What people edit of a risk."""
    return {name: getattr(risk, name) for name in FIELDS}


def plan_risks(project: Project, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Add, change and remove risks; raises RowsConflict when somebody else changed one of the same."""
    project = opened(project, actor=actor)
    session = session_of(project)
    stored = {risk.id: risk for risk in project.risks}
    changes = sort_out(rows, stored, values_of, who=last_writer(project, "risks"))
    if len(stored) + len(changes.added) - len(changes.removed) > MOST_RISKS:
        raise Invalid("risks", _("A risk plan has at most %(most)s risks. Please join some.", most=MOST_RISKS))
    if not changes:
        return changes
    position = max((risk.position for risk in project.risks), default=0)
    new = [
        (Risk(project_id=project.id, position=place, version=0), row)
        for place, row in enumerate(changes.added, position + 1)
    ]
    for risk, row in [*changes.changed, *new]:
        for name in FIELDS:
            setattr(risk, name, row.values[name])
        risk.version += 1
    session.add_all(risk for risk, _row in new)
    for risk in changes.removed:
        session.delete(risk)
    take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "risks",
        actor=actor,
        added=[row.values for row in changes.added],
        changed=[[risk.id, row.values] for risk, row in changes.changed],
        removed=[[risk.id, values_of(risk)] for risk in changes.removed],
    )
    return changes
