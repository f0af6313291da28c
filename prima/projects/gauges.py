"""How far a budget keeps each rule of the edition, in money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from prima.projects.rules import HUNDRED, BudgetFacts, budget_facts, is_regional, said, said_of_usd
from prima.projects.shares import CENT


@dataclass(frozen=True)
class Gauge:
    """One rule: where the budget stands, and the figure it should not pass (or should reach).

    Shares are measured in the budget's currency, bounds in USD.
    """

    code: str
    text: str
    now: Decimal
    limit: Decimal
    at_most: bool
    severity: str
    measures: str
    """What is measured, for who counts while typing: staff_and_office, evaluation or total."""
    percent: Decimal | None
    """The figure as a percentage of the base; None for a bound in USD."""
    say: Callable[[Decimal], str]
    """An amount of this gauge in the budget's currency, and in USD where that is another."""

    @property
    def beyond(self) -> Decimal:
        """How much the budget is over (or short of) the figure; 0 when the rule is kept."""
        return max(self.now - self.limit if self.at_most else self.limit - self.now, Decimal(0))

    @property
    def now_said(self) -> str:
        return self.say(self.now)

    @property
    def limit_said(self) -> str:
        return self.say(self.limit.quantize(CENT))

    @property
    def beyond_said(self) -> str:
        return self.say(self.beyond.quantize(CENT))


@dataclass(frozen=True)
class Reading:
    """How a rule is read: which amount, whether its figure is a percentage of the base, and on which side it lies."""

    measures: str
    of_base: bool
    at_most: bool


READINGS = {
    "STAFF_OFFICE_MAX": Reading("staff_and_office", of_base=True, at_most=True),
    "EVAL_MIN": Reading("evaluation", of_base=True, at_most=False),
    "NAT_MIN": Reading("total", of_base=False, at_most=False),
    "NAT_MAX": Reading("total", of_base=False, at_most=True),
    "REG_MIN": Reading("total", of_base=False, at_most=False),
    "REG_MAX": Reading("total", of_base=False, at_most=True),
}


def gauges(project: Any, money: Callable[[Decimal], str]) -> list[Gauge]:
    """The budget rules of the project's edition that can be measured, in its order; `money` formats an amount."""
    edition, facts = project.edition.handbook, budget_facts(project)
    found = []
    for rule in edition.rules_for("submit", project.funding, regional=is_regional(project), facts=project.facts):
        reading = READINGS.get(rule.code)
        if reading is None or not isinstance(rule.value, Decimal):
            continue
        found.append(
            Gauge(
                code=rule.code,
                text=edition.say_rule(rule.code, funding=project.funding),
                now=_measured(facts, reading) if reading.of_base else project.budget_usd,
                limit=facts.base * rule.value / HUNDRED if reading.of_base else rule.value,
                at_most=reading.at_most,
                severity=str(rule.severity),
                measures=reading.measures,
                percent=rule.value if reading.of_base else None,
                say=partial(said if reading.of_base else said_of_usd, project, money=money),
            )
        )
    return found


@dataclass(frozen=True)
class Line:
    """A budget line as a change would leave it, as far as the rules measure it."""

    category_code: str
    category: Any
    amount: Decimal


class Afterwards:
    """A project with its budget as a change would leave it; all else is the project's."""

    def __init__(self, project: Any, lines: Sequence[Line]) -> None:
        self.project, self.lines = project, lines
        self.budget = sum((line.amount for line in lines), Decimal(0))
        self.budget_usd = project.in_usd(self.budget)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.project, name)


def afterwards(project: Any, after: Mapping[str, Any], categories: Mapping[str, Any]) -> Afterwards:
    """`after` as a change of the budget keeps it; `categories` are those of the lines that it adds, by code."""
    amounts = {one["id"]: Decimal(one["amount"]) for one in after["lines"]}
    standing = [Line(line.category_code, line.category, amounts.get(line.id, line.amount)) for line in project.lines]
    added = [
        Line(one["category_code"], categories[one["category_code"]], Decimal(one["amount"])) for one in after["added"]
    ]
    return Afterwards(project, [*standing, *added])


def kept(gauge: Gauge) -> dict[str, Any]:
    """A gauge as a change keeps it, in words."""
    return {
        "code": gauge.code,
        "text": gauge.text,
        "severity": gauge.severity,
        "at_most": gauge.at_most,
        "now": gauge.now_said,
        "limit": gauge.limit_said,
        "beyond": gauge.beyond_said if gauge.beyond else "",
    }


def _measured(facts: BudgetFacts, reading: Reading) -> Decimal:
    amount: Decimal = getattr(facts, reading.measures)
    return amount
