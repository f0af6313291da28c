"""The page of results: who was reached, what projects contribute to, and indicators of the library summed up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.reporting.figures.panels import Cell, KeyFigure, Page, Panel, Table, panel
from prima.reporting.portfolio.filters import NONE
from prima.reporting.portfolio.themes.results import Contribution, Group, LeftOut, Shared
from prima.spreadsheets import Kind

KINDS: dict[tuple[str | None, bool | None], Any] = {
    ("people", False): _l("Beneficiaries: people, nobody counted twice"),
    ("people", True): _l("Beneficiaries: people, who may be counted more than once"),
    ("services", False): _l("Beneficiaries: services, each counted once"),
    ("services", True): _l("Beneficiaries: services, with repetition"),
    (None, None): _l("Beneficiaries: not yet said how they are counted"),
}
CONTRIBUTIONS: dict[str, tuple[Any, Any]] = {
    "sdg": (_l("Projects and budget by SDG target"), _l("SDG target")),
    "migof": (
        _l("Projects and budget by principle and objective of the Migration Governance Framework"),
        _l("Principle or objective"),
    ),
    "theme": (_l("Projects and budget by cross-cutting theme"), _l("Cross-cutting theme")),
}
WHY: dict[LeftOut, Any] = {
    LeftOut.RETIRED: _l("It was taken out by a change of results."),
    LeftOut.NOT_SUMMED: _l("The library says that its values are not summed over projects."),
    LeftOut.MEASURE: _l("The project measures it in another way than the library."),
    LeftOut.UNIT: _l("The project counts in another unit than the library."),
    LeftOut.TARGET: _l("The project states no target as a number."),
    LeftOut.DOWNWARDS: _l("The target lies below the baseline: less is better there."),
}


def page(groups: Sequence[Group], marks: Sequence[Contribution], shared: Sequence[Shared]) -> Page:
    people = [one for one in groups if one.kind[0] == "people"]
    measured = sum(one.measured for one in shared if one.why is None)
    headline = [
        KeyFigure(Cell(sum(one.planned for one in people)), _("people planned")),
        KeyFigure(Cell(sum(one.reached for one in people)), _("people reached")),
        KeyFigure(
            Cell(measured),
            ngettext("indicator of the library with a value", "indicators of the library with a value", measured),
        ),
    ]
    found = [
        *_beneficiaries(groups),
        *(_contribution(kind, [one for one in marks if one.kind == kind]) for kind in CONTRIBUTIONS),
        _summed([one for one in shared if one.why is None]),
        _left_out([one for one in shared if one.why is not None]),
    ]
    return Page(headline, found)


def _beneficiaries(groups: Sequence[Group]) -> list[Panel]:
    """One panel a way of counting: they are never added together."""
    by_kind: dict[Any, list[Group]] = defaultdict(list)
    for one in groups:
        by_kind[one.kind].append(one)
    empty = _("No project that was activated has planned beneficiaries.")
    if not by_kind:
        return [_reached("beneficiaries", _("Beneficiaries planned and reached"), [], empty)]
    return [
        _reached("beneficiaries-" + "-".join(str(part).lower() for part in kind), _kind(kind), rows, empty)
        for kind, rows in by_kind.items()
    ]


def _kind(kind: tuple[Any, bool | None]) -> str:
    counted, repeated = kind
    known = KINDS.get((str(counted) if counted is not None else None, repeated))
    return str(known if known is not None else KINDS[None, None])


def _reached(id: str, title: str, rows: Sequence[Group], empty: str) -> Panel:
    headings = (
        (_("Type"), Kind.TEXT),
        (_("Projects"), Kind.NUMBER),
        (_("Planned"), Kind.NUMBER),
        (_("Reached"), Kind.NUMBER),
        (_("Reached, %"), Kind.PERCENT),
    )
    planned, reached = sum(one.planned for one in rows), sum(one.reached for one in rows)
    table = Table(
        headings,
        [_cells(one.name, one.projects, one.planned, one.reached, _share(one.reached, one.planned)) for one in rows],
        _cells(_("All"), None, planned, reached, _share(reached, planned)) if rows else (),
    )
    return panel(
        id,
        title,
        _("Planned by projects that were activated, and reached as the reports that were handed in tell"),
        table,
        drawn=(2, 3),
        beside=True,
        axis=_("Beneficiaries"),
        empty=empty,
    )


def _contribution(kind: str, rows: Sequence[Contribution]) -> Panel:
    title, heading = CONTRIBUTIONS[kind]
    headings = (
        (str(heading), Kind.TEXT),
        (_("Projects"), Kind.NUMBER),
        (_("USD"), Kind.MONEY),
    )
    unstated = _("Not stated")
    cells = []
    for one in rows:
        stated = one.code != NONE
        to = {kind: one.code} if stated else None
        name = f"{one.code} {one.name}" if stated else unstated
        cells.append((Cell(name), Cell(one.number, to), Cell(one.budget, to)))
    return panel(
        kind,
        str(title),
        _("A project stands, with its whole budget, in each that it serves"),
        Table(headings, cells if any(one.code != NONE for one in rows) else []),
        drawn=(1,),
        axis=_("Projects"),
        unstated=unstated,
        empty=_("No project states what it serves."),
    )


def _summed(rows: Sequence[Shared]) -> Panel:
    headings = (
        (_("Indicator of the library"), Kind.TEXT),
        (_("Unit"), Kind.TEXT),
        (_("Indicators of projects"), Kind.NUMBER),
        (_("With a value"), Kind.NUMBER),
        (_("Baseline"), Kind.NUMBER),
        (_("Target"), Kind.NUMBER),
        (_("Achieved"), Kind.NUMBER),
        (_("Of the way"), Kind.PERCENT),
    )
    table = Table(
        headings,
        [
            _cells(
                f"{one.code} {one.name}",
                one.unit,
                one.number,
                one.measured,
                one.baseline,
                one.target,
                one.level,
                one.share,
            )
            for one in rows
        ],
    )
    return panel(
        "indicators",
        _("Achieved against target of indicators from the library"),
        _("Summed over activated projects where measure and unit agree; one without a value is at its baseline"),
        table,
        drawn=(5, 6),
        beside=True,
        axis=_("In the unit of each"),
        empty=_("No activated project uses an indicator of the library that can be summed."),
    )


def _left_out(rows: Sequence[Shared]) -> Panel:
    headings = (
        (_("Indicator of the library"), Kind.TEXT),
        (_("Why it is not summed"), Kind.TEXT),
        (_("Indicators of projects"), Kind.NUMBER),
        (_("Projects"), Kind.NUMBER),
    )
    table = Table(
        headings,
        [_cells(f"{one.code} {one.name}", str(WHY[one.why]), one.number, one.projects) for one in rows if one.why],
    )
    return panel(
        "left-out",
        _("Indicators from the library that are left out of the sums"),
        _("What the table above does not hold, and why"),
        table,
        drawn=(2,),
        axis=_("Indicators of projects"),
        empty=_("No indicator is left out."),
    )


def _cells(*values: Any) -> tuple[Cell, ...]:
    return tuple(Cell(value) for value in values)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
