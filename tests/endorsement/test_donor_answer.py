"""What is exchanged with the donor: the day it was sent, and the answer with its letter on the project's file."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima.db import db
from prima.endorsement.models import Exchange
from prima.journal import Entry
from prima.projects.models import Document, Project
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_road import status
from tests.factories import a_project, a_user

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LETTER = ("letter.pdf", PDF)
DATED = "Day of the letter (optional)"
FILED = "Letter on the project's file"


@pytest.fixture
def cast(browser_of):
    found = Cast(browser_of)
    for role, place in ((Role.RMO, "KEN"), (Role.LEG, None), (Role.HQD, None)):
        found.add(role, role, place)
    return found


@pytest.fixture
def project(cast):
    """A donor's project on its way, endorsed."""
    found = a_project(developer=cast[Role.PDEV], complete=True, funding="donor", budget=100_000)
    cast.to_endorser(found)
    cast.has_decided(Role.RD, found, "endorse")
    assert status(found) is Status.ENDORSED
    return found


@pytest.fixture
def sent(cast, project):
    page = cast.open(Role.RPDO, f"/projects/{project.reference}/decisions/to-donor").check()
    page.fill("Day on which it was sent (optional)", "2016-09-28").press("Submitted to the donor")
    assert status(project) is Status.DONOR_SUBMITTED
    return project


def answer(cast: Cast, project: Project, move: str = "approved"):
    return cast.open(Role.RPDO, f"/projects/{project.reference}/decisions/{move}")


def letters_of(project: Project) -> list[Document]:
    db.session.expire_all()
    asked = select(Document).where(Document.project_id == project.id, Document.type_code.in_(("OTH", "DLTR")))
    return list(db.session.scalars(asked.order_by(Document.version)))


def test_the_day_on_which_it_was_sent_is_kept(cast, sent):
    assert db.session.scalars(select(Exchange)).one().dated_on.isoformat() == "2016-09-28"
    assert "dated 28 Sep 2016" in cast.page(Role.PDEV, sent).text


@pytest.mark.parametrize(
    ("move", "target"),
    [("approved", Status.APPROVED), ("changes", Status.DONOR_CHANGES), ("refused", Status.REJECTED)],
)
def test_an_answer_is_recorded_with_its_letter(cast, sent, move, target):
    page = answer(cast, sent, move).check()
    page = page.fill("Reason", "So they wrote.").fill(DATED, "2016-09-30")
    page.fill("Letter to upload", LETTER).press(page.buttons[-1])
    assert status(sent) is target
    [letter] = letters_of(sent)
    assert letter.file_name == "letter.pdf"
    kept = db.session.scalars(select(Exchange).order_by(Exchange.step_id.desc()).limit(1)).one()
    assert (kept.document_id, kept.dated_on.isoformat()) == (letter.id, "2016-09-30")
    shown = cast.page(Role.PDEV, sent)
    assert letter.title in shown.links
    assert "dated 30 Sep 2016" in shown.text
    assert shown.follow(letter.title).status == 200
    told = db.session.scalars(select(Entry).where(Entry.event == "exchanged with the donor").order_by(Entry.id)).all()
    assert told[-1].data["letter"]["sha256"] == letter.sha256


def test_a_letter_filed_among_others_before_there_was_a_type_for_it_stays(cast, sent):
    """As it was filed: the record, the project and its documents show it under its own type."""
    answer(cast, sent).fill("Reason", "They agree.").fill("Letter to upload", LETTER).press("The donor approved")
    [letter] = letters_of(sent)
    letter.type_code = "OTH"
    db.session.commit()
    shown = cast.page(Role.PDEV, sent)
    assert shown.follow(letter.title).status == 200
    rows = cast.open(Role.PDEV, f"/projects/{sent.reference}/documents").check().text
    assert letter.title in rows
    cast.open(Role.RPDO, f"/projects/{sent.reference}/endorsement").check()


def test_an_answer_without_a_letter_is_refused_and_keeps_what_was_typed(cast, sent):
    page = answer(cast, sent).fill("Reason", "They agree.").press("The donor approved")
    assert page.status == 422
    assert any("Please upload the donor's letter" in error for error in page.errors)
    assert "They agree." in str(page.soup)
    assert status(sent) is Status.DONOR_SUBMITTED


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "letter.pdf", "This file is empty"),
        (b"MZ\x00\x01", "letter.exe", "This kind of file is not taken"),
        (PDF, "letter.docx", "This file is not what its name says"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_at_its_field(cast, sent, content, name, says):
    page = answer(cast, sent).fill("Reason", "They agree.")
    page = page.fill("Letter to upload", (name, content)).press("The donor approved")
    assert page.status == 422
    assert any(says in error for error in page.errors)
    assert status(sent) is Status.DONOR_SUBMITTED
    assert letters_of(sent) == []


def test_a_day_to_come_and_a_day_that_is_none_are_refused(cast, sent):
    for typed, says in (("2016-12-24", "This day is still to come."), ("soon", "Please type a day such as")):
        page = answer(cast, sent).fill("Reason", "They agree.").fill(DATED, typed)
        page = page.fill("Letter to upload", LETTER).press("The donor approved")
        assert page.status == 422
        assert any(says in error for error in page.errors)
        assert letters_of(sent) == []


def test_a_letter_filed_since_the_submission_may_be_chosen(cast, sent):
    assert FILED not in answer(cast, sent).labels
    page = cast.open(Role.PDEV, f"/projects/{sent.reference}/documents")
    page.fill("Type of document", "Other").fill("Title (optional)", "Their letter")
    assert page.fill("File", ("their.pdf", PDF)).press("File it").status == 200
    page = answer(cast, sent).check().fill("Reason", "They agree.")
    page.fill(FILED, "Other: Their letter").press("The donor approved")
    assert status(sent) is Status.APPROVED
    [letter] = letters_of(sent)
    assert (
        db.session.scalars(select(Exchange.document_id).order_by(Exchange.step_id.desc()).limit(1)).one() == letter.id
    )


def test_only_the_coordinator_and_the_managers_record_an_answer(cast, sent, browser_of):
    other = browser_of(a_user())
    assert other.open(f"/projects/{sent.reference}/decisions/approved").status == 403
    for who in (Role.COM, Role.RD, Role.ADMIN):
        assert cast.open(who, f"/projects/{sent.reference}/decisions/approved").status in (403, 404)
