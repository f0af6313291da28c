"""What rules and pages measure of a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

from prima.handbook.edition import Edition
from prima.projects.shares import CENT
from prima.rates import USD

HUNDRED = Decimal(100)
OVERHEAD, EVALUATION = "OVERHEAD", "OPER.EVAL"
"""The categories that the rules measure by themselves."""
STAFF = "STAFF"


def is_fund(project: Any) -> bool:
    return project.funding == "fund"


def is_donor(project: Any) -> bool:
    return project.funding == "donor"


def is_regional(project: Any) -> bool:
    """Covers countries of more than one country office, or has a Regional Office as management site (Handbook)."""
    return len(project.coverage) > 1 or project.office.kind == "regional"


def is_of_staff(category_code: str) -> bool:
    """How the cost of such a line was worked out is internal (Handbook)."""
    return category_code.partition(".")[0] == STAFF


def internal_rules(edition: Edition) -> frozenset[str]:
    """The codes of rules on internal parts: what was written to pass them is internal too."""
    return frozenset(rule.code for rule in edition.rules if rule.subject == "risks")


def only_currency(project: Any) -> str | None:
    """The currency in which the edition wants the budget; None where any currency with a rate will do."""
    edition = project.edition.handbook
    rules = edition.rules_for("submit", project.funding, regional=is_regional(project), facts=project.facts)
    return next((str(rule.value) for rule in rules if rule.code == "CURRENCY"), None)


def to_the_cent(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def said(project: Any, amount: Decimal, money: Callable[[Decimal], str] = to_the_cent) -> str:
    """An amount in the budget's currency, with USD beside it where that is another: EUR 10.00 (USD 11.20)."""
    words = f"{project.currency} {money(amount)}"
    return words if project.currency == USD else f"{words} ({USD} {money(project.in_usd(amount))})"


def said_of_usd(project: Any, usd: Decimal, money: Callable[[Decimal], str] = to_the_cent) -> str:
    """An amount measured in USD, told in the budget's currency too: what is missing there, up to the next cent."""
    if project.currency == USD or not project.rate:
        return f"{USD} {money(usd)}"
    return f"{project.currency} {money((usd / project.rate).quantize(CENT, ROUND_UP))} ({USD} {money(usd)})"


def count_words(text: str) -> int:
    return len(text.split())


@dataclass(frozen=True)
class BudgetFacts:
    """What the budget rules measure, in the budget's currency."""

    total: Decimal
    staff_and_office: Decimal
    overhead: Decimal
    evaluation: Decimal

    @property
    def base(self) -> Decimal:
        """Overhead, if any, is not in the base of the shares."""
        return self.total - self.overhead

    def share(self, amount: Decimal) -> Decimal:
        """Percent of the base, 0 for an empty budget."""
        return amount / self.base * HUNDRED if self.base else Decimal(0)


def budget_facts(project: Any) -> BudgetFacts:
    def total(wanted: Callable[[Any], bool]) -> Decimal:
        return sum((line.amount for line in project.lines if wanted(line)), Decimal(0))

    return BudgetFacts(
        total=total(lambda line: True),
        staff_and_office=total(lambda line: line.category.counts_towards_30pct),
        overhead=total(lambda line: line.category_code == OVERHEAD),
        evaluation=total(lambda line: line.category_code == EVALUATION),
    )
