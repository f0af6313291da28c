"""Roles: granted by one administrator, confirmed by another where they decide, and revoked."""

import pytest

from prima import clock
from prima.db import db
from prima.errors import Invalid, Refused
from prima.people import grants, queries
from prima.permissions import authority
from prima.users import Role, Scope
from tests.factories import a_user, grant, office


@pytest.fixture
def two(app):
    people = [a_user("ADMIN", name="First administrator"), a_user("ADMIN", name="Second administrator")]
    return [queries.by_email(person.email) for person in people]


def fresh(user):
    db.session.commit()
    db.session.expire_all()
    return queries.person(user.id)


def test_a_deciding_role_counts_once_a_second_administrator_confirmed_it(browser_of, two):
    person = a_user(name="Director to be")
    first, second = browser_of(two[0]), browser_of(two[1])
    page = first.open(f"/administration/people/{person.id}").follow("Grant a role").check()
    page.fill("Role", "Regional director / endorser")
    page.fill("Where it counts", "At a Regional Office, for all of its region")
    page = page.fill("Regional Office", "Regional Office Nairobi").press("Grant the role").check()
    assert "It counts once a second administrator has confirmed it." in " ".join(page.messages)
    assert page.rows("Roles")[0][:2] == ["Regional director / endorser", "Regional Office Nairobi"]
    assert "Confirm" not in page.buttons
    assert authority(fresh(person), [Role.RD], region="NBO") is None

    waiting = first.open("/administration/grants").check()
    assert "another administrator confirms" in waiting.text
    desk = second.open("/")
    page = desk.follow("Confirm a role").check().press("Confirm", within="Director to be")
    assert "No role waits for confirmation" in page.text
    assert authority(fresh(person), [Role.RD], region="NBO") is not None
    page = second.open(f"/administration/people/{person.id}")
    assert page.rows("Roles")[0][3].endswith("confirmed by Second administrator")
    assert [row[2] for row in page.rows("History")] == ["Role confirmed", "Role granted"]


def test_a_role_that_does_not_decide_counts_at_once(browser_of, two):
    person = a_user()
    page = browser_of(two[0]).open(f"/administration/people/{person.id}/grants/new")
    page.fill("Role", "Project developer").fill("Where it counts", "At one office").fill("Office", "Kenya")
    page.press("Grant the role")
    [made] = fresh(person).grants
    assert made.in_force
    assert (made.scope, made.office.code) == (Scope.OFFICE, "KEN")


def test_a_grant_without_its_place_says_so_at_the_field(browser_of, two):
    person = a_user()
    page = browser_of(two[0]).open(f"/administration/people/{person.id}/grants/new")
    page = page.press("Grant the role").check()
    assert page.status == 422
    page = page.fill("Role", "Project developer").fill("Where it counts", "At one office").press("Grant the role")
    assert page.status == 422
    assert any("Please choose the office." in error for error in page.errors)
    assert page.value("Role") == "Project developer"


@pytest.mark.parametrize(
    ("role", "scope"), [("ADMIN", Scope.OFFICE), ("RD", Scope.OFFICE), ("COM", Scope.ORGANIZATION)]
)
def test_a_role_counts_only_where_it_belongs(two, role, scope):
    with pytest.raises(Invalid) as refusal:
        grants.grant_role(a_user(), actor=two[0], role=Role(role), scope=scope, office_id=office().id)
    assert refusal.value.field == "scope"


def test_unknown_places_are_refused(two):
    with pytest.raises(Invalid):
        grants.grant_role(a_user(), actor=two[0], role=Role.RD, scope=Scope.REGION, region_code="XXX")
    with pytest.raises(Invalid):
        grants.grant_role(a_user(), actor=two[0], role=Role.COM, scope=Scope.OFFICE, office_id=999999)


