"""What a project has achieved, from what was recorded: values of indicators, months of activities, people reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from prima.months import add_months
from prima.projects.models import Counting, Level, Measure
from prima.projects.numbering import live
from prima.reporting.calendar import FINAL
from prima.reporting.models import ActivityState

Part = tuple[str | None, str | None]
"""A sex and an age group, by code; one of the two may be left out."""
ZERO = Decimal(0)
FIGURES = (Measure.NUMBER, Measure.PERCENTAGE)
"""Measures whose values are numbers."""


# -- indicators -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """What an indicator read on a day: a number, a quotient, or words. `parts` of the number or of the numerator."""

    on_day: date
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    words: str = ""
    source: str = ""
    parts: Mapping[Part, Decimal] = field(default_factory=dict)

    @property
    def counted(self) -> Decimal:
        """What its parts are parts of."""
        return self.value or self.numerator or ZERO


def figure(row: Any) -> Reading:
    """A stored value as it counts, without its parts."""
    return Reading(
        on_day=row.on_day,
        value=row.value,
        numerator=row.numerator,
        denominator=row.denominator,
        words=row.words,
        source=row.source,
    )


def read(row: Any) -> Reading:
    """A stored value as it counts, with its parts."""
    return replace(figure(row), parts={(one.sex_code, one.age_code): one.amount for one in row.parts})


@dataclass(frozen=True)
class Achieved:
    """All readings of an indicator together. `number` is what was recorded, of a percentage the per cent."""

    count: int
    on_day: date
    """The day of the newest reading."""
    source: str
    number: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    words: str = ""
    parts: Mapping[Part, Decimal] = field(default_factory=dict)
    not_stated: Decimal = ZERO
    """What no part says: the parts and this together are the whole."""
    level: Decimal | None = None
    """What is achieved, as it is compared with the target: increments are added to the baseline."""
    share: Decimal | None = None
    """How much of the way from the baseline to the target is done: 1 is all of it, less than 0 is away from it."""

    @property
    def is_reached(self) -> bool:
        return self.share is not None and self.share >= 1


def achieved(indicator: Any, readings: Iterable[Reading]) -> Achieved | None:
    """What an indicator (measure, counting, baseline and target) has come to; nothing without a reading.

    Increments are summed, of totals to date the newest counts; a percentage is the sum of its numerators by that of
    its denominators; of words, and of yes or no, the newest counts. The order in which readings come does not matter.
    """
    ordered = sorted(readings, key=lambda one: one.on_day)
    if not ordered:
        return None
    newest = ordered[-1]
    if indicator.measure not in FIGURES:
        share = _said(indicator, newest.words) if indicator.measure == Measure.YES_NO else None
        return Achieved(len(ordered), newest.on_day, newest.source, words=newest.words, share=share)
    counted = ordered if indicator.counting == Counting.INCREMENT else [newest]
    parts: dict[Part, Decimal] = {}
    for one in counted:
        for part, amount in one.parts.items():
            parts[part] = parts.get(part, ZERO) + amount
    whole = sum((one.counted for one in counted), ZERO)
    numerator = denominator = None
    if indicator.measure == Measure.PERCENTAGE:
        numerator, denominator = whole, sum((one.denominator or ZERO for one in counted), ZERO)
        number = 100 * numerator / denominator if denominator else None
        level = number
    else:
        number, level = whole, whole
        if indicator.counting == Counting.INCREMENT:
            level = whole + (indicator.baseline_value or ZERO)
    return Achieved(
        count=len(ordered),
        on_day=newest.on_day,
        source=newest.source,
        number=number,
        numerator=numerator,
        denominator=denominator,
        parts=parts,
        not_stated=whole - sum(parts.values(), ZERO),
        level=level,
        share=share_of_target(level, indicator.baseline_value, indicator.target_value),
    )


def share_of_target(level: Decimal | None, baseline: Decimal | None, target: Decimal | None) -> Decimal | None:
    """How much of the way from the baseline to the target, upwards or downwards; nothing where there is no way."""
    if level is None or baseline is None or target is None or baseline == target:
        return None
    return (level - baseline) / (target - baseline)


def _said(indicator: Any, words: str) -> Decimal | None:
    wanted = indicator.target.strip().casefold()
    return Decimal(words == wanted) if wanted in ("yes", "no") else None


def goes_down(indicator: Any) -> bool:
    """Whether less is better: such an indicator cannot be counted by what comes in addition."""
    baseline, target = indicator.baseline_value, indicator.target_value
    return baseline is not None and target is not None and target < baseline


def has_a_way(indicator: Any) -> bool:
    """Whether a share of its target can be told at all."""
    if indicator.measure == Measure.YES_NO:
        return indicator.target.strip().casefold() in ("yes", "no")
    known = indicator.baseline_value is not None and indicator.target_value is not None
    return indicator.measure in FIGURES and known and indicator.baseline_value != indicator.target_value


def over(parts: Mapping[Part, Decimal], whole: Decimal) -> Decimal:
    """By how much the parts are more than the whole; 0 where they fit."""
    return max(sum(parts.values(), ZERO) - whole, ZERO)


@dataclass(frozen=True)
class Progress:
    """An indicator in a period: what came in it, and what all comes to by its last day."""

    indicator: Any
    within: Achieved | None
    to_date: Achieved | None


def progress(indicator: Any, readings: Sequence[Reading], first: date, last: date) -> Progress:
    """`first` and `last` belong to the period."""
    until = [one for one in readings if one.on_day <= last]
    within = [one for one in until if one.on_day >= first]
    return Progress(indicator, achieved(indicator, within), achieved(indicator, until))


# -- activities -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """An activity's months in the calendar: from the first day of its first month to the last day of its last."""

    first: date
    last: date


