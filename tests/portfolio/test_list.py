"""The list: a page at a time, the same for everybody but in what each may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prima import clock
from prima.db import db
from prima.lists import CountryAlias
from prima.reporting import exports, portfolio
from prima.reporting.portfolio import Filters
from tests.factories import a_project, a_user


def test_a_row_says_what_it_is_in_words(app, browser_of, overdue):
    project = a_project(title="Work", status="ACTIVE", budget="1234.50", funding="donor", year=2015)
    overdue(project)
    page = browser_of(a_user("VIEW")).open("/projects?figures=yes").check()
    [row] = page.rows("Projects")
    assert row[:3] == [project.reference, "Work", "Active 1 report overdue"]
    assert row[3:8] == ["Kenya", "Nairobi", "Donor", "2015", "1,234.50"]
    assert "1 project USD 1,234.50" in page.text
    assert page.follow(project.reference).heading == "Work"


def test_an_empty_list_says_what_will_stand_here(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    assert "No projects yet" in browser.open("/projects").check().text
    page = browser.open("/projects?q=nothing")
    assert "No project fits these filters" in page.check().text
    assert "No projects yet" in page.follow("Show all projects").text


def test_pages_follow_each_other_without_gap_or_double(app):
    now = clock.now()
    made = [a_project(title=f"T{n}", updated_at=now - timedelta(days=n // 3)) for n in range(10)]
    expected = [one.title for one in sorted(made, key=lambda one: (one.updated_at, one.id), reverse=True)]
    seen, given, first = [], {}, None
    while given is not None:
        page = portfolio.page(None, Filters(), {name: [value] for name, value in given.items()}, size=4)
        seen.append([row.title for row in page.rows])
        first, given = first or page, page.next
    assert [title for titles in seen for title in titles] == expected
    assert [len(one) for one in seen] == [4, 4, 2]
    assert first.previous is None
    back = portfolio.page(None, Filters(), {name: [value] for name, value in page.previous.items()}, size=4)
    assert [row.title for row in back.rows] == seen[1]
    start = portfolio.page(None, Filters(), {name: [value] for name, value in back.previous.items()}, size=4)
    assert [row.title for row in start.rows] == seen[0]
    assert start.previous is None


@pytest.mark.parametrize("cursor", ["abc", "1-", "9999999999999999-1", "1" * 40 + "-1", "1-2&before=1-2"])
def test_a_bad_cursor_is_named_and_the_list_begins_at_its_start(app, browser_of, cursor):
    a_project(title="Work", status="ACTIVE")
    page = browser_of(a_user("VIEW")).open(f"/projects?after={cursor}")
    if cursor.startswith("9999"):
        assert page.status == 200
        return
    assert page.status == 200
    assert any("There is no page of the list at" in one for one in page.messages)
    assert page.rows("Projects")[0][1] == "Work"


def test_the_list_asks_as_much_for_12_rows_as_for_2(app, browser_of, questions):
    browser = browser_of(a_user("RPDO", "NBO"))
    counts = []
    for more in (2, 10):
        for _ in range(more):
            a_project(status="ACTIVE", budget=10)
        db.session.commit()
        db.session.expire_all()
        app.extensions.pop("prima.kept", None)
        questions.clear()
        assert browser.open("/projects?region=NBO&area=LHD&country=Kenya&q=project").status == 200
        counts.append(len(questions))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_opened_again_it_asks_less_and_shows_what_changed_meanwhile(app, browser_of, questions, overdue):
    project, other = (a_project(title=title, status="ACTIVE", budget=10) for title in ("Old name", "Other"))
    browser = browser_of(a_user("VIEW"))
    addresses = ("/projects?country=Kenya&sort=title", "/projects?status=ACTIVE&sort=-budget&figures=yes")

    def titles(address):
        questions.clear()
        return [row[1] for row in browser.open(address).rows("Projects")]

    for address in addresses:
        titles(address)
        first = len(questions)
        assert sorted(titles(address)) == ["Old name", "Other"]
        assert len(questions) < first, address
    project.title = "A new name"
    other.budget = other.budget_usd = 20
    db.session.flush()
    assert [titles(address) for address in addresses] == [["A new name", "Other"], ["Other", "A new name"]]
    assert "2 projects USD 30" in browser.open(addresses[1]).text
    other.status = "DRAFT"  # who has no part in it does not see it any more
    db.session.flush()
    assert [titles(address) for address in addresses] == [["A new name"], ["A new name"]]
    overdue(project)
    assert titles("/projects?overdue=yes&sort=title") == ["A new name"]


def test_what_is_kept_for_those_who_see_the_same_is_not_shown_to_others(app, browser_of):
    a_project(title="Open to all", status="ACTIVE")
    developer = a_user("PDEV", "KEN")
    a_project(title="A draft", status="DRAFT", developer=developer)
    for person, titles in (
        (a_user("VIEW"), ["Open to all"]),
        (developer, ["A draft", "Open to all"]),
        (a_user("COM", "KEN"), ["A draft", "Open to all"]),
        (a_user("EVAL", staff=False), []),
        (a_user("VIEW"), ["Open to all"]),
    ):
        page = browser_of(person).open("/projects?country=Kenya&sort=title")
        if titles:
            assert [row[1] for row in page.rows("Projects")] == titles
        else:
            assert "No project fits these filters" in page.text


def test_a_name_that_a_country_is_given_finds_it_at_once(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    a_project(title="Work", status="ACTIVE")
    assert "is not known" in browser.open("/projects?country=Nyayo").text
    db.session.add(CountryAlias(country_code="KEN", alias="Nyayo"))
    db.session.flush()
    assert [row[1] for row in browser.open("/projects?country=Nyayo").rows("Projects")] == ["Work"]


def test_only_columns_that_are_shown_are_looked_up(app, browser_of, questions):
    a_project(title="Work", status="ACTIVE")
    browser = browser_of(a_user("VIEW"))
    for columns, country in (("title", False), ("country,manager", True)):
        questions.clear()
        [row] = browser.open(f"/projects?columns={columns}").rows("Projects")
        assert (row[1] == "Kenya") is country
        assert any("string_agg(country.name" in question for question in questions) is country


def test_the_part_of_the_area_asked_for_stands_under_the_sum(app, browser_of):
    a_project(status="ACTIVE", budget=100)
    page = browser_of(a_user("VIEW")).open("/projects?area=LHD&figures=yes").check()
    assert "1 project USD 100 of it Labour mobility and human development: USD 100" in page.text


# -- who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def people(app):
    developer = a_user("PDEV", "KEN")
    a_project(title="Draft of Kenya", developer=developer, status="DRAFT", budget=1)
    a_project(title="Draft of Colombia", office_code="COL", status="REVIEW", budget=10)
    a_project(title="Donor draft of Kenya", status="DRAFT", funding="donor", budget=100)
    a_project(title="Active in Kenya", status="ACTIVE", budget=1000)
    return {
        "developer": developer,
        "colleague": a_user("COM", "KEN"),
        "region": a_user("RPDO", "NBO"),
        "fund": a_user("FUND"),
        "stranger": a_user("VIEW"),
        "administrator": a_user("ADMIN"),
    }


@pytest.mark.parametrize(
    ("who", "budget"),
    [
        ("developer", 1101),
        ("colleague", 1101),
        ("region", 1101),
        ("fund", 1011),
        ("stranger", 1000),
        ("administrator", 1000),
    ],
)
def test_what_one_may_not_see_is_in_no_list_count_sum_or_workbook(people, browser_of, seen_by, who, budget):
    number = len(str(budget).replace("0", ""))
    browser = browser_of(people[who])
    page = browser.open("/projects?figures=yes").check()
    assert f"{number} project{'s' if number > 1 else ''} USD {budget:,}" in page.text
    assert len(page.rows("Projects")) == number
    assert f"in full {budget:,}" in browser.open("/dashboard").text
    viewer = seen_by(people[who])
    assert portfolio.headline(viewer).budget == budget
    world = portfolio.world(viewer)
    assert world.headline == portfolio.headline(viewer)
    assert sum(one.budget for one in world.countries) == sum(one.budget for one in world.regions) == budget
    reading = portfolio.read(viewer, {})
    asked = exports.ask(db.session.connection(), viewer, reading)
    [projects] = exports.tables(asked, [exports.PROJECTS])
    assert sum(row[15] for row in db.session.execute(projects.statement)) == budget
    years = {choice.code for choice in reading.choices["year"]}
    assert years == {"2016"}


def test_the_years_offered_are_those_one_may_see(app, seen_by):
    a_project(status="DRAFT", year=2011)
    assert not portfolio.read(seen_by(a_user("VIEW")), {}).choices["year"]


def test_the_map_counts_a_project_in_every_country_it_covers(app, overdue):
    overdue(a_project(status="ACTIVE", countries=("KEN", "SOM"), budget=5))
    overdue(a_project(status="ACTIVE", budget=2), kind="EXT_REQ")
    world = portfolio.world(None)
    found = [(one.code, one.projects, one.budget, one.overdue) for one in world.countries]
    assert found == [("KEN", 2, 7, 1), ("SOM", 1, 5, 1)]
    assert portfolio.headline(None) == world.headline == portfolio.Headline(2, 7, 1)
