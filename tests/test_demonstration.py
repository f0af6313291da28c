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
from sqlalchemy.orm import joinedload, selectinload, undefer

from prima import clock, demonstration, journal, passwords, rooms, sessions
from prima.cli import SUBJECTS
from prima.db import db
from prima.demonstration.people import Accounts
from prima.demonstration.requirements import FILE
from prima.demonstration.results import LIBRARY
from prima.endorsement.models import Clearance, Decision, Round
from prima.lists import AreaOfWork, CuratedIndicator, MigrationGovernance, RegionalOffice, RiskScale
from prima.outbox import Letter, LetterState
from prima.places import OfficeLink
from prima.projects import files, queries, rules
from prima.projects.loading import PROPOSAL, STORY, load
from prima.projects.models import (
    AreaAllocation,
    Basis,
    Beneficiaries,
    Change,
    ChangeKind,
    ChangeState,
    Closing,
    Comment,
    Confirmation,
    Counted,
    Counting,
    CountryAllocation,
    Dimension,
    Document,
    Indicator,
    Level,
    Measure,
    Part,
    Party,
    Project,
    Step,
    Version,
)
from prima.projects.models.project import TEAM
from prima.projects.numbering import numbered
from prima.projects.operations.versions import as_it_stands
from prima.projects.snapshot import seal, snapshot
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link, visible_projects
from prima.rates import rate_on
from prima.reporting import lights, reminders
from prima.reporting import rules as reporting_rules
from prima.reporting.evaluating import is_late
from prima.reporting.models import (
    Deadline,
    IndicatorValue,
    Lesson,
    LessonKind,
    Recommendation,
    Report,
    ReportStep,
    Response,
)
from prima.reporting.queries import count_overdue, with_finance
from prima.reporting.queries.evaluation import with_judgements
from prima.reporting.queries.lights import recorded, rules_of
from prima.reporting.queries.monitoring import monitored
from prima.reporting.reminders import asked as asking
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


def fill_the_shelf() -> None:
    """The indicator of the library that the demonstration takes, where the lists do not hold it."""
    if db.session.get(CuratedIndicator, LIBRARY) is None:
        shelf = CuratedIndicator(
            code=LIBRARY, name="Officials who complete a training", level="output", measure="number",
            unit="officials", source="Attendance lists", aggregation="sum", by_sex=True, by_age=False,
        )  # fmt: skip
        db.session.add(shelf)
        db.session.flush()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demonstration")


@pytest.fixture(scope="module")
def built(fresh: Callable[[str], Flask], folder: Path) -> Iterator[tuple[Flask, Accounts]]:
    app = fresh("prima_demo")
    clock.fix(TODAY)
    with app.app_context():
        fill_the_shelf()
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
    named = (joinedload(Project.project_type), joinedload(Project.donor))
    options = (*queries.with_rights(), *named)
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
            unmet = [need for need in rules.to_submit(project) if str(need.text) != "2 comments are not answered"]
            assert unmet == [], project.title
            assert project.status is Status.RETURNED or not any(one.is_unanswered for one in project.comments)
            justified += len(project.justifications)
    assert justified >= 3


def of_the_fund(*statuses: Status) -> list[Project]:
    """Projects of the Fund that have been submitted, or stand in one of the statuses."""
    return [
        project
        for project in everything()
        if project.funding is Funding.FUND
        and (project.status in statuses if statuses else project.status not in (Status.CONCEPT, Status.DRAFT))
    ]


def test_a_submitted_matrix_goes_from_the_objective_down_to_activities(demo):
    projects = of_the_fund()
    for project in projects:
        rows = numbered(project.results, project.indicators)
        below = Counter(row.parent_id for row in rows)
        levels = Counter(row.level for row in rows)
        assert levels["objective"] == 1 and levels["outcome"] in (1, 2), project.title
        for row in rows:
            most = {"outcome": range(2, 5), "output": range(1, 4)}.get(row.level)
            assert most is None or below[row.id] in most, (project.title, row.number)
            assert row.text.strip() and (row.assumption.strip() or row.level == "objective"), (
                project.title,
                row.number,
            )
            assert bool(row.indicators) == (row.level != "activity"), (project.title, row.number)
    texts = [row.text for project in projects for row in project.results if row.level is Level.OBJECTIVE]
    assert len(set(texts)) > len(texts) * 3 / 4


def test_a_submitted_indicator_is_complete(demo):
    found = [one for project in of_the_fund() for one in project.indicators]
    assert {one.measure for one in found} == set(Measure)
    for one in found:
        assert one.source.strip() and one.baseline.strip() and one.target.strip(), one.text
        assert one.baseline != one.target, one.text
        if one.measure in (Measure.NUMBER, Measure.PERCENTAGE):
            assert (one.baseline_value, one.target_value) == (Decimal(one.baseline), Decimal(one.target))
            assert one.unit.strip()
        if one.measure is Measure.PERCENTAGE:
            assert 0 <= one.baseline_value <= 100 and 0 <= one.target_value <= 100
        assert one.by_sex == bool(one.splits)
        assert not one.splits or sum(part.target for part in one.splits) == one.target_value


