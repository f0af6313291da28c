"""Who is signed out while they write loses nothing: they sign in beside it, and send what they typed."""

from __future__ import annotations

import io

import pytest

from prima import sessions
from prima.db import db
from tests.factories import PASSWORD, a_project, a_user

TEXT = "Héadline: <b>bold</b>\nand a second line, long enough to be missed."


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN")


@pytest.fixture
def page(browser_of, developer):
    """A section of a proposal, open for writing."""
    project = a_project(developer=developer)
    db.session.commit()
    return browser_of(developer).open(f"/projects/{project.reference}/sections/rat").check()


def end_session(browser):
    browser.client.delete_cookie(sessions.COOKIE)


def sign_in(page, user):
    return page.fill("E-mail address", user.email).fill("Password", PASSWORD).press("Sign in")


def test_what_was_typed_is_kept_and_sent_after_signing_in_again(page, developer):
    end_session(page.browser)
    lost = page.fill("Rationale", TEXT).press("Save").check()
    assert (lost.status, lost.heading) == (401, "You were signed out meanwhile")
    assert "<b>bold</b>" in lost.text, "shown as it was typed"
    beside = page.browser.open(lost.soup.select_one("main a")["href"])
    assert sign_in(beside, developer).heading == page.heading, "back on the page that was open"
    assert "Saved" in lost.press("Send what I typed").check().text
    assert "<b>bold</b>" in page.browser.open(page.url).text


def test_who_sends_it_without_signing_in_still_loses_nothing(page):
    end_session(page.browser)
    once = page.fill("Rationale", TEXT).press("Save")
    again = once.press("Send what I typed").check()
    assert again.status == 401 and "<b>bold</b>" in again.text


def test_a_stranger_sends_nothing_and_is_shown_nothing(browser_of):
    answer = browser_of().request("POST", "/account/password", data={"text": TEXT})
    assert answer.status == 400 and "bold" not in answer.text
    assert "Your session has ended." in answer.text
    assert answer.follow("Sign in").heading == "Sign in"


def test_passwords_are_not_written_into_the_page(browser_of, developer):
    page = browser_of(developer).open("/account/password").check()
    end_session(page.browser)
    page = page.fill("Your password now", PASSWORD).fill("New password", "another long one")
    lost = page.fill("The new password again", "another long one").press("Save the new password").check()
    assert lost.status == 401 and PASSWORD not in lost.html and "another long one" not in lost.html
    assert sign_in(lost.follow("Sign in"), developer).url == "/account/password"


def test_a_file_must_be_chosen_again(browser_of, developer):
    project = a_project(developer=developer)
    db.session.commit()
    page = browser_of(developer).open(f"/projects/{project.reference}/documents").check()
    token = page.soup.select_one("main input[name=csrf_token]")["value"]
    end_session(page.browser)
    data = {"csrf_token": token, "note": "x" * 30, "file": (io.BytesIO(b"%PDF"), "letter.pdf")}
    lost = page.browser.request("POST", page.url, data=data).check()
    assert lost.status == 401 and "choose it again" in lost.text
