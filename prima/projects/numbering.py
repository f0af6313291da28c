"""The rows of a results matrix in their order, each with its number: 1, 1.1, 1.1.1, without gaps by construction.

Rows that a change of results took out have no number, and stand nowhere but where they are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

OBJECTIVE = "objective"


@dataclass(frozen=True)
class Numbered:
    """A row of the matrix as it is read: `number` is empty for the objective, `depth` 0 for it and its outcomes."""

    id: int
    level: str
    number: str
    depth: int
    text: str
    assumption: str
    parent_id: int | None
    row: Any
    """The stored result."""
    indicators: tuple[Any, ...] = ()
    is_first: bool = True
    is_last: bool = True
    """Among its siblings: it cannot be moved up, or down."""
    retired_on: date | None = None
    """When it was taken out, itself or a row above it; such a row has no number."""

    @property
    def name(self) -> str:
        return f"{self.number} {self.text}".strip()


def numbered(results: Iterable[Any], indicators: Iterable[Any] = (), *, taken_out: bool = False) -> list[Numbered]:
    """Every row that stands, each before the rows below it. Siblings go by position, then by id; indicators likewise.

    A number is the row's place among its siblings that stand, so no sequence of edits can leave a gap. `taken_out`:
    also the rows and indicators that were taken out, after their siblings that stand.
    """
    below: dict[int | None, list[Any]] = defaultdict(list)
    measured: dict[int, list[Any]] = defaultdict(list)
    for result in results:
        below[result.parent_id].append(result)
    for indicator in indicators:
        if taken_out or indicator.retired_on is None:
            measured[indicator.result_id].append(indicator)
    found: list[Numbered] = []

    def walk(parent: int | None, prefix: str, depth: int) -> None:
        siblings = sorted(below[parent], key=_place)
        objectives = [one for one in siblings if one.level == OBJECTIVE]
        others = [one for one in siblings if one.level != OBJECTIVE and one.retired_on is None]
        for one in objectives:
            found.append(_numbered(one, "", depth, measured[one.id], True, True))
        for place, one in enumerate(others, 1):
            number = f"{prefix}{place}"
            found.append(_numbered(one, number, depth, measured[one.id], place == 1, place == len(others)))
            walk(one.id, f"{number}.", depth + 1)
        if taken_out:
            for one in siblings:
                if one.retired_on is not None:
                    walk_out(one, depth, one.retired_on)

    def walk_out(one: Any, depth: int, retired_on: date) -> None:
        row = _numbered(one, "", depth, measured[one.id], True, True)
        found.append(replace(row, retired_on=retired_on))
        for under in sorted(below[one.id], key=_place):
            walk_out(under, depth + 1, under.retired_on or retired_on)

    walk(None, "", 0)
    return found


def _numbered(one: Any, number: str, depth: int, indicators: list[Any], is_first: bool, is_last: bool) -> Numbered:
    return Numbered(
        id=one.id,
        level=str(one.level),
        number=number,
        depth=depth,
        text=one.text,
        assumption=one.assumption,
        parent_id=one.parent_id,
        row=one,
        indicators=tuple(sorted(indicators, key=_place)),
        is_first=is_first,
        is_last=is_last,
    )


def _place(one: Any) -> tuple[int, int]:
    return one.position, one.id


def live(results: Iterable[Any]) -> set[int]:
    """The ids of the rows that no change of results has taken out, nor one above them."""
    return {one.id for one in numbered(results)}


def with_below(rows: Iterable[Numbered], id: int) -> list[Numbered]:
    """A row and all that stand below it, in their order; none when there is no such row."""
    found: list[Numbered] = []
    for one in rows:
        if one.id == id or (found and one.depth > found[0].depth and one.number.startswith(f"{found[0].number}.")):
            found.append(one)
    return found
