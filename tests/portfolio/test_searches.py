"""Saved searches and chosen columns: one's own, named once, and told of by mail on Mondays."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from prima import clock
from prima.db import db
from prima.lists import Country
from prima.outbox import Letter
from prima.reporting.models import ListColumns, SavedSearch
from prima.reporting.operations.searches import MOST_SEARCHES, tell_weekly
from tests.conftest import TODAY
from tests.factories import a_project, a_user

MONDAY = TODAY - timedelta(days=TODAY.weekday())


@pytest.fixture
def somebody(app):
    a_project(title="In Kenya", status="ACTIVE", budget=100)
    a_project(title="In Colombia", status="ACTIVE", office_code="COL", budget=7)
    return a_user("RPDO", "NBO")


@pytest.fixture
def a_search(somebody):
    def make(name="Ours", query="region=NBO", user=somebody, **more):
        search = SavedSearch(user_id=user.id, name=name, query=query, **more)
        db.session.add(search)
        db.session.commit()
        return search

    return make


def saved():
    return [
        (one.name, one.query, one.weekly) for one in db.session.scalars(select(SavedSearch).order_by(SavedSearch.id))
    ]


def test_a_search_is_saved_opened_changed_and_deleted(somebody, browser_of):
    browser = browser_of(somebody)
    page = browser.open("/projects?region=NBO&sort=title&after=title.SW4-1&figures=yes&colour=red").check()
    page = page.follow("Save this search").check()
    assert page.definition("Regional Office") == "East and Horn of Africa"
    page = page.fill("Name of the search", "Ours").press("Save the search").check()
    assert saved() == [("Ours", "region=NBO&sort=title", False)]
    listed = page.follow("Ours").check()
    assert "finds all projects that you may see" in browser.open("/searches/new").check().text
    assert [row[1] for row in listed.rows("Projects")] == ["In Kenya"]
    page = browser.open("/searches").follow("Change Ours").check()
    page.fill("Name of the search", "Mine").fill("Tell me of it by mail every Monday", True).press("Keep the change")
    assert saved() == [("Mine", "region=NBO&sort=title", True)]
    page = browser.open("/searches").check()
    assert page.rows("Saved searches")[0][1] == "every Monday"
    page = page.follow("Delete Mine").check().press("Delete the search")
    assert saved() == []
    assert "No saved search yet" in page.check().text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Please fill this in."),
        ("x" * 101, "At most 100 characters fit here."),
        ("a\x00b", "invisible control characters"),
        ("Ours", "You keep another search called “Ours”: choose another name."),
    ],
)
def test_a_name_that_does_not_do_is_told_at_its_field_and_the_search_stays(
    a_search, somebody, browser_of, name, sentence
):
    a_search()
    page = browser_of(somebody).open("/searches/new?region=BUE")
    answer = page.fill("Name of the search", name).press("Save the search").check()
    assert answer.status in (409, 422)
    assert sentence in answer.text
    answer.fill("Name of the search", "Another \N{PARTY POPPER} שלום").press("Save the search")
    assert saved()[1:] == [("Another \N{PARTY POPPER} שלום", "region=BUE", False)]


def test_there_is_a_most_of_searches(a_search, somebody, browser_of):
    for number in range(MOST_SEARCHES):
        a_search(f"Search {number}")
    page = browser_of(somebody).open("/searches/new?year=2016").fill("Name of the search", "One more")
    answer = page.press("Save the search")
    assert answer.status == 409
    assert f"You keep {MOST_SEARCHES} searches already" in answer.text
    assert len(saved()) == MOST_SEARCHES


def test_nobody_opens_changes_or_deletes_the_search_of_somebody_else(a_search, browser_of):
    search = a_search()
    browser = browser_of(a_user("ADMIN"))
    assert browser.open(f"/searches/{search.id}").status == 404
    assert browser.open(f"/searches/{search.id}/delete").status == 404
    assert "No saved search yet" in browser.open("/searches").text


def test_a_search_whose_country_is_retired_or_gone_says_so(a_search, somebody, browser_of):
    a_search(query="country=KEN&donor=GONE")
    db.session.execute(update(Country).where(Country.code == "KEN").values(retired=True))
    db.session.commit()
    page = browser_of(somebody).open("/searches").follow("Ours").check()
    assert [row[1] for row in page.rows("Projects")] == ["In Kenya"]
    assert "Country: “Kenya” is no longer in use" in page.messages[0]
    assert "Donor: “GONE” is not known; this filter was left out." in page.messages[1]


@pytest.mark.parametrize(
    "query", ["%00=%00", "region=%FF%FE", "&" * 500, "q=" + "x" * 100_000, "region=NBO&region=BUE"]
)
def test_an_address_that_makes_no_sense_still_opens_and_is_saved_as_what_it_means(somebody, browser_of, query):
    page = browser_of(somebody).open(f"/searches/new?{query}")
    assert page.status == 200
    assert page.fill("Name of the search", "Odd").press("Save the search").status == 200
    [(_name, kept, _weekly)] = saved()
    assert len(kept) < 4000
    assert browser_of(somebody).open(f"/projects?{kept}").status == 200


# -- by mail ----------------------------------------------------------------------------------------------------------


def letters():
    return list(db.session.scalars(select(Letter).where(Letter.kind == "summary:search").order_by(Letter.id)))


def test_every_monday_its_owner_is_told_what_is_new_of_what_they_may_see(a_search, somebody):
    search = a_search(query="", weekly=True, told_on=MONDAY - timedelta(days=7), told_at=clock.ago(days=7))
    old = clock.ago(days=30)
    a_project(title="Draft elsewhere", status="DRAFT", office_code="COL", budget=1)
    a_project(title="Long known", status="ACTIVE", created_at=old, updated_at=old)
    a_project(title="Changed lately", status="ACTIVE", created_at=old)
    assert tell_weekly(db.session()) == 1
    [letter] = letters()
    assert letter.recipient == somebody.email
    assert letter.subject == "Ours: 4 projects, 2 new"
    assert "finds 4 projects now, with budgets of USD 107." in letter.body
    assert "2. Changed since then: 1." in letter.body
    assert "In Colombia (Colombia)" in letter.body
    assert "Draft elsewhere" not in letter.body and "Long known" not in letter.body
    assert urlsplit(letter.path).path == "/projects"
    assert tell_weekly(db.session()) == 0
    search.told_on -= timedelta(days=7)  # as if a second scheduler had not seen the first one's work
    assert tell_weekly(db.session()) == 0
    assert len(letters()) == 1


def test_who_asks_for_mail_today_is_told_from_the_next_monday_on(somebody, browser_of):
    page = browser_of(somebody).open("/searches/new?year=2016").fill("Name of the search", "Ours")
    page.fill("Tell me of it by mail every Monday", True).press("Save the search")
    assert tell_weekly(db.session()) == 0
    clock.fix(MONDAY + timedelta(days=7))
    assert tell_weekly(db.session()) == 1


def test_nobody_is_told_who_did_not_ask_or_has_no_account_any_more(a_search):
    a_search(told_on=MONDAY - timedelta(days=7))
    gone = a_user("VIEW", active=False)
    a_search(user=gone, weekly=True, told_on=MONDAY - timedelta(days=7))
    assert tell_weekly(db.session()) == 0


# -- columns ----------------------------------------------------------------------------------------------------------


def headings(page):
    return [" ".join(one.get_text().split()) for one in page.soup.select("thead th")]


def test_columns_are_chosen_kept_and_given_up_again(somebody, browser_of):
    browser = browser_of(somebody)
    usual = headings(browser.open("/projects").check())
    assert usual[:2] == ["Reference", "Title"]
    page = browser.open("/projects/columns?region=NBO").check()
    for name in ("Title", "Status", "Office", "Regional Office", "Funding", "Funding year", "Updated"):
        page.fill(name, False)
    page = page.fill("Manager", True).press("Keep these columns").check()
    assert headings(page) == ["Reference", "Budget, USD", "Manager"]
    assert len(page.rows("Projects")) == 1
    assert headings(browser.open("/projects?columns=year,title").check()) == ["Reference", "Title", "Funding year"]
    page = browser.open("/projects/columns")
    for name in ("Budget, USD", "Manager"):
        page.fill(name, False)
    assert headings(page.press("Keep these columns")) == usual
    assert db.session.scalars(select(ListColumns)).all() == []


def test_a_column_that_there_is_not_is_named_and_the_others_stand(somebody, browser_of):
    page = browser_of(somebody).open("/projects?columns=title,colour,reference").check()
    assert headings(page) == ["Reference", "Title"]
    assert "“colour” is no column of this list; it was left out." in page.messages[0]
    many = ",".join(f"c{number}" for number in range(1000))
    page = browser_of(somebody).open(f"/projects?columns={many}").check()
    assert "997 more columns are not known." in page.messages[-1]
    assert len(page.rows("Projects")) == 2


def test_every_column_can_be_shown(somebody, browser_of):
    every = "title,status,stage,office,region,country,funding,donor,year,type,budget,start,end,manager,overdue,updated"
    page = browser_of(somebody).open(f"/projects?columns={every}&sort=title").check()
    assert len(headings(page)) == 17
    assert page.rows("Projects")[1][1:4] == ["In Kenya", "Active", "Implementation and monitoring"]
