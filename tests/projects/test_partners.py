"""Partners: who carries the project out with IOM, in which role, and how far the agreement has come."""

import pytest
from sqlalchemy import select

from prima.db import db
from prima.projects import operations
from prima.projects.models import Agreement, Part, Partner, Party
from prima.projects.operations.rows import Row
from prima.projects.stages import Status
from tests.factories import a_project, a_user


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def partners_of(project):
    db.session.expire_all()
    rows = db.session.scalars(select(Partner).where(Partner.project_id == project.id).order_by(Partner.position))
    return [(one.name, one.role, one.agreement, one.agreement_reference) for one in rows]


def url(project):
    return f"/projects/{project.reference}/partners"


def test_partners_are_added_changed_and_removed_in_one_form(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(url(project)).check()
    page.fill("Partner, line 1", "Ministry of Labour").fill("Role, line 1", "Leads the training")
    page.fill("Agreement, line 1", "signed").fill("Reference, line 1", "MoU 12/2016")
    page = page.fill("Partner, line 3", "هيئة الهجرة 🌍").press("Save").check()
    assert partners_of(project) == [
        ("Ministry of Labour", "Leads the training", Agreement.SIGNED, "MoU 12/2016"),
        ("هيئة الهجرة 🌍", "", Agreement.NONE, ""),
    ]
    page = page.fill("Agreement, line 2", "planned").fill("Remove, line 1", True).press("Save").check()
    assert partners_of(project) == [("هيئة الهجرة 🌍", "", Agreement.PLANNED, "")]
    db.session.expire_all()
    assert {party.part for party in db.session.scalars(select(Party).where(Party.project_id == project.id))} == {
        Part.DEVELOPER,
        Part.AUTHOR,
    }


@pytest.mark.parametrize(
    ("label", "typed"),
    [("Partner", "x" * 1_000_000), ("Partner", "a\x00b"), ("Role", "x" * 301), ("Reference", "a\x1bb")],
)
def test_what_does_not_fit_is_told_at_its_field_and_kept(browser_of, developer, label, typed):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Partner, line 1", "Kept")
    page = page.fill("Partner, line 2", "Another").fill(f"{label}, line 2", typed).press("Save")
    assert page.status == 422
    assert len(page.errors) == 1 and page.errors[0].startswith(f"{label}, line 2")
    assert page.value("Partner, line 1") == "Kept"
    assert partners_of(project) == []


def test_a_line_in_use_names_its_partner(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Role, line 2", "Trains").press("Save").check()
    assert page.errors == ["Partner, line 2: Please fill this in."]
    assert page.value("Role, line 2") == "Trains"


def test_two_people_in_one_line_get_both_values(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    db.session.add(Partner(project_id=project.id, position=1, name="Ministry"))
    db.session.flush()
    mine, theirs = browser_of(developer).open(url(project)), browser_of(second).open(url(project))
    theirs.fill("Agreement, line 1", "planned").press("Save")
    page = mine.fill("Agreement, line 1", "signed").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    assert page.rows("What you typed, and what stands there now") == [["Agreement, line 1", "signed", "planned"]]
    assert page.press("Save what I typed").status == 200
    assert partners_of(project) == [("Ministry", "", Agreement.SIGNED, "")]


def test_a_project_has_at_most_100_partners(app, developer):
    project = a_project(developer=developer)
    values = {"name": "One", "role": "", "agreement": "none", "agreement_reference": ""}
    rows = [Row(f"partners-{place}", "", None, 0, "", False, values) for place in range(101)]
    with app.test_request_context(method="POST"), pytest.raises(Exception, match="at most 100 partners"):
        operations.list_partners(project, actor=developer, rows=rows)


def test_readers_see_them_here_and_on_the_cover(browser_of, developer):
    project = a_project(developer=developer, complete=True, status=Status.REVIEW)
    db.session.add(Partner(project_id=project.id, position=1, name="Ministry", agreement=Agreement.SIGNED))
    db.session.flush()
    browser = browser_of(developer)
    page = browser.open(url(project)).check()
    assert page.buttons == []
    assert page.rows("Partners") == [["Ministry", "not stated", "signed", ""]]
    assert browser.open(f"/projects/{project.reference}/cover").check().definition("Partners") == "Ministry"


def test_a_proposal_without_partners_can_be_complete(browser_of, developer):
    project = a_project(developer=developer, complete=True)
    page = browser_of(developer).open(f"/projects/{project.reference}/readiness").check()
    assert "Nothing stands in the way" in page.text
