"""When a milestone is missed."""

from __future__ import annotations

from datetime import date


def is_missed(planned_on: date, done_on: date | None, today: date) -> bool:
    """Not done by the end of its day; `today` at the project's office. Of many, reporting.queries.is_missed asks it."""
    return done_on is None and planned_on < today
