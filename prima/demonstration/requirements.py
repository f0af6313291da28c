"""The real 2016 portfolio: imported as published, then told on from there, its figures untouched."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from prima.demonstration import letters, reports
from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import moment, on, working_day
from prima.demonstration.offices import Site, in_a_sentence
from prima.demonstration.projects import next_id
from prima.demonstration.stories import ACTIVATED, Habit
from prima.demonstration.topics import ASKED
from prima.endorsement.operations.donors import LETTER
from prima.lists import ProjectType
from prima.projects import queries
from prima.projects.models import Part, Party, Project, Step
from prima.projects.operations.importing import MOVE, import_portfolio
from prima.projects.stages import Status as S
from prima.reference.reader import FOLDER
from prima.reporting.calendar import add_months
from prima.users import Role

FILE, YEAR = FOLDER / "funding_requirements_2016.csv", 2016
PUBLISHED = date(2015, 11, 30)
BROUGHT_IN = datetime(2015, 11, 30, 9, 15, tzinfo=UTC)
"""When the published requirements were imported."""
FROM = {
    S.ENDORSED: (),
    S.DONOR_SUBMITTED: ("to-donor",),
    S.DONOR_CHANGES: ("to-donor", "changes"),
    S.APPROVED: ("to-donor", "approved"),
    S.ACTIVE: ("to-donor", "approved", "activate"),
    S.SUSPENDED: ("to-donor", "approved", "activate", "suspend"),
    S.OP_CLOSED: ("to-donor", "approved", "activate", "close"),
}
"""The moves after the import that brought a project to its status."""
APPROVED_BY = "The donor approved the proposal; the letter is filed."
CHANGES_ASKED = "The donor asks for a smaller number of locations and for a plan of exit."
TYPES = {
    "EPC": "DP", "MHD": "MP", "IBM": "IB", "MAD": "SM", "LHD": "LM", "MPR": "PO", "MECC": "NC",
}  # fmt: skip
"""The project type of an activated project, by its largest area of work."""
PUBLIC_SECTOR = {
    "country": "the countries concerned",
    "ministry": "Ministry in charge",
    "training": "training of officials and partners",
    "product": "the joint plan of work",
}


@dataclass(frozen=True)
class Fate:
    """What became of a requirement; `starts` and `months` for those activated, `waited` days in the status else."""

    status: S
    starts: date | None = None
    months: int = 12
    habit: Habit = Habit.ON_TIME
    waited: int = 30


H, d = Habit, date.fromisoformat
FATES = (
    Fate(S.ACTIVE, d("2016-01-01"), 12),
    Fate(S.ACTIVE, d("2016-02-01"), 18),
    Fate(S.DONOR_SUBMITTED, waited=26),
    Fate(S.ACTIVE, d("2016-03-01"), 12, H.DRAFT),
    Fate(S.ENDORSED, waited=306),
    Fate(S.ACTIVE, d("2016-01-15"), 24, H.LATE),
    Fate(S.ACTIVE, d("2016-09-01"), 12, H.SUBMITTED),
    Fate(S.APPROVED, waited=11),
    Fate(S.ACTIVE, d("2016-04-01"), 18),
    Fate(S.ACTIVE, d("2015-12-15"), 12),
    Fate(S.ACTIVE, d("2016-02-15"), 12, H.NOTHING),
    Fate(S.DONOR_SUBMITTED, waited=61),
    Fate(S.ACTIVE, d("2016-06-01"), 18),
    Fate(S.ACTIVE, d("2016-01-01"), 18, H.SUBMITTED),
    Fate(S.OP_CLOSED, d("2016-01-01"), 5),
    Fate(S.ACTIVE, d("2016-05-01"), 12),
    Fate(S.ACTIVE, d("2016-02-01"), 12, H.CHECKED),
    Fate(S.DONOR_CHANGES, waited=18),
    Fate(S.ACTIVE, d("2016-07-01"), 12),
    Fate(S.SUSPENDED, d("2016-01-01"), 18),
    Fate(S.ACTIVE, d("2016-03-01"), 24),
    Fate(S.APPROVED, waited=4),
    Fate(S.ACTIVE, d("2016-01-15"), 12, H.RETURNED),
)
"""Taken in turn by the rows of the file that state something."""
BEFORE_TODAY = date(2016, 10, 1)
SUSPENDED_ON = date(2016, 8, 22)
CLOSED_AFTER = 105


def build(
    session: Session, sites: dict[str, Site], documents: Path, chronicle: Chronicle, source: random.Random
) -> list[Project]:
    """Import the published requirements and tell what became of them."""
    with on(PUBLISHED):
        import_portfolio(session, FILE.read_bytes(), YEAR, actor=None)
    session.execute(update(Step).where(Step.move == MOVE).values(at=BROUGHT_IN))
    session.execute(
        update(Project)
        .where(Project.import_key.is_not(None))
        .values(created_at=BROUGHT_IN, updated_at=BROUGHT_IN, status_since=BROUGHT_IN)
    )
    rows = session.scalars(
        select(Project)
        .where(Project.import_key.is_not(None))
        .options(*queries.with_rights(), selectinload(Project.areas), selectinload(Project.coverage))
        .order_by(Project.id)
        .execution_options(populate_existing=True)
    )
    projects = list(rows)
    prefixes = {row.code: row.id_prefix for row in session.scalars(select(ProjectType))}
    stated = [project for project in projects if project.budget_usd]
    told = [(project, FATES[place % len(FATES)]) for place, project in enumerate(stated)]
    for project, fate in told:
        session.add_all(_fate(session, project, fate, sites[project.office.code], documents, chronicle, source))
    for project, _fate_of in sorted(told, key=lambda pair: (pair[1].starts or BEFORE_TODAY, pair[0].id)):
        if project.starts_on and project.project_type_code:
            project.code = next_id(session, prefixes[project.project_type_code])
    session.flush()
    for project, fate in told:
        if fate.status in ACTIVATED:
            session.add_all(_activated(project, fate, sites[project.office.code], chronicle, source))
    session.flush()
    return projects


def _days(fate: Fate) -> list[tuple[str, date]]:
    """The moves with their days: forward to the start, or back from how long it has waited."""
    moves = FROM[fate.status]
    if fate.starts is None:
        last = BEFORE_TODAY - timedelta(days=fate.waited)
        return [(move, working_day(last - timedelta(days=47 * (len(moves) - 1 - n)))) for n, move in enumerate(moves)]
    known = {
        "to-donor": max(fate.starts - timedelta(days=75), PUBLISHED + timedelta(days=2)),
        "approved": max(fate.starts - timedelta(days=20), PUBLISHED + timedelta(days=9)),
        "activate": max(fate.starts - timedelta(days=6), PUBLISHED + timedelta(days=14)),
        "suspend": SUSPENDED_ON,
        "close": add_months(fate.starts, fate.months) + timedelta(days=CLOSED_AFTER),
    }
    return [(move, working_day(known[move])) for move in moves]


def _fate(
    session: Session,
    project: Project,
    fate: Fate,
    site: Site,
    documents: Path,
    chronicle: Chronicle,
    source: random.Random,
) -> Iterator[Any]:
    """Take the project's moves; the decisions are the coordinator's and resource management's."""
    coordinator, resources = site.who(Role.RPDO), site.who(Role.RRMO)
    manager, alternate = site.who(Role.PM), site.who(Role.APM)
    notes = {"approved": APPROVED_BY, "changes": CHANGES_ASKED, "suspend": ASKED["SUSPENDED"], "close": ASKED["CLOSED"]}
    before: datetime | None = None
    yield Party(project_id=project.id, user_id=site.who(Role.PDEV).id, part=Part.DEVELOPER, since_at=project.created_at)
    for name, day in _days(fate):
        at = moment(day, source)
        if before and at <= before:
            at = before + timedelta(hours=1)
        before = at
        if name == "approved":
            yield letters.filed(
                documents,
                letters.donor_answer(project.title, at),
                "donor-approval.pdf",
                project_id=project.id,
                type_code=LETTER,
                title="Approval by the donor",
                by=coordinator,
                at=at,
            )
        if name == "activate":
            _activate(project, fate)
            for user, part in ((manager, Part.MANAGER), (alternate, Part.ALTERNATE)):
                yield Party(project_id=project.id, user_id=user.id, part=part, since_at=at)
        actor = coordinator if name in ("to-donor", "approved", "changes") else resources
        chronicle.move(session, project, name, at, actor, notes.get(name, ""))
        if name == "activate":
            chronicle.note(
                project,
                at,
                "activated",
                resources,
                code=project,
                starts_on=project.starts_on,
                ends_on=project.ends_on,
                manager=manager.id,
                alternate=alternate.id,
            )


def _activate(project: Project, fate: Fate) -> None:
    assert fate.starts is not None
    largest = max(project.areas, key=lambda area: (area.amount, area.code))
    project.project_type_code = TYPES[largest.code]
    project.starts_on = fate.starts
    project.ends_on = project.first_ends_on = add_months(fate.starts, fate.months) - timedelta(days=1)
    project.focal_point = "Director, Ministry in charge of migration"
    project.focal_point_contact = f"focal.point.{project.office.code.lower()}@government.example"


def _activated(project: Project, fate: Fate, site: Site, chronicle: Chronicle, source: random.Random) -> Iterator[Any]:
    names = [in_a_sentence(project.office.name)] if project.coverage else [PUBLIC_SECTOR["country"]]
    closed = dict(_days(fate)).get("close")
    return reports.told(
        reports.Subject(
            project=project,
            site=site,
            habit=fate.habit,
            lines=[
                (None, "STAFF", project.budget_usd * Decimal("0.24")),
                (None, "OFFICE", project.budget_usd * Decimal("0.08")),
                (None, "OPER", project.budget_usd * Decimal("0.68")),
            ],
            groups=[],
            words={**PUBLIC_SECTOR, "country": names[0]},
            finished=closed,
        ),
        chronicle,
        source,
    )
