"""Changes of running projects: extensions and the months they added, by place, kind, year and reason; the others."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, cast, extract, func, literal_column, select, tuple_

from prima.db import db
from prima.projects.changes import ChangeKind, ChangeState
from prima.projects.models import Change, Extension, Project
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.keeping import keeping
from prima.reporting.portfolio.themes.among import ACTIVATED, REGION, UNSTATED
from prima.reporting.queries.counted import added_months
from prima.users import User

LONGEST_REASON = 200
"""Letters of a reason that are shown."""


@dataclass(frozen=True)
class Extended:
    """Extensions alike, of how many projects, and the months that they added."""

    code: str
    number: int
    projects: int
    months: int


@dataclass(frozen=True)
class Extensions:
    whole: Extended
    regions: list[Extended]
    kinds: list[Extended]
    """By kind of change; NONE where it was recorded without one."""
    years: list[Extended]
    """By the year of the decision."""


@keeping(Extension, Change)
def extensions(viewer: User | None, filters: Filters) -> Extensions:
    rows = (
        projects(
            viewer,
            filters,
            Project.id.label("project"),
            REGION.label("region"),
            func.coalesce(cast(Change.kind, Text), UNSTATED).label("kind"),
            cast(extract("year", Extension.decided_on), Text).label("year"),
            added_months().label("months"),
        )
        .join(Extension, Extension.project_id == Project.id)
        .outerjoin(Change, Change.id == Extension.change_id)
        .cte("extended")
    )
    c = rows.c
    query = select(
        func.grouping(c.region, c.kind, c.year),
        func.coalesce(c.region, c.kind, c.year, ""),
        func.count(),
        func.count(c.project.distinct()),
        func.coalesce(func.sum(c.months), 0),
    ).group_by(func.grouping_sets(tuple_(c.region), tuple_(c.kind), tuple_(c.year), tuple_()))
    found: dict[int, list[Extended]] = {}
    for dimension, code, number, of_projects, months in db.session.execute(query):
        one = Extended(code, number, of_projects, int(months))
        found.setdefault(dimension, []).append(one)
    years = sorted(found.get(0b110, []), key=lambda one: int(one.code))
    return Extensions(found[0b111][0], found.get(0b011, []), found.get(0b101, []), years)


@keeping(Extension)
def reasons(viewer: User | None, filters: Filters, most: int = 10) -> list[Extended]:
    """The reasons given most often, as they were written."""
    reason = func.left(func.btrim(Extension.reason), literal_column(str(LONGEST_REASON))).label("reason")
    months = func.sum(added_months())
    number, of_projects = func.count(), func.count(Project.id.distinct())
    query = (
        projects(viewer, filters, reason, number, of_projects, months)
        .join(Extension, Extension.project_id == Project.id)
        .group_by(reason)
        .order_by(number.desc(), months.desc(), reason)
        .limit(most)
    )
    return [Extended(text, count, of, int(whole)) for text, count, of, whole in db.session.execute(query)]


@dataclass(frozen=True)
class Activated:
    region: str
    number: int


@keeping()
def activated(viewer: User | None, filters: Filters) -> list[Activated]:
    """The projects that could be extended, by region."""
    query = projects(viewer, filters, REGION, func.count()).where(Project.status.in_(ACTIVATED)).group_by(REGION)
    return [Activated(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class Changed:
    """Changes of a kind that were asked for: by state, late ones, and the days from asking to the decision."""

    kind: ChangeKind
    state: ChangeState
    number: int
    late: int
    """Asked for after the last day."""
    decided: int
    days: int
    """All days together from asking to the decision, of those decided."""


@keeping(Change)
def changes(viewer: User | None, filters: Filters) -> list[Changed]:
    """A draft is its team's own and is not counted."""
    took = Change.decided_on - Change.asked_on
    query = (
        projects(
            viewer,
            filters,
            Change.kind,
            Change.state,
            func.count(),
            func.count().filter(Change.late_days > 0),
            func.count(took),
            func.coalesce(func.sum(took), 0),
        )
        .join(Change, Change.project_id == Project.id)
        .where(Change.state != ChangeState.DRAFT)
        .group_by(Change.kind, Change.state)
    )
    return [Changed(*row) for row in db.session.execute(query)]
