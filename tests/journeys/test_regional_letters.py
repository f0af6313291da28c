"""A regional project for the Fund: no submission before two States wrote, and a reason where most of them did not."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import CheckAnswer, Clearance, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import checks
from prima.projects.models import Document, Project
from prima.projects.stages import Status
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast, Person

TITLE = "Free movement of workers in East Africa"
COUNTRIES = ("KEN", "UGA", "RWA", "TZA")
PLACES = {
    "developer": (Role.PDEV, "KEN"),
    "head": (Role.COM, "KEN"),
    "coordinator": (Role.RPDO, "NBO"),
    "specialist": (Role.RTS, "NBO"),
    "money": (Role.RRMO, "NBO"),
    "monitoring": (Role.RME, "NBO"),
    "endorser": (Role.RD, "NBO"),
    "fund": (Role.FUND, None),
    "approver": (Role.DDG, None),
}
TWO = "At least 2 eligible benefiting Member States endorse a regional project by letter."
MOST = "Where more than two States benefit, letters come from more than 50 percent of the eligible ones."
REGION = "Do two or more eligible States endorse the project, and a majority where many benefit?"
REASON = "The other two ministries write in spring; the <b>free movement protocol</b> binds them already."
FILE = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 The Ministry asks the Fund."}


@pytest.fixture(
    params=[
        pytest.param((True, 1280), id="script"),
        pytest.param((False, 390), id="no script, narrow", marks=pytest.mark.soak),
    ]
)
def cast(browser_page, request) -> Cast:
    script, width = request.param
    cast = Cast(browser_page, {"javascript": script, "width": width})
    for key, (role, place) in PLACES.items():
        cast.add(key, role, place, f"Person of {key}")
    return cast


@pytest.fixture
def project(cast) -> Project:
    """Complete, but for the letters."""
    found = a_project(
        developer=cast.people["developer"], countries=COUNTRIES, complete=True, budget=150_000, title=TITLE
    )
    db.session.execute(delete(Document).where(Document.project_id == found.id))
    db.session.commit()
    return found


def files_a_letter(developer: Person, kind: str, state: str) -> None:
    developer.is_at("Documents").choose("Type of document", kind).choose("State that wrote it", state)
    developer.field("File").set_input_files(FILE)
    developer.press("File it").is_told("is filed as version")


def is_blocked(developer: Person, home: str, *says: str) -> None:
    """On the page that checks, and on the page that would submit."""
    for page in ("readiness", "submit/submit"):
        developer.open(f"{home}/{page}").reads(TWO, *says)
        expect(developer.main.get_by_role("button", name="Submit", exact=True)).to_have_count(0)


def gets_the_letters(developer: Person, home: str, axe) -> None:
    is_blocked(developer, home, "A government request letter", "No letter is filed yet of: Kenya, Uganda, Rwanda")
    developer.open(f"{home}/readiness").is_at("Check and submit")
    axe(developer.fits().page)
    developer.main.get_by_role("link", name=TWO).click()
    files_a_letter(developer, "Government request letter", "Kenya")
    # One State is not two, and a second letter of the same State is still one State.
    one = "Filed so far: Kenya. Not yet: Uganda, Rwanda, United Republic of Tanzania."
    is_blocked(developer, home, one)
    files_a_letter(developer.open(f"{home}/documents"), "Additional letter of support (regional)", "Kenya")
    is_blocked(developer, home, one)
    files_a_letter(developer.open(f"{home}/documents"), "Additional letter of support (regional)", "Uganda")


def says_why_most_did_not_write(developer: Person, home: str, axe) -> None:
    developer.open(f"{home}/submit/submit").reads(MOST, "Filed so far: Kenya, Uganda.")
    expect(developer.main.get_by_role("button", name="Submit", exact=True)).to_have_count(0)
    developer.open(f"{home}/readiness").reads("Write the reasons above, then submit.")
    expect(developer.main).not_to_contain_text(TWO)
    developer.type(MOST, REASON).press("Save the reasons").is_told("Saved")
    developer.is_at("Check and submit").reads("Nothing stands in the way")
    axe(developer.fits().page)
    developer.press("Submit").is_at("Submit").reads("This will go to", "Person of head").fits()
    developer.press("Submit").is_told("The proposal is submitted").is_at(TITLE)


def decides(person: Person, home: str, says: str) -> None:
    person.open(home).press(says).is_at(says).fits().press(says)
    person.is_told(f"Done: {says}.")


def judges_the_reason(coordinator: Person, axe) -> None:
    """It stands with the check that it is judged by, and the letters stand in the version."""
    role = "Regional project development officer"
    coordinator.open("/").follow(f"Review as {role}").is_at(f"Review as {role}")
    beside = coordinator.main.locator("#checks .message", has_text="Justification:")
    expect(beside).to_have_count(1)
    expect(beside).to_contain_text(MOST)
    expect(beside).to_contain_text(REASON)
    asked = coordinator.group(REGION)
    expect(asked).to_be_visible()
    assert beside.bounding_box()["y"] < asked.bounding_box()["y"]
    axe(coordinator.fits().page)
    for choice in coordinator.main.get_by_role("radio", name="Yes", exact=True).all():
        choice.check()
    # An answer of "no" refuses the reason: then it cannot be cleared.
    asked.get_by_label("No", exact=True).check()
    coordinator.press("Clear").reads("This cannot be cleared yet.", f"Answered “no”, and it must pass: {REGION}")
    coordinator.group(REGION).get_by_label("Yes", exact=True).check()
    coordinator.press("Clear").is_told("Your answer is recorded.")


def sheet(reference: str, seat: str) -> tuple[Clearance, Typed]:
    """A reviewer's checks, all of them answered with yes."""
    case = queries.reviewing(reference, seat)
    assert case is not None and case.clearance is not None
    yes = {check.code: (CheckAnswer.YES, "") for check in checks(case.project, case.clearance.reviewer)}
    return case.clearance, Typed(answers=yes)


