"""The electronic file on one page: there, missing, due later; each version for good, and only for those who may see."""

import re

import pytest

from prima.db import db
from prima.projects.models import Document
from prima.projects.stages import Status
from tests.factories import a_project, a_user

PDF = ("letter.pdf", b"%PDF-1.7 letter")


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN")


def a_document(project, type_code="OTH", version=1, **more):
    db.session.add(
        Document(
            project_id=project.id,
            type_code=type_code,
            version=version,
            title=more.pop("title", f"{type_code} {version}"),
            file_name="paper.pdf",
            media_type="application/pdf",
            size=2048,
            sha256=more.pop("sha256", "ab" * 32),
            filed_by_id=a_user().id,
            **more,
        )
    )
    db.session.flush()
    db.session.expire(project)


FILE = "The file of the whole cycle"


def stages(page):
    """The rows below the name of each stage."""
    found = {}
    for row in page.rows(FILE) if FILE in page.captions else ():
        if len(row) == 1:
            found[row[0]] = []
        else:
            found[list(found)[-1]].append(row)
    return found


def states(page):
    """The state of each type of document, by its name."""
    return {row[0].split(",")[0]: row[1] for rows in stages(page).values() for row in rows}


def test_a_draft_of_the_fund_shows_what_is_missing_and_what_is_due_later(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    found = states(page)
    assert found["Government request letter"].startswith("missing before submission to the Fund")
    assert found["Government focal point letter"] == "due later before activation"
    assert found["Workplan"] == "due later in the first month"
    assert found["Narrative report"] == "due later with the reports"
    assert found["Closure checklist"] == "due later at closure"
    assert found["Management response"] == "due later at the evaluation"
    assert "Additional letter of support (regional)" not in found
    assert list(stages(page)) == [
        "Endorsement",
        "Activation",
        "Implementation and monitoring",
        "Reporting",
        "Closure",
        "Evaluation",
    ]
    assert "Additional letter of support (regional)" in page.definition("Endorsement")
    assert "0 there 1 missing 8 due later" in page.text


def test_a_regional_project_needs_further_letters(browser_of, developer):
    project = a_project(developer=developer, countries=("KEN", "UGA"))
    page = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    assert states(page)["Additional letter of support (regional)"].startswith("missing before submission to the Fund")


def test_a_project_of_a_donor_needs_what_its_donor_says(browser_of, developer):
    project = a_project(developer=developer, funding="donor")
    found = states(browser_of(developer).open(f"/projects/{project.reference}/documents").check())
    assert "Government request letter" not in found
    assert "Evaluation report / form" not in found
    assert found["Government focal point letter"] == "due later before activation"


@pytest.mark.parametrize(
    ("status", "missing", "later"),
    [
        (Status.DRAFT, "Government request letter", "Government focal point letter"),
        (Status.REVIEW, "Government focal point letter", "Workplan"),
        (Status.APPROVED, "Government focal point letter", "Workplan"),
        (Status.ACTIVE, "Workplan", "Narrative report"),
        (Status.OP_CLOSED, "Closure checklist", "Evaluation report / form"),
        (Status.FIN_CLOSED, "Evaluation report / form", None),
        (Status.WITHDRAWN, None, None),
    ],
)
def test_what_is_missing_follows_the_cycle(browser_of, developer, status, missing, later):
    project = a_project(developer=developer, status=status)
    found = states(browser_of(developer).open(f"/projects/{project.reference}/documents").check())
    assert missing is None or found[missing].startswith("missing")
    assert found[later].startswith("due later") if later else "due later" not in " ".join(found.values())
    if missing is None:
        assert found == {}


def test_a_missing_document_leads_to_its_form(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page = page.follow("File it: Government request letter").check()
    assert page.value("Type of document") == "Government request letter"
    page = page.browser.open(f"/projects/{project.reference}/documents?type=%00'nothing").check()
    assert page.status == 200 and page.value("Type of document") == "Please choose"


def test_versions_stand_below_the_newest_with_their_checksums(browser_of, developer):
    project = a_project(developer=developer)
    for version in (1, 2, 3):
        a_document(project, version=version, sha256=f"{version}" * 64)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    (row,) = stages(page)["Any stage"]
    assert row[0].startswith("Other OTH 3 paper.pdf 2 older versions OTH 2, version 2")
    assert (row[2], row[4], row[5]) == ("3", "2", "3" * 12)
    assert {code["title"] for code in page.soup.select("table code")} == {"3" * 64, "2" * 64, "1" * 64}
    assert [code["title"] for code in page.soup.select("details code")] == ["2" * 64, "1" * 64]


def test_the_letter_of_each_state_stands_for_itself(browser_of, developer):
    project = a_project(developer=developer, countries=("KEN", "UGA"))
    a_document(project, "LTR", 1, country_code="KEN", title="From Kenya")
    a_document(project, "LTR", 2, country_code="UGA", title="From Uganda")
    a_document(project, "LTR", 3, country_code="KEN", title="From Kenya, mended")
    page = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    letters = [row[0] for row in stages(page)["Endorsement"] if row[0].startswith("Government request letter")]
    assert [re.sub(" paper.pdf.*", "", letter) for letter in letters] == [
        "Government request letter, Kenya From Kenya, mended",
        "Government request letter, Uganda From Uganda",
    ]


def test_an_internal_annex_is_neither_shown_nor_named_to_all_staff(browser_of, developer):
    project = a_project(developer=developer, status=Status.ACTIVE)
    a_document(project, "RISK")
    inside = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    assert states(inside)["Risk assessment plan (internal annex) RISK 1 paper.pdf"] == "there"
    outside = browser_of(a_user("VIEW")).open(f"/projects/{project.reference}/documents").check()
    assert "Risk assessment" not in outside.text
    assert "The file is empty" in outside.text
    assert outside.buttons == [] and "File it" not in " ".join(outside.links)


def test_a_download_is_named_after_its_project_and_never_sniffed(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/documents")
    name = "rapport d'étape \u202e🌍.pdf"
    page.fill("Type of document", "Other").fill("File", (name, PDF[1])).press("File it").check()
    answer = browser.open(f"/projects/{project.reference}/documents/oth/1").response
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and f"{project.reference}-OTH-1-rapport" in disposition
    assert "%E2%80%AE" not in disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"].startswith("no-")
    stranger = browser_of(a_user("PDEV", "UGA"))
    for path in ("documents", "documents/oth/1", "documents/oth/2"):
        assert stranger.open(f"/projects/{project.reference}/{path}").status == 404


def test_a_damaged_file_is_not_handed_out(browser_of, developer, app):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/documents")
    page.fill("Type of document", "Other").fill("File", PDF).press("File it").check()
    (file,) = [path for path in app.config["DOCUMENTS_DIR"].rglob("*") if path.is_file()]
    file.write_bytes(b"%PDF-1.7 LETTER")
    page = browser.open(f"/projects/{project.reference}/documents/oth/1").check()
    assert page.status == 409 and "damaged in the store" in page.text


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (("letter.pdf", b""), "File: This file is empty."),
        (("letter.pdf", b"PK\x03\x04no pdf"), "File: This kind of file is not taken."),
        (("letter.docx", b"%PDF-1.7"), "File: This file is not what its name says"),
    ],
)
def test_a_refused_file_is_told_at_its_field_and_keeps_the_rest(browser_of, developer, app, file, says):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page.fill("Type of document", "Government request letter").fill("State that wrote it", "Kenya")
    page = page.fill("Title (optional)", "رسالة 🌍").fill("File", file).press("File it").check()
    assert page.status == 422
    assert page.errors[0].startswith(says) and len(page.errors) == 1
    assert page.value("Type of document") == "Government request letter"
    assert page.value("Title (optional)") == "رسالة 🌍"
    assert db.session.query(Document).count() == 0
    assert list(app.config["DOCUMENTS_DIR"].rglob("*")) == []


@pytest.mark.parametrize(
    ("megabytes", "status", "says"),
    [
        (21, 422, "This file is larger than 20 MB."),
        (26, 413, "At most 25 MB can be sent at once. A file can have up to 20 MB."),
    ],
)
def test_a_file_that_is_too_large_is_told_the_limit(browser_of, developer, app, megabytes, status, says):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    address = f"/projects/{project.reference}/documents"
    token = browser.open(address).soup.find("input", attrs={"name": "csrf_token"})["value"]
    parts = [
        ("csrf_token", "", token.encode()),
        ("type_code", "", b"OTH"),
        ("country_code", "", b""),
        ("title", "", b""),
    ]
    parts.append(("file", '; filename="letter.pdf"', b"%PDF-" + bytes(megabytes * 1024 * 1024)))
    body = b"".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
        for name, more, value in parts
    )
    page = browser.request(
        "POST",
        address,
        data=body + b"--edge--\r\n",
        content_type="multipart/form-data; boundary=edge",
        headers={"Referer": f"http://localhost{address}"},
    ).check()
    assert page.status == status and says in page.text
    if status == 413:
        assert page.soup.find("a", string="Go back")["href"].endswith(address)
    assert db.session.query(Document).count() == 0
    assert list(app.config["DOCUMENTS_DIR"].rglob("*")) == []


def test_the_page_asks_the_same_number_of_questions_for_2_as_for_12(browser_of, developer, questions):
    counted = []
    browser = browser_of(developer)
    for number in (2, 12):
        project = a_project(developer=developer)
        for version in range(1, number + 1):
            a_document(project, "OTH", version)
            a_document(project, "PPR", version)
        reference = project.reference
        db.session.commit()
        db.session.expire_all()
        questions.clear()
        browser.open(f"/projects/{reference}/documents").check()
        counted.append(len(questions))
    assert counted[0] == counted[1], questions
