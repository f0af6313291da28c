"""Comments on sections: who may say, read and resolve what, where they stand, and who hears of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima import journal
from prima.db import db
from prima.outbox import Letter
from prima.projects.models import Comment, Part, Party, Section
from prima.projects.stages import Status
from prima.users import Role
from tests.factories import a_project, a_user

SECTION = "sections/rat"
PAGES = {"RAT": SECTION, "COV": "cover", "BUD": "budget"}


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def officer(app):
    return a_user(Role.RPDO, "NBO", name="Officer, Nairobi")


@pytest.fixture
def project(developer):
    return a_project(developer=developer, complete=True)


@pytest.fixture
def pages(browser_of, project):
    browsers = {}

    def open_page(who, part=SECTION, of=project):
        if who.id not in browsers:
            browsers[who.id] = browser_of(who)
        return browsers[who.id].open(f"/projects/{of.reference}/{part}" if part else f"/projects/{of.reference}")

    return open_page


def said(project):
    db.session.expire_all()
    return db.session.scalars(select(Comment).where(Comment.project_id == project.id).order_by(Comment.id)).all()


def letters(user):
    return db.session.scalars(select(Letter).where(Letter.user_id == user.id, Letter.kind == "comment")).all()


def post(browser_page, url, **values):
    token = browser_page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    return browser_page.browser.request("POST", url, data={"csrf_token": token, **values})


@pytest.mark.parametrize("code", PAGES)
def test_one_comments_beside_the_section_and_returns_to_it(pages, project, officer, code):
    page = pages(officer, PAGES[code]).check()
    page = page.fill("New comment", "Who told you so?").press("Send the comment").check()
    assert page.url == f"/projects/{project.reference}/{PAGES[code]}"
    assert page.messages == ["Your comment stands with the section."]
    assert "Comments (1 open)" in page.text
    assert "Officer, Nairobi" in page.soup.select_one("#comments").get_text()
    assert [(one.section_code, one.text) for one in said(project)] == [(code, "Who told you so?")]


def test_the_team_resolves_it_and_its_author_opens_it_again(pages, project, developer, officer):
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    page = pages(developer).check()
    resolve = next(button for button in page.buttons if button.startswith("Resolve"))
    page = page.press(resolve).check()
    assert page.url == f"/projects/{project.reference}/{SECTION}"
    assert "Comments (0 open)" in page.text
    assert "resolved by Developer, Kenya" in page.text
    again = next(button for button in pages(officer).buttons if button.startswith("Open again"))
    assert "Comments (1 open)" in pages(officer).press(again).check().text
    events = [one.event for one in journal.entries(db.session, "project", project.id)]
    assert events == ["comment", "comment resolved", "comment opened again"]


def test_others_do_not_resolve_it(pages, project, officer):
    head = a_user(Role.COM, "KEN")
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    page = pages(head).check()
    assert not [button for button in page.buttons if button.startswith("Resolve")]
    [comment] = said(project)
    page = post(page, f"/projects/{project.reference}/comments/{comment.id}/resolve")
    assert page.status == 409
    assert "Only its author and the project's team" in page.text
    assert said(project)[0].resolved_at is None


def test_the_journal_keeps_the_seal_and_not_the_words(pages, project, officer):
    pages(officer).fill("New comment", "A secret remark").press("Send the comment")
    [entry] = journal.entries(db.session, "project", project.id)
    assert (entry.event, entry.data["code"], entry.data["words"]) == ("comment", "RAT", 3)
    assert "secret" not in str(entry.data)


def test_who_only_comments_is_no_author(pages, project, officer):
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    assert not db.session.scalars(select(Party).where(Party.user_id == officer.id)).all()


def test_the_author_of_the_text_hears_of_it_else_the_developers(pages, project, developer, officer):
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    section = db.session.scalars(select(Section).where(Section.project_id == project.id, Section.code == "RAT")).one()
    section.saved_by_id = second.id
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    assert (len(letters(developer)), len(letters(second))) == (0, 1)
    [letter] = letters(second)
    assert letter.subject == f"Comment on Rationale: {project.reference}"
    assert "Which study?" in letter.body
    assert pages(second, letter.path.removeprefix(f"/projects/{project.reference}/")).check().status == 200
    pages(officer, "cover").fill("New comment", "A longer title?").press("Send the comment")
    assert (len(letters(developer)), len(letters(second))) == (1, 2)
    pages(developer).fill("New comment", "The one of 2014.").press("Send the comment")
    assert (len(letters(developer)), len(letters(second)), len(letters(officer))) == (1, 2, 0)


def test_sent_twice_it_is_said_once(pages, project, developer, officer):
    page = pages(officer).fill("New comment", "Which study?")
    page.press("Send the comment")
    page.press("Send the comment")
    assert len(said(project)) == 1
    assert len(letters(developer)) == 1


@pytest.mark.parametrize("text", ["", "   ", "half\x00way", "x" * 4001, "x" * 1_000_000])
def test_what_does_not_fit_is_refused_at_the_field_and_kept(pages, project, officer, text):
    page = pages(officer).fill("New comment", text).press("Send the comment")
    assert page.status == 422
    assert [error.startswith("Comment:") for error in page.errors] == [True]
    assert page.value("Section") == "Rationale"
    assert "\x00" in text or page.value("Comment").strip() == text.strip()
    assert said(project) == []


def test_letters_of_every_script_come_back_as_typed(pages, project, officer):
    text = "\u0639\u0645\u0644 \u200f\u0647\u062c\u0631\u0629 \U0001f469\u200d\U0001f33e e\u0301 <b>&"
    page = pages(officer).fill("New comment", text).press("Send the comment").check()
    assert said(project)[0].text == text
    assert page.soup.select_one(".remark p[dir=auto]").get_text() == text


def test_a_section_that_is_none_is_refused(pages, project, officer):
    page = pages(officer)
    for code in ("", "XXX", "rat", "\x00"):
        assert post(page, f"/projects/{project.reference}/comments", section=code, text="Words").status == 422
    assert said(project) == []


def test_it_leads_nowhere_else(pages, project, officer):
    page = pages(officer)
    for place, back in enumerate(
        ("https://evil.example/", "//evil.example", f"/projects/{project.reference}/../x", "/sign-out")
    ):
        answer = post(page, f"/projects/{project.reference}/comments", section="RAT", text=f"{place}", back=back)
        assert answer.url == f"/projects/{project.reference}/comments"


def test_all_comments_stand_on_one_page_by_section_and_are_filtered(pages, project, developer, officer):
    for part, text in ((SECTION, "First"), (SECTION, "Second"), ("budget", "Third")):
        pages(officer, part).fill("New comment", text).press("Send the comment")
    page = pages(developer, "comments").check()
    assert page.press("Resolve: Officer, Nairobi, “First”").check().status == 200
    page = pages(developer, "comments").check()
    texts = [found.get_text() for found in page.soup.select(".remark > p[dir=auto]")]
    assert texts == ["Second", "First", "Third"]  # open first; sections in the edition's order
    assert page.follow("Rationale").check().url == f"/projects/{project.reference}/{SECTION}"
    page = page.fill("About", "Rationale").fill("State", "resolved").press("Show").check()
    assert [found.get_text() for found in page.soup.select(".remark > p[dir=auto]")] == ["First"]
    assert "No comments here" in page.fill("About", "Cover").press("Show").check().text
    assert pages(developer, "comments?state=x").status == 404


def test_open_comments_are_counted_and_hold_nothing_up(pages, project, developer, officer):
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    page = pages(developer, "proposal").check()
    assert "1 comment is open. This is for information: open comments do not hold up submitting." in page.text
    assert page.follow("1 open comment").check().heading == "Rationale"
    page = pages(developer, "").check()
    assert "Submit" in page.buttons
    assert page.follow("Comments 1").check().heading == "Comments"


def test_comments_are_internal(pages, project, officer):
    stranger, staff = a_user("PDEV", "UGA"), a_user("VIEW")
    assert pages(stranger, "comments").status == 404
    pages(officer).fill("New comment", "A secret remark").press("Send the comment")
    [comment] = said(project)
    project.status = Status.ENDORSED
    db.session.commit()
    for part in (SECTION, "cover", "budget", "proposal", ""):
        page = pages(staff, part).check()
        assert page.status == 200
        assert "omment" not in page.text, part
    page = pages(staff, "proposal")
    assert pages(staff, "comments").status == 403
    elsewhere = post(pages(staff, "../account"), f"/projects/{project.reference}/comments", section="RAT", text="Mine")
    assert elsewhere.status == 403
    assert (
        post(pages(staff, "../account"), f"/projects/{project.reference}/comments/{comment.id}/resolve").status == 403
    )
    assert len(said(project)) == 1


def test_a_comment_of_another_project_is_not_there(pages, project, developer, officer):
    other = a_project(developer=developer)
    pages(officer).fill("New comment", "Which study?").press("Send the comment")
    [comment] = said(project)
    assert post(pages(developer), f"/projects/{other.reference}/comments/{comment.id}/resolve").status == 404


def test_a_running_project_takes_no_more_comments_and_shows_those_there_are(pages, project, developer, officer):
    page = pages(officer).fill("New comment", "Which study?")
    page.press("Send the comment")
    project.status = Status.ACTIVE
    db.session.commit()
    page = pages(developer).check()
    assert "Which study?" in page.text
    assert "Send the comment" not in page.buttons
    assert not [button for button in page.buttons if button.startswith("Resolve")]
    answer = post(pages(developer, "../account"), f"/projects/{project.reference}/comments", section="RAT", text="Late")
    assert answer.status == 409
    assert "Late" in answer.text, "what was written is given back"
    assert len(said(project)) == 1


def test_a_page_asks_the_same_for_many_comments(pages, project, developer, officer, questions):
    def asked(part):
        questions.clear()
        assert pages(developer, part).status == 200
        return len(questions)

    def say(count):
        for number in range(count):
            author = a_user()
            db.session.add(Comment(project_id=project.id, section_code="RAT", author_id=author.id, text=f"{number}"))
        db.session.commit()

    say(2)
    pages(developer)
    few = [asked(part) for part in (SECTION, "comments")]
    say(10)
    pages(developer)
    assert [asked(part) for part in (SECTION, "comments")] == few
