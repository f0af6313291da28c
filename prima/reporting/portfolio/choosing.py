"""Filters become conditions of SQL: the lists they choose from, and the projects they choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, Subquery, Text, cast, exists, func, literal, or_, select, true, union_all

from prima.db import db
from prima.lists import (
    ActivityType,
    AreaOfWork,
    Country,
    CountryAlias,
    Donor,
    GenderMarker,
    ProjectType,
    RegionalOffice,
    StatusName,
)
from prima.permissions import Action, can
from prima.places import Office, OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, FundingRound, Project
from prima.projects.visibility import region_link, visible_projects
from prima.reporting.models import Deadline
from prima.reporting.portfolio.filters import FUNDINGS, NONE, TYPED, Choice, Choices, Filters, parse, quoted, stages
from prima.reporting.queries import is_overdue
from prima.reporting.search.matching import mentions
from prima.users import User, folded

LISTS: dict[str, tuple[Any, Any]] = {
    "region": (RegionalOffice, RegionalOffice.region),
    "status": (StatusName, StatusName.name),
    "area": (AreaOfWork, AreaOfWork.name),
    "activity": (ActivityType, ActivityType.name),
    "type": (ProjectType, ProjectType.name),
    "marker": (GenderMarker, GenderMarker.name),
}
PLACES: dict[str, Any] = {"country": Country, "office": Office, "donor": Donor}


@dataclass(frozen=True)
class Reading:
    """What a URL asks for: the filters, what was wrong with it, and the lists that filters choose from."""

    filters: Filters
    problems: list[str]
    choices: Choices
    typed: dict[str, str]
    """The words in fields that are typed, also when they were wrong."""

    @property
    def part_name(self) -> str:
        """What an area of work or activity type that is asked for is called."""
        for kind in ("area", "activity"):
            if code := getattr(self.filters, kind):
                return next((row.name for row in self.choices[kind] if row.code == code), _("Not stated"))
        return ""


def read(viewer: User | None, given: Mapping[str, Sequence[str]]) -> Reading:
    """Read the arguments of a URL; one question to the database, whatever they are."""
    choices = _choices(viewer, given)
    filters, problems = parse(given, choices)
    if filters.year and str(filters.year) not in {year.code for year in choices["year"]}:
        choices["year"].append(Choice(str(filters.year), str(filters.year)))
    typed = {name: next((value for value in given.get(name, ()) if value.strip()), "") for name in (*TYPED, "q")}
    for name in TYPED:
        if code := getattr(filters, name):
            typed[name] = next(row.name for row in choices[name] if row.code == code)
    return Reading(filters, problems, choices, {name: quoted(text) for name, text in typed.items()})


def _choices(viewer: User | None, given: Mapping[str, Sequence[str]]) -> dict[str, list[Choice]]:
    arms: list[Select[Any]] = [
        select(
            literal(kind).label("kind"),
            table.code,
            name.label("name"),
            table.position.label("position"),
            (StatusName.stage if kind == "status" else literal("")).label("more"),
        )
        for kind, (table, name) in LISTS.items()
    ]
    year = cast(Project.funding_year, Text)
    arms.append(
        visible_projects(viewer, literal("year"), year, year, -Project.funding_year, literal("")).group_by(
            Project.funding_year
        )
    )
    every_call = viewer is None or can(viewer, Action.SEE_CALLS)
    name, at = FundingRound.code + ": " + FundingRound.name, -FundingRound.funding_year
    call: tuple[Any, ...] = (literal("call"), FundingRound.code, name, at, literal(""))
    known = true() if every_call else FundingRound.code.in_(visible_projects(viewer, Project.funding_round_code))
    arms.append(select(*call).where(known))
    for kind, table in PLACES.items():
        words = {value.strip() for value in given.get(kind, ()) if value.strip() and value.isprintable()}
        if words:
            arms.append(
                select(literal(kind), table.code, table.name, literal(0), literal("")).where(
                    or_(table.code.in_(words), _named(table, words))
                )
            )
    rows = db.session.execute(union_all(*arms).order_by("kind", "position", "name"))
    found: dict[str, list[Choice]] = {kind: [] for kind in (*LISTS, "year", "call", *PLACES)}
    for kind, code, name, _at, more in rows:
        found[kind].append(Choice(code, name, more))
    found["stage"] = stages(found["status"])
    found["funding"] = [Choice(code, str(name)) for code, name in FUNDINGS.items()]
    return found


def _named(table: Any, words: set[str]) -> ColumnElement[bool]:
    """Has one of the names or aliases, whatever the case and, where a sort key is kept, the accents."""
    if table is Donor:
        return func.lower(Donor.name).in_([word.lower() for word in words])
    named: ColumnElement[bool] = table.sort_key.in_([folded(word) for word in words])
    if table is Country:
        aliases = select(CountryAlias.country_code).where(CountryAlias.alias.in_(words))
        named = or_(named, Country.code.in_(aliases))
    return named


# -- which projects ---------------------------------------------------------------------------------------------------


def chosen(viewer: User | None, filters: Filters) -> Subquery:
    """The ids of the projects that the filters choose among those the viewer may see."""
    return visible_projects(viewer, Project.id).where(*conditions(filters)).subquery("chosen")


def projects(viewer: User | None, filters: Filters, *columns: Any) -> Select[Any]:
    """`columns` of the chosen projects, each joined to its office and (if it has one) its Regional Office."""
    ids = chosen(viewer, filters)
    return (
        select(*columns)
        .select_from(ids)
        .join(Project, Project.id == ids.c.id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
    )


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.region == NONE:
        found.append(~exists().where(region_link()))
    elif filters.region:
        found.append(exists().where(region_link(), OfficeLink.region_code == filters.region))
    if filters.year is not None:
        found.append(Project.funding_year == filters.year)
    for column, value in (
        (Project.status, filters.status),
        (Project.funding, filters.funding),
        (Project.donor_code, filters.donor),
    ):
        if value:
            found.append(column == value)
    for nullable, value in (
        (Project.project_type_code, filters.type),
        (Project.gender_marker_code, filters.marker),
        (Project.funding_round_code, filters.call),
    ):
        if value:
            found.append(nullable.is_(None) if value == NONE else nullable == value)
    if filters.stage:
        found.append(Project.status.in_(select(StatusName.code).where(StatusName.stage == filters.stage)))
    if filters.office:
        found.append(Project.office_id.in_(select(Office.id).where(Office.code == filters.office)))
    if filters.country:
        found.append(exists().where(Coverage.project_id == Project.id, Coverage.country_code == filters.country))
    for dimension, value in ((Dimension.AREA, filters.area), (Dimension.ACTIVITY, filters.activity)):
        if value:
            found.append(_allocated(dimension, value))
    if filters.overdue:
        found.append(exists().where(Deadline.project_id == Project.id, is_overdue()))
    if filters.q:
        found += mentions(filters.q)
    return found


def _allocated(dimension: Dimension, code: str) -> ColumnElement[bool]:
    """Has money allocated to the code; NONE: some of its budget is allocated to nothing."""
    table = ALLOCATIONS[dimension]
    if code != NONE:
        return exists().where(table.project_id == Project.id, table.code == code, table.amount_usd > 0)
    total = select(func.coalesce(func.sum(table.amount_usd), 0)).where(table.project_id == Project.id)
    return Project.budget_usd > total.correlate(Project).scalar_subquery()