def test_many_projects_take_one_indicator_from_the_library(demo):
    shelf = db.session.get(CuratedIndicator, LIBRARY)
    taken = [one for project in of_the_fund() for one in project.indicators if one.library_code]
    assert len(taken) >= 30
    assert {(one.text, one.unit, one.measure.value, one.library_code) for one in taken} == {
        (shelf.name, shelf.unit, shelf.measure, LIBRARY)
    }


def test_a_submitted_workplan_stays_within_the_duration(demo):
    for project in of_the_fund():
        plans = {plan.result_id: plan for plan in project.plans}
        assert plans.keys() == {row.id for row in project.results if row.level is Level.ACTIVITY}
        for plan in plans.values():
            assert plan.responsible.strip(), project.title
            assert plan.months == sorted(set(plan.months)) and plan.months, project.title
            assert set(plan.months) <= set(range(1, project.duration_months + 1)), project.title


def test_a_submitted_risk_plan_has_treatments_and_owners(demo):
    scales = {row.code: row.scale for row in db.session.scalars(select(RiskScale))}
    for project in of_the_fund():
        assert len(project.risks) in range(3, 6)
        for risk in project.risks:
            codes = (risk.consequence_code, risk.likelihood_code, risk.treatment_code)
            assert [scales[code] for code in codes] == ["consequence", "likelihood", "treatment"]
            assert risk.factor.strip() and risk.timing.strip() and risk.action.strip() and risk.owner.strip()
            assert risk.due_on and (project.ends_on is None or risk.due_on <= project.first_ends_on)


def test_a_submitted_proposal_is_classified_and_its_gender_code_is_the_suggested_one(demo):
    kinds = {row.code: row.kind for row in db.session.scalars(select(MigrationGovernance))}
    for project in of_the_fund():
        assert {kinds[mark.code] for mark in project.governance} == {"principle", "objective"}
        assert project.sdgs and all(mark.note.strip() for mark in project.themes)
        answers, gender = project.gender_answers, project.edition.handbook.gender
        given = {str(answers.needs_analysis), str(answers.outputs), str(answers.activities)}
        fits = (
            one.code
            for one in gender.suggestions
            if one.all in (None, *(given if len(given) == 1 else ())) and one.main_aim in (None, answers.main_aim)
        )
        assert project.gender_marker_code == next(fits), project.title


def test_a_submitted_budget_pays_for_outputs_and_activities_of_its_matrix(demo):
    for project in of_the_fund():
        levels = {row.id: row.level for row in project.results}
        paid = [levels[line.result_id] for line in project.lines]
        assert set(paid) == {Level.OUTPUT, Level.ACTIVITY}, project.title


def test_partners_have_a_role_and_those_of_running_projects_an_agreement(demo):
    for project in of_the_fund():
        assert len(project.partners) >= 3 and all(one.role.strip() for one in project.partners)
        assert (project.partners[0].agreement == "signed") == (project.starts_on is not None)
        for one in project.partners:
            assert (one.agreement == "signed") == bool(one.agreement_reference)
        assert any(covered.requesting for covered in project.coverage)


def test_a_regional_project_is_allocated_by_country(demo):
    regional = [project for project in of_the_fund() if rules.is_regional(project)]
    assert len(regional) == 3
    for project in regional:
        assert {row.code for row in project.country_shares} == {row.country_code for row in project.coverage}
        assert sum(row.amount for row in project.country_shares) == project.budget
        assert sum(row.amount_usd for row in project.country_shares) == project.budget_usd
        assert [one.basis for one in project.bases if one.dimension is Dimension.COUNTRY] == [Basis.PERCENTAGE]
    ours = {project.id for project in regional}
    assert set(db.session.scalars(select(CountryAllocation.project_id))) == ours


def test_drafts_have_come_to_different_points(demo):
    drafts = of_the_fund(Status.DRAFT)
    levels = [Counter(row.level for row in project.results) for project in drafts]
    assert sorted(len(found) for found in levels) == [1, 4, 4, 4]
    assert sorted(len(project.risks) for project in drafts)[:2] == [0, 1]
    assert sorted(bool(project.sdgs) for project in drafts) == [False, False, True, True]
    assert [bool(project.governance) for project in drafts] == [bool(project.gender_marker_code) for project in drafts]
    whole = [
        project
        for project in drafts
        if project.plans and all(max(plan.months) <= project.duration_months for plan in project.plans)
    ]
    assert len(whole) == 2
    for project in of_the_fund(Status.CONCEPT):
        assert not (project.results or project.risks or project.partners or project.governance or project.lines)


