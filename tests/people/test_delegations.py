"""Standing in: dated, never handed on, made by the absent person or, with a reason, by an administrator."""

from datetime import date, timedelta

import pytest

from prima import clock
from prima.db import db
from prima.errors import Invalid, Refused
from prima.people import accounts, delegations, grants, queries
from prima.permissions import Action, authority, can
from prima.users import Role
from tests.factories import a_user, grant

TODAY = date(2016, 10, 1)


@pytest.fixture
def director(app):
    return queries.by_email(a_user("RD", "NBO", name="The director").email)


@pytest.fixture
def administrator(app):
    return queries.by_email(a_user("ADMIN", name="The administrator").email)


def lend(absent, to, **more):
    values = {"from_on": TODAY, "until_on": TODAY + timedelta(days=9), "actor": absent, **more}
    return delegations.delegate(absent, delegate=to, **values)


def held(user, role=Role.RD):
    db.session.commit()
    db.session.expire_all()
    return authority(queries.person(user.id), [role], region="NBO")


def test_a_colleague_stands_in_on_the_days_given(browser_of, director):
    colleague = a_user(name="The colleague")
    page = browser_of(director).open("/account").check().follow("Name a colleague").check()
    page.fill("E-mail address of the colleague who stands in", colleague.email.upper())
    page = page.fill("First day", date(2016, 10, 3)).fill("Last day", date(2016, 10, 7))
    page = page.press("Let the colleague stand in").check()
    assert page.rows("Who stands in for you")[0][:4] == ["The colleague", "All roles", "3 Oct 2016", "7 Oct 2016"]
    assert browser_of(colleague).open("/account").rows("For whom you stand in")[0][0] == "The director"
    for day, counts in ((2, False), (3, True), (7, True), (8, False)):
        clock.fix(date(2016, 10, day))
        assert bool(held(colleague)) is counts
    clock.fix(date(2016, 10, 4))
    assert held(colleague).absent.name == "The director"


def test_who_cannot_lend_a_role_is_not_asked_to(browser_of):
    page = browser_of(a_user("PM", "KEN")).open("/account").check()
    assert "You hold no role in which a colleague could stand in." in page.text
    assert "name a colleague" not in page.text


def test_it_can_be_ended_before_its_last_day(browser_of, director):
    colleague = a_user()
    lend(director, colleague)
    assert held(colleague)
    page = browser_of(director).open("/account").press("End now")
    assert page.status == 200
    assert held(colleague) is None
    made = queries.delegations_of(director)[0]
    with pytest.raises(Refused, match="already"):
        delegations.end_delegation(made, actor=director)


def test_only_its_maker_finds_it(browser_of, director):
    made = lend(director, a_user())
    stranger = browser_of(a_user("RPDO", "NBO"))
    token = stranger.open("/account/delegations/new").main.select_one("[name=csrf_token]")["value"]
    for number in (made.id, 99999, 10**30):
        path = f"/account/delegations/{number}/end"
        assert stranger.request("POST", path, data={"csrf_token": token}).status == 404
    with pytest.raises(Refused):
        delegations.end_delegation(made, actor=queries.by_email(a_user().email))


def test_it_is_not_handed_on(director):
    colleague, third = a_user(), a_user()
    lend(director, colleague)
    colleague = queries.person(colleague.id)
    with pytest.raises(Refused, match="no role"):
        lend(colleague, third)
    grant(colleague, Role.VIEW)
    lend(queries.person(colleague.id), third)
    assert held(third) is None


def test_one_role_alone_can_be_lent(director):
    colleague = a_user()
    grant(director, Role.RPDO, "NBO")
    director = queries.person(director.id)
    lend(director, colleague, role=Role.RPDO)
    assert held(colleague) is None
    assert held(colleague, Role.RPDO)
    with pytest.raises(Invalid, match="does not hold"):
        lend(director, colleague, role=Role.FUND)


def test_administration_is_never_lent(administrator):
    colleague = a_user()
    with pytest.raises(Refused, match="no role"):
        lend(administrator, colleague)
    grant(administrator, Role.RD, "NBO")
    lend(queries.person(administrator.id), colleague)
    assert held(colleague)
    assert not can(queries.person(colleague.id), Action.ADMINISTER)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"from_on": TODAY - timedelta(days=1)}, "from_on"),
        ({"until_on": TODAY - timedelta(days=1)}, "until_on"),
        ({"from_on": TODAY + timedelta(days=30)}, "until_on"),
    ],
)
def test_days_that_cannot_be(director, values, field):
    with pytest.raises(Invalid) as refusal:
        lend(director, a_user(), **values)
    assert refusal.value.field == field


def test_people_who_cannot_stand_in(director):
    for person in (None, director, a_user(active=False), a_user(staff=False)):
        with pytest.raises(Invalid) as refusal:
            lend(director, person)
        assert refusal.value.field == "email"


def test_an_unknown_colleague_is_said_at_the_field_and_nothing_typed_is_lost(browser_of, director):
    page = browser_of(director).open("/account/delegations/new")
    page.fill("E-mail address of the colleague who stands in", "nobody@prima.example")
    page = page.fill("First day", "2016-10-03").fill("Last day", "not a day").press("Let the colleague stand in")
    assert page.status == 422
    assert page.value("Last day") == "not a day"
    page = page.fill("Last day", "2016-10-05").press("Let the colleague stand in").check()
    assert page.status == 422
    assert any("Nobody has this address here." in error for error in page.errors)
    assert page.value("E-mail address of the colleague who stands in") == "nobody@prima.example"


def test_an_administrator_makes_one_with_a_reason(browser_of, director, administrator):
    colleague = a_user(name="The colleague")
    page = browser_of(administrator).open(f"/administration/people/{director.id}")
    page = page.follow("Let a colleague stand in").check()
    page.fill("E-mail address of the colleague who stands in", colleague.email)
    page = page.fill("Last day", date(2016, 10, 9)).press("Let the colleague stand in")
    assert page.status == 422
    page = page.fill("Reason", "Ill without notice").press("Let the colleague stand in").check()
    row = page.rows("Standing in")[0]
    assert row[:2] == ["The director", "The colleague"]
    assert "Ill without notice" in row[4]
    assert held(colleague)
    page = browser_of(administrator).open(f"/administration/people/{director.id}").press("End now")
    assert held(colleague) is None
    assert page.rows("History")[0][2] == "Standing in ended"


def test_an_administrator_does_not_stand_in_by_their_own_hand(director, administrator):
    with pytest.raises(Invalid, match="yourself"):
        lend(director, administrator, actor=administrator, reason="Ill")
    with pytest.raises(Refused, match="Only the absent person"):
        lend(director, a_user(), actor=queries.by_email(a_user().email), reason="Ill")


def test_a_revoked_role_is_no_longer_lent(director, administrator):
    colleague = a_user()
    lend(director, colleague)
    [role] = queries.person(director.id).grants
    grants.revoke_grant(role, actor=administrator)
    assert held(colleague) is None


def test_disabling_either_of_the_two_ends_it(director, administrator):
    colleague, other = a_user(), a_user()
    lend(director, colleague)
    lend(director, other)
    accounts.disable(colleague, actor=queries.person(administrator.id), reason="Left")
    accounts.enable(colleague, actor=queries.person(administrator.id))
    assert held(colleague) is None
    assert held(other)
    accounts.disable(director, actor=queries.person(administrator.id), reason="Left")
    assert held(other) is None
