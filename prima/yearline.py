"""Where everything stands on a timeline of many projects over some years: positions computed from dates alone.

Across, in percent of the years drawn; down, in rows: so one drawing fits every screen, and a style sets their height.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1100  # of a heading, in pixels
LEFT = 390  # of a name and title
WHOLE = 100
LEAST = 0.3  # of a bar: it is seen
LETTER = 6.7  # an average letter of 12 pixels
MONTHS = 12
NAMED_EVERY = {1: 1, 2: 2, 3: 3}
"""Of so many years each so-manyth month is named; of more, none but the years."""


@dataclass(frozen=True)
class Span:
    """A stretch of time, both days included; `kind` is planned or extension."""

    from_on: date
    to_on: date
    kind: str


@dataclass(frozen=True)
class Sign:
    """A day that counts; `kind` is milestone or report, `state` done, late or ahead."""

    label: str
    on: date
    kind: str
    state: str


@dataclass(frozen=True)
class Line:
    """A project: what it is called, where it leads, and what is drawn of it."""

    name: str
    title: str
    url: str
    spans: Sequence[Span]
    signs: Sequence[Sign]
    is_over: bool


@dataclass(frozen=True)
class Tick:
    x: float
    on: date
    is_year: bool
    is_named: bool


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    span: Span
    from_before: bool
    """It began before the years drawn."""
    goes_on: bool
    """It ends after them."""


@dataclass(frozen=True)
class Flag:
    x: float
    sign: Sign


@dataclass(frozen=True)
class Row:
    """A heading (no line), or a project with its bars and signs."""

    label: str
    line: Line | None
    bars: tuple[Bar, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Drawing:
    first: int
    last: int
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    today: date
    today_x: float | None


def draw(groups: Iterable[tuple[str, Sequence[Line]]], first: int, last: int, today: date) -> Drawing:
    """Lay the groups out under each other, from 1 January of the first year to 31 December of the last."""
    start, end = date(first, 1, 1), date(last, 12, 31)
    scale = WHOLE / ((end - start).days + 1)

    def at(day: date) -> float:
        return round((day - start).days * scale, 2)

    rows: list[Row] = []
    for heading, lines in groups:
        rows.append(Row(shortened(heading, WIDTH), None))
        for line in lines:
            bars = tuple(
                _bar(span, start, end, at) for span in line.spans if span.from_on <= end and span.to_on >= start
            )
            flags = tuple(Flag(at(sign.on), sign) for sign in line.signs if start <= sign.on <= end)
            label = shortened(line.title, LEFT - 24 - len(line.name) * LETTER)
            rows.append(Row(label, line, bars, flags))
    return Drawing(
        first=first,
        last=last,
        ticks=_ticks(first, last, at),
        rows=tuple(rows),
        today=today,
        today_x=at(today) if start <= today <= end else None,
    )


def _bar(span: Span, start: date, end: date, at) -> Bar:
    left = at(max(span.from_on, start))
    right = at(min(span.to_on, end) + timedelta(days=1))
    return Bar(left, round(max(right - left, LEAST), 2), span, span.from_on < start, span.to_on > end)


def _ticks(first: int, last: int, at) -> tuple[Tick, ...]:
    every = NAMED_EVERY.get(last - first + 1, 0)
    return tuple(
        Tick(at(on), on, on.month == 1, bool(every) and (on.month - 1) % every == 0)
        for on in (date(year, month, 1) for year in range(first, last + 1) for month in range(1, MONTHS + 1))
    )


def shortened(text: str, width: float) -> str:
    """As much of a text as fits into a width in pixels."""
    text, room = " ".join(text.split()), max(int(width / LETTER), 1)
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
