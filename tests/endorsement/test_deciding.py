"""Whoever decides reads the version as reviewers do: comments on lines, private until the decision, then answered."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima.db import db
from prima.outbox import Letter
from prima.projects.models import Comment
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_road import status
from tests.factories import a_project

WORDS = "Why so much, here?"


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    return a_project(developer=cast[Role.PDEV], complete=True)


def deciding(cast, who, project, seat=None):
    return cast.open(who, f"/projects/{project.reference}/deciding/{(seat or who).lower()}")


def comment(cast, who, project, link="Comment: Line 1", text=WORDS):
    page = deciding(cast, who, project).check().follow(link).check()
    label = next(name for name in page.labels if name.startswith("Your comment on this"))
    return page.fill(label, text).press("Keep the comment")


def said(project):
    db.session.expire_all()
    return db.session.scalars(select(Comment).where(Comment.project_id == project.id).order_by(Comment.id)).all()


def newest_letter(person):
    asked = select(Letter).where(Letter.user_id == person.id).order_by(Letter.id.desc())
    return db.session.scalars(asked.limit(1)).one()


def test_the_head_of_office_comments_on_a_line_and_the_developer_answers_it(cast, project):
    cast.submit(project)
    page = cast.page(Role.COM, project).follow("Read the version and comment on it")
    assert page.heading.startswith("Decide as")
    page = comment(cast, Role.COM, project).check()
    assert WORDS in page.text
    [draft] = said(project)
    assert (draft.seat, draft.section_code, draft.published_at) == ("COM", "BUD", None)
    for who in (Role.PDEV, Role.RD, Role.RPDO):
        for part in ("", "/comments", "/budget", "/endorsement", "/endorsement/1"):
            assert WORDS not in cast.open(who, f"/projects/{project.reference}{part}").text
        assert deciding(cast, who, project, "com").status in (403, 404)
    cast.decide(Role.COM, project, "return", "See the line.", ("Budget",))
    assert all(one.published_at and one.needs_answer for one in said(project))
    assert WORDS in newest_letter(cast[Role.PDEV]).body
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
    assert "Submit again" not in page.buttons  # every comment is answered first
    assert status(project) is Status.RETURNED
    cast.submit(project)
    assert status(project) is Status.OFFICE_CLEAR
    page = deciding(cast, Role.COM, project).check()
    assert "Your earlier comments, and what was answered" in page.text
    assert "Changed since round 1" in page.text


def test_the_endorser_the_fund_and_the_approver_comment_as_well(cast, project):
    cast.to_endorser(project)
    comment(cast, Role.RD, project, "Comment on this section: Budget", "Of the endorser.")
    assert deciding(cast, Role.COM, project).status == 409  # the proposal has left that desk
    cast.decide(Role.RD, project, "endorse")
    cast.decide(Role.FUND, project, "to-fund")
    page = deciding(cast, Role.FUND, project).check()
    assert page.heading.startswith("Review as")  # its sheet of checks
    cast.review(Role.FUND, project, Role.FUND, "Save the answers")
    cast.decide(Role.FUND, project, "recommend")
    comment(cast, Role.DDG, project, text="Of the approver.")
    assert [(one.seat, bool(one.published_at)) for one in said(project)] == [("RD", True), ("DDG", False)]
    cast.decide(Role.DDG, project, "approve")
    assert all(one.published_at for one in said(project))


def test_a_draft_is_changed_and_removed_and_nothing_typed_is_lost(cast, project):
    cast.submit(project)
    page = comment(cast, Role.COM, project)
    [draft] = said(project)
    page = page.fill(f"Comment {draft.id}", "  ").press(f"Save the comment: {cast[Role.COM].name}, “{WORDS}”")
    assert page.status == 422
    page = deciding(cast, Role.COM, project)
    long = "x" * 5000
    page = page.follow("Comment on this section: Budget").fill("Your comment on this section", long)
    page = page.press("Keep the comment")
    assert page.status == 422
    assert long in page.text
    cast.open(Role.COM, f"/projects/{project.reference}/deciding/com?comment=BUD&line=%00%E2%80%AE").check()
    page = deciding(cast, Role.COM, project)
    button = next(name for name in page.buttons if name.startswith("Remove the comment"))
    page.press(button)
    assert said(project) == []


def test_a_comment_on_a_stale_page_is_refused_and_kept_for_the_next_round(cast, project):
    cast.submit(project)
    page = deciding(cast, Role.COM, project).follow("Comment: Line 1")
    label = next(name for name in page.labels if name.startswith("Your comment on this"))
    cast.add("second head", Role.COM, "KEN")
    cast.decide("second head", project, "clear")
    page = page.fill(label, "Too late.").press("Keep the comment")
    assert page.status == 409
    assert said(project) == []


def test_who_decides_marks_the_version_as_read(cast, project):
    cast.submit(project)
    page = deciding(cast, Role.COM, project).press("I have read this version")
    assert "You have read this version, " in page.text
