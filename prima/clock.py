"""The only place that reads the time, so that a demonstration can live on a fixed day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_day: date | None = None


def fixed_day() -> date | None:
    """The day on which the clock stands still (PRIMA_TODAY), or None when it is the real one."""
    return _day


def now() -> datetime:
    """This moment in UTC; on a fixed day, that day at the real time of day."""
    real = datetime.now(UTC)
    return real if _day is None else datetime.combine(_day, real.timetz())


def today() -> date:
    """The date in UTC."""
    return now().date()


def today_at(time_zone: str) -> date:
    """The date at a place, by its IANA time zone: what is due on a day is due until midnight there."""
    return _day or now().astimezone(ZoneInfo(time_zone)).date()


def days_on_earth() -> tuple[date, date]:
    """The earliest and the latest date that it is anywhere at this moment."""
    return today_at("Etc/GMT+12"), today_at("Etc/GMT-14")  # twelve hours behind UTC, fourteen ahead: signs turned round


def fix(day: date | None) -> None:
    """Stand still on a day (tests and the demonstration), or go on with None."""
    global _day  # noqa: PLW0603 - the clock is the one thing of which there is only one
    _day = day


def ago(**spans: float) -> datetime:
    return now() - timedelta(**spans)
