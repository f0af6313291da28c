"""How the rules on letters of requesting States are measured, and the eligibility of countries."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.handbook.edition import Rule
from prima.projects.rules.facts import HUNDRED, is_fund
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need

LETTERS = ("LTR", "LSUP")


def eligibility(project: Any) -> Iterator[Need]:
    """Eligibility per country and funding line is data: yes, no (block), not known (warn)."""
    if not is_fund(project) or project.fund_line_code != "L2":
        return
    for covered in project.coverage:
        eligible = covered.country.fund_line_2_eligible
        if eligible == "no":
            text = _("another funding line: %(country)s is not eligible for this one", country=covered.country.name)
            yield Need(text, "cover.edit", "fund_line_code")
        elif eligible != "yes":
            text = _("a word on the eligibility of %(country)s, which is not known", country=covered.country.name)
            yield Need(text, "readiness.show", "", code=f"ELIGIBLE.{covered.country_code}", severity="warn")


def _request_letter(project: Any, rule: Rule) -> Need | None:
    if any(document.type_code == "LTR" for document in project.documents):
        return None
    return unmet(rule, project, "documents.index", "type_code")


def _states(project: Any) -> set[str]:
    covered = {coverage.country_code for coverage in project.coverage}
    return {document.country_code for document in project.documents if document.type_code in LETTERS} & covered


def _letters(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    if len(_states(project)) >= rule.value:
        return None
    return unmet(rule, project, "documents.index", "type_code")


def _letters_majority(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    benefiting = [covered for covered in project.coverage if covered.country.fund_line_2_eligible != "no"]
    if len(benefiting) <= 2 or len(_states(project)) * HUNDRED > rule.value * len(benefiting):
        return None
    return unmet(rule, project, "documents.index", "type_code")


MEASURES: dict[str, Measure] = {
    "REQ_LETTER": _request_letter,
    "REG_LETTERS": _letters,
    "REG_LETTERS_MAJ": _letters_majority,
}
