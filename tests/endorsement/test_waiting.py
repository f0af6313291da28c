"""Everything that waits by office and region, how long it takes, and what the pages of the desk ask of the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from prima import clock
from prima.db import db
from prima.endorsement.models import Clearance
from prima.projects.models import Step
from prima.projects.stages import Funding, Status
from prima.users import Role
from tests.endorsement.cast import PLACES, Cast
from tests.factories import a_project, a_user

DESK_BOUND = 12


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


def test_what_waits_stands_with_who_has_it_and_can_be_narrowed(cast):
    old = a_project(status=Status.ENDORSE, title="Old one")
    old.status_since = clock.now() - timedelta(days=30)
    new = a_project(status=Status.OFFICE_CLEAR, title="New one", office_code="SEN")
    page = cast.open(Role.DDG, "/waiting").check()
    rows = page.rows("What waits")
    assert [row[0].split()[0] for row in rows] == [old.reference, new.reference]
    assert rows[0][3] == "RD person" and "late" in rows[0][5] and "of 5 working days" in rows[0][5]
    assert rows[1][3] == "nobody can do it"
    for query, left in (("late=yes", old), ("region=DKR", new), ("office=KEN", old), ("role=COM", new)):
        assert [row[0].split()[0] for row in cast.open(Role.DDG, f"/waiting?{query}").rows("What waits")] == [
            left.reference
        ]
    assert "New one" not in cast.open(Role.RD, "/waiting").text
    assert "There is no “NOWHERE”" in cast.open(Role.RD, "/waiting?region=NOWHERE&after=%00").text


def test_how_long_it_took_by_region_and_role(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_endorser(project)
    cast.has_decided(Role.RD, project, "endorse")
    early = clock.now() - timedelta(days=20)
    db.session.execute(update(Step).where(Step.move == "submit").values(at=early))
    db.session.execute(update(Clearance).where(Clearance.role == Role.RTS).values(opened_at=early, due_on=early.date()))
    db.session.commit()
    page = cast.open(Role.RD, "/waiting/times").check()
    (region, everything) = page.rows("From the first submission to the endorsement, by Regional Office")
    assert region[1:] == everything[1:] == ["1", "20.0", "20.0"] and everything[0] == "All"
    roles = {row[0]: row[1:] for row in page.rows("From the opening of a clearance to its answer, by role")}
    assert roles["Regional thematic specialist"] == ["1", "20.0", "20.0", "0%"]
    assert roles["Regional M&E officer"] == ["1", "0.0", "0.0", "100%"]
    assert "Figures will stand here" in cast.open(Role.RD, "/waiting/times?year=2012").text


def test_every_roles_desk_asks_as_much_for_many_as_for_two(cast, questions):
    """A test per role: each has its own on the desk, and no desk asks more than the bound."""
    asked: dict[Role, list[int]] = {}
    for number in (2, 6):
        for _ in range(number):
            for status in (Status.OFFICE_CLEAR, Status.ENDORSE, Status.ENDORSED, Status.FUND_REVIEW, Status.APPROVER):
                a_project(status=status)
            a_project(status=Status.DONOR_SUBMITTED, funding=Funding.DONOR)
            a_project(status=Status.APPROVED, funding=Funding.DONOR)
            a_project(status=Status.OFFICE_CLEAR, office_code="SEN")
            a_project(developer=cast[Role.PDEV])
            project = a_project(developer=cast[Role.PDEV], complete=True)
            if number == 2:
                cast.to_review(project)
        db.session.commit()
        for role in PLACES:
            questions.clear()
            page = cast.open(role, "/desk")
            if page.status == 200 and not asked.get(role):
                questions.clear()  # the first page signed in
                page = cast.open(role, "/desk")
            asked.setdefault(role, []).append(sum("UPDATE sign_in" not in one for one in questions))
            assert page.rows("What waits for you"), role
    assert all(first == second <= DESK_BOUND for first, second in asked.values()), asked
    assert db.session.scalar(select(Clearance.id).limit(1))
    assert a_user().id
