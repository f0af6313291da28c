"""The process map in a browser: drawn, printed on one sheet, and told to those who see no drawing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from prima.db import db
from prima.projects.models import Part, Party, Project, Step
from prima.projects.stages import LIFECYCLE, Status
from prima.users import Role
from tests.factories import PASSWORD, a_project, a_user

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


def signed_in(browser_page, user, **options):
    page = browser_page(**options)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    return page


def addresses(project: Project) -> tuple[str, ...]:
    return ("/handbook", "/handbook/donor", f"/projects/{project.reference}/process")


def test_the_map_prints_on_one_sheet(people, browser_page):
    project = walked(people)
    db.session.commit()
    page = signed_in(browser_page, people[Role.PDEV])
    for address in addresses(project):
        page.goto(address)
        page.evaluate("document.querySelectorAll('main section:not(.map-page)').forEach(part => part.remove())")
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type /Page\b", printed)) == 1, address
        [sheet] = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
        assert float(sheet[0]) > float(sheet[1])
        page.emulate_media(media="print")
        drawing = page.locator(".processmap > svg").bounding_box()
        assert drawing["height"] > 400, "the drawing fills the sheet"
        page.emulate_media(media="null")


def test_the_map_is_read_with_and_without_the_drawing(people, browser_page, axe):
    project = walked(people)
    db.session.commit()
    for width in (1280, 390):
        page = signed_in(browser_page, people[Role.PDEV], width=width)
        for address in addresses(project):
            page.goto(address)
            assert page.locator(".processmap > svg").is_visible() is (width > 390)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            axe(page)
        page.get_by_role("link", name="What comes next").click()
        assert page.get_by_role("heading", name="What comes next").is_visible()
        here = page.locator(".map-list [aria-current=step]")
        assert "With head of office" in here.inner_text()
        assert "Return for changes" in here.inner_text()


def test_no_words_of_the_drawing_leave_their_box(people, browser_page):
    project = walked(people)
    db.session.commit()
    page = signed_in(browser_page, people[Role.PDEV])
    for address in addresses(project):
        page.goto(address)
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".processmap .status")].flatMap((status) => {
                const box = status.querySelector("rect").getBoundingClientRect()
                return [...status.querySelectorAll("text")].filter((text) => {
                    const words = text.getBoundingClientRect()
                    return words.right > box.right || words.left < box.left || words.bottom > box.bottom + 1
                }).map((text) => text.textContent)
            })"""
        )
        assert outside == [], address
