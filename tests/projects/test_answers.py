"""Comments made on a submitted version: each has the team's answer before the proposal is submitted again."""

from __future__ import annotations

import pytest
from sqlalchemy import null, select

from prima import clock
from prima.db import db
from prima.outbox import Letter
from prima.projects.models import Comment, Project, Step
from prima.projects.stages import Status
from prima.users import Role
from tests.factories import a_project, a_user


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def officer(app):
    return a_user(Role.RPDO, "NBO", name="Officer, Nairobi")


@pytest.fixture
def project(developer):
    """Submitted once, and returned."""
    found = a_project(developer=developer, complete=True, status=Status.RETURNED)
    db.session.add(Step(project_id=found.id, move="submit", source=Status.DRAFT, target=Status.OFFICE_CLEAR))
    db.session.commit()
    return found


@pytest.fixture
def pages(browser_of, project):
    browsers = {}

    def open_page(who, part="comments"):
        if who.id not in browsers:
            browsers[who.id] = browser_of(who)
        return browsers[who.id].open(f"/projects/{project.reference}/{part}".rstrip("/"))

    return open_page


def the_comment(project):
    db.session.expire_all()
    return db.session.scalars(select(Comment).where(Comment.project_id == project.id)).one()


def asks(pages, officer, text="Which study?"):
    return pages(officer, "sections/rat").fill("New comment", text).press("Send the comment")


def button(page, words):
    return next(name for name in page.buttons if name.startswith(words))


def answer(page, text):
    label = next(name for name in page.labels if name.startswith("Your answer"))
    return page.fill(label, text).press(button(page, "Send the answer"))


def test_an_unanswered_comment_holds_the_resubmission_up(pages, project, developer, officer):
    asks(pages, officer)
    page = pages(developer, "submit/submit").check()
    assert "Submit again" not in page.buttons
    assert page.follow("1 comment is not answered").check().heading == "Comments"
    assert pages(developer, "").check().follow("1 comment is not answered").heading == "Comments"
    assert "1 waits for your answer" in pages(developer, "proposal").check().text
    page = answer(pages(developer).check(), "The one of 2015.").check()
    assert page.status == 200
    assert "answered" in page.text
    assert "Submit again" in pages(developer, "submit/submit").check().buttons


def test_it_is_answered_beside_the_section_too(pages, project, developer, officer):
    asks(pages, officer)
    page = answer(pages(developer, "sections/rat").check(), "The one of 2015.").check()
    assert page.url == f"/projects/{project.reference}/sections/rat"
    assert "The one of 2015." in page.text
    assert the_comment(project).answered_at is not None


def test_who_asks_on_waits_again_and_its_author_may_close_it(pages, project, developer, officer):
    asks(pages, officer)
    assert not [name for name in pages(developer).buttons if name.startswith("Resolve")]
    answer(pages(developer), "The one of 2015.")
    page = pages(officer).check()
    label = next(name for name in page.labels if name.startswith("Your reply"))
    page.fill(label, "By whom?").press(button(page, "Send the reply"))
    assert the_comment(project).is_unanswered
    letters = db.session.scalars(select(Letter).where(Letter.user_id == developer.id, Letter.kind == "comment")).all()
    assert ["By whom?" in one.body for one in letters] == [False, True]
    page = pages(officer)
    page.press(button(page, "Resolve"))
    assert not the_comment(project).is_unanswered
    page = pages(officer)
    page.press(button(page, "Open again"))
    assert the_comment(project).is_unanswered


def test_the_team_cannot_resolve_what_it_has_not_answered(pages, project, developer, officer):
    asks(pages, officer)
    page = pages(developer)
    token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    url = f"/projects/{project.reference}/comments/{the_comment(project).id}/resolve"
    refused = page.browser.request("POST", url, data={"csrf_token": token})
    assert refused.status == 409
    assert "Please answer this comment" in refused.text
    answer(pages(developer), "The one of 2015.")
    page = pages(developer)
    assert page.press(button(page, "Resolve")).status == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Please fill this in."),
        ("half\x00way", "This holds invisible control characters."),
        ("x" * 1_000_000, "At most 4000 characters fit here."),
    ],
)
def test_a_reply_that_does_not_fit_is_kept(pages, project, developer, officer, text, says):
    asks(pages, officer)
    page = answer(pages(developer), text).check()
    assert page.status == 422
    assert says in page.text
    label = next(name for name in page.labels if name.startswith("Your answer"))
    assert page.value(label).strip("\x00") or not text
    assert the_comment(project).is_unanswered


def test_markup_is_shown_as_typed(pages, project, developer, officer):
    asks(pages, officer, "<script>alert(1)</script>")
    page = answer(pages(developer), "<b>No</b>").check()
    assert "<script>alert(1)</script>" in page.text
    assert page.soup.select_one(".remark b") is None


def test_a_draft_of_a_reviewer_stands_nowhere(pages, project, developer, officer):
    db.session.add(
        Comment(
            project_id=project.id, section_code="RAT", author_id=officer.id, text="Half a thought", seat="RPDO",
            round_number=1, needs_answer=True, published_at=null(),
        )
    )  # fmt: skip
    db.session.commit()
    for who in (developer, officer):
        for part in ("comments", "sections/rat", "proposal", "", "readiness", "endorsement"):
            page = pages(who, part).check()
            # Their author alone finds it, apart from what was said, to discard it.
            assert ("Half a thought" in page.text) == (who is officer and part == "comments")
            assert "1 comment" not in page.text
    assert "Submit again" in pages(developer, "submit/submit").buttons
    token = pages(developer).soup.find("input", attrs={"name": "csrf_token"})["value"]
    number = the_comment(project).id
    for verb in ("resolve", "reopen", "replies"):
        url = f"/projects/{project.reference}/comments/{number}/{verb}"
        assert pages(developer).browser.request("POST", url, data={"csrf_token": token, "text": "x"}).status == 404


def test_what_is_said_of_a_draft_holds_nothing_up(pages, project, developer, officer):
    db.session.execute(Step.__table__.delete().where(Step.project_id == project.id, Step.move == "submit"))
    db.session.get_one(Project, project.id).status = Status.DRAFT
    db.session.commit()
    asks(pages, officer)
    assert not the_comment(project).needs_answer
    assert "Submit" in pages(developer, "submit/submit").buttons


def test_what_was_answered_long_ago_is_no_need(pages, project, developer, officer):
    asks(pages, officer)
    the_comment(project).answered_at = clock.now()
    db.session.commit()
    assert "Submit again" in pages(developer, "submit/submit").buttons
