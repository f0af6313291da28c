"""A large invented portfolio for measuring: the same number of projects always gives the same rows, written by COPY."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any

from psycopg import Cursor
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from prima import clock, lists
from prima.demonstration.portfolio import full, money, proposals, tables
from prima.demonstration.portfolio.copying import Table, bare, continue_after, copy
from prima.demonstration.portfolio.full import Full
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
    ActivityPlan,
    AllocationBasis,
    AreaAllocation,
    Beneficiaries,
    BudgetLine,
    Counter,
    CountryAllocation,
    Coverage,
    GenderAnswers,
    GovernanceMark,
    Indicator,
    IndicatorSplit,
    Measure,
    Milestone,
    Partner,
    Party,
    Project,
    Result,
    Risk,
    SdgMark,
    Section,
    Step,
    ThemeMark,
)
from prima.reporting.models import Deadline, Report
from prima.reporting.summary import folding
from prima.users import Grant, User

FILLED: tuple[Table, ...] = (
    Project, Coverage, Party, Step, Section, Result, Indicator, IndicatorSplit, ActivityPlan, Risk, Partner,
    GovernanceMark, SdgMark, ThemeMark, GenderAnswers, Beneficiaries, Milestone, BudgetLine, AreaAllocation,
    ActivityAllocation, CountryAllocation, AllocationBasis, Round, Clearance, Deadline, Report,
)  # fmt: skip
NUMBERED: tuple[Table, ...] = (User, Project, Result, Indicator, Round, Deadline)
"""Tables whose rows are given their ids, because others refer to them."""
Filling = tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]
"""The columns that are written, and the rows."""


def fill(session: Session, projects: int) -> dict[str, int]:
    """Write a portfolio into a database that holds no project, as of today by the clock; how many rows of each table.

    For each project there are 7 allocations, 10 budget lines and 10 deadlines (4 of them open; for every tenth project
    one due by the first reminder's day), and for every twentieth project an open clearance; a matrix of 7 rows with
    3 indicators, a workplan, 2 risks and the classification; beside them coverage, parties, steps, rounds and reports.
    One draft of the Fund is "A full proposal": see full.py. It alone has sections; documents and what is written in
    reports are left out. Nothing of it stands in the journal: journal_count stays 0. The caller commits.
    """
    if session.scalar(select(func.count()).select_from(Project)):
        raise Refused("This database already holds projects; a portfolio is made in an empty one.")
    today = clock.today()
    edition = published.newest(session)
    people, places, codes = _read(session, projects)
    planned = plans(projects, places, people, today)
    largest = full.chosen(planned)
    items = schedule(planned, edition.handbook, today)
    counters: dict[str, int] = {}
    day = tables.moment(today)
    rows = _rows(planned, people, codes, edition, counters)
    rows |= _proposals([plan for plan in planned if plan is not largest], codes)
    rows |= {
        Deadline: (tables.DEADLINE_COLUMNS, tables.deadline_rows(items, today)),
        Report: (tables.REPORT_COLUMNS, tables.report_rows(items, today)),
    }
    if largest:
        for table, (columns, more) in Full(largest, projects).rows(edition.handbook).items():
            rows[table] = (columns, chain(rows[table][1] if table in rows else (), more))
    session.flush()
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        counts = _people(cursor, people, day)
        with bare(cursor, FILLED):
            for table in filter(rows.__contains__, FILLED):
                columns, content = rows[table]
                counts[table.__tablename__] = copy(cursor, table, columns, content, day)
        copy(cursor, Counter, ("name", "last"), counters.items(), day)
        continue_after(cursor, NUMBERED)
        for table in (User, Grant, *FILLED):
            cursor.execute(f"analyze {table.__tablename__}")
    folding.rebuild(session)
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
        library=_library(session),
    )
    places = Places(offices, neighbours, frozenset(prefixes), len(tables.DONORS))
    return staff(offices, regions, titles, projects, first), places, codes


def _codes(session: Session, table: type[lists.Listed]) -> list[str]:
    return list(session.scalars(select(table.code).where(~table.retired).order_by(table.position)))


def _library(session: Session) -> tables.Library:
    shelf = lists.CuratedIndicator
    columns = (shelf.level, shelf.code, shelf.name, shelf.measure, shelf.unit, shelf.source)
    numbers = select(*columns).where(~shelf.retired, shelf.measure == Measure.NUMBER)
    found: dict[str, list[tuple[str, str, str, str, str]]] = {}
    for level, *rest in session.execute(numbers.order_by(shelf.position, shelf.code)):
        found.setdefault(level, []).append(tuple(rest))
    return found


def _proposals(planned: list[Plan], codes: tables.Lists) -> dict[Table, Filling]:
    return {
        Result: (proposals.RESULT_COLUMNS, proposals.result_rows(planned)),
        Indicator: (proposals.INDICATOR_COLUMNS, proposals.indicator_rows(planned, codes)),
        ActivityPlan: (proposals.WORKPLAN_COLUMNS, proposals.workplan_rows(planned)),
        Risk: (proposals.RISK_COLUMNS, proposals.risk_rows(planned)),
        GovernanceMark: (proposals.MARK_COLUMNS, proposals.governance_rows(planned)),
        SdgMark: (proposals.MARK_COLUMNS, proposals.sdg_rows(planned)),
        GenderAnswers: (proposals.GENDER_COLUMNS, proposals.gender_rows(planned)),
        BudgetLine: (money.LINE_COLUMNS, money.line_rows(planned)),
    }


def _rows(
    planned: list[Plan], people: Staff, codes: tables.Lists, edition: HandbookEdition, counters: dict[str, int]
) -> dict[Table, Filling]:
    """Columns and rows by table; `counters` is filled while the projects are gone through."""
    today = clock.today()
    return {
        Project: (tables.PROJECT_COLUMNS, tables.project_rows(planned, codes, edition, today, counters)),
        Coverage: (tables.COVERAGE_COLUMNS, tables.coverage_rows(planned)),
        Party: (tables.PARTY_COLUMNS, tables.party_rows(planned)),
        Step: (tables.STEP_COLUMNS, tables.step_rows(planned, people)),
        AreaAllocation: (money.ALLOCATION_COLUMNS, money.area_rows(planned, codes)),
        ActivityAllocation: (money.ALLOCATION_COLUMNS, money.activity_rows(planned, codes)),
        CountryAllocation: (money.ALLOCATION_COLUMNS, money.country_rows(planned)),
        AllocationBasis: (money.BASIS_COLUMNS, money.basis_rows(planned)),
        Round: (tables.ROUND_COLUMNS, tables.round_rows(planned, edition)),
        Clearance: (tables.CLEARANCE_COLUMNS, tables.clearance_rows(planned, edition, people)),
    }
