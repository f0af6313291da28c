"""The page of the pipeline: how many projects stand in each status, how long they stay there, and where they wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.reporting.figures import ZERO
from prima.reporting.figures.panels import Cell, KeyFigure, Page, Panel, Table, panel
from prima.reporting.portfolio.filters import Choices
from prima.reporting.portfolio.sums import Summed
from prima.reporting.portfolio.themes.pipeline import Days, together, told
from prima.spreadsheets import Kind

WAITS = "waiting.index"


@dataclass(frozen=True)
class Pipeline:
    """What the page is made of. Heaps and answers are those of the endorsement."""

    statuses: Sequence[Summed]
    stays: Mapping[Any, Days]
    roles: Sequence[Any]
    regions: Sequence[Any]
    everything: Sequence[Any]
    answers: Sequence[Any]
    waits: Mapping[str, Any] | None
    """The filters of the list of what waits that ask for just these projects; None where they cannot."""


def page(found: Pipeline, choices: Choices) -> Page:
    waiting = sum(one.number for one in found.everything)
    number = sum(one.number for one in found.statuses)
    headline = [
        KeyFigure(Cell(number, {}), ngettext("project", "projects", number)),
        KeyFigure(Cell(sum((one.budget for one in found.statuses), ZERO), {}), _("in budgets, USD"), Kind.MONEY),
        KeyFigure(
            Cell(waiting, found.waits, WAITS),
            ngettext("thing waits on a desk", "things wait on desks", waiting),
        ),
    ]
    return Page(
        headline,
        [
            _statuses(found.statuses, choices),
            _stages(found.stays, choices),
            _stays(found.stays, choices),
            _waits(
                "roles",
                _("Where proposals wait, by role"),
                _("Role"),
                found.roles,
                found,
                lambda one: {"role": one.code} if one.code else None,
            ),
            _waits(
                "waiting-regions",
                _("Where proposals wait, by region"),
                _("Region"),
                found.regions,
                found,
                lambda one: {"region": one.code} if one.code else None,
            ),
            _answers(found.answers),
        ],
    )


def _statuses(rows: Sequence[Summed], choices: Choices) -> Panel:
    headings = (
        (_("Status"), Kind.TEXT),
        (_("Stage"), Kind.TEXT),
        (_("Projects"), Kind.NUMBER),
        (_("USD"), Kind.MONEY),
        (_("Share"), Kind.PERCENT),
    )
    of = {str(one.code): one for one in rows}
    stages = {one.code: one.name for one in choices["stage"]}
    whole, budget = sum(one.number for one in rows), sum((one.budget for one in rows), ZERO)
    cells = [
        (
            Cell(status.name),
            Cell(stages[status.more], {"stage": status.more}),
            Cell(one.number, {"status": status.code}),
            Cell(one.budget, {"status": status.code}),
            Cell(Decimal(one.number) / whole),
        )
        for status in choices["status"]
        if (one := of.get(status.code))
    ]
    foot = (Cell(_("All")), Cell(None), Cell(whole, {}), Cell(budget, {}), Cell(Decimal(1)))
    return panel(
        "statuses",
        _("Projects and budget by status"),
        _("Each status with the stage that it belongs to"),
        Table(headings, cells, foot if cells else ()),
        drawn=(2,),
        axis=_("Projects"),
        empty=_("No project stands in any status."),
    )


def _stages(stays: Mapping[Any, Days], choices: Choices) -> Panel:
    by_stage: dict[str, list[Days]] = {}
    for status in choices["status"]:
        if status.code in stays:
            by_stage.setdefault(status.more, []).append(stays[status.code])
    rows = [
        (stage.name, together(by_stage[stage.code]), {"stage": stage.code})
        for stage in choices["stage"]
        if stage.code in by_stage
    ]
    return _lengths("days", _("Days per stage"), _("Stage"), rows)


def _stays(stays: Mapping[Any, Days], choices: Choices) -> Panel:
    rows = [
        (status.name, stays[status.code], {"status": status.code})
        for status in choices["status"]
        if status.code in stays
    ]
    return _lengths("days-status", _("Days per status"), _("Status"), rows)


def _lengths(id: str, title: str, heading: str, rows: Sequence[tuple[str, Days, Mapping[str, Any]]]) -> Panel:
    headings = (
        (heading, Kind.TEXT),
        (_("Stays that ended"), Kind.NUMBER),
        (_("Median, days"), Kind.NUMBER),
        (_("90th percentile, days"), Kind.NUMBER),
    )
    cells = [
        (Cell(name, to), Cell(stay.number), Cell(stay.median), Cell(stay.ninth))
        for name, days, to in rows
        if (stay := told(days))
    ]
    return panel(
        id,
        title,
        _("From one move of a project to the next; half of the stays keep to the median, nine of ten to the other"),
        Table(headings, cells),
        drawn=(2, 3),
        beside=True,
        axis=_("Days"),
        empty=_("No project has left a status yet."),
    )


def _waits(
    id: str,
    title: str,
    heading: str,
    rows: Sequence[Any],
    found: Pipeline,
    to: Callable[[Any], Mapping[str, Any] | None],
) -> Panel:
    headings = (
        (heading, Kind.TEXT),
        (_("Waiting"), Kind.NUMBER),
        (_("Projects"), Kind.NUMBER),
        (_("Median, days"), Kind.NUMBER),
        (_("Since"), Kind.DAY),
    )

    def cells(name: str, one: Any, more: Mapping[str, Any] | None) -> tuple[Cell, ...]:
        there = {**found.waits, **more} if found.waits is not None and more is not None else None
        return (
            Cell(name),
            Cell(one.number, there, WAITS),
            Cell(one.projects, there, WAITS),
            Cell(int(one.median)),
            Cell(one.oldest.date()),
        )

    table = Table(
        headings,
        [cells(one.name or _("No Regional Office"), one, to(one)) for one in rows],
        cells(_("All"), found.everything[0], {}) if rows else (),
    )
    return panel(
        id,
        title,
        _("What lies on a desk of the endorsement now, how long half of it has waited at most, and the oldest"),
        table,
        drawn=(1,),
        axis=_("Waiting"),
        empty=_("No proposal waits on a desk."),
    )


def _answers(rows: Sequence[Any]) -> Panel:
    headings = (
        (_("Role"), Kind.TEXT),
        (_("Answers"), Kind.NUMBER),
        (_("Median, days"), Kind.NUMBER),
        (_("90th percentile, days"), Kind.NUMBER),
        (_("In time, %"), Kind.PERCENT),
    )
    cells = [
        (
            Cell(one.name),
            Cell(one.number),
            Cell(int(one.median)),
            Cell(int(one.ninth)),
            Cell(Decimal(one.within) / one.number),
        )
        for one in rows
    ]
    return panel(
        "answers",
        _("Days from asking for a clearance to its answer"),
        _("Answers of this year by role; in time are those that kept to their service days"),
        Table(headings, cells),
        drawn=(2, 3),
        beside=True,
        axis=_("Days"),
        empty=_("No reviewer has answered this year."),
    )
