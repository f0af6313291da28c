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


def _eligible(project: Any) -> dict[str, str]:
    """The States that benefit and may apply for the project's funding line, by code, with their names."""
    every = project.fund_line_code != "L2"
    return {
        covered.country_code: covered.country.name
        for covered in project.coverage
        if every or covered.country.fund_line_2_eligible != "no"
    }


def _written(project: Any) -> set[str]:
    """Those of them that wrote a letter; of several letters of one State the first counts."""
    by = {document.country_code for document in project.documents if document.type_code in LETTERS}
    return by & set(_eligible(project))


def _how_far(project: Any) -> str:
    """Whose letters are filed, and whose could be."""
    names, written = _eligible(project), _written(project)
    there = ", ".join(name for code, name in names.items() if code in written)
    still = ", ".join(name for code, name in names.items() if code not in written)
    if there and still:
        return _("Filed so far: %(there)s. Not yet: %(still)s.", there=there, still=still)
    if still:
        return _("No letter is filed yet of: %(still)s.", still=still)
    return _("Filed so far: %(there)s.", there=there) if there else ""


def _letters(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    if len(_written(project)) >= rule.value:
        return None
    return unmet(rule, project, "documents.index", "type_code", _how_far(project))


def _letters_majority(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    if len(project.coverage) <= 2 or len(_written(project)) * HUNDRED > rule.value * len(_eligible(project)):
        return None
    return unmet(rule, project, "documents.index", "type_code", _how_far(project))


MEASURES: dict[str, Measure] = {
    "REQ_LETTER": _request_letter,
    "REG_LETTERS": _letters,
    "REG_LETTERS_MAJ": _letters_majority,
}
