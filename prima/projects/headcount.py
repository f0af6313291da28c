"""Planned beneficiaries counted: by how they are reached, by sex, by age, and by all of it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DIMENSIONS = ("reach", "sex_code", "age_code")
Names = Mapping[str, str]


@dataclass(frozen=True)
class Totals:
    """The sums of one dimension, in the order of its list; what nobody planned is left out."""

    dimension: str
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Cross:
    """Types in rows; in columns each sex with the ages planned for it."""

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    """A sex, and its ages, by name."""
    rows: tuple[tuple[str, tuple[int, ...], int], ...]
    """A type, its numbers column by column, and their sum."""
    sums: tuple[int, ...]
    total: int


def totals(groups: Sequence[Any], names: Mapping[str, Names]) -> list[Totals]:
    """`names` gives the names of each dimension's codes in the order of the list."""
    found = []
    for dimension in DIMENSIONS:
        counted: Counter[str] = Counter()
        for one in groups:
            counted[str(getattr(one, dimension))] += one.planned
        parts = tuple((name, counted[code]) for code, name in names[dimension].items() if code in counted)
        found.append(Totals(dimension, parts))
    return found


def cross(groups: Sequence[Any], names: Mapping[str, Names]) -> Cross:
    """Type x sex x age, direct and indirect together."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for one in groups:
        counted[one.type_code, one.sex_code, one.age_code] += one.planned
    used = {key[1:] for key in counted}
    pairs = [(sex, age) for sex in names["sex_code"] for age in names["age_code"] if (sex, age) in used]
    sexes = list(dict.fromkeys(sex for sex, _age in pairs))
    columns = tuple(
        (names["sex_code"][sex], tuple(names["age_code"][age] for of, age in pairs if of == sex)) for sex in sexes
    )
    types = [code for code in names["type_code"] if any(key[0] == code for key in counted)]
    lines = [(code, tuple(counted[code, sex, age] for sex, age in pairs)) for code in types]
    return Cross(
        columns=columns,
        rows=tuple((names["type_code"][code], numbers, sum(numbers)) for code, numbers in lines),
        sums=tuple(sum(column) for column in zip(*(numbers for _code, numbers in lines), strict=True)),
        total=sum(one.planned for one in groups),
    )
