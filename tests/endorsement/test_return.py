"""Returning with a reason, taking back, sending back early, and what a resubmission opens again."""

from __future__ import annotations

from sqlalchemy import select

from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.projects.models import Project, Section
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_road import letters, status
from tests.factories import a_project


def change(project: Project, code: str, text: str) -> None:
    section = db.session.scalars(select(Section).where(Section.project_id == project.id, Section.code == code)).one()
    section.text = text
    db.session.commit()


def open_roles(project: Project) -> set[Role]:
    db.session.expire_all()
    newest = db.session.scalars(
        select(Round).where(Round.project_id == project.id).order_by(Round.number.desc()).limit(1)
    ).one()
    found = db.session.scalars(select(Clearance).where(Clearance.round_id == newest.id))
    return {one.role for one in found if one.is_open}


def test_the_head_of_office_returns_with_a_reason_tied_to_sections(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.has_submitted(project)
    page = cast.open(Role.COM, f"/projects/{project.reference}/decisions/return").check()
    page = page.press("Return for changes")
    assert page.status == 422
    page = page.fill("Reason", "The problem is not clear.").press("Return for changes")
    assert (page.status, page.errors) == (
        422,
        ["Sections to be changed: Please tick at least one section that the reason is about."],
    )
    assert page.value("Reason") == "The problem is not clear."
    page = page.fill("Sections to be changed", ["Rationale"]).press("Return for changes")
    assert status(project) is Status.RETURNED
    page = cast.page(Role.PDEV, project).check()
    assert "What is to be changed" in page.text
    assert "The problem is not clear. Sections: Rationale" in page.text
    cast.has_submitted(project)
    assert status(project) is Status.OFFICE_CLEAR


def test_a_return_is_coming_until_all_have_answered(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    page = cast.review(Role.RME, project, Role.RME, "Return for changes", note="No baseline.")
    assert page.status == 422
    assert page.value("Comments, or the reason of a return (optional)") == "No baseline."
    page = page.fill("If you return it: sections to be changed", ["Monitoring"]).press("Return for changes")
    assert page.status == 200
    assert status(project) is Status.REVIEW
    page = cast.page(Role.PDEV, project).check()
    assert "A return is coming" in page.text
    assert ["Regional M&E officer", "return coming", "RME person"] in [
        row[:3] for row in page.rows("Answers in this round")
    ]
    assert f"Regional M&E officer returns {project.reference}" in letters(cast[Role.PDEV])
    cast.all_clear(project, but=(Role.RME,))
    assert status(project) is Status.RETURNED
    page = cast.page(Role.PDEV, project)
    assert "No baseline." in page.text


def test_a_resubmission_asks_only_those_whom_it_concerns(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="Which tools?", sections=("Monitoring",))
    cast.all_clear(project, but=(Role.RME,))
    change(project, "MON", "Better monitoring.")
    change(project, "RAT", "Better rationale.")  # concerns project development and the thematic specialist
    cast.has_submitted(project)
    assert status(project) is Status.REVIEW  # nothing material changed: the office's clearance stands
    assert open_roles(project) == {Role.RME, Role.RPDO, Role.RTS}
    page = cast.open(Role.RME, f"/projects/{project.reference}/clearances/rme").check()
    assert "Changed since round 1, the last round and the version you read last: Rationale, Monitoring." in page.text
    page = cast.page(Role.PDEV, project).check()
    rows = page.rows("Answers in this round")
    assert [
        "Regional resource management officer",
        "cleared in round 1, stands because none of its sections changed",
    ] in [row[:2] for row in rows]
    assert ["Chief of mission / head of office", "office clearance stands", "PRIMA"] in [row[:3] for row in rows]
    for role in (Role.RME, Role.RPDO, Role.RTS):
        cast.has_reviewed(role, project, role)
    assert status(project) is Status.ENDORSE
    record = cast.open(Role.RD, f"/projects/{project.reference}/endorsement").check()
    assert len(record.rows("Answers in round 1")) == 5
    page = cast.open(Role.RD, f"/projects/{project.reference}/endorsement/2").check()
    assert "Changed since round 1: Rationale, Monitoring." in page.text


def test_a_material_change_goes_to_the_head_of_office_again(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_endorser(project)
    cast.has_decided(Role.RD, project, "return", note="Another title.", sections=("Cover",))
    project.title = "Another title"
    db.session.commit()
    cast.has_submitted(project)
    assert status(project) is Status.OFFICE_CLEAR
    cast.has_decided(Role.COM, project, "clear")
    assert open_roles(project) == {Role.RPDO}


def test_the_coordinator_sends_it_back_early_and_drafts_continue(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    draft = cast.review(Role.RRMO, project, Role.RRMO, "Save as a draft", note="Half way.")
    assert draft.status == 200
    assert "Half way." not in cast.page(Role.PDEV, project).text
    assert cast.open(Role.RME, f"/projects/{project.reference}/clearances/rrmo").status == 403
    cast.has_reviewed(Role.RTS, project, Role.RTS)
    page = cast.decide(Role.RPDO, project, "return", note="The letter is missing.", sections=("Cover",))
    assert page.status == 200
    assert status(project) is Status.RETURNED
    project.summary = "Another summary"
    db.session.commit()
    cast.has_submitted(project)
    cast.has_decided(Role.COM, project, "clear")
    assert open_roles(project) == {Role.RRMO, Role.RPDO, Role.RME}
    page = cast.open(Role.RRMO, f"/projects/{project.reference}/clearances/rrmo")
    assert page.value("Comments, or the reason of a return (optional)") == "Half way."
    record = cast.open(Role.RD, f"/projects/{project.reference}/endorsement").check()
    assert "not answered in this round" in record.text


def test_an_answer_is_taken_back_until_the_proposal_moves(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RTS, project, Role.RTS, "Clear with comments", note="Good.")
    page = cast.open(Role.RTS, f"/projects/{project.reference}/clearances/rts").check()
    page = page.press("Take this answer back").check()
    assert page.status == 200
    assert open_roles(project) == {Role.RPDO, Role.RTS, Role.RRMO, Role.RME}
    cast.has_reviewed(Role.RTS, project, Role.RTS)
    page = cast.open(Role.RTS, f"/projects/{project.reference}/clearances/rts")
    cast.all_clear(project, but=(Role.RTS,))
    assert page.press("Take this answer back").status == 409


def test_a_check_that_must_pass_cannot_be_cleared_with_no(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    page = cast.open(Role.RTS, f"/projects/{project.reference}/clearances/rts").press("Clear")
    assert page.status == 422
    assert "Please answer: Is the problem clear and is IOM the right actor?" in page.errors
    links = page.soup.select(".error-summary a")
    assert links and all(page.soup.select_one(f"input[type=radio]{link['href']}") for link in links)
    page = cast.review(Role.RTS, project, Role.RTS, answer="No")
    assert page.status == 422
    assert open_roles(project) == {Role.RPDO, Role.RTS, Role.RRMO, Role.RME}
    page.fill("Is the problem clear and is IOM the right actor?", "Not applicable")
    assert "Answered “no”, and it must pass: Is the problem clear and is IOM the right actor?" in page.errors
    page = cast.review(Role.RTS, project, Role.RTS, answer="Not applicable")
    assert page.status == 200
    assert cast.review(Role.RME, project, Role.RME, "Clear with comments").status == 422


def test_a_decision_on_a_stale_page_is_told_what_happened(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    stale = cast.open(Role.RTS, f"/projects/{project.reference}/clearances/rts")
    cast.has_decided(Role.RPDO, project, "return", note="Early.", sections=("Cover",))
    cast.has_submitted(project)
    for question in cast.questions(stale):
        stale.fill(question, "Yes")
    page = stale.fill("Comments, or the reason of a return (optional)", "Keep me").press("Clear")
    assert page.status == 409
    assert "PRIMA took the step “Office clearance stands”" in page.errors[0]
    assert page.value("Comments, or the reason of a return (optional)") == "Keep me"
    assert Role.RTS in open_roles(project)


def test_two_colleagues_draft_the_same_clearance(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.add("second", Role.RTS, "NBO")
    mine = cast.open("second", f"/projects/{project.reference}/clearances/rts")
    cast.has_reviewed(Role.RTS, project, Role.RTS, "Save as a draft", note="First.")
    page = mine.fill("Comments, or the reason of a return (optional)", "Second.").press("Save as a draft").check()
    assert page.status == 409
    assert ["Note", "Second.", "First."] in page.rows("What you typed, and what stands there now")


def test_fund_management_returns_refuses_and_retains(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_fund(project)
    cast.has_decided(Role.FUND, project, "retain", note="No money this year.")
    assert status(project) is Status.RETAINED
    assert "Take up the retained proposal" in cast.open(Role.FUND, "/").text
    cast.has_decided(Role.FUND, project, "take-up")
    cast.has_decided(Role.FUND, project, "return", note="Costs.", sections=("Budget",))
    assert status(project) is Status.RETURNED
    cast.has_submitted(project)
    assert status(project) is Status.ENDORSE
    cast.has_decided(Role.RD, project, "endorse")
    cast.has_decided(Role.FUND, project, "to-fund")
    cast.has_reviewed(Role.FUND, project, Role.FUND, "Save the answers")
    cast.has_decided(Role.FUND, project, "recommend")
    cast.has_decided(Role.DDG, project, "back", note="One question.")
    assert status(project) is Status.FUND_REVIEW
    cast.has_decided(Role.FUND, project, "recommend")
    cast.has_decided(Role.DDG, project, "refuse", note="Not now.")
    assert status(project) is Status.REJECTED
