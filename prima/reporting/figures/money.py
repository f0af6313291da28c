"""The page of money: budget against spent by region, office, area of work and gender marker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.reporting.figures import ZERO, Names
from prima.reporting.figures.panels import Cell, KeyFigure, Page, Panel, Table, panel
from prima.reporting.portfolio.filters import NONE
from prima.reporting.portfolio.sums import OVER
from prima.reporting.portfolio.themes.money import Money, Used
from prima.spreadsheets import Kind

OFFICES, DRAWN = 40, 12
"""How many offices have a row, and a bar, of their own, the largest budgets first; the others share a row."""


@dataclass(frozen=True)
class Area:
    """What projects have for an area of work, and their spending shared out to it."""

    code: str
    number: int
    budget: Decimal
    spent: Decimal
    committed: Decimal


def page(
    money: Money,
    areas: Sequence[Area],
    *,
    regions: Names,
    markers: Names,
    area_names: Names,
) -> Page:
    whole = money.whole
    headline = [
        KeyFigure(Cell(whole.figures.approved, {}), _("approved, USD"), Kind.MONEY),
        KeyFigure(Cell(whole.figures.spent, {}), _("spent, USD"), Kind.MONEY),
        KeyFigure(Cell(whole.figures.committed, {}), _("committed, USD"), Kind.MONEY),
        KeyFigure(Cell(whole.figures.burn_rate), _("burn rate"), Kind.PERCENT),
    ]
    trend = Table(
        ((_("Year"), Kind.TEXT), (_("Spent"), Kind.MONEY)),
        [(Cell(str(year)), Cell(amount)) for year, amount in money.years.items()],
    )
    offices = _first(money.offices)
    return Page(
        headline,
        [
            _used(
                "regions",
                _("Budget against spent by region"),
                _("Region"),
                _ordered(money.regions, regions),
                "region",
                whole,
                trend,
                _notes(whole),
            ),
            _used(
                "offices",
                _("Budget against spent by office"),
                _("Office"),
                offices,
                "office",
                whole,
                most=DRAWN,
                full=money.offices,
            ),
            _areas(areas, area_names, whole),
            _used(
                "markers",
                _("Budget against spent by gender marker"),
                _("Gender marker"),
                _ordered(money.markers, markers),
                "marker",
                whole,
            ),
        ],
    )


def _notes(whole: Used) -> list[str]:
    found = [
        _("Spent by year is what finance states, on the day that it states; figures of reports have no such day."),
    ]
    if whole.by_report:
        found.append(
            ngettext(
                "Finance says nothing of %(num)s project; its newest financial report stands instead.",
                "Finance says nothing of %(num)s projects; their newest financial reports stand instead.",
                whole.by_report,
            )
        )
    if whole.silent:
        found.append(
            ngettext(
                "Nobody has stated yet what %(num)s activated project spent.",
                "Nobody has stated yet what %(num)s activated projects spent.",
                whole.silent,
            )
        )
    return found


def _ordered(rows: Iterable[Used], names: Names) -> list[tuple[str, Used]]:
    found = {one.code: one for one in rows}
    ordered = [*(code for code in names if code in found), *sorted(set(found) - set(names))]
    return [(names.get(code, code), found[code]) for code in ordered]


def _first(rows: Sequence[Used]) -> list[tuple[str, Used]]:
    """The offices with the largest budgets; what the others have together has no code."""
    shown, rest = rows[:OFFICES], rows[OFFICES:]
    found = [(one.name, one) for one in shown]
    if rest:
        together = Used(
            "",
            "",
            sum(one.number for one in rest),
            sum((one.budget for one in rest), ZERO),
            sum((one.figures for one in rest[1:]), rest[0].figures),
        )
        name = ngettext("%(num)s further office", "%(num)s further offices", len(rest))
        found.append((name, together))
    return found


def _headings(heading: str) -> Sequence[tuple[str, Kind]]:
    return (
        (heading, Kind.TEXT),
        (_("Projects"), Kind.NUMBER),
        (_("Budget, USD"), Kind.MONEY),
        (_("Of it activated"), Kind.MONEY),
        (_("Spent"), Kind.MONEY),
        (_("Committed"), Kind.MONEY),
        (_("Balance"), Kind.MONEY),
        (_("Burn rate"), Kind.PERCENT),
    )


def _cells(name: str, one: Used, to: Mapping[str, Any] | None) -> tuple[Cell, ...]:
    figures = one.figures
    amounts = (figures.approved, figures.spent, figures.committed, figures.balance)
    return (
        Cell(name),
        Cell(one.number, to),
        Cell(one.budget, to),
        *(Cell(amount, to) for amount in amounts),
        Cell(figures.burn_rate),
    )


def _used(
    id: str,
    title: str,
    heading: str,
    rows: Sequence[tuple[str, Used]],
    filter: str,
    whole: Used,
    trend: Table | None = None,
    notes: Iterable[str] = (),
    most: int | None = None,
    full: Sequence[Used] = (),
) -> Panel:
    foot = _cells(_("All"), whole, {}) if rows else ()
    cells = [_cells(name, one, {filter: one.code} if one.code else None) for name, one in rows]
    table = Table(_headings(heading), cells, foot)
    return panel(
        id,
        title,
        _("USD; balance and burn rate are of the budgets of projects that were activated"),
        table,
        drawn=(3, 4, 5),
        beside=True,
        axis=_("USD"),
        trend=trend,
        trend_drawn=(1,),
        notes=notes,
        most=most,
        full=Table(_headings(heading), [_cells(one.name, one, None) for one in full], foot) if full else None,
        empty=_("No project has a budget."),
    )


def _areas(rows: Sequence[Area], names: Names, whole: Used) -> Panel:
    headings = (
        (_("Area of work"), Kind.TEXT),
        (_("Projects"), Kind.NUMBER),
        (_("Budget, USD"), Kind.MONEY),
        (_("Spent"), Kind.MONEY),
        (_("Committed"), Kind.MONEY),
    )
    found = {one.code: one for one in rows}
    ordered = [*(code for code in names if code in found), *sorted(set(found) - set(names))]
    cells = []
    for code in ordered:
        one, to = found[code], {"area": code} if code != OVER else None
        cells.append(
            (
                Cell(names.get(code, code)),
                Cell(one.number, to),
                *(Cell(amount, to) for amount in (one.budget, one.spent, one.committed)),
            )
        )
    figures = whole.figures
    foot = (
        Cell(_("All")),
        Cell(whole.number, {}),
        *(Cell(amount, {}) for amount in (whole.budget, figures.spent, figures.committed)),
    )
    return panel(
        "areas",
        _("Budget against spent by area of work"),
        _("USD; what a project spent is shared out to its areas as its budget is"),
        Table(headings, cells, foot if cells else ()),
        drawn=(2, 3, 4),
        beside=True,
        axis=_("USD"),
        unstated=names.get(NONE, ""),
        empty=_("No project has a budget."),
    )
