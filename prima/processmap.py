"""Where each stage and status stands on the process map: a row a stage, its statuses from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

WIDTH = 1240
NAMES = 190  # the stages' names stand left of this
BOX = 188
BETWEEN = 22
LINE = 16
PADDING = 10
ROW_GAP = 16
LETTERS = 25  # in a line of a box; wide system fonts fit too
LABEL_LETTERS = 18
STAGE_LETTERS = 18
PER_LINE = 5  # boxes beside each other


@dataclass(frozen=True)
class Status:
    """A status as the map tells it; `state` is done, here, ahead or off (beside the road: returned, refused ...)."""

    code: str
    label: str
    who: str = ""
    days: int | None = None
    state: str = "ahead"
    when: str = ""


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
class Box:
    x: float
    y: float
    width: float
    height: float
    status: Status
    label: tuple[str, ...]
    who: tuple[str, ...]
    when: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """A stage's row with the lines of its name and note."""

    y: float
    height: float
    stage: Stage
    name: tuple[str, ...]
    note: tuple[str, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Map:
    width: float
    height: float
    names: float
    bands: tuple[Band, ...]
    arrows: tuple[str, ...]
    """The paths of the arrows along the road."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(band.stage for band in self.bands)


def lay_out(stages: Sequence[Stage]) -> Map:
    """Draw the stages below each other; arrows follow the road past whatever stands beside it."""
    bands: list[Band] = []
    y = 8.0
    for stage in stages:
        band = _band(stage, y)
        bands.append(band)
        y += band.height + ROW_GAP
    return Map(WIDTH, max(y - ROW_GAP + 8, 16), NAMES, tuple(bands), tuple(_arrows(bands)))


def _band(stage: Stage, y: float) -> Band:
    # What stands beside the road comes last in its row, so that the arrows never cross it.
    ordered = sorted(stage.statuses, key=lambda status: status.state == "off")
    boxes: list[Box] = []
    top = y + PADDING
    for first in range(0, len(ordered), PER_LINE):
        line = [_words(status) for status in ordered[first : first + PER_LINE]]
        height = max(_height(status, *words) for status, words in zip(ordered[first:], line, strict=False))
        for number, (label, who, when) in enumerate(line):
            x = NAMES + PADDING + number * (BOX + BETWEEN)
            boxes.append(Box(x, top, BOX, height, ordered[first + number], label, who, when))
        top += height + PADDING
    name = tuple(wrap(stage.name, STAGE_LETTERS))
    note = tuple(wrap(stage.note, 120 if not boxes else STAGE_LETTERS + 4))
    left_height = PADDING * 2 + len(name) * LINE + (len(note) * LINE if boxes else 0)
    return Band(y, max(top - y, left_height + 4), stage, name, note, tuple(boxes))


def _words(status: Status) -> tuple[tuple[str, ...], ...]:
    return (
        tuple(wrap(status.label, LABEL_LETTERS)),
        tuple(wrap(status.who, LETTERS)),
        tuple(wrap(status.when, LETTERS)),
    )


def _height(status: Status, label: tuple, who: tuple, when: tuple) -> float:
    lines = len(label) + len(who) + len(when) + (status.days is not None)
    return lines * LINE + PADDING * 1.5


def _arrows(bands: list[Band]) -> list[str]:
    """Lines from each box on the road to the next: straight within a line, stepped to the next one."""
    road = [box for band in bands for box in band.boxes if box.status.state != "off"]
    arrows = []
    for box, following in pairwise(road):
        if box.y == following.y:
            middle = box.y + 22
            arrows.append(f"M{box.x + box.width:g} {middle:g}H{following.x - 2:g}")
        else:
            start, end = box.x + box.width / 2, following.x + 24
            turn = (
                following.y - PADDING - ROW_GAP / 2 if following.y - box.y > box.height + PADDING else following.y - 6
            )
            if start == following.x + following.width / 2:
                start = end
            arrows.append(f"M{start:g} {box.y + box.height:g}V{turn:g}H{end:g}V{following.y - 2:g}")
    return arrows
