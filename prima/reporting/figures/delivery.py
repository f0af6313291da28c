"""The page of delivery: milestones, reports, activities, evaluations due and projects that end soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from prima.reporting.figures import Names
from prima.reporting.figures.panels import (
    BAD,
    CAREFUL,
    DROPPED,
    GOING,
    NOTHING_YET,
    WELL,
    Cell,
    KeyFigure,
    Page,
    Panel,
    Table,
    panel,
)
from prima.reporting.portfolio.themes.delivery import SOON, Activities, Coming, HandedIn, Milestones, Owed
from prima.spreadsheets import Kind

YES = "yes"


@dataclass(frozen=True)
class Delivered:
    """What the page is made of."""

    milestones: Sequence[Milestones]
    owed: Sequence[Owed]
    handed_in: Sequence[HandedIn]
    activities: Sequence[Activities]
    coming: Sequence[Coming]
    regions: Names
    kinds: Names


def page(found: Delivered) -> Page:
    missed = sum(one.missed for one in found.milestones)
    overdue = sum(one.overdue for one in found.owed)
    due = sum(one.due for one in found.handed_in)
    on_time = _share(sum(one.on_time for one in found.handed_in), due)
    evaluations = sum(one.evaluations for one in found.coming)
    ending = sum(one.ending for one in found.coming)
    headline = [
        KeyFigure(Cell(missed, {"milestones": "missed"}), ngettext("milestone missed", "milestones missed", missed)),
        KeyFigure(Cell(overdue, {"overdue": True}), ngettext("overdue report", "overdue reports", overdue)),
        KeyFigure(Cell(on_time), _("of the reports of twelve months on time"), Kind.PERCENT),
        KeyFigure(Cell(evaluations, {"evaluation": YES}), ngettext("evaluation due", "evaluations due", evaluations)),
        KeyFigure(
            Cell(ending, {"ending": SOON}),
            ngettext("project ends within %(days)s days", "projects end within %(days)s days", ending, days=SOON),
        ),
    ]
    return Page(
        headline,
        [
            _milestones(found),
            _reports(found, "reports", _("Reports by region"), _("Region"), lambda one: one.region, found.regions),
            _reports(found, "kinds", _("Reports by kind"), _("Report"), lambda one: one.kind, found.kinds),
            _activities(found),
            _coming(found),
        ],
    )


def _milestones(found: Delivered) -> Panel:
    headings = (
        (_("Region"), Kind.TEXT),
        (_("Met in time"), Kind.NUMBER),
        (_("Met late"), Kind.NUMBER),
        (_("Missed"), Kind.NUMBER),
        (_("Met, %"), Kind.PERCENT),
        (_("Ahead"), Kind.NUMBER),
        (_("Projects with a missed one"), Kind.NUMBER),
    )

    def cells(name: str, rows: Sequence[Milestones], to: Mapping[str, Any]) -> tuple[Cell, ...]:
        in_time, late, missed = (sum(getattr(one, of) for one in rows) for of in ("in_time", "late", "missed"))
        of_missed = {**to, "milestones": "missed"}
        return (
            Cell(name),
            Cell(in_time, to),
            Cell(late, to),
            Cell(missed, of_missed),
            Cell(_share(in_time + late, in_time + late + missed)),
            Cell(sum(one.ahead for one in rows), to),
            Cell(sum(one.projects for one in rows), of_missed),
        )

    return panel(
        "milestones",
        _("Milestones met and missed"),
        _("Missed: the planned day has passed, and it is not done"),
        _by(headings, cells, found.milestones, lambda one: one.region, found.regions, "region"),
        drawn=(1, 2, 3),
        colours=(WELL, CAREFUL, BAD),
        axis=_("Milestones"),
        empty=_("No project has milestones."),
    )


def _reports(found: Delivered, id: str, title: str, heading: str, of: Callable[[Any], str], names: Names) -> Panel:
    headings = (
        (heading, Kind.TEXT),
        (_("Due"), Kind.NUMBER),
        (_("Overdue"), Kind.NUMBER),
        (_("On time"), Kind.NUMBER),
        (_("Late"), Kind.NUMBER),
        (_("Still missing"), Kind.NUMBER),
        (_("On time, %"), Kind.PERCENT),
    )
    filtered = id == "reports"

    def cells(name: str, rows: Sequence[Any], to: Mapping[str, Any]) -> tuple[Cell, ...]:
        owed = [one for one in rows if isinstance(one, Owed)]
        handed = [one for one in rows if isinstance(one, HandedIn)]
        on_time = sum(one.on_time for one in handed)
        # The kind of a report is no filter of the list.
        there = to if filtered or not to else None
        late = {**there, "overdue": True} if there is not None and (filtered or name == _("All")) else None
        return (
            Cell(name),
            Cell(sum(one.due for one in owed), there),
            Cell(sum(one.overdue for one in owed), late),
            Cell(on_time, there),
            Cell(sum(one.late for one in handed), there),
            Cell(sum(one.missing for one in handed), late),
            Cell(_share(on_time, sum(one.due for one in handed))),
        )

    rows = [*found.owed, *found.handed_in]
    return panel(
        id,
        title,
        _("Due: can be written now. On time, late, still missing: of those whose day fell in the last twelve months"),
        _by(headings, cells, rows, of, names, "region" if filtered else ""),
        drawn=(3, 4, 5),
        colours=(WELL, CAREFUL, BAD),
        axis=_("Reports of the last twelve months"),
        trend=_months(found.handed_in) if filtered else None,
        trend_drawn=(1, 2, 3),
        empty=_("No project has a report that is due or was handed in."),
    )


def _months(rows: Sequence[HandedIn]) -> Table:
    headings = (
        (_("Month of the due date"), Kind.TEXT),
        (_("On time"), Kind.NUMBER),
        (_("Late"), Kind.NUMBER),
        (_("Still missing"), Kind.NUMBER),
        (_("On time, %"), Kind.PERCENT),
    )
    by_month: dict[date, list[HandedIn]] = defaultdict(list)
    for one in rows:
        by_month[one.month].append(one)
    cells = []
    for month in sorted(by_month):
        on_time, late, missing = (
            sum(getattr(one, of) for one in by_month[month]) for of in ("on_time", "late", "missing")
        )
        share = _share(on_time, on_time + late + missing)
        cells.append(tuple(Cell(value) for value in (format_date(month, "LLL y"), on_time, late, missing, share)))
    return Table(headings, cells)


def _activities(found: Delivered) -> Panel:
    headings = (
        (_("Region"), Kind.TEXT),
        (_("Done"), Kind.NUMBER),
        (_("Under way"), Kind.NUMBER),
        (_("Not started"), Kind.NUMBER),
        (_("Dropped"), Kind.NUMBER),
        (_("Of these late"), Kind.NUMBER),
        (_("Done, %"), Kind.PERCENT),
    )
    parts = ("done", "under_way", "not_started", "dropped", "late")

    def cells(name: str, rows: Sequence[Activities], to: Mapping[str, Any]) -> tuple[Cell, ...]:
        numbers = [sum(getattr(one, of) for one in rows) for of in parts]
        whole = sum(one.number for one in rows)
        return (Cell(name), *(Cell(number, to) for number in numbers), Cell(_share(numbers[0], whole)))

    return panel(
        "activities",
        _("Activities of running projects"),
        _("Late: neither done nor dropped, and planned until a day that has passed"),
        _by(headings, cells, found.activities, lambda one: one.region, found.regions, "region"),
        drawn=(1, 2, 3, 4),
        colours=(WELL, GOING, NOTHING_YET, DROPPED),
        axis=_("Activities"),
        empty=_("No running project has activities."),
    )


def _coming(found: Delivered) -> Panel:
    headings = (
        (_("Region"), Kind.TEXT),
        (_("Evaluations due"), Kind.NUMBER),
        (_("Ending in %(days)s days", days=SOON), Kind.NUMBER),
        (_("Their budget, USD"), Kind.MONEY),
    )

    def cells(name: str, rows: Sequence[Coming], to: Mapping[str, Any]) -> tuple[Cell, ...]:
        soon = {**to, "ending": SOON}
        return (
            Cell(name),
            Cell(sum(one.evaluations for one in rows), {**to, "evaluation": YES}),
            Cell(sum(one.ending for one in rows), soon),
            Cell(sum((one.budget for one in rows), Decimal(0)), soon),
        )

    return panel(
        "coming",
        _("Evaluations due, and projects that end within %(days)s days", days=SOON),
        _("An evaluation is due from the first day of its window until its report is handed in"),
        _by(headings, cells, found.coming, lambda one: one.region, found.regions, "region"),
        drawn=(1, 2),
        beside=True,
        axis=_("Projects"),
        empty=_("No project has an evaluation due or ends within %(days)s days.", days=SOON),
    )


def _by(
    headings: Sequence[tuple[str, Kind]],
    cells: Callable[[str, Sequence[Any], Mapping[str, Any]], tuple[Cell, ...]],
    rows: Iterable[Any],
    of: Callable[[Any], str],
    names: Names,
    filter: str,
) -> Table:
    """A row for each code in the order of the names, and one of all; each leads to the list by `filter`."""
    found: dict[str, list[Any]] = defaultdict(list)
    for one in rows:
        found[of(one)].append(one)
    everything = [one for parts in found.values() for one in parts]
    ordered = [*(code for code in names if code in found), *sorted(set(found) - set(names))]
    return Table(
        headings,
        [cells(names.get(code, code), found[code], {filter: code}) for code in ordered],
        cells(_("All"), everything, {}) if everything else (),
    )


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
