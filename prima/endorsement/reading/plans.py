"""Results matrix, workplan, milestones and risk plan as they were frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from prima.endorsement.reading.blocks import Block, Column, Names, Row, Table, name_of
from prima.handbook.edition import Edition

Content = Mapping[str, Any]
DEPTHS = {"objective": 0, "outcome": 1, "output": 2, "activity": 3}


def matrix(content: Content, edition: Edition, names: Names, internal: bool) -> list[Block]:
    table = Table(
        _("Results matrix"),
        (
            Column(_("Number")),
            Column(_("Level")),
            Column(_("Result or indicator"), wide=True),
            Column(_("Baseline")),
            Column(_("Target")),
            Column(_("Source and collection method")),
            Column(_("Assumption"), wide=True),
        ),
        tuple(_results(content.get("results", ()), names)),
        code="results",
    )
    return [table] if table.rows else []


def _results(results: Iterable[Content], names: Names) -> Iterator[Row]:
    """Each result, and under it its indicators."""
    levels = {
        "objective": _("Objective"),
        "outcome": _("Outcome"),
        "output": _("Output"),
        "activity": _("Activity"),
    }
    above: dict[int, str] = {}
    for one in results:
        level, depth = one["level"], DEPTHS.get(one["level"], 0)
        above[depth] = one["text"]
        yield Row(
            (one["number"], levels.get(level, level), one["text"], "", "", "", one["assumption"]),
            one["text"],
            under=above.get(depth - 1, ""),
            group=level,
            depth=depth,
        )
        for indicator in one["indicators"]:
            yield Row(
                (
                    "",
                    _("Indicator"),
                    _measured(indicator),
                    indicator["baseline"],
                    _target(indicator, names),
                    indicator["source"],
                    "",
                ),
                indicator["text"],
                under=one["text"],
                group="indicator",
                depth=depth + 1,
            )


def _measured(indicator: Content) -> str:
    unit = indicator["unit"]
    return f"{indicator['text']} ({unit})" if unit and unit not in indicator["text"] else indicator["text"]


def _target(indicator: Content, names: Names) -> str:
    """The target with its parts by sex and age."""
    shares = [
        f"{', '.join(name_of(names, 'group', code) for code in (sex, age) if code)}: {number}"
        for sex, age, number in indicator["splits"]
    ]
    return f"{indicator['target']} ({'; '.join(shares)})" if shares else indicator["target"]


def workplan(content: Content, edition: Edition, names: Names, internal: bool) -> list[Block]:
    plan = Table(
        _("Workplan"),
        (Column(_("Activity"), wide=True), Column(_("Responsible")), Column(_("Months"))),
        tuple(
            Row((one["activity"], one["responsible"], months(one["months"])), one["activity"])
            for one in content.get("workplan", ())
        ),
        code="workplan",
    )
    milestones = Table(
        _("Milestones"),
        (Column(_("Milestone"), wide=True), Column(_("Planned day"))),
        tuple(Row((one["name"], _day(one["planned_on"])), one["name"]) for one in content.get("milestones", ())),
        code="milestones",
    )
    return [table for table in (plan, milestones) if table.rows]


def months(numbers: Iterable[int]) -> str:
    """Months in a row as one span: 1-3, 7."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def risks(content: Content, edition: Edition, names: Names, internal: bool) -> list[Block]:
    table = Table(
        _("Risk plan"),
        (
            Column(_("Risk"), wide=True),
            Column(_("Consequence")),
            Column(_("Likelihood")),
            Column(_("When")),
            Column(_("Treatment")),
            Column(_("Action"), wide=True),
            Column(_("Owner")),
            Column(_("Due")),
        ),
        tuple(
            Row(
                (
                    one["factor"],
                    name_of(names, "risk", one["consequence"]),
                    name_of(names, "risk", one["likelihood"]),
                    one["timing"],
                    name_of(names, "risk", one["treatment"]),
                    one["action"],
                    one["owner"],
                    _day(one["due_on"]),
                ),
                one["factor"],
            )
            for one in content.get("risks", ())
        ),
        code="risks",
    )
    return [table] if table.rows else []


def _day(text: str | None) -> str:
    return format_date(date.fromisoformat(text), "d MMM y") if text else ""
