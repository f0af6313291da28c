"""A large invented portfolio for measuring: the same number of projects always gives the same rows, written by COPY."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Cursor
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from prima import clock, lists
from prima.demonstration.portfolio import tables
from prima.demonstration.portfolio.copying import Table, bare, continue_after, copy
from prima.demonstration.portfolio.plans import Places, Plan, plans
from prima.demonstration.portfolio.schedule import schedule
from prima.demonstration.portfolio.staff import GRANT_COLUMNS, USER_COLUMNS, Staff, grant_rows, staff, user_rows
from prima.endorsement.models import Clearance, Round
from prima.errors import Refused
from prima.handbook import published
from prima.handbook.published import HandbookEdition
from prima.places import Office
from prima.projects.models import (
    ActivityAllocation,
    AllocationBasis,
    AreaAllocation,
    BudgetLine,
    Counter,
    Coverage,
    Party,
    Project,
    Step,
)
from prima.reporting.models import Deadline, Report
from prima.users import Grant, User

FILLED: tuple[Table, ...] = (
    Project, Coverage, Party, Step, BudgetLine, AreaAllocation, ActivityAllocation, AllocationBasis, Round, Clearance,
    Deadline, Report,
)  # fmt: skip
NUMBERED: tuple[Table, ...] = (User, Project, Round, Deadline)
"""Tables whose rows are given their ids, because others refer to them."""


def fill(session: Session, projects: int) -> dict[str, int]:
    """Write a portfolio into a database that holds no project, as of today by the clock; how many rows of each table.

    For each project there are 7 allocations, 10 budget lines and 10 deadlines (4 of them open; for every tenth project
    one due by the first reminder's day), and for every twentieth project an open clearance; beside them coverage,
    parties, steps, rounds and reports. Nothing of it stands in the journal: journal_count stays 0. Sections, documents
    and what is written in reports are left out. The caller commits.
    """
    if session.scalar(select(func.count()).select_from(Project)):
        raise Refused("This database already holds projects; a portfolio is made in an empty one.")
    today = clock.today()
    edition = published.newest(session)
    people, places, codes = _read(session, projects)
    planned = plans(projects, places, people, today)
    items = schedule(planned, edition.handbook, today)
    counters: dict[str, int] = {}
    day = tables.moment(today)
    rows = _rows(planned, people, codes, edition, counters)
    rows |= {
        Deadline: (tables.DEADLINE_COLUMNS, tables.deadline_rows(items, today)),
        Report: (tables.REPORT_COLUMNS, tables.report_rows(items, today)),
    }
    session.flush()
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        counts = _people(cursor, people, day)
        with bare(cursor, FILLED):
            for table in FILLED:
                columns, content = rows[table]
                counts[table.__tablename__] = copy(cursor, table, columns, content, day)
        copy(cursor, Counter, ("name", "last"), counters.items(), day)
        continue_after(cursor, NUMBERED)
        for table in (User, Grant, *FILLED):
            cursor.execute(f"analyze {table.__tablename__}")
    session.expire_all()
    return counts


def _people(cursor: Cursor[Any], people: Staff, day: datetime) -> dict[str, int]:
    return {
        User.__tablename__: copy(cursor, User, USER_COLUMNS, user_rows(people), day),
        Grant.__tablename__: copy(cursor, Grant, GRANT_COLUMNS, grant_rows(people, day), day),
        lists.Donor.__tablename__: copy(cursor, lists.Donor, tables.DONOR_COLUMNS, tables.DONORS, day),
    }


def _read(session: Session, projects: int) -> tuple[Staff, Places, tables.Lists]:
    """What the database holds: offices with a Regional Office, lists; and the people to be added to it."""
    today = clock.today()
    offices = [
        office
        for office in session.scalars(select(Office).options(selectinload(Office.links)).order_by(Office.code))
        if not office.retired and office.region_on(today)
    ]
    neighbours: dict[str, list[str]] = {}
    for office in offices:
        if office.country_code and office.code == office.country_code:
            neighbours.setdefault(office.region_on(today) or "", []).append(office.country_code)
    region, kind = lists.RegionalOffice, lists.ProjectType
    regions = dict(session.execute(select(region.code, region.city).order_by(region.code)).all())
    titles = dict(session.execute(select(lists.RoleName.code, lists.RoleName.name)).all())
    chosen = select(kind.code, kind.id_prefix).where(kind.selectable, kind.id_prefix != "").order_by(kind.code)
    prefixes = dict(session.execute(chosen).all())
    first = (session.scalar(select(func.max(User.id))) or 0) + 1
    codes = tables.Lists(
        areas=_codes(session, lists.AreaOfWork),
        activities=_codes(session, lists.ActivityType),
        focus=_codes(session, lists.FundFocusArea),
        prefixes=prefixes,
    )
    places = Places(offices, neighbours, frozenset(prefixes), len(tables.DONORS))
    return staff(offices, regions, titles, projects, first), places, codes


def _codes(session: Session, table: type[lists.Listed]) -> list[str]:
    return list(session.scalars(select(table.code).where(~table.retired).order_by(table.position)))


def _rows(
    planned: list[Plan], people: Staff, codes: tables.Lists, edition: HandbookEdition, counters: dict[str, int]
) -> dict[Table, tuple[tuple[str, ...], tables.Rows]]:
    """Columns and rows by table; `counters` is filled while the projects are gone through."""
    today = clock.today()
    return {
        Project: (tables.PROJECT_COLUMNS, tables.project_rows(planned, codes, edition, today, counters)),
        Coverage: (tables.COVERAGE_COLUMNS, tables.coverage_rows(planned)),
        Party: (tables.PARTY_COLUMNS, tables.party_rows(planned)),
        Step: (tables.STEP_COLUMNS, tables.step_rows(planned, people)),
        BudgetLine: (tables.LINE_COLUMNS, tables.line_rows(planned)),
        AreaAllocation: (tables.ALLOCATION_COLUMNS, tables.area_rows(planned, codes)),
        ActivityAllocation: (tables.ALLOCATION_COLUMNS, tables.activity_rows(planned, codes)),
        AllocationBasis: (tables.BASIS_COLUMNS, tables.basis_rows(planned)),
        Round: (tables.ROUND_COLUMNS, tables.round_rows(planned, edition)),
        Clearance: (tables.CLEARANCE_COLUMNS, tables.clearance_rows(planned, edition, people)),
    }
