"""Recalling a proposal before the first decision: to where it came from, its round ended, drafts of answers kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima.db import db
from prima.endorsement.models import Answer, Clearance, Round
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_return import change
from tests.endorsement.test_road import letters, status
from tests.factories import a_project


def newest(project: Project) -> Round:
    db.session.expire_all()
    asked = select(Round).where(Round.project_id == project.id).order_by(Round.number.desc()).limit(1)
    return db.session.scalars(asked).one()


def recall(cast: Cast, project: Project, move: str):
    return cast.open(Role.PDEV, f"/projects/{project.reference}/recalls/{move}")


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    return a_project(developer=cast[Role.PDEV], complete=True)


@pytest.fixture
def again(cast, project):
    """Submitted, cleared by everybody but one who returned it, and submitted again: the office's clearance stands."""
    cast.to_review(project)
    cast.all_clear(project, but=(Role.RTS,))
    cast.has_reviewed(Role.RTS, project, Role.RTS, "Return for changes", note="Say more.", sections=("Rationale",))
    change(project, "RAT", "Another text.")
    cast.has_submitted(project, move="submit")
    assert status(project) is Status.REVIEW
    return project


def test_a_first_submission_is_recalled_to_a_draft_and_its_desk_is_told(cast, project):
    cast.has_submitted(project)
    page = cast.page(Role.PDEV, project)
    assert "Recall" in page.buttons
    page = recall(cast, project, "recall").check().press("Recall")
    assert status(project) is Status.DRAFT
    assert newest(project).closed_at is not None
    assert f"Recalled: {project.reference}" in letters(cast[Role.COM])
    assert cast.submit(project).status == 200
    assert newest(project).number == 2


def test_a_resubmission_with_the_head_of_office_goes_back_to_returned(cast, project):
    cast.has_submitted(project)
    cast.has_decided(Role.COM, project, "return", "Not clear.", ("Rationale",))
    cast.has_submitted(project)
    assert recall(cast, project, "recall").status == 409
    recall(cast, project, "recall-changes").press("Recall")
    assert status(project) is Status.RETURNED


def test_a_resubmission_that_came_from_the_donor_goes_back_there(cast, browser_of):
    project = a_project(developer=cast[Role.PDEV], complete=True, funding="donor", status=Status.DONOR_CHANGES)
    cast.has_submitted(project)
    assert status(project) is Status.OFFICE_CLEAR
    recall(cast, project, "recall-donor").press("Recall")
    assert status(project) is Status.DONOR_CHANGES


def test_in_review_it_is_recalled_until_somebody_answers_and_drafts_go_on(cast, again):
    page = cast.open(Role.RTS, f"/projects/{again.reference}/clearances/rts")
    question = cast.questions(page)[0]
    page.fill(question, "Yes").press("Save as a draft")
    assert "Recall" in cast.page(Role.PDEV, again).buttons
    recall(cast, again, "recall-changes").press("Recall")
    assert status(again) is Status.RETURNED
    ended = newest(again)
    assert ended.closed_at is not None
    drafted = select(Answer).join(Clearance, Clearance.id == Answer.clearance_id)
    on = drafted.where(Clearance.round_id == ended.id, Clearance.role == Role.RTS, Answer.answer.is_not(None))
    assert db.session.scalars(on).all()
    assert f"Recalled: {again.reference}" in letters(cast[Role.RTS])
    assert f"Recalled: {again.reference}" not in letters(cast[Role.RME])
    cast.has_submitted(again)
    following = newest(again)
    assert (following.number, status(again)) == (3, Status.REVIEW)
    on = drafted.where(Clearance.round_id == following.id, Clearance.role == Role.RTS, Answer.answer.is_not(None))
    assert db.session.scalars(on).all()


def test_the_process_map_tells_of_the_recall_while_it_can_be_taken(cast, again):
    process = f"/projects/{again.reference}/process"
    for who in (Role.PDEV, Role.RTS):
        assert any(name.endswith(" Recall") for name in coming(cast.open(who, process).check())), who
    cast.review(Role.RTS, again, Role.RTS, "Return for changes", note="Still not.", sections=("Rationale",))
    assert status(again) is Status.REVIEW  # others whose section changed are asked again
    assert not any(name.endswith(" Recall") for name in coming(cast.open(Role.PDEV, process)))


def coming(page) -> list[str]:
    return [one.get_text(strip=True) for one in page.soup.select(".next-moves h3")]


def test_an_answer_in_this_round_ends_the_recall(cast, again):
    stale = recall(cast, again, "recall-changes")
    cast.open(Role.RTS, f"/projects/{again.reference}/clearances/rts")
    cast.has_reviewed(Role.RTS, again, Role.RTS, "Return for changes", note="Still not.", sections=("Rationale",))
    page = stale.press("Recall")
    assert page.status == 409
    assert status(again) is not Status.DRAFT


def test_what_the_office_cleared_in_this_round_cannot_be_recalled(cast, project):
    cast.to_review(project)
    assert "Recall" not in cast.page(Role.PDEV, project).buttons
    page = recall(cast, project, "recall-changes")
    assert (page.status, "before the first decision" in page.text) == (409, True)


def test_only_a_developer_recalls(cast, project):
    cast.has_submitted(project)
    for who in (Role.COM, Role.RD):
        assert cast.open(who, f"/projects/{project.reference}/recalls/recall").status == 403
    assert cast.open(Role.PDEV, f"/projects/{project.reference}/recalls/submit").status == 404


def test_while_it_is_under_review_each_page_of_the_draft_says_why_and_who_has_it(cast, project):
    cast.to_review(project)
    cast.has_reviewed(Role.RTS, project, Role.RTS)
    for part in ("proposal", "sections/rat", "budget", "documents"):
        page = cast.open(Role.RPDO, f"/projects/{project.reference}/{part}").check()
        assert "The project stands at the step “In review”. It is with: Review as" in page.text, part
        for role in (Role.RPDO, Role.RRMO, Role.RME):
            assert f"{role} person" in page.text
        assert "RTS person" not in page.text