def test_nobody_grants_or_confirms_for_themselves(browser_of, two):
    first, second = two
    with pytest.raises(Refused, match="themselves"):
        grants.grant_role(first, actor=first, role=Role.FIN)
    page = browser_of(first).open(f"/administration/people/{first.id}/grants/new")
    page = (
        page.fill("Role", "Finance officer")
        .fill("Where it counts", "In the whole organization")
        .press("Grant the role")
    )
    assert page.status == 422
    first, second = fresh(first), fresh(second)
    made = grants.grant_role(first, actor=second, role=Role.FUND)
    with pytest.raises(Refused, match="themselves"):
        grants.confirm_grant(made, actor=first)
    with pytest.raises(Refused, match="You granted this role"):
        grants.confirm_grant(made, actor=second)
    grants.confirm_grant(made, actor=queries.by_email(a_user("ADMIN").email))
    assert made.in_force
    with pytest.raises(Refused, match="no longer waits"):
        grants.confirm_grant(made, actor=queries.by_email(a_user("ADMIN").email))


def test_the_pages_refuse_what_the_operations_refuse(browser_of, two):
    made = grants.grant_role(a_user(), actor=two[0], role=Role.FUND)
    browser = browser_of(two[0])
    page = browser.open("/administration/people/new")
    token = page.main.select_one("[name=csrf_token]")["value"]
    answer = browser.request("POST", f"/administration/grants/{made.id}/confirm", data={"csrf_token": token})
    assert answer.status == 409
    assert "You granted this role" in answer.text
    assert browser.request("POST", "/administration/grants/99999/confirm", data={"csrf_token": token}).status == 404


def test_only_administrators_grant(app):
    person = queries.by_email(a_user("RD", "NBO").email)
    with pytest.raises(Refused, match="Only an administrator"):
        grants.grant_role(a_user(), actor=person, role=Role.VIEW)


def test_the_same_role_is_not_granted_twice(two):
    person = a_user()
    grants.grant_role(person, actor=two[0], role=Role.FIN)
    with pytest.raises(Invalid, match="already"):
        grants.grant_role(person, actor=two[1], role=Role.FIN)


def test_a_revoked_role_no_longer_counts_and_stays_on_record(browser_of, two):
    person = a_user("RD", "NBO")
    page = browser_of(two[0]).open(f"/administration/people/{person.id}").follow("Revoke").check()
    page = page.fill("Reason", "Moved on").press("Revoke the role")
    assert page.rows("Roles")[0][3].startswith("Revoked")
    assert "Moved on" in page.rows("History")[0][3]
    assert authority(fresh(person), [Role.RD], region="NBO") is None
    [held] = fresh(person).grants
    with pytest.raises(Refused, match="already"):
        grants.revoke_grant(held, actor=fresh(two[0]))


def test_a_role_refused_on_the_page_leaves_the_page_whole(browser_of, two):
    """The giver of an earlier role is the one who is signed in: reading it again must not unload who that is."""
    person = a_user()
    grants.grant_role(person, actor=two[0], role=Role.FIN)
    page = browser_of(two[0]).open(f"/administration/people/{person.id}/grants/new")
    page.fill("Role", "Finance officer").fill("Where it counts", "In the whole organization")
    page = page.press("Grant the role").check()
    assert page.status == 422
    assert any("holds this role there already" in error for error in page.errors)


def test_a_disabled_person_gets_no_role(two):
    with pytest.raises(Refused, match="disabled"):
        grants.grant_role(a_user(active=False), actor=two[0], role=Role.VIEW)


def test_a_deciding_grant_of_the_operator_waits_unless_an_administrator_confirms(two):
    with pytest.raises(Invalid, match="why"):
        grants.grant_role(a_user(), actor=None, role=Role.FUND)
    waits = grants.grant_role(a_user(), actor=None, role=Role.FUND, reason="Start")
    assert waits.waits_for_confirmation
    counts = grants.grant_role(a_user(), actor=None, role=Role.FUND, reason="Start", confirmed_by=two[0])
    assert counts.in_force
    with pytest.raises(Refused, match="themselves"):
        grants.grant_role(two[0], actor=None, role=Role.FUND, reason="Start", confirmed_by=two[0])


def test_a_role_that_waits_is_not_lent(two):
    person = a_user()
    grant(person, Role.RD, "NBO", confirmed=False)
    assert list(fresh(person).authorities(clock.today())) == []


