"""Bad input to the endorsement over HTTP: a clear answer, nothing typed is lost, nothing runs, nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.outbox import Letter
from prima.projects.models import Comment, Project, Step
from prima.projects.stages import Status
from prima.users import Role
from tests.browser import Page
from tests.endorsement.cast import Cast
from tests.factories import a_project

NOTE = "Comments, or the reason of a return (optional)"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>bold</b> {{ 7*7 }} javascript:alert(3)"
FOREIGN = "مراجعة المشروع \u202e reversed 🌍 हिन्दी"
LONG = "Kept" + "x" * 1_000_000


def state(project: Project) -> tuple[Any, ...]:
    db.session.expire_all()
    found = db.session.get_one(Project, project.id)
    answers = db.session.execute(
        select(Clearance.seat, Clearance.verdict, Clearance.note, Clearance.version)
        .join(Clearance.round)
        .where(Round.project_id == project.id)
        .order_by(Clearance.id)
    ).all()
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Step, Letter, Comment)]
    return found.status, found.journal_count, answers, counts


def post(page: Page, url: str, **fields: Any) -> Page:
    """What a page sends, with its token, and whatever somebody put in its place."""
    hidden = {
        one["name"]: one.get("value", "") for one in page.main.select("form input[type=hidden]") if one.get("name")
    }
    return page.browser.request("POST", url, data=hidden | fields)


def nothing_runs(page: Page) -> None:
    """Markup that somebody typed stands there as text."""
    page.check()
    assert not page.soup.select("main img[src=x], main b")
    assert all("alert(" not in script.get_text() for script in page.soup.find_all("script"))
    assert not [tag for tag in page.soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]


@pytest.fixture
def cast(browser_of: Any) -> Cast:
    return Cast(browser_of)


def test_a_return_says_why_and_where(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.has_submitted(project)
    url = f"/projects/{project.reference}/decisions/return"
    page = cast.open(Role.COM, url)
    before = state(project)
    cases = {
        "no reason": {"note": "", "sections": ["RAT"]},
        "only blanks": {"note": " \n\t ", "sections": ["RAT"]},
        "no section": {"note": "Kept reason."},
        "a section of another edition": {"note": "Kept reason.", "sections": ["NOT-HERE"]},
        "a section that is none": {"note": "Kept reason.", "sections": ["RAT", "\x00"]},
        "a million characters": {"note": LONG, "sections": ["RAT"]},
    }
    for name, fields in cases.items():
        answer = post(page, url, **fields)
        assert answer.status == 422, name
        answer.check()
        assert answer.errors, name
        assert state(project) == before, name
        if "Kept" in fields["note"]:
            assert answer.value("Reason").startswith("Kept"), name


def test_a_reviewers_return_says_why_and_where(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    url = f"/projects/{project.reference}/clearances/rme"
    page = cast.open(Role.RME, url)
    before = state(project)
    for fields in (
        {"note": "", "sections": ["MON"]},
        {"note": "Kept reason."},
        {"note": "Kept reason.", "sections": ["NOT-HERE"]},
        {"note": LONG, "sections": ["MON"]},
    ):
        answer = post(page, url, do="return", **fields)
        assert answer.status == 422
        assert answer.errors
        assert state(project) == before
        assert answer.value(NOTE).startswith(fields["note"][:4])


@pytest.mark.parametrize("button", ["save", "clear", "return"])
def test_a_page_of_the_round_before_overwrites_nothing(cast, button):
    """The stale page is at a version that the new round's answer has reached again by saving."""
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RTS, project, Role.RTS, "Save as a draft", note="First round.")
    stale = cast.open(Role.RTS, f"/projects/{project.reference}/clearances/rts")
    cast.has_decided(Role.RPDO, project, "return", note="Early.", sections=("Cover",))
    cast.has_submitted(project)
    cast.add("second", Role.RTS, "NBO")
    assert cast.review("second", project, Role.RTS, "Save as a draft", note="Second round.").status == 200
    before = state(project)
    words = {"save": "Save as a draft", "clear": "Clear", "return": "Return for changes"}
    stale.fill(NOTE, "Typed too late.").fill("If you return it: sections to be changed", ["Cover"])
    for question in cast.questions(stale):
        stale.fill(question, "Yes")
    answer = stale.press(words[button])
    assert answer.status in (409, 422)
    assert "Typed too late." in answer.html
    assert state(project) == before
    answer.check()
    if button == "save":
        assert ["Note", "Typed too late.", "Second round."] in answer.rows("What you typed, and what stands there now")
    else:
        assert "took the step" in answer.text


