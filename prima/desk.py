"""What waits for a person: the row type of "On my desk", which every package fills and home.py puts together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prima import clock


@dataclass(frozen=True)
class Duty:
    """One thing to do on one project. `what` begins with a verb: "Clear for the office", "Write the interim report"."""

    what: str
    reference: str
    """How the project is called: its project ID, else its reference."""
    title: str
    place: str
    url: str
    since_on: date | None
    due_on: date | None = None
    who: str = ""
    """Who has it, for those who only look."""

    @property
    def is_late(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()

    @property
    def order(self) -> tuple[date, date]:
        """Late and early due first, then the oldest."""
        return (self.due_on or date.max, self.since_on or date.max)