def test_drafts_and_returned_proposals_carry_comments(demo):
    said = defaultdict(list)
    for comment in db.session.scalars(select(Comment)):
        said[comment.project_id].append(comment)
    there = of_the_fund(Status.DRAFT, Status.RETURNED)
    assert said.keys() == {project.id for project in there}
    for project in there:
        comments = said[project.id]
        assert {comment.resolved_at is None for comment in comments} == {True, False}
        for comment in comments:
            assert project.edition.handbook.section(comment.section_code)
            assert project.status_since < comment.at and comment.at.date() < TODAY
            assert (comment.resolved_at is None) == (comment.resolved_by_id is None)
            assert comment.resolved_at is None or comment.at < comment.resolved_at


def test_what_was_reviewed_was_frozen_with_its_matrix_and_plans(demo):
    for frozen in db.session.scalars(select(Round.snapshot)):
        assert frozen["results"] and frozen["workplan"] and frozen["risks"] and frozen["gender"]
        assert all(line["result"] for line in frozen["lines"])


def test_other_currencies_have_a_rate_on_the_day_of_the_demonstration(demo):
    assert rate_on(db.session(), "EUR", TODAY).usd_per_unit == Decimal("1.12")
    assert rate_on(db.session(), "EUR", TODAY.replace(year=2013)) is None


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
    for project_id, checksum in db.session.execute(select(Round.project_id, Round.sha256)):
        seals[project_id].add(checksum)
    assert sum(len(versions) == 2 for versions in seals.values()) == 3
    assert db.session.scalar(select(func.count()).where(Clearance.stands_id.is_not(None))) == 3


def test_reports_handed_in_are_complete(demo):
    statement = (
        select(Deadline)
        .join(Deadline.report)
        .where(Report.state.in_(IN))
        .options(
            joinedload(Deadline.project).options(
                joinedload(Project.edition),
                selectinload(Project.lines),
                selectinload(Project.beneficiaries),
                selectinload(Project.parties),
            ),
            selectinload(Deadline.evaluations).options(*with_judgements()),
            joinedload(Deadline.report).options(
                selectinload(Report.texts), selectinload(Report.reached), selectinload(Report.spending)
            ),
            selectinload(Deadline.lessons),
        )
    )
    rows = with_finance(db.session.scalars(statement).all())
    assert len(rows) > 300
    assert any(row.finance for row in rows)
    for row in rows:
        kind = report_type(row)
        assert kind is not None
        assert [str(need.text) for need in reporting_rules.missing(row, kind)] == []
        assert not row.is_open


def test_what_was_evaluated_has_its_response_and_lessons_stand_in_the_library(demo):
    found = db.session.scalars(select(Recommendation)).all()
    assert {one.response for one in found} == set(Response)
    assert any(is_late(one, TODAY) for one in found)
    kinds = db.session.scalars(select(Lesson.kind).where(Lesson.curated_at.is_not(None))).all()
    assert set(kinds) == set(LessonKind)


def test_some_reports_are_overdue(demo):
    assert count_overdue(db.session, None) in range(10, 61)
    assert count_overdue(db.session, None, asking.places(asking.Asked(region="NBO"))) >= 2


@pytest.mark.parametrize("name", BUSY)
def test_the_demonstrated_roles_have_something_to_do(built, demo, name):
    user = person(name)
    with built[0].test_request_context():
        duties = [duty for shelf in rooms.DESKS for duty in shelf.page(user, None, 50).duties]
        assert duties
        assert sum(shelf.count(user) for shelf in rooms.DESKS) >= len(duties)


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


def test_the_lights_show_every_colour(built, demo):
    shown = defaultdict(set)
    with built[0].test_request_context():
        for reference in db.session.scalars(select(Project.reference).where(Project.status == Status.ACTIVE)):
            project = monitored(reference)
            dates = (
                project.starts_on,
                project.ends_on,
                TODAY,
                project.edition.handbook.deadlines.monitoring_every_months,
            )
            figures = lights.figures(project, recorded(project), TODAY)
            for one in lights.lights(figures, rules_of(project), lights.Period(*dates), internal=True):
                shown[one.name].add(one.tone)
    assert set(shown) == {"Schedule", "Results", "Money", "Risk"}
    for name, tones in shown.items():
        assert tones == {lights.GREEN, lights.AMBER, lights.RED, lights.GREY}, name


