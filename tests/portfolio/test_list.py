"""The list: a page at a time, the same for everybody but in what each may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prima import clock
from prima.db import db
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
        questions.clear()
        assert browser.open("/projects?region=NBO&area=LHD&country=Kenya&q=project").status == 200
        counts.append(len(questions))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


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
