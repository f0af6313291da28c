"""Where everything stands on a project's timeline: positions in drawing units, computed from dates alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1200
LEFT = 96  # the names of the rows stand here
RIGHT = 24
YEARS_AT = 34  # baseline of the years
MONTHS_AT = 52
FIRST_BAR = 66
BAR = 16
BAR_STEP = 24
LABEL_STEP = 34  # a label is two lines: what, and when
SIGN = 11
LETTER = 7.4  # an average letter of 12 units, bold, in the widest of the system fonts
CROWD = 16
"""Of more marks than this only so many are named as stand in LANES rows of names; the list below names all."""
LANES = 12
SPAN_KINDS = ("planned", "extension", "actual", "suspended")


@dataclass(frozen=True)
class Span:
    """A stretch of time; `kind` is planned, extension, actual or suspended, both days included."""

    label: str
    from_on: date
    to_on: date
    kind: str


@dataclass(frozen=True)
class Mark:
    """A day that counts.

    `kind` is deadline, milestone, report, stage or change; `state` is done, due, late or ahead.
    """

    label: str
    on: date
    kind: str
    state: str = "ahead"
    url: str | None = None


@dataclass(frozen=True)
class Tick:
    x: float
    on: date
    is_year: bool
    named: bool
    """Whether there is room for its name."""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    span: Span

    @property
    def roomy(self) -> bool:
        """Whether its label fits on it."""
        return self.width >= len(self.span.label) * LETTER + 16


@dataclass(frozen=True)
class Flag:
    """A mark with the place of its sign and of its label; `anchor` is start or end, as SVG says it."""

    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str
    mark: Mark
    named: bool = True
    """Whether its label is drawn; in a crowd its sign stands alone, and its name in the list."""


@dataclass(frozen=True)
class Row:
    """A row of bars of one kind, for the name at its left."""

    kind: str
    y: float


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    left: float
    right: float
    axis_y: float
    marks_y: float
    from_on: date
    to_on: date
    today: date
    today_x: float | None
    """Nothing when today lies outside the dates drawn."""
    today_anchor: str
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    flags: tuple[Flag, ...]


def draw(spans: Sequence[Span], marks: Sequence[Mark], today: date) -> Drawing | None:
    """Lay the spans and marks out from the first month to the last; nothing when there is neither."""
    days = [day for span in spans for day in (span.from_on, span.to_on)] + [mark.on for mark in marks]
    if not days:
        return None
    start = min(days).replace(day=1)
    end = _next_month(max(days))
    # Today is drawn when it is near; a project of long ago is not squeezed for its sake.
    margin = max((end - start) // 4, timedelta(days=62))
    if start - margin <= today <= end + margin:
        start, end = min(start, today.replace(day=1)), max(end, _next_month(today))
    scale = (WIDTH - LEFT - RIGHT) / (end - start).days

    def at(day: date) -> float:
        return round(LEFT + (day - start).days * scale, 1)

    rows, bars = _bars(spans, at)
    marks_y = FIRST_BAR + len(rows) * BAR_STEP + 14
    flags, lanes = _flags(sorted(marks, key=lambda mark: (mark.on, mark.label)), at, marks_y)
    shown = start <= today < end
    return Drawing(
        width=WIDTH,
        height=marks_y + (22 + lanes * LABEL_STEP if flags else 8),
        left=LEFT,
        right=WIDTH - RIGHT,
        axis_y=MONTHS_AT + 6,
        marks_y=marks_y,
        from_on=start,
        to_on=end - timedelta(days=1),
        today=today,
        today_x=at(today) if shown else None,
        today_anchor="end" if shown and at(today) > WIDTH - 160 else "start",
        ticks=_ticks(start, end, at, scale),
        rows=rows,
        bars=bars,
        flags=flags,
    )


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _ticks(start: date, end: date, at, scale: float) -> tuple[Tick, ...]:
    """A tick each month, or each quarter or year where months would crowd."""
    step = next((months for months in (1, 3, 6) if months * 30 * scale >= 13), 12)
    named_every = next((months for months in (1, 3, 6) if months >= step and months * 30 * scale >= 32), 0)
    ticks = []
    day = start
    while day < end:
        if (day.month - 1) % step == 0 or day == start:
            # Close to the right edge a name would run out of the drawing.
            named = bool(named_every) and (day.month - 1) % named_every == 0 and at(day) < WIDTH - RIGHT - 20
            ticks.append(Tick(at(day), day, day.month == 1 or day == start, named))
        day = _next_month(day)
    return tuple(_without_crowded_year(ticks))


def _without_crowded_year(ticks: list[Tick]) -> list[Tick]:
    """The first tick names its year too, unless the next January stands too close for both."""
    years = [tick for tick in ticks if tick.is_year]
    if len(years) > 1 and years[1].x - years[0].x < 44:
        first = years[0]
        return [Tick(tick.x, tick.on, False, tick.named) if tick is first else tick for tick in ticks]
    return ticks


def _bars(spans: Sequence[Span], at) -> tuple[tuple[Row, ...], tuple[Bar, ...]]:
    """One row for the plan with its extensions, one for what happened; a further one wherever two would overlap."""
    rows: list[Row] = []
    bars: list[Bar] = []
    for kinds in (("planned", "extension"), ("actual", "suspended")):
        lanes: list[date] = []
        group = sorted((span for span in spans if span.kind in kinds), key=lambda span: (span.from_on, span.to_on))
        for span in group:
            lane = next((number for number, busy_to in enumerate(lanes) if busy_to < span.from_on), len(lanes))
            if lane == len(lanes):
                lanes.append(span.to_on)
                rows.append(Row(span.kind, FIRST_BAR + len(rows) * BAR_STEP))
            lanes[lane] = span.to_on
            y = rows[len(rows) - len(lanes) + lane].y
            x = at(span.from_on)
            bars.append(Bar(x, y, round(max(at(span.to_on + timedelta(days=1)) - x, 3), 1), BAR, span))
    return tuple(rows), tuple(bars)


def _places(marks: list[Mark], at) -> list[float]:
    """Where each sign stands: at its day, or as near as the signs beside it leave room, so that none hides another."""
    step = min(SIGN, (WIDTH - RIGHT - LEFT) / max(len(marks) - 1, 1))
    places: list[float] = []
    for mark in marks:
        places.append(max(at(mark.on), places[-1] + step if places else LEFT))
    last = WIDTH - RIGHT
    for number in reversed(range(len(places))):
        places[number] = round(min(places[number], last), 1)
        last = places[number] - step
    return places


def _flags(marks: list[Mark], at, marks_y: float) -> tuple[tuple[Flag, ...], int]:
    """Put each label into the first lane where it covers no other label and no line down to one.

    In a crowd what is late or due is named first, then stages and changes, then the rest, as long as there are lanes.
    """
    labels: list[list[tuple[float, float]]] = []
    lines: list[list[tuple[float, float]]] = []
    places = _places(marks, at)
    crowded = len(marks) > CROWD
    # From the right: a label runs to the right of its sign, so its line down never crosses one placed before it.
    turns = sorted(range(len(marks)), key=lambda number: (_weight(marks[number]) if crowded else 0, -number))
    flags: dict[int, Flag] = {}
    for number in turns:
        mark, x = marks[number], places[number]
        length = max(len(mark.label), 12) * LETTER + 16
        anchor = "end" if x + length > WIDTH else "start"
        label, line = ((x - length, x + 6) if anchor == "end" else (x - 6, x + length)), (x - 3, x + 3)
        lane = 0
        while lane < len(labels) and (_meets(label, labels[lane]) or _meets(label, lines[lane])):
            lane += 1
        named = not crowded or (lane < LANES and not any(_meets(line, above) for above in labels[:lane]))
        if named:
            if lane == len(labels):
                labels.append([])
                lines.append([])
            labels[lane].append(label)
            # The line down occupies its own narrow place in the lanes above.
            for above in lines[:lane]:
                above.append(line)
        label_x = round(x + 5 if anchor == "start" else x - 5, 1)
        flags[number] = Flag(x, marks_y, label_x, marks_y + 26 + lane * LABEL_STEP, anchor, mark, named)
    return tuple(flags[number] for number in range(len(marks))), len(labels)


def _weight(mark: Mark) -> int:
    if mark.state in ("late", "due"):
        return 0
    return 1 if mark.kind in ("stage", "change") else 2


def _meets(one: tuple[float, float], others: list[tuple[float, float]]) -> bool:
    return any(one[0] < right and left < one[1] for left, right in others)
