"""Traffic lights of a running project: schedule, results, money and risk, each with its rule and the figures found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.filters import day, percent
from prima.handbook.edition import Lights, Threshold
from prima.reporting.models import ActivityState, RiskState
from prima.reporting.monitoring import (
    Due,
    Reading,
    achieved,
    due,
    has_a_way,
    is_stale,
    live_activities,
    live_indicators,
    planned,
)

GREEN, AMBER, RED, GREY = "green", "amber", "red", "grey"
WORDS = {GREEN: _l("On track"), AMBER: _l("Watch"), RED: _l("Act"), GREY: _l("Not known")}
ONE = Decimal(1)
Says = Callable[[], str]
"""A sentence, not yet written: of many projects at once the colours alone are asked for."""


@dataclass(frozen=True)
class Light:
    """`says` tells from which figures on the light changes, `why` what was found: written out only when it is read."""

    name: Any
    tone: str
    says: Says
    why: Says

    @property
    def rule(self) -> str:
        return self.says()

    @property
    def found(self) -> str:
        return self.why()

    @property
    def word(self) -> str:
        return str(WORDS[self.tone])


@dataclass(frozen=True)
class Period:
    """The project's dates, the day it is judged on, and after how many months without a record nothing is known."""

    starts_on: date
    ends_on: date
    today: date
    every_months: int

    def passed(self, on: date | None = None) -> Decimal:
        """The share of the project's time that has passed at the end of a day, from 0 to 1."""
        whole = (self.ends_on - self.starts_on).days + 1
        gone = ((on or self.today) - self.starts_on).days + 1
        return min(max(Decimal(gone) / whole, Decimal(0)), ONE)

    def is_stale(self, last: date | None) -> bool:
        """After the end nothing new is to be recorded: what stood then still tells."""
        return is_stale(last, self.starts_on, self.every_months, min(self.today, self.ends_on))

    def silence(self, last: date | None) -> str:
        if last is None:
            return _("Nothing has been recorded since the start on %(day)s.", day=day(self.starts_on))
        return ngettext(
            "Nothing has been recorded for more than %(num)s month; the last record is of %(day)s.",
            "Nothing has been recorded for more than %(num)s months; the last record is of %(day)s.",
            self.every_months,
            day=day(last),
        )


@dataclass(frozen=True)
class Spent:
    """Spent by a day, in the budget's currency; `recorded_on` is when that was stated, by finance or in a report."""

    amount: Decimal
    as_of: date
    recorded_on: date
    by_finance: bool


@dataclass(frozen=True)
class Figures:
    """What the lights are judged by."""

    due: Due
    schedule_on: date | None
    shares: Sequence[Decimal | None]
    """Of each indicator that has a way to its target, how much of it is done; None where nothing was recorded."""
    results_on: date | None
    budget: Decimal
    spent: Spent | None
    levels: Sequence[int] = ()
    """Of each risk that is not closed and is rated."""
    risks: int = 0
    """How many risks there are, closed ones too."""
    closed: int = 0
    risks_on: date | None = None


@dataclass(frozen=True)
class Reviewed:
    """How a risk stood at its newest review."""

    state: RiskState
    consequence_code: str | None
    likelihood_code: str | None
    on_day: date


@dataclass(frozen=True)
class Recorded:
    """What was recorded on a project, by the id of what it was recorded on."""

    readings: Mapping[int, Sequence[Reading]]
    states: Mapping[int, ActivityState]
    activities_on: date | None
    reviews: Mapping[int, Reviewed]
    worth: Mapping[str, int]
    """The values of the scales of risk, by code."""
    spent: Spent | None


def figures(project: Any, recorded: Recorded, today: date) -> Figures:
    """What the lights are judged by, of a project loaded with its plan and its milestones."""
    months = {plan.result_id: plan.months for plan in project.plans}
    activities = [
        (
            recorded.states.get(one.id, ActivityState.NOT_STARTED),
            planned(months.get(one.id, ()), project.starts_on),
        )
        for one in live_activities(project)
    ]
    milestones = [one.done_on for one in project.milestones if one.done_on]
    judged = [one for one in live_indicators(project) if has_a_way(one)]
    found = [achieved(one, recorded.readings.get(one.id, ())) for one in judged]
    reviews = [(risk, recorded.reviews.get(risk.id)) for risk in project.risks]
    open_ones = [pair for pair in reviews if pair[1] is None or pair[1].state is not RiskState.CLOSED]
    return Figures(
        due=due(activities, project.milestones, today),
        schedule_on=_newest([recorded.activities_on, *milestones]),
        shares=[one.share if one else None for one in found],
        results_on=_newest([one.on_day for one in found if one]),
        budget=project.budget,
        spent=recorded.spent,
        levels=[level for risk, review in open_ones if (level := _level(risk, review, recorded.worth))],
        risks=len(reviews),
        closed=len(reviews) - len(open_ones),
        risks_on=_newest([review.on_day for _risk, review in reviews if review]),
    )


def _level(risk: Any, review: Reviewed | None, worth: Mapping[str, int]) -> int | None:
    """Consequence times likelihood, of the review where it rates, else of the plan; nothing without both."""
    grave = worth.get((review and review.consequence_code) or risk.consequence_code)
    likely = worth.get((review and review.likelihood_code) or risk.likelihood_code)
    return None if grave is None or likely is None else grave * likely


