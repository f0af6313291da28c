"""Months of a project, counted from its start: as people type them ("1-3, 7"), and as days of a calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

MOST_MONTHS = 120
"""No project is planned for longer."""
STRETCH = re.compile(r"(\d{1,9})(?:\s*[-\u2010-\u2014]\s*(\d{1,9}))?", re.ASCII)


class NotMonths(ValueError):
    """What was typed names no months; `part` is the piece that does not, `why` one of the words below."""

    def __init__(self, part: str, why: str) -> None:
        self.part, self.why = part, why
        super().__init__(f"{part}: {why}")


NO_MONTH, NOT_BEFORE_1, TOO_LATE, REVERSED = "no month", "before 1", "too late", "reversed"


def read(text: str) -> list[int]:
    """The months that a text such as "1-3, 7" names, each once, in order. Raises NotMonths."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in re.split("[,;]", text))):
        typed = STRETCH.fullmatch(part)
        if typed is None:
            raise NotMonths(part, NO_MONTH)
        first = int(typed[1])
        last = int(typed[2] or first)
        if 0 in (first, last):
            raise NotMonths(part, NOT_BEFORE_1)
        if max(first, last) > MOST_MONTHS:
            raise NotMonths(part, TOO_LATE)
        if last < first:
            raise NotMonths(part, REVERSED)
        found.update(range(first, last + 1))
    return sorted(found)


def say(months: Iterable[int]) -> str:
    """Months as one types them: 1-3, 7."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in stretches(months))


def stretches(months: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last month of each stretch without a gap, in order."""
    ordered = sorted(set(months))
    if not ordered:
        return
    first = ordered[0]
    for month, after in pairwise(ordered):
        if after != month + 1:
            yield first, month
            first = after
    yield first, ordered[-1]


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day; months may be negative."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise ValueError("This date lies outside the years that a calendar can hold (1 to 9999).")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
