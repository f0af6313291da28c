"""What waits for a person: the row type of "On my desk", which every package fills and home.py puts together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from prima import clock

Cursor = tuple[date, str]
"""Behind which row a page begins."""


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
    """The day by UTC, by which desks are in order."""
    due_on: date | None = None
    since_at: datetime | None = None
    """The moment, where it is since one: a page tells its day where it is read."""
    who: str = ""
    """Who has it, for those who only look."""
    days: tuple[int, int] | None = None
    """Working days gone, and those that the service level gives."""
    changed: str | None = None
    """The sections changed since it was last answered here; None where it was not."""
    claimed_by: str = ""
    """Who of those who have it took it up."""
    today: date | None = None
    """The date at the office, where the day on which it is due is one there; None where it is one anywhere."""
    key: str = ""
    """Tells it from others that wait since the same day."""

    @property
    def since(self) -> date | datetime | None:
        return self.since_at or self.since_on

    @property
    def is_late(self) -> bool:
        return self.due_on is not None and self.due_on < (self.today or clock.today())

    @property
    def order(self) -> tuple[date, date]:
        """Late and early due first, then the oldest."""
        return (self.due_on or date.max, self.since_on or date.max)

    @property
    def cursor(self) -> Cursor:
        """The oldest first; what waits since no day stands where it is due."""
        told = "\n".join((self.what, self.reference, self.title, self.place, self.url))
        return (self.since_on or self.due_on or date.max, self.key or "p" + sha256(told.encode()).hexdigest()[:24])


@dataclass(frozen=True)
class Found:
    """Some duties of a desk, the oldest first, and how many there are in all."""

    duties: list[Duty]
    total: int


@dataclass(frozen=True)
class Shelf:
    """A package's part of everybody's desk: how much there is, and a page of it behind a cursor."""

    count: Callable[[Any], int]
    page: Callable[[Any, Cursor | None, int], Found]


def whole(ask: Callable[[Any], list[Duty]]) -> Shelf:
    """The shelf of a package whose part of a desk is small: it is read whole."""

    def page(user: Any, after: Cursor | None, limit: int) -> Found:
        duties = ask(user)
        behind = sorted((one for one in duties if after is None or one.cursor > after), key=lambda one: one.cursor)
        return Found(behind[:limit], len(duties))

    return Shelf(lambda user: len(ask(user)), page)
