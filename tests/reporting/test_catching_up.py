"""Jobs catch up by state: whatever the clock and the mail server did meanwhile, against a model of a few lines."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prima import clock, mail
from prima.db import db
from prima.outbox import Letter, LetterState
from prima.reporting import reminders
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project

LADDER = (-30, -14, -3, 0)
STEPS = st.lists(
    st.tuples(st.one_of(st.just(7), st.integers(-20, 45)), st.booleans(), st.booleans()), min_size=1, max_size=12
)
"""How many days later (or earlier) it is, whether the scheduler runs then, and whether the mail server does."""


class Model:
    """What every person should have got: a letter for the latest step, once, and only the last of those that waited."""

    def __init__(self, copied: dict[str, int]):
        self.copied = copied
        self.written: set[tuple[date, str, str]] = set()
        self.waiting: dict[tuple[date, str], tuple[str, str]] = {}
        self.sent: list[tuple[date, str, str, str]] = []

    def remind(self, due_on: date, today: date) -> None:
        passed = (today - due_on).days
        step = next((days for days in range(passed, -31, -1) if days in LADDER or (days > 0 and days % 7 == 0)), None)
        if step is None:
            return
        code = "day" if step == 0 else f"before-{-step}" if step < 0 else f"after-{step}"
        for address, since in self.copied.items():
            if step >= since and (due_on, code, address) not in self.written:
                self.written.add((due_on, code, address))
                self.waiting[due_on, address] = (f"remind:{code}", how_late(passed))

    def send(self) -> None:
        self.sent += [(due_on, address, *words) for (due_on, address), words in self.waiting.items()]
        self.waiting = {}


def how_late(passed: int) -> str:
    if passed == 0:
        return "due today"
    days = f"{abs(passed)} day{'' if abs(passed) == 1 else 's'}"
    return f"{days} late" if passed > 0 else f"due in {days}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, dues=st.lists(st.integers(-40, 40), min_size=1, max_size=3, unique=True))
def test_after_any_outage_and_any_leap_of_the_clock_the_letters_are_those_of_the_model(app, tmp_path, steps, dues):
    savepoint = db.session.begin_nested()
    today = TODAY
    manager, regional, fund = a_user("PM", "KEN"), a_user("RPDO", "NBO"), a_user("FUND")
    project = an_active_project(manager)
    days = [TODAY + timedelta(days=one) for one in dues]
    for due_on in days:
        a_deadline(project, due_on=due_on)
    model = Model({manager.email: -30, regional.email: 7, fund.email: 21})
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
    seen = 0
    try:
        for later, runs, leaves in steps:
            today += timedelta(days=later)
            clock.fix(today)
            if runs:
                reminders.remind(db.session(), today)
                for due_on in days:
                    model.remind(due_on, today)
            if leaves:
                send(post)
                model.send()
            letters = sent()
            assert Counter(letters) == Counter(model.sent)
            fresh = Counter((due_on, address) for due_on, address, *_rest in model.sent[seen:])
            assert not fresh or max(fresh.values()) == 1, "a flood: more than one letter a deadline and person"
            seen = len(model.sent)
    finally:
        clock.fix(TODAY)
        savepoint.rollback()


def send(post):
    """Everything that waits; not in its own transactions, which the savepoint of the example undoes."""
    for number in list(mail._due(db.session())):
        letter = db.session.get_one(Letter, number, populate_existing=True)
        mail.compose(letter, post)
        letter.state, letter.sent_at = LetterState.SENT, clock.now()
    db.session.flush()


def sent():
    found = db.session.scalars(
        select(Letter).where(Letter.state == LetterState.SENT).execution_options(populate_existing=True)
    )
    return [(one.due_on, one.recipient, one.kind, one.subject.split(", ")[1]) for one in found]


def test_a_week_without_a_mail_server_brings_one_letter_a_deadline(app, tmp_path):
    manager = a_user("PM", "KEN")
    project = an_active_project(manager)
    a_deadline(project, due_on=TODAY + timedelta(days=3))
    for later in range(11):
        clock.fix(TODAY + timedelta(days=later))
        reminders.remind(db.session(), clock.today())
    db.session.commit()
    states = db.session.execute(
        select(Letter.kind, Letter.state).where(Letter.user_id == manager.id).order_by(Letter.id)
    )
    assert [tuple(row) for row in states] == [
        ("remind:before-3", LetterState.REPLACED),
        ("remind:day", LetterState.REPLACED),
        ("remind:after-7", LetterState.WAITING),
    ]
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
    assert mail.send_waiting(db.session(), post).sent == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("days", [1, 400])
def test_a_letter_queued_while_the_clock_was_ahead_leaves_when_it_is_set_back(app, tmp_path, days):
    clock.fix(TODAY + timedelta(days=days))
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, due_on=clock.today())
    assert reminders.remind(db.session(), clock.today()) == 1
    db.session.commit()
    clock.fix(TODAY)
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
    assert mail.send_waiting(db.session(), post).sent == 1
