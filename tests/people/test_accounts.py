"""Accounts on the administrators' pages: made, mended, disabled, enabled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from prima import addresses, journal
from prima.db import db
from prima.errors import Invalid, Refused
from prima.outbox import Letter
from prima.people import accounts, grants, queries
from prima.people.administrators import record
from prima.users import Role, SignIn, User
from tests.factories import PASSWORD, a_user, grant


@pytest.fixture
def administrator(app):
    a_user("ADMIN", name="First administrator")
    return queries.by_email(a_user("ADMIN", name="Second administrator").email)


def events(user):
    return [entry.event for entry in journal.entries(db.session, "user_account", user.id)]


def letters_to(email):
    return db.session.scalars(select(Letter).where(Letter.recipient == email).order_by(Letter.id)).all()


def test_an_administrator_adds_a_person_who_gets_a_link(browser_of, administrator):
    browser = browser_of(administrator)
    form = browser.open("/administration/people/new").check()
    form.fill("Name", "  Regional   officer ").fill("E-mail address", "Officer@Nairobi.example")
    page = form.press("Add the person").check()
    assert page.heading == "Regional officer"
    assert "a link to choose a password is on its way" in " ".join(page.messages)
    made = queries.by_email("officer@nairobi.example")
    assert made.staff
    assert not made.password_hash
    assert events(made) == ["account created", "password link sent"]
    [letter] = letters_to("officer@nairobi.example")
    assert letter.path.startswith("/new-password/")


@pytest.mark.parametrize(
    "address",
    [
        "no address",
        "a@b",
        "a@prima.example\nBcc: b@prima.example",
        "A <a@prima.example>",
        "é@prima.example",
        "a@@b.c",
    ],
)
def test_an_address_that_is_none_is_refused_at_its_field_and_kept(browser_of, administrator, address):
    browser = browser_of(administrator)
    form = browser.open("/administration/people/new").fill("Name", "Somebody").fill("E-mail address", address)
    page = form.press("Add the person")
    assert page.status == 422
    assert page.errors
    assert page.value("Name") == "Somebody"
    assert db.session.scalar(select(User).where(User.name == "Somebody")) is None


@given(st.emails())
def test_what_an_account_takes_as_its_address_takes_letters(text):
    try:
        kept = accounts.address(text)
    except Invalid:
        return
    assert addresses.usable(kept)


def test_two_accounts_never_share_an_address(browser_of, administrator):
    there = a_user()
    browser = browser_of(administrator)
    page = browser.open("/administration/people/new").fill("Name", "Twin").fill("E-mail address", there.email.upper())
    page = page.press("Add the person")
    assert page.status == 422
    assert any("Another account has this address already." in error for error in page.errors)
    assert page.value("Name") == "Twin"


def test_only_administrators_come_in(browser_of, administrator):
    browser = browser_of(a_user("RD", "NBO"))
    for path in ("/administration/people", "/administration/grants", "/administration/donors"):
        assert browser.open(path).status == 403
    assert browser.open(f"/administration/people/{administrator.id}").status == 404
    assert "/sign-in" in browser_of().open("/administration/people").response.request.path
    with pytest.raises(Refused):
        accounts.create_user(actor=queries.by_email(a_user().email), email="x@prima.example", name="X")


@pytest.mark.parametrize("number", ["999999999", "9" * 40, "0"])
@pytest.mark.parametrize("page", ["", "/edit", "/disable", "/enable", "/grants/new", "/delegations/new"])
def test_an_unknown_person_is_a_404(browser_of, administrator, number, page):
    assert browser_of(administrator).open(f"/administration/people/{number}{page}").status == 404


def test_disabling_ends_sessions_at_once(browser_of, administrator):
    person = a_user("RD", "NBO")
    theirs = browser_of(person)
    assert theirs.open("/account").status == 200
    browser = browser_of(administrator)
    page = browser.open(f"/administration/people/{person.id}").check().follow("Disable the account").check()
    assert page.press("Disable the account").status == 422
    page = page.fill("Reason", "Left the organization").press("Disable the account")
    assert "Disabled" in page.text
    assert theirs.open("/account").heading == "Sign in"
    db.session.expire_all()
    assert db.session.scalars(select(SignIn.ended_at).where(SignIn.user_id == person.id)).one() is not None
    again = browser_of().open("/sign-in").fill("E-mail address", person.email).fill("Password", PASSWORD)
    assert again.press("Sign in").status == 422


def test_an_enabled_account_works_again(browser_of, administrator):
    person = a_user("RD", "NBO")
    accounts.disable(person, actor=administrator, reason="On leave")
    page = browser_of(administrator).open(f"/administration/people/{person.id}/enable").check()
    page.press("Enable the account")
    assert browser_of(person).open("/account").status == 200
    assert events(person)[-2:] == ["account disabled", "account enabled"]


def test_nobody_disables_or_enables_themselves(browser_of, administrator):
    with pytest.raises(Refused, match="your own account"):
        accounts.disable(administrator, actor=administrator, reason="x")
    with pytest.raises(Refused, match="your own account"):
        accounts.enable(administrator, actor=administrator)
    page = browser_of(administrator).open(f"/administration/people/{administrator.id}")
    assert "Disable the account" not in page.links


def test_the_last_active_administrator_stays(app):
    only = a_user("ADMIN")
    a_user("ADMIN", active=False)
    only = queries.by_email(only.email)
    with pytest.raises(Refused, match="last administrator"):
        accounts.disable(only, actor=None, reason="operator")
    [held] = only.grants
    with pytest.raises(Refused, match="last administrator"):
        grants.revoke_grant(held, actor=None)
    grant(only, Role.ADMIN)
    grants.revoke_grant(held, actor=None)  # held twice, so the person stays an administrator


def test_a_mended_address_ends_sessions_and_tells_the_old_one(browser_of, administrator):
    person = a_user(name="Old name")
    old = person.email
    theirs = browser_of(person)
    page = browser_of(administrator).open(f"/administration/people/{person.id}/edit").check()
    page = page.fill("Name", "New name").fill("E-mail address", "new@prima.example").press("Save")
    assert page.heading == "New name"
    assert theirs.open("/account").heading == "Sign in"
    [letter] = letters_to(old)
    assert "new@prima.example" in letter.body


def test_the_second_of_two_who_mend_an_account_sees_both_values(browser_of, administrator):
    person = a_user(name="Old name")
    first = browser_of(administrator).open(f"/administration/people/{person.id}/edit")
    second = browser_of(administrator).open(f"/administration/people/{person.id}/edit")
    first.fill("Name", "First name").press("Save")
    page = second.fill("Name", "Second name").press("Save")
    assert page.status == 409
    assert ["Name", "Second name", "First name"] in page.rows("What you typed, and what stands there now")
    assert page.press("Save what I typed").heading == "Second name"


def test_an_operation_keeps_names_in_one_line(app):
    made = accounts.create_user(actor=None, email="a@prima.example", name="A\n\tB")
    assert made.name == "A B"
    with pytest.raises(Invalid):
        accounts.create_user(actor=None, email="b@prima.example", name=" \n ")
    [entry] = journal.entries(db.session, "user_account", made.id)
    assert entry.actor_id is None
    assert entry.data["by"] == "operator"
    record(made, "account changed", actor=None)
    assert not list(journal.faults(db.session, {"user_account": User}))


def test_the_list_is_searched_and_paged(browser_of, administrator, monkeypatch):
    monkeypatch.setattr(queries, "ON_A_PAGE", 3)
    for number in range(7):
        a_user(name=f"Persímmon {number}")
    browser = browser_of(administrator)
    page = browser.open("/administration/people?q=PERSIMMON").check()
    assert [row[0] for row in page.rows("7 people")] == ["Persímmon 0", "Persímmon 1", "Persímmon 2"]
    page = page.follow("Next page")
    assert [row[0] for row in page.rows("7 people")] == ["Persímmon 3", "Persímmon 4", "Persímmon 5"]
    page = page.follow("Next page")
    assert [row[0] for row in page.rows("7 people")] == ["Persímmon 6"]
    assert "Next page" not in page.links
    page = page.follow("Previous page").follow("Previous page")
    assert [row[0] for row in page.rows("7 people")] == ["Persímmon 0", "Persímmon 1", "Persímmon 2"]
    assert "Previous page" not in page.links
    assert browser.open("/administration/people?q=%25").text.count("Nobody was found") == 1


def test_the_list_asks_as_much_for_many_as_for_few(browser_of, administrator, questions):
    browser = browser_of(administrator)
    counts = []
    for _ in range(2):
        browser.open("/administration/people")
        questions.clear()
        browser.open("/administration/people")
        counts.append(len(questions))
        for _number in range(12):
            a_user("RD", "NBO")
        db.session.commit()
    assert counts[0] == counts[1]


@pytest.mark.parametrize("query", ["role=BOSS", "state=asleep", "after=x", "before=-1", "after=999999999999", "q=%00a"])
def test_a_filter_that_means_nothing_is_said_and_left_out(browser_of, administrator, query):
    page = browser_of(administrator).open(f"/administration/people?{query}").check()
    assert page.status == 200
    assert "understood" in page.text
    assert administrator.name in page.text


def test_filters_by_role_and_state(browser_of, administrator):
    a_user("RD", "NBO", name="The director")
    a_user(name="The leaver", active=False)
    browser = browser_of(administrator)
    assert [row[0] for row in browser.open("/administration/people?role=RD").rows("1 person")] == ["The director"]
    assert [row[0] for row in browser.open("/administration/people?state=disabled").rows("1 person")] == ["The leaver"]
