"""How values look on a page: money, days, moments, shares and ages."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import cast

from babel import dates, numbers
from flask import Flask
from flask_babel import get_timezone, ngettext, to_user_timezone
from flask_babel import gettext as _

from prima import clock
from prima.languages import texts
from prima.months import say

SHORTENED = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
REMEMBERED = 16_384
"""Numbers and days as they were written last: a page writes hundreds, and most of them not for the first time."""


@lru_cache(REMEMBERED)
def _number(value: Decimal | int, pattern: str, language: str) -> str:
    return numbers.format_decimal(value, pattern, language)


@lru_cache(REMEMBERED)
def _percent(value: Decimal | float, pattern: str, language: str) -> str:
    return numbers.format_percent(value, pattern, language)


@lru_cache(REMEMBERED)
def _day(value: date, pattern: str, language: str) -> str:
    return dates.format_date(value, pattern, language)


def number(value: Decimal | int, pattern: str = "#,##0") -> str:
    """A number in the language that is spoken, by a pattern of Unicode's LDML."""
    return _number(value or 0, pattern, texts().language)


def none_text(value: object) -> object:
    """The value itself, or the words for a value nobody has stated."""
    return _("not stated") if value is None or value == "" else value


def money(amount: Decimal | int | None) -> str:
    """An amount in full: 1,459,754; cents are shown only when there are any."""
    if amount is None:
        return _("not stated")
    exact = Decimal(amount)
    return number(exact, "#,##0" if exact == exact.to_integral_value() else "#,##0.00")


def money_short(amount: Decimal | int | None) -> str:
    """An amount to three figures for a dashboard: 1.46 M."""
    if amount is None:
        return _("not stated")
    exact = Decimal(amount)
    for size, unit in SHORTENED:
        shown = _three_figures(exact / size)
        # What rounds up to the unit belongs to it: 999,999 is 1.00 M and not 1,000 k.
        if abs(shown) >= 1:
            return f"{_figures(shown)} {_unit(unit)}"
    return number(exact.quantize(Decimal(1), ROUND_HALF_UP) or Decimal(0))


def quantity(value: Decimal | None) -> str:
    """What was counted, with as many decimals as it has, at most four: 1,459.5."""
    return _("not stated") if value is None else number(value, "#,##0.####")


def grouped(text: object) -> str:
    """A number as somebody typed it, its thousands set apart: 1700 is 1,700, and any other text itself."""
    whole, point, decimals = str(text).partition(".")
    if not (whole.isascii() and whole.isdigit() and (decimals.isdigit() or not point)):
        return str(text)
    return number(Decimal(whole)) + point + decimals


def percent(share: Decimal | float | None, digits: int = 1) -> str:
    """A share of one as a percentage: 0.295 is 29.5%."""
    if share is None:
        return _("not stated")
    return _percent(share, "#,##0" + ("." + "0" * digits if digits else "") + "%", texts().language)


def day(value: date | str | None) -> str:
    """A day: 12 Oct 2026; a snapshot keeps it as 2026-10-12, and a UTC moment falls on a day of the reader's."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = day_of(value)
    return _("not stated") if value is None else _day(value, "d MMM y", texts().language)


def day_of(value: datetime) -> date:
    """The day that a UTC moment falls on where the page is read."""
    return cast(datetime, to_user_timezone(value)).date()


def today_here() -> date:
    """The day that it is where the page is read."""
    return clock.today_at(str(get_timezone()))


def month(value: date) -> str:
    """A month's short name: Oct."""
    return _day(value, "LLL", texts().language)


def months(value: Iterable[int]) -> str:
    """Months of a project: 1-3, 7."""
    return say(value) or _("not stated")


def moment(value: datetime | None, zone: tzinfo | None = None) -> str:
    """A UTC moment in the reader's time zone, or in another one: 12 Oct 2026, 10:42 UTC."""
    if value is None:
        return _("not stated")
    here = value.astimezone(zone) if zone else to_user_timezone(value)
    return f"{day(here.date())}, {_hour(here, zone or get_timezone())}"


def hour(value: datetime) -> str:
    """When on its day a UTC moment is, in the reader's time zone: 10:42 UTC."""
    return _hour(to_user_timezone(value), get_timezone())


def _hour(here: datetime, zone: tzinfo) -> str:
    return f"{here:%H:%M} {_zone(here, zone, texts().language)}"


_zones: dict[tuple[str, timedelta | None, timedelta | None, str], str] = {}
"""What time is called there: by the zone, its distance from UTC, whether it is summer, and the language."""


def _zone(here: datetime, zone: tzinfo, language: str) -> str:
    key = (str(here.tzinfo), here.utcoffset(), here.dst(), language)
    if key not in _zones:
        name = dates.format_datetime(here, "z", tzinfo=zone, locale=language)
        _zones[key] = _ahead(name) if name[:1] in {"+", "-"} else name
    return _zones[key]


def _ahead(offset: str) -> str:
    """Of a zone without a name in the language, how far it is from UTC: +0545 is UTC+5:45."""
    hours, minutes = int(offset[1:3]), offset[3:5]
    return f"UTC{offset[0]}{hours}" + (f":{minutes}" if int(minutes) else "")


def in_days(due: date | None, today: date) -> str:
    """How far a due date is: in 9 days, today, 3 days late."""
    if due is None:
        return _("not stated")
    left = (due - today).days
    if left == 0:
        return _("today")
    if left < 0:
        return ngettext("%(num)s day late", "%(num)s days late", -left)
    return ngettext("in %(num)s day", "in %(num)s days", left)


def age(since: date | datetime | None, today: date) -> str:
    """How long something has lain: today, yesterday, 4 days.

    `today` is the date that a day is told by; a moment is told by the reader's: what has just happened is of today,
    whatever day it is by UTC.
    """
    if since is None:
        return _("not stated")
    if isinstance(since, datetime):
        since, today = day_of(since), day_of(clock.now())
    days = (today - since).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    return ngettext("%(num)s day", "%(num)s days", days)


def register(app: Flask) -> None:
    """Give the filters to the templates under their own names."""
    values = (none_text, money, money_short, quantity, grouped, percent, day, month, months, moment, in_days, age)
    for shown in values:
        app.jinja_env.filters[shown.__name__] = shown


def _three_figures(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1).scaleb(number.adjusted() - 2), ROUND_HALF_UP) if number else Decimal(0)


def _figures(figures: Decimal) -> str:
    decimals = max(0, 2 - figures.adjusted())
    return number(figures, "#,##0" + ("." + "0" * decimals if decimals else ""))


def _unit(unit: str) -> str:
    return {"bn": _("bn"), "M": _("M"), "k": _("k")}[unit]
