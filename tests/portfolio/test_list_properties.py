"""For random filters, in any order and for every role: the pages of the list together are what plain Python finds."""

from __future__ import annotations

import contextvars
import random
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from prima import clock
from prima.db import db
from prima.permissions import Action, can
from prima.places import Office
from prima.projects.models import Coverage, Milestone, Project, SdgMark
from prima.projects.stages import RUNNING, Status
from prima.reporting import portfolio
from prima.reporting.models import Deadline
from prima.reporting.portfolio import NONE, listing, sorting
from prima.reporting.portfolio.sorting import SORTS
from prima.reporting.search import holding
from prima.reporting.steps import OWING
from tests.chance import seeds
from tests.factories import a_project, a_user

STATUSES = (Status.DRAFT, Status.REVIEW, Status.ACTIVE, Status.ACTIVE, Status.SUSPENDED, Status.FIN_CLOSED)
OFFICES = ("KEN", "SOM", "COL", "DEU")
ROLES = (("PDEV", "KEN"), ("COM", "SOM"), ("RPDO", "NBO"), ("FUND", None), ("VIEW", None), ("ADMIN", None))
TARGETS = ("10.7", "8.7")


@pytest.fixture
def world(app, overdue, monkeypatch):
    """Some projects of every kind; few are so few and walks so short that rows are found in all ways."""
    monkeypatch.setattr(listing, "FEW", 5)
    monkeypatch.setattr(listing, "FAR_FOR_WORDS", 7)
    monkeypatch.setattr(holding, "COMMON", 3)
    monkeypatch.setattr(sorting, "SORTS", {name: replace(one, near=(3, 7)) for name, one in SORTS.items()})
    chance, day = random.Random(7), clock.today()
    developer = a_user("PDEV", "KEN")
    outsider = a_user("EVAL", staff=False)
    for number in range(40):
        ends = chance.choice([None, day + timedelta(days=chance.randrange(-200, 200))])
        project = a_project(
            title=f"{chance.choice(['wells', 'Écoles', 'roads'])} {chance.randrange(9)}",
            status=chance.choice(STATUSES),
            office_code=chance.choice(OFFICES),
            funding=chance.choice(["fund", "donor"]),
            year=chance.randrange(2013, 2017),
            budget=chance.choice([0, 10, 49_999, 50_000, 2_000_000]),
            starts_on=ends and ends - timedelta(days=300),
            ends_on=ends,
            developer=developer if number % 5 == 0 else None,
            manager=outsider if number % 17 == 0 else None,
            project_type_code=chance.choice(["LM", "CT", None]),
            updated_at=clock.now() - timedelta(days=chance.randrange(5)),
        )
        if chance.random() < 0.3:
            db.session.add(SdgMark(project_id=project.id, code=chance.choice(TARGETS)))
        if chance.random() < 0.3:
            overdue(project, day - timedelta(days=chance.randrange(-20, 20)))
        if chance.random() < 0.3:
            db.session.add(Milestone(project_id=project.id, name="m", planned_on=day - timedelta(days=1)))
    people = [developer, outsider, *(a_user(role, place) for role, place in ROLES), a_user("VIEW", staff=False)]
    db.session.commit()  # the kept totals are of what is committed
    return people


def everything():
    """All projects with what Python needs, and beside each what hangs on it."""
    asked = select(Project).options(
        joinedload(Project.office).selectinload(Office.links), selectinload(Project.parties),
        selectinload(Project.coverage), selectinload(Project.sdgs), selectinload(Project.milestones),
        selectinload(Project.areas),
    )  # fmt: skip
    projects = db.session.scalars(asked.execution_options(populate_existing=True)).all()
    deadlines = {}
    for one in db.session.scalars(select(Deadline)):
        deadlines.setdefault(one.project_id, []).append(one)
    return [(project, deadlines.get(project.id, [])) for project in projects]


def fits(project, deadlines, filters):
    """The filters in plain Python."""
    day = clock.today()
    late = any(one.is_open and one.due_on < day for one in deadlines)
    told = {
        "region": not filters.region or (project.region_code or NONE) == filters.region,
        "year": filters.year in (None, project.funding_year),
        "status": filters.status in ("", project.status),
        "funding": filters.funding in ("", project.funding),
        "type": not filters.type or (project.project_type_code or NONE) == filters.type,
        "country": not filters.country or any(one.country_code == filters.country for one in project.coverage),
        "sdg": not filters.sdg or filters.sdg in ({one.code for one in project.sdgs} or {NONE}),
        "min": filters.min is None or project.budget_usd >= filters.min,
        "max": filters.max is None or project.budget_usd <= filters.max,
        "overdue": not filters.overdue or (late and project.status in OWING),
        "milestones": not filters.milestones or any(one.done_on is None for one in project.milestones),
        "ending": filters.ending is None or (
            project.status in RUNNING and project.ends_on is not None
            and day <= project.ends_on <= day + timedelta(days=filters.ending)
        ),
        "q": all(
            any(word in text.lower() for text in (project.title, project.reference, project.office.name))
            for word in filters.q.lower().split()
        ),
    }  # fmt: skip
    return all(told.values())


