"""How the rules of the budget are measured: shares, bounds, and what must add up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.handbook.edition import Rule
from prima.projects.rules.facts import HUNDRED, budget_facts
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need


def figures(project: Any) -> Iterator[Need]:
    if not project.beneficiaries:
        yield Need(_("the beneficiaries to be reached"), "beneficiaries.edit", "rows")
    if not project.lines:
        yield Need(_("at least one budget line"), "budget.edit", "lines")
        return
    for label, rows, dimension in (
        (_("area of work"), project.areas, "area"),
        (_("activity type"), project.activities, "activity"),
    ):
        allocated = sum((row.amount for row in rows), Decimal(0))
        if allocated != project.budget_usd:
            yield Need(
                _(
                    "the allocation by %(label)s, out of balance by USD %(amount)s",
                    label=label,
                    amount=f"{project.budget_usd - allocated:,.2f}",
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
    return unmet(rule, project, "budget.edit", "lines", _("It is over by USD %(amount)s.", amount=f"{over:,.2f}"))


def _evaluation_min(project: Any, rule: Rule) -> Need | None:
    facts = budget_facts(project)
    assert isinstance(rule.value, Decimal)
    short = facts.base * rule.value / HUNDRED - facts.evaluation
    if short <= 0:
        return None
    return unmet(rule, project, "budget.edit", "lines", _("It is short by USD %(amount)s.", amount=f"{short:,.2f}"))


def _smallest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    short = rule.value - project.budget_usd
    if short <= 0 or not project.lines:
        return None
    return unmet(rule, project, "budget.edit", "lines", _("It is short by USD %(amount)s.", amount=f"{short:,.2f}"))


def _largest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    over = project.budget_usd - rule.value
    if over <= 0:
        return None
    return unmet(rule, project, "budget.edit", "lines", _("It is over by USD %(amount)s.", amount=f"{over:,.2f}"))


MEASURES: dict[str, Measure] = {
    "STAFF_OFFICE_MAX": _staff_office_max,
    "EVAL_MIN": _evaluation_min,
    "NAT_MIN": _smallest,
    "NAT_MAX": _largest,
    "REG_MIN": _smallest,
    "REG_MAX": _largest,
}
