"""A proposal as it stood on one day: canonical JSON to freeze, its checksum, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from prima.handbook.conditions import as_kept, kept
from prima.projects.numbering import Numbered, numbered

COVER = (
    "title",
    "summary",
    "project_type_code",
    "secondary_type_code",
    "funding",
    "funding_year",
    "fund_line_code",
    "focus_area_code",
    "donor_code",
    "agreement",
    "executing_agency",
    "duration_months",
    "gender_marker_code",
)
STRUCTURED = {
    "COV": (
        "cover",
        "countries",
        "requesting",
        "partners",
        "classification",
        "gender",
        "beneficiaries",
        "documents",
        "justifications",
    ),
    "MAT": ("results",),
    "WPL": ("workplan", "milestones"),
    "BUD": ("money", "lines", "areas", "activities", "country_shares", "justifications"),
    "RSK": ("risks",),
}
"""Which parts of a snapshot a structured section of the edition stands for; the other sections are texts."""


def snapshot(project: Any) -> dict[str, Any]:
    """The proposal without ids and moments: equal proposals give equal snapshots. Decimals are text.

    What a line or a plan belongs to is told by its text, not its number: who moves a row of the matrix changes the
    matrix alone. What a change of results took out is not in it.
    """
    matrix = numbered(project.results, project.indicators)
    texts = {one.id: one.text for one in matrix}
    plans = {one.result_id: one for one in project.plans}
    judged = {} if project.facts is None else {"facts": kept(project.facts)}
    return {
        **judged,
        "edition": project.edition.code,
        "cover": {
            **{name: _plain(getattr(project, name)) for name in COVER},
            "office": project.office.code,
            "overhead_percent": _exact(project.overhead_percent),
            "budget_usd": _cents(project.budget_usd),
        },
        "countries": [covered.country_code for covered in project.coverage],
        "requesting": [covered.country_code for covered in project.coverage if covered.requesting],
        "partners": [
            {
                "name": one.name,
                "role": one.role,
                "agreement": _plain(one.agreement),
                "agreement_reference": one.agreement_reference,
            }
            for one in project.partners
        ],
        "classification": {
            "governance": sorted(one.code for one in project.governance),
            "sdgs": sorted(one.code for one in project.sdgs),
            "themes": {one.code: one.note for one in project.themes},
        },
        "gender": _gender(project.gender_answers),
        "results": [_result(one) for one in matrix],
        "workplan": [_plan(one, plans[one.id]) for one in matrix if one.id in plans],
        "milestones": [
            {"name": one.name, "planned_on": one.planned_on.isoformat()}
            for one in sorted(project.milestones, key=lambda one: (one.planned_on, one.name))
        ],
        "risks": [
            {
                "factor": one.factor,
                "consequence": one.consequence_code,
                "likelihood": one.likelihood_code,
                "timing": one.timing,
                "treatment": one.treatment_code,
                "action": one.action,
                "owner": one.owner,
                "due_on": one.due_on.isoformat() if one.due_on else None,
            }
            for one in project.risks
        ],
        "money": {
            "currency": project.currency,
            "total": _cents(project.budget),
            "rate": _exact(project.rate),
            "rate_from": project.rate_from.isoformat() if project.rate_from else None,
        },
        "sections": {section.code: section.text for section in project.sections if section.text.strip()},
        "lines": [
            {
                "category": line.category_code,
                "description": line.description,
                "unit": line.unit,
                "quantity": _exact(line.quantity),
                "units": _exact(line.units),
                "unit_cost": _cents(line.unit_cost),
                "amount": _cents(line.amount),
                "area": line.area_code,
                "activity_type": line.activity_type_code,
                "country": line.country_code,
                "result": texts.get(line.result_id),
            }
            for line in sorted(project.lines, key=lambda line: line.position)
        ],
        "areas": {row.code: _cents(row.amount) for row in project.areas if row.amount},
        "activities": {row.code: _cents(row.amount) for row in project.activities if row.amount},
        "country_shares": {row.code: _cents(row.amount) for row in project.country_shares if row.amount},
        "beneficiaries": sorted(
            (
                {
                    "type": row.type_code,
                    "reach": _plain(row.reach),
                    "sex": row.sex_code,
                    "age": row.age_code,
                    "planned": row.planned,
                }
                for row in project.beneficiaries
            ),
            key=_canonical,
        ),
        "justifications": {row.rule_code: row.text for row in project.justifications},
        "documents": sorted(
            (
                {
                    "type": document.type_code,
                    "version": document.version,
                    "title": document.title,
                    "country": document.country_code,
                    "sha256": document.sha256,
                }
                for document in project.documents
                if not document.generated and not document.correspondence
            ),
            key=_canonical,
        ),
    }


def submitted_facts(frozen: Mapping[str, Any]) -> dict[str, Any] | None:
    """By which facts the conditions of the edition were judged; None where it has no condition."""
    return as_kept(frozen["facts"]) if "facts" in frozen else None


def seal(frozen: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(_canonical(frozen).encode()).hexdigest()


def changed_sections(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The codes of the edition's sections in which two snapshots differ."""
    texts = before["sections"].keys() | after["sections"].keys()
    return {code for code in texts if before["sections"].get(code) != after["sections"].get(code)} | {
        code for code, parts in STRUCTURED.items() if any(_differs(before.get(part), after.get(part)) for part in parts)
    }


def _differs(before: Any, after: Any) -> bool:
    """A version frozen before a part existed has nothing there, which is no change while it is empty."""
    return bool(before or after) and before != after


def _result(one: Numbered) -> dict[str, Any]:
    return {
        "number": one.number,
        "level": _plain(one.level),
        "text": one.text,
        "assumption": one.assumption,
        "indicators": [_indicator(indicator) for indicator in one.indicators],
    }


def _indicator(one: Any) -> dict[str, Any]:
    return {
        "text": one.text,
        "measure": _plain(one.measure),
        "unit": one.unit,
        "source": one.source,
        "baseline": one.baseline,
        "target": one.target,
        "by_sex": one.by_sex,
        "by_age": one.by_age,
        "splits": sorted(([part.sex_code, part.age_code, _exact(part.target)] for part in one.splits), key=_canonical),
    }


def _plan(one: Numbered, plan: Any) -> dict[str, Any]:
    return {"activity": one.text, "responsible": plan.responsible, "months": sorted(plan.months)}


def _gender(answers: Any) -> dict[str, Any]:
    if answers is None:
        return {}
    names = ("needs_analysis", "outputs", "activities", "main_aim", "reason")
    return {name: _plain(getattr(answers, name)) for name in names}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """An enum's value; a text or a number as it is."""
    return getattr(value, "value", value)


def _cents(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _exact(number: Decimal | None) -> str | None:
    """A number without trailing zeros, so that 1 and 1.0000 are the same."""
    return None if number is None else f"{number.normalize():f}"