def test_values_are_dated_and_tell_their_source_and_how_they_count(demo):
    values = db.session.scalars(
        select(IndicatorValue).options(
            joinedload(IndicatorValue.indicator).options(joinedload(Indicator.project), selectinload(Indicator.splits)),
            selectinload(IndicatorValue.parts),
        )
    ).all()
    assert len(values) > 300
    assert {one.indicator.counting for one in values} == set(Counting)
    for one in values:
        assert one.indicator.project.starts_on <= one.on_day < TODAY and one.on_day == one.saved_at.date()
        assert one.source and one.evidence
        if one.indicator.measure is Measure.PERCENTAGE:
            assert 0 <= one.numerator <= one.denominator
        elif one.indicator.measure is Measure.NUMBER:
            assert one.value >= 0 and (not one.indicator.splits or sum(part.amount for part in one.parts) == one.value)
            assert all(part.amount >= 0 for part in one.parts)
        else:
            assert one.words
    counted = db.session.scalars(select(Beneficiaries.counted).join(Project).where(Project.starts_on.is_not(None)))
    assert set(counted) == set(Counted)


def test_every_activated_project_was_frozen_and_each_change_that_took_effect_froze_it_again(demo):
    found = defaultdict(list)
    for version in db.session.scalars(select(Version).options(undefer(Version.snapshot)).order_by(Version.number)):
        found[version.project_id].append(version)
    activated = [project for project in everything() if project.starts_on]
    assert found.keys() == {project.id for project in activated}
    effective = Counter(db.session.scalars(select(Change.project_id).where(Change.state == ChangeState.APPROVED)))
    assert len(effective) == 3
    for project in activated:
        versions = found[project.id]
        assert [one.number for one in versions] == list(range(1, 2 + effective[project.id]))
        assert versions[0].snapshot["dates"]["ends_on"] == project.first_ends_on.isoformat()
        if project.status is not Status.CANCELLED:  # whose end came earlier than was agreed
            assert versions[-1].sha256 == seal(as_it_stands(queries.judged(project)))


def test_changes_stand_in_every_place_of_their_road(demo):
    changes = db.session.scalars(select(Change).options(selectinload(Change.steps))).all()
    states = Counter(one.state for one in changes)
    assert states == {
        ChangeState.ASKED: 1, ChangeState.ENDORSED: 1, ChangeState.RETURNED: 1, ChangeState.APPROVED: 3,
    }  # fmt: skip
    assert [one.kind for one in changes if one.free] == [ChangeKind.BUDGET]
    for one in changes:
        assert one.steps[-1].target is one.state and one.late_days == 0 and one.reason and one.effect
    extended = {one.change_id for project in everything() for one in project.extensions}
    assert extended == {one.id for one in changes if one.state is ChangeState.APPROVED and not one.free}


def test_every_deadline_of_the_fund_has_its_history(demo):
    rows = db.session.scalars(
        select(Deadline)
        .join(Deadline.project)
        .where(Project.funding == Funding.FUND)
        .options(selectinload(Deadline.changes), joinedload(Deadline.project))
    ).all()
    for row in rows:
        first, *later = row.changes
        assert first.old_due_on is None and first.new_due_on == row.first_due_on
        for before, after in pairwise(row.changes):
            assert before.new_due_on == after.old_due_on and before.at <= after.at
        assert row.changes[-1].new_due_on == (None if row.fell_away_at else row.due_on)
        assert all(one.why or one.reason for one in later)
    assert {one.change_id is None for row in rows for one in row.changes[1:]} == {True, False}
    asked = db.session.scalars(select(Deadline).where(Deadline.ad_hoc)).all()
    assert [one.is_open and bool(one.name) for one in asked] == [True]


def test_what_was_closed_was_confirmed_line_by_line(demo):
    lines = Counter(map(tuple, db.session.execute(select(Confirmation.project_id, Confirmation.closing))))
    begun = 0
    for project in of_the_fund(Status.ACTIVE, Status.OP_CLOSED, Status.FIN_CLOSED):
        operational, financial = (lines[project.id, closing] for closing in Closing)
        closed = project.status is not Status.ACTIVE
        begun += bool(operational) and not closed
        assert (operational == len(project.edition.handbook.closure)) == closed
        assert bool(financial) == (project.status is Status.FIN_CLOSED)
    assert begun


@pytest.mark.soak
def test_two_builds_are_the_same(demo, fresh, tmp_path):
    first = digest()
    clock.fix(TODAY)
    other = fresh("prima_demo_again")
    with other.app_context():
        fill_the_shelf()
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
            snapshot(project),
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
    told += [
        list(map(str, row))
        for row in db.session.execute(
            select(Project.reference, Version.number, Version.sha256)
            .join(Version, Version.project_id == Project.id)
            .order_by(Project.reference, Version.number)
        )
    ]
    told += [
        list(map(str, row))
        for row in db.session.execute(
            select(
                Indicator.text, *(getattr(IndicatorValue, name) for name in ("on_day", "value", "numerator", "words"))
            )
            .join(Indicator, Indicator.id == IndicatorValue.indicator_id)
            .order_by(IndicatorValue.id)
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
