"""What was confirmed before the demonstration's projects were closed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import moment, working_day
from prima.handbook import published
from prima.projects.models import Closing, Confirmation, Project
from prima.users import User

NOTES = {
    "ASSETS": "Seven items; the counterpart signed the list.",
    "DOCUMENTS": "",
    "BENEFICIARIES": "As in the final report.",
    "INDICATORS": "",
    "LESSONS": "Three, with the final report.",
    "BALANCE": "The balance was returned with the final financial report.",
    "COMMITMENTS": "",
    "ACCOUNTS": "Agreed with finance in writing.",
}
BEFORE = 2
"""Days before the closure on which the last line was confirmed."""


def confirmed(
    session: Session,
    project: Project,
    closing: Closing,
    closed_at: datetime,
    manager: User,
    chronicle: Chronicle,
    source: random.Random,
    *,
    lines: int | None = None,
) -> Iterator[Confirmation]:
    """The lines of a checklist, all of them or the first few, confirmed by the manager before the closure."""
    listed = (
        project.edition.handbook.closure
        if closing is Closing.OPERATIONAL
        else published.part(session, project.edition, "settlement")
    )
    at = moment(working_day(closed_at.date() - timedelta(days=BEFORE)), source)
    codes = [item.code for item in listed][:lines]
    for code in codes:
        yield Confirmation(
            project_id=project.id, closing=closing, code=code, by_id=manager.id, at=at, note=NOTES.get(code, "")
        )
    if codes:
        chronicle.note(project, at, "closing checklist", manager, closing=closing.value, changed=codes)
