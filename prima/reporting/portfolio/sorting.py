"""In which order the list stands: its sorts as a table, each with the index it reads; and places in it, as cursors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, literal_column

from prima.projects.models import Project
from prima.projects.models.project import BY_END, BY_END_DOWN, BY_NAME, BY_START, BY_START_DOWN
from prima.reporting.portfolio.filters import PAGING, quoted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST = "-updated"
"""How the list stands when nothing is said."""
EMPTY = "none"
PLACE = re.compile(r"(?:([a-z]+)\.)?(.{1,600})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class Sort:
    """`key` is what an index on (key, id) holds, and never empty; `stored` what is read of a row to name its place."""

    key: Any
    stored: Any
    write: Callable[[Any], str]
    """A stored value in a cursor."""
    read: Callable[[str], Any]
    """And back, or ValueError."""
    down: Any = None
    """The key downwards, where it is another one: what is not stated stands last either way."""
    near: tuple[int, int] = (300, 3000)
    """How many projects a walk along it looks at, and how many where two of these are wanted."""
    noted: bool = True
    """Whether changes of it are (prima.kept)."""


@dataclass(frozen=True)
class Order:
    name: str
    down: bool

    @property
    def sort(self) -> Sort:
        return SORTS[self.name]

    @property
    def key(self) -> Any:
        return self.sort.down if self.down and self.sort.down is not None else self.sort.key

    @property
    def arg(self) -> str | None:
        """In a URL; None where the list stands so anyhow."""
        said = ("-" if self.down else "") + self.name
        return None if said == NEWEST else said

    @property
    def direction(self) -> str:
        return "descending" if self.down else "ascending"

    def turned(self, name: str) -> str:
        """The `sort` that a press on a column's heading asks for: upwards, or the other way if it stands so already."""
        down = not self.down if name == self.name else name in DOWN_FIRST
        return ("-" if down else "") + name

    def place(self, stored: Any, number: int) -> str:
        """The cursor of a row."""
        before = "" if self.name == "updated" else f"{self.name}."
        return f"{before}{self.sort.write(stored)}-{number}"


@dataclass(frozen=True)
class Place:
    """From where on, and which way: after or before a row, or from the start."""

    way: str = ""
    value: Any = None
    number: int = 0


@dataclass(frozen=True)
class Asked:
    order: Order
    place: Place = Place()
    problems: list[str] = field(default_factory=list)


def _micros(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=_whole(text, 16))


def _whole(text: str, digits: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise ValueError(text)
    return int(text)


def _written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _words(text: str) -> str:
    found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    if "\x00" in found:
        raise ValueError(text)
    return found


def _nth_day(day: date | None) -> str:
    return EMPTY if day is None else str(day.toordinal())


def _ends(empty: str) -> Callable[[str], Any]:
    """Reads a day of a cursor; what is not stated is the first or the last of all days."""
    return lambda text: literal_column(empty) if text == EMPTY else date.fromordinal(_whole(text, 7))


def _days(up: str, down: str, stored: Any) -> Sort:
    return Sort(literal_column(up), stored, _nth_day, _ends("'infinity'::date"), literal_column(down))


SORTS: Mapping[str, Sort] = {
    "reference": Sort(literal_column(BY_NAME), literal_column(BY_NAME), _written, _words),
    "title": Sort(Project.title_key, Project.title_key, _written, _words, noted=False),
    "year": Sort(Project.funding_year, Project.funding_year, str, lambda text: _whole(text, 4)),
    "budget": Sort(
        Project.budget_usd,
        Project.budget_usd,
        lambda amount: str(int(amount * 100)),
        lambda text: Decimal(_whole(text, 18)).scaleb(-2),
    ),
    "start": _days(BY_START, BY_START_DOWN, Project.starts_on),
    "end": _days(BY_END, BY_END_DOWN, Project.ends_on),
    "updated": Sort(
        Project.updated_at,
        Project.updated_at,
        lambda moment: str((moment - EPOCH) // timedelta(microseconds=1)),
        _micros,
        noted=False,
    ),
}
DOWN_FIRST = frozenset({"year", "budget", "updated"})
"""What people look for the most or the newest of."""


def asked(given: Mapping[str, Sequence[str]]) -> Asked:
    """The order and the place in it that a URL names; what is wrong is told, and the list begins at its start."""
    problems: list[str] = []
    order = _order(given, problems)
    named = [(way, value.strip()) for way in PAGING for value in given.get(way, ()) if value.strip()]
    if not named:
        return Asked(order, Place(), problems)
    way, text = named[0]
    match = PLACE.fullmatch(text)
    if match and len(named) == 1 and (match[1] or "updated") == order.name:
        try:
            return Asked(order, Place(way, _value(order, match[2]), int(match[3])), problems)
        except (ValueError, OverflowError, binascii.Error):
            pass
    problems.append(_("There is no page of the list at “%(cursor)s”; here is its beginning.", cursor=quoted(text)))
    return Asked(order, Place(), problems)


def _value(order: Order, text: str) -> Any:
    if order.down and order.sort.down is not None and text == EMPTY:
        return literal_column("'-infinity'::date")
    return order.sort.read(text)


def _order(given: Mapping[str, Sequence[str]], problems: list[str]) -> Order:
    wanted = [value.strip() for value in given.get("sort", ()) if value.strip()] or [NEWEST]
    name, down = wanted[0].removeprefix("-"), wanted[0].startswith("-")
    if len(set(wanted)) == 1 and name in SORTS:
        return Order(name, down)
    problems.append(
        _("The list cannot be sorted by “%(name)s”; the newest change stands first.", name=quoted(wanted[0]))
        if name not in SORTS
        else _("More than one column is given to sort by; only “%(name)s” is used.", name=quoted(wanted[0]))
    )
    return Order(name, down) if name in SORTS else Order("updated", True)


def standing(key: ColumnElement[Any], down: bool) -> tuple[Any, Any]:
    """What to order by."""
    return (key.desc(), Project.id.desc()) if down else (key.asc(), Project.id.asc())


def of_names(column: Any) -> Any:
    """Names of several rows in one cell."""
    return func.string_agg(column, literal_column("'; '"))
