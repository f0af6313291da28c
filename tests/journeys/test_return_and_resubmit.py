"""A reviewer comments on a line and returns; the developer answers, changes and submits again; other answers stand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast

PLACES = {
    "developer": (Role.PDEV, "KEN"),
    "head": (Role.COM, "KEN"),
    "coordinator": (Role.RPDO, "NBO"),
    "specialist": (Role.RTS, "NBO"),
    "money": (Role.RRMO, "NBO"),
    "monitoring": (Role.RME, "NBO"),
    "endorser": (Role.RD, "NBO"),
}


@pytest.fixture(
    params=[
        pytest.param((True, 1280), id="script", marks=pytest.mark.soak),
        pytest.param((False, 390), id="no script, narrow"),
    ]
)
def cast(browser_page, request) -> Cast:
    script, width = request.param
    cast = Cast(browser_page, {"javascript": script, "width": width})
    for key, (role, place) in PLACES.items():
        cast.add(key, role, place, f"Person of {key}")
    return cast


def clear(cast: Cast, key: str, reference: str, seat: str) -> None:
    page = getattr(cast, key).open(f"/projects/{reference}/clearances/{seat}").page
    for choice in page.get_by_label("Yes", exact=True).all():
        choice.check()
    page.get_by_role("button", name="Clear", exact=True).click()
    getattr(cast, key).is_told("Your answer is recorded.")


def answer_first(page: Page, text: str) -> None:
    form = page.locator("form:visible", has=page.get_by_role("button", name=re.compile("^Send the answer"))).first
    form.get_by_role("textbox").fill(text)
    form.get_by_role("button").click()
    expect(page.locator(".message").first).to_contain_text("Your reply stands with the comment.")


def test_a_proposal_is_returned_answered_and_submitted_again(cast, axe):
    project = a_project(developer=cast.people["developer"], complete=True)
    db.session.commit()
    home, number = f"/projects/{project.reference}", project.id
    cast.developer.open(f"{home}/submit/submit").press("Submit")
    cast.head.open(f"{home}/decisions/clear").press("Clear for review")
    clear(cast, "specialist", project.reference, "rts")
    clear(cast, "coordinator", project.reference, "rpdo")

    # Resource management comments on a line, returns the proposal, and its comment goes with the return.
    money = cast.money.open(f"{home}/clearances/rrmo")
    money.main.get_by_role("link", name=re.compile("^Comment ?: Line 1")).click()
    money.type("Your comment on this line", "Why <b>so</b> much?").press("Keep the comment")
    money.is_told("Your comment is kept.").reads("draft", "Why <b>so</b> much?")
    cast.developer.open(f"{home}/comments").reads("No comments here")
    money.type("Comments, or the reason of a return (optional)", "The costs are not worked out.")
    money.unfold("Return the proposal").tick("If you return it: sections to be changed", "Budget")
    axe(money.page)
    money.press("Return for changes").is_told("Your answer is recorded.")
    clear(cast, "monitoring", project.reference, "rme")

    # The developer reads why, and cannot submit before both comments are answered.
    developer = cast.developer.open(home)
    developer.reads("What is to be changed", "The costs are not worked out.", "2 comments are not answered")
    developer.open(f"{home}/submit/submit").follow("2 comments are not answered").is_at("Comments")
    developer.fits()
    axe(developer.page)
    answer_first(developer.page, "It is the price of two people.")
    answer_first(developer.page, "We describe the costs in the line now.")
    developer.open(f"{home}/budget").page.get_by_label("Description").first.fill("Two national officers")
    developer.press("Save")
    developer.open(f"{home}/submit/submit").press("Submit again").is_told("The proposal is submitted.")

    # A budget is material: the head of office clears again; then only who is concerned is asked again.
    cast.head.open(f"{home}/decisions/clear").press("Clear for review")
    rows = developer.open(home).rows("Answers in this round")
    assert sum("stands" in row[1] for row in rows) == 3
    assert [row[0] for row in rows if row[1].startswith("open")] == ["Regional resource management officer"]
    developer.reads("stands because none of its sections changed", "asked again, because it returned the version")

    # The reviewer begins with the answers, and with what changed.
    money.open(f"{home}/clearances/rrmo")
    money.reads("Your earlier comments, and what was answered", "It is the price of two people.")
    money.reads("Changed since round 1, the last round and the version you read last: Budget.").fits()
    axe(money.page)
    money.follow("Compare with round 1 word by word").is_at("Compare versions").reads("Two national officers")
    clear(cast, "money", project.reference, "rrmo")
    db.session.rollback()
    assert db.session.scalar(select(Project.status).where(Project.id == number)) is Status.ENDORSE
