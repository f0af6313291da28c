"""The gender marker that reviewers set otherwise: two who disagree, later rounds, and what everybody reads of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima import journal
from prima.db import db
from prima.projects.models import AreaAllocation, Project
from prima.projects.queries import GENDER_SET
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import REVIEWERS, Cast
from tests.endorsement.test_return import change
from tests.endorsement.test_road import status
from tests.factories import a_project, grant

MARKER, WHY = "Gender marker as you see it", "Reason for another gender marker (optional)"
PANEL = "Gender marker as reviewers see it"
LABOUR, HEALTH = "No output is about it.", "The needs analysis is silent on women."


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    """Half labour mobility, which the general review looks at, half migration health, which has a specialist."""
    found = a_project(developer=cast[Role.PDEV], complete=True)
    labour = db.session.scalars(select(AreaAllocation).where(AreaAllocation.project_id == found.id)).one()
    labour.amount /= 2
    db.session.add(AreaAllocation(project_id=found.id, code="MHD", amount=labour.amount))
    grant(cast.add("health"), Role.RTS, "NBO", areas=("MHD",))
    db.session.commit()
    cast.to_review(found)
    return found


def sheet(cast, who, project, seat):
    return cast.open(who, f"/projects/{project.reference}/clearances/{seat}").check()


def clears(cast, who, project, seat, code="", reason=""):
    page = sheet(cast, who, project, seat)
    for question in cast.questions(page):
        page.fill(question, "Yes")
    if code:
        page.fill(MARKER, code).fill(WHY, reason)
    page = page.press("Clear").check()
    assert page.status == 200, page.text
    return page


def the_others_clear(cast, project):
    cast.all_clear(project, but=(Role.RTS,))
    assert status(project) is Status.ENDORSE


def marker(project):
    db.session.expire_all()
    return db.session.get_one(Project, project.id).gender_marker_code


def noted(project):
    found = journal.entries(db.session, "project", project.id)
    names = ("seat", "before", "after", "reason")
    return [tuple(one.data[name] for name in names) for one in found if one.event == GENDER_SET]


def panel(page):
    found = page.soup.select_one("section[aria-labelledby=marker]")
    return [one.get_text(" ", strip=True) for one in found.select("p")] if found else []


def remarks(cast, who, project, caption):
    """What the record says beside the answers of the thematic specialists."""
    rows = cast.open(who, f"/projects/{project.reference}/endorsement").check().rows(caption)
    return {row[0]: row[1] for row in rows if row[0].startswith("Regional thematic specialist")}


def test_two_who_disagree_see_each_other_and_the_last_word_counts(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    page = sheet(cast, "health", project, "rts.mhd")
    assert panel(page) == [f"Regional thematic specialist in round 1: 1. {LABOUR}"]
    assert "of several codes the last one given counts" in page.text
    clears(cast, "health", project, "rts.mhd", "0", HEALTH)
    both = [
        f"Regional thematic specialist in round 1: 1. {LABOUR}",
        f"Regional thematic specialist (Migration health) in round 1: 0. {HEALTH}",
    ]
    for who, seat in ((Role.RTS, "rts"), ("health", "rts.mhd"), (Role.RPDO, "rpdo")):
        assert panel(sheet(cast, who, project, seat)) == both
    assert marker(project) == "2a"
    the_others_clear(cast, project)
    assert marker(project) == "0"
    assert noted(project) == [("RTS", "2a", "1", LABOUR), ("RTS.MHD", "1", "0", HEALTH)]
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/classification").check()
    assert f"The reviewer health person set this code in place of 1. {HEALTH}" in page.text


def test_the_last_word_is_by_when_it_was_given_though_it_was_taken_back_between(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    clears(cast, "health", project, "rts.mhd", "0", HEALTH)
    sheet(cast, Role.RTS, project, "rts").press("Take this answer back")
    assert panel(sheet(cast, "health", project, "rts.mhd")) == [
        f"Regional thematic specialist (Migration health) in round 1: 0. {HEALTH}"
    ]
    clears(cast, Role.RTS, project, "rts", "1", "Seen anew.")
    the_others_clear(cast, project)
    assert marker(project) == "1"
    assert [one[0] for one in noted(project)] == ["RTS.MHD", "RTS"]


def test_the_record_shows_both_and_the_reasons_to_those_who_may_read_them(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    clears(cast, "health", project, "rts.mhd", "0", HEALTH)
    the_others_clear(cast, project)
    cast.decide(Role.RD, project, "endorse")
    cast.add("staff", Role.VIEW)
    general, health = "Regional thematic specialist", "Regional thematic specialist (Migration health)"
    for caption in ("In force", "Answers in round 1"):
        found = remarks(cast, Role.RD, project, caption)
        assert found[general].endswith(f"Gender marker as the reviewer sees it: 1. {LABOUR}")
        assert found[health].endswith(f"Gender marker as the reviewer sees it: 0. {HEALTH}")
        found = remarks(cast, "staff", project, caption)
        assert found[general].endswith("Gender marker as the reviewer sees it: 1")
        assert found[health].endswith("Gender marker as the reviewer sees it: 0")


def test_who_agrees_with_the_developer_leaves_the_others_word_standing(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    clears(cast, "health", project, "rts.mhd")
    the_others_clear(cast, project)
    assert marker(project) == "1"


def test_what_stands_in_a_later_round_is_not_set_anew(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    clears(cast, "health", project, "rts.mhd", "0", HEALTH)
    the_others_clear(cast, project)
    before = noted(project)
    cast.decide(Role.RD, project, "return", note="One word.", sections=("Monitoring",))
    change(project, "MON", "Another word.")
    cast.submit(project)
    assert status(project) is Status.REVIEW
    clears(cast, Role.RME, project, "rme")
    assert status(project) is Status.ENDORSE
    assert marker(project) == "0"
    assert noted(project) == before
    # Though it stands without effect, the record says what it said.
    stands = remarks(cast, Role.RD, project, "Answers in round 2")["Regional thematic specialist"]
    assert stands.endswith(f"cleared in round 1, stands Gender marker as the reviewer sees it: 1. {LABOUR}")


def test_asked_again_a_reviewer_agrees_with_what_became_the_projects(cast, project):
    clears(cast, Role.RTS, project, "rts", "1", LABOUR)
    clears(cast, "health", project, "rts.mhd")
    the_others_clear(cast, project)
    cast.decide(Role.RD, project, "return", note="One word.", sections=("Rationale",))
    change(project, "RAT", "Another word.")
    cast.submit(project)
    page = sheet(cast, Role.RTS, project, "rts")
    assert (page.value(MARKER), page.value(WHY)) == ("I agree with the code that stands: 1", "")
    assert page.press("Clear").check().status == 200
    # Who sees it otherwise now has the last word.
    clears(cast, "health", project, "rts.mhd", "0", HEALTH)
    for role in REVIEWERS:
        if role is not Role.RTS and status(project) is Status.REVIEW:
            cast.review(role, project, role)
    assert status(project) is Status.ENDORSE
    assert (marker(project), noted(project)[-1]) == ("0", ("RTS.MHD", "1", "0", HEALTH))