def test_a_decision_taken_from_an_older_page_is_told_what_happened(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_endorser(project)
    url = f"/projects/{project.reference}/decisions/endorse"
    stale = cast.open(Role.RD, url)
    cast.has_decided(Role.RD, project, "return", note="Once more.", sections=("Rationale",))
    cast.has_submitted(project)
    before = state(project)
    assert before[0] is Status.ENDORSE
    answer = stale.press("Endorse").check()
    assert answer.status == 409
    assert "took the step" in answer.text
    assert state(project) == before


@pytest.mark.parametrize("seen", ["", "-1", "9" * 400, "²", "\x00", "x"])
def test_what_was_seen_is_a_step_of_this_project(cast, seen):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.has_submitted(project)
    url = f"/projects/{project.reference}/decisions/clear"
    page = cast.open(Role.COM, url)
    before = state(project)
    answer = post(page, url, seen=seen)
    assert answer.status in (409, 422)
    assert state(project) == before


@pytest.mark.parametrize("text", [MARKUP, FOREIGN, "Nul\x00 and \x1b escape"], ids=["markup", "foreign", "controls"])
def test_what_reviewers_type_is_shown_and_never_run(cast, text):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    clean = text.replace("\x00", "").replace("\x1b", "")
    draft = cast.review(Role.RPDO, project, Role.RPDO, "Save as a draft", note=text)
    if draft.status == 422:
        assert draft.errors
        draft = draft.fill(NOTE, clean).press("Save as a draft")
    assert draft.status == 200
    nothing_runs(draft)
    assert " ".join(clean.split()) in " ".join(draft.value(NOTE).split())
    page = cast.review(Role.RME, project, Role.RME, "Return for changes", note=clean, sections=("Monitoring",))
    assert page.status == 200
    cast.all_clear(project, but=(Role.RME,))
    here = f"/projects/{project.reference}"
    for who, url in ((Role.PDEV, here), (Role.PDEV, f"{here}/endorsement"), (Role.RME, f"{here}/clearances/rme")):
        page = cast.open(who, url)
        nothing_runs(page)
        assert " ".join(clean.split()) in page.text, url


def test_comments_are_shown_and_never_run(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    url = f"/projects/{project.reference}/comments"
    page = cast.open(Role.RTS, url)
    for text in (MARKUP, FOREIGN):
        assert post(page, url, section="RAT", text=text).status == 200
        page = cast.open(Role.PDEV, url)
        nothing_runs(page)
        assert " ".join(text.split()) in page.text
        page = cast.open(Role.RTS, url)
    before = state(project)
    for section, text in (("RAT", LONG), ("RAT", ""), ("NONE", "Kept")):
        answer = post(page, url, section=section, text=text)
        assert answer.status == 422
        assert text[:4] in answer.html
        assert state(project) == before


def test_unknown_verdicts_answers_moves_and_seats(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    here = f"/projects/{project.reference}"
    page = cast.open(Role.RTS, f"{here}/clearances/rts")
    before = state(project)
    for verdict in ("", "approve", "CLEAR", "\x00", "return; drop table"):
        assert post(page, f"{here}/clearances/rts", do=verdict).status == 422, verdict
    for answer in ("maybe", "YES", "\x00"):
        assert post(page, f"{here}/clearances/rts", **{"do": "clear", "THEME-answer": answer}).status == 422, answer
    for move in ("nonsense", "CLEAR", "pass", "stand", "submit", "activate", "%00"):
        assert cast.open(Role.RPDO, f"{here}/decisions/{move}").status == 404, move
        assert post(page, f"{here}/decisions/{move}").status == 404, move
    for seat in ("RTS", "com", "rpdo-bru", "leg", "rts.mhd", "fund", "nobody", "%00", "x" * 3000):
        assert cast.open(Role.RTS, f"{here}/clearances/{seat}").status == 404, seat
        assert post(page, f"{here}/clearances/{seat}", do="save").status == 404, seat
        assert post(page, f"{here}/clearances/{seat}/take-back").status == 404, seat
    assert state(project) == before


def test_nothing_is_posted_without_its_token(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    here = f"/projects/{project.reference}"
    browser = cast.open(Role.RPDO, f"{here}/clearances/rpdo").browser
    before = state(project)
    for path in ("clearances/rpdo", "clearances/rpdo/take-back", "decisions/return"):
        for token in ({}, {"csrf_token": "made up"}):
            fields = {"note": "Because.", "sections": ["RAT"], "do": "save", "seen": "1", "version": "1"} | token
            assert browser.request("POST", f"{here}/{path}", data=fields).status in (400, 403, 422), path
    assert state(project) == before


def test_a_colleagues_draft_saved_meanwhile_costs_nothing_that_was_typed(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.add("second", Role.RME, "NBO")
    mine = cast.open("second", f"/projects/{project.reference}/clearances/rme")
    questions = cast.questions(mine)
    cast.has_reviewed(Role.RME, project, Role.RME, "Save as a draft", note="First.", answer="No")
    for question in questions:
        mine.fill(question, "Yes")
    mine.fill(NOTE, f"Second. {MARKUP}").fill("If you return it: sections to be changed", ["Monitoring"])
    page = mine.press("Save as a draft")
    assert page.status == 409
    nothing_runs(page)
    rows = page.rows("What you typed, and what stands there now")
    assert ["Note", f"Second. {MARKUP}", "First."] in rows
    assert [questions[0], "yes", "no"] in rows
    page = page.press("Save what I typed")
    assert page.status == 200
    assert page.value(NOTE) == f"Second. {MARKUP}"
    assert page.value("If you return it: sections to be changed") == ["Monitoring"]
