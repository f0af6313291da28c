"""Many at once, on a real database: of twenty presses one decides, the others are told what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.projects.models import Project, Step
from prima.projects.stages import Status
from prima.users import Role
from tests.browser import Browser, Page
from tests.conftest import TODAY, make_app
from tests.factories import PASSWORD, a_project, a_user

PRESSES = 20


@pytest.fixture
def committed(databases: Callable[..., str], template_url: str) -> Iterator[Flask]:
    """An application on a database of its own, where transactions really meet."""
    clock.fix(TODAY)
    app = make_app(databases("prima_together", template=make_url(template_url).database))
    yield app
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)


def pressed(app: Flask, email: str, url: str) -> list[tuple[Page, str]]:
    """The same page, open in many windows of one person."""
    browser = Browser(app)
    browser.open("/sign-in").fill("E-mail address", email).fill("Password", PASSWORD).press("Sign in")
    windows = []
    for _ in range(PRESSES):
        window = Browser(app)
        window.client._cookies = dict(browser.client._cookies)
        page = window.open(url)
        assert page.status == 200, page
        windows.append((page, page.buttons[0]))
    return windows


def test_twenty_presses_of_endorse_leave_one_step(committed):
    with committed.app_context():
        project = a_project(status=Status.ENDORSE, complete=True)
        email, reference, project_id = a_user(Role.RD, "NBO").email, project.reference, project.id
        db.session.commit()
    windows = pressed(committed, email, f"/projects/{reference}/decisions/endorse")
    with ThreadPoolExecutor(PRESSES) as pool:
        pages = list(pool.map(lambda window: window[0].press(window[1]), windows))
    assert Counter(page.status for page in pages) == {200: 1, 409: PRESSES - 1}
    for page in pages:
        if page.status == 409:
            assert "took the step “Endorse”" in page.text
            assert "is now: Endorsed" in page.text
    with committed.app_context():
        assert db.session.get(Project, project_id).status is Status.ENDORSED
        steps = select(func.count()).select_from(Step).where(Step.project_id == project_id, Step.move == "endorse")
        assert db.session.scalar(steps) == 1
