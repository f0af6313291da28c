"""Calls for proposals: who keeps them, which one a proposal goes into, what is retained for which, and taking it up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.journal import Entry
from prima.projects import funding_rounds
from prima.projects.models import FundingRound, Project
from prima.projects.queries import story
from prima.projects.rules import calls
from prima.projects.stages import Status
from prima.users import Role
from tests.conftest import TODAY
from tests.endorsement.cast import Cast
from tests.endorsement.test_road import status
from tests.factories import a_project, a_user


def a_round(code: str, *, opens: int = -10, cut_off: int = 10, **more: Any) -> FundingRound:
    """Days are counted from today."""
    values = {
        "name": f"Call {code}",
        "funding_year": 2016,
        "opens_on": TODAY + timedelta(days=opens),
        "cut_off_on": TODAY + timedelta(days=cut_off),
        **more,
    }
    made = FundingRound(code=code, **values)
    db.session.add(made)
    db.session.commit()
    return made


def call_of(project: Project) -> str | None:
    db.session.expire_all()
    return db.session.scalars(select(Project.funding_round_code).where(Project.id == project.id)).one()


def events(kind: str) -> list[str]:
    return list(db.session.scalars(select(Entry.event).where(Entry.subject_kind == kind).order_by(Entry.id)))


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    return a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)


@pytest.fixture
def form(cast):
    """A filled form for a new round."""

    def filled(code: str = "2017-NBO", region: str = "NBO", first: str = "2016-10-01", last: str = "2016-12-01"):
        page = cast.open(Role.FUND, "/funding-rounds/new").check()
        page.fill("Code", code).fill("Name", "First call of 2017").fill("Funding year", "2017")
        option = next(one.get_text() for one in page.soup.select("#region_code option") if one["value"] == region)
        return page.fill("Region", option).fill("Opens on", first).fill("Cut-off day", last)

    return filled


# -- keeping them -----------------------------------------------------------------------------------------------------


def test_fund_management_adds_changes_and_closes_a_round(cast, form):
    page = form().press("Add a round")
    assert (page.status, page.heading) == (200, "First call of 2017")
    page = cast.open(Role.FUND, "/funding-rounds/2017-NBO/change").check()
    page = page.fill("Cut-off day", "2016-12-24").press("Save")
    assert "24 Dec 2016" in page.check().text
    page = cast.open(Role.FUND, "/funding-rounds/2017-NBO/close").check().press("Close the round")
    assert "closed" in page.text
    assert events("funding_round") == ["funding round added", "funding round changed", "funding round closed"]
    assert cast.open(Role.FUND, "/funding-rounds/2017-NBO/change").press("Save").status == 422


def test_all_staff_read_the_list_and_nobody_else_keeps_it(cast, browser_of):
    a_round("2016-NBO", cut_off=12, region_code="NBO")
    for who in (Role.PDEV, Role.ADMIN, Role.DDG):
        page = cast.open(who, "/funding-rounds").check()
        row = page.rows("1 round")[0]
        assert "Call 2016-NBO" in row[0]
        assert "cut-off in 12 days" in row[6]
        assert "Add a round" not in page.links
        for path in ("new", "2016-NBO/change", "2016-NBO/close"):
            assert cast.open(who, f"/funding-rounds/{path}").status == 403
    outside = browser_of(a_user(staff=False))
    assert outside.open("/funding-rounds").status == 403
    assert outside.open("/funding-rounds/2016-NBO").status == 404
    assert cast.open(Role.PDEV, "/funding-rounds/NOWHERE").status == 404
    assert cast.open(Role.PDEV, "/funding-rounds/%00").status == 404


def test_rounds_overlap_only_where_region_or_line_differ(form):
    assert form().press("Add a round").status == 200
    page = form("2017-NBO-2", first="2016-11-30", last="2017-01-31").press("Add a round")
    assert page.status == 422
    assert "Rounds may overlap only where the region or the line differs." in page.text
    assert form("2017-NBO-2", first="2016-12-02", last="2017-01-31").press("Add a round").status == 200
    assert form("2017-ALL", region="").press("Add a round").status == 200


@pytest.mark.parametrize(
    ("label", "typed", "says"),
    [
        ("Code", "with space", "Use up to 30 capital letters"),
        ("Name", "A\x00B", "invisible control characters"),
        ("Name", "x" * 1_000_000, "At most 300 characters"),
        ("Funding year", "³", "Please type a whole number"),
        ("Cut-off day", "2016-09-01", "The cut-off is not before the day"),
        ("Cut-off day", "31.12.2016", "Please type a day such as"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_kept(form, label, typed, says):
    page = form().fill(label, typed).press("Add a round")
    assert page.status == 422
    assert says in page.text
    assert db.session.scalar(select(FundingRound)) is None


def test_two_people_in_one_round_get_both_values(cast, browser_of, form):
    form().press("Add a round")
    other = browser_of(a_user(Role.FUND)).open("/funding-rounds/2017-NBO/change")
    cast.open(Role.FUND, "/funding-rounds/2017-NBO/change").fill("Name", "Renamed").press("Save")
    page = other.fill("Name", "Named otherwise").press("Save")
    assert page.status == 409
    assert "Renamed" in page.text
    assert "Named otherwise" in page.text


def test_for_whom_a_round_is_stays_once_a_proposal_is_in_it(cast, project):
    a_round("2016-1")
    cast.has_submitted(project)
    page = cast.open(Role.FUND, "/funding-rounds/2016-1/change").fill("Funding year", "2017").press("Save")
    assert page.status == 422
    assert "can no longer be changed" in page.text


# -- the round of a proposal ------------------------------------------------------------------------------------------


def test_a_first_submission_goes_into_the_open_call_and_stays_in_it(cast, project):
    a_round("2016-ALL")
    a_round("2016-NBO", region_code="NBO")
    a_round("2016-DKR", region_code="DKR")
    a_round("2017-NBO", region_code="NBO", funding_year=2017)
    says = "Submitted now, it goes into the call 2016-NBO (Call 2016-NBO), open until"
    assert says in cast.open(Role.PDEV, f"/projects/{project.reference}/proposal").check().text
    assert says in cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit").check().text
    cast.has_submitted(project)
    assert call_of(project) == "2016-NBO"
    assert "2016-NBO" in cast.page(Role.COM, project).text
    db.session.scalars(select(FundingRound).where(FundingRound.code == "2016-NBO")).one().closed_at = clock.now()
    db.session.commit()
    cast.has_decided(Role.COM, project, "return", "Not clear.", ("Rationale",))
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
    assert "is in the call 2016-NBO and stays in it" in page.text
    cast.has_submitted(project)
    assert (call_of(project), status(project)) == ("2016-NBO", Status.OFFICE_CLEAR)


def test_a_recalled_first_submission_is_in_no_call_any_more(cast, project):
    a_round("2016-1")
    cast.has_submitted(project)
    cast.open(Role.PDEV, f"/projects/{project.reference}/recalls/recall").press("Recall")
    assert call_of(project) is None


def test_after_the_cut_off_a_written_justification_lets_it_through_in_no_call(cast, project):
    a_round("2016-1", opens=-30, cut_off=-1)
    a_round("2016-2", opens=20, cut_off=40)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit").check()
    assert "The cut-off of 2016-1 (Call 2016-1) was on 30 Sep 2016." in page.text
    assert "The next call is 2016-2 (Call 2016-2), from 21 Oct 2016." in page.text
    assert "Submit" not in page.buttons
    ready = cast.open(Role.PDEV, f"/projects/{project.reference}/readiness").check()
    label = next(one for one in ready.labels if "while a call of the Fund is open" in one)
    ready.fill(label, "The Fund agreed to it by telephone.").press("Save the reasons")
    assert cast.submit(project).status == 200
    assert (call_of(project), status(project)) == (None, Status.OFFICE_CLEAR)


def test_where_no_call_is_known_nothing_is_asked(cast, project):
    a_round("2015-1", funding_year=2015, cut_off=-1)
    a_round("2016-DKR", region_code="DKR", cut_off=-1)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/submit/submit")
    assert "No call for proposals is known for this funding year, region and line." in page.text
    cast.has_submitted(project)
    assert (call_of(project), status(project)) == (None, Status.OFFICE_CLEAR)


def test_the_cut_off_is_a_day_at_the_office(monkeypatch):
    class Place:
        time_zone = "Pacific/Auckland"

    clock.fix(None)
    late = clock.now().replace(year=2016, month=10, day=1, hour=23, minute=0)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert calls.day_at(Place()) == date(2016, 10, 2)
    Place.time_zone = "America/Panama"
    assert calls.day_at(Place()) == date(2016, 10, 1)
    late = late.replace(hour=2)
    assert calls.day_at(Place()) == date(2016, 9, 30)


def test_a_round_is_open_by_the_day_at_its_regional_office(cast, monkeypatch):
    """Late on 1 October in UTC it is the 2nd in Bangkok and at headquarters, and still the 1st in San José."""
    for code, region in (("ASIA", "BKK"), ("AMERICA", "SJO"), ("ALL", None)):
        a_round(code, opens=-5, cut_off=0, region_code=region)
    cast.open(Role.FUND, "/").check()
    late = clock.now().replace(year=2016, month=10, day=1, hour=23, minute=0)
    clock.fix(None)
    monkeypatch.setattr(clock, "now", lambda: late)
    cast.browsers.clear()
    rows = {row[0].split()[-1]: row[1] for row in cast.open(Role.FUND, "/funding-rounds").check().rows("3 rounds")}
    assert rows["AMERICA"] == "open"
    assert rows["ASIA"] == rows["ALL"] != "open"
    assert "cut-off today" in cast.open(Role.FUND, "/funding-rounds/AMERICA").check().text
    project = story(a_project(office_code="THA", status=Status.RETAINED).reference)
    assert "ASIA" not in {one.code for one in funding_rounds.to_wait_for(project)}


def test_a_donors_project_knows_no_calls(cast):
    a_round("2016-1")
    project = a_project(developer=cast[Role.PDEV], complete=True, funding="donor")
    assert "Call for proposals" not in cast.open(Role.PDEV, f"/projects/{project.reference}/proposal").text
    cast.has_submitted(project)
    assert call_of(project) is None


# -- retained ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def retained(cast, project):
    """Submitted in 2016-1, retained for 2017-1, which opens in twenty days."""
    a_round("2016-1")
    a_round("2017-1", opens=20, cut_off=50, funding_year=2017)
    cast.to_fund(project)
    page = cast.open(Role.FUND, f"/projects/{project.reference}/decisions/retain").check()
    page = page.fill("Reason", "No money left.")
    option = next(one for one in page.soup.select("#funding_round option") if one["value"] == "2017-1").get_text()
    assert page.fill("Round that it waits for (optional)", option).press("Retain for a later round").status == 200
    return project


def test_a_proposal_is_retained_for_a_later_round(cast, retained):
    assert (status(retained), call_of(retained)) == (Status.RETAINED, "2017-1")
    page = cast.open(Role.FUND, "/funding-rounds/2017-1").check()
    row = page.rows("Retained, waiting")[0]
    assert retained.reference in row[0]
    assert row[2:5] == ["1 Oct 2016", "No money left.", "100,000"]
    assert "Take up again" not in " ".join(page.links)
    reader = cast.open(Role.ADMIN, "/funding-rounds/2017-1").check()
    assert "No money left." not in reader.text
    assert "Choose a round" not in reader.text


def test_it_is_taken_up_when_its_round_has_opened(cast, retained):
    page = cast.open(Role.FUND, f"/projects/{retained.reference}/decisions/take-up").press("Take up again")
    assert page.status == 409
    assert "opens on 21 Oct 2016" in page.text
    assert status(retained) is Status.RETAINED
    clock.fix(TODAY + timedelta(days=20))
    cast.browsers.clear()
    page = cast.open(Role.FUND, "/funding-rounds/2017-1")
    assert any("Take up again" in link for link in page.links)
    cast.has_decided(Role.FUND, retained, "take-up")
    assert (status(retained), call_of(retained)) == (Status.FUND_REVIEW, "2017-1")


def test_fund_management_moves_it_to_the_pool_and_takes_it_up_from_there(cast, retained):
    page = cast.open(Role.FUND, f"/projects/{retained.reference}/retained-for").check()
    page = page.fill("Round that it waits for (optional)", "The pool, for no round yet").press("Save")
    assert retained.reference in page.check().text
    assert call_of(retained) is None
    assert events("project").count("retained for") == 2
    for who in (Role.PDEV, Role.DDG, Role.COM):
        assert cast.open(who, f"/projects/{retained.reference}/retained-for").status == 403
    cast.has_decided(Role.FUND, retained, "take-up")
    assert status(retained) is Status.FUND_REVIEW
    assert cast.open(Role.FUND, f"/projects/{retained.reference}/retained-for").press("Save").status == 409


def test_a_closed_round_takes_nothing_up(cast, retained):
    db.session.scalars(select(FundingRound).where(FundingRound.code == "2017-1")).one().closed_at = clock.now()
    db.session.commit()
    page = cast.open(Role.FUND, f"/projects/{retained.reference}/decisions/take-up").press("Take up again")
    assert page.status == 409
    assert "Move the proposal to another one first." in page.text


def test_a_round_shows_and_sums_only_what_the_viewer_may_see(cast, project):
    a_round("2016-1")
    other = a_project(developer=cast[Role.PDEV], complete=True, budget=Decimal("60000.10"), office_code="UGA")
    for one in (project, other):
        one.funding_round_code, one.status = "2016-1", Status.REVIEW
    db.session.commit()
    page = cast.open(Role.FUND, "/funding-rounds/2016-1").check()
    assert len(page.rows("Submitted in this call")) == 2
    assert "160,000.10" in page.text
    head = cast.open(Role.COM, "/funding-rounds/2016-1").check()
    assert "100,000" in head.text
    assert other.reference not in head.text
    assert cast.open(Role.COM, "/funding-rounds").rows("1 round")[0][-1] == "1"
    assert "No proposal yet" in cast.open(Role.ADMIN, "/funding-rounds/2016-1").text


def test_the_page_of_a_round_asks_the_same_for_many_proposals(cast, questions):
    a_round("2016-1")

    def asked() -> int:
        cast.open(Role.FUND, "/funding-rounds/2016-1")
        questions.clear()
        cast.open(Role.FUND, "/funding-rounds/2016-1")
        return len(questions)

    def add(count: int) -> None:
        for number in range(count):
            one = a_project(developer=a_user(), status=Status.RETAINED if number % 2 else Status.REVIEW)
            one.funding_round_code = "2016-1"
        db.session.commit()

    add(2)
    few = asked()
    add(10)
    assert asked() == few <= 12
