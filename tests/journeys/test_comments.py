"""Comments beside a section in a real browser: nothing of the section is lost by sending one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Comment
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast


@pytest.fixture
def cast(browser_page) -> Cast:
    cast = Cast(browser_page, {})
    cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
    return cast


def test_a_comment_is_not_sent_over_an_unsaved_cover_unasked(cast, axe):
    project = a_project(developer=cast.people["developer"])
    db.session.commit()
    page = cast.developer.open("/").open(f"/projects/{project.reference}/cover").page
    page.get_by_label("Executing agency").fill("IOM Kenya")
    page.get_by_label("New comment").fill("Is this the right office?")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("button", name="Send the comment").click(no_wait_after=True)
    expect(page.get_by_label("Executing agency")).to_have_value("IOM Kenya")
    expect(page.get_by_label("New comment")).to_have_value("Is this the right office?")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    db.session.expire_all()
    assert not db.session.scalars(select(Comment)).all()
    axe(page)


def test_characters_are_counted_while_one_types(cast):
    project = a_project(developer=cast.people["developer"])
    db.session.commit()
    page = cast.developer.open("/").open(f"/projects/{project.reference}/sections/rat").page
    line = page.locator("#text-letters")
    expect(line).to_have_text("0 of 20,000 characters")
    page.locator("#text").fill("\U0001f33e fair work")
    expect(line).to_have_text("11 of 20,000 characters")
    page.locator("#text").fill("x" * 20_003)
    expect(line).to_contain_text("3 more than the limit of 20,000")
