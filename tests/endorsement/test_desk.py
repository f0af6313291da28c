"""On my desk: what waits for each role, and how often the database is asked."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import Round
from prima.endorsement.overview import desk
from prima.projects.snapshot import changed_sections
from prima.projects.stages import Funding, Status
from prima.sessions import with_rights
from prima.users import Role, User
from tests.factories import a_project, a_user

PLACES = [
    (Status.OFFICE_CLEAR, Role.COM, "KEN", Funding.FUND, "Clear for the office"),
    (Status.ENDORSE, Role.RD, "NBO", Funding.FUND, "Endorse or return"),
    (Status.ENDORSED, Role.FUND, None, Funding.FUND, "Take the endorsed proposal on"),
    (Status.ENDORSED, Role.RPDO, "NBO", Funding.DONOR, "Take the endorsed proposal on"),
    (Status.FUND_REVIEW, Role.FUND, None, Funding.FUND, "Review for the Fund"),
    (Status.RETAINED, Role.FUND, None, Funding.FUND, "Take up the retained proposal"),
    (Status.APPROVER, Role.DDG, None, Funding.FUND, "Approve or refuse"),
    (Status.DONOR_SUBMITTED, Role.RPDO, "NBO", Funding.DONOR, "Record the donor's answer"),
    (Status.APPROVED, Role.FUND, None, Funding.FUND, "Activate the approved project"),
    (Status.APPROVED, Role.RRMO, "NBO", Funding.DONOR, "Activate the approved project"),
]


def test_each_role_finds_its_own(app):
    with app.test_request_context(method="POST"):
        for status, role, at, funding, what in PLACES:
            project = a_project(status=status, funding=funding)
            elsewhere = a_project(status=status, funding=funding, office_code="SEN")
            found = {duty.reference: duty for duty in desk(a_user(role, at)).duties}
            assert found[project.reference].what == what
            assert (elsewhere.reference in found) == (at is None)
            project.status = Status.WITHDRAWN
            elsewhere.status = Status.WITHDRAWN
            db.session.flush()


def test_a_returned_proposal_lies_with_its_developer(app):
    developer = a_user(Role.PDEV, "KEN")
    project = a_project(developer=developer, status=Status.RETURNED)
    with app.test_request_context(method="POST"):
        (duty,) = desk(developer).duties
        assert (duty.reference, duty.what) == (project.reference, "Change the proposal and submit it again")
        assert desk(a_user(Role.PDEV, "KEN")).duties == []


def test_the_desk_asks_the_same_number_of_questions_for_2_as_for_12(app, questions):
    developer, reviewer = a_user(Role.PDEV, "KEN"), a_user(Role.RPDO, "NBO")
    head = a_user(Role.COM, "KEN")
    for role in (Role.RTS, Role.RME):  # else the reviewer would answer for them
        a_user(role, "NBO")
    reviewer_id = reviewer.id
    counted = []
    with app.test_request_context(method="POST"):
        for number in (2, 10):
            for _ in range(number):
                project = a_project(developer=developer, complete=True)
                operations.submit(project, "submit", actor=developer)
                operations.decide(project, "clear", actor=head, seen=project.steps[-1].id)
            db.session.commit()
            user = db.session.scalars(
                select(User)
                .where(User.id == reviewer_id)
                .options(*with_rights())
                .execution_options(populate_existing=True)
            ).one()
            questions.clear()
            duties = desk(user).duties
            counted.append(len(questions))
    assert {duty.what for duty in duties} == {"Review as Regional project development officer"}
    assert {duty.due_on for duty in duties} == {date(2016, 10, 14)}  # ten working days after a Saturday
    assert len(duties) == 12
    assert counted[0] == counted[1] <= 6, questions


BEFORE = {"sections": {"RAT": "a", "SUM": "b", "OLD": "c"}, "results": [{"n": 1}], "lines": [], "cover": {"t": "x"}}
AFTER = {"sections": {"RAT": "a", "SUM": "new", "NEW": "d"}, "results": [{"n": 2}], "risks": [], "cover": {"t": "x"}}


def test_the_database_compares_versions_as_the_snapshots_do(app):
    project, by = a_project(), a_user()
    rounds = [
        Round(project_id=project.id, number=number, submitted_by_id=by.id, snapshot=frozen, sha256="0")
        for number, frozen in ((1, BEFORE), (2, AFTER), (3, AFTER))
    ]
    db.session.add_all(rounds)
    db.session.flush()
    first, second, third = (one.id for one in rounds)
    found = queries.changed_since({(first, second), (second, third)})
    assert found == {(first, second): changed_sections(BEFORE, AFTER), (second, third): set()}
    assert found[first, second] == {"SUM", "OLD", "NEW", "MAT"}
