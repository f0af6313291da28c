"""How the rules of the budget are measured: shares, bounds, its currency, and what must add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.handbook.edition import Rule
from prima.projects.rules.facts import HUNDRED, budget_facts, is_regional, said, said_of_usd
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need

PAID_FOR = ("output", "activity")
"""The levels of the results matrix that a line can pay for."""
MOST_NUMBERS = 10


def figures(project: Any) -> Iterator[Need]:
    if not project.beneficiaries:
        yield Need(_("the beneficiaries to be reached"), "beneficiaries.edit", "rows")
    if not project.lines:
        yield Need(_("at least one budget line"), "budget.edit", "lines")
        return
    for label, rows, dimension in (
        (_("area of work"), project.areas, "area"),
        (_("activity type"), project.activities, "activity"),
        *([(_("country"), project.country_shares, "country")] if is_regional(project) else []),
    ):
        allocated = sum((row.amount for row in rows), Decimal(0))
        if allocated != project.budget:
            yield Need(
                _(
                    "the allocation by %(label)s, out of balance by %(amount)s",
                    label=label,
                    amount=said(project, project.budget - allocated),
                ),
                "allocation.edit",
                "allocation",
                (("dimension", dimension),),
            )


def _staff_office_max(project: Any, rule: Rule) -> Need | None:
    facts = budget_facts(project)
    assert isinstance(rule.value, Decimal)
    over = facts.staff_and_office - facts.base * rule.value / HUNDRED
    if over <= 0:
        return None
    return unmet(rule, project, "budget.edit", "lines", _("It is over by %(amount)s.", amount=said(project, over)))


def _evaluation_min(project: Any, rule: Rule) -> Need | None:
    facts = budget_facts(project)
    assert isinstance(rule.value, Decimal)
    short = facts.base * rule.value / HUNDRED - facts.evaluation
    if short <= 0:
        return None
    return unmet(rule, project, "budget.edit", "lines", _("It is short by %(amount)s.", amount=said(project, short)))


def _smallest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    short = rule.value - project.budget_usd
    if short <= 0 or not project.lines:
        return None
    says = _("It is short by %(amount)s.", amount=said_of_usd(project, short))
    return unmet(rule, project, "budget.edit", "lines", says)


def _largest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    over = project.budget_usd - rule.value
    if over <= 0:
        return None
    return unmet(
        rule, project, "budget.edit", "lines", _("It is over by %(amount)s.", amount=said_of_usd(project, over))
    )


def _currency(project: Any, rule: Rule) -> Need | None:
    if project.currency == rule.value:
        return None
    says = _("This one is in %(currency)s.", currency=project.currency)
    return unmet(rule, project, "budget.edit", "budget-currency", says)


def _align(project: Any, rule: Rule) -> Need | None:
    """Lines that name no output or activity, once the matrix has some, and lines without a unit."""
    lines = list(enumerate(project.lines, 1))
    has_results = any(one.level in PAID_FOR for one in project.results)
    loose = [number for number, line in lines if has_results and line.result_id is None]
    unexplained = [number for number, line in lines if not line.unit.strip()]
    says = []
    if loose:
        says.append(
            ngettext(
                "Line %(numbers)s names no output or activity.",
                "Lines %(numbers)s name no output or activity.",
                len(loose),
                numbers=_listed(loose),
            )
        )
    if unexplained:
        says.append(
            ngettext(
                "Line %(numbers)s names no unit.",
                "Lines %(numbers)s name no unit.",
                len(unexplained),
                numbers=_listed(unexplained),
            )
        )
    if not says:
        return None
    name, first = ("result_id", loose[0]) if loose else ("unit", unexplained[0])
    return unmet(rule, project, "budget.edit", f"lines-{first - 1}-{name}", " ".join(says))


def _listed(numbers: Sequence[int]) -> str:
    """1, 2 and 3 more."""
    shown, more = ", ".join(map(str, numbers[:MOST_NUMBERS])), len(numbers) - MOST_NUMBERS
    return _("%(numbers)s and %(count)s more", numbers=shown, count=more) if more > 0 else shown


MEASURES: dict[str, Measure] = {
    "STAFF_OFFICE_MAX": _staff_office_max,
    "EVAL_MIN": _evaluation_min,
    "NAT_MIN": _smallest,
    "NAT_MAX": _largest,
    "REG_MIN": _smallest,
    "REG_MAX": _largest,
    "CURRENCY": _currency,
    "BUDGET_ALIGN": _align,
}
