"""Taking up, giving back, handing over: who has it among several, and nobody answers past that."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima.db import db
from prima.endorsement.models import Claim
from prima.journal import Entry
from prima.outbox import Letter
from prima.projects.stages import Status
from prima.users import Grant, Role
from tests.endorsement.cast import Cast
from tests.factories import a_project


@pytest.fixture
def cast(browser_of):
    made = Cast(browser_of)
    made.add("second", Role.RME, "NBO")
    return made


@pytest.fixture
def project(cast):
    found = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(found)
    return found


def sheet(cast, who, project):
    return cast.open(who, f"/projects/{project.reference}/clearances/rme")


def letters(user, subject):
    found = select(Letter.subject).where(Letter.user_id == user.id, Letter.subject.startswith(subject))
    return list(db.session.scalars(found))


def test_one_takes_it_up_and_the_other_cannot_answer_until_taking_it_over(cast, project):
    page = sheet(cast, Role.RME, project).check().press("Take this up").check()
    assert "You have taken this up" in page.messages[0]
    assert "Taken up by RME person" in cast.open("second", "/desk").text
    page = sheet(cast, "second", project).check()
    assert "RME person has taken this up" in page.text and "Hand over" not in page.buttons
    for button in ("Save as a draft", "Clear"):
        refused = cast.review("second", project, Role.RME, button, note="Kept words")
        assert refused.status == 422 and "RME person took this up on" in refused.text
        assert "Kept words" in refused.value("Comments, or the reason of a return (optional)")
    assert sheet(cast, "second", project).press("Take over").status == 200
    assert letters(cast[Role.RME], "Taken over from you") == [f"Taken over from you: {project.reference}"]
    assert cast.review(Role.RME, project, Role.RME).status == 422
    assert cast.review("second", project, Role.RME).status == 200
    assert db.session.scalars(select(Claim)).all() == []
    events = select(Entry.event).where(Entry.event.in_(("taken up", "given back", "handed over"))).order_by(Entry.id)
    assert list(db.session.scalars(events)) == ["taken up", "taken up"]


def test_it_goes_from_hand_to_hand_and_back(cast, project):
    sheet(cast, Role.RME, project).press("Take this up")
    page = sheet(cast, Role.RME, project).fill("Hand over to", "second person").press("Hand over")
    assert "second person has it now" in page.messages[0]
    assert letters(cast["second"], "Handed over to you") == [f"Handed over to you: {project.reference}"]
    assert cast.review(Role.RME, project, Role.RME).status == 422
    assert "You have given it back" in sheet(cast, "second", project).press("Give back").messages[0]
    assert cast.review(Role.RME, project, Role.RME).status == 200


def test_it_is_handed_only_to_whoever_may_sit_there(cast, project):
    page = sheet(cast, Role.RME, project)
    forged = {"to": cast[Role.RD].id, "seen": page.value("seen") if "seen" in page.labels else seen(page)}
    url = f"/projects/{project.reference}/desk/rme/hand-over"
    refused = cast.browsers[Role.RME].request("POST", url, data={**forged, "csrf_token": token(page)})
    assert refused.status == 409 and "choose a colleague of the list" in refused.text
    refused = cast.browsers[Role.RME].request(
        "POST", url, data={"to": "x", "seen": forged["seen"], "csrf_token": token(page)}
    )
    assert refused.status == 409
    cast.page(Role.RD, project)
    stranger = cast.browsers[Role.RD].request(
        "POST", url.replace("hand-over", "take-up"), data={**forged, "csrf_token": token(cast.page(Role.RD, project))}
    )
    assert stranger.status == 409
    assert db.session.scalars(select(Claim)).all() == []


def token(page):
    return page.soup.select_one("input[name=csrf_token]")["value"]


def seen(page):
    return page.soup.select_one("input[name=seen]")["value"]


def test_a_claim_does_not_count_when_its_holder_may_no_longer_sit_there(cast, project):
    sheet(cast, "second", project).press("Take this up")
    held = db.session.scalars(select(Grant).where(Grant.user_id == cast["second"].id)).one()
    held.revoked_at = held.granted_at
    db.session.commit()
    assert "Taken up by" not in cast.open(Role.RME, "/desk").text
    assert cast.review(Role.RME, project, Role.RME).status == 200


def test_a_claim_ends_when_the_proposal_leaves_the_desk(cast, project):
    cast.add("director", Role.RD, "NBO")
    cast.all_clear(project)
    cast.page("director", project).press("Take this up")
    page = cast.open(Role.RD, f"/projects/{project.reference}/decisions/endorse").press("Endorse")
    assert page.status == 409 and "director person took this up on" in page.text
    cast.page(Role.RD, project).press("Take over")
    assert cast.decide(Role.RD, project, "endorse").status == 200
    db.session.refresh(project)
    assert project.status is Status.ENDORSED
    assert db.session.scalars(select(Claim)).all() == []
