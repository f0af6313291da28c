"""The cover: States that asked for the project, and what it says of the money."""

from __future__ import annotations

import pytest

from prima.db import db
from prima.projects import queries
from prima.projects.models import Part, Party
from prima.projects.snapshot import changed_sections, snapshot
from prima.projects.stages import Funding, Status
from tests.factories import a_project, a_user

ASKED = "States that asked for the project"


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def regional(developer, **more):
    return a_project(developer=developer, countries=("KEN", "UGA"), **more)


def asked(project):
    db.session.expire_all()
    return {one.country_code: one.requesting for one in queries.proposal(project.reference).coverage}


def url(project):
    return f"/projects/{project.reference}/cover"


def sent(page, **more):
    """What the form holds, ready to be forged."""
    fields = page.soup.select("main form [name]")
    values = {one["name"]: one.get("value", "") for one in fields if one.name == "input" and one["type"] == "hidden"}
    typed = {"title": "Kept", "project_type_code": "LM", "funding": "fund", "funding_year": "2016"}
    return {**values, **typed, "office_id": page.soup.select_one("[name=office_id] [selected]")["value"], **more}


def test_the_states_that_asked_are_ticked_among_the_countries(browser_of, developer):
    project = regional(developer)
    before = snapshot(queries.proposal(project.reference))
    page = browser_of(developer).open(url(project)).check()
    page = page.fill(ASKED, ["Uganda"]).press("Save").check()
    assert page.value(ASKED) == ["Uganda"]
    assert asked(project) == {"KEN": False, "UGA": True}
    after = snapshot(queries.proposal(project.reference))
    assert (after["requesting"], changed_sections(before, after)) == (["UGA"], {"COV"})
    assert developer in queries.proposal(project.reference).people(Part.AUTHOR)
    page = page.fill(ASKED, []).press("Save")
    assert asked(project) == {"KEN": False, "UGA": False}


def test_a_country_taken_away_takes_its_request_away(browser_of, developer):
    project = regional(developer)
    page = browser_of(developer).open(url(project)).fill(ASKED, ["Kenya", "Uganda"]).press("Save")
    page.fill("Countries", ["Kenya"]).press("Save").check()
    assert asked(project) == {"KEN": True}


def test_only_a_country_that_is_covered_can_have_asked(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    form = sent(browser.open(url(project)), countries="KEN", requesting="SOM")
    page = browser.request("POST", url(project), data=form)
    assert (page.status, page.errors) == (
        422,
        [f"{ASKED}: Only a country that the project covers can have asked for it."],
    )
    assert page.value("Title") == "Kept"
    page = browser.request("POST", url(project), data={**form, "requesting": "K\x00N"})
    assert (page.status, asked(project)) == (422, {"KEN": False})


def test_two_at_once_see_the_states_by_name(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = regional(developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    mine = browser_of(developer).open(url(project))
    browser_of(second).open(url(project)).fill(ASKED, ["Uganda"]).press("Save")
    page = mine.fill(ASKED, ["Kenya"]).press("Save").check()
    assert page.status == 409
    assert [ASKED, "Kenya", "Uganda"] in page.rows("What you typed, and what stands there now")
    assert page.press("Save what I typed").status == 200
    assert asked(project) == {"KEN": True, "UGA": False}


def test_a_reader_sees_who_asked_and_the_money(browser_of, developer):
    project = regional(
        developer, complete=True, status=Status.REVIEW, funding=Funding.DONOR, overhead_percent=10, agreement="A/1"
    )
    next(one for one in queries.proposal(project.reference).coverage if one.country_code == "KEN").requesting = True
    page = browser_of(developer).open(url(project)).check()
    told = [page.definition(term) for term in (ASKED, "Estimated budget", "Overhead rate", "Agreement with the donor")]
    assert told == ["Kenya", "USD 100,000", "10 %", "A/1"]


def test_the_estimated_budget_leads_to_the_budget(browser_of, developer):
    browser = browser_of(developer)
    page = browser.open(url(a_project(developer=developer, budget=70_000))).check()
    assert page.follow("USD 70,000").heading == "Budget"
    assert "no budget lines yet" in browser.open(url(a_project(developer=developer))).text
