"""A proposal as it stood on one day: canonical JSON to freeze, its checksum, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

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
    "partners",
    "duration_months",
    "gender_marker_code",
)
STRUCTURED = {
    "COV": ("cover", "countries", "beneficiaries", "documents", "justifications"),
    "BUD": ("lines", "areas", "activities", "justifications"),
}
"""Which parts of a snapshot a structured section of the edition stands for; the other sections are texts."""


def snapshot(project: Any) -> dict[str, Any]:
    """The proposal without ids and moments: equal proposals give equal snapshots. Decimals are text."""
    return {
        "edition": project.edition.code,
        "cover": {
            **{name: _plain(getattr(project, name)) for name in COVER},
            "office": project.office.code,
            "overhead_percent": _exact(project.overhead_percent),
            "budget_usd": _cents(project.budget_usd),
        },
        "countries": [covered.country_code for covered in project.coverage],
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
            }
            for line in sorted(project.lines, key=lambda line: line.position)
        ],
        "areas": {row.code: _cents(row.amount) for row in project.areas if row.amount},
        "activities": {row.code: _cents(row.amount) for row in project.activities if row.amount},
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
            ),
            key=_canonical,
        ),
    }


def seal(frozen: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(_canonical(frozen).encode()).hexdigest()


def changed_sections(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The codes of the edition's sections in which two snapshots differ."""
    texts = before["sections"].keys() | after["sections"].keys()
    return {code for code in texts if before["sections"].get(code) != after["sections"].get(code)} | {
        code for code, parts in STRUCTURED.items() if any(before[part] != after[part] for part in parts)
    }


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
