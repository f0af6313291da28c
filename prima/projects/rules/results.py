"""How the rules of the results matrix are measured: what stands where, and which rows still lack something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from prima.handbook.edition import Rule
from prima.projects.numbering import Numbered, numbered
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need

HERE = "matrix.edit"
NAMED = 8
"""So many rows are named before the rest is only counted."""


@dataclass(frozen=True)
class Gap:
    """A row that a rule finds wanting: its number, and the element of the page that mends it."""

    name: str
    field: str


Gaps = Callable[[Sequence[Numbered], int], Iterator[Gap]]


def gaps(project: Any, rule: Rule) -> list[Gap]:
    """Where the matrix falls short of a rule, from the top."""
    return list(GAPS[rule.code](numbered(project.results, project.indicators), int(rule.value or 1)))


def blanks(project: Any) -> Iterator[Need]:
    """Rows that were added and not written."""
    empty = [one for one in numbered(project.results) if one.number and not one.text.strip()]
    if empty:
        text = _("the text of these rows of the results matrix: %(rows)s", rows=named([one.number for one in empty]))
        yield Need(text, HERE, f"text-{empty[0].id}")


def named(names: Sequence[str]) -> str:
    """1.1, 1.2 and so on; of many the first ones."""
    listed = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        return _("%(rows)s and %(count)s more", rows=listed, count=len(names) - NAMED)
    return listed


def called(row: Numbered, place: int | None = None) -> str:
    """What a row, or its indicator at a place, is called where it is named."""
    name = row.number or _("objective")
    return name if place is None else _("%(row)s, indicator %(place)s", row=name, place=place)


def _objective(rows: Sequence[Numbered], least: int) -> Iterator[Gap]:
    if not any(one.level == "objective" and one.text.strip() for one in rows):
        yield Gap(_("objective"), "objective")
    if sum(one.level == "outcome" and bool(one.text.strip()) for one in rows) < least:
        yield Gap(_("outcome"), "outcomes")


def _below(level: str, wanted: str) -> Gaps:
    """Each row of a level has so many written rows of another right below it."""

    def found(rows: Sequence[Numbered], least: int) -> Iterator[Gap]:
        for row in rows:
            below = (one for one in rows if one.parent_id == row.id and one.level == wanted and one.text.strip())
            if row.level == level and sum(1 for _one in below) < least:
                yield Gap(called(row), f"result-{row.id}")

    return found


def _measured(*levels: str) -> Gaps:
    def found(rows: Sequence[Numbered], least: int) -> Iterator[Gap]:
        for row in rows:
            if row.level in levels and len(row.indicators) < least:
                yield Gap(called(row), f"result-{row.id}")

    return found


def _each(lacks: Callable[[Any], bool]) -> Gaps:
    """Indicators that lack something."""

    def found(rows: Sequence[Numbered], _least: int) -> Iterator[Gap]:
        for row in rows:
            for place, indicator in enumerate(row.indicators, 1):
                if lacks(indicator):
                    yield Gap(called(row, place), f"indicator-{indicator.id}")

    return found


def _no_other_target(indicator: Any) -> bool:
    """Numbers are compared as numbers: 40 and 40.0 are the same."""
    if not indicator.target.strip():
        return True
    if indicator.target_value is not None and indicator.baseline_value is not None:
        return bool(indicator.target_value == indicator.baseline_value)
    return bool(indicator.target.strip().casefold() == indicator.baseline.strip().casefold())


def _assumptions(rows: Sequence[Numbered], _least: int) -> Iterator[Gap]:
    for row in rows:
        if row.level != "objective" and not row.assumption.strip():
            yield Gap(called(row), f"assumption-{row.id}")


GAPS: dict[str, Gaps] = {
    "MATRIX_OBJECTIVE": _objective,
    "OUTCOME_OUTPUT": _below("outcome", "output"),
    "OUTPUT_ACTIVITY": _below("output", "activity"),
    "OUTCOME_INDICATOR": _measured("objective", "outcome"),
    "OUTPUT_INDICATOR": _measured("output"),
    "INDICATOR_SOURCE": _each(lambda one: not one.source.strip()),
    "INDICATOR_BASELINE": _each(lambda one: not one.baseline.strip()),
    "INDICATOR_TARGET": _each(_no_other_target),
    "ASSUMPTIONS": _assumptions,
}


def _measure(project: Any, rule: Rule) -> Need | None:
    found = gaps(project, rule)
    if not found:
        return None
    missing = _("Missing: %(rows)s.", rows=named([one.name for one in found]))
    return unmet(rule, project, HERE, found[0].field, missing)


MEASURES: dict[str, Measure] = dict.fromkeys(GAPS, _measure)
