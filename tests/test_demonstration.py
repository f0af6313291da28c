"""The demonstration is what the handbook would have let happen, and the same every time."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import joinedload, selectinload

from prima import clock, demonstration, journal, passwords, rooms, sessions
from prima.cli import SUBJECTS
from prima.db import db
from prima.demonstration.people import Accounts
from prima.demonstration.requirements import FILE
from prima.endorsement.models import Clearance, Decision, Round
from prima.lists import AreaOfWork, RegionalOffice
from prima.outbox import Letter, LetterState
from prima.places import OfficeLink
from prima.projects import files, queries, rules
from prima.projects.loading import PROPOSAL, STORY, load
from prima.projects.models import AreaAllocation, Document, Part, Party, Project, Step
from prima.projects.models.project import TEAM
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link, visible_projects
from prima.reporting import reminders
from prima.reporting import rules as reporting_rules
from prima.reporting.models import Deadline, Report, ReportStep
from prima.reporting.queries import count_overdue
from prima.reporting.steps import IN, report_type
from prima.users import DECIDING, Grant, User
from tests.conftest import TODAY, make_app

TOTAL = Decimal(1_894_624_000)
LETTERS = 30
BUSY = (
    "developer.kenya", "head.kenya", "manager.kenya", "alternate.kenya", "rpdo.nairobi", "rts.nairobi", "rrmo.nairobi",
    "rme.nairobi", "director.nairobi", "accounting.nairobi", "fund.geneva", "approver.geneva",
)  # fmt: skip
"""Whose desk has something on it."""


@pytest.fixture(scope="module")
def fresh(databases: Callable[..., str], template_url: str) -> Callable[[str], Flask]:
    """An application on a migrated database of its own."""
    return lambda name: make_app(databases(name, template=make_url(template_url).database))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demonstration")


@pytest.fixture(scope="module")
def built(fresh: Callable[[str], Flask], folder: Path) -> Iterator[tuple[Flask, Accounts]]:
    app = fresh("prima_demo")
    clock.fix(TODAY)
    with app.app_context():
        accounts = demonstration.build(db.session(), folder)
        db.session.commit()
    yield app, accounts
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def demo(built: tuple[Flask, Accounts]) -> Iterator[Accounts]:
    """Inside the built demonstration on its day; what a test changes is undone."""
    clock.fix(TODAY)
    with built[0].app_context():
        yield built[1]
        db.session.rollback()
    clock.fix(None)


def everything() -> list[Project]:
    options = (*queries.with_rights(), *queries.named())
    found = db.session.scalars(select(Project).options(*options).order_by(Project.reference)).all()
    load(db.session(), found, PROPOSAL | STORY)
    return list(found)


def person(name: str) -> User:
    statement = select(User).where(User.email == f"{name}@prima.example").options(*sessions.with_rights())
    return db.session.scalars(statement).one()


def test_every_status_occurs(demo):
    found = Counter(project.status for project in everything())
    assert set(found) == set(Status)


def test_there_are_the_published_projects_and_sixty_of_the_fund(demo):
    projects = everything()
    years = Counter((project.funding.value, project.funding_year) for project in projects)
    assert years == {("donor", 2016): 156, ("fund", 2014): 16, ("fund", 2015): 20, ("fund", 2017): 24}
    of_the_fund = [project for project in projects if project.funding is Funding.FUND]
    budgets = [project.budget_usd for project in of_the_fund if project.budget_usd]
    assert min(budgets) >= 50_000 and max(budgets) <= 300_000
    assert len({project.title for project in of_the_fund}) == 60


def test_the_figures_of_2016_are_those_published(demo):
    published = defaultdict(Decimal)
    columns = {row.funding_column: row.code for row in db.session.scalars(select(AreaOfWork))}
    for line in csv.DictReader(FILE.read_text("utf-8").splitlines()):
        for column, code in columns.items():
            published[line["region"], code] += Decimal(line[column])
    stored = db.session.execute(
        select(RegionalOffice.region, AreaAllocation.code, func.sum(AreaAllocation.amount))
        .join(Project, Project.id == AreaAllocation.project_id)
        .join(OfficeLink, region_link())
        .join(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .where(Project.funding_year == 2016)
        .group_by(RegionalOffice.region, AreaAllocation.code)
    )
    assert {(region, code): amount for region, code, amount in stored} == {k: v for k, v in published.items() if v}


@pytest.mark.parametrize("name", ["viewer.geneva", "developer.kenya", "rpdo.nairobi", "alternate.portugal"])
def test_all_staff_see_the_whole_of_2016(demo, name):
    statement = visible_projects(person(name), func.sum(Project.budget_usd)).where(Project.funding_year == 2016)
    assert db.session.scalar(statement) == TOTAL


def test_allocations_and_lines_sum_to_the_total(demo):
    for project in everything():
        assert sum(row.amount for row in project.areas) == project.budget_usd, project.reference
        if project.funding is Funding.FUND:
            assert sum(row.amount for row in project.activities) == project.budget_usd, project.reference
            assert sum(line.amount for line in project.lines) == project.budget_usd, project.reference
            for line in project.lines:
                assert line.quantity * line.units * line.unit_cost == line.amount


def test_what_was_submitted_keeps_the_rules(demo):
    justified = 0
    for project in everything():
        if project.funding is Funding.FUND and project.status not in (Status.CONCEPT, Status.DRAFT):
            assert [str(need.text) for need in rules.to_submit(project)] == [], project.title
            justified += len(project.justifications)
    assert justified >= 3


def test_the_steps_lead_to_the_status(demo):
    for project in everything():
        steps = project.steps
        assert steps[0].source is None and steps[-1].target is project.status
        assert steps[-1].at == project.status_since
        for before, after in pairwise(steps):
            assert before.target is after.source and before.at <= after.at, (project.reference, before.at, after.at)
        assert steps[-1].at.date() < TODAY


def test_nobody_on_a_team_decided(demo):
    team = defaultdict(set)
    for party in db.session.scalars(select(Party).where(Party.part.in_(TEAM))):
        team[party.project_id].add(party.user_id)
    decided = [
        *db.session.execute(select(Step.project_id, Step.actor_id).join(Decision, Decision.step_id == Step.id)),
        *db.session.execute(
            select(Round.project_id, Clearance.decided_by_id)
            .join(Round, Round.id == Clearance.round_id)
            .where(Clearance.decided_by_id.is_not(None))
        ),
        *db.session.execute(
            select(Deadline.project_id, ReportStep.actor_id)
            .join(Report, Report.id == ReportStep.report_id)
            .join(Deadline, Deadline.id == Report.deadline_id)
            .where(ReportStep.move != "submit")
        ),
    ]
    assert len(decided) > 500
    assert not [one for one in decided if one[1] in team[one[0]]]


def test_the_endorser_and_the_approver_are_two_further_people(demo):
    for project in everything():
        by_part = defaultdict(set)
        for party in project.parties:
            by_part[party.part].add(party.user_id)
        cleared = by_part[Part.CLEARED_OFFICE] | by_part[Part.REVIEWED]
        assert not by_part[Part.ENDORSED] & cleared
        assert not by_part[Part.APPROVED] & (cleared | by_part[Part.ENDORSED] | by_part[Part.FUND_REVIEWED])


def test_a_proposal_in_review_has_answers_and_open_clearances(demo):
    statement = (
        select(Round)
        .join(Project, Project.id == Round.project_id)
        .where(Project.status == Status.REVIEW, Round.closed_at.is_(None))
        .options(selectinload(Round.clearances).selectinload(Clearance.answers))
    )
    rounds = db.session.scalars(statement).all()
    assert len(rounds) == 3
    for there in rounds:
        assert any(one.is_open for one in there.clearances) and not all(one.is_open for one in there.clearances)
        assert all(one.answers for one in there.clearances if not one.is_open)


def test_a_resubmitted_proposal_has_two_versions_and_a_clearance_that_stands(demo):
    seals = defaultdict(set)
    for project_id, seal in db.session.execute(select(Round.project_id, Round.sha256)):
        seals[project_id].add(seal)
    assert sum(len(versions) == 2 for versions in seals.values()) == 3
    assert db.session.scalar(select(func.count()).where(Clearance.stands_id.is_not(None))) == 3


def test_reports_handed_in_are_complete(demo):
    statement = (
        select(Deadline)
        .join(Deadline.report)
        .where(Report.state.in_(IN))
        .options(
            joinedload(Deadline.project).options(
                joinedload(Project.edition), selectinload(Project.lines), selectinload(Project.beneficiaries)
            ),
            joinedload(Deadline.report).options(
                selectinload(Report.texts), selectinload(Report.reached), selectinload(Report.spending)
            ),
        )
    )
    rows = db.session.scalars(statement).all()
    assert len(rows) > 300
    for row in rows:
        kind = report_type(row)
        assert kind is not None
        assert [str(need.text) for need in reporting_rules.missing(row, kind)] == []
        assert not row.is_open


def test_some_reports_are_overdue(demo):
    assert count_overdue(db.session, None) in range(10, 61)
    assert count_overdue(db.session, None, "NBO") >= 2


@pytest.mark.parametrize("name", BUSY)
def test_the_demonstrated_roles_have_something_to_do(built, demo, name):
    user = person(name)
    with built[0].test_request_context():
        assert [duty for ask in rooms.DESKS for duty in ask(user)]


def test_a_fresh_demonstration_sends_few_letters(demo):
    waiting = select(func.count()).where(Letter.state == LetterState.WAITING)
    assert db.session.scalar(waiting) == 0
    assert reminders.remind(db.session(), TODAY) > 0
    assert db.session.scalar(waiting) <= LETTERS


def test_the_journal_is_whole(demo):
    assert list(journal.faults(db.session(), SUBJECTS)) == []
    counts = db.session.scalars(select(Project.journal_count))
    assert min(counts) >= 1


def test_documents_can_be_read(demo, folder):
    documents = db.session.scalars(select(Document)).all()
    assert len(documents) > 100
    for document in documents:
        content = files.path(folder / "documents", document.sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == document.sha256 and files.kind_of(content) == document.media_type


def test_project_ids_are_unique_and_counted_on(demo):
    for project in everything():
        assert (project.code is not None) == (project.starts_on is not None)


def test_accounts_are_marked_and_their_roles_confirmed(demo, folder):
    assert db.session.scalar(select(func.count()).where(User.demonstration.is_(False))) == 0
    grants = db.session.scalars(select(Grant)).all()
    assert all(grant.in_force for grant in grants)
    assert all(grant.confirmed_by_id not in (None, grant.granted_by_id) for grant in grants if grant.role in DECIDING)
    note = folder / demonstration.FILE
    assert note.stat().st_mode & 0o777 == 0o600
    assert demo.password in note.read_text() and demonstration.accounts_text(folder) == demo.text()
    assert passwords.matches(person("fund.geneva").password_hash, demo.password)
    assert len({grant.role for grant in grants}) == 20


def test_two_builds_are_the_same(demo, fresh, tmp_path):
    first = digest()
    clock.fix(TODAY)
    other = fresh("prima_demo_again")
    with other.app_context():
        again = demonstration.build(db.session(), tmp_path)
        second = digest()
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()
    assert second == first
    assert again.password != demo.password


def digest() -> str:
    told = [
        [
            project.reference,
            project.code,
            project.title,
            project.status,
            str(project.budget_usd),
            str(project.status_since),
            [[line.description, str(line.amount)] for line in project.lines],
            [[step.move, str(step.at), step.note] for step in project.steps],
        ]
        for project in everything()
    ]
    told += [
        list(map(str, row))
        for row in db.session.execute(
            select(Project.reference, Deadline.kind, Deadline.due_on, Report.state, Report.first_submitted_on)
            .join(Deadline, Deadline.project_id == Project.id)
            .outerjoin(Report, Report.deadline_id == Deadline.id)
            .order_by(Project.reference, Deadline.due_on, Deadline.kind)
        )
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def test_the_command_builds_nothing_beside_existing_projects(built, demo):
    before = db.session.scalar(select(func.count()).select_from(Project))
    answer = built[0].test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 0 and answer.output.startswith("There are projects already: nothing was built.")
    assert db.session.scalar(select(func.count()).select_from(Project)) == before


def test_a_production_takes_no_demonstration(built, demo, monkeypatch):
    monkeypatch.setitem(built[0].config, "PRIMA_ENV", "production")
    answer = built[0].test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 1 and "A production has no demonstration" in answer.output
