"""Journeys in a real browser: Chromium, the running application, and people who fail the test when a page misbehaves.

def test_a_developer_submits(browser_page, axe):
    page = browser_page(javascript=False, width=390)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("developer@kenya.example")
    axe(page)
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from sqlalchemy.engine import make_url
from werkzeug.serving import WSGIRequestHandler, make_server

from prima import clock, journal
from prima.db import db
from tests.conftest import TODAY, make_app
from tests.journeys import chromium as chromium_on_this_machine

QUIET = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever else the browser itself would like to ask finds no address; what a page asks fails the test below.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE = 30_000  # milliseconds that a locator, or what is expected of one, waits: a busy machine is no page's fault
HEIGHT = 900
REFUSED_STYLE = "Applying inline style violates the following Content Security Policy directive"


class Silent(WSGIRequestHandler):
    timeout = 5  # seconds: a socket that the browser opened ahead and never used ends, and with it its thread

    def log(self, *_arguments) -> None:
        """The journeys tell what went wrong; the list of requests would hide it."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_on_this_machine.find()
    if path is None:
        pytest.fail(chromium_on_this_machine.ADVICE, pytrace=False)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*root, *QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def journeys_app(databases, template_url) -> Flask:
    """One application for all journeys, so that its templates and statements are compiled once."""
    return make_app(databases("prima_journey", template=make_url(template_url).database))


@pytest.fixture
def app(journeys_app, template_url, made_anew, tmp_path) -> Iterator[Flask]:
    """The application on a database as new, whose commits are real; its day is 1 October 2016."""
    made_anew(journeys_app.config["SQLALCHEMY_DATABASE_URI"], template=make_url(template_url).database)
    journeys_app.config.update(DOCUMENTS_DIR=tmp_path / "documents", INSTANCE=tmp_path)
    journal.use_key(journeys_app.config["JOURNAL_KEY"])
    clock.fix(TODAY)
    with journeys_app.app_context():
        yield journeys_app
        db.session.remove()
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def live_server(app) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    # A closed browser does not wait for its last answer; the database connection of one still under way when the
    # engine is disposed of would be closed by nobody. So the server's end waits for every answer.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, name="live server", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class People:
    """Everybody at a browser in one test, and what their pages did wrong."""

    chromium: Browser
    address: str
    folder: Callable[[], Path]
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    under_way: dict[Request, str] = field(default_factory=dict)

    def __call__(self, *, javascript: bool = True, width: int = 1280) -> Page:
        """A page of somebody new, with cookies of their own."""
        context = self.chromium.new_context(
            base_url=self.address,
            java_script_enabled=javascript,
            viewport={"width": width, "height": HEIGHT},
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        context.on("request", self._requested)  # seen, not routed: routing would switch the browser's cache off
        context.on("response", self._answered)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.faults.append(f"error in a script: {error.error}"))
        self.contexts.append(context)
        return context.new_page()

    def _elsewhere(self, url: str) -> bool:
        here, there = urlsplit(self.address), urlsplit(url)
        return there.scheme not in ("data", "blob", "about") and there[:2] != here[:2]

    def _requested(self, request: Request) -> None:
        self.under_way[request] = f"{request.method} {request.url}"
        if self._elsewhere(request.url):
            self.faults.append(f"asked somebody else: {request.method} {request.url}")

    def _ended(self, request: Request) -> None:
        self.under_way.pop(request, None)

    def _answered(self, response: Response) -> None:
        """A page, and what its script sends, may be refused (409, 422); what belongs to a page may not be missing."""
        asked = response.request
        allowed = 500 if asked.is_navigation_request() or asked.resource_type == "fetch" else 400
        if response.status >= allowed:
            self.faults.append(f"{response.status} for {response.request.method} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        """Errors on the console, breaches of the content security policy among them; answers are judged above."""
        if message.type != "error" or message.text.startswith("Failed to load resource"):
            return
        # plotly.js brings a style sheet for maps, which we do not draw: the policy keeps it out, and says so once.
        if message.text.startswith(REFUSED_STYLE) and message.location["url"].endswith("/plotly.min.js"):
            return
        self.faults.append(f"console: {message.text}")

    def pages(self) -> list[Page]:
        return [page for context in self.contexts for page in context.pages]

    def judge(self) -> None:
        for page in self.pages():
            page.title()  # lets events come in that are still under way
        assert not self.faults, "The pages misbehaved:\n- " + "\n- ".join(dict.fromkeys(self.faults))

    def picture(self) -> list[Path]:
        folder = self.folder()
        paths = [folder / f"{number}.png" for number, _ in enumerate(self.pages(), 1)]
        for path, page in zip(paths, self.pages(), strict=True):
            page.screenshot(path=path, full_page=True)
        return paths


@pytest.fixture
def browser_page(chromium, live_server, request, tmp_path_factory) -> Iterator[People]:
    """Call it for a page of each person: browser_page(javascript=False, width=390)."""
    people = People(chromium, live_server, lambda: tmp_path_factory.mktemp(request.node.originalname))
    yield people
    for context in people.contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A journey fails when a page misbehaved, and a failed one leaves pictures behind."""
    people = getattr(item, "funcargs", {}).get("browser_page")
    try:
        result = yield
        if people is not None:
            people.judge()
        return result
    except (Exception, pytest.fail.Exception):
        if people is not None:
            item.add_report_section("call", "unanswered requests", "\n".join(people.under_way.values()))
            item.add_report_section("call", "pictures", "\n".join(map(str, people.picture())))
        raise


@pytest.fixture(scope="session")
def glass(chromium) -> Iterator[Page]:
    """A page on which others are laid under axe: its context keeps what they share."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def axe(glass) -> Callable[[Page], None]:
    """Hold a page against axe: no violation at all.

    The page is laid out once more as it stands, where script runs: axe is script, and would wait for ever where there
    is none; where there is some, it would leave its marks.
    """

    def no_violations(page: Page) -> None:
        body = page.content()
        glass.set_viewport_size(page.viewport_size)
        glass.route(page.url, lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
        glass.goto(page.url)
        results = Axe().run(glass)
        glass.unroute_all()
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    return no_violations
