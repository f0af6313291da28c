"""Letters leave once, over a real mail server; what is refused waits or is given up, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from prima import addresses, carriers, clock, mail
from prima.db import db
from prima.mail import Post
from prima.outbox import Letter, LetterState, queue
from tests.certificates import a_context
from tests.factories import a_user
from tests.inbox import DROP, Inbox, a_silent_server, an_inbox, free_port


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with an_inbox() as made:
        yield made


def a_post(url, folder) -> Post:
    return Post(url, "PRIMA <prima@prima.example>", "https://prima.example", folder)


@pytest.fixture
def post(app, inbox, tmp_path) -> Post:
    return a_post(inbox.url, tmp_path / "mail")


def plain(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def due_now(letter: Letter) -> None:
    letter.next_try_at = clock.now()
    db.session.commit()


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
    assert "Il est dû: é, 中文." in plain(message)
    assert "https://prima.example/projects/P-1/reports/1" in plain(message)
    assert message["Message-ID"].endswith("@prima.example>")
    assert (letter.state, letter.tries) == (LetterState.SENT, 1) and letter.sent_at


def test_a_passing_refusal_is_tried_again_later_with_the_same_message_id(post, inbox):
    letter = a_letter()
    first = message_from_bytes(mail.compose(letter, post), policy=policy.default)["Message-ID"]
    inbox.answers[letter.recipient] = ["451 Try again later"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.put_off) == (0, 1)
    assert letter.state is LetterState.WAITING and letter.problem == "451 Try again later"
    assert letter.next_try_at > clock.now()
    assert mail.send_waiting(db.session(), post).sent == 0
    due_now(letter)
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
    assert (
        "It is due." in message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",)).get_content()
    )


def test_waits_double_up_to_six_hours():
    assert mail.wait_after(1) == timedelta(minutes=1)
    assert mail.wait_after(3) == timedelta(minutes=4)
    assert mail.wait_after(19) == timedelta(hours=6)


def test_stopping_leaves_the_rest_waiting(post, inbox):
    a_letter()
    assert mail.send_waiting(db.session(), post, stop=lambda: True).sent == 0
    assert inbox.taken == []


def test_a_letter_has_a_simple_html_part_with_the_same_words_and_nothing_from_elsewhere(post, inbox):
    a_letter(subject="Tom & <b>Jerry</b>", body="First <script>x</script>\nsecond line\n\nThird & last é\n")
    mail.send_waiting(db.session(), post)
    [(_, message)] = inbox.taken
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    page = BeautifulSoup(message.get_body(("html",)).get_content(), "lxml")
    assert page.title.text == "Tom & <b>Jerry</b>"
    assert [block.text for block in page.find_all("p")][:2] == [
        "First <script>x</script>\nsecond line",
        "Third & last é",
    ]
    assert [link["href"] for link in page.find_all("a")] == ["https://prima.example/projects/P-1/reports/1"]
    assert not page.find_all(["img", "link", "script", "style", "iframe"])
    assert page.html["lang"] == "en"
    assert page.find("meta", {"name": "color-scheme"})["content"] == "light dark"
    assert "color:" not in str(page.body) and "url(" not in str(page.body)


def test_a_long_line_of_any_script_arrives_as_it_was_written(post, inbox):
    text = "مرحبا 🙂 " * 2000 + "x" * 5000 + "\n.\n..two\nFrom here"
    a_letter(body=text)
    mail.send_waiting(db.session(), post)
    assert plain(inbox.taken[0][1]).startswith(text)


@pytest.mark.parametrize(
    "address",
    ["somebody@prima.example\r\nBcc: all@prima.example", "two@prima.example, three@prima.example", "nobody", ""],
)
def test_what_is_no_address_is_refused_when_the_letter_is_written(post, inbox, address):
    assert not addresses.usable(address)
    assert queue(db.session(), to=address, cause="anchor:1", kind="anchor", subject="S", body="B")
    db.session.commit()
    letter = db.session.scalars(select(Letter)).one()
    assert letter.state is LetterState.DEAD and "no e-mail address" in letter.problem
    assert mail.send_waiting(db.session(), post).sent == 0 and inbox.taken == []


def test_a_letter_the_server_refuses_for_its_content_is_given_up_alone(post, inbox):
    refused, good = a_letter(), a_letter()
    inbox.verdicts[refused.recipient] = ["554 Looks like"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.dead) == (1, 1)
    assert refused.problem == "554 Looks like" and good.state is LetterState.SENT


def test_a_content_that_is_put_off_is_tried_again(post, inbox):
    letter = a_letter()
    inbox.verdicts[letter.recipient] = ["452 Disk full"]
    assert mail.send_waiting(db.session(), post).put_off == 1
    due_now(letter)
    assert mail.send_waiting(db.session(), post).sent == 1


def test_a_connection_dropped_after_the_letter_was_taken_sends_it_again_with_the_same_message_id(post, inbox):
    """At least once: the sender cannot know; whoever reads mail sees one letter."""
    dropped, other = a_letter(), a_letter()
    inbox.verdicts[dropped.recipient] = [DROP]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.put_off) == (1, 1)
    assert other.state is LetterState.SENT and "broke off" in dropped.problem
    due_now(dropped)
    assert mail.send_waiting(db.session(), post).sent == 1
    first, second = inbox.of(dropped.recipient)
    assert first["Message-ID"] == second["Message-ID"]


def test_a_server_that_always_breaks_ends_the_run_and_the_rest_waits_untouched(post, inbox):
    letters = [a_letter() for _number in range(5)]
    for letter in letters:
        inbox.verdicts[letter.recipient] = [DROP]
    outcome = mail.send_waiting(db.session(), post)
    assert outcome.put_off == mail.BROKEN_IN_A_ROW and "broke off" in outcome.problem
    assert [letter.tries for letter in letters] == [1, 1, 0, 0, 0]


def test_a_server_that_closes_is_asked_again_on_a_new_connection(post, inbox):
    first, second = a_letter(), a_letter()
    inbox.answers[first.recipient] = ["421 Too many letters on one connection"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.put_off, outcome.problem) == (1, 1, "")
    assert second.state is LetterState.SENT and inbox.connections == 2


def test_a_sender_who_is_refused_costs_no_letter_a_try(post, inbox):
    letter = a_letter()
    inbox.senders = ["550 Not from here"]
    outcome = mail.send_waiting(db.session(), post)
    assert "does not take letters from prima@prima.example: 550 Not from here" in outcome.problem
    assert (letter.state, letter.tries) == (LetterState.WAITING, 0)


def test_a_letter_that_is_too_large_holds_up_nobody(post, inbox):
    large, other = a_letter(), a_letter()
    inbox.senders = ["552 Message too big"]
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.dead) == (1, 1)
    assert large.state is LetterState.DEAD and other.state is LetterState.SENT


def test_a_slow_server_is_waited_for(post, inbox):
    inbox.slow = 0.2
    a_letter()
    assert mail.send_waiting(db.session(), post).sent == 1


def test_a_server_that_hangs_is_left_after_a_while(post, inbox, monkeypatch):
    monkeypatch.setattr(carriers, "PATIENCE", 0.3)
    inbox.slow = 2
    letter = a_letter()
    outcome = mail.send_waiting(db.session(), post)
    assert (outcome.sent, outcome.put_off) == (0, 1) and "timed out" in letter.problem


def test_a_server_that_says_nothing_is_left_and_letters_lose_no_try(app, tmp_path, monkeypatch):
    monkeypatch.setattr(carriers, "PATIENCE", 0.2)
    letter = a_letter()
    with a_silent_server() as url:
        outcome = mail.send_waiting(db.session(), a_post(url, tmp_path))
    assert "cannot be reached" in outcome.problem and "timed out" in outcome.problem
    assert (letter.state, letter.tries) == (LetterState.WAITING, 0)


@pytest.mark.parametrize("way", ["starttls", "smtps"])
def test_letters_are_encrypted_whenever_the_server_can(app, tmp_path, way):
    a_letter()
    with an_inbox(**{way: a_context(tmp_path)}) as inbox:
        outcome = mail.send_waiting(db.session(), a_post(inbox.url, tmp_path))
        assert (outcome.sent, outcome.problem) == (1, "")
        assert inbox.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted_elsewhere(app, tmp_path, monkeypatch):
    """On this machine it is taken; any other server must show one that can be verified."""
    monkeypatch.setattr(carriers, "HERE", set())
    letter = a_letter()
    with an_inbox(starttls=a_context(tmp_path)) as inbox:
        outcome = mail.send_waiting(db.session(), a_post(inbox.url, tmp_path))
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.problem and inbox.taken == []
    assert letter.state is LetterState.WAITING


def test_a_password_is_not_sent_without_encryption(app, tmp_path, monkeypatch):
    monkeypatch.setattr(carriers, "HERE", set())
    a_letter()
    with an_inbox() as inbox:
        url = inbox.url.replace("//", "//prima:secret@")
        outcome = mail.send_waiting(db.session(), a_post(url, tmp_path))
    assert "the password is not sent" in outcome.problem and inbox.taken == []


def test_a_letter_held_up_for_days_says_when_it_was_written(post, inbox):
    letter = a_letter()
    letter.queued_at = clock.ago(days=7)
    db.session.commit()
    mail.send_waiting(db.session(), post)
    assert "This letter was written on 24 Sep 2016 and could not be sent before." in plain(inbox.taken[0][1])
