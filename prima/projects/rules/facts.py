"""What rules and pages measure of a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HUNDRED = Decimal(100)


def is_fund(project: Any) -> bool:
    return project.funding == "fund"


def is_donor(project: Any) -> bool:
    return project.funding == "donor"


def is_regional(project: Any) -> bool:
    """Covers countries of more than one country office, or has a Regional Office as management site (Handbook)."""
    return len(project.coverage) > 1 or project.office.kind == "regional"


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
        overhead=total(lambda line: line.category_code == "OVERHEAD"),
        evaluation=total(lambda line: line.category_code == "OPER.EVAL"),
    )
