"""Letters leave once, over a real mail server; what is refused waits or is given up, and nothing is lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from prima import clock, mail
from prima.db import db
from prima.mail import Post
from prima.outbox import Letter, LetterState, queue
from tests.factories import a_user


@dataclass
class Inbox:
    """What a mail server took, and what it answers to an address (once each, in order)."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((envelope.rcpt_tos[0], message))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    controller = Controller(made, hostname="127.0.0.1", port=free_port())
    controller.start()
    made.url = f"smtp://127.0.0.1:{controller.port}"
    yield made
    controller.stop()


@pytest.fixture
def post(app, inbox, tmp_path) -> Post:
    return Post(inbox.url, "PRIMA <prima@prima.example>", "https://prima.example", tmp_path / "mail")


def a_letter(**more):
    person = a_user()
    values = {"subject": "Interim report due", "body": "It is due.\n", "cause": "deadline:1", "kind": "remind:day"}
    assert queue(db.session(), to=person, path="/projects/P-1/reports/1", **{**values, **more})
    db.session.commit()
    return db.session.scalars(select(Letter).where(Letter.recipient == person.email)).one()


def test_a_letter_is_sent_once_with_its_link(post, inbox):
    letter = a_letter(subject="Rapport intermédiaire, 3 jours", body="Il est dû: é, 中文.")
    assert mail.send_waiting(db.session(), post).sent == 1
    assert mail.send_waiting(db.session(), post).sent == 0
    [(recipient, message)] = inbox.taken
    assert recipient == letter.recipient == message["To"]
    assert message["Subject"] == "Rapport intermédiaire, 3 jours"
    assert "Il est dû: é, 中文." in message.get_content()
    assert "https://prima.example/projects/P-1/reports/1" in message.get_content()
    assert message["Message-ID"].endswith("@prima.example>")
    assert (letter.state, letter.tries) == (LetterState.SENT, 1) and letter.sent_at


def test_a_passing_refusal_is_tried_again_later_with_the_same_message_id(post, inbox):
    letter = a_letter()
    first = mail.compose(letter, post)["Message-ID"]
    inbox.answers[letter.recipient] = ["451 Try again later"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.put_off) == (0, 1)
    assert letter.state is LetterState.WAITING and letter.problem == "451 Try again later"
    assert letter.next_try_at > clock.now()
    assert mail.send_waiting(db.session(), post).sent == 0
    letter.next_try_at = clock.now()
    db.session.commit()
    assert mail.send_waiting(db.session(), post).sent == 1
    assert inbox.taken[0][1]["Message-ID"] == first


def test_a_refused_address_is_given_up_and_holds_up_nobody(post, inbox):
    refused, good = a_letter(), a_letter()
    inbox.answers[refused.recipient] = ["550 No such user"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.dead) == (1, 1)
    assert refused.state is LetterState.DEAD and "No such user" in refused.problem
    assert good.state is LetterState.SENT


def test_a_letter_refused_for_days_is_given_up(post, inbox):
    letter = a_letter()
    letter.tries = mail.TRIES - 1
    inbox.answers[letter.recipient] = ["451 Not now"]
    db.session.commit()
    assert mail.send_waiting(db.session(), post).dead == 1


def test_while_the_server_is_away_letters_wait_and_lose_no_try(app, tmp_path):
    post = Post(f"smtp://127.0.0.1:{free_port()}", "prima@prima.example", "", tmp_path)
    letter = a_letter()
    outcome = mail.send_waiting(db.session(), post)
    assert outcome.sent == 0 and "cannot be reached" in outcome.problem
    assert (letter.state, letter.tries) == (LetterState.WAITING, 0)


def test_a_header_cannot_be_smuggled_in(post, inbox):
    a_letter(subject="Due\r\nBcc: all@prima.example")
    bad = a_letter()
    bad.recipient = "somebody@prima.example\r\nBcc: all@prima.example"
    db.session.commit()
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.dead) == (1, 1)
    [(_, message)] = inbox.taken
    assert message["Bcc"] is None and message["Subject"] == "Due Bcc: all@prima.example"


def test_without_a_server_letters_become_files(app, tmp_path):
    post = Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path / "mail")
    letter = a_letter()
    assert mail.send_waiting(db.session(), post).sent == 1
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == f"letter-{letter.id:06d}.eml"
    assert "It is due." in message_from_bytes(file.read_bytes(), policy=policy.default).get_content()


def test_waits_double_up_to_six_hours():
    assert mail.wait_after(1) == timedelta(minutes=1)
    assert mail.wait_after(3) == timedelta(minutes=4)
    assert mail.wait_after(19) == timedelta(hours=6)


def test_stopping_leaves_the_rest_waiting(post, inbox):
    a_letter()
    assert mail.send_waiting(db.session(), post, stop=lambda: True).sent == 0
    assert inbox.taken == []
