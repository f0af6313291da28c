"""How high risks are: consequence x likelihood, the edition's word for it, and the map of both scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prima.handbook.edition import RiskLevels

Scales = Mapping[str, Sequence[Any]]
"""The values of `consequence` and `likelihood`, each with code, name and value, from the smallest."""


@dataclass(frozen=True)
class Height:
    """A level with its word and colour; both are empty where the edition has no bands."""

    level: int
    name: str = ""
    tone: str = "grey"


@dataclass(frozen=True)
class Cell:
    height: Height
    numbers: tuple[int, ...]
    """The risks that stand here, by their place in the list."""


@dataclass(frozen=True)
class Row:
    """One likelihood, with a cell for each consequence."""

    likelihood: Any
    cells: tuple[Cell, ...]


def heights(risks: Sequence[Mapping[str, Any]], scales: Scales, bands: RiskLevels | None) -> list[Height | None]:
    """How high each risk is, in their order; nothing for one that is not rated on both scales.

    A risk is plain data as a snapshot keeps it: `consequence` and `likelihood` are codes.
    """
    worth = {one.code: one.value for scale in ("consequence", "likelihood") for one in scales[scale]}
    found: list[Height | None] = []
    for risk in risks:
        grave, likely = worth.get(risk["consequence"]), worth.get(risk["likelihood"])
        found.append(None if grave is None or likely is None else height(grave * likely, bands))
    return found


def height(level: int, bands: RiskLevels | None) -> Height:
    if bands is None:
        return Height(level)
    band = bands.band(level)
    return Height(level, band.name.say(), band.tone)


def heat(risks: Sequence[Mapping[str, Any]], scales: Scales, bands: RiskLevels | None) -> list[Row]:
    """The map, the most likely at the top and the gravest at the right."""
    places: dict[tuple[str, str], list[int]] = {}
    for number, risk in enumerate(risks, 1):
        places.setdefault((risk["consequence"], risk["likelihood"]), []).append(number)
    return [
        Row(
            likely,
            tuple(
                Cell(height(grave.value * likely.value, bands), tuple(places.get((grave.code, likely.code), ())))
                for grave in scales["consequence"]
            ),
        )
        for likely in reversed(scales["likelihood"])
    ]


def legend(bands: RiskLevels | None, scales: Scales) -> list[tuple[str, str, int, int]]:
    """Each band's name and colour, with its first and last level."""
    if bands is None:
        return []
    highest = max(one.value for one in scales["consequence"]) * max(one.value for one in scales["likelihood"])
    ends = [band.from_level - 1 for band in bands.bands[1:]] + [highest]
    return [(band.name.say(), band.tone, band.from_level, end) for band, end in zip(bands.bands, ends, strict=True)]