CHOICES = {
    "region": ["NBO", "BUE", "BRU", NONE],
    "year": ["2013", "2015", "2016"],
    "status": [*STATUSES],
    "funding": ["fund", "donor"],
    "type": ["LM", NONE],
    "country": ["KEN", "COL"],
    "sdg": [*TARGETS, NONE],
    "min": ["10", "50000"],
    "max": ["49999.99", "2000000"],
    "overdue": ["yes"],
    "milestones": ["missed"],
    "ending": ["30", "200"],
    "q": ["wells", "Kenya", "école road"],
}


def sorted_by(projects, sort):
    """As the list stands: what is not stated last, either way."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    keys = {
        "reference": lambda one: one.name,
        "title": lambda one: one.title.lower().replace("é", "e"),
        "year": lambda one: one.funding_year,
        "budget": lambda one: one.budget_usd,
        "start": lambda one: one.starts_on,
        "end": lambda one: one.ends_on,
        "updated": lambda one: one.updated_at,
    }
    key = keys[name]
    stated = sorted((one for one in projects if key(one) is not None), key=lambda one: (key(one), one.id), reverse=down)
    empty = sorted((one for one in projects if key(one) is None), key=lambda one: one.id, reverse=down)
    return [one.id for one in (*stated, *empty)]


def through(viewer, filters, sort, size):
    """The ids of all pages forwards, and of the way back."""
    given, there, back, page = {"sort": [sort]}, [], [], None
    while page is None or page.next:
        page = portfolio.page(viewer, filters, given | _cursor(page and page.next), size)
        assert not page.problems
        there.append([row.id for row in page.rows])
    while page.previous:
        page = portfolio.page(viewer, filters, given | _cursor(page.previous), size)
        back.append([row.id for row in page.rows])
    return there, back


def _cursor(args):
    return {name: [value] for name, value in (args or {}).items()}


@pytest.mark.parametrize("seed", seeds(2))
def test_the_pages_together_are_what_one_may_see_and_asks_for(world, seen_by, seed):
    chance, all_of_them = random.Random(seed), everything()
    for person in world:
        viewer = seen_by(person)
        visible = [pair for pair in all_of_them if can(viewer, Action.VIEW_PROJECT, pair[0])]
        for sort in chance.sample([*SORTS, *(f"-{name}" for name in SORTS)], 5):
            asked = chance.sample(sorted(CHOICES), chance.randrange(2))
            given = {name: [str(chance.choice(CHOICES[name]))] for name in asked}
            reading = portfolio.read(viewer, given)
            # What is in none of one's years is not offered, and yet it can be asked for.
            assert not reading.problems, given
            wanted = [project for project, deadlines in visible if fits(project, deadlines, reading.filters)]
            there, back = through(viewer, reading.filters, sort, chance.choice([3, 25]))
            assert list(chain.from_iterable(there)) == sorted_by(wanted, sort), (person.email, sort, given)
            assert back == there[-2::-1], (person.email, sort, given)
            whole = portfolio.whole(viewer, reading.filters)
            budget = sum(one.budget_usd for one in wanted)
            assert (whole.totals.number, whole.totals.budget) == (len(wanted), budget)
            assert portfolio.totals(viewer, reading.filters) == whole.totals
            assert portfolio.headline(viewer, reading.filters).budget == budget
            for kind in ("region", "office", "status", "year", "type", "marker", "range", "overdue", "ending"):
                assert sum(one.number for one in whole.facets[kind]) == len(wanted), kind
            for one in whole.facets["country"]:
                assert one.number == sum(any(c.country_code == one.code for c in p.coverage) for p in wanted)


@pytest.mark.parametrize("q", CHOICES["q"])
def test_what_holds_words_stands_in_every_order(world, seen_by, q):
    """More than a walk looks at, and fewer than what is common, as the words have it."""
    all_of_them = everything()
    for person in (world[0], world[4]):
        viewer = seen_by(person)
        filters = portfolio.read(viewer, {"q": [q]}).filters
        visible = [pair for pair in all_of_them if can(viewer, Action.VIEW_PROJECT, pair[0])]
        wanted = [project for project, deadlines in visible if fits(project, deadlines, filters)]
        for sort in ("-updated", "title", "-budget", "end"):
            there, back = through(viewer, filters, sort, 3)
            assert list(chain.from_iterable(there)) == sorted_by(wanted, sort), sort
            assert back == there[-2::-1], sort


def test_what_is_counted_in_a_facet_is_what_its_link_lists(world, seen_by, browser_of):
    person = world[0]
    browser = browser_of(person)
    page = browser.open("/projects?figures=yes").check()
    links = [(one["href"], one.find_next(class_="figure").get_text()) for one in page.soup.select(".facets li a")]
    assert len(links) > 20
    for address, number in random.Random(1).sample(links, 12):
        answer = browser.open(f"{address}&figures=yes")
        assert f"{number} project{'s' if number != '1' else ''} USD" in answer.text, address
        chosen = answer.soup.select_one(".facets a[aria-current]")
        assert browser.open(chosen["href"] + "?figures=yes").status == 200
        assert chosen["href"] == "/projects"


def test_the_figures_are_a_part_that_the_browser_keeps_while_it_holds(world, browser_of):
    client = browser_of(world[3]).client

    def get(**more):
        return contextvars.Context().run(client.get, "/projects/figures?region=NBO", **more)

    answer = get()
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = get(headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    a_project(status="ACTIVE", budget=3)
    db.session.commit()
    again = get(headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sort=colour", "The list cannot be sorted by “colour”; the newest change stands first."),
        ("sort=-", "The list cannot be sorted by “-”"),
        ("sort=title&sort=year", "More than one column is given to sort by; only “title” is used."),
        ("sort=title&after=1475280000000000-1", "There is no page of the list at “1475280000000000-1”"),
        ("sort=budget&after=title.QQ-1", "There is no page of the list at"),
        ("sort=title&after=title.QUE*-1", "There is no page of the list at"),
        ("sort=title&after=title.AA-1", "There is no page of the list at"),
        ("sort=title&after=title._w-1", "There is no page of the list at"),
        ("sort=end&after=end.9999999-1", "There is no page of the list at"),
        ("sort=end&after=end.0-1", "There is no page of the list at"),
        ("sort=year&after=year.²016-1", "There is no page of the list at"),
        ("after=" + "1" * 20_000, "There is no page of the list at"),
    ],
)
def test_an_order_or_a_place_in_it_that_makes_no_sense_is_named_and_the_list_shown(app, browser_of, query, sentence):
    a_project(title="Work", status="ACTIVE", ends_on=clock.today())
    page = browser_of(a_user("VIEW")).open(f"/projects?{query}").check()
    assert page.status == 200
    assert any(sentence in one for one in page.messages)
    assert page.rows("Projects")[0][1] == "Work"


@pytest.mark.parametrize("cursor", ["end.1-1", "end.3652059-999999999999999999", "end.none-1"])
def test_the_first_and_the_last_of_all_days_are_places_too(app, browser_of, cursor):
    a_project(title="Work", status="ACTIVE", ends_on=clock.today())
    for way in ("after", "before"):
        for sort in ("end", "-end"):
            page = browser_of(a_user("VIEW")).open(f"/projects?sort={sort}&{way}={cursor}")
            assert page.status == 200 and not page.messages


def test_headings_sort_and_say_how_the_list_stands(app, browser_of):
    for title in ("b", "C", "á"):
        a_project(title=title, status="ACTIVE")
    browser = browser_of(a_user("VIEW"))
    page = browser.open("/projects?year=2016").follow("Title").check()
    assert [row[1] for row in page.rows("Projects")] == ["á", "b", "C"]
    assert page.soup.select_one("th[aria-sort=ascending]").get_text().startswith("Title")
    page = page.follow("Title").check()
    assert [row[1] for row in page.rows("Projects")] == ["C", "b", "á"]
    assert page.soup.select_one("th[aria-sort=descending]").get_text().startswith("Title")


def test_countries_and_managers_stand_in_one_cell(app, browser_of):
    project = a_project(
        title="Work", status="ACTIVE", countries=("SOM", "KEN"), manager=a_user("PM", "KEN", name="One")
    )
    assert db.session.scalars(select(Coverage).filter_by(project_id=project.id)).all()
    page = browser_of(a_user("VIEW")).open("/projects?columns=country,manager")
    assert page.rows("Projects")[0][1:] == ["Somalia; Kenya", "One"]
