"""The language of filters: every wrong value is named, the others are applied, never silently all."""

from __future__ import annotations

from datetime import date

import pytest

from prima.db import db
from prima.projects.models import FundingRound
from prima.reporting import portfolio
from prima.reporting.portfolio import NONE, Filters
from tests.factories import a_project, a_user


def read(**given):
    return portfolio.read(None, {name: [value] if isinstance(value, str) else value for name, value in given.items()})


def titles(**given):
    reading = read(**given)
    assert not reading.problems
    found = portfolio.page(None, reading.filters, {})
    totals = portfolio.totals(None, reading.filters)
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
    assert "1 project" in page.text
