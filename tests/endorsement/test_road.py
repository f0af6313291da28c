"""The straight road of a proposal from submitted to approved, through pages, each step by another person."""

from __future__ import annotations

from sqlalchemy import select

from prima.db import db
from prima.endorsement.models import Round
from prima.endorsement.steps import ANSWERED
from prima.outbox import Letter
from prima.projects.models import Project, Step
from prima.projects.snapshot import seal
from prima.projects.stages import DECIDE, LIFECYCLE, RECALL, Funding, Status
from prima.users import Role
from tests.endorsement.cast import REVIEWERS, Cast
from tests.factories import a_project


def status(project: Project) -> Status:
    db.session.expire_all()
    return db.session.scalars(select(Project.status).where(Project.id == project.id)).one()


def test_a_fund_project_is_endorsed_and_approved(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit").check()
    assert ["Chief of mission / head of office", "Kenya", "always", "COM person", "5"] in page.rows("This will go to")
    page = page.press("Submit")
    assert page.status == 200
    assert status(project) is Status.OFFICE_CLEAR
    assert "COM person" in page.check().text

    assert cast.decide(Role.COM, project, "clear").status == 200
    assert status(project) is Status.REVIEW
    for role in REVIEWERS:
        assert status(project) is Status.REVIEW
        page = cast.review(role, project, role)
        assert page.status == 200
    assert status(project) is Status.ENDORSE

    cast.decide(Role.RD, project, "endorse")
    assert status(project) is Status.ENDORSED
    cast.decide(Role.FUND, project, "to-fund")
    assert status(project) is Status.FUND_REVIEW
    page = cast.open(Role.FUND, f"/projects/{project.reference}/decisions/recommend").press("Recommend for approval")
    assert page.status == 409
    assert "Is every benefiting State eligible" in page.text
    page = cast.review(Role.FUND, project, Role.FUND, "Save the answers").check()
    page.follow("Recommend for approval").press("Recommend for approval")
    assert status(project) is Status.APPROVER
    page = cast.decide(Role.DDG, project, "approve")
    assert status(project) is Status.APPROVED
    assert "Activate" in cast.page(Role.FUND, project).text

    record = cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement").check()
    rows = record.rows("Answers in round 1")
    assert [row[:3] for row in rows] == [
        ["Chief of mission / head of office", "cleared for review", "COM person"],
        *([name, "cleared", f"{role} person"] for role, name in zip(REVIEWERS, REVIEWER_NAMES, strict=True)),
        ["Regional director / endorser", "endorsed", "RD person"],
        ["Fund management", "taken up for Fund review", "FUND person"],
        ["Fund management", "recommended for approval", "FUND person"],
        ["Deputy Director General (approver)", "approved", "DDG person"],
    ]
    assert "version matches its checksum" in record.text


def test_the_record_has_words_for_whatever_is_decided():
    decided = {move.name for status in Status for move in LIFECYCLE.moves_from(status) if move.via in (DECIDE, RECALL)}
    assert {"clear", "endorse", "recommend", "approve", "approved", "recall"} <= decided
    assert decided <= set(ANSWERED)


REVIEWER_NAMES = (
    "Regional project development officer",
    "Regional thematic specialist",
    "Regional resource management officer",
    "Regional M&E officer",
)


def test_a_donor_project_goes_to_the_donor_and_comes_back_approved(browser_of):
    cast = Cast(browser_of)
    cast.add("manager")
    project = a_project(developer=cast[Role.PDEV], manager=cast["manager"], funding=Funding.DONOR, complete=True)
    cast.to_endorser(project)
    cast.decide(Role.RD, project, "endorse")
    cast.decide("manager", project, "to-donor")
    assert status(project) is Status.DONOR_SUBMITTED
    assert cast.decide(Role.RPDO, project, "approved", note="Letter of 28 September.").status == 200
    assert status(project) is Status.APPROVED
    assert cast.open(Role.FUND, f"/projects/{project.reference}/decisions/to-fund").status == 409


def test_a_donor_who_asks_for_changes_gets_a_new_round(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], funding=Funding.DONOR, complete=True)
    cast.to_endorser(project)
    cast.decide(Role.RD, project, "endorse")
    cast.decide(Role.RPDO, project, "to-donor")
    cast.decide(Role.RPDO, project, "changes", note="Shorter.")
    assert status(project) is Status.DONOR_CHANGES
    cast.submit(project)
    assert status(project) is Status.ENDORSE  # nothing changed: every clearance stands


