"""The cover as it was frozen: facts, classification, partners, beneficiaries, documents and justifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

from prima.endorsement.reading.blocks import Block, Column, Fact, Facts, Names, Row, Table, name_of
from prima.handbook.edition import Edition
from prima.projects.models.documents import INTERNAL
from prima.projects.rules import internal_rules

Content = Mapping[str, Any]


def cover(content: Content, edition: Edition, names: Names, internal: bool) -> list[Block]:
    blocks: list[Block] = [
        Facts((*_facts(content, names), *_classification(content, names), *_gender(content, edition, names)))
    ]
    tables = (
        _partners(content),
        _themes(content, names),
        _beneficiaries(content, names),
        _documents(content, names, internal),
        _justifications(content, edition, names, internal),
    )
    return [*blocks, *(table for table in tables if table.rows)]


def _facts(content: Content, names: Names) -> Iterator[Fact]:
    cover = content["cover"]

    def named(label: str, kind: str, key: str) -> Fact:
        return Fact(label, name_of(names, kind, cover[key]) or None)

    yield Fact(_("Title"), cover["title"])
    yield Fact(_("Summary of the idea"), cover["summary"])
    yield named(_("Project type"), "type", "project_type_code")
    if cover.get("secondary_type_code"):
        yield named(_("Secondary project type"), "type", "secondary_type_code")
    yield Fact(_("Countries"), _listed(names, "country", content["countries"]))
    if content.get("requesting"):
        yield Fact(_("Requesting States"), _listed(names, "country", content["requesting"]))
    yield named(_("Management site"), "office", "office")
    fund = cover["funding"] == "fund"
    funding = _("The Fund") if fund else name_of(names, "donor", cover["donor_code"])
    yield Fact(_("Funding"), f"{funding}, {cover['funding_year']}")
    if fund:
        yield named(_("Funding line"), "line", "fund_line_code")
        yield named(_("Focus area"), "focus", "focus_area_code")
    else:
        yield Fact(_("Agreement"), cover["agreement"])
        yield Fact(_("Overhead, percent"), cover["overhead_percent"])
    yield Fact(_("Executing agency"), cover["executing_agency"])
    if cover.get("partners"):  # in one text, before partners were rows
        yield Fact(_("Partners"), cover["partners"])
    yield Fact(_("Planned duration, months"), cover["duration_months"])


def _classification(content: Content, names: Names) -> Iterator[Fact]:
    marks = content.get("classification")
    if marks is None:
        return
    yield Fact(_("Migration Governance Framework"), _listed(names, "governance", marks["governance"]))
    targets = tuple(f"{code} {name_of(names, 'sdg', code)}" for code in marks["sdgs"])
    yield Fact(_("Sustainable Development Goals"), targets)


def _gender(content: Content, edition: Edition, names: Names) -> Iterator[Fact]:
    code = content["cover"]["gender_marker_code"]
    yield Fact(_("Gender marker"), f"{code}: {name_of(names, 'gender', code)}" if code else None)
    answers = content.get("gender") or {}
    words = {"yes": _("yes"), "some": _("some"), "no": _("no"), True: _("yes"), False: _("no")}
    for question in edition.gender.questions if edition.gender and answers else ():
        yield Fact(question.text.say(), words.get(answers.get(question.code)))
    if answers.get("reason"):
        yield Fact(_("Reason for another gender marker than the suggested one"), answers["reason"])


def _listed(names: Names, kind: str, codes: list[str]) -> tuple[str, ...]:
    return tuple(name_of(names, kind, code) for code in codes)


def _partners(content: Content) -> Table:
    agreements = {"none": _("none"), "planned": _("planned"), "signed": _("signed")}
    return Table(
        _("Partners"),
        (
            Column(_("Partner"), wide=True),
            Column(_("Role"), wide=True),
            Column(_("Agreement")),
            Column(_("Reference of the agreement")),
        ),
        tuple(
            Row(
                (
                    one["name"],
                    one["role"],
                    agreements.get(one["agreement"], one["agreement"]),
                    one["agreement_reference"],
                ),
                one["name"],
            )
            for one in content.get("partners", ())
        ),
        code="partners",
    )


def _themes(content: Content, names: Names) -> Table:
    themes = (content.get("classification") or {}).get("themes", {})
    return Table(
        _("Cross-cutting themes"),
        (Column(_("Theme")), Column(_("How it is handled"), wide=True)),
        tuple(Row((name_of(names, "theme", code), note), code) for code, note in themes.items()),
        coded=True,
        code="themes",
    )


def _beneficiaries(content: Content, names: Names) -> Table:
    reached = {"direct": _("direct"), "indirect": _("indirect")}
    return Table(
        _("Beneficiaries"),
        (
            Column(_("Who")),
            Column(_("Reached")),
            Column(_("Sex")),
            Column(_("Age")),
            Column(_("Number planned"), sums=True),
        ),
        tuple(
            Row(
                (
                    name_of(names, "beneficiary", one["type"]),
                    reached.get(one["reach"], one["reach"]),
                    name_of(names, "group", one["sex"]),
                    name_of(names, "group", one["age"]),
                    one["planned"],
                ),
                " ".join((one["type"], one["reach"], one["sex"], one["age"])),
            )
            for one in content["beneficiaries"]
        ),
        coded=True,
        code="beneficiaries",
    )


def _documents(content: Content, names: Names, internal: bool) -> Table:
    return Table(
        _("Documents"),
        (
            Column(_("Type of document")),
            Column(_("Title"), wide=True),
            Column(_("State")),
            Column(_("Version")),
            Column(_("Checksum (SHA-256)")),
        ),
        tuple(
            Row(
                (
                    name_of(names, "document", one["type"]),
                    one["title"],
                    name_of(names, "country", one["country"]),
                    str(one["version"]),
                    one["sha256"][:12],
                ),
                f"{one['type']} {one['version']}",
            )
            for one in content["documents"]
            if internal or one["type"] not in INTERNAL
        ),
        coded=True,
        code="documents",
    )


def _justifications(content: Content, edition: Edition, names: Names, internal: bool) -> Table:
    rules = {rule.code for rule in edition.rules}
    hidden = () if internal else internal_rules(edition)

    def said(code: str) -> str:
        if code in rules:
            return edition.say_rule(code, funding=content["cover"]["funding"])
        country = code.partition(".")[2]  # eligibility, kept by country
        return _("Eligibility of %(country)s", country=name_of(names, "country", country))

    return Table(
        _("Justifications of warnings"),
        (Column(_("Rule"), wide=True), Column(_("Justification"), wide=True)),
        tuple(Row((said(code), text), code) for code, text in content["justifications"].items() if code not in hidden),
        coded=True,
        code="justifications",
    )
