"""People on the command line: the first administrators come from there."""

import pytest
from sqlalchemy import select

from prima import journal, passwords
from prima.db import db
from prima.outbox import Letter
from prima.people import queries
from prima.users import Role
from tests.factories import PASSWORD, a_user


@pytest.fixture
def flask(app):
    def run(*words, typed=""):
        db.session.commit()
        done = app.test_cli_runner().invoke(args=["user", *words], input=typed)
        db.session.expire_all()
        return done

    return run


def test_the_first_administrator(flask):
    done = flask("create", "Admin@Prima.example", "--name", "First administrator", typed=PASSWORD + "\n")
    assert done.exit_code == 0, done.output
    done = flask("grant", "admin@prima.example", "admin", "--reason", "Set up")
    assert done.exit_code == 0, done.output
    assert "counts from now on" in done.output
    made = queries.by_email("admin@prima.example")
    assert passwords.matches(made.password_hash, PASSWORD)
    assert [grant.role for grant in made.grants if grant.in_force] == [Role.ADMIN]
    entries = journal.entries(db.session, "user_account", made.id)
    assert [(entry.event, entry.data["by"]) for entry in entries] == [
        ("account created", "operator"),
        ("role granted", "operator"),
    ]


def test_a_password_that_breaks_the_rules_makes_no_account(flask):
    for typed in ("short\n", "\n", ""):
        done = flask("create", "a@prima.example", "--name", "A", typed=typed)
        assert done.exit_code == 1
        assert "Traceback" not in done.output
    assert queries.by_email("a@prima.example") is None


def test_an_account_can_be_made_with_a_mailed_link(flask):
    done = flask("create", "a@prima.example", "--name", "A", "--external", "--send-link")
    assert done.exit_code == 0, done.output
    assert not queries.by_email("a@prima.example").staff
    assert db.session.scalars(select(Letter.recipient)).all() == ["a@prima.example"]


def test_a_deciding_role_waits_for_an_administrator(flask):
    person, administrator = a_user(), a_user("ADMIN")
    done = flask("grant", person.email, "RD", "--at", "nbo", "--reason", "Set up")
    assert "Regional Office Nairobi; waits for an administrator's confirmation" in done.output
    assert not queries.by_email(person.email).grants[0].in_force
    done = flask(
        "grant", person.email, "COM", "--at", "KEN", "--reason", "Set up", "--confirmed-by", administrator.email
    )
    assert "Kenya; counts from now on" in done.output


def test_who_may_not_confirm(flask):
    person = a_user("ADMIN")
    for other in (a_user(), a_user("ADMIN", active=False), person):
        done = flask("grant", person.email, "FUND", "--reason", "x", "--confirmed-by", other.email)
        assert done.exit_code == 1, done.output
    assert [grant.role for grant in queries.by_email(person.email).grants] == [Role.ADMIN]


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "nobody@prima.example", "VIEW", "--reason", "x"),
        ("grant", "PERSON", "VIEW", "--at", "XXX", "--reason", "x"),
        ("grant", "PERSON", "VIEW"),
        ("grant", "PERSON", "KING", "--reason", "x"),
        ("grant", "PERSON", "RD", "--at", "KEN", "--reason", "x"),
        ("disable", "nobody@prima.example", "--reason", "x"),
        ("disable", "PERSON", "--reason", " "),
        ("create", "PERSON", "--name", "Twin", "--send-link"),
        ("create", "no address", "--name", "A", "--send-link"),
        ("create", "a@prima.example\nBcc: b@prima.example", "--name", "A", "--send-link"),
    ],
)
def test_what_cannot_be_is_one_sentence(flask, words):
    person = a_user()
    done = flask(*(person.email if word == "PERSON" else word for word in words))
    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    assert not queries.by_email(person.email).grants


def test_disable_enable_password_and_list(flask):
    person = a_user("RD", "NBO", name="The director")
    assert flask("disable", person.email, "--reason", "Left").exit_code == 0
    listed = flask("list").output
    assert f"{person.email}\tThe director\tdisabled\tRegional director / endorser (Regional Office Nairobi)" in listed
    assert flask("disable", person.email, "--reason", "Left").exit_code == 1
    assert flask("enable", person.email).exit_code == 0
    assert flask("password", person.email, typed="another long password\n").exit_code == 0
    assert passwords.matches(queries.by_email(person.email).password_hash, "another long password")


def test_a_specialist_of_areas_of_work(flask):
    person, administrator = a_user(name="The specialist"), a_user("ADMIN")
    words = ("grant", person.email, "RTS", "--at", "NBO", "--reason", "Set up", "--confirmed-by", administrator.email)
    done = flask(*words, "--area", "mhd", "--area", "MAD")
    assert (
        "Regional thematic specialist for Migration health; Migrant assistance, Regional Office Nairobi" in done.output
    )
    assert queries.by_email(person.email).grants[0].areas == ["MHD", "MAD"]
    assert "Regional thematic specialist for Migration health; Migrant assistance" in flask("list").output
    done = flask(*words, "--area", "LHD")
    assert done.exit_code == 1
    assert "Revoke that role first" in done.output
    for wrong in (("RTS", "XXX"), ("RPDO", "MHD")):
        done = flask("grant", person.email, wrong[0], "--at", "DKR", "--reason", "x", "--area", wrong[1])
        assert done.exit_code == 1
        assert "Traceback" not in done.output