def test_submitting_freezes_the_proposal_with_its_checksum(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.submit(project)
    frozen = db.session.scalars(select(Round)).one()
    assert seal(frozen.snapshot) == frozen.sha256
    assert frozen.snapshot["sections"]["RAT"] == "Text of Rationale."
    assert sum(float(line["amount"]) for line in frozen.snapshot["lines"]) == 100_000
    page = cast.open(Role.COM, f"/projects/{project.reference}/endorsement/1").check()
    assert page.rows("Budget lines")[0][-1] == "20,000"
    assert "Text of Rationale." in page.text


def test_what_is_missing_is_listed_with_links(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], budget=100_000)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit").check()
    assert "Submit" not in page.buttons
    assert "the executing agency" in page.links
    page = page.browser.request("POST", page.url)
    assert status(project) is Status.DRAFT


def test_letters_go_to_those_who_have_it_and_to_the_developer(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.submit(project)
    assert letters(cast[Role.COM]) == [f"Clear for the office: {project.reference}"]
    assert letters(cast[Role.PDEV]) == []
    cast.decide(Role.COM, project, "clear")
    for role, name in zip(REVIEWERS, REVIEWER_NAMES, strict=True):
        assert letters(cast[role]) == [f"Review as {name}: {project.reference}"]
    assert letters(cast[Role.PDEV]) == [f"Clear for review: {project.reference}"]
    cast.all_clear(project)
    assert letters(cast[Role.RD]) == [f"Endorse or return: {project.reference}"]
    assert len(letters(cast[Role.PDEV])) == 1 + 4 + 1
    assert letters(cast[Role.ADMIN]) == []


def test_a_role_that_nobody_holds_is_told_to_the_administrators(browser_of):
    cast = Cast(browser_of, without=(Role.COM, Role.RTS))
    project = a_project(developer=cast[Role.PDEV], complete=True)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
    rows = {row[0]: row[3] for row in page.check().rows("This will go to")}
    assert rows["Chief of mission / head of office"] == (
        "nobody Nobody holds this role for Kenya; the regional endorser names who clears for the office. "
        "Administrators are told."
    )
    assert rows["Regional thematic specialist"] == (
        "RPDO person nobody Nobody holds this role in Nairobi; the Regional project development officer answers for "
        "it. Administrators are told."
    )
    cast.submit(project)
    assert letters(cast[Role.RD]) == [f"Name who clears for the office: {project.reference}"]
    cast.add("head", Role.COM, "KEN")
    cast.decide("head", project, "clear")
    assert letters(cast[Role.ADMIN]) == [
        f"Nobody for 2 roles: {project.reference}",
        f"Nobody for “Regional thematic specialist”: {project.reference}",
    ]
    body = db.session.scalars(select(Letter.body).where(Letter.recipient == cast[Role.ADMIN].email)).first()
    assert (
        "- Regional thematic specialist, Regional Office Nairobi: Nobody holds this role in Nairobi; the Regional "
        "project development officer answers for it." in body
    )
    assert "- Chief of mission / head of office, Kenya: Nobody holds this role for Kenya" in body
    assert "RPDO person, as nobody holds the role" in cast.page(Role.PDEV, project).text


def letters(user) -> list[str]:
    return list(db.session.scalars(select(Letter.subject).where(Letter.recipient == user.email).order_by(Letter.id)))


def test_the_first_step_is_by_the_developer(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.submit(project)
    step = db.session.scalars(select(Step).order_by(Step.id.desc()).limit(1)).one()
    assert (step.actor_id, step.target) == (cast[Role.PDEV].id, Status.OFFICE_CLEAR)
