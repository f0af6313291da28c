"""The map of the world: the countries' shapes, one SVG file for every page, and how figures colour them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, Protocol

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.filters import money, money_short
from prima.reference import reader

SOURCE = reader.FOLDER / "world.json"
LAND = "land"
"""All countries together: the ground on which some are coloured."""
PART = re.compile(r"M(-?\d+) (-?\d+)l([-0-9 ]*)z?")
Step = tuple[int, int]
Number = int | Decimal


@cache
def drawing() -> str:
    shapes = reader.world()
    paths = (f'<path id="{code}" d="{shorter(path)}"/>' for code, path in outlines().items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {shapes["width"]} {shapes["height"]}">'
        f'<g id="{LAND}">{"".join(paths)}</g></svg>'
    )


@cache
def outlines() -> dict[str, str]:
    """By country, of those large enough to have one."""
    return {code: shape["path"] for code, shape in reader.world()["countries"].items() if shape.get("path")}


def shorter(path: str) -> str:
    """The same line in fewer letters: steps in one direction are one step, a minus needs no space before it."""
    parts = []
    for x, y, steps in PART.findall(path):
        numbers = [int(number) for number in steps.split()]
        told = [str(number) for step in _joined(list(zip(numbers[::2], numbers[1::2], strict=True))) for number in step]
        parts.append(f"M{x} {y}l{' '.join(told).replace(' -', '-')}z")
    return "".join(parts)


def _joined(steps: list[Step]) -> list[Step]:
    joined: list[Step] = []
    for x, y in steps:
        a, b = joined[-1] if joined else (0, 0)
        if joined and a * y == b * x and a * x + b * y > 0:
            joined[-1] = (a + x, b + y)
        elif (x, y) != (0, 0):
            joined.append((x, y))
    return joined


# -- coloured by figures ----------------------------------------------------------------------------------------------

SHADES = 5
HEIGHT = 418
"""Below lies only the empty south of the projection."""
MEASURES: dict[str, Any] = {"projects": _l("Projects"), "budget": _l("Budget"), "overdue": _l("Overdue reports")}
"""What a country is coloured by: attributes of its figures."""


class Figures(Protocol):
    """Of a country: how many projects, their budgets in USD, and how many of their reports are overdue."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def projects(self) -> int: ...
    @property
    def budget(self) -> Decimal: ...
    @property
    def overdue(self) -> int: ...


class Place(NamedTuple):
    """A country on the map, as the macro draws it. One too small for an outline is a point."""

    code: str
    name: str
    outlined: bool
    x: float
    y: float
    tone: int
    words: str
    url: str
    row: Figures


@dataclass(frozen=True)
class World:
    width: int
    height: int
    places: list[Place]
    legend: list[tuple[int, str]]
    measure: str
    note: str = ""


def world(countries: Sequence[Figures], measure: str, url_of: Callable[[str], str]) -> World:
    """The map of the countries that have projects, by name, shaded by one of the MEASURES."""
    shapes = reader.world()
    numbers = [getattr(row, measure) for row in countries]
    tones = shades(numbers)
    places = []
    for row in countries:
        shape = shapes["countries"].get(row.code)
        if shape:
            at = (row.code in outlines(), shape["x"], shape["y"], tones[getattr(row, measure)])
            places.append(Place(row.code, row.name, *at, sentence(row), url_of(row.code), row))
    return World(shapes["width"], HEIGHT, places, legend(tones, measure), measure)


def shades(numbers: Collection[Number]) -> dict[Number, int]:
    """Of each number its shade: 0 for none, else from 1 (least) to 5 (most), as many different numbers in each.

    By rank and not by size: one country of the hundredfold would leave all others equally pale.
    """
    some = sorted({number for number in numbers if number > 0})
    ranked = {number: SHADES - place * SHADES // len(some) for place, number in enumerate(reversed(some))}
    return dict.fromkeys(numbers, 0) | ranked


def legend(tones: Mapping[Number, int], measure: str) -> list[tuple[int, str]]:
    """What each shade that occurs stands for."""
    say: Callable[[Any], str] = money_short if measure == "budget" else str
    found: dict[int, list[Number]] = {}
    for number, tone in tones.items():
        found.setdefault(tone, []).append(number)
    ranges = ((tone, say(min(those)), say(max(those))) for tone, those in sorted(found.items()) if tone)
    return [(tone, low if low == high else f"{low}–{high}") for tone, low, high in ranges]


def sentence(row: Figures) -> str:
    text = ngettext("%(num)s project", "%(num)s projects", row.projects) + ", USD " + money(row.budget)
    return text + (", " + _("%(count)s overdue", count=row.overdue) if row.overdue else "")
