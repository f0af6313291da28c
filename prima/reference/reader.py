"""Load the lists of this folder: again changes nothing, a new name updates, a vanished code is retired."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from prima import lists
from prima.places import Office, OfficeKind, OfficeLink
from prima.users import folded

FOLDER = Path(__file__).parent
Row = dict[str, str]


def yes(text: str) -> bool:
    return text == "yes"


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def same(name: str, read: Callable[[str], Any] = str) -> Callable[[Row], Any]:
    return lambda row: read(row[name])


@dataclass(frozen=True)
class Source:
    """A list, its file, and how each column of the table reads from a row of the file."""

    table: type[Any]
    file: str
    columns: dict[str, Callable[[Row], Any]]


SOURCES = (
    Source(lists.RegionalOffice, "regional_offices.csv", {
        "name": same("name"), "city": same("city"), "host_iso3": same("host_iso3"), "region": same("region"),
        "valid_from": same("valid_from", day), "valid_to": same("valid_to", day)}),
    Source(lists.Country, "countries.csv", {
        "name": same("name"), "iso2": same("iso2"), "fund_line_2_eligible": same("fund_line_2_eligible"),
        "sort_key": same("name", folded)}),
    Source(lists.AreaOfWork, "areas_of_work.csv", {"name": same("name"), "funding_column": same("funding_column")}),
    Source(lists.ActivityType, "activity_types.csv", {"name": same("name")}),
    Source(lists.ProjectType, "project_types.csv", {
        "name": same("name"), "id_prefix": same("id_prefix"), "group": same("group"),
        "selectable": same("selectable", yes), "fund_selectable": same("fund_selectable", yes)}),
    Source(lists.StatusName, "project_statuses.csv", {
        "name": same("name"), "stage": same("stage"), "entered_by": same("entered_by"), "left_by": same("left_by"),
        "funding": same("funding"), "terminal": same("terminal", yes)}),
    Source(lists.RoleName, "team_roles.csv", {
        "name": same("name"), "office_level": same("office_level"), "does": same("does"),
        "account": same("account", yes)}),
    Source(lists.BudgetCategory, "budget_categories.csv", {
        "name": same("name"), "parent": lambda row: row["parent"] or None,
        "counts_towards_30pct": same("counts_towards_30pct", yes)}),
    Source(lists.BeneficiaryType, "beneficiary_types.csv", {"name": same("name"), "kind": same("kind")}),
    Source(lists.BeneficiaryDisaggregation, "beneficiary_disaggregation.csv", {
        "name": same("value"), "dimension": same("dimension")}),
    Source(lists.DocumentType, "document_types.csv", {
        "name": same("name"), "stage": same("stage"), "generated": same("generated", yes),
        "needed_at": same("needed_at")}),
    Source(lists.FundFocusArea, "fund_focus_areas.csv", {"name": same("name")}),
    Source(lists.FundingLine, "funding_lines.csv", {"name": same("name"), "who_may_apply": same("who_may_apply")}),
    Source(lists.GenderMarker, "gender_marker.csv", {
        "name": same("short_meaning"), "needs_analysis": same("needs_analysis"), "outputs": same("outputs"),
        "activities": same("activities")}),
    Source(lists.MigrationGovernance, "migof.csv", {
        "name": same("short_title"), "kind": same("type"), "number": same("number", int),
        "paraphrase": same("paraphrase")}),
    Source(lists.SdgTarget, "sdg_targets.csv", {"name": same("short_text"), "goal": same("goal", int)}),
    Source(lists.CrossCuttingTheme, "cross_cutting_themes.csv", {"name": same("name")}),
    Source(lists.RiskScale, "risk_scales.csv", {
        "name": same("label"), "scale": same("scale"), "value": same("value", int)}),
    Source(lists.CuratedIndicator, "indicators.csv", {
        "name": same("name"), "level": same("level"), "measure": same("measure"), "unit": same("unit"),
        "source": same("source"), "aggregation": same("aggregation"), "by_sex": same("by_sex", yes),
        "by_age": same("by_age", yes), "area_code": lambda row: row["area_code"] or None}),
)  # fmt: skip


def rows(file: str) -> Iterator[Row]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)


@cache
def world() -> dict[str, Any]:
    """The map: width, height, and per ISO3 code a path (where large enough) and a point."""
    found: dict[str, Any] = json.loads((FOLDER / "world.json").read_text(encoding="utf-8"))
    return found


def load(session: Session) -> dict[str, int]:
    """Bring every list up to date; how many rows of each file were new, changed or retired."""
    changed = {source.file: _load_list(session, source) for source in SOURCES}
    session.flush()
    changed["country_aliases.csv"] = _load_aliases(session)
    changed["offices"] = _load_places(session)
    changed["donors"] = _load_donors(session)
    session.flush()
    return changed


def _put(row: Any, values: dict[str, Any]) -> bool:
    """Set what differs; whether anything did."""
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        if before[name] != value:
            setattr(row, name, value)
    return before != values


def _load_list(session: Session, source: Source) -> int:
    there = {row.code: row for row in session.scalars(select(source.table))}
    changed = 0
    found = set()
    for position, line in enumerate(rows(source.file), 1):
        values = {name: read(line) for name, read in source.columns.items()}
        values |= {"position": position, "retired": False}
        found.add(line["code"])
        if row := there.get(line["code"]):
            changed += _put(row, values)
        else:
            session.add(source.table(code=line["code"], **values))
            changed += 1
    for code, row in there.items():
        if code not in found:
            changed += _put(row, {"retired": True})
    return changed


def _load_aliases(session: Session) -> int:
    there = {row.alias: row for row in session.scalars(select(lists.CountryAlias))}
    changed = 0
    for line in rows("country_aliases.csv"):
        values = {"country_code": line["iso3"], "also_covers": line["also_covers"]}
        if row := there.get(line["alias"]):
            changed += _put(row, values)
        else:
            session.add(lists.CountryAlias(alias=line["alias"], **values))
            changed += 1
    return changed


def _load_places(session: Session) -> int:
    """Offices: headquarters, each Regional Office, and a country office for each country that has a Regional Office."""
    offices = {row.code: row for row in session.scalars(select(Office))}
    links = {(link.office_id, link.region_code, link.valid_from): link for link in session.scalars(select(OfficeLink))}
    country_links = {
        (link.country_code, link.region_code, link.valid_from): link
        for link in session.scalars(select(lists.CountryLink))
    }
    linked: set[int] = set()
    zones = {line["iso2"]: line["time_zone"] for line in rows("time_zones.csv")}
    changed = 0

    def office(code: str, name: str, kind: OfficeKind, country: str | None, zone: str) -> Office:
        nonlocal changed
        values = {"name": name, "sort_key": folded(name), "kind": kind, "country_code": country, "time_zone": zone}
        if row := offices.get(code):
            changed += _put(row, values)
        else:
            row = offices[code] = Office(code=code, **values)
            session.add(row)
            session.flush()
            changed += 1
        return row

    def link(place: Office, region: str, begins: date, valid_to: date | None) -> None:
        nonlocal changed
        valid_from = begins if place.id in linked else None
        linked.add(place.id)
        if row := links.get((place.id, region, valid_from)):
            changed += _put(row, {"valid_to": valid_to})
        else:
            session.add(OfficeLink(office_id=place.id, region_code=region, valid_from=valid_from, valid_to=valid_to))
            changed += 1

    office("HQ", "Headquarters, Geneva", OfficeKind.HEADQUARTERS, None, "Europe/Zurich")
    countries = {line["code"]: line for line in rows("countries.csv")}
    for line in rows("regional_offices.csv"):
        host = countries[line["host_iso3"]]
        place = office(
            f"RO-{line['code']}", line["name"], OfficeKind.REGIONAL, line["host_iso3"], zones.get(host["iso2"], "UTC")
        )
        link(place, line["code"], date.fromisoformat(line["valid_from"]), day(line["valid_to"]))
    for line in countries.values():
        if not line["ro_code"]:
            continue
        valid_from, valid_to = date.fromisoformat(line["valid_from"]), day(line["valid_to"])
        place = office(line["code"], line["name"], OfficeKind.COUNTRY, line["code"], zones.get(line["iso2"], "UTC"))
        link(place, line["ro_code"], valid_from, valid_to)
        if row := country_links.get((line["code"], line["ro_code"], valid_from)):
            changed += _put(row, {"valid_to": valid_to})
        else:
            session.add(
                lists.CountryLink(
                    country_code=line["code"], region_code=line["ro_code"], valid_from=valid_from, valid_to=valid_to
                )
            )
            changed += 1
    return changed


NOT_STATED = "NOT_STATED"


def _load_donors(session: Session) -> int:
    """Administrators keep the donors; only the placeholder for sources that name none is ours."""
    if session.get(lists.Donor, NOT_STATED):
        return 0
    session.add(lists.Donor(code=NOT_STATED, name="Not stated", kind="not_stated", position=9999))
    return 1
