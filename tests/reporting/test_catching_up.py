"""Jobs catch up by state: whatever the clock and the mail server did meanwhile, against a model of a few lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from prima import clock, mail
from prima.db import db
from prima.outbox import Letter, LetterState
from prima.places import Office, OfficeKind, OfficeLink
from prima.projects.models import Milestone
from prima.reporting import queries, reminders
from tests.chance import tried
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project
from tests.reporting.finance import signed_in

LADDER = (-30, -14, -3, 0)
HOUR = timedelta(hours=1)
BEGIN = datetime(2016, 10, 1, 9, tzinfo=UTC)
HOURS = {
    "Pacific/Kiritimati": (("2000-01-01 00", 14),),
    "Pacific/Pago_Pago": (("2000-01-01 00", -11),),
    "America/New_York": (
        ("2000-01-01 00", -5), ("2015-03-08 07", -4), ("2015-11-01 06", -5), ("2016-03-13 07", -4),
        ("2016-11-06 06", -5), ("2017-03-12 07", -4), ("2017-11-05 06", -5), ("2018-03-11 07", -4),
        ("2018-11-04 06", -5),
    ),
}  # fmt: skip
"""By how many hours each place is ahead of UTC, from which hour of UTC on: written out, not asked of the library."""
LEAPS = st.one_of(st.integers(-72, 72), st.sampled_from([24, 168]), st.integers(-20 * 24, 45 * 24))
"""Hours that pass: some, a day, a week, an outage of weeks, or the clock is set back."""
EVENTS = st.one_of(
    st.none(),
    st.tuples(st.just("moved"), st.integers(0, 2), st.integers(-30, 60)),
    st.tuples(st.just("handed in"), st.integers(0, 2), st.none()),
    st.tuples(st.just("returned"), st.integers(0, 2), st.none()),
)
"""What happens to one of the deadlines meanwhile: another date is agreed, it is handed in, it is returned."""
STEPS = st.lists(st.tuples(LEAPS, EVENTS, st.booleans(), st.booleans()), min_size=1, max_size=12)
"""What passes, what happens, whether the scheduler runs then, and whether the mail server does."""
DEADLINES = st.lists(st.tuples(st.sampled_from(sorted(HOURS)), st.integers(-40, 40)), min_size=1, max_size=3)
"""Where, and in how many days."""


def day_there(zone: str, moment: datetime) -> date:
    ahead = [hours for since, hours in HOURS[zone] if f"{moment:%Y-%m-%d %H}" >= since]
    return (moment + ahead[-1] * HOUR).date()


@dataclass
class Due:
    """A deadline as the model knows it."""

    zone: str
    on: date
    is_open: bool = True


class Model:
    """What every person should have got: a letter for the latest step, once, and only the last of those that waited."""

    def __init__(self, copied: dict[str, int], dues: list[Due]):
        self.copied, self.dues = copied, dues
        self.written: set[tuple[int, date, str, str]] = set()
        self.waiting: dict[tuple[int, str], tuple[date, str, str]] = {}
        self.sent: list[tuple[int, str, date, str, str]] = []

    def remind(self, moment: datetime) -> None:
        for number, due in enumerate(self.dues):
            passed = (day_there(due.zone, moment) - due.on).days
            reached = (days for days in range(passed, -31, -1) if days in LADDER or (days > 0 and days % 7 == 0))
            step = next(reached, None)
            if step is None or not due.is_open:
                continue
            code = "day" if step == 0 else f"before-{-step}" if step < 0 else f"after-{step}"
            for address, since in self.copied.items():
                if step >= since and (number, due.on, code, address) not in self.written:
                    self.written.add((number, due.on, code, address))
                    self.waiting[number, address] = (due.on, f"remind:{code}", how_late(passed))

    def send(self) -> None:
        self.sent += [(*key, *words) for key, words in self.waiting.items()]
        self.waiting = {}


def how_late(passed: int) -> str:
    if passed == 0:
        return "due today"
    days = f"{abs(passed)} day{'' if abs(passed) == 1 else 's'}"
    return f"{days} late" if passed > 0 else f"due in {days}"


@tried
@given(steps=STEPS, places=DEADLINES, begins=st.integers(0, 23))
def test_after_any_outage_and_any_leap_of_the_clock_the_letters_are_those_of_the_model(
    app, tmp_path, monkeypatch, steps, places, begins
):
    """At the ends of the earth, over the change to winter time, while dates move and reports come and go."""
    savepoint = db.session.begin_nested()
    moment = BEGIN + begins * HOUR
    clock.fix(None)
    monkeypatch.setattr(clock, "now", lambda: moment)
    try:
        manager, regional, fund = a_user("PM", "KEN"), a_user("RPDO", "NBO"), a_user("FUND")
        at = {zone: at_an_office(zone, manager) for zone in sorted({zone for zone, _days in places})}
        dues = [Due(zone, TODAY + timedelta(days=days)) for zone, days in places]
        rows = [
            a_deadline(at[due.zone], due_on=due.on, period_from=TODAY, period_to=TODAY + timedelta(days=number))
            for number, due in enumerate(dues)
        ]
        model = Model({manager.email: -30, regional.email: 7, fund.email: 21}, dues)
        post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
        seen = 0
        for hours, event, runs, leaves in steps:
            moment += hours * HOUR
            if event:
                what, number, days = event
                happens(what, dues[number % len(dues)], rows[number % len(dues)], days)
            if runs:
                reminders.remind(db.session())
                model.remind(moment)
            if leaves:
                send(post)
                model.send()
            assert Counter(sent(rows)) == Counter(model.sent)
            fresh = Counter((number, address) for number, address, *_rest in model.sent[seen:])
            assert not fresh or max(fresh.values()) == 1, "a flood: more than one letter a deadline and person"
            seen = len(model.sent)
    finally:
        monkeypatch.undo()
        clock.fix(TODAY)
        savepoint.rollback()


def at_an_office(zone, manager):
    """A project of an office in that time zone that belongs to the Regional Office of its people."""
    project = an_active_project(manager)
    code = f"Z{db.session.scalar(select(func.count(Office.id)))}"
    place = Office(code=code, name=zone, sort_key=zone, kind=OfficeKind.COUNTRY, country_code="KEN", time_zone=zone)
    place.links = [OfficeLink(region_code="NBO")]
    db.session.add(place)
    db.session.flush()
    project.office_id = place.id
    db.session.flush()
    db.session.expire(project)
    return project


def happens(what, due, row, days):
    if what == "moved":
        due.on += timedelta(days=days)
        row.due_on = due.on
    else:
        due.is_open = row.is_open = what == "returned"
    db.session.flush()


def send(post):
    """Everything that waits; not in its own transactions, which the savepoint of the example undoes."""
    for number in list(mail._due(db.session())):
        letter = db.session.get_one(Letter, number, populate_existing=True)
        mail.compose(letter, post)
        letter.state, letter.sent_at = LetterState.SENT, clock.now()
    db.session.flush()


def sent(rows):
    number = {f"deadline:{row.id}": place for place, row in enumerate(rows)}
    found = db.session.scalars(
        select(Letter).where(Letter.state == LetterState.SENT).execution_options(populate_existing=True)
    )
    return [(number[one.cause], one.recipient, one.due_on, one.kind, one.subject.split(", ")[1]) for one in found]


@pytest.mark.parametrize(
    ("zone", "at", "when"),
    [
        ("Pacific/Kiritimati", "2016-10-11T09:59", "due in 1 day"),
        ("Pacific/Kiritimati", "2016-10-11T10:01", "due today"),
        ("Pacific/Kiritimati", "2016-10-12T10:01", "1 day late"),
        ("Pacific/Pago_Pago", "2016-10-12T10:59", "due in 1 day"),
        ("Pacific/Pago_Pago", "2016-10-12T11:01", "due today"),
        ("Pacific/Pago_Pago", "2016-10-13T10:59", "due today"),
        ("America/New_York", "2016-10-12T03:59", "due in 1 day"),
        ("America/New_York", "2016-10-12T04:01", "due today"),
    ],
)
def test_the_day_of_a_reminder_is_the_day_at_the_office(app, monkeypatch, zone, at, when):
    project = at_an_office(zone, a_user("PM", "KEN"))
    a_deadline(project, due_on=date(2016, 10, 12))
    db.session.add(Milestone(project_id=project.id, name="First course", planned_on=date(2016, 10, 12)))
    clock.fix(None)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(f"{at}+00:00"))
    said = [letter.subject for letter in reminders.due(db.session())]
    assert len(said) == 2 and all(when in subject for subject in said)


@pytest.mark.parametrize(
    ("zone", "at", "when"),
    [
        ("Pacific/Kiritimati", "2016-10-12T09:59", "today"),
        ("Pacific/Kiritimati", "2016-10-12T10:01", "1 day late"),
        ("Pacific/Pago_Pago", "2016-10-13T10:59", "today"),
        ("Pacific/Pago_Pago", "2016-10-13T11:01", "1 day late"),
    ],
)
def test_the_desk_takes_the_day_at_the_office(browser_of, monkeypatch, zone, at, when):
    manager = a_user("PM", "KEN")
    project = at_an_office(zone, manager)
    a_deadline(project, due_on=date(2016, 10, 12))
    clock.fix(None)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(f"{at}+00:00"))
    browser = browser_of(manager)
    page = browser.open("/desk").check()
    [row] = page.rows("What waits for you")
    assert row[0] == "Write the interim narrative report" and row[3].endswith(when)
    assert [duty.is_late for duty in queries.desk(signed_in(manager)).duties] == [when != "today"]
    assert f"due 12 Oct 2016, {when}" in browser.open(f"/projects/{project.reference}").check().text


@pytest.mark.parametrize(
    ("zone", "until"), [("Pacific/Kiritimati", "2016-10-12T09:59"), ("Pacific/Pago_Pago", "2016-10-13T10:59")]
)
def test_the_last_day_to_ask_for_an_extension_ends_at_the_office(app, monkeypatch, zone, until):
    a_deadline(at_an_office(zone, a_user("PM", "KEN")), "EXT_REQ", date(2016, 10, 12))
    clock.fix(None)
    last = datetime.fromisoformat(f"{until}+00:00")
    monkeypatch.setattr(clock, "now", lambda: last)
    assert len(list(reminders.due(db.session()))) == 1
    monkeypatch.setattr(clock, "now", lambda: last + 2 * timedelta(minutes=1))
    assert list(reminders.due(db.session())) == []


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


@pytest.mark.parametrize("hours", [1, 11, 24, 9600])
def test_a_letter_queued_while_the_clock_was_ahead_leaves_when_it_is_set_back(app, tmp_path, monkeypatch, hours):
    clock.fix(None)
    monkeypatch.setattr(clock, "now", lambda: BEGIN + hours * HOUR)
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, due_on=clock.today())
    assert reminders.remind(db.session(), clock.today()) == 1
    db.session.commit()
    monkeypatch.setattr(clock, "now", lambda: BEGIN)
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
    assert mail.send_waiting(db.session(), post).sent == 1
