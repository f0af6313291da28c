"""Letters that did not leave, for those who can mend it: refused addresses, trying again, taking old ones away."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from prima import clock, mail, postmaster
from prima.db import db
from prima.outbox import Letter, LetterState, RefusedAddress, queue
from prima.people import accounts, queries
from tests.factories import a_user
from tests.inbox import an_inbox


@pytest.fixture
def inbox():
    with an_inbox() as made:
        yield made


@pytest.fixture
def post(app, inbox, tmp_path):
    return mail.Post(inbox.url, "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)


def a_letter(to, kind="remind:day", due_on=date(2016, 10, 1), **more):
    values = {"cause": "deadline:1", "subject": "Interim report due", "body": "It is due.", **more}
    assert queue(db.session(), to=to, kind=kind, due_on=due_on, **values)
    db.session.commit()
    return db.session.scalars(select(Letter).order_by(Letter.id.desc()).limit(1)).one()


def refused(post, inbox, person, **more):
    """A letter to somebody whose address the server does not know."""
    letter = a_letter(person, **more)
    inbox.answers[letter.recipient] = ["550 5.1.1 No such user"]
    assert mail.send_waiting(db.session(), post).dead == 1
    return letter


def typed(app, *words):
    return app.test_cli_runner().invoke(args=["outbox", *words])


def test_a_refused_address_is_marked_until_a_letter_arrives(post, inbox):
    person, other = a_user(), a_user()
    refused(post, inbox, person)
    a_letter(other)
    mail.send_waiting(db.session(), post)
    [(address, mark)] = postmaster.refused(db.session()).items()
    assert (address, mark.problem) == (person.email, "550 5.1.1 No such user")
    a_letter(person, kind="remind:after-7")
    assert mail.send_waiting(db.session(), post).sent == 1
    assert postmaster.refused(db.session()) == {}


@pytest.mark.parametrize("answer", ["451 Try later", "421 Closing"])
def test_an_address_that_is_put_off_is_not_marked(post, inbox, answer):
    letter = a_letter(a_user())
    inbox.answers[letter.recipient] = [answer]
    mail.send_waiting(db.session(), post)
    assert postmaster.refused(db.session()) == {}


def test_a_content_that_is_refused_marks_no_address(post, inbox):
    letter = a_letter(a_user())
    inbox.verdicts[letter.recipient] = ["554 Spam"]
    assert mail.send_waiting(db.session(), post).dead == 1
    assert postmaster.refused(db.session()) == {}


def test_administrators_see_the_mark_among_the_people_and_on_the_account(post, inbox, browser_of):
    person = a_user(name="Somebody Away")
    refused(post, inbox, person)
    browser = browser_of(a_user("ADMIN", time_zone="UTC"))
    page = browser.open("/administration/people?q=somebody away").check()
    assert "Refuses letters" in page.rows("1 person")[0][1]
    page = page.follow("Somebody Away").check()
    assert f"Letters to {person.email} are refused since 1 Oct 2016: 550 5.1.1 No such user" in page.text
    assert "Refuses letters" not in browser.open("/administration/people?role=ADMIN").check().text


def test_a_mended_address_gets_what_the_old_one_refused(post, inbox):
    administrator, person = a_user("ADMIN"), a_user()
    old = person.email
    dead = refused(post, inbox, person)
    waiting = a_letter(person, kind="remind:after-7")
    administrator = queries.person(administrator.id)
    change = {"email": "mended@prima.example", "name": person.name, "staff": True}
    accounts.change_user(person, actor=administrator, version=accounts.version_of(person), **change)
    db.session.commit()
    db.session.expire_all()
    assert (dead.recipient, waiting.recipient) == ("mended@prima.example",) * 2
    assert dead.state is LetterState.DEAD and postmaster.refused(db.session()) == {}
    assert postmaster.retry(db.session()) == 1
    db.session.commit()
    assert mail.send_waiting(db.session(), post).sent == 3
    assert len(inbox.of("mended@prima.example")) == 2
    assert [message["Subject"] for message in inbox.of(old)] == ["Your e-mail address in PRIMA was changed"]


def test_nothing_is_written_twice_when_an_address_is_mended_back_and_forth(post):
    person = a_user()
    first = a_letter(person)
    old, new = person.email, "new@prima.example"
    person.email = new
    twin = a_letter(person)
    person.email = old
    db.session.flush()
    postmaster.readdress(db.session(), person, new)
    db.session.commit()
    db.session.expire_all()
    assert (first.recipient, twin.recipient) == (old, new)


def test_the_list_shows_what_did_not_leave_and_is_narrowed_by_state_and_day(app, post, inbox):
    dead = refused(post, inbox, a_user())
    sent = a_letter(a_user())
    mail.send_waiting(db.session(), post)
    waiting = a_letter("oversight@prima.example", kind="anchor")
    lines = typed(app, "list").stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [[str(waiting.id), "waiting"], [str(dead.id), "dead"]]
    assert lines[1].split("\t")[5:] == ["remind:day", "deadline:1", dead.recipient, "550 5.1.1 No such user"]
    assert typed(app, "list", "--state", "sent").stdout.startswith(f"{sent.id}\tsent\t2016-10-01T")
    dead.queued_at = clock.ago(days=3)
    db.session.commit()
    assert len(typed(app, "list", "--since", "2016-09-30").stdout.splitlines()) == 1
    assert "newest 1" in typed(app, "list", "--limit", "1").stderr
    assert typed(app, "list", "--state", "lost").exit_code == 2


def test_given_up_letters_are_tried_again_on_demand(app, post, inbox):
    first, second = (refused(post, inbox, a_user(), cause=f"deadline:{number}") for number in (1, 2))
    assert typed(app, "retry").exit_code == typed(app, "retry", "--all", "1").exit_code == 2
    assert typed(app, "retry", str(first.id)).stdout == "1 letters will be tried again.\n"
    assert mail.send_waiting(db.session(), post).sent == 1
    again = typed(app, "retry", str(first.id), str(2**63 - 1))
    assert again.exit_code == 1 and "sent already" in again.stderr
    assert typed(app, "retry", "--all").stdout == "1 letters will be tried again.\n"
    assert mail.send_waiting(db.session(), post).sent == 1
    db.session.expire_all()
    assert {first.state, second.state} == {LetterState.SENT}


def test_what_is_no_address_is_not_tried_again(app, post):
    a_letter("one@prima.example\nBcc: two@prima.example")
    assert typed(app, "retry", "--all").stdout == "0 letters will be tried again.\n"
    assert r"one@prima.example\nBcc: two@prima.example" in typed(app, "list").stdout


def test_old_letters_go_and_a_reminder_leaves_its_trace(app, post):
    person = a_user()
    reminder = a_letter(person)
    event = a_letter(person, kind="returned", due_on=None)
    mail.send_waiting(db.session(), post)
    fresh, waiting = a_letter(person, kind="approved", due_on=None), a_letter(person, kind="x", due_on=None)
    reminder.sent_at = event.sent_at = clock.ago(days=40)
    fresh.state, fresh.sent_at, waiting.queued_at = LetterState.SENT, clock.ago(days=20), clock.ago(days=90)
    db.session.commit()
    kept = {reminder.id, fresh.id, waiting.id}
    assert typed(app, "purge", "--days", "30").stdout == "1 letters removed, 1 reminders emptied.\n"
    assert typed(app, "purge", "--days", "30").stdout == "0 letters removed, 0 reminders emptied.\n"
    db.session.expire_all()
    assert set(db.session.scalars(select(Letter.id))) == kept
    assert reminder.body == "" and reminder.subject
    same = {"cause": "deadline:1", "kind": "remind:day", "due_on": date(2016, 10, 1), "subject": "S", "body": "B"}
    assert not queue(db.session(), to=person, **same)
    assert typed(app, "purge", "--days", "0").exit_code == 2


def test_an_address_whose_letters_came_back_is_marked_by_the_operator(app):
    assert typed(app, "bounced", "away@prima.example", "--reason", "Mailbox\nfull").exit_code == 0
    assert db.session.scalars(select(RefusedAddress)).one().problem == "Mailbox full"
    assert typed(app, "bounced", "no address").exit_code == 1
