"""Where a proposal goes, in a browser: EU money through Brussels, and a role that nobody holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from prima.db import db
from prima.lists import Donor
from prima.outbox import Letter
from prima.projects.models import Project
from prima.projects.stages import Funding
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast, Person

NAMES = {
    Role.RPDO: "Regional project development officer",
    Role.RTS: "Regional thematic specialist",
    Role.RRMO: "Regional resource management officer",
    Role.RME: "Regional M&E officer",
}
BRUSSELS = "Regional project development officer (Brussels)"
FALLS = "Nobody holds this role in Nairobi; the Regional project development officer answers for it."
FALLBACK = f"{FALLS} Administrators are told."
WAYS = [
    pytest.param({"width": 1280}, id="script"),
    pytest.param({"javascript": False, "width": 390}, id="no script", marks=pytest.mark.soak),
]


@pytest.fixture(params=WAYS)
def cast(browser_page, request) -> Cast:
    """The developer and the head of office in Kenya, everybody in Nairobi but the specialist, and an administrator."""
    found = Cast(browser_page, request.param)
    found.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
    found.add("head", Role.COM, "KEN", "Head of office, Kenya")
    for role in (Role.RPDO, Role.RRMO, Role.RME, Role.RD):
        found.add(role.lower(), role, "NBO", f"{role} in Nairobi")
    found.add("fund", Role.FUND, None, "Fund management")
    found.add("approver", Role.DDG, None, "Approver")
    found.add("administrator", Role.ADMIN, None, "Administrator")
    return found


def proposal(cast: Cast, **more) -> tuple[Project, str]:
    project = a_project(developer=cast.people["developer"], complete=True, **more)
    db.session.commit()
    return project, f"/projects/{project.reference}"


def row(person: Person, caption: str, *begins: str) -> list[str]:
    """The row of a table that begins with these words."""
    rows = person.rows(caption)
    return next(one for one in rows if all(words in cell for words, cell in zip(begins, one, strict=False)))


def submitted(cast: Cast, home: str) -> None:
    developer = cast.developer.open(f"{home}/submit/submit").is_at("Submit").fits().press("Submit")
    developer.is_told("The proposal is submitted")
    cast.head.open(home).press("Clear for review").is_at("Clear for review").press("Clear for review")
    cast.head.is_told("Done: Clear for review.")


def cleared(person: Person, seat: str, address: str = "") -> None:
    """From the desk, or by the address that a letter names, to the proposal and its checks."""
    if address:
        person.open(address)
    else:
        person.open("/").follow(f"Review as {seat}")
    person.is_at(f"Review as {seat}").reads("Rationale", "Budget lines").fits()
    for check in person.main.get_by_role("radio", name="Yes", exact=True).all():
        check.check()
    person.press("Clear").is_told("Your answer is recorded")


def test_eu_money_goes_through_brussels(cast, axe):
    db.session.add(Donor(code="EU1", name="A fund of the European Union", kind="eu", eu_money=True, position=1))
    cast.add("rts", Role.RTS, "NBO", "RTS in Nairobi")
    cast.add("brussels", Role.RPDO, "BRU", "RPDO in Brussels")
    _project, home = proposal(cast, funding=Funding.DONOR, donor_code="EU1")
    # Before submitting, on the task list and on the page that submits.
    developer = cast.developer.open(f"{home}/proposal").is_at("Proposal").fits()
    developer.reads("This will go to", "Regional Office Brussels, because it is money of the EU, 10 working days")
    axe(developer.page)
    developer.open(f"{home}/submit/submit").is_at("Submit")
    asked = row(developer, "This will go to", NAMES[Role.RPDO], "Regional Office Brussels")
    assert asked[2:4] == ["because it is money of the EU", "RPDO in Brussels"]
    axe(developer.page)
    # Brussels does not see it before it is asked, and then finds it on the desk.
    cast.brussels.open(home).is_at("There is nothing here for you")
    submitted(cast, home)
    cleared(cast.brussels, BRUSSELS)
    cast.brussels.open(home).reads(BRUSSELS, "cleared")
    for role, name in NAMES.items():
        cleared(getattr(cast, role.lower()), name)
    developer.open(home).reads("With the endorser")
    developer.open(f"{home}/endorsement").is_at("Record of endorsement").fits()
    assert row(developer, "Answers in round 1", BRUSSELS)[1:3] == ["cleared", "RPDO in Brussels"]
    developer.open(f"{home}/process").is_at(f"Process map of {home.rpartition('/')[2]}").fits()
    assert "RPDO in Brussels" in " ".join(
        row(developer, "Reviewers of this proposal", NAMES[Role.RPDO], "Regional Office Brussels")
    )
    axe(developer.page)


def test_a_role_that_nobody_holds_falls_to_another(cast, axe):
    project, home = proposal(cast)
    developer = cast.developer.open(f"{home}/submit/submit").is_at("Submit")
    assert FALLBACK in " ".join(row(developer, "This will go to", NAMES[Role.RTS]))
    axe(developer.page)
    submitted(cast, home)
    written = select(Letter.subject, Letter.body).where(Letter.recipient == cast.people["administrator"].email)
    letters = db.session.execute(written.order_by(Letter.id)).all()
    db.session.rollback()
    assert [subject for subject, _body in letters] == [f"Nobody for “{NAMES[Role.RTS]}”: {project.reference}"] * 2
    assert all(FALLS in body for _subject, body in letters)
    developer.open(f"{home}/process").fits()
    assert FALLBACK in " ".join(row(developer, "Reviewers of this proposal", NAMES[Role.RTS]))
    axe(developer.page)
    cleared(cast.rpdo, NAMES[Role.RTS], f"{home}/clearances/rts")
    for role in (Role.RPDO, Role.RRMO, Role.RME):
        cleared(getattr(cast, role.lower()), NAMES[role])
    developer.open(home).reads("With the endorser")
    expect(developer.main).not_to_contain_text("Nobody holds this role")
    developer.open(f"{home}/endorsement").is_at("Record of endorsement")
    says, who = row(developer, "Answers in round 1", NAMES[Role.RTS])[1:3]
    assert who == "RPDO in Nairobi"
    assert says.startswith("cleared")
    assert says.endswith("as nobody held the role")
