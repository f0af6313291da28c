"""Whoever sends is killed at any moment: each letter arrives, at most one a kill arrives twice, and another goes on."""

from __future__ import annotations

import random
import time

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.outbox import Letter, LetterState, queue
from tests.conftest import make_app
from tests.inbox import an_inbox
from tests.nursery import Child, a_nursery, until

FOR_EACH_KILL = 25
SOON = 5
"""Seconds within which the one who stood by leads."""


@pytest.fixture
def url(databases, template_url) -> str:
    return databases("prima_kill", template=make_url(template_url).database)


def queued(count):
    for number in range(count):
        subject = f"Letter {number}"
        queue(
            db.session(), to=f"person{number}@prima.example", cause=f"c:{number}", kind="k", subject=subject, body="B"
        )
    db.session.commit()


def in_state(state) -> int:
    found = db.session.scalar(select(func.count()).where(Letter.state == state))
    db.session.rollback()
    return found


class Countdown:
    """Kills the leader in the middle of the letter that is so many letters away, before it hears the answer."""

    def __init__(self, leader: Child, letters: int):
        self.leader, self.left = leader, letters

    def __call__(self, _recipient: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.leader.kill()


def survived(kills, seed, url, folder):
    chance = random.Random(seed)
    app = make_app(url)
    with app.app_context(), an_inbox() as inbox, a_nursery(folder, url, inbox.url) as start:
        count = kills * FOR_EACH_KILL
        queued(count)
        inbox.slow = 0.003
        leader = start()
        until(leader.leads, "a leader")
        waits = []
        for _kill in range(kills):
            standby = start()
            until(standby.stands_by, "somebody standing by")
            sent = len(inbox.taken)
            until(lambda sent=sent: len(inbox.taken) > sent, "a letter")
            if chance.random() < 0.5:
                inbox.on_taken = Countdown(leader, chance.randint(1, 8))
            else:
                time.sleep(chance.uniform(0, 0.05))
                leader.kill()
            until(leader.is_gone, "the leader is killed")
            inbox.on_taken = lambda _recipient: None
            waits.append(until(standby.leads, "the one who stood by leads"))
            leader = standby
        while in_state(LetterState.WAITING):
            sent = len(inbox.taken)
            until(lambda sent=sent: len(inbox.taken) > sent + 50 or not in_state(LetterState.WAITING), "letters go on")
        db.session.remove()
        db.engine.dispose()
        return count, inbox.taken, waits


def judge(kills, count, taken, waits):
    copies: dict[str, list[str]] = {}
    for recipient, message in taken:
        copies.setdefault(recipient, []).append(message["Message-ID"])
    assert len(copies) == count, "a letter is lost"
    assert len(taken) - count <= kills, f"{len(taken) - count} came twice, of {kills} kills"
    assert all(len(set(numbers)) == 1 for numbers in copies.values()), "a copy has another Message-ID"
    assert len(taken) > count, "no kill fell between sending and marking: this proves nothing"
    assert max(waits) < SOON, f"the longest wait for a leader was {max(waits):.1f} seconds"


def test_killed_ten_times_every_letter_arrives_and_the_other_goes_on(url, tmp_path):
    assert clock.fixed_day() is None
    judge(10, *survived(10, 1, url, tmp_path))


@pytest.mark.soak
def test_killed_two_hundred_times_every_letter_arrives(url, tmp_path):
    judge(200, *survived(200, 2, url, tmp_path))
