"""What stands beside a report: how far indicators, activities and milestones are, and the money by budget line.

It is read from live data while a report is written, and kept with it when it is handed in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pydantic import TypeAdapter

from prima.months import say
from prima.projects.models import Measure
from prima.projects.numbering import Numbered
from prima.projects.rules.milestones import is_missed
from prima.reporting.models import ActivityState
from prima.reporting.monitoring import Achieved, Reading, achieved, planned, standing

ZERO, TENTH = Decimal(0), Decimal("0.1")
NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,10})?", re.ASCII)
NOT_STARTED, DONE, DROPPED = "not_started", "done", "dropped"
MET, LATE, MISSED, AHEAD = "met", "late", "missed", "ahead"

# -- what was achieved ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator with what its values come to by the report's last day; numbers are kept as text, exact."""

    result: str
    name: str
    unit: str
    baseline: str
    target: str
    achieved: str = ""
    parts: str = ""
    """Of a percentage: numerator / denominator."""
    share: Decimal | None = None
    """The way from baseline to target that is done; more than 1 beyond the target."""
    on_day: date | None = None
    """Of the newest value; none where nothing was recorded."""

    @property
    def number(self) -> Decimal | None:
        """What was achieved, where it is a number."""
        return Decimal(self.achieved) if NUMBER.fullmatch(self.achieved) else None


@dataclass(frozen=True)
class ActivityRow:
    number: str
    name: str
    months: str
    """As planned, counted from the start: 1-3, 7."""
    planned_to: date | None
    state: str
    done_on: date | None
    note: str
    late: bool
    """Its last planned month has passed, and it is not done."""


@dataclass(frozen=True)
class MilestoneRow:
    """`state`: met, late (done after its day), missed (its day is past), ahead."""

    name: str
    planned_on: date
    done_on: date | None
    state: str


def indicator_row(result: Numbered, indicator: Any, readings: Sequence[Reading]) -> IndicatorRow:
    """`readings` are those up to the report's last day; what they come to is what the monitoring page says of them."""
    found = achieved(indicator, readings)
    is_percentage = indicator.measure == Measure.PERCENTAGE
    return IndicatorRow(
        result=result.name,
        name=indicator.text,
        unit="%" if is_percentage else indicator.unit,
        baseline=indicator.baseline,
        target=indicator.target,
        achieved=_said(found) if found else "",
        parts=f"{plain(found.numerator)} / {plain(found.denominator)}"
        if found and found.numerator is not None and found.denominator
        else "",
        share=found.share if found else None,
        on_day=found.on_day if found else None,
    )


def _said(found: Achieved) -> str:
    """The level that is compared with the target, or words; a percentage to one decimal, as it is shown elsewhere."""
    if found.level is None:
        return found.words
    return plain(found.level if found.denominator is None else found.level.quantize(TENTH, ROUND_HALF_EVEN))


def activity_row(
    activity: Numbered, months: Sequence[int], progress: Any, starts_on: date | None, today: date
) -> ActivityRow:
    """`today` is the day it is judged on: that after the report's last day, or today where that is sooner."""
    plan = planned(months, starts_on) if starts_on else None
    state = progress.state if progress else ActivityState.NOT_STARTED
    return ActivityRow(
        number=activity.number,
        name=activity.text,
        months=say(months),
        planned_to=plan.last if plan else None,
        state=state.value,
        done_on=progress.done_on if progress else None,
        note=progress.note if progress else "",
        late=standing(state, plan, today) == LATE,
    )


def milestone_row(name: str, planned_on: date, done_on: date | None, until: date, today: date) -> MilestoneRow:
    """`today` as for activities; what was done after `until` is not told yet."""
    done = done_on if done_on and done_on <= until else None
    if done:
        state = MET if done <= planned_on else LATE
    else:
        state = MISSED if is_missed(planned_on, None, today) else AHEAD
    return MilestoneRow(name, planned_on, done, state)


# -- the money --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MoneyRow:
    """A budget line, or a category where the project has none: what was approved, and what finance states."""

    key: str
    category_code: str
    category: str
    line_id: int | None = None
    code: str = ""
    """What finance calls the line."""
    name: str = ""
    budget: Decimal | None = None
    finance: tuple[Decimal, Decimal] | None = None
    """Spent and committed; none where finance states nothing of the project."""

    @property
    def title(self) -> str:
        return f"{self.code} {self.name or self.category}".strip()


def key_of(category_code: str, line_id: int | None) -> str:
    """What a row of money is called in a form: by its line, else by its category."""
    return f"line_{line_id}" if line_id is not None else category_code.lower().replace(".", "_")


def is_per_line(lines: Sequence[Any], spending: Iterable[Any]) -> bool:
    """Reports are per budget line, save where there is none, and those of older form."""
    return bool(lines) and all(one.line_id is not None for one in spending)


def money_rows(project: Any, categories: Mapping[str, Any], told: Sequence[Any], finance: Any) -> list[MoneyRow]:
    """The rows in the order of the categories' list; `told` is what the report says so far.

    Where lines do not count: a row for each budgeted category, and any other that was told or stands at the top.
    """
    if is_per_line(project.lines, told):
        order = {code: place for place, code in enumerate(categories)}
        lines = sorted(project.lines, key=lambda line: (order[line.category_code], line.position, line.id))
        return [
            MoneyRow(
                key=key_of(line.category_code, line.id),
                category_code=line.category_code,
                category=categories[line.category_code].name,
                line_id=line.id,
                code=line.code or "",
                name=line.description,
                budget=line.amount,
                finance=None if finance is None else finance.get(line.id, (ZERO, ZERO)),
            )
            for line in lines
        ]
    budget: dict[str, Decimal] = defaultdict(Decimal)
    stated: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for line in project.lines:
        budget[line.category_code] += line.amount
        for place, amount in enumerate((finance or {}).get(line.id, (ZERO, ZERO))):
            stated[line.category_code][place] += amount
    wanted = set(budget) | {one.category_code for one in told}
    wanted |= {code for code, row in categories.items() if row.parent is None}
    return [
        MoneyRow(
            key=key_of(code, None),
            category_code=code,
            category=row.name,
            budget=budget.get(code, ZERO) if budget else None,
            finance=None if finance is None else (stated[code][0], stated[code][1]),
        )
        for code, row in categories.items()
        if code in wanted
    ]


# -- kept with the report ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    indicators: tuple[IndicatorRow, ...] = ()
    activities: tuple[ActivityRow, ...] = ()
    milestones: tuple[MilestoneRow, ...] = ()
    money: tuple[MoneyRow, ...] = ()
    planned: tuple[tuple[int, int], ...] = ()
    """Groups of beneficiaries with their number planned."""

    @property
    def says_progress(self) -> bool:
        """Something was recorded that a report can begin with."""
        return (
            any(row.on_day for row in self.indicators)
            or any(row.state != NOT_STARTED for row in self.activities)
            or any(row.state != AHEAD for row in self.milestones)
        )


_adapter = TypeAdapter(Standing)


def frozen(standing: Standing) -> dict[str, Any]:
    """As JSON holds it: amounts as text, days in ISO."""
    found: dict[str, Any] = _adapter.dump_python(standing, mode="json")
    return found


def thawed(content: Mapping[str, Any]) -> Standing:
    return _adapter.validate_python(content, strict=False)


def plain(number: Decimal) -> str:
    """Without trailing zeros: 35, 62.5."""
    return f"{number.normalize() + 0:f}"
