"""Where everything stands on a workplan drawn by months: positions in drawing units, computed from months alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from prima.months import MOST_MONTHS, add_months, stretches

WIDTH = 1200
LEFT = 400  # the names of the rows stand here
RIGHT = 12
YEARS_AT = 14  # baseline of the years, where the calendar is known
ROW = 26
BAR = 14
INDENT = 14
NUMBER_STEPS = (1, 2, 3, 6, 12)
LEAST_BETWEEN_NAMES = 28
LETTER = 6.4  # an average letter of 12 units
BOLD = 7.4  # and one of a heading


@dataclass(frozen=True)
class Task:
    """A row: an activity with its months, or a heading above some."""

    number: str
    text: str
    depth: int
    months: tuple[int, ...]
    is_bar: bool


@dataclass(frozen=True)
class Mark:
    """A milestone and its planned day."""

    name: str
    on: date
    is_done: bool


@dataclass(frozen=True)
class Tick:
    """The beginning of a month; `on` where the calendar is known."""

    x: float
    month: int
    is_named: bool
    on: date | None
    names_year: bool


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    first: int
    last: int
    is_beyond: bool
    """After the planned end."""


@dataclass(frozen=True)
class Row:
    y: float
    indent: int
    text_x: float
    """Where the text begins, behind the number."""
    label: str
    """The text, shortened to its place."""
    task: Task
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Flag:
    x: float
    y: float
    anchor: str
    label: str
    mark: Mark


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    left: float
    right: float
    row: float
    bar: float
    top: float
    """Where the rows begin."""
    months: int
    planned: int | None
    starts_on: date | None
    planned_x: float | None
    """The planned end, where something goes beyond it."""
    today: date | None
    today_x: float | None
    marks_y: float
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    flags: tuple[Flag, ...]
    """Only those milestones that fall into the months drawn."""


def draw(
    tasks: Sequence[Task],
    planned: int | None,
    *,
    starts_on: date | None = None,
    marks: Sequence[Mark] = (),
    today: date | None = None,
) -> Drawing:
    """Lay the rows out over the planned months and whatever goes beyond them."""
    placed = [(mark, since(starts_on, mark.on)) for mark in marks] if starts_on else []
    placed = [(mark, at) for mark, at in placed if 0 <= at < MOST_MONTHS]
    last = max((month for task in tasks for month in task.months), default=1)
    months = max(planned or 1, last, *(int(at) + 1 for _mark, at in placed))
    column = (WIDTH - LEFT - RIGHT) / months

    def x(at: float) -> float:
        return round(LEFT + at * column, 1)

    top = 48 if starts_on else 30
    rows = tuple(_row(task, top + number * ROW, planned, x) for number, task in enumerate(tasks))
    marks_y = top + len(rows) * ROW
    placed.sort(key=lambda pair: (pair[0].on, pair[0].name))
    flags = tuple(_flag(mark, x(at), marks_y + (number + 1.5) * ROW) for number, (mark, at) in enumerate(placed))
    now = since(starts_on, today) if starts_on and today else -1.0
    return Drawing(
        width=WIDTH,
        height=marks_y + (len(flags) + 1) * ROW + 6 if flags else marks_y + 6,
        left=LEFT,
        right=WIDTH - RIGHT,
        row=ROW,
        bar=BAR,
        top=top,
        months=months,
        planned=planned,
        starts_on=starts_on,
        planned_x=x(planned) if planned and planned < months else None,
        today=today,
        today_x=x(now) if 0 <= now < months else None,
        marks_y=marks_y,
        ticks=_ticks(months, column, starts_on, x),
        rows=rows,
        flags=flags,
    )


def since(start: date | None, day: date) -> float:
    """How many months after the start a day is: 0 on the first day, 1.5 in the middle of the second month."""
    assert start is not None
    whole = (day.year - start.year) * 12 + day.month - start.month
    while add_months(start, whole) > day:
        whole -= 1
    begun, ends = add_months(start, whole), add_months(start, whole + 1)
    return whole + (day - begun).days / (ends - begun).days


def _flag(mark: Mark, x: float, y: float) -> Flag:
    return Flag(x, y, "end" if x > WIDTH - 130 else "start", shortened(mark.name, INDENT), mark)


def _row(task: Task, y: float, planned: int | None, x: Callable[[float], float]) -> Row:
    bars = []
    for first, last in stretches(task.months):
        # What goes beyond the planned end is a bar of its own.
        parts = [(first, min(last, planned)), (max(first, planned + 1), last)] if planned else [(first, last)]
        bars += [_bar(one, end, y, x, planned) for one, end in parts if one <= end]
    indent = task.depth * INDENT
    text_x = round(indent + (len(task.number) + 1) * LETTER, 1)
    return Row(y, indent, text_x, shortened(task.text, text_x, LETTER if task.is_bar else BOLD), task, tuple(bars))


def _bar(first: int, last: int, y: float, x: Callable[[float], float], planned: int | None) -> Bar:
    left, right = x(first - 1), x(last)
    return Bar(left, y + (ROW - BAR) / 2, round(right - left, 1), first, last, bool(planned and first > planned))


def shortened(text: str, x: float, letter: float = LETTER) -> str:
    """As much of a text as fits from there to the drawing's left edge."""
    text, room = " ".join(text.split()), int((LEFT - 12 - x) / letter)
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _ticks(months: int, column: float, starts_on: date | None, x: Callable[[float], float]) -> tuple[Tick, ...]:
    """One each month, named as often as there is room for names."""
    step = next((step for step in NUMBER_STEPS if step * column >= LEAST_BETWEEN_NAMES), NUMBER_STEPS[-1])
    ticks = []
    for month in range(1, months + 1):
        on = add_months(starts_on, month - 1) if starts_on else None
        year_changes = on is not None and (month == 1 or on.year != add_months(on, -1).year)
        # The first year gives way to the second where both would stand on each other.
        crowded = month == 1 and on is not None and (13 - on.month) * column < 40 and 13 - on.month < months
        ticks.append(Tick(x(month - 1), month, (month - 1) % step == 0, on, year_changes and not crowded))
    return tuple(ticks)
