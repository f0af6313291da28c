"""Where everything stands on the process map: stages beside and below each other, their statuses, and every move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

SLOTS = 5  # boxes beside each other
BOX = 212
BETWEEN = 36  # boxes
MARGIN = 8
PADDING = 10  # of a stage around its boxes
WIDTH = 2 * (MARGIN + PADDING) + SLOTS * BOX + (SLOTS - 1) * BETWEEN
HEADER = 23  # of a stage, above its boxes
LINE = 15
LETTERS = 28  # in a line of a box; wide system fonts fit too
LABEL_LETTERS = 20
LETTER = 9  # the width of one in a stage's name
UNDER_A_TITLE = 0.7  # of a box's width may lie below its stage's name; further right a line may leave it upwards
STATES = ("", "taken", "open")  # of arrows, in the order they are drawn
STUB = 11  # from a row to the first lane beside it
LANE = 9


@dataclass(frozen=True)
class Status:
    """A status as the map tells it; `state` is done, here or ahead, or off for what stands beside the road."""

    code: str
    label: str
    who: str = ""
    days: str = ""
    state: str = "ahead"
    when: str = ""
    moves: tuple[str, ...] = ()
    """What leads on from it, each with its number: "3 Clear for review"."""
    is_beside: bool = False
    """Beside the straight road, whether the project has been there or not: returned, refused ..."""


@dataclass(frozen=True)
class Stage:
    name: str
    statuses: tuple[Status, ...] | list[Status] = ()
    note: str = ""
    """What the stage holds when it is a duty beside the status, such as reporting."""

    @property
    def state(self) -> str:
        """Here when the project stands in it, done when it has been through it, else ahead."""
        states = [status.state for status in self.statuses]
        return "here" if "here" in states else "done" if "done" in states else "ahead"


@dataclass(frozen=True)
class Way:
    """A move from a status to another; `state` is taken, open (it can be taken next) or nothing."""

    number: int
    source: str
    target: str
    state: str = ""


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    status: Status
    label: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    """The lines below the label, as (kind, words): who, when, move."""

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Band:
    """A stage, or as many of its statuses as fit in a row."""

    x: float
    y: float
    width: float
    height: float
    stage: Stage
    name: tuple[str, ...]
    note: tuple[str, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Arrow:
    """Everything that leads from one status to another: a line, and the numbers of its moves beside its beginning."""

    points: tuple[tuple[float, float], ...]
    numbers: str
    x: float
    y: float
    anchor: str
    state: str
    source: str
    target: str

    @property
    def path(self) -> str:
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in self.points)


@dataclass(frozen=True)
class Map:
    width: float
    height: float
    bands: tuple[Band, ...]
    arrows: tuple[Arrow, ...]
    stages: tuple[Stage, ...]


Piece = tuple[Stage, tuple[Status, ...]]


def lay_out(stages: Sequence[Stage], ways: Iterable[Way] = ()) -> Map:
    """Draw the stages as they are read, several beside each other where they fit; no line runs through a box."""
    rows = _rows(stages)
    slots: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(rows):
        slot = 0
        for _stage, statuses in row:
            for place, status in enumerate(statuses):
                slots[status.code] = (number, slot + place)
            slot += max(len(statuses), 1)
    joined = _joined(way for way in ways if way.source in slots and way.target in slots)
    titled = {piece[0].code: LETTER * len(stage.name) for row in rows for stage, piece in row if piece}
    roads = [_Road(source, target, found, slots, titled) for (source, target), found in joined.items()]
    channels = _Channels(roads, len(rows))
    bands: list[Band] = []
    y = float(MARGIN)
    for number, row in enumerate(rows):
        y += channels.height(number)
        drawn = _row(row, y)
        bands += drawn
        channels.ends(number, y, y + drawn[0].height)
        y += drawn[0].height
    height = y + channels.height(len(rows)) + MARGIN
    boxes = {box.status.code: box for band in bands for box in band.boxes}
    arrows = sorted(channels.arrows(boxes, titled), key=lambda arrow: STATES.index(arrow.state))
    return Map(WIDTH, max(height, 2 * MARGIN), tuple(bands), tuple(arrows), tuple(stages))


def _rows(stages: Sequence[Stage]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    free = 0
    for stage in stages:
        # What stands beside the road comes last, so that the road reads from left to right.
        ordered = tuple(sorted(stage.statuses, key=lambda status: status.is_beside))
        for first in range(0, max(len(ordered), 1), SLOTS):
            piece = (stage, ordered[first : first + SLOTS])
            taken = max(len(piece[1]), 1)
            if not rows or taken > free or first:
                rows.append([])
                free = SLOTS
            rows[-1].append(piece)
            free -= taken
    return rows


def _row(pieces: Sequence[Piece], y: float) -> list[Band]:
    worded = [(stage, [_words(status) for status in statuses]) for stage, statuses in pieces]
    height = max(
        (
            12 + LINE * len(words)
            for stage, boxes in worded
            for words in ([label + tuple(lines) for _status, label, lines in boxes] or [_noted(stage)])
        ),
    )
    bands, slot = [], 0
    for stage, boxes in worded:
        drawn = []
        for place, (status, label, lines) in enumerate(boxes):
            x = MARGIN + PADDING + (slot + place) * (BOX + BETWEEN)
            drawn.append(Box(x, y + HEADER, BOX, height, status, label, lines))
        taken = max(len(boxes), 1)
        width = taken * BOX + (taken - 1) * BETWEEN + 2 * PADDING
        x = MARGIN + slot * (BOX + BETWEEN)
        name = tuple(wrap(stage.name, int((width - PADDING) / LETTER)))[:1] or ("",)
        note = () if boxes else _noted(stage)
        bands.append(Band(x, y, width, HEADER + height + PADDING, stage, name, note, tuple(drawn)))
        slot += taken
    return bands


def _noted(stage: Stage) -> tuple[str, ...]:
    return tuple(wrap(stage.note, LETTERS))


def _words(status: Status) -> tuple[Status, tuple[str, ...], tuple[tuple[str, str], ...]]:
    who = ", ".join(filter(None, [status.who, status.days]))
    lines = [("who", line) for line in wrap(who, LETTERS)]
    lines += [("when", line) for line in wrap(status.when, LETTERS)]
    lines += [("move", line) for move in status.moves for line in wrap(move, LETTERS)]
    return status, tuple(wrap(status.label, LABEL_LETTERS)), tuple(lines)


def _joined(ways: Iterable[Way]) -> dict[tuple[str, str], list[Way]]:
    found: dict[tuple[str, str], list[Way]] = {}
    for way in ways:
        found.setdefault((way.source, way.target), []).append(way)
    return found


class _Road:
    """One arrow before it has its place: by which side of a box it leaves and arrives, and through which channels.

    Channel n lies above row n. A road to the next box is straight; one that skips rows goes round at the right edge.
    """

    def __init__(
        self,
        source: str,
        target: str,
        ways: list[Way],
        slots: Mapping[str, tuple[int, int]],
        titled: Mapping[str, float],
    ) -> None:
        self.source, self.target = source, target
        self.numbers = ", ".join(str(number) for number in dict.fromkeys(way.number for way in ways))
        self.state = max((way.state for way in ways), key=STATES.index)
        (from_row, from_slot), (to_row, to_slot) = slots[source], slots[target]
        self.straight = from_row == to_row and abs(from_slot - to_slot) == 1
        self.forward = (from_row, from_slot) < (to_row, to_slot)
        if from_row == to_row:
            above = self.forward and titled.get(source, 0) < BOX * UNDER_A_TITLE
            self.leaves = self.arrives = "top" if above else "bottom"
        else:
            self.leaves, self.arrives = ("bottom", "top") if from_row < to_row else ("top", "bottom")
        self.first = from_row + (self.leaves == "bottom")
        self.last = to_row + (self.arrives == "bottom")


Key = tuple[str, str]  # where a line runs in a channel: to which status, and from which if it goes on elsewhere


class _Channels:
    """The room between the rows: each target has one lane in it, which all roads to it share."""

    def __init__(self, roads: Sequence[_Road], rows: int) -> None:
        self.straight = [road for road in roads if road.straight]
        self.roads = [road for road in roads if not road.straight]
        self.lanes: list[list[Key]] = [[] for _ in range(rows + 1)]
        for road in self.roads:
            for channel, key in self._runs(road):
                if key not in self.lanes[channel]:
                    self.lanes[channel].append(key)
        self.rows: dict[int, tuple[float, float]] = {}

    @staticmethod
    def _runs(road: _Road) -> list[tuple[int, Key]]:
        if road.first == road.last:
            return [(road.first, (road.target, ""))]
        return [(road.first, (road.target, road.source)), (road.last, (road.target, ""))]

    def height(self, channel: int) -> float:
        lanes = len(self.lanes[channel])
        outside = channel in (0, len(self.lanes) - 1)
        return 2 * STUB + (lanes - 1) * LANE if lanes else 0.0 if outside else float(STUB)

    def ends(self, row: int, top: float, bottom: float) -> None:
        self.rows[row] = (top, bottom)

    def lane(self, channel: int, key: Key) -> float:
        start = self.rows[channel - 1][1] if channel else self.rows[0][0] - self.height(0)
        return start + STUB + self.lanes[channel].index(key) * LANE

    def arrows(self, boxes: Mapping[str, Box], names: Mapping[str, float]) -> list[Arrow]:
        ports = self._ports(boxes, names)
        drawn = [self._straight(road, boxes) for road in self.straight]
        for place, road in enumerate(self.roads):
            source, target = boxes[road.source], boxes[road.target]
            begin = ports[road.source, road.leaves, (road.target, road.source)]
            end = ports[road.target, road.arrives, (road.target, "")]
            down = road.leaves == "bottom"
            start_y = source.bottom if down else source.y
            end_y = target.y - 1 if road.arrives == "top" else target.bottom + 1
            lanes = [self.lane(channel, key) for channel, key in self._runs(road)]
            points = [(begin, start_y), (begin, lanes[0])]
            if len(lanes) > 1:
                edge = WIDTH - MARGIN - 3 - 3 * (place % 3)
                points += [(edge, lanes[0]), (edge, lanes[1])]
            points += [(end, lanes[-1]), (end, end_y)]
            label_y = start_y + (LINE - 3 if down else -5)
            drawn.append(self._arrow(road, points, begin + 4, label_y, "start"))
        return drawn

    def _straight(self, road: _Road, boxes: Mapping[str, Box]) -> Arrow:
        source, target = boxes[road.source], boxes[road.target]
        y = source.y + (min(18, source.height * 0.35) if road.forward else min(42, source.height * 0.8))
        begin, end = (source.x + BOX, target.x - 1) if road.forward else (source.x, target.x + BOX + 1)
        return self._arrow(road, [(begin, y), (end, y)], (begin + end) / 2, y - 5, "middle")

    @staticmethod
    def _arrow(road: _Road, points: list[tuple[float, float]], x: float, y: float, anchor: str) -> Arrow:
        return Arrow(tuple(points), road.numbers, x, y, anchor, road.state, road.source, road.target)

    def _ports(self, boxes: Mapping[str, Box], names: Mapping[str, float]) -> dict[tuple[str, str, Key], float]:
        """Where lines leave and reach each side of a box: those that lead left stand left."""
        sides: dict[tuple[str, str], dict[Key, list[float]]] = {}
        for road in self.roads:
            leaving = sides.setdefault((road.source, road.leaves), {})
            leaving[road.target, road.source] = [boxes[road.target].middle]
            arriving = sides.setdefault((road.target, road.arrives), {})
            arriving.setdefault((road.target, ""), []).append(boxes[road.source].middle)
        found = {}
        for (code, side), keys in sides.items():
            box = boxes[code]
            # Lines that leave a box downwards never stand above those that leave the box below it upwards.
            left, right = (BOX * 0.15, BOX * 0.95) if side == "top" else (BOX * 0.05, BOX * 0.85)
            if side == "top":
                left = min(max(left, names.get(code, 0)), BOX * UNDER_A_TITLE)
            step = (right - left) / len(keys)
            ordered = sorted(keys, key=lambda key: sum(keys[key]) / len(keys[key]))
            for place, key in enumerate(ordered):
                found[code, side, key] = box.x + left + step * (place + 0.5)
        return found
