"""The language of filters: every wrong value is named, the others are applied, never silently all."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from prima import clock
from prima.db import db
from prima.lists import Country
from prima.projects.models import (
    Bookmark,
    Extension,
    FundingRound,
    GovernanceMark,
    Milestone,
    Part,
    Party,
    SdgMark,
    ThemeMark,
)
from prima.reporting import portfolio
from prima.reporting.portfolio import NONE, Filters
from tests.factories import a_project, a_user


def read(viewer=None, **given):
    return portfolio.read(viewer, {name: [value] if isinstance(value, str) else value for name, value in given.items()})


def titles(viewer=None, **given):
    reading = read(viewer, **given)
    assert not reading.problems
    found = portfolio.page(viewer, reading.filters, {})
    totals = portfolio.totals(viewer, reading.filters)
    assert (totals.number, totals.budget) == (len(found.rows), sum(row.budget for row in found.rows))
    return {row.title for row in found.rows}


@pytest.fixture
def two(app, overdue):
    a_project(title="Health in Kenya", budget=100, office_code="KEN", status="ACTIVE", gender_marker_code="2a")
    db.session.add(
        FundingRound(
            code="2015-1", name="First", funding_year=2015, opens_on=date(2015, 1, 1), cut_off_on=date(2015, 3, 1)
        )
    )
    db.session.flush()
    other = a_project(
        title="Counter-trafficking_100%",
        office_code="COL",
        countries=("COL", "VEN"),
        funding="donor",
        status="DRAFT",
        year=2015,
        budget=7,
        project_type_code=None,
        funding_round_code="2015-1",
    )
    other.status = "CANCELLED"
    overdue(other)
    return {"kenya": "Health in Kenya", "other": "Counter-trafficking_100%"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"kenya", "other"}),
        ({"region": "NBO"}, {"kenya"}),
        ({"region": NONE}, set()),
        ({"office": "COL"}, {"other"}),
        ({"office": "Colombia"}, {"other"}),
        ({"country": "colombia"}, {"other"}),
        ({"country": "Venezuela, Bolivarian Republic of"}, {"other"}),
        ({"country": "VEN"}, {"other"}),
        ({"year": "2015"}, {"other"}),
        ({"year": "1999"}, set()),
        ({"status": "ACTIVE"}, {"kenya"}),
        ({"stage": "Implementation and monitoring"}, {"kenya", "other"}),
        ({"stage": "Closure"}, set()),
        ({"funding": "fund"}, {"kenya"}),
        ({"donor": "Not stated"}, {"other"}),
        ({"type": "LM"}, {"kenya"}),
        ({"type": NONE}, {"other"}),
        ({"area": "LHD"}, {"kenya", "other"}),
        ({"area": "MHD"}, set()),
        ({"activity": "TRN"}, {"kenya", "other"}),
        ({"activity": NONE}, set()),
        ({"marker": "2a"}, {"kenya"}),
        ({"marker": NONE}, {"other"}),
        ({"call": "2015-1"}, {"other"}),
        ({"call": NONE}, {"kenya"}),
        ({"overdue": "yes"}, {"other"}),
        ({"q": "KENYA health"}, {"kenya"}),
        ({"q": "100%"}, {"other"}),
        ({"q": "trafficking_100"}, {"other"}),
        ({"q": "rafficking"}, set()),
        ({"q": "_____________________"}, set()),
        ({"q": "colombia"}, {"other"}),
        ({"q": "P-2016"}, {"kenya"}),
        ({"region": "NBO", "year": "2015"}, set()),
    ],
)
def test_each_filter_chooses_and_count_and_sum_go_with_it(two, given, expected):
    assert titles(**given) == {two[name] for name in expected}


@pytest.fixture
def running(app, overdue, seen_by):
    """One project of which everything holds that is asked for less often, and one of which nothing does."""
    day = clock.today()
    people = {name: a_user("PM", "KEN", name=f"Namesake {name}") for name in ("manager", "alternate", "former")}
    one = a_project(
        title="one",
        status="ACTIVE",
        budget=1000,
        starts_on=day - timedelta(days=300),
        ends_on=day + timedelta(days=30),
        manager=people["manager"],
        alternate=people["alternate"],
    )
    db.session.add_all(
        [
            Party(project_id=one.id, user_id=people["former"].id, part=Part.MANAGER, until_at=clock.now()),
            SdgMark(project_id=one.id, code="10.7"),
            GovernanceMark(project_id=one.id, code="O1"),
            ThemeMark(project_id=one.id, code="GEN"),
            Milestone(project_id=one.id, name="Late", planned_on=day - timedelta(days=1)),
            Extension(project_id=one.id, old_end=day, new_end=one.ends_on, reason="More time", decided_on=day),
            Bookmark(project_id=one.id, user_id=people["alternate"].id),
        ]
    )
    overdue(one, day + timedelta(days=20))
    overdue(one, day + timedelta(days=200), kind="EVA", from_on=day)
    other = a_project(title="other", status="ACTIVE", budget=2000, starts_on=day, ends_on=day + timedelta(days=31))
    db.session.add_all(
        [
            Milestone(project_id=other.id, name="Reached", planned_on=day - timedelta(days=1), done_on=day),
            Milestone(project_id=other.id, name="Today", planned_on=day),
        ]
    )
    overdue(other, day - timedelta(days=1), is_open=False)
    overdue(other, day + timedelta(days=20), kind="NAR_N", is_open=False)
    overdue(other, day + timedelta(days=21), kind="EVA", from_on=day + timedelta(days=1))
    overdue(other, day + timedelta(days=2), kind="EXT_REQ")
    a_project(title="concept", status="CONCEPT", ends_on=day, budget=0)
    db.session.flush()
    return {name: seen_by(person) for name, person in people.items()}


ALL_THREE = {"one", "other", "concept"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"sdg": "10.7"}, {"one"}),
        ({"sdg": "8.7"}, set()),
        ({"sdg": NONE}, {"other", "concept"}),
        ({"migof": "O1"}, {"one"}),
        ({"migof": NONE}, {"other", "concept"}),
        ({"theme": "GEN"}, {"one"}),
        ({"theme": NONE}, {"other", "concept"}),
        ({"person": "namesake MANAGER"}, {"one"}),
        ({"person": "Namesake alternate"}, {"one"}),
        ({"person": "Namesake former"}, set()),
        ({"min": "1000"}, {"one", "other"}),
        ({"min": "1,000.01"}, {"other"}),
        ({"max": "1000.00"}, {"one", "concept"}),
        ({"min": "1000", "max": "1000"}, {"one"}),
        ({"ending": "30"}, {"one"}),
        ({"ending": "31"}, {"one", "other"}),
        ({"ending": "29"}, set()),
        ({"extended": "yes"}, {"one"}),
        ({"evaluation": "yes"}, {"one"}),
        ({"milestones": "missed"}, {"one"}),
        ({"due": "20"}, {"one"}),
        ({"due": "19"}, set()),
        ({"due": "366"}, {"one", "other"}),
        ({"bookmarked": "yes"}, set()),
        ({"sort": "title", "columns": "title,year"}, ALL_THREE),
    ],
)
def test_each_further_filter_chooses(running, given, expected):
    assert titles(**given) == expected


def test_a_person_is_known_by_their_address_too_and_bookmarks_are_ones_own(running):
    assert titles(person=running["manager"].email.upper()) == {"one"}
    assert titles(running["alternate"], bookmarked="yes") == {"one"}
    assert titles(running["manager"], bookmarked="yes") == set()


def test_two_people_of_one_name_are_told_apart_by_their_address(running):
    other = a_user("VIEW", name="Namesake manager")
    [problem] = read(person="Namesake manager").problems
    assert "several people are called “Namesake manager”; type an e-mail address" in problem
    assert read(person=other.email).filters.person == other.email


def test_somebody_from_outside_learns_of_nobody_whose_projects_they_do_not_see(running, seen_by):
    outsider = seen_by(a_user("VIEW", staff=False))
    [problem] = read(outsider, person=running["manager"].email).problems
    assert "is not known" in problem


def test_the_least_budget_above_the_most_is_named_and_neither_applies(app):
    reading = read(min="20.5", max="1000", year="2016")
    assert (reading.filters.min, reading.filters.max, reading.problems) == (Decimal("20.5"), 1000, [])
    reading = read(min="1000", max="20.5", year="2016")
    assert reading.filters == Filters(year=2016)
    assert reading.problems == [
        "No budget is from USD 1,000 up to USD 20.5: the first is more than the second, so both were left out."
    ]
    assert (reading.typed["min"], reading.typed["max"]) == ("1000", "20.5")


def test_what_is_retired_still_chooses_and_says_so(two):
    db.session.execute(update(Country).where(Country.code == "VEN").values(retired=True))
    reading = read(country="VEN")
    assert reading.filters.country == "VEN"
    assert reading.problems == [
        "Country: “Venezuela (Bolivarian Republic of)” is no longer in use; these are the projects that still carry it."
    ]


def test_of_a_hundred_wrong_filters_a_few_are_named_and_the_others_counted(app, browser_of):
    a_project(title="Work", status="ACTIVE")
    wrong = "&".join(f"colour{n}=red" for n in range(100))
    page = browser_of(a_user("VIEW")).open(f"/projects?{wrong}&year=2016").check()
    assert page.status == 200
    assert len(page.messages) == 5
    assert "96 more parts of the address could not be used." in page.messages[-1]
    assert page.rows("Projects")[0][1] == "Work"


def test_an_outsider_is_offered_only_the_calls_of_projects_to_be_seen(two, browser_of):
    def offered(user):
        return [one["value"] for one in browser_of(user).open("/projects").soup.select("#filter-call option")]

    assert offered(a_user("VIEW", staff=False)) == ["", "none"]
    assert offered(a_user("VIEW")) == ["", "2015-1", "none"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"region": "XXX"}, "Regional Office: “XXX” is not known; this filter was left out."),
        ({"year": "abc"}, "Funding year: “abc” is no year such as 2016; this filter was left out."),
        ({"year": "²016"}, "Funding year: “²016” is no year such as 2016; this filter was left out."),
        ({"year": "99999999999999999999"}, "is no year such as 2016"),
        ({"status": "active"}, "Status: “active” is not known"),
        ({"stage": "Party"}, "Stage: “Party” is not known"),
        ({"funding": "lottery"}, "Funding: “lottery” is not known"),
        ({"call": "2015-2"}, "Call for proposals: “2015-2” is not known"),
        ({"country": "Kenia"}, "Country: “Kenia” is not known"),
        ({"country": "Ken\x00ya"}, "Country: “Ken\N{REPLACEMENT CHARACTER}ya” is not known"),
        ({"office": "%"}, "Office: “%” is not known"),
        ({"donor": "'; drop table project"}, "is not known"),
        ({"overdue": "maybe"}, "Overdue reports: “maybe” is not “yes”"),
        ({"bookmarked": "1"}, "Bookmarked: “1” is not “yes”"),
        ({"sdg": "99.9"}, "SDG target: “99.9” is not known"),
        ({"person": "Nobody\x00"}, "Person: “Nobody\N{REPLACEMENT CHARACTER}” is not known"),
        ({"min": "1e3"}, "Budget from, USD: “1e3” is no amount such as 250000"),
        ({"max": "-1"}, "Budget up to, USD: “-1” is no amount"),
        ({"max": "9" * 40}, "is no amount"),
        ({"min": "١٠٠"}, "is no amount"),
        ({"ending": "0"}, "Ending within days: “0” is no number of days from 1 to 366"),
        ({"due": "367"}, "Report due within days: “367” is no number of days"),
        ({"milestones": "yes"}, "Milestones: “yes” is not “missed”"),
        ({"q": "a\x00b"}, "cannot be searched for"),
        ({"q": "x" * 201}, "cannot be searched for"),
        ({"regoin": "NBO"}, "“regoin” is no filter of this list; it was left out."),
        ({"region": ["NBO", "BUE"]}, "Regional Office is given more than once; only “NBO” is used."),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_applies(app, given, sentence):
    reading = read(**given, type="LM")
    assert len(reading.problems) == 1
    assert sentence in reading.problems[0]
    assert reading.filters.type == "LM"


def test_empty_values_are_no_filters(app):
    assert read(region="", year=" ", q="").filters == Filters()


def test_the_arguments_of_a_url_lead_back_to_the_filters(app):
    further = read(min="1,000.50", ending="90", sdg="10.7", extended="yes", milestones="missed", sort="-budget").filters
    assert further.args() == {
        "min": "1000.50", "ending": 90, "sdg": "10.7", "extended": "yes", "milestones": "missed"
    }  # fmt: skip
    assert Filters().args(ending=90, overdue="yes", sort="title") == {"ending": 90, "overdue": "yes", "sort": "title"}
    filters = read(region="NBO", year="2016", overdue="yes", country="Kenya").filters
    assert filters.args() == {"region": "NBO", "year": 2016, "overdue": "yes", "country": "KEN"}
    assert filters.args(region=None, after="1-2") == {"year": 2016, "overdue": "yes", "country": "KEN", "after": "1-2"}


@pytest.mark.parametrize("address", ["/projects", "/dashboard"])
def test_pages_say_what_was_wrong_and_keep_what_was_typed(app, browser_of, address):
    a_project(title="In Kenya", status="ACTIVE")
    a_project(title="In Colombia", status="ACTIVE", office_code="COL", year=2015)
    page = browser_of(a_user("VIEW")).open(f"{address}?year=abc&region=NBO&country=Kenia&colour=red").check()
    assert page.status == 200
    assert len([one for one in page.messages if "was left out" in one]) == 3
    assert page.value("Country") == "Kenia"
    assert page.value("Regional Office") == "East and Horn of Africa"
    assert len(page.rows("Projects")) == 1 if address == "/projects" else "1 project" in page.text
