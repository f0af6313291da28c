"""The journeys' browser itself, tried on a small application: each way a page can misbehave is seen."""

import re

import pytest
from flask import Flask, Response, redirect
from playwright.sync_api import expect

PAGE = '<!doctype html><html lang="en"><title>Small</title><link rel="icon" href="data:,"><main><h1>Small</h1>{}</main>'
PAGES = {
    "/": ("<p>Sound</p>", 200),
    "/refused": ("<p>Refused</p>", 409),
    "/broken": ("<p>Broken</p>", 500),
    "/inline": ("<p style='color: red'>Red</p>", 200),
    "/foreign": ('<img alt="" src="http://elsewhere.example/x.png">', 200),
    "/missing": ('<img alt="" src="/nowhere.png">', 200),
    "/script": ('<script src="/wrong.js"></script>', 200),
    "/unlabelled": ("<input>", 200),
}


@pytest.fixture
def app() -> Flask:
    app = Flask("small")

    def show(body: str, status: int) -> Response:
        return Response(PAGE.format(body), status, {"Content-Security-Policy": "style-src 'self'; script-src 'self'"})

    for url, (body, status) in PAGES.items():
        app.add_url_rule(url, url, lambda body=body, status=status: show(body, status))
    app.add_url_rule("/wrong.js", "wrong", lambda: Response("nowhere()", mimetype="text/javascript"))
    app.add_url_rule("/away", "away", lambda: redirect("http://127.0.0.1:9/"))
    return app


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("url", ["/", "/refused"])
def test_a_sound_page_passes(browser_page, axe, url, javascript):
    page = browser_page(javascript=javascript, width=390)
    page.goto(url)
    expect(page.get_by_role("heading", name="Small")).to_be_visible()
    axe(page)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("/broken", "500 for GET"),
        ("/inline", "Content Security Policy"),
        ("/foreign", "asked somebody else: GET http://elsewhere.example/x.png"),
        ("/missing", "404 for GET"),
        ("/script", "error in a script: nowhere is not defined"),
    ],
)
def test_a_page_that_misbehaves_is_seen(browser_page, url, fault):
    browser_page().goto(url)
    with pytest.raises(AssertionError, match=fault):
        browser_page.judge()
    browser_page.faults.clear()


def test_being_led_elsewhere_is_seen(browser_page):
    page = browser_page()
    page.goto("/")
    page.get_by_role("heading").evaluate("() => { location.href = '/away' }")
    page.wait_for_event("requestfailed")
    with pytest.raises(AssertionError, match=re.escape("asked somebody else: GET http://127.0.0.1:9/")):
        browser_page.judge()
    browser_page.faults.clear()


def test_axe_names_what_it_finds(browser_page, axe):
    page = browser_page(javascript=False)
    page.goto("/unlabelled")
    with pytest.raises(AssertionError, match="Ensure every form element has a label"):
        axe(page)


def test_two_people_have_cookies_of_their_own(browser_page):
    one, other = browser_page(), browser_page()
    one.goto("/")
    one.context.add_cookies([{"name": "seat", "value": "1", "url": one.url}])
    assert other.context.cookies() == []
