"""Passwords: the rules, changing one's own, and the link for a forgotten one."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from prima import clock, mail, passwords
from prima.db import db
from prima.errors import Invalid, Refused
from prima.outbox import Letter
from prima.people import accounts, queries
from prima.users import PasswordLink
from tests.factories import PASSWORD, a_user

NEW = "another long password"


def letters():
    return db.session.scalars(select(Letter).where(Letter.kind == "password link").order_by(Letter.id)).all()


def forget(browser, email):
    page = browser.open("/sign-in").follow("Forgotten your password?").check()
    return page.fill("E-mail address", email).press("Send the link")


def choose(page, password=NEW, again=None):
    page.fill("New password", password).fill("The new password again", again if again is not None else password)
    return page.press("Save the new password")


def sign_in(browser, user, password):
    return browser.open("/sign-in").fill("E-mail address", user.email).fill("Password", password).press("Sign in")


@pytest.mark.parametrize("bad", ["eleven char", "x" * 201, " " * 20, "Person@Prima.Example"])
def test_rules(bad):
    with pytest.raises(Invalid):
        passwords.check(bad, "person@prima.example")
    passwords.check("twelve chars", "person@prima.example")
    passwords.check("é" * 200, "person@prima.example")


def test_an_accent_typed_as_one_sign_or_as_two_is_the_same():
    assert passwords.matches(passwords.hashed("caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301")
    assert not passwords.matches("", "")


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(browser_of, app):
    user = a_user()
    elsewhere = browser_of(user)
    browser = browser_of()
    forget(browser, f" {user.email.upper()} ")
    [letter] = letters()
    assert letter.recipient == user.email
    assert letter.cause.startswith("password:")
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", None)
    message = message_from_bytes(mail.compose(letter, post), policy=policy.default)
    assert f"https://prima.example{letter.path}" in message.get_body(("plain",)).get_content()

    page = browser.open(letter.path).check()
    page = choose(page, "short")
    assert page.status == 422
    page = choose(page, NEW, "something else entirely")
    assert page.status == 422
    assert choose(page).heading == "Sign in"
    assert elsewhere.open("/account").heading == "Sign in"
    assert browser.open(letter.path).heading == "Forgotten password"
    assert sign_in(browser, user, PASSWORD).status == 422
    assert sign_in(browser, user, NEW).status == 200


def test_the_route_of_the_link_is_the_one_in_letters(app):
    with app.test_request_context():
        assert app.url_for("signin.new_password", token="x") == accounts.LINK_PATH.format(token="x")


def test_a_link_is_over_after_an_hour(browser_of, app, monkeypatch):
    user = a_user()
    accounts.forget_password(user.email)
    [letter] = letters()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=59))
    assert browser_of().open(letter.path).heading == "New password"
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=61))
    page = browser_of().open(letter.path)
    assert page.heading == "Forgotten password"
    assert any("older than an hour" in text for text in page.messages)
    token = letter.path.rpartition("/")[2]
    with pytest.raises(Refused):
        accounts.use_password_link(token, password=NEW)


def test_a_later_link_makes_the_earlier_one_useless(app):
    user = a_user()
    accounts.forget_password(user.email)
    accounts.forget_password(user.email)
    tokens = [letter.path.rpartition("/")[2] for letter in letters()]
    assert len(tokens) == 2
    with pytest.raises(Refused):
        accounts.use_password_link(tokens[0], password=NEW)
    accounts.use_password_link(tokens[1], password=NEW)
    with pytest.raises(Refused):
        accounts.use_password_link(tokens[1], password=NEW)


def test_only_a_hash_of_the_link_is_stored(app):
    user = a_user()
    accounts.forget_password(user.email)
    token = letters()[0].path.rpartition("/")[2]
    assert db.session.scalars(select(PasswordLink.token_hash)).one() != token


def test_unknown_and_disabled_addresses_get_the_same_answer_and_no_letter(browser_of, app):
    known, disabled = a_user(), a_user(active=False)
    answers = {forget(browser_of(), email).text for email in (known.email, disabled.email, "nobody@prima.example")}
    assert len(answers) == 1
    assert [letter.recipient for letter in letters()] == [known.email]


def test_nobody_is_flooded_with_letters(app):
    user = a_user()
    for _ in range(10):
        accounts.forget_password(user.email)
    assert len(letters()) == accounts.LINKS_AT_ONCE


def test_a_link_of_somebody_disabled_meanwhile_is_dead(browser_of, app):
    a_user("ADMIN")
    user = a_user()
    accounts.forget_password(user.email)
    accounts.disable(user, actor=None, reason="Left")
    assert browser_of().open(letters()[0].path).heading == "Forgotten password"


@pytest.mark.parametrize("token", ["x", "%00", "%ff%fe", "a" * 5000])
def test_a_made_up_link_leads_nowhere(browser_of, token):
    assert browser_of().open(f"/new-password/{token}").heading == "Forgotten password"


def test_changing_ones_own_ends_every_other_session(browser_of, app):
    user = a_user()
    here, elsewhere = browser_of(user), browser_of(user)
    page = here.open("/account").follow("Change password").check()
    page = choose(page.fill("Your password now", PASSWORD))
    assert page.heading == "My account"
    assert here.open("/account").heading == "My account"
    assert elsewhere.open("/account").heading == "Sign in"
    assert len(here.open("/account").rows("Where you are signed in")) == 1
    assert sign_in(browser_of(), user, NEW).status == 200


def test_the_old_password_is_asked_and_guessing_it_locks(browser_of, app):
    user = a_user()
    browser = browser_of(user)
    for _ in range(10):
        page = choose(browser.open("/account/password").fill("Your password now", "a wrong password"))
        assert page.status == 422
    page = choose(browser.open("/account/password").fill("Your password now", PASSWORD))
    assert page.status == 422
    db.session.expire_all()
    assert passwords.matches(queries.by_email(user.email).password_hash, PASSWORD)


def test_nobody_sets_the_password_of_somebody_else(app):
    with pytest.raises(Refused):
        accounts.change_password(a_user(), actor=a_user("ADMIN"), password=NEW)


def test_a_get_spends_no_link(browser_of, app):
    accounts.forget_password(a_user().email)
    browser = browser_of()
    for _ in range(3):
        assert browser.open(letters()[0].path).heading == "New password"
    assert db.session.scalars(select(func.count(PasswordLink.id)).where(PasswordLink.used_at.is_(None))).one() == 1
