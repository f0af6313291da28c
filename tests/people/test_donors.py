"""The list of donors, as administrators keep it."""

import pytest

from prima import donors, journal
from prima.db import db
from prima.errors import Invalid, Refused
from prima.lists import Donor
from prima.people import queries
from tests.factories import a_user


@pytest.fixture
def administrator(app):
    return queries.by_email(a_user("ADMIN").email)


def test_a_donor_is_added_changed_and_retired(browser_of, administrator):
    browser = browser_of(administrator)
    page = browser.open("/administration/donors").check()
    assert "No donor yet" in page.text
    page = page.follow("Add a donor").check()
    page.fill("Name", "A  State").fill("Code", "state-1").fill("Kind", "State")
    page = page.press("Add the donor").check()
    assert page.rows("1 donor")[0][:5] == ["A State", "STATE-1", "State", "no", "In use"]
    page = page.follow("A State").check()
    page = page.fill("Name", "Another State").fill("Kind", "European Union").press("Save")
    assert page.rows("1 donor")[0][:5] == ["Another State", "STATE-1", "European Union", "yes", "In use"]
    page = page.press("Retire Another State")
    assert page.rows("1 donor")[0][4] == "Retired"
    page = page.press("Use again Another State")
    assert page.rows("1 donor")[0][4] == "In use"
    db.session.expire_all()
    events = [entry.event for entry in journal.entries(db.session, "user_account", administrator.id)]
    assert events == ["donor added", "donor changed", "donor retired", "donor restored"]


def test_what_was_typed_stays_when_a_donor_is_refused(browser_of, administrator):
    donors.add_donor(actor=administrator, code="ONE", name="Élan", kind="private", eu_money=False)
    page = browser_of(administrator).open("/administration/donors/new")
    page = page.fill("Name", "elan").fill("Code", "TWO").fill("Kind", "Private").press("Add the donor").check()
    assert page.status == 422
    assert any("Another donor has this name already." in error for error in page.errors)
    assert page.value("Code") == "TWO"
    page = page.fill("Name", "Other").fill("Code", "one").press("Add the donor")
    assert any("Another donor has this code already." in error for error in page.errors)
    page = page.fill("Code", "é/1").press("Add the donor")
    assert page.status == 422


def test_the_second_of_two_who_change_a_donor_sees_both_values(browser_of, administrator):
    donors.add_donor(actor=administrator, code="ONE", name="One", kind="un", eu_money=False)
    pages = [browser_of(administrator).open("/administration/donors/ONE") for _ in range(2)]
    pages[0].fill("Name", "First").press("Save")
    page = pages[1].fill("Name", "Second").press("Save")
    assert page.status == 409
    assert ["Name", "Second", "First"] in page.rows("What you typed, and what stands there now")
    page.press("Save what I typed")
    db.session.expire_all()
    assert donors.find("ONE").name == "Second"


@pytest.mark.parametrize("code", ["NOBODY", "NOT_STATED", "x" * 50, "%00", "one"])
def test_an_unknown_donor_is_a_404(browser_of, administrator, code):
    assert browser_of(administrator).open(f"/administration/donors/{code}").status == 404


def test_the_placeholder_is_nobodys_to_change(app):
    assert "NOT_STATED" not in [donor.code for donor in donors.listed()]
    assert db.session.get(Donor, "NOT_STATED").retired is False


def test_only_administrators_keep_the_list(app):
    with pytest.raises(Refused):
        donors.add_donor(actor=queries.by_email(a_user("FUND").email), code="A", name="A", kind="un", eu_money=False)


def test_a_kind_that_is_none_is_refused(administrator):
    with pytest.raises(Invalid):
        donors.add_donor(actor=administrator, code="A", name="A", kind="not_stated", eu_money=False)


def test_the_list_is_searched(browser_of, administrator):
    for code, name in (("ONE", "Élan"), ("TWO", "Other")):
        donors.add_donor(actor=administrator, code=code, name=name, kind="un", eu_money=False)
    browser = browser_of(administrator)
    assert [row[0] for row in browser.open("/administration/donors?q=ELAN").rows("1 donor")] == ["Élan"]
    assert "No donor was found" in browser.open("/administration/donors?q=zzz").check().text
    assert browser.open("/administration/donors?q=%00").status == 200
