"""What comes from outside and fits nothing: addresses, forms, a database that is away. Each gets a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from prima import sessions
from prima.db import db
from tests.conftest import make_app
from tests.factories import PASSWORD, a_project, a_user

MEGABYTE = 1024 * 1024
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def app_on() -> Iterator[Callable[[str], Flask]]:
    """An application of its own on a database, whatever that is."""
    made: list[Flask] = []

    def make(url: str) -> Flask:
        made.append(make_app(url))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize(
    "path", ["", "/cover", "/budget", "/documents/ltr/1", "/reports/1", "/endorsement/1", "/clearances/rpdo"]
)
def test_an_address_with_nul_is_no_address(browser_of, path):
    assert browser_of(a_user("VIEW")).open(f"/projects/P-2016-00001%00{path}").check().status == 404


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_that_no_row_has_is_no_address(browser_of, number):
    project = a_project(status="ACTIVE")
    page = browser_of(a_user("VIEW")).open(f"/projects/{project.reference}/reports/{number}").check()
    assert page.status == 404


@pytest.mark.parametrize("target", ["//[", "http://[::1", "//elsewhere.example", "/\\elsewhere.example", "%00"])
def test_whatever_comes_next_one_is_signed_in_and_stays_here(app, browser_of, target):
    user = a_user()
    page = browser_of().open(f"/sign-in?next={target}")
    page = page.fill("E-mail address", user.email).fill("Password", PASSWORD).press("Sign in")
    assert (page.status, page.url) == (200, "/")


def multipart(size: int) -> dict[str, Any]:
    body = b'--x\r\nContent-Disposition: form-data; name="current"\r\n\r\n' + b"x" * size + b"\r\n--x--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


def test_too_large_a_form_is_told_which_limit_it_passes(browser_of):
    browser = browser_of(a_user())
    text = browser.request("POST", "/account/password", data={"current": "x" * 5 * MEGABYTE}).check()
    assert text.status == 413
    assert "At most 4 MB can be sent at once." in text.text
    field = browser.request("POST", "/account/password", **multipart(5 * MEGABYTE)).check()
    assert field.status == 413
    assert "A text can have up to 4 MB, and a form up to 5,000 fields." in field.text
    files = browser.request("POST", "/account/password", **multipart(26 * MEGABYTE)).check()
    assert files.status == 413
    assert "At most 25 MB can be sent at once. A file can have up to 20 MB." in files.text


def test_while_the_database_is_away_every_page_says_so(app_on):
    app = app_on(NOWHERE)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    client.set_cookie(sessions.COOKIE, "somebody's")
    for path in ("/", "/projects", "/sign-in", "/no-such-page"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "The database cannot be reached" in answer.text


def test_a_page_that_breaks_says_so_though_the_frame_would_break_too(app, browser_of, monkeypatch):
    browser = browser_of(a_user())
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "home.show", lambda: 1 / 0)
    page = browser.open("/").check()
    assert (page.status, page.heading) == (500, "Something went wrong here")


def test_a_database_lost_at_the_commit_is_told_as_such(app, browser_of, monkeypatch):
    def lost() -> None:
        raise OperationalError("commit", {}, Exception("the connection is lost"))

    project = a_project(status="ACTIVE")
    browser = browser_of(a_user())
    page = browser.open(f"/projects/{project.reference}")
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("prima.db.db.session.commit", lost)
    page = page.press("Bookmark this project")
    assert (page.status, page.heading) == (503, "The database cannot be reached")


@pytest.mark.parametrize(
    "words",
    [("user", "list"), ("journal", "verify"), ("remind", "--dry-run"), ("setup",)],
    ids=" ".join,
)
def test_a_command_without_tables_says_what_to_do(databases, app_on, words):
    done = app_on(databases("prima_empty")).test_cli_runner().invoke(args=words)
    assert done.exit_code == 1
    assert done.output == "Error: The database has no tables: run flask db upgrade, then flask setup.\n"


def test_a_command_that_cannot_reach_the_database_says_so(app_on):
    done = app_on(NOWHERE).test_cli_runner().invoke(args=["user", "list"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: The database cannot be used: ")
    assert done.output.count("\n") == 1


def test_days_beyond_every_calendar_are_refused(app):
    words = ["deadlines", "--start", "0001-01-01", "--end", "9999-12-31"]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 2
    assert "lies outside the years" in done.output


def test_somebody_from_outside_is_led_nowhere_that_is_closed(browser_of):
    browser = browser_of(a_user("EVAL", staff=False))
    links = [link["href"] for link in browser.open("/").check().soup.select("main a[href]")]
    assert [link for link in links if browser.open(link).status != 200] == []