def clears(cast: Cast, key: str, reference: str, seat: str) -> None:
    clearance, typed = sheet(reference, seat)
    seen = clearance.project.steps[-1].id
    actor, version = cast.people[key], clearance.version
    operations.give(clearance, actor=actor, seen=seen, version=version, verdict=Verdict.CLEAR, typed=typed)
    db.session.commit()


def goes_on(cast: Cast, key: str, reference: str, move: str) -> None:
    case = queries.deciding(reference, move)
    assert case is not None
    operations.decide(case.project, move, actor=cast.people[key], seen=case.seen)
    db.session.commit()


def recommends(cast: Cast, reference: str) -> None:
    """Fund management takes it up, answers its own checks, and recommends it."""
    goes_on(cast, "fund", reference, "to-fund")
    clearance, typed = sheet(reference, "fund")
    operations.save_draft(clearance, actor=cast.people["fund"], version=clearance.version, typed=typed)
    db.session.commit()
    goes_on(cast, "fund", reference, "recommend")


def test_a_regional_project_gets_its_letters_and_is_approved(cast, project, axe):
    reference, number, home = project.reference, project.id, f"/projects/{project.reference}"
    gets_the_letters(cast.developer, home, axe)
    says_why_most_did_not_write(cast.developer, home, axe)
    decides(cast.head, home, "Clear for review")
    judges_the_reason(cast.coordinator, axe)
    for key, seat in (("specialist", "rts"), ("money", "rrmo"), ("monitoring", "rme")):
        clears(cast, key, reference, seat)
    decides(cast.endorser, home, "Endorse")
    recommends(cast, reference)
    goes_on(cast, "approver", reference, "approve")
    db.session.rollback()
    assert db.session.scalar(select(Project.status).where(Project.id == number)) is Status.APPROVED
    developer = cast.developer.open(f"{home}/endorsement").is_at("Record of endorsement").fits()
    last = {row[0]: row[1:3] for row in developer.rows("In force")}
    assert last["Chief of mission / head of office"] == ["cleared for review", "Person of head"]
    assert last["Regional project development officer"] == ["cleared", "Person of coordinator"]
    assert len(last) == 8  # the head of office, four reviewers, endorser, Fund management, approver
