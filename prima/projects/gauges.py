"""How far a budget keeps each rule of the edition, in money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prima.projects.rules import HUNDRED, BudgetFacts, budget_facts, is_regional


@dataclass(frozen=True)
class Gauge:
    """One rule: where the budget stands, and the figure it should not pass (or should reach)."""

    code: str
    text: str
    now: Decimal
    limit: Decimal
    at_most: bool
    severity: str

    @property
    def beyond(self) -> Decimal:
        """How much the budget is over (or short of) the figure; 0 when the rule is kept."""
        return max(self.now - self.limit if self.at_most else self.limit - self.now, Decimal(0))


@dataclass(frozen=True)
class Reading:
    """How a rule is read: which amount, whether its figure is a percentage of the base, and on which side it lies."""

    amount: Callable[[BudgetFacts], Decimal]
    of_base: bool
    at_most: bool


READINGS = {
    "STAFF_OFFICE_MAX": Reading(lambda facts: facts.staff_and_office, of_base=True, at_most=True),
    "EVAL_MIN": Reading(lambda facts: facts.evaluation, of_base=True, at_most=False),
    "NAT_MIN": Reading(lambda facts: facts.total, of_base=False, at_most=False),
    "NAT_MAX": Reading(lambda facts: facts.total, of_base=False, at_most=True),
    "REG_MIN": Reading(lambda facts: facts.total, of_base=False, at_most=False),
    "REG_MAX": Reading(lambda facts: facts.total, of_base=False, at_most=True),
}


def gauges(project: Any) -> list[Gauge]:
    """The budget rules of the project's edition that can be measured, in its order."""
    edition, amounts = project.edition.handbook, budget_facts(project)
    found = []
    for rule in edition.rules_for("submit", project.funding, regional=is_regional(project), facts=project.facts):
        reading = READINGS.get(rule.code)
        if reading is None or not isinstance(rule.value, Decimal):
            continue
        limit = amounts.base * rule.value / HUNDRED if reading.of_base else rule.value
        text = edition.say_rule(rule.code, funding=project.funding)
        found.append(Gauge(rule.code, text, reading.amount(amounts), limit, reading.at_most, str(rule.severity)))
    return found
