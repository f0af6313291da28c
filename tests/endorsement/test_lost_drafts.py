"""Comments drafted at a seat that the next round does not ask any more: carried with their author, or discarded."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from prima import clock
from prima.db import db
from prima.projects.models import AreaAllocation, Comment
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_reviewing import comment
from tests.factories import a_project, grant

WORDS = "Which clinics?"
DISCARD = "Discard the draft: health person, “Which clinics?”"


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    """Half labour mobility, half migration health; the specialist of health drafts a comment before it goes back."""
    found = a_project(developer=cast[Role.PDEV], complete=True)
    labour = db.session.scalars(select(AreaAllocation).where(AreaAllocation.project_id == found.id)).one()
    labour.amount /= 2
    db.session.add(AreaAllocation(project_id=found.id, code="MHD", amount=labour.amount))
    cast.add("health")
    cast.held = grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    db.session.commit()
    cast.to_review(found)
    page = cast.open("health", f"/projects/{found.reference}/clearances/rts.mhd").follow("Comment: Line 1").check()
    page = page.fill("Your comment on this line", WORDS).press("Keep the comment")
    assert page.status == 200
    cast.decide(Role.RPDO, found, "return", note="Shorter.", sections=("Summary",))
    return found


def no_health_any_more(project):
    """All of it is labour mobility now."""
    mine = AreaAllocation.project_id == project.id
    db.session.execute(delete(AreaAllocation).where(mine, AreaAllocation.code == "MHD"))
    labour = db.session.scalars(select(AreaAllocation).where(mine)).one()
    labour.amount *= 2
    db.session.commit()


def drafts():
    db.session.expire_all()
    return db.session.scalars(select(Comment).where(Comment.published_at.is_(None))).all()


def comments_page(cast, who, project):
    return cast.open(who, f"/projects/{project.reference}/comments").check()


def test_a_draft_of_a_seat_not_asked_any_more_is_its_authors_to_discard(cast, project):
    no_health_any_more(project)
    cast.submit(project)
    assert cast.open("health", f"/projects/{project.reference}/clearances/rts.mhd").status == 404
    page = comments_page(cast, "health", project)
    assert "Your drafts as a reviewer" in page.text
    assert WORDS in page.text
    for who in (Role.PDEV, Role.RTS, Role.RPDO, Role.RD):
        assert WORDS not in comments_page(cast, who, project).text
        assert "Your drafts" not in comments_page(cast, who, project).text
    page = page.press(DISCARD).check()
    assert page.status == 200
    assert "The draft is discarded." in page.text
    assert WORDS not in page.text
    assert drafts() == []


def test_nobody_else_discards_it(cast, project):
    [draft] = drafts()
    number = draft.id
    url = f"/projects/{project.reference}/comments/{number}/discard"
    for who in (Role.RTS, Role.PDEV, Role.RPDO, Role.ADMIN):
        page = cast.open(who, "/desk")
        token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
        assert page.browser.request("POST", url, data={"csrf_token": token}).status == 404
    mine = comments_page(cast, "health", project)
    assert mine.browser.request("POST", url).status == 400  # without its token
    assert [one.id for one in drafts()] == [number]
    mine.press(DISCARD)
    assert mine.press(DISCARD).status == 404  # pressed twice, on a page that is old


def test_a_published_comment_is_not_discarded(cast, project):
    published = db.session.scalars(select(Comment).where(Comment.published_at.is_not(None))).all()
    page = comments_page(cast, Role.RPDO, project)
    token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    for one in published:
        url = f"/projects/{project.reference}/comments/{one.id}/discard"
        assert page.browser.request("POST", url, data={"csrf_token": token}).status == 404
    assert "Shorter." in comments_page(cast, Role.RPDO, project).text


def test_a_draft_goes_along_where_its_author_sits_in_the_same_review(cast, project):
    cast.held.revoked_at = clock.now()
    grant(cast["health"], Role.RTS, "NBO")
    db.session.commit()
    cast.submit(project)
    assert [one.seat for one in drafts()] == ["RTS"]
    assert WORDS in cast.open("health", f"/projects/{project.reference}/clearances/rts").check().text
    cast.review("health", project, Role.RTS)
    assert drafts() == []
    assert WORDS in comments_page(cast, Role.PDEV, project).text


def test_a_draft_of_a_seat_that_is_still_asked_stays_there(cast, project):
    cast.submit(project)
    assert [one.seat for one in drafts()] == ["RTS.MHD"]
    comment(cast, project, Role.RTS, text="Mine.")
    assert {(one.seat, one.text) for one in drafts()} == {("RTS.MHD", WORDS), ("RTS", "Mine.")}
