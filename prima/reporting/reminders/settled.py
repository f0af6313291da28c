"""What waits for a digest is no reminder any more once it is done, fell away or got another day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from prima.endorsement.models import Clearance, Round
from prima.outbox import Letter, LetterState
from prima.projects.models import Milestone
from prima.reporting.evaluating import TO_DO
from prima.reporting.models import Deadline, Recommendation
from prima.reporting.reminders.climbing import CLEARANCES, DEADLINES, KIND, MILES, PROMISES

ASKED = Clearance.round_id.in_(select(Round.id).where(Round.closed_at.is_(None)))
OWED: tuple[tuple[str, Any, Any, Any], ...] = (
    (DEADLINES.prefix, Deadline.id, Deadline.due_on, Deadline.is_open),
    (MILES.prefix, Milestone.id, Milestone.planned_on, Milestone.done_on.is_(None)),
    (PROMISES.prefix, Recommendation.id, Recommendation.due_on, Recommendation.follow_up.in_(TO_DO)),
    (CLEARANCES.prefix, Clearance.id, Clearance.due_on, and_(Clearance.verdict.is_(None), ASKED)),
)
"""By how the cause of its letters begins: the duty's number, its day, and whether it is still owed."""


def drop_settled(session: Session) -> None:
    held = session.execute(
        select(Letter.id, Letter.cause, Letter.due_on).where(
            Letter.state == LetterState.HELD, Letter.kind.startswith(KIND)
        )
    ).all()
    for prefix, number, due_on, still in OWED:
        about = {
            one.id: (int(one.cause.removeprefix(prefix)), one.due_on) for one in held if one.cause.startswith(prefix)
        }
        if about:
            numbers = {key for key, _day in about.values()}
            rows = session.execute(select(number, due_on).where(number.in_(numbers), still))
            standing = {(key, its_day) for key, its_day in rows}
            over = [one for one, key in about.items() if key not in standing]
            session.execute(
                update(Letter)
                .where(Letter.id.in_(over), Letter.state == LetterState.HELD)
                .values(state=LetterState.REPLACED)
                .execution_options(synchronize_session=False)
            )
