"""What a page weighs on its way to the browser, compressed: the first after signing in, the next, a dashboard."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask import g
from sqlalchemy import select

from prima import assets, trimming
from prima.db import db
from prima.lists import Country
from prima.projects.models import Bookmark
from tests.browser import style_missing
from tests.factories import a_project, a_user

FIRST, NEXT = 60_000, 20_000
TITLES = ("Border officials of %s: training for remote districts", "Return to %s: housing and first income",
          "Health care for people on the move in %s", "%s: data on who comes, stays and goes")  # fmt: skip
LATER = {
    "home": "/", "list": "/projects", "desk": "/desk", "project": "/projects/{reference}",
    "proposal": "/projects/{reference}/proposal", "budget": "/projects/{reference}/budget",
}  # fmt: skip
PROJECTS = 60


@pytest.fixture
def browser(app, browser_of):
    """Of a developer with a full desk, bookmarks and projects opened; the organization works in every country."""
    user = a_user("PDEV", "KEN")
    countries = db.session.execute(select(Country.code, Country.name).where(~Country.retired)).all()
    opened = []
    for place in range(PROJECTS):
        # Each country has figures of its own: what is alike would be pressed to nothing.
        here = [code for at, (code, _name) in enumerate(countries) if place in (at % PROJECTS, at * 7 % 53)]
        title = TITLES[place % len(TITLES)] % countries[place].name
        project = a_project(status="ACTIVE", countries=here, budget=Decimal(place * 987_654 + 1_234), title=title)
        opened.append(project.reference)
        if place < 20:
            db.session.add(Bookmark(user_id=user.id, project_id=project.id))
    for _number in range(12):
        a_project(developer=user)
    opened.append(a_project(developer=user, complete=True).reference)
    db.session.commit()
    browser = browser_of(user)
    browser.reference = opened[-1]
    for reference in opened[-10:]:
        browser.open(f"/projects/{reference}")
    return browser


def fetched(browser, path):
    """An answer as a browser gets it that reads brotli."""
    g.pop("_login_user", None)  # of the request before, whose transaction has ended
    answer = browser.client.get(path, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200, path
    assert answer.headers["Content-Encoding"] == "br", path
    return answer


def weight(browser, path):
    return len(fetched(browser, path).data)


def beside(browser, path):
    """The addresses of what a page needs to be seen: style, script, and the map's outlines."""
    soup = browser.open(path).soup
    links = [link["href"] for link in soup.select("link[rel=stylesheet]")]
    scripts = [script["src"] for script in soup.select("script[src]")]
    drawn = [use["href"].partition("#")[0] for use in soup.select("use")]
    return sorted({*links, *scripts, *drawn} - {""})


def test_pages_weigh_no_more_than_their_bounds(browser):
    """Of the first page after signing in and of a dashboard all that it needs; of the next pages the page alone."""
    for path in ("/", "/dashboard"):
        parts = {url: weight(browser, url) for url in (path, *beside(browser, path))}
        assert len(parts) >= 4
        assert not any("plotly" in url for url in parts), "Charts are drawn after the page is seen."
        assert sum(parts.values()) <= FIRST, parts
    weights = {name: weight(browser, path.format(reference=browser.reference)) for name, path in LATER.items()}
    assert max(weights.values()) <= NEXT, weights
    for url in beside(browser, "/"):
        assert fetched(browser, url).headers["Cache-Control"] == assets.FOR_EVER


# -- Bootstrap's style, cut down --------------------------------------------------------------------------------------

STYLE = (
    '@charset "UTF-8";/*! Licence */:root{--a:url("data:x;y,%7b")}.a,.b>.c{x:y}.d:not(.e):hover{x:y}'
    "@media print{.a{x:y}.b{x:y}}@media screen{.b{x:y}}@keyframes k{0%{x:y}to{x:z}}.btn-a,.btn-b{x:y}h1{x:y}"
)


def test_a_rule_stays_when_its_classes_are_ours():
    assert trimming.trim(STYLE, {"a", "d", "btn-"}) == (
        '@charset "UTF-8";/*! Licence */:root{--a:url("data:x;y,%7b")}.a{x:y}.d:not(.e):hover{x:y}'
        "@media print{.a{x:y}}@keyframes k{0%{x:y}to{x:z}}.btn-a,.btn-b{x:y}h1{x:y}"
    )
    assert trimming.trim(STYLE, trimming.classes(STYLE)) == STYLE
    assert trimming.classes(STYLE) == {"a", "b", "c", "d", "e", "btn-a", "btn-b"}


def test_a_class_that_was_cut_out_is_noticed_on_a_page():
    def found(html):
        return list(style_missing(BeautifulSoup(html, "lxml")))

    assert found('<p class="ours btn visually-hidden">.</p>') == []
    assert found('<p class="ours carousel-inner">.</p>') == [
        "Bootstrap's class 'carousel-inner' was cut out of the style that is served"
    ]


def test_bootstraps_style_is_whole_where_nothing_is_cut():
    whole = assets._files()["bootstrap.min.css"].read_text("utf-8")
    everything = trimming.trim(whole, trimming.classes(whole))
    assert everything.count("{") == whole.count("{") and everything.count("}") == whole.count("}")
    assert len(assets._content("bootstrap.min.css", 0)) < len(whole) / 3
