"""The first page: every figure of it against plain Python, for every role; bookmarks, and what was opened last."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask_babel import force_locale
from itsdangerous import URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from prima import recent, worldmap
from prima.db import db
from prima.endorsement import queries as endorsement_queries
from prima.endorsement.queries import Wanted
from prima.filters import money, money_short
from prima.lists import Country, RegionalOffice
from prima.permissions import can
from prima.places import Office
from prima.projects.models import Bookmark, Project
from prima.projects.rights import Action
from prima.reporting import portfolio
from prima.reporting.models import Deadline
from prima.sessions import with_rights
from prima.users import Role, User
from tests.conftest import TODAY
from tests.endorsement.cast import Cast
from tests.factories import a_project, a_user

ROLES = {
    "developer": ("PDEV", "KEN"), "head of office": ("COM", "KEN"), "regional officer": ("RPDO", "NBO"),
    "director elsewhere": ("RD", "BKK"), "Fund management": ("FUND",), "viewer": ("VIEW",),
    "administrator": ("ADMIN",), "finance": ("FIN",),
}  # fmt: skip


@pytest.fixture
def seen_by(app):
    """A person as the sign-in loads them, with grants and delegations."""

    def load(user: User) -> User:
        query = select(User).where(User.id == user.id).options(*with_rights())
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    return load


def a_deadline(project, due_on=date(2016, 9, 1), kind="FIN_N", **more):
    deadline = Deadline(project_id=project.id, kind=kind, due_on=due_on, first_due_on=due_on, **more)
    db.session.add(deadline)
    db.session.flush()
    return deadline


@pytest.fixture
def portfolio_of_all(app):
    """Drafts, running and ended projects of several regions and countries, some with overdue reports."""
    ends = TODAY + timedelta(days=30)
    a_deadline(a_project(status="ACTIVE", budget=1_000, countries=("KEN", "SOM"), ends_on=ends))
    a_deadline(a_project(status="ACTIVE", budget=250, office_code="COL", countries=("COL",)))
    running = a_project(status="SUSPENDED", budget="17.50", office_code="BDI", countries=("BDI",), ends_on=ends)
    a_deadline(running, kind="INT_F")
    a_deadline(running, kind="EXT_REQ")
    a_project(status="DRAFT", budget=3, office_code="KEN")
    a_project(status="REVIEW", budget=5, office_code="THA", countries=("THA",))
    a_project(status="REVIEW", budget=7, office_code="COL", countries=("COL",), funding="donor")
    a_project(status="FIN_CLOSED", budget=70, office_code="THA", countries=("THA", "LAO"))
    a_project(status="ACTIVE", budget=11, office_code="HQ", countries=("KEN",), ends_on=TODAY + timedelta(days=91))
    db.session.commit()


def visible(viewer):
    """What `can` allows, asked of every project there is."""
    options = (
        selectinload(Project.coverage), selectinload(Project.parties),
        joinedload(Project.office).selectinload(Office.links),
    )  # fmt: skip
    return [
        project
        for project in db.session.scalars(select(Project).options(*options)).unique()
        if can(viewer, Action.VIEW_PROJECT, project)
    ]


def late(project):
    """How many of its reports are overdue."""
    owing = {"ACTIVE", "SUSPENDED", "OP_CLOSED", "CANCELLED"}
    rows = db.session.scalars(select(Deadline).where(Deadline.project_id == project.id)).all()
    return sum(one.due_on < TODAY and one.is_open and one.kind != "EXT_REQ" for one in rows) * (
        project.status.value in owing
    )


def region_of(project):
    return project.office.region_on(project.starts_on or TODAY) or "none"


def figures(projects):
    return [str(len(projects)), money(sum((p.budget_usd for p in projects), Decimal(0))), str(sum(map(late, projects)))]


@pytest.mark.parametrize("who", ROLES)
def test_each_figure_is_that_of_the_projects_one_may_see(portfolio_of_all, browser_of, seen_by, who):
    user = a_user(*ROLES[who])
    page = browser_of(user).open("/").check()
    projects = visible(seen_by(user))
    key = [item.get_text(" ", strip=True) for item in page.soup.select("#world .key-figures li strong")]
    number, budget = len(projects), sum((one.budget_usd for one in projects), Decimal(0))
    full = f"{money_short(budget)} {money(budget)}"  # the second is read out, and stands as title
    assert key == [str(number), full, str(sum(map(late, projects)))]
    assert page.soup.select_one("#world .key-figures [title]")["title"] == f"USD {money(budget)}"

    names = dict(db.session.execute(select(Country.code, Country.name)).all())
    by_country = {}
    for project in projects:
        for covered in project.coverage:
            by_country.setdefault(names[covered.country_code], []).append(project)
    assert {row[0]: row[1:] for row in page.rows("By country")} == {
        name: figures(found) for name, found in by_country.items()
    }
    regions = dict(db.session.execute(select(RegionalOffice.code, RegionalOffice.region)).all())
    by_region = {}
    for project in projects:
        by_region.setdefault(regions.get(region_of(project), "No Regional Office"), []).append(project)
    shown = {row[0]: row[1:] for row in page.rows("By Regional Office")}
    assert {name: row for name, row in shown.items() if row[0] != "0"} == {
        name: figures(found) for name, found in by_region.items()
    }
    drawn = Counter(title.get_text().partition(":")[0] for title in page.soup.select("#world > figure > svg title"))
    assert drawn == Counter(by_country.keys())


@pytest.mark.parametrize(
    ("who", "region"),
    [("developer", "NBO"), ("head of office", "NBO"), ("regional officer", "NBO"), ("director elsewhere", "BKK")],
)
def test_ones_own_region_has_its_figures_each_with_the_list_behind_it(
    portfolio_of_all, browser_of, seen_by, who, region
):
    user = a_user(*ROLES[who])
    page = browser_of(user).open("/")
    here = [one for one in visible(seen_by(user)) if region_of(one) == region]
    name = db.session.scalars(select(RegionalOffice.region).where(RegionalOffice.code == region)).one()
    panels = {one.h2.get_text(strip=True): one for one in page.soup.select("section") if one.h2}
    section = panels[f"My region: {name}"]
    waits = endorsement_queries.everything(seen_by(user), Wanted(region=region))
    soon = [one for one in here if one.ends_on and one.status.value in ("ACTIVE", "SUSPENDED")]
    soon = [one for one in soon if TODAY <= one.ends_on <= TODAY + timedelta(days=portfolio.ENDING)]
    budget = sum(one.budget_usd for one in here)
    expected = [len(here), f"{money_short(budget)} {money(budget)}", sum(map(late, here))]
    assert [one.get_text(" ", strip=True) for one in section.select("strong")] == [
        *map(str, expected), str(len(waits)), str(len(soon)),
    ]  # fmt: skip
    browser = browser_of(user)
    for link in section.select("a"):
        assert f"region={region}" in link["href"]
        assert browser.open(link["href"]).check().status == 200
    lists = [link["href"] for link in section.select("a") if link["href"].startswith("/projects?")]
    for url, number in zip(lists, (len(here), len(soon)), strict=True):
        assert len(browser.open(url).soup.select("table tbody tr")) == number, url


def test_the_organizations_people_have_no_region_of_their_own(portfolio_of_all, browser_of):
    assert "reviews and decisions wait" not in browser_of(a_user("FUND")).open("/").text
    assert "reviews and decisions wait" in browser_of(a_user("RPDO", "NBO")).open("/").text


def test_what_waits_by_region_is_as_many_rows_as_the_view_of_it_has(browser_of, seen_by):
    cast = Cast(browser_of)
    for _number in range(2):
        project = a_project(developer=cast[Role.PDEV], complete=True)
        db.session.commit()
        cast.submit(project)
    viewer = seen_by(cast[Role.RPDO])
    rows = endorsement_queries.everything(viewer, Wanted(region="NBO"))
    assert endorsement_queries.waiting_by_region(viewer, ["NBO", "BKK"]) == {"NBO": len(rows)}
    assert len(rows) >= 2


# -- the map ----------------------------------------------------------------------------------------------------------


def tones(page):
    return {
        one.title.get_text().partition(":")[0]: one["class"][0]
        for one in page.soup.select("#world > figure > svg [class^=tone]")
    }


def test_the_map_is_shaded_by_what_the_address_asks_for(app, browser_of):
    for _number in range(3):
        a_project(status="ACTIVE", budget=1)
    a_deadline(a_project(status="ACTIVE", budget=1_000, office_code="COL", countries=("COL",)))
    db.session.commit()
    browser = browser_of(a_user("VIEW"))
    page = browser.open("/")
    kenya, colombia = tones(page)["Kenya"], tones(page)["Colombia"]
    assert kenya == "tone-5" and colombia == "tone-3"
    page = page.follow("Budget", within="Shaded by")
    assert tones(page) == {"Kenya": "tone-3", "Colombia": "tone-5"}
    page = page.follow("Overdue reports", within="Shaded by")
    assert tones(page) == {"Kenya": "tone-0", "Colombia": "tone-5"}
    assert tones(page.follow("Projects", within="Shaded by"))["Kenya"] == "tone-5"
    assert [row[0] for row in page.follow("Colombia").rows("Projects")]


@pytest.mark.parametrize("given", ["x", "\0", "A" * 5000, "\u202e🙂", "name", "__class__"])
def test_a_map_of_something_else_is_said_to_be_none(app, browser_of, given):
    page = browser_of(a_user("VIEW")).request("GET", "/", query_string={"map": given})
    assert page.status == 200
    assert any("The map shows no such figure" in one for one in page.messages)


def test_every_outline_of_the_list_is_in_the_drawing_and_ends_where_it_began(app):
    drawing = worldmap.drawing()
    for code, path in worldmap.outlines().items():
        assert f'<path id="{code}" ' in drawing
        assert corners(worldmap.shorter(path)) == corners(path), code


def corners(path):
    """Where each part of an outline starts, turns and ends; read as an SVG viewer does."""
    found = []
    for part in path.replace("M", " M").split("M")[1:]:
        start, _l, steps = part.rstrip("z ").partition("l")
        x, y = map(int, start.split())
        numbers = [int(number) for number in steps.replace("-", " -").split()]
        way = [(x, y)]
        before = (0, 0)
        for a, b in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + a, y + b
            if (a, b) == (0, 0):
                continue
            if before != (0, 0) and before[0] * b == before[1] * a and before[0] * a + before[1] * b > 0:
                way[-1] = (x, y)
            else:
                way.append((x, y))
            before = (a, b)
        found.append(way)
    return found


def test_numbers_are_shaded_by_rank_from_one_to_five():
    assert worldmap.shades([]) == {}
    assert worldmap.shades([0, 0]) == {0: 0}
    assert worldmap.shades([7, 0, 7]) == {0: 0, 7: 5}
    assert worldmap.shades(range(11)) == {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 5, 10: 5}
    assert worldmap.legend(worldmap.shades([Decimal("0.5"), 1, 10**6]), "projects") == [
        (2, "0.5"), (4, "1"), (5, "1000000"),
    ]  # fmt: skip
    assert worldmap.legend({0: 0, 1: 1, 5: 1, 9: 2}, "overdue") == [(1, "1–5"), (2, "9")]


# -- at hand ----------------------------------------------------------------------------------------------------------


def at_hand(page, heading):
    for section in page.soup.select("section"):
        if section.h2 and section.h2.get_text(strip=True) == heading:
            return [" ".join(item.get_text(" ", strip=True).split()) for item in section.select(".at-hand li")]
    return None


def test_a_bookmark_says_its_status_and_what_is_next(app, browser_of):
    user = a_user("VIEW")
    running = a_project(title="Runs", status="ACTIVE")
    a_deadline(running, date(2016, 10, 11), kind="INT_F")
    a_deadline(running, date(2016, 11, 30), kind="FIN_N")
    a_deadline(running, date(2016, 10, 2), kind="EXT_REQ")
    a_deadline(running, date(2016, 7, 1), kind="INT_N", is_open=False)
    closed = a_project(title="Over", status="FIN_CLOSED")
    asked = a_project(title="Asked", status="ENDORSE")
    secret = a_project(title="Secret", status="DRAFT")
    for one in (running, closed, asked, secret):
        db.session.add(Bookmark(user_id=user.id, project_id=one.id))
    db.session.commit()
    page = browser_of(user).open("/").check()
    found = {line.split()[1]: line for line in at_hand(page, "Bookmarks")}
    assert set(found) == {"Runs", "Over"}
    assert "Next:" in found["Runs"] and "11 Oct 2016" in found["Runs"] and "in 10 days" in found["Runs"]
    assert "Next:" not in found["Over"]


def test_many_bookmarks_are_a_list_of_their_own(app, browser_of):
    user = a_user("VIEW")
    for _number in range(22):
        db.session.add(Bookmark(user_id=user.id, project_id=a_project(status="ACTIVE").id))
    db.session.commit()
    page = browser_of(user).open("/")
    assert len(at_hand(page, "Bookmarks")) == 20
    assert len(page.follow("All bookmarked projects").rows("Projects")) == 22


def test_what_was_opened_last_stands_first_and_ten_are_kept(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    projects = [a_project(title=f"Number-{number}", status="ACTIVE") for number in range(12)]
    db.session.commit()
    assert at_hand(browser.open("/"), "Recently opened") is None
    for one in (*projects, projects[5]):
        assert browser.open(f"/projects/{one.reference}").status == 200
    titles = [line.split()[1] for line in at_hand(browser.open("/").check(), "Recently opened")]
    assert titles == [f"Number-{number}" for number in (5, 11, 10, 9, 8, 7, 6, 4, 3, 2)]


def test_only_what_was_seen_and_may_still_be_seen_is_shown(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    project, secret = a_project(title="Open", status="ACTIVE"), a_project(title="Hidden", status="DRAFT")
    db.session.commit()
    assert browser.open(f"/projects/{secret.reference}").status == 404
    browser.open(f"/projects/{project.reference}")
    assert len(at_hand(browser.open("/"), "Recently opened")) == 1
    project.status = "DRAFT"
    db.session.commit()
    assert at_hand(browser.open("/"), "Recently opened") is None


def test_a_project_opened_by_its_reference_and_its_id_is_one(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    project = a_project(status="ACTIVE")
    project.code = "LM.0999"
    db.session.commit()
    browser.open(f"/projects/{project.reference}")
    browser.open("/projects/LM.0999")
    assert len(at_hand(browser.open("/"), "Recently opened")) == 1


def test_another_person_at_the_same_browser_sees_nothing_of_it(app):
    first, second = a_user("VIEW"), a_user("VIEW")
    text = seal(app).dumps([first.id, ["P-2016-00001"]])
    assert kept(app, text, first) == ["P-2016-00001"]
    assert kept(app, text, second) == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda app, user: "",
        lambda app, user: "nonsense",
        lambda app, user: "\xff\xfe.é",
        lambda app, user: "A" * 4000,
        lambda app, user: seal(app).dumps([user.id, ["P-2016-00001"]])[:-1] + "!",
        lambda app, user: URLSafeSerializer("another key", salt="recently opened").dumps([user.id, ["P-2016-00001"]]),
        lambda app, user: URLSafeSerializer(app.config["SECRET_KEY"], salt="spending").dumps([user.id, ["P"]]),
    ],
    ids=["empty", "nonsense", "bytes", "long", "cut", "another key", "another salt"],
)
def test_a_cookie_that_is_not_ours_is_no_cookie(app, forge):
    user = a_user("VIEW")
    assert kept(app, forge(app, user), user) == []


def test_unknown_projects_in_the_cookie_are_not_shown(app, browser_of):
    user = a_user("VIEW")
    browser = browser_of(user)
    browser.client.set_cookie(recent.COOKIE, seal(app).dumps([user.id, ["P-1999-99999", "QQ.0000"]]))
    assert at_hand(browser.open("/").check(), "Recently opened") is None


def seal(app):
    return URLSafeSerializer(app.config["SECRET_KEY"], salt="recently opened")


def kept(app, text, user):
    with app.test_request_context("/", headers={"Cookie": f"{recent.COOKIE}={text}"}), force_locale("en"):
        return recent.opened(user)


# -- finding, and what it costs ---------------------------------------------------------------------------------------


def test_the_first_page_has_a_box_to_find_projects(app, browser_of):
    a_project(title="Wells for herders", status="ACTIVE")
    db.session.commit()
    page = browser_of(a_user("VIEW")).open("/")
    page = page.fill("Words to find", "herders").press("Search", within="Words to find")
    assert "Wells for herders" in page.text


def test_the_first_page_asks_as_much_for_12_projects_as_for_2(app, browser_of, questions):
    user = a_user("RPDO", "NBO")
    browser, asked = browser_of(user), []
    for more in (2, 10):
        for _number in range(more):
            project = a_project(status="ACTIVE", budget=10)
            a_deadline(project)
            db.session.add(Bookmark(user_id=user.id, project_id=project.id))
            db.session.commit()
            browser.open(f"/projects/{project.reference}")
        db.session.expire_all()
        browser.open("/")
        questions.clear()
        assert browser.open("/").status == 200
        asked.append(sum("UPDATE sign_in" not in one for one in questions))
    assert asked[0] == asked[1]
    assert asked[0] <= 20, asked