# -- areas of work ----------------------------------------------------------------------------------------------------

THEMATIC = "Regional thematic specialist"


def gives(page, *areas: str, role: str = THEMATIC):
    page.fill("Role", role).fill("Where it counts", "At a Regional Office, for all of its region")
    return page.fill("Regional Office", "Regional Office Nairobi").fill("Areas of work", list(areas))


def test_a_specialist_is_granted_areas_of_work_and_a_second_administrator_reads_them(browser_of, two):
    person = a_user(name="Specialist to be")
    first, second = browser_of(two[0]), browser_of(two[1])
    page = first.open(f"/administration/people/{person.id}/grants/new").check()
    assert f"Only for this role: {THEMATIC}." in page.text
    page = gives(page, "Migration policy and research", "Migration health").press("Grant the role").check()
    held = f"{THEMATIC} for Migration health; Migration policy and research"
    where = "Regional Office Nairobi Migration health; Migration policy and research"
    assert page.rows("Roles")[0][:2] == [THEMATIC, where]
    assert "Migration health; Migration policy and research" in page.rows("History")[0][3]
    assert held in second.open("/").text
    page = second.open("/administration/grants").check()
    assert page.rows("Roles that decide, the oldest grant first")[0][1:3] == [THEMATIC, where]
    page.press("Confirm", within="Specialist to be")
    [made] = fresh(person).grants
    assert (made.in_force, made.areas) == (True, ["MHD", "MPR"])
    page = first.open(f"/administration/grants/{made.id}/revoke").check()
    assert held in page.text
    page.press("Revoke the role")
    page = first.open(f"/administration/people/{person.id}")
    assert [row[2] for row in page.rows("History")] == ["Role revoked", "Role confirmed", "Role granted"]
    assert all("Migration health; Migration policy and research" in row[3] for row in page.rows("History"))


def test_other_areas_of_a_role_held_there_ask_to_revoke_it_first(browser_of, two):
    person = a_user(name="Specialist")
    there = grant(person, "RTS", "NBO", areas=("MHD",))
    db.session.commit()
    page = browser_of(two[0]).open(f"/administration/people/{person.id}/grants/new")
    page = gives(page, "Migration health", "Migrant assistance").press("Grant the role").check()
    assert page.status == 422
    assert any("for Migration health. Revoke that role first" in error for error in page.errors)
    assert page.value("Areas of work") == ["Migration health", "Migrant assistance"]
    page = gives(page, "Migration health").press("Grant the role")
    assert any("Specialist holds this role there already." in error for error in page.errors)
    page = gives(page).press("Grant the role")
    assert any("for Migration health. Revoke that role first" in error for error in page.errors)
    there.areas = []
    db.session.commit()
    page = gives(page, "Migration health").press("Grant the role")
    assert any("for no area of work in particular. Revoke that role first" in error for error in page.errors)
    assert len(fresh(person).grants) == 1


def test_areas_of_work_are_refused_for_a_role_that_is_not_chosen_by_them(browser_of, two):
    person = a_user()
    page = browser_of(two[0]).open(f"/administration/people/{person.id}/grants/new")
    page = gives(page, "Migration health", role="Regional M&E officer").press("Grant the role").check()
    assert page.status == 422
    assert any("Regional M&E officer is not chosen by area of work" in error for error in page.errors)
    assert fresh(person).grants == []


def test_an_area_that_the_list_does_not_have_is_refused(two):
    with pytest.raises(Invalid) as refusal:
        grants.grant_role(
            a_user(), actor=two[0], role=Role.RTS, scope=Scope.REGION, region_code="NBO", areas=["MHD", "🌍"]
        )
    assert (refusal.value.field, "🌍" in str(refusal.value)) == ("areas", True)


def test_the_edition_says_which_roles_have_areas(two, monkeypatch):
    monkeypatch.setattr(queries, "roles_by_area", lambda: {Role.RME})
    made = grants.grant_role(
        a_user(), actor=two[0], role=Role.RME, scope=Scope.REGION, region_code="NBO", areas=["MHD"]
    )
    assert made.areas == ["MHD"]
