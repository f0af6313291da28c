"""A frozen version of a proposal made readable: sections in the edition's order, names for codes, changes marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.endorsement.models import Round
from prima.handbook.edition import Edition
from prima.projects.models.documents import INTERNAL

Names = Mapping[tuple[str, str], str]
STAFF = "STAFF"


@dataclass(frozen=True)
class Line:
    category: str
    description: str
    calculation: str
    """Empty where unit costs are internal."""
    amount: Decimal


@dataclass(frozen=True)
class Part:
    """One section as it was frozen: a text, facts, or the tables of the budget."""

    code: str
    title: str
    changed: bool
    text: str = ""
    facts: list[tuple[str, Any]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    shares: list[tuple[str, list[tuple[str, Decimal]]]] = field(default_factory=list)
    """Allocations as (what by, rows of name and amount)."""


@dataclass(frozen=True)
class Version:
    number: int
    parts: list[Part]
    changed_since: int | None = None
    """The round whose version it is compared with."""

    @property
    def changed(self) -> list[Part]:
        return [part for part in self.parts if part.changed]


def read(
    frozen: Round,
    edition: Edition,
    names: Names,
    *,
    internal: bool,
    changed: set[str] | None = None,
    since: int | None = None,
) -> Version:
    """`internal`: whether the reader may see unit costs of staff and internal sections; `changed`: section codes."""
    content = frozen.snapshot
    parts = []
    for section in edition.sections_for(content["cover"]["funding"]):
        if section.internal and not internal:
            continue
        part = {"COV": _cover, "BUD": _budget}.get(section.code, _text)(content, names, section.code, internal)
        if part is not None:
            parts.append(Part(section.code, section.title.say(), section.code in (changed or set()), **part))
    return Version(frozen.number, parts, since)


def _text(content: Any, names: Names, code: str, internal: bool) -> dict[str, Any] | None:
    text = content["sections"].get(code)
    return {"text": text} if text else None


def _cover(content: Any, names: Names, code: str, internal: bool) -> dict[str, Any]:
    cover = content["cover"]

    def name(kind: str, key: str) -> str | None:
        return names.get((kind, cover[key]), cover[key]) if cover[key] else None

    def named(kind: str, codes: Iterable[str], between: str = "; ") -> str:
        return between.join(names.get((kind, one), one) for one in codes)

    marks = content.get("classification", {})
    themes = marks.get("themes", {})
    documents = [row for row in content["documents"] if internal or row["type"] not in INTERNAL]
    funding = _("The Fund") if cover["funding"] == "fund" else name("donor", "donor_code")
    facts = [
        (_("Title"), cover["title"]),
        (_("Summary of the idea"), cover["summary"]),
        (_("Project type"), name("type", "project_type_code")),
        (_("Countries"), named("country", content["countries"], ", ")),
        (_("States that asked for the project"), named("country", content.get("requesting", ()), ", ")),
        (_("Management site"), name("office", "office")),
        (_("Funding"), f"{funding}, {cover['funding_year']}"),
        (_("Executing agency"), cover["executing_agency"]),
        (_("Partners"), cover.get("partners") or "; ".join(one["name"] for one in content.get("partners", ()))),
        (_("Planned duration, months"), cover["duration_months"]),
        (_("Gender marker"), cover["gender_marker_code"]),
        *_gender_reason(content.get("gender", {})),
        (_("Migration Governance Framework"), named("governance", marks.get("governance", ()))),
        (_("Targets of the Sustainable Development Goals"), named("sdg", marks.get("sdgs", ()))),
        (
            _("Cross-cutting themes"),
            "; ".join(
                f"{named('theme', [one])}: {how}" if how else named("theme", [one]) for one, how in themes.items()
            ),
        ),
        (_("Beneficiaries"), "; ".join(_people(row, names) for row in content["beneficiaries"])),
        (_("Documents"), "; ".join(_document(row, names) for row in documents)),
    ]
    if cover["funding"] == "fund":
        facts[7:7] = [
            (_("Funding line"), name("line", "fund_line_code")),
            (_("Focus area"), name("focus", "focus_area_code")),
        ]
    else:
        facts[7:7] = [(_("Agreement"), cover["agreement"]), (_("Overhead, percent"), cover["overhead_percent"])]
    facts += [(_("Justification of a warning"), text) for text in content["justifications"].values()]
    return {"facts": facts}


def _gender_reason(answers: Any) -> list[tuple[str, str]]:
    return [(_("Why this gender marker"), answers["reason"])] if answers.get("reason") else []


def _people(row: Any, names: Names) -> str:
    kind = names.get(("beneficiary", row["type"]), row["type"])
    reach = _("direct") if row["reach"] == "direct" else _("indirect")
    groups = [names.get(("group", row[which]), row[which]) for which in ("sex", "age")]
    return f"{kind}: {row['planned']:,} ({', '.join([reach, *groups])})"


def _document(row: Any, names: Names) -> str:
    kind = names.get(("document", row["type"]), row["type"])
    country = names.get(("country", row["country"]), "") if row["country"] else ""
    return ", ".join(
        filter(None, [kind, country, _("version %(version)s", version=row["version"]), row["sha256"][:12]])
    )


def _budget(content: Any, names: Names, code: str, internal: bool) -> dict[str, Any]:
    lines = [
        Line(
            names.get(("category", row["category"]), row["category"]),
            row["description"],
            "" if row["category"].startswith(STAFF) and not internal else _calculation(row),
            Decimal(row["amount"]),
        )
        for row in content["lines"]
    ]
    shares = [
        (label, [(names.get((kind, one), one), Decimal(amount)) for one, amount in content[part].items()])
        for label, kind, part in ((_("Area of work"), "area", "areas"), (_("Activity type"), "activity", "activities"))
    ]
    return {"lines": lines, "shares": shares}


def _calculation(row: Any) -> str:
    cost = Decimal(row["unit_cost"])
    return f"{row['quantity']} x {row['units']} {row['unit']} x {cost:,.2f}"
