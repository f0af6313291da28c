"""The partners of a project, with their role and how far the agreement with them has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima.errors import Invalid
from prima.projects.models import Agreement, Part, Partner, Project
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.users import User

MOST_PARTNERS = 100


def values_of(partner: Partner) -> dict[str, Any]:
    """What people edit of a partner."""
    return {
        "name": partner.name,
        "role": partner.role,
        "agreement": partner.agreement.value,
        "agreement_reference": partner.agreement_reference,
    }


def list_partners(project: Project, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Add, change and remove partners; raises RowsConflict when somebody else changed one of the same."""
    project = opened(project, actor=actor)
    session = session_of(project)
    stored = {partner.id: partner for partner in project.partners}
    changes = sort_out(rows, stored, values_of, who=last_writer(project, "partners"))
    if len(stored) + len(changes.added) - len(changes.removed) > MOST_PARTNERS:
        raise Invalid("partners", _("A project has at most %(most)s partners.", most=MOST_PARTNERS))
    if not changes:
        return changes
    position = max((partner.position for partner in project.partners), default=0)
    new = [
        (Partner(project_id=project.id, position=place, version=0), row)
        for place, row in enumerate(changes.added, position + 1)
    ]
    for partner, row in [*changes.changed, *new]:
        for name, value in row.values.items():
            setattr(partner, name, Agreement(value) if name == "agreement" else value)
        partner.version += 1
    session.add_all(partner for partner, _row in new)
    for partner in changes.removed:
        session.delete(partner)
    take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "partners",
        actor=actor,
        added=[row.values for row in changes.added],
        changed=[[partner.id, row.values] for partner, row in changes.changed],
        removed=[[partner.id, values_of(partner)] for partner in changes.removed],
    )
    return changes
