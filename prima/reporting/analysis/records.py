"""What the reports count beyond projects: overdue reports, extensions one by one, groups of beneficiaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Integer, case, cast, extract, func, literal, select, true, type_coerce, union_all

from prima import clock
from prima.db import db
from prima.handbook.published import HandbookEdition
from prima.lists import BeneficiaryDisaggregation, BeneficiaryType
from prima.places import Office
from prima.projects.models import Beneficiaries, Extension, Project
from prima.reporting.models import Deadline
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.choosing import chosen, projects
from prima.reporting.portfolio.keeping import keeping
from prima.reporting.portfolio.sums import REGION
from prima.reporting.queries import OverdueRow, is_overdue, overdue
from prima.reporting.queries.counted import added_months, reached_by_group
from prima.reporting.steps import deadline_name
from prima.users import User

AGES: dict[str, tuple[int, int | None]] = {
    "1-7": (1, 7), "8-30": (8, 30), "31-90": (31, 90), "91-180": (91, 180), "181-365": (181, 365), "366": (366, None),
}  # fmt: skip
"""First and last day of each age of an overdue report."""


@dataclass(frozen=True)
class Late:
    """So many reports of a region, office, kind and age are overdue; `kind` is what the Handbook calls it."""

    region: str
    office: str
    kind: str
    age: str
    number: int


@keeping(Deadline, HandbookEdition)
def late(viewer: User | None, filters: Filters) -> list[Late]:
    days = type_coerce(literal(clock.today()) - Deadline.due_on, Integer)
    *bands, last = AGES
    age = case(*((days <= AGES[code][1], code) for code in bands), else_=last).label("age")
    found = (
        projects(viewer, filters, REGION.label("region"), Office.code, Project.edition_id, Deadline.kind, age)
        .join(Deadline, Deadline.project_id == Project.id)
        .where(is_overdue())
        .subquery()
    )
    rows: Any = db.session.execute(select(*found.c, func.count()).group_by(*found.c))
    editions = {row.id: row.handbook for row in db.session.scalars(select(HandbookEdition))}
    return [
        Late(region, office, deadline_name(editions[edition], kind), old, number)
        for region, office, edition, kind, old, number in rows
    ]


def late_ones(viewer: User | None, filters: Filters, limit: int | None = None) -> list[OverdueRow]:
    ids = chosen(viewer, filters)
    return overdue(viewer, conditions=[Project.id.in_(select(ids.c.id))], limit=limit)


@dataclass(frozen=True)
class Lengthened:
    """An extension of a project. The reason is as somebody wrote it."""

    project: str
    title: str
    region: str
    year: int
    old_end: date
    new_end: date
    months: int
    decided_on: date
    reason: str


def extensions(viewer: User | None, filters: Filters) -> list[Lengthened]:
    """Every extension of the chosen projects, the newest decision first."""
    query = (
        projects(
            viewer,
            filters,
            func.coalesce(Project.code, Project.reference),
            Project.title,
            REGION,
            cast(extract("year", Extension.decided_on), Integer),
            Extension.old_end,
            Extension.new_end,
            added_months(),
            Extension.decided_on,
            Extension.reason,
        )
        .join(Extension, Extension.project_id == Project.id)
        .order_by(Extension.decided_on.desc(), Extension.id.desc())
    )
    return [Lengthened(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class Group:
    """Beneficiaries alike in everything that is stated of them, in all projects together."""

    type: str
    reach: str
    sex: str
    age: str
    counted: str | None
    repeated: bool | None
    planned: int
    reached: int


def beneficiaries(viewer: User | None, filters: Filters) -> list[Group]:
    ids, came = chosen(viewer, filters), reached_by_group()
    alike = (
        Beneficiaries.type_code,
        Beneficiaries.reach,
        Beneficiaries.sex_code,
        Beneficiaries.age_code,
        Beneficiaries.counted,
        Beneficiaries.repeated,
    )
    query = (
        select(
            *alike,
            cast(func.sum(Beneficiaries.planned), BigInteger),
            cast(func.coalesce(func.sum(came.c.number), 0), BigInteger),
        )
        .join_from(ids, Beneficiaries, Beneficiaries.project_id == ids.c.id)
        .outerjoin(came, came.c.group_id == Beneficiaries.id)
        .group_by(*alike)
    )
    rows: Any = db.session.execute(query)
    return [Group(*row) for row in rows]


def beneficiary_names() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Of types, and of sexes and ages by dimension, in the order of the lists."""
    listed: Any = union_all(
        select(true().label("type"), BeneficiaryType.code, BeneficiaryType.name, literal("").label("dimension"),
               BeneficiaryType.position.label("position")),
        select(literal(False), BeneficiaryDisaggregation.code, BeneficiaryDisaggregation.name,
               BeneficiaryDisaggregation.dimension, BeneficiaryDisaggregation.position),
    )  # fmt: skip
    types: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for is_type, code, name, dimension, _position in db.session.execute(listed.order_by("type", "position")):
        (types if is_type else values.setdefault(dimension, {}))[code] = name
    return types, values