def planned(months: Sequence[int], starts_on: date) -> Planned | None:
    """Nothing for an activity without months. Month 1 begins with the project, whatever day that is."""
    if not months:
        return None
    begins = add_months(starts_on, min(months) - 1)
    return Planned(begins, add_months(starts_on, max(months)) - timedelta(days=1))


def standing(state: ActivityState, plan: Planned | None, today: date) -> str:
    """late: should be done by today; waiting: should have begun; else nothing."""
    if plan is None or state in (ActivityState.DONE, ActivityState.DROPPED):
        return ""
    if plan.last < today:
        return "late"
    return "waiting" if plan.first < today and state is ActivityState.NOT_STARTED else ""


@dataclass(frozen=True)
class Due:
    """What should be done by today, activities and milestones together, and what of it is not."""

    due: int
    late: int


def due(activities: Iterable[tuple[ActivityState, Planned | None]], milestones: Iterable[Any], today: date) -> Due:
    """A dropped activity is not waited for."""
    asked = [
        state is ActivityState.DONE
        for state, plan in activities
        if plan is not None and plan.last < today and state is not ActivityState.DROPPED
    ]
    asked += [one.done_on is not None for one in milestones if one.planned_on < today]
    return Due(len(asked), asked.count(False))


def live_activities(project: Any) -> list[Any]:
    there = live(project.results)
    return [one for one in project.results if one.level == Level.ACTIVITY and one.id in there]


def live_indicators(project: Any) -> list[Any]:
    there = live(project.results)
    return [one for one in project.indicators if one.retired_on is None and one.result_id in there]


# -- how fresh it is --------------------------------------------------------------------------------------------------


def months_since(last: date, today: date) -> int:
    """Whole months that have passed."""
    months = (today.year - last.year) * 12 + today.month - last.month
    return months - (add_months(last, months) > today)


def is_stale(last: date | None, starts_on: date, every_months: int, today: date) -> bool:
    """Whether nothing was recorded for so many months; before the first record they count from the start."""
    return add_months(max(last or starts_on, starts_on), every_months) < today


# -- beneficiaries ----------------------------------------------------------------------------------------------------


def reached(reports: Iterable[tuple[bool, Mapping[int, int]]]) -> dict[int, int]:
    """The numbers reached by planned group, from handed-in reports in the order they were due.

    A report tells of its period, and is added; one of the whole project (the first of the pair) stands for all before.
    """
    found: dict[int, int] = {}
    for whole, numbers in reports:
        for group, number in numbers.items():
            found[group] = number + (0 if whole else found.get(group, 0))
    return found


def told_of(reports: Iterable[Any]) -> list[tuple[bool, dict[int, int]]]:
    """What loaded reports tell of beneficiaries, as `reached` takes it."""
    return [
        (report.deadline.kind in FINAL, {one.beneficiaries_id: one.number for one in report.reached})
        for report in reports
    ]


Kind = tuple[Any, bool | None]
"""What is counted (people, services; None: not declared), and whether with repetition."""


@dataclass(frozen=True)
class Sum:
    """Planned against reached of some groups that are counted alike."""

    name: str
    planned: int
    reached: int

    @property
    def above(self) -> int:
        return max(self.reached - self.planned, 0)

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.reached) / self.planned if self.planned else None


@dataclass(frozen=True)
class KindTotals:
    """The groups of one counting kind, in total and by type, reach, sex and age. Kinds are never added together."""

    kind: Kind
    total: Sum
    parts: tuple[tuple[str, tuple[Sum, ...]], ...]


DIMENSIONS = ("type_code", "reach", "sex_code", "age_code")


def totals(
    groups: Sequence[Any], numbers: Mapping[int, int], names: Mapping[str, Mapping[str, str]]
) -> list[KindTotals]:
    """`numbers` reached by group; `names` gives the names of each dimension's codes in the order of the list."""
    kinds: dict[Kind, list[Any]] = {}
    for group in groups:
        kinds.setdefault((group.counted, group.repeated), []).append(group)
    found = []
    for kind in sorted(kinds, key=lambda one: (one[0] is None, str(one[0]), bool(one[1]))):
        parts = tuple((name, _sums(kinds[kind], numbers, name, names[name])) for name in DIMENSIONS)
        whole = Sum("", sum(one.planned for one in kinds[kind]), sum(numbers.get(one.id, 0) for one in kinds[kind]))
        found.append(KindTotals(kind, whole, parts))
    return found


def _sums(
    groups: Sequence[Any], numbers: Mapping[int, int], dimension: str, names: Mapping[str, str]
) -> tuple[Sum, ...]:
    plan: Counter[str] = Counter()
    came: Counter[str] = Counter()
    for one in groups:
        code = str(getattr(one, dimension))
        plan[code] += one.planned
        came[code] += numbers.get(one.id, 0)
    return tuple(Sum(name, plan[code], came[code]) for code, name in names.items() if code in plan)
