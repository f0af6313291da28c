"""Working days: counting service days around an office's weekend and its dated holidays."""

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY_AND_SUNDAY = (5, 6)  # as date.weekday() counts: Monday is 0


def is_working_day(
    day: date, weekend: Collection[int] = SATURDAY_AND_SUNDAY, holidays: Collection[date] = frozenset()
) -> bool:
    return day.weekday() not in weekend and day not in holidays


def add_working_days(
    start: date,
    days: int,
    weekend: Collection[int] = SATURDAY_AND_SUNDAY,
    holidays: Collection[date] = frozenset(),
) -> date:
    """The given number of working days after `start`, which itself is not counted; 0 days is `start` as it is."""
    if days < 0:
        raise ValueError("Working days are counted forward: the number of days cannot be negative.")
    if set(range(7)) <= set(weekend):
        raise ValueError("A week needs at least one working day.")
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day, weekend, holidays)
    return day


def working_days_between(
    start: date,
    end: date,
    weekend: Collection[int] = SATURDAY_AND_SUNDAY,
    holidays: Collection[date] = frozenset(),
) -> int:
    """Working days after `start` up to and including `end`; negative when `end` comes first."""
    if end < start:
        return -working_days_between(end, start, weekend, holidays)
    weeks, rest = divmod((end - start).days, 7)
    working = 7 - len(set(weekend))
    odd_days = sum((start + timedelta(days=n)).weekday() not in weekend for n in range(1, rest + 1))
    lost = sum(start < day <= end and day.weekday() not in weekend for day in set(holidays))
    return weeks * working + odd_days - lost
