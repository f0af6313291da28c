"""What the edition's rules say of a project: each unmet one as a Need with the field that mends it.

The figures, texts and severities are the edition's; this file only knows how each code is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.handbook.edition import Edition, Rule
from prima.workflow import Need

STRUCTURED_PAGES = {"COV": "cover.edit", "BUD": "budget.edit"}
"""The page of a structured section."""
LETTERS = ("LTR", "LSUP")
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


def to_develop(project: Any) -> list[Need]:
    if project.summary.strip():
        return []
    return [Need(_("a summary of the idea"), "cover.edit", "summary")]


def to_submit(project: Any) -> list[Need]:
    """Every unmet need of submitting; an imported project is exempt until somebody edits it."""
    if project.as_imported:
        return []
    edition = project.edition.handbook
    found = [*_cover(project), *_sections(project, edition), *_figures(project)]
    justified = {justification.rule_code for justification in project.justifications}
    for rule in edition.rules_for("submit", project.funding, regional=is_regional(project)):
        measure = MEASURES.get(rule.code)
        if measure is None:
            continue
        if need := measure(project, rule):
            found.append(need)
    found += _eligibility(project)
    return [need for need in found if need.severity == "block" or need.code not in justified]


def _cover(project: Any) -> Iterator[Need]:
    if not project.coverage:
        yield Need(_("at least one country"), "cover.edit", "countries")
    if not project.duration_months:
        yield Need(_("the planned duration in months"), "cover.edit", "duration_months")
    if not project.executing_agency.strip():
        yield Need(_("the executing agency"), "cover.edit", "executing_agency")
    if is_fund(project):
        if not project.fund_line_code:
            yield Need(_("the funding line of the Fund"), "cover.edit", "fund_line_code")
        if not project.focus_area_code:
            yield Need(_("a focus area of the Fund"), "cover.edit", "focus_area_code")


def _sections(project: Any, edition: Edition) -> Iterator[Need]:
    texts = {section.code: section.text for section in project.sections}
    for section in edition.sections_for(project.funding):
        if section.kind != "text":
            continue
        where = (("code", section.code.lower()),)
        words = count_words(texts.get(section.code, ""))
        if not words:
            yield Need(_("the section “%(title)s”", title=section.title.say()), "sections.edit", "text", where)
        elif section.words and words > section.words:
            over = words - section.words
            yield Need(
                ngettext(
                    "the section “%(title)s” shortened by %(num)s word",
                    "the section “%(title)s” shortened by %(num)s words",
                    over,
                    title=section.title.say(),
                ),
                "sections.edit",
                "text",
                where,
            )


def _figures(project: Any) -> Iterator[Need]:
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


def _eligibility(project: Any) -> Iterator[Need]:
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


def _unmet(rule: Rule, project: Any, at: str, field: str, how_far: str = "") -> Need:
    text = project.edition.handbook.say_rule(rule.code, funding=project.funding)
    words = f"{text} {how_far}".strip()
    return Need(words, at, field, code=rule.code, severity=str(rule.severity))


def _staff_office_max(project: Any, rule: Rule) -> Need | None:
    facts = budget_facts(project)
    assert isinstance(rule.value, Decimal)
    over = facts.staff_and_office - facts.base * rule.value / HUNDRED
    if over <= 0:
        return None
    return _unmet(rule, project, "budget.edit", "lines", _("It is over by USD %(amount)s.", amount=f"{over:,.2f}"))


def _evaluation_min(project: Any, rule: Rule) -> Need | None:
    facts = budget_facts(project)
    assert isinstance(rule.value, Decimal)
    short = facts.base * rule.value / HUNDRED - facts.evaluation
    if short <= 0:
        return None
    return _unmet(rule, project, "budget.edit", "lines", _("It is short by USD %(amount)s.", amount=f"{short:,.2f}"))


def _smallest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    short = rule.value - project.budget_usd
    if short <= 0 or not project.lines:
        return None
    return _unmet(rule, project, "budget.edit", "lines", _("It is short by USD %(amount)s.", amount=f"{short:,.2f}"))


def _largest(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    over = project.budget_usd - rule.value
    if over <= 0:
        return None
    return _unmet(rule, project, "budget.edit", "lines", _("It is over by USD %(amount)s.", amount=f"{over:,.2f}"))


def _request_letter(project: Any, rule: Rule) -> Need | None:
    if any(document.type_code == "LTR" for document in project.documents):
        return None
    return _unmet(rule, project, "documents.index", "type_code")


def _states(project: Any) -> set[str]:
    covered = {coverage.country_code for coverage in project.coverage}
    return {document.country_code for document in project.documents if document.type_code in LETTERS} & covered


def _letters(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    if len(_states(project)) >= rule.value:
        return None
    return _unmet(rule, project, "documents.index", "type_code")


def _letters_majority(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    benefiting = [covered for covered in project.coverage if covered.country.fund_line_2_eligible != "no"]
    if len(benefiting) <= 2 or len(_states(project)) * HUNDRED > rule.value * len(benefiting):
        return None
    return _unmet(rule, project, "documents.index", "type_code")


def _gender_code(project: Any, rule: Rule) -> Need | None:
    edition = project.edition.handbook
    code = project.gender_marker_code
    if code and (code != "N/A" or project.project_type_code in edition.gender_not_applicable_types):
        return None
    return _unmet(rule, project, "cover.edit", "gender_marker_code")


MEASURES: dict[str, Callable[[Any, Rule], Need | None]] = {
    "STAFF_OFFICE_MAX": _staff_office_max,
    "EVAL_MIN": _evaluation_min,
    "NAT_MIN": _smallest,
    "NAT_MAX": _largest,
    "REG_MIN": _smallest,
    "REG_MAX": _largest,
    "REQ_LETTER": _request_letter,
    "REG_LETTERS": _letters,
    "REG_LETTERS_MAJ": _letters_majority,
    "GENDER_CODE": _gender_code,
}
"""How the rules that can be computed are measured; the others are answered by reviewers in their checks."""
