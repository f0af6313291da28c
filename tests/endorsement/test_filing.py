"""What PRIMA itself files when a proposal is submitted: in the same transaction, with the round, for good."""

import hashlib
import io

import docx
import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, select

from prima.db import db
from prima.endorsement import operations
from prima.endorsement.models import Round
from prima.endorsement.operations import letters
from prima.endorsement.views import endorsement
from prima.handbook import published
from prima.projects import files, papers, queries
from prima.projects.models import Document, Project, Risk, Section
from prima.projects.snapshot import snapshot
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.factories import a_project, a_user


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    return a_project(developer=cast[Role.PDEV], complete=True)


@pytest.fixture
def folder(app):
    return app.config["DOCUMENTS_DIR"]


def filed(type_code="PDOC"):
    db.session.expire_all()
    return db.session.scalars(select(Document).filter_by(type_code=type_code).order_by(Document.version)).all()


def lying(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def text_of(folder, document):
    content = files.path(folder, document.sha256).read_bytes()
    assert hashlib.sha256(content).hexdigest() == document.sha256 and len(content) == document.size
    found = docx.Document(io.BytesIO(content))
    return "\n".join(
        [*(one.text for one in found.paragraphs), *(cell.text for table in found.tables for cell in table._cells)]
    )


def test_the_proposal_is_filed_as_it_was_submitted(cast, project, folder):
    assert cast.submit(project).status == 200
    (document,) = filed()
    assert (document.version, document.generated, document.filed_by_id) == (1, True, cast[Role.PDEV].id)
    assert document.title == "Proposal as submitted, round 1"
    assert document.file_name == f"{project.reference}-proposal-round-1.docx"
    assert document.media_type == papers.WORD
    text = text_of(folder, document)
    assert "Text of Rationale." in text and "As submitted, round 1" in text
    assert "Counterparts change." not in text and "internal" in text
    assert len(lying(folder)) == 3  # with the risk plan and the budget form


def test_the_budget_form_is_filed_without_what_staff_cost_by_the_unit(cast, project, folder):
    cast.submit(project)
    (document,) = filed("BUD")
    assert (document.version, document.generated) == (1, True)
    assert document.file_name == f"{project.reference}-budget-round-1.xlsx"
    sheet = load_workbook(io.BytesIO(files.path(folder, document.sha256).read_bytes()))["Budget"]
    headings, *rows = list(sheet.iter_rows(values_only=True))
    lines = {row[headings.index("Description")]: dict(zip(headings, row, strict=True)) for row in rows}
    assert sum(line["Amount, USD"] for line in lines.values()) == project.budget
    assert (lines["Line 1"]["Unit cost, USD"], lines["Line 1"]["Amount, USD"]) == (None, 20_000)
    assert lines["Line 2"]["Unit cost, USD"] == 5_000


def test_the_internal_annex_is_filed_apart(cast, project, folder, browser_of):
    cast.submit(project)
    (annex,) = filed("RISK")
    assert "Counterparts change." in text_of(folder, annex)
    page = cast.open(Role.COM, f"/projects/{project.reference}/documents").check()
    assert "Risk plan as submitted, round 1" in page.text and "by PRIMA, for PDEV person" in page.text
    answer = cast.open(Role.COM, f"/projects/{project.reference}/documents/risk/1").response
    assert answer.headers["Content-Disposition"] == f"attachment; filename={annex.file_name}"
    project = db.session.get(Project, project.id)
    project.status = Status.APPROVED
    db.session.commit()
    staff = browser_of(a_user("VIEW"))
    assert staff.open(f"/projects/{project.reference}/documents/risk/1").status == 404
    assert staff.open(f"/projects/{project.reference}/documents/pdoc/1").status == 200
    assert "Risk" not in staff.open(f"/projects/{project.reference}/documents").check().text


def test_without_risks_there_is_no_annex(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    project.edition_id = published.find(db.session, "fund-older-3").id  # its form has no risk plan
    db.session.execute(delete(Risk).filter_by(project_id=project.id))
    db.session.add(Section(project_id=project.id, code="SUS", text="The State goes on."))
    cast.submit(project)
    assert len(filed()) == 1 and filed("RISK") == []


def test_each_round_is_a_version_of_its_own(cast, project, folder):
    cast.submit(project)
    cast.decide(Role.COM, project, "return", note="Say more.", sections=("Rationale",))
    section = db.session.scalars(select(Section).filter_by(project_id=project.id, code="RAT")).one()
    section.text = "More is said."
    db.session.commit()
    cast.submit(project)
    first, second = filed()
    assert (second.version, second.title) == (2, "Proposal as submitted, round 2")
    assert "More is said." in text_of(folder, second) and "More is said." not in text_of(folder, first)


def test_what_is_filed_by_itself_is_no_part_of_the_frozen_version(cast, project):
    cast.submit(project)
    frozen = db.session.scalars(select(Round)).one().snapshot
    assert [one["type"] for one in frozen["documents"]] == ["LTR"]
    assert snapshot(queries.proposal(project.reference))["documents"] == frozen["documents"]


@pytest.mark.parametrize("where", ["a paper", "a letter"])
def test_a_submission_that_fails_files_nothing(cast, project, folder, monkeypatch, app, where):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def broken(*_given, **_named):
        raise RuntimeError

    with monkeypatch.context() as patched:
        if where == "a letter":
            patched.setattr(letters, "moved", broken)
        else:
            more = papers.Filed("BUD", "Budget form", "budget.xlsx", "application/x", broken)
            patched.setattr(endorsement, "PAPERS", (*papers.AT_SUBMISSION, more))
        page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
        assert page.press("Submit").status == 500
    assert filed() == filed("RISK") == filed("BUD") == []
    assert lying(folder) == []
    assert db.session.scalar(select(Project.status).filter_by(id=project.id)) is Status.DRAFT
    assert db.session.scalars(select(Round)).all() == []


def test_a_refused_submission_files_nothing(cast, folder):
    project = a_project(developer=cast[Role.PDEV])
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
    assert page.press("Submit").status == 409 if "Submit" in page.buttons else page.status == 200
    assert filed() == [] and lying(folder) == []


def test_a_further_paper_is_one_line(cast, project, folder, monkeypatch):
    budget = papers.Filed("BUD", "Budget form", "budget.txt", "text/plain", lambda one, names, words: words.encode())
    monkeypatch.setattr(endorsement, "PAPERS", (*papers.AT_SUBMISSION, budget))
    cast.submit(project)
    (document,) = filed("BUD")
    assert document.title == "Budget form as submitted, round 1"
    assert document.file_name == f"{project.reference}-budget-round-1.txt"
    assert files.path(folder, document.sha256).read_bytes() == b"As submitted, round 1"


def test_a_submission_without_a_store_files_nothing(app, cast, project):
    with app.test_request_context(method="POST"):
        operations.submit(project, "submit", actor=cast[Role.PDEV])
    assert filed() == []
