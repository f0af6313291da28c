"""What the edition's rules say of a project: each unmet one as a Need with the field that mends it.

The figures, texts and severities are the edition's; this package only knows how each code is measured.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from prima.projects.rules import budget, calls, classification, comments, cover, letters, plans, results, texts
from prima.projects.rules.facts import (
    HUNDRED,
    BudgetFacts,
    budget_facts,
    count_words,
    internal_rules,
    is_donor,
    is_fund,
    is_of_staff,
    is_regional,
    only_currency,
    said,
    said_of_usd,
)
from prima.projects.rules.letters import LETTERS
from prima.projects.rules.needs import Measure
from prima.workflow import Need

__all__ = [
    "HUNDRED",
    "LETTERS",
    "BudgetFacts",
    "budget_facts",
    "count_words",
    "internal_rules",
    "is_donor",
    "is_fund",
    "is_of_staff",
    "is_regional",
    "only_currency",
    "said",
    "said_of_usd",
    "to_develop",
    "to_submit",
]

MEASURES: dict[str, Measure] = {
    **classification.MEASURES,
    **budget.MEASURES,
    **letters.MEASURES,
    **calls.MEASURES,
    **results.MEASURES,
    **plans.MEASURES,
}
"""How the rules that can be computed are measured; the others are answered by reviewers in their checks."""


def to_develop(project: Any) -> list[Need]:
    if project.summary.strip():
        return []
    return [Need(_("a summary of the idea"), "cover.edit", "summary")]


def to_submit(project: Any) -> list[Need]:
    """Every unmet need of submitting; an imported project is exempt until somebody edits it."""
    if project.as_imported:
        return comments.answers(project)
    edition = project.edition.handbook
    found = [
        *cover.cover(project),
        *texts.sections(project, edition),
        *results.blanks(project),
        *budget.figures(project),
    ]
    justified = {justification.rule_code for justification in project.justifications}
    for rule in edition.rules_for("submit", project.funding, regional=is_regional(project), facts=project.facts):
        measure = MEASURES.get(rule.code)
        if measure is None:
            continue
        if need := measure(project, rule):
            found.append(need)
    found += [*letters.eligibility(project), *comments.answers(project)]
    return [need for need in found if need.severity == "block" or need.code not in justified]
