"""Signing in and out: sessions on the server, lock-out, cookies, and where one lands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import url_for
from sqlalchemy import delete, func, select
from sqlalchemy.engine import make_url

from prima import clock, passwords, sessions
from prima.account import device
from prima.db import db
from prima.people import accounts
from prima.signin import inside
from prima.users import SignIn, SignInTry, User
from tests.browser import Browser
from tests.conftest import make_app
from tests.factories import PASSWORD, a_user


def sign_in(browser, email, password=PASSWORD, path="/sign-in"):
    return browser.open(path).fill("E-mail address", email).fill("Password", password).press("Sign in")


@pytest.fixture
def checks(monkeypatch):
    """Each hash that was compared with a password."""
    seen = []
    compare = passwords.HASHER.verify

    def verify(password_hash, password):
        seen.append(password_hash)
        return compare(password_hash, password)

    class Hasher:
        hash = staticmethod(passwords.HASHER.hash)

    Hasher.verify = staticmethod(verify)
    monkeypatch.setattr(passwords, "HASHER", Hasher)
    return seen


def later(monkeypatch, **span):
    now = clock.now() + timedelta(**span)
    monkeypatch.setattr(clock, "now", lambda: now)


def test_somebody_signs_in_and_out(browser_of):
    user = a_user()
    browser = browser_of(user)
    page = browser.open("/sign-in")
    assert page.status == 200
    assert user.name in page.text
    page = page.press("Sign out")
    assert page.heading == "Sign in"
    assert user.name not in page.text
    assert browser.open("/account").heading == "Sign in"


def test_signing_out_ends_the_session_on_the_server(browser_of, app):
    browser = browser_of(a_user())
    cookie = browser.client.get_cookie("prima").value
    browser.open("/account").press("Sign out")
    thief = browser_of()
    thief.client.set_cookie("prima", cookie)
    assert thief.open("/account").heading == "Sign in"


def test_an_unknown_account_gets_the_same_answer_as_a_wrong_password(browser_of, checks):
    known, disabled, invited = a_user(), a_user(active=False), a_user()
    invited.password_hash = ""
    answers, hashes = set(), []
    tries = (
        (known.email, "wrong"),
        ("nobody@prima.example", PASSWORD),
        (disabled.email, PASSWORD),
        (invited.email, PASSWORD),
    )
    for email, password in tries:
        checks.clear()
        page = sign_in(browser_of(), email, password)
        assert page.status == 422
        answers.add(tuple(page.errors))
        hashes.append(len(checks))
    assert len(answers) == 1
    assert hashes == [1, 1, 1, 1]


def test_what_is_checked_for_nobody_costs_as_much_as_what_is_checked_for_somebody():
    assert not passwords.HASHER.check_needs_rehash(passwords._nobodys())


def test_ten_failures_lock_the_account_for_fifteen_minutes(browser_of, app, checks, monkeypatch):
    user = a_user()
    for number in range(10):
        browser = browser_of()
        browser.client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        assert sign_in(browser, f" {user.email.upper()}", "wrong").status == 422
    checks.clear()
    browser = browser_of()
    browser.client.environ_base["REMOTE_ADDR"] = "10.0.1.1"
    assert sign_in(browser, user.email).status == 422
    assert not checks
    later(monkeypatch, minutes=14)
    assert sign_in(browser, user.email).status == 422
    later(monkeypatch, minutes=2)
    assert sign_in(browser, user.email).status == 200


def test_ten_failures_lock_the_source_whatever_the_account(browser_of, app):
    user, elsewhere = a_user(), a_user()
    browser = browser_of()
    for number in range(10):
        assert sign_in(browser, f"nobody{number}@prima.example").status == 422
    assert sign_in(browser, user.email).status == 422
    other = browser_of()
    other.client.environ_base["REMOTE_ADDR"] = "10.9.9.9"
    assert sign_in(other, elsewhere.email).status == 200


def test_an_unknown_account_is_locked_like_a_known_one(browser_of, app):
    user = a_user()
    answers = []
    for email in (user.email, "nobody@prima.example"):
        db.session.execute(delete(SignInTry))
        answers.append([sign_in(browser_of(), email, "wrong").text for _ in range(12)])
    assert len({text for texts in answers for text in texts}) == 1
    counts = db.session.execute(select(SignInTry.account, func.count()).group_by(SignInTry.account)).all()
    assert [count for _, count in counts] == [10]


def test_a_good_sign_in_forgets_the_failures(browser_of, app):
    user = a_user()
    for _ in range(3):
        for _number in range(9):
            sign_in(browser_of(), user.email, "wrong")
        assert sign_in(browser_of(), user.email).status == 200


def test_tries_sent_at_once_are_counted_as_if_one_came_after_the_other(databases, template_url, checks):
    app = make_app(databases("prima_tries", template=make_url(template_url).database))
    with app.app_context():
        email = a_user().email
        db.session.commit()
        db.session.remove()

    def guess(number):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        return sign_in(browser, email, "a wrong guess").status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(guess, range(30))) == {422}
    assert len(checks) == 10
    with app.app_context():
        assert db.session.scalars(select(func.count(SignInTry.id))).one() == 10
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "::ffff:10.1.2.3"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_of_ipv6_the_network_counts(address, source):
    assert sessions.source_of(address) == source


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_is_for_the_server_alone(browser_of, app, secure):
    user = a_user()
    db.session.commit()
    app.config["COOKIE_SECURE"] = secure
    try:
        browser = browser_of()
        page = browser.open("/sign-in").fill("E-mail address", user.email).fill("Password", PASSWORD).press("Sign in")
    finally:
        app.config["COOKIE_SECURE"] = False
    [header] = [
        value
        for response in page.response.history
        for value in response.headers.getlist("Set-Cookie")
        if value.startswith("prima=")
    ]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert ("Secure" in header) is secure
    token = header.removeprefix("prima=").partition(";")[0]
    assert db.session.scalar(select(SignIn).where(SignIn.token_hash == token)) is None
    assert db.session.scalar(select(SignIn).where(SignIn.token_hash == sessions.hashed(token)))


def test_a_session_ends_after_twelve_hours(browser_of, app, monkeypatch):
    browser = browser_of(a_user())
    later(monkeypatch, hours=11, minutes=59)
    assert browser.open("/account").heading == "My account"
    later(monkeypatch, minutes=2)
    assert browser.open("/account").heading == "Sign in"


def test_signing_in_again_replaces_the_session_of_the_browser(browser_of, app):
    user = a_user()
    browser = browser_of(user)
    sign_in(browser, user.email)
    assert len(browser.open("/account").rows("Where you are signed in")) == 1


def test_sessions_are_listed_and_ended(browser_of, app):
    user = a_user()
    here, elsewhere, third = (browser_of(user) for _ in range(3))
    page = here.open("/account").check()
    assert len(page.rows("Where you are signed in")) == 3
    elsewhere.client.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    page = page.press("End every other session")
    assert len(page.rows("Where you are signed in")) == 1
    assert elsewhere.open("/account").heading == "Sign in"
    assert third.open("/account").heading == "Sign in"
    again = browser_of(user)
    page = here.open("/account").press("End")
    assert again.open("/account").heading == "Sign in"
    assert page.press("Sign out here").heading == "Sign in"
    assert here.open("/account").heading == "Sign in"


def test_nobody_ends_the_session_of_somebody_else(browser_of, app):
    user = a_user()
    theirs, stranger = browser_of(user), browser_of(a_user())
    number = db.session.scalars(select(SignIn.id).where(SignIn.user_id == user.id)).one()
    token = stranger.open("/account").main.select_one("[name=csrf_token]")["value"]
    for session in (number, 10**6, 10**30):
        path = f"/account/sessions/{session}/end"
        assert stranger.request("POST", path, data={"csrf_token": token}).status == 404
    assert theirs.open("/account").heading == "My account"


def test_one_lands_on_the_page_one_asked_for(browser_of):
    user = a_user()
    browser = browser_of()
    page = browser.open("/account/password")
    assert page.heading == "Sign in"
    page = page.fill("E-mail address", user.email).fill("Password", PASSWORD).press("Sign in")
    assert page.heading == "New password"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example/",
        "/\n/evil.example/",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(app, target):
    with app.test_request_context():
        assert inside(target) == url_for("home.show")
        assert inside("/projects?q=a#b") == "/projects?q=a#b"


@pytest.mark.parametrize("typed", ["x" * 201, "\0" * 12])
def test_a_password_that_cannot_be_one_is_answered(browser_of, typed):
    page = sign_in(browser_of(), a_user().email, typed)
    assert page.status == 422


@pytest.mark.parametrize("email", ["a\0b@prima.example", "x" * 255, "’ or 1=1 --", "😀@prima.example"])
def test_an_address_that_cannot_be_one_is_answered(browser_of, email):
    page = sign_in(browser_of(), email).check()
    assert page.status == 422
    assert page.value("E-mail address") == email.replace("\0", "�")


def test_an_odd_browser_is_let_in(browser_of, app):
    user = a_user()
    browser = browser_of()
    browser.client.environ_base["HTTP_USER_AGENT"] = "odd\x00\x7f" * 200
    assert sign_in(browser, user.email).status == 200
    assert "Another browser" in browser.open("/account").text


def test_browsers_are_called_by_their_names():
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
    assert device(chrome) == "Chrome on Windows"
    assert device(chrome + " Edg/120.0") == "Edge on Windows"
    assert device(firefox) == "Firefox on Linux"


def test_tidying_keeps_what_still_serves(browser_of, app, monkeypatch):
    user = a_user()
    browser = browser_of(user)
    sign_in(browser_of(), user.email, "wrong")
    accounts.forget_password(user.email)
    sessions.tidy()
    assert browser.open("/account").heading == "My account"
    assert db.session.scalars(select(func.count(SignInTry.id))).one() == 1
    later(monkeypatch, days=91)
    sessions.tidy()
    for table in (SignInTry, SignIn):
        assert db.session.scalars(select(func.count(table.id))).one() == 0
    assert db.session.scalars(select(User.id).where(User.id == user.id)).one()