def _newest(days: Sequence[date | None]) -> date | None:
    return max((one for one in days if one), default=None)


def lights(figures: Figures, rules: Lights, period: Period, *, internal: bool) -> list[Light]:
    """The risk light is for those who may read the risk plan."""
    found = [
        schedule(figures, rules.schedule, period),
        results(figures, rules.results, period),
        money(figures, rules.money, period),
    ]
    return [*found, risk(figures, rules.risk, period)] if internal else found


def rising(figure: Decimal | int, rule: Threshold) -> str:
    """More is worse."""
    return RED if figure >= rule.red else AMBER if figure >= rule.amber else GREEN


def falling(figure: Decimal, rule: Threshold) -> str:
    """Less is worse."""
    return RED if figure <= rule.red else AMBER if figure <= rule.amber else GREEN


def schedule(figures: Figures, rule: Threshold, period: Period) -> Light:
    light = partial(
        Light,
        _l("Schedule"),
        says=lambda: _(
            "Amber from %(amber)s%%, red from %(red)s%% of the activities and milestones that should be done by today "
            "and are not.",
            amber=rule.amber,
            red=rule.red,
        ),
    )
    due = figures.due
    if not due.due:
        return light(GREY, why=lambda: _("Nothing was planned to be done by today."))
    if period.is_stale(figures.schedule_on):
        return light(GREY, why=lambda: period.silence(figures.schedule_on))
    if not due.late:
        return light(
            GREEN,
            why=lambda: ngettext(
                "What should be done by today is done.", "All %(num)s that should be done by today are done.", due.due
            ),
        )
    share = Decimal(due.late) / due.due
    return light(
        rising(100 * share, rule),
        why=lambda: _(
            "%(late)s of %(due)s that should be done by today are not: %(share)s.",
            late=due.late,
            due=due.due,
            share=percent(share, 0),
        ),
    )


def results(figures: Figures, rule: Threshold, period: Period) -> Light:
    """The indicators' way to their targets, on average, beside the time; none makes up for another."""
    light = partial(
        Light,
        _l("Results"),
        says=lambda: _(
            "Amber at %(amber)s%% or less, red at %(red)s%% or less of what the time that has passed lets expect of "
            "the indicators.",
            amber=rule.amber,
            red=rule.red,
        ),
    )
    passed = period.passed()
    if not passed:
        return light(GREY, why=lambda: _("The project has not begun."))
    if not figures.shares:
        return light(GREY, why=lambda: _("No indicator has a baseline and a target to be judged by."))
    if figures.results_on is None or period.is_stale(figures.results_on):
        return light(GREY, why=lambda: period.silence(figures.results_on))
    done = sum((min(max(one or Decimal(0), Decimal(0)), ONE) for one in figures.shares), Decimal(0))
    average = done / len(figures.shares)
    ratio = average / passed
    return light(
        falling(100 * ratio, rule),
        why=lambda: _(
            "The indicators are on average %(average)s of the way to their targets, and %(passed)s of the time has "
            "passed: %(ratio)s of what can be expected.",
            average=percent(average, 0),
            passed=percent(passed, 0),
            ratio=percent(ratio, 0),
        ),
    )


def money(figures: Figures, rule: Threshold, period: Period) -> Light:
    """Spending is compared with the time that had passed on the day it was stated for, not with today's."""
    light = partial(
        Light,
        _l("Money"),
        says=lambda: _(
            "Amber from %(amber)s, red from %(red)s percentage points between the budget spent and the time that has "
            "passed.",
            amber=rule.amber,
            red=rule.red,
        ),
    )
    spent = figures.spent
    if not figures.budget:
        return light(GREY, why=lambda: _("There is no budget."))
    if spent is None:
        return light(GREY, why=lambda: _("No spending has been stated yet."))
    if period.is_stale(spent.recorded_on):
        return light(GREY, why=lambda: period.silence(spent.recorded_on))
    share, passed = spent.amount / figures.budget, period.passed(spent.as_of)
    apart = abs(share - passed) * 100
    return light(
        rising(apart, rule),
        why=lambda: _(
            "By %(day)s %(share)s of the budget was spent and %(passed)s of the time had passed: %(apart)s percentage "
            "points apart (%(source)s).",
            day=day(spent.as_of),
            share=percent(share, 0),
            passed=percent(passed, 0),
            apart=apart.quantize(ONE, ROUND_HALF_UP),
            source=_("stated by finance") if spent.by_finance else _("from the newest financial report"),
        ),
    )


def risk(figures: Figures, rule: Threshold, period: Period) -> Light:
    light = partial(
        Light,
        _l("Risk"),
        says=lambda: _(
            "Amber from level %(amber)s, red from level %(red)s of the highest risk that is not closed; the level is "
            "consequence times likelihood, of the newest review.",
            amber=rule.amber,
            red=rule.red,
        ),
    )
    if not figures.risks:
        return light(GREY, why=lambda: _("The plan names no risk."))
    if period.is_stale(figures.risks_on):
        return light(GREY, why=lambda: period.silence(figures.risks_on))
    if figures.levels:
        highest = max(figures.levels)
        return light(rising(highest, rule), why=lambda: _("The highest is of level %(level)s.", level=highest))
    if figures.closed == figures.risks:
        return light(GREEN, why=lambda: _("Every risk is closed."))
    return light(GREY, why=lambda: _("No risk that is open is rated."))
