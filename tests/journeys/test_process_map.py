"""The process map in a browser: drawn, printed on one sheet, and told to those who see no drawing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prima.db import db
from prima.projects.models import Part, Party, Project, Step
from prima.projects.stages import LIFECYCLE, Status
from prima.users import Role
from tests.factories import a_project, a_user
from tests.journeys.people import Cast

ROAD = ("develop", "submit", "return", "submit", "clear", "pass", "endorse", "to-fund", "return", "submit")
WALKERS = {
    Role.PDEV: "KEN", Role.COM: "KEN", Role.RPDO: "NBO", Role.RTS: "NBO", Role.RRMO: "NBO", Role.RME: "NBO",
    Role.RD: "NBO", Role.FUND: None, Role.DDG: None,
}  # fmt: skip
BY = {"return": Role.FUND, "clear": Role.COM, "endorse": Role.RD, "to-fund": Role.FUND}


def walked(people: dict[Role, object]) -> Project:
    """A project of the Fund that came as far as Fund management, went back, and lies with the head of office again."""
    project = a_project(developer=people[Role.PDEV], complete=True, budget=100_000, status=Status.OFFICE_CLEAR)
    status, at = Status.CONCEPT, datetime(2016, 5, 2, 9, tzinfo=UTC)
    for name in ROAD:
        move = LIFECYCLE.find(status, name)
        actor = people[BY.get(name, Role.PDEV)] if move.via else None
        at += timedelta(days=11)
        db.session.add(
            Step(
                project_id=project.id, move=name, source=status, target=move.target, at=at,
                actor_id=actor.id if actor else None,
            )
        )  # fmt: skip
        status = move.target
    assert status is project.status
    db.session.add(Party(project_id=project.id, user_id=people[Role.RPDO].id, part=Part.REVIEWED))
    db.session.flush()
    return project


@pytest.fixture
def people(app):
    found = {role: a_user(role, at, name=f"{role} of {at or 'headquarters'}") for role, at in WALKERS.items()}
    db.session.commit()
    return found


def a_person(browser_page, user, **options):
    cast = Cast(browser_page, options)
    db.session.commit()
    page = browser_page(**options)
    return cast, page


def signed_in(browser_page, user, **options):
    page = browser_page(**options)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    return page
