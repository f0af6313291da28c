"""The reviewer's page: comments on lines, drafts, what changed since when, justifications, and the gender marker."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from prima import journal
from prima.db import db
from prima.endorsement.models import Clearance, Reading
from prima.outbox import Letter
from prima.projects.models import Comment, Justification, Project
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_return import change
from tests.endorsement.test_road import status
from tests.factories import a_project

NOTE = "Comments, or the reason of a return (optional)"


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    found = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(found)
    return found


def open_page(cast, project, role, asked=""):
    return cast.open(role, f"/projects/{project.reference}/clearances/{role.lower()}{asked}")


def said(project):
    db.session.expire_all()
    return db.session.scalars(select(Comment).where(Comment.project_id == project.id).order_by(Comment.id)).all()


def comment(cast, project, role, link="Comment: Line 1", text="Why so much?"):
    page = open_page(cast, project, role).check().follow(link).check()
    label = next(name for name in page.labels if name.startswith("Your comment on this"))
    return page.fill(label, text).press("Keep the comment")


def letters(person):
    return db.session.scalars(select(Letter).where(Letter.user_id == person.id).order_by(Letter.id)).all()


def test_the_links_to_comment_name_their_lines_in_words(cast, project):
    page = open_page(cast, project, Role.RPDO).check()
    assert "Comment: Migrants (general), direct, other / not stated, not stated" in page.text
    assert not re.search(r"[A-Z]{2,}_[A-Z]{2,}", page.text)


def test_a_comment_on_a_line_is_a_draft_until_the_answer(cast, project):
    page = comment(cast, project, Role.RRMO).check()
    assert "Why so much?" in page.text
    [draft] = said(project)
    assert (draft.section_code, draft.seat, draft.published_at) == ("BUD", "RRMO", None)
    assert draft.anchor.startswith("lines-")
    assert draft.quote.startswith("National staff") or "Line 1" in draft.quote
    for who in (Role.PDEV, Role.RME, Role.RD):
        for part in ("", "/comments", "/budget", "/proposal", "/endorsement", "/endorsement/1", "/process"):
            assert "Why so much?" not in cast.open(who, f"/projects/{project.reference}{part}").text
    assert "Why so much?" not in open_page(cast, project, Role.RME).text
    before = len(letters(cast[Role.PDEV]))
    comment(cast, project, Role.RRMO, "Comment on this section: Budget", "Please order the lines.")
    returned = {"note": "See the lines.", "sections": ("Budget", "Cover")}
    cast.has_reviewed(Role.RRMO, project, Role.RRMO, "Return for changes", **returned)
    told = letters(cast[Role.PDEV])[before:]
    assert len(told) == 1  # one letter for the answer and all its comments
    assert "Why so much?" in told[0].body
    assert "Please order the lines." in told[0].body
    assert [(one.text, one.section_code, one.sections, one.needs_answer) for one in said(project)] == [
        ("Why so much?", "BUD", [], True),
        ("Please order the lines.", "BUD", [], True),
        ("See the lines.", "COV", ["BUD"], True),
    ]
    assert all(one.published_at for one in said(project))
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/budget").check()
    assert "Why so much?" in page.text
    assert "See the lines." in page.text


def test_a_draft_is_changed_and_removed_by_the_seat_alone(cast, project):
    comment(cast, project, Role.RRMO)
    [draft] = said(project)
    page = open_page(cast, project, Role.RRMO)
    save, remove = (
        next(name for name in page.buttons if name.startswith(words))
        for words in ("Save the comment", "Remove the comment")
    )
    page = page.fill(f"Comment {draft.id}", "Why as much as that?").press(save).check()
    assert said(project)[0].text == "Why as much as that?"
    token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    url = f"/projects/{project.reference}/clearances/rme/comments/{draft.id}"
    other = open_page(cast, project, Role.RME)
    token = other.soup.find("input", attrs={"name": "csrf_token"})["value"]
    assert other.browser.request("POST", url, data={"csrf_token": token, "text": "Mine"}).status == 422
    assert said(project)[0].text == "Why as much as that?"
    assert open_page(cast, project, Role.RRMO).press(
        next(name for name in page.buttons if name.startswith("Remove the comment"))
    ).status == 200  # fmt: skip
    assert remove
    assert said(project) == []


@pytest.mark.parametrize("text", ["", "x" * 1_000_000, "half\x00way"])
def test_a_comment_that_does_not_fit_is_refused_and_kept(cast, project, text):
    page = comment(cast, project, Role.RRMO, text=text).check()
    assert page.status == 422
    assert said(project) == []
    assert page.value("Your comment on this line").strip("\x00") or not text
    assert page.press("Save as a draft").status == 200


def test_a_line_that_is_not_there_is_refused(cast, project):
    page = open_page(cast, project, Role.RRMO, "?comment=BUD&line=lines-000000000000").check()
    assert "Your comment on this section" in page.labels
    token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    values = {"csrf_token": token, "section": "BUD", "line": "lines-000000000000", "text": "Hm"}
    page = page.browser.request("POST", f"/projects/{project.reference}/clearances/rrmo/comments", data=values).check()
    assert page.status == 422
    assert "This line is not in the version under review." in page.text
    assert "Hm" in page.text
    for section in ("NONE", "", "x" * 10_000):
        values["section"], values["line"] = section, ""
        sent = page.browser.request("POST", f"/projects/{project.reference}/clearances/rrmo/comments", data=values)
        assert sent.status == 422
    assert open_page(cast, project, Role.RRMO, "?comment=NONE&line=%00").check().status == 200
    assert said(project) == []


def test_markup_is_escaped(cast, project):
    page = comment(cast, project, Role.RRMO, text="<script>alert(1)</script>").check()
    assert "<script>alert(1)</script>" in page.text


def test_drafts_go_on_after_a_return_and_taking_back_leaves_what_was_sent(cast, project):
    comment(cast, project, Role.RRMO)
    cast.has_decided(Role.RPDO, project, "return", note="The letter is missing.", sections=("Cover",))
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/comments").check()
    assert "The letter is missing." in page.text
    assert "Why so much?" not in page.text
    cast.has_submitted(project)
    page = open_page(cast, project, Role.RRMO).check()
    assert "Why so much?" in page.text
    cast.has_reviewed(Role.RRMO, project, Role.RRMO, "Clear with comments", note="Well done.")
    assert [(one.text, one.section_code, one.round_number) for one in said(project)] == [
        ("Why so much?", "BUD", 2),
        ("The letter is missing.", "COV", 1),
        ("Well done.", "COV", 2),
    ]
    open_page(cast, project, Role.RRMO).press("Take this answer back")
    cast.has_reviewed(Role.RRMO, project, Role.RRMO, "Clear with comments", note="Well done.")
    assert len(said(project)) == 3


def test_what_changed_is_told_since_the_last_round_and_since_one_read(cast, project):
    page = open_page(cast, project, Role.RME).check()
    assert "This is the first version submitted." in page.text
    page = page.press("I have read this version").check()
    assert "I have read this version" not in page.buttons
    for number, code in enumerate(("MON", "RAT"), 2):
        cast.has_decided(Role.RPDO, project, "return", note=f"Again {code}.", sections=("Cover",))
        change(project, code, "Better.")
        cast.has_submitted(project)
        assert db.session.scalars(select(Reading.round_number)).all() == [1], number
    page = open_page(cast, project, Role.RME).check()
    assert "Changed since round 2, the last round: Rationale. Compare with round 2 word by word" in page.text
    assert "Changed since round 1, the version you read last: Rationale, Monitoring." in page.text
    assert page.follow("Compare with round 1 word by word").check().status == 200
    page.press("Save as a draft")
    assert db.session.scalars(select(Reading.round_number)).all() == [3]
    assert "the version you read last" not in open_page(cast, project, Role.RME).text


def test_a_version_that_was_never_submitted_is_not_read(cast, project):
    page = open_page(cast, project, Role.RME)
    token = page.soup.find("input", attrs={"name": "csrf_token"})["value"]
    for number in ("7", "0", "²", "9" * 1000, ""):
        url = f"/projects/{project.reference}/clearances/rme/read"
        assert page.browser.request("POST", url, data={"csrf_token": token, "number": number}).status == 409
    assert db.session.scalars(select(Reading)).all() == []


def test_the_next_round_begins_with_what_was_answered(cast, project):
    comment(cast, project, Role.RME, "Comment on this section: Monitoring", "Which tools?")
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="See there.", sections=("Monitoring",))
    cast.all_clear(project, but=(Role.RME,))
    cast.answer(project, text="Surveys <b>twice</b>.")
    change(project, "MON", "Surveys, twice a year.")
    cast.has_submitted(project)
    page = open_page(cast, project, Role.RME).check()
    assert "asked again, because it returned the version before" in page.text
    assert page.text.index("Your earlier comments") < page.text.index("Which tools?")
    assert "Surveys <b>twice</b>." in page.text
    rows = cast.page(Role.PDEV, project).check().rows("Answers in this round")
    assert ["Regional M&E officer", "open asked again, because it returned the version before"] in [r[:2] for r in rows]


def test_a_changed_section_is_named_as_the_reason(cast, project):
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="Which tools?", sections=("Monitoring",))
    cast.all_clear(project, but=(Role.RME,))
    change(project, "RAT", "Better rationale.")
    cast.has_submitted(project)
    rows = cast.page(Role.PDEV, project).check().rows("Answers in this round")
    assert "open asked again, because changed: Rationale" in [row[1] for row in rows]
    assert "cleared in round 1, stands because none of its sections changed" in [row[1] for row in rows]


def test_justifications_stand_with_the_check_they_are_judged_by(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    for code, text in (("STAFF_OFFICE_MAX", "Remote site."), ("NAT_MIN", "A pilot.")):
        db.session.add(Justification(project_id=project.id, rule_code=code, text=text, by_id=cast[Role.PDEV].id))
    db.session.commit()
    cast.to_review(project)
    page = open_page(cast, project, Role.RRMO).check()
    assert "Justification: Remote site." in page.soup.select_one("#checks").get_text(" ", strip=True)
    aside = page.soup.select_one(".beside").get_text(" ", strip=True)
    assert aside.count("Remote site.") == aside.count("A pilot.") == 1


def marker(page, code, reason):
    for question in Cast.questions(page):
        page.fill(question, "Yes")
    return page.fill("Gender marker as you see it", code).fill("Reason for another gender marker (optional)", reason)


def gender_of(project):
    db.session.expire_all()
    return db.session.get_one(Project, project.id).gender_marker_code


def test_a_reviewer_sets_another_gender_marker_with_a_reason(cast, project):
    page = marker(open_page(cast, project, Role.RTS), "1", "").press("Clear").check()
    assert page.status == 422
    assert "Gender marker as you see it" in page.labels
    assert "Please say why the gender marker should be another one." in page.text
    page = page.fill("Reason for another gender marker (optional)", "No output is about it.").press("Save as a draft")
    assert gender_of(project) == "2a"
    assert "No output is about it." not in cast.page(Role.PDEV, project).text
    assert open_page(cast, project, Role.RTS).press("Clear").status == 200
    cast.all_clear(project, but=(Role.RTS,))
    assert status(project) is Status.ENDORSE
    assert gender_of(project) == "1"
    [entry] = [
        one for one in journal.entries(db.session, "project", project.id) if one.event.startswith("gender marker")
    ]
    assert (entry.actor_id, entry.data["before"], entry.data["after"]) == (cast[Role.RTS].id, "2a", "1")
    assert entry.data["reason"] == "No output is about it."
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/classification").check()
    assert "RTS person" in page.text
    assert "No output is about it." in page.text
    assert (
        "Gender marker as the reviewer sees it: 1"
        in cast.open(Role.RD, f"/projects/{project.reference}/endorsement").text
    )
    # What the reviewer set is no change of the cover: nobody is asked about it again.
    cast.has_decided(Role.RD, project, "return", note="One word.", sections=("Monitoring",))
    change(project, "MON", "Another word.")
    cast.has_submitted(project)
    assert status(project) is Status.REVIEW
    newest = db.session.scalars(select(Clearance).order_by(Clearance.id.desc()).limit(4)).all()
    assert [one.seat for one in newest if one.is_open] == ["RME"]


@pytest.mark.parametrize("code", ["3", "N/A", "x" * 5000])
def test_a_gender_marker_that_is_not_offered_is_refused(cast, project, code):
    page = open_page(cast, project, Role.RTS)
    select_box = page.soup.find("select", attrs={"name": "gender_marker_code"})
    option = page.soup.new_tag("option", value=code)
    option.string = "Odd"
    select_box.append(option)
    page = page.fill("Gender marker as you see it", "Odd").press("Save as a draft")
    assert page.status == 422


def test_the_page_asks_the_same_for_many_comments_and_rounds(cast, project, questions):
    def asked():
        questions.clear()
        assert open_page(cast, project, Role.RME).status == 200
        return sum("sign_in" not in one for one in questions)

    comment(cast, project, Role.RME, "Comment on this section: Monitoring", "Which tools?")
    few = asked()
    for number in range(6):
        comment(cast, project, Role.RME, "Comment on this section: Monitoring", f"Which tools {number}?")
    for number in range(2):
        cast.has_decided(Role.RPDO, project, "return", note=f"Again {number}.", sections=("Cover",))
        change(project, "MON", f"Better {number}.")
        cast.has_submitted(project)
    open_page(cast, project, Role.RME)
    many = asked()
    assert many <= few
    assert many <= 20
