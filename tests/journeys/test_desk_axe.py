"""Every page of the drafting desk on a phone: nothing sticks out, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Indicator, Result
from tests.factories import a_project, a_user
from tests.journeys.people import Person

PARTS = (
    "", "/proposal", "/cover", "/classification", "/partners", "/beneficiaries", "/sections/rat", "/matrix",
    "/workplan", "/milestones", "/risks", "/budget", "/budget/sheet", "/allocation/area", "/allocation/activity",
    "/allocation/country",
)  # fmt: skip
AROUND = (
    "/matrix/{result}/move", "/matrix/{result}/remove", "/matrix/{result}/indicators/new",
    "/matrix/indicators/{indicator}", "/matrix/indicators/{indicator}/remove", "/budget/currency", "/documents",
    "/comments", "/team", "/readiness", "/compare", "/similar", "/copy", "/process",
)  # fmt: skip
ELSEWHERE = (
    "/search?q=officials",
    "/indicators",
    "/projects/new",
    "/projects/new/former",
    "/handbook",
    "/handbook/donor",
)


@pytest.fixture
def desk(browser_page) -> Iterator[tuple[Person, str, dict[str, int]]]:
    """A developer on a phone, the project's address, and the rows of its matrix that pages are about."""
    developer = a_user("PDEV", "KEN", name="Developer, Kenya")
    project = a_project(
        developer=developer, countries=("KEN", "ETH"), complete=True, budget=120_000,
        duration_months=18,
    )  # fmt: skip
    rows = {
        "result": db.session.scalars(
            select(Result.id).where(Result.project_id == project.id).order_by(Result.id)
        ).all()[-1],
        "indicator": db.session.scalars(select(Indicator.id).order_by(Indicator.id)).first(),
    }
    db.session.commit()
    person = Person(developer.name, developer.email, browser_page(width=390))
    yield person, f"/projects/{project.reference}", rows


def looked_at(person: Person, axe, address: str) -> None:
    person.open(address)
    assert urljoin(person.page.url, address) == person.page.url, f"{address} leads to {person.page.url}"
    assert person.page.get_by_role("heading", level=1).inner_text() != "Not found", address
    axe(person.fits().page)


def test_each_part_of_a_proposal_is_fit_for_a_phone(desk, axe):
    person, home, _ = desk
    for part in PARTS:
        looked_at(person, axe, home + part)


def test_what_stands_around_a_proposal_is_fit_for_a_phone(desk, axe):
    person, home, rows = desk
    for part in AROUND:
        looked_at(person, axe, home + part.format(**rows))
    for address in ELSEWHERE:
        looked_at(person, axe, address)
