"""The page of changes: extensions and what they added, by region, kind, year and reason; and the other changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.projects.changes import KINDS, STATES, ChangeState
from prima.reporting.figures import Names
from prima.reporting.figures.panels import BAD, GOING, NOTHING_YET, WELL, Cell, KeyFigure, Page, Panel, Table, panel
from prima.reporting.portfolio.filters import NONE
from prima.reporting.portfolio.themes.changes import Activated, Changed, Extended, Extensions
from prima.spreadsheets import Kind

YES = "yes"
EXTENDED: Mapping[str, Any] = {"extended": YES}


def page(
    extensions: Extensions,
    reasons: Sequence[Extended],
    activated: Sequence[Activated],
    changes: Sequence[Changed],
    regions: Names,
) -> Page:
    whole, could = extensions.whole, sum(one.number for one in activated)
    headline = [
        KeyFigure(Cell(whole.number, EXTENDED), ngettext("extension", "extensions", whole.number)),
        KeyFigure(Cell(whole.months, EXTENDED), _("months added")),
        KeyFigure(Cell(whole.projects, EXTENDED), ngettext("project extended", "projects extended", whole.projects)),
        KeyFigure(Cell(_share(whole.projects, could)), _("of the projects that were activated"), Kind.PERCENT),
    ]
    return Page(
        headline,
        [
            _regions(extensions, activated, regions),
            _kinds(extensions),
            _reasons(reasons),
            _changes(changes),
        ],
    )


def _regions(extensions: Extensions, activated: Sequence[Activated], regions: Names) -> Panel:
    headings = (
        (_("Region"), Kind.TEXT),
        (_("Extensions"), Kind.NUMBER),
        (_("Months added"), Kind.NUMBER),
        (_("Projects extended"), Kind.NUMBER),
        (_("Of activated projects"), Kind.NUMBER),
        (_("Share"), Kind.PERCENT),
    )
    extended = {one.code: one for one in extensions.regions}
    could = {one.region: one.number for one in activated}
    codes = set(extended) | set(could)
    ordered = [*(code for code in regions if code in codes), *sorted(codes - set(regions))]

    def cells(name: str, one: Extended | None, number: int, to: Mapping[str, Any]) -> tuple[Cell, ...]:
        there = {**to, **EXTENDED}
        return (
            Cell(name),
            Cell(one.number if one else 0, there),
            Cell(one.months if one else 0, there),
            Cell(one.projects if one else 0, there),
            Cell(number, to),
            Cell(_share(one.projects if one else 0, number)),
        )

    table = Table(
        headings,
        [cells(regions.get(code, code), extended.get(code), could.get(code, 0), {"region": code}) for code in ordered],
        cells(_("All"), extensions.whole, sum(could.values()), {}) if ordered else (),
    )
    years = Table(
        (
            (_("Year of the decision"), Kind.TEXT),
            (_("Extensions"), Kind.NUMBER),
            (_("Months added"), Kind.NUMBER),
            (_("Projects"), Kind.NUMBER),
        ),
        [_extended(one.code, one) for one in extensions.years],
    )
    return panel(
        "extensions",
        _("Extensions by region"),
        _("Months are counted from the old end to the new one; a share is of the projects that were activated"),
        table,
        drawn=(1,),
        axis=_("Extensions"),
        trend=years,
        trend_drawn=(1,),
        empty=_("No project was activated yet, so none could be extended."),
    )


def _kinds(extensions: Extensions) -> Panel:
    names = {str(kind): str(name) for kind, name in KINDS.items()} | {NONE: _("Recorded without a request")}
    found = {one.code: one for one in extensions.kinds}
    return panel(
        "kinds",
        _("Extensions by kind"),
        _("What was asked for, where it was asked for here"),
        Table(_heads(_("Kind")), [_extended(name, found[code]) for code, name in names.items() if code in found]),
        drawn=(1,),
        axis=_("Extensions"),
        empty=_("No project was extended."),
    )


def _reasons(rows: Sequence[Extended]) -> Panel:
    return panel(
        "reasons",
        _("Reasons given for extensions"),
        _("As they were written, those given most often first"),
        Table(_heads(_("Reason")), [_extended(one.code or _("Not stated"), one) for one in rows]),
        drawn=(1,),
        axis=_("Extensions"),
        empty=_("No project was extended."),
    )


def _changes(rows: Sequence[Changed]) -> Panel:
    headings = (
        (_("Change"), Kind.TEXT),
        (_("Under way"), Kind.NUMBER),
        (str(STATES[ChangeState.APPROVED][0]), Kind.NUMBER),
        (str(STATES[ChangeState.REFUSED][0]), Kind.NUMBER),
        (str(STATES[ChangeState.WITHDRAWN][0]), Kind.NUMBER),
        (_("Asked for too late"), Kind.NUMBER),
        (_("Days to the decision"), Kind.NUMBER),
    )
    ended = (ChangeState.APPROVED, ChangeState.REFUSED, ChangeState.WITHDRAWN)
    by_kind: dict[Any, list[Changed]] = defaultdict(list)
    for one in rows:
        by_kind[one.kind].append(one)
    cells = []
    for kind, name in KINDS.items():
        if found := by_kind.get(kind):
            decided = sum(one.decided for one in found)
            cells.append(
                (
                    Cell(str(name)),
                    Cell(sum(one.number for one in found if one.state not in ended)),
                    *(Cell(sum(one.number for one in found if one.state is state)) for state in ended),
                    Cell(sum(one.late for one in found)),
                    Cell(round(sum(one.days for one in found) / decided) if decided else None),
                )
            )
    return panel(
        "changes",
        _("Changes asked for"),
        _("Too late: after the last day for asking. Days are those from asking to the decision, on average"),
        Table(headings, cells),
        drawn=(1, 2, 3, 4),
        colours=(GOING, WELL, BAD, NOTHING_YET),
        axis=_("Changes"),
        empty=_("No project has asked for a change."),
    )


def _heads(heading: str) -> Sequence[tuple[str, Kind]]:
    return (
        (heading, Kind.TEXT),
        (_("Extensions"), Kind.NUMBER),
        (_("Months added"), Kind.NUMBER),
        (_("Projects"), Kind.NUMBER),
    )


def _extended(name: str, one: Extended) -> tuple[Cell, ...]:
    return Cell(name), Cell(one.number), Cell(one.months), Cell(one.projects)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
