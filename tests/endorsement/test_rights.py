"""Who may decide, and who never: segregation of duties, delegations, strangers."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from prima.db import db
from prima.journal import Entry
from prima.permissions import Action, can
from prima.projects.models import Document, Part, Party, Project
from prima.projects.queries import locked
from prima.projects.stages import Funding, Status
from prima.sessions import with_rights
from prima.users import Delegation, Role, User
from tests.endorsement.cast import Cast
from tests.factories import a_project, a_user, grant

DECIDERS = [
    (Action.CLEAR_OFFICE, Role.COM, "KEN", Status.OFFICE_CLEAR),
    (Action.REVIEW, Role.RTS, "NBO", Status.REVIEW),
    (Action.SEND_BACK, Role.RPDO, "NBO", Status.REVIEW),
    (Action.ENDORSE, Role.RD, "NBO", Status.ENDORSE),
    (Action.ROUTE_ENDORSED, Role.FUND, None, Status.ENDORSED),
    (Action.FUND_REVIEW, Role.FUND, None, Status.FUND_REVIEW),
    (Action.APPROVE, Role.DDG, None, Status.APPROVER),
]
each_decider = pytest.mark.parametrize(("action", "role", "at", "status"), DECIDERS, ids=str)


def may(user: User, action: Action, project: Project) -> bool:
    db.session.commit()
    fresh = locked(project.id)
    person = db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()
    return can(person, action, fresh)


def gave(project: Project, user: User, part: Part) -> None:
    db.session.add(Party(project_id=project.id, user_id=user.id, part=part))
    db.session.flush()


def stands_in(delegate: User, absent: User, role: Role | None = None) -> None:
    db.session.add(
        Delegation(
            absent_id=absent.id,
            delegate_id=delegate.id,
            role=role,
            from_on=date(2016, 9, 1),
            until_on=date(2016, 12, 1),
            made_by_id=absent.id,
        )
    )
    db.session.flush()


@each_decider
def test_only_the_role_at_its_place_decides(app, action, role, at, status):
    project = a_project(status=status)
    assert may(a_user(role, at), action, project)
    assert not may(a_user(role, at, confirmed=False), action, project)
    if at:
        assert not may(a_user(role, "SEN" if at == "KEN" else "DKR"), action, project)
    assert not may(a_user(Role.VIEW), action, project)
    assert not may(a_user(Role.ADMIN), action, project)


@each_decider
@pytest.mark.parametrize("part", [Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE, Part.AUTHOR])
def test_nobody_who_was_ever_on_the_team_decides(app, action, role, at, status, part):
    project = a_project(status=status)
    user = a_user(role, at)
    gave(project, user, part)
    party = db.session.scalars(select(Party).where(Party.user_id == user.id)).one()
    party.until_at = project.created_at
    assert not may(user, action, project)


@each_decider
def test_a_delegate_decides_unless_barred(app, action, role, at, status):
    project = a_project(status=status)
    absent, delegate = a_user(role, at), a_user(Role.VIEW)
    stands_in(delegate, absent)
    assert may(delegate, action, project)
    gave(project, delegate, Part.AUTHOR)
    assert not may(delegate, action, project)


@each_decider
def test_a_delegation_gives_nothing_that_the_absent_person_is_barred_from(app, action, role, at, status):
    project = a_project(status=status)
    absent, delegate = a_user(role, at), a_user(Role.VIEW)
    stands_in(delegate, absent)
    gave(project, absent, Part.DEVELOPER)
    assert not may(delegate, action, project)


def test_delegations_do_not_chain(app):
    project = a_project(status=Status.ENDORSE)
    absent, delegate, third = a_user(Role.RD, "NBO"), a_user(Role.VIEW), a_user(Role.VIEW)
    stands_in(delegate, absent)
    stands_in(third, delegate)
    assert not may(third, Action.ENDORSE, project)


@pytest.mark.parametrize("part", [Part.CLEARED_OFFICE, Part.REVIEWED])
def test_the_endorser_gave_no_clearance(app, part):
    project = a_project(status=Status.ENDORSE)
    user = a_user(Role.RD, "NBO")
    gave(project, user, part)
    assert not may(user, Action.ENDORSE, project)


@pytest.mark.parametrize("part", [Part.CLEARED_OFFICE, Part.REVIEWED, Part.ENDORSED, Part.FUND_REVIEWED])
def test_the_approver_is_a_further_person(app, part):
    project = a_project(status=Status.APPROVER)
    user = a_user(Role.DDG)
    gave(project, user, part)
    assert not may(user, Action.APPROVE, project)


def test_a_donors_answer_is_for_the_coordinator_and_the_manager(app):
    manager = a_user()
    project = a_project(status=Status.DONOR_SUBMITTED, funding=Funding.DONOR, manager=manager)
    assert may(manager, Action.ANSWER_DONOR, project)
    assert may(a_user(Role.RPDO, "NBO"), Action.ANSWER_DONOR, project)
    assert not may(a_user(Role.FUND), Action.ANSWER_DONOR, project)
    assert not may(a_user(Role.FUND), Action.ROUTE_ENDORSED, project)
    assert not may(a_user(Role.FUND), Action.FUND_REVIEW, project)


def test_one_person_may_give_two_reviewers_clearances_but_not_endorse(browser_of):
    cast = Cast(browser_of)
    cast.also(Role.RTS, Role.RME)
    cast.also(Role.RTS, Role.RD)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    assert cast.review(Role.RTS, project, Role.RTS).status == 200
    assert cast.review(Role.RTS, project, Role.RME).status == 200
    cast.all_clear(project, but=(Role.RTS, Role.RME))
    assert cast.open(Role.RTS, f"/projects/{project.reference}/decisions/endorse").status == 403
    record = cast.open(Role.RD, f"/projects/{project.reference}/endorsement")
    assert [row[2] for row in record.rows("Answers in round 1")].count("RTS person") == 2


def test_the_record_says_a_for_b(browser_of):
    cast = Cast(browser_of)
    stands_in(cast.add("delegate", Role.VIEW), cast[Role.RME])
    stands_in(cast.add("other", Role.VIEW), cast[Role.RD])
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    assert "Review as Regional M&E officer" in cast.open("delegate", "/").text
    page = cast.open("delegate", f"/projects/{project.reference}/clearances/rme").check()
    assert "You answer for RME person." in page.text
    cast.has_reviewed("delegate", project, Role.RME)
    cast.all_clear(project, but=(Role.RME,))
    assert "You decide for RD person." in cast.open("other", f"/projects/{project.reference}/decisions/endorse").text
    cast.has_decided("other", project, "endorse")
    rows = cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement").rows("Answers in round 1")
    assert ["Regional M&E officer", "cleared", "delegate person for RME person"] in [row[:3] for row in rows]
    assert rows[-1][:3] == ["Regional director / endorser", "endorsed", "other person for RD person"]
    entry = db.session.scalars(select(Entry).where(Entry.event == "moved").order_by(Entry.id.desc()).limit(1)).one()
    assert (entry.actor_id, entry.behalf_of_id) == (cast["other"].id, cast[Role.RD].id)
    assert not may(cast[Role.RME], Action.ENDORSE, project)


def test_a_stranger_finds_nothing_and_a_wrong_role_may_not(browser_of):
    cast = Cast(browser_of)
    cast.add("stranger", Role.COM, "SEN")
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    here = f"/projects/{project.reference}"
    for page in ("/submit/submit", "/decisions/clear", "/clearances/rts", "/endorsement", "/endorsement/1"):
        assert cast.open("stranger", here + page).status == 404, page
    assert cast.open(Role.RME, f"{here}/clearances/rts").status == 403
    assert cast.open(Role.RME, f"{here}/decisions/return").status == 403
    assert cast.open(Role.COM, f"{here}/submit/submit").status == 403
    assert cast.open(Role.RTS, f"{here}/clearances/com").status == 404
    assert cast.open(Role.RTS, f"{here}/decisions/nonsense").status == 404
    assert cast.open(Role.RD, f"{here}/decisions/clear").status == 409
    assert cast.open(Role.RD, f"{here}/endorsement/7").status == 404


def test_the_endorser_names_who_clears_when_the_head_of_office_is_on_the_team(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.COM], complete=True)
    named = cast.add("named")
    cast.has_submitted(project, who=Role.COM)
    assert cast.open(Role.COM, f"/projects/{project.reference}/decisions/clear").status == 403
    page = cast.open(Role.RD, "/")
    assert "Name who clears for the office" in page.text
    page = page.follow("Name who clears for the office").check()
    page = page.fill("E-mail address of the colleague", cast[Role.COM].email).press("Name this colleague")
    assert page.status == 422
    page = page.fill("E-mail address of the colleague", named.email).press("Name this colleague")
    assert page.status == 200
    assert "Clear for the office" in cast.open("named", "/").text
    assert cast.decide("named", project, "clear").status == 200
    assert cast.open("named", f"/projects/{project.reference}/decisions/clear").status == 409
    assert not may(named, Action.CLEAR_OFFICE, project)


def test_nobody_is_named_while_the_head_of_office_can_clear(browser_of):
    cast = Cast(browser_of)
    named = cast.add("named")
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.has_submitted(project)
    assert "Name who clears" not in cast.open(Role.RD, "/").text
    page = cast.open(Role.RD, f"/projects/{project.reference}/office-clearance")
    assert page.fill("E-mail address of the colleague", named.email).press("Name this colleague").status == 409


def test_plain_staff_read_no_notes_of_reviewers(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RPDO, project, Role.RPDO, "Clear with comments", note="Between us.")
    cast.all_clear(project, but=(Role.RPDO,))
    cast.has_decided(Role.RD, project, "endorse")
    cast.add("staff", Role.VIEW)
    page = cast.open("staff", f"/projects/{project.reference}/endorsement").check()
    assert "cleared with comments" in page.text
    assert "Between us." not in page.text
    version = cast.open("staff", f"/projects/{project.reference}/endorsement/1").check()
    assert version.rows("Budget lines")[0][2] == ""
    assert "Between us." in cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement").text


def test_whoever_endorsed_does_not_review_for_the_fund_nor_the_other_way_round(app):
    user = a_user(Role.RD, "NBO")
    grant(user, Role.FUND)
    endorsed, reviewed = a_project(status=Status.FUND_REVIEW), a_project(status=Status.ENDORSE)
    gave(endorsed, user, Part.ENDORSED)
    gave(reviewed, user, Part.FUND_REVIEWED)
    assert not may(user, Action.FUND_REVIEW, endorsed)
    assert not may(user, Action.ENDORSE, reviewed)


@pytest.mark.parametrize(
    ("funding", "role", "at"), [(Funding.FUND, Role.FUND, None), (Funding.DONOR, Role.RRMO, "NBO")]
)
def test_nobody_activates_or_runs_in_place_of_the_team(app, funding, role, at):
    absent, delegate = a_user(role, at), a_user()
    stands_in(delegate, absent)
    other, own = (a_project(status=Status.APPROVED, funding=funding) for _ in range(2))
    gave(own, absent, Part.DEVELOPER)
    for action in (Action.ACTIVATE, Action.RUN):
        assert may(delegate, action, other)
        assert not may(delegate, action, own)
        assert not may(absent, action, own)


def test_plain_staff_do_not_learn_of_internal_annexes_from_a_frozen_version(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    db.session.add(
        Document(
            project_id=project.id,
            type_code="RISK",
            version=1,
            title="Risks",
            file_name="risks.pdf",
            media_type="application/pdf",
            size=1,
            sha256="1" * 64,
            filed_by_id=cast[Role.PDEV].id,
        )
    )
    cast.to_review(project)
    cast.all_clear(project)
    cast.has_decided(Role.RD, project, "endorse")
    cast.add("staff", Role.VIEW)
    url = f"/projects/{project.reference}/endorsement/1"
    assert "Risk assessment plan" in cast.open(Role.PDEV, url).text
    assert "Risk assessment plan" not in cast.open("staff", url).check().text
