"""An export, streamed from the server: a row a project with its amounts by area and activity type; its milestones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Subquery, case, func, literal, null, select
from sqlalchemy.orm import aliased

from prima import clock
from prima.db import db
from prima.lists import Country, Donor, ProjectType, RegionalOffice, StatusName
from prima.places import Office
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, Milestone, Project
from prima.reporting.portfolio.choosing import Reading, projects
from prima.users import User

AT_ONCE = 500
"""Rows fetched at once; the rest waits on the server."""
BETWEEN_COUNTRIES = "; "


@dataclass(frozen=True)
class Exported:
    """What goes into a workbook. A row is a tuple: the facts, then an amount per area, then one per activity type."""

    rows: Iterator[Sequence[Any]]
    regions: list[str]
    """The names of the regions in the order of the list."""
    areas: list[str]
    activities: list[str]
    milestones: Iterator[Sequence[Any]]
    """Of the same projects in the same order: reference, project ID, title, name, days, evidence, state."""


def export(viewer: User | None, reading: Reading) -> Exported:
    """The chosen projects in the order of the list. `rows` and `milestones` ask the database while gone through."""
    areas, activities = reading.choices["area"], reading.choices["activity"]
    by_area = _amounts(Dimension.AREA, [one.code for one in areas])
    by_activity = _amounts(Dimension.ACTIVITY, [one.code for one in activities])
    columns = (
        Project.reference,
        Project.code,
        Project.title,
        StatusName.name,
        StatusName.stage,
        RegionalOffice.region,
        _countries(),
        Office.name,
        ProjectType.name,
        Project.funding,
        case((Donor.kind == "not_stated", null()), else_=Donor.name),
        Project.funding_year,
        Project.funding_round_code,
        Project.starts_on,
        Project.ends_on,
        Project.budget_usd,
        *list(by_area.c)[1:],
        *list(by_activity.c)[1:],
    )
    query = (
        projects(viewer, reading.filters, *columns)
        .join(StatusName, StatusName.code == Project.status)
        .outerjoin(ProjectType, ProjectType.code == Project.project_type_code)
        .outerjoin(Donor, Donor.code == Project.donor_code)
        .outerjoin(by_area, by_area.c.project_id == Project.id)
        .outerjoin(by_activity, by_activity.c.project_id == Project.id)
        .order_by(Project.updated_at.desc(), Project.id.desc())
    )
    return Exported(
        _stream(query),
        [one.name for one in reading.choices["region"]],
        [one.name for one in areas],
        [one.name for one in activities],
        _stream(_milestones(viewer, reading)),
    )


def _milestones(viewer: User | None, reading: Reading) -> Select[Any]:
    """The headings and states are read by other programs, so they are not translated."""
    state = case(
        (Milestone.done_on.is_not(None), "Done"), (Milestone.planned_on < clock.today(), "Overdue"), else_="Not yet due"
    )
    return (
        projects(
            viewer,
            reading.filters,
            Project.reference,
            Project.code,
            Project.title,
            Milestone.name,
            Milestone.planned_on,
            Milestone.done_on,
            Milestone.evidence,
            state,
        )
        .join(Milestone, Milestone.project_id == Project.id)
        .order_by(Project.updated_at.desc(), Project.id.desc(), Milestone.planned_on, Milestone.id)
    )


def _stream(query: Select[Any]) -> Iterator[Sequence[Any]]:
    yield from db.session.execute(query, execution_options={"yield_per": AT_ONCE})


def _amounts(dimension: Dimension, codes: Sequence[str]) -> Subquery:
    """Per project one column for each code; empty where nothing is allocated."""
    table = ALLOCATIONS[dimension]
    columns = [
        func.sum(table.amount_usd).filter(table.code == code).label(f"amount_{n}") for n, code in enumerate(codes)
    ]
    return (
        select(table.project_id, *columns)
        .where(table.amount_usd > 0)
        .group_by(table.project_id)
        .subquery(f"by_{dimension}")
    )


def _countries() -> Any:
    """The names of the countries covered, in the order given."""
    covered = aliased(Coverage)
    names = func.string_agg(Country.name, literal(BETWEEN_COUNTRIES)).aggregate_order_by(covered.position)
    query = select(names).join_from(covered, Country, Country.code == covered.country_code)
    return query.where(covered.project_id == Project.id).correlate(Project).scalar_subquery()
