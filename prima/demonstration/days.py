"""The demonstration's calendar: its fixed day, working days, and plausible hours."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from prima import clock

TODAY = date(2016, 10, 1)
YESTERDAY = date(2016, 9, 30)
"""The last working day before it."""


def working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def moment(day: date, source: random.Random) -> datetime:
    """Some minute of an office day, in UTC."""
    return datetime.combine(day, time(7 + source.randrange(8), source.randrange(60), tzinfo=UTC))


@contextmanager
def on(day: date) -> Iterator[None]:
    """Do something as if it were that day; afterwards the clock goes on as before."""
    before = clock.fixed_day()
    clock.fix(day)
    try:
        yield
    finally:
        clock.fix(before)
