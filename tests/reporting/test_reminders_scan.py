"""A scan asks in SQL what is new: the same steps and people as the code, by ranges of indexes, and nothing loaded
where nothing is new."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from prima import clock
from prima.db import db
from prima.projects.models import Milestone, Part, Party
from prima.reporting import reminders
from prima.reporting.calendar import reminder_step
from prima.reporting.models import About, Deadline, Evaluation, Reason, Recommendation, Reminder, Response
from prima.reporting.reminders import climbing
from prima.reporting.reminders.ladders import Ladders
from prima.reporting.reminders.letters import CLIMBS
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project, grant

KINDS = ("INT_N", "EXT_REQ", "EVA")
WINDOW = timedelta(days=184)


@pytest.fixture
def project(app):
    return an_active_project(a_user("PM", "KEN"), a_user("APM", "KEN"))


def days_around(project):
    """A deadline of each kind for every day on which some step may be new, and for years before."""
    for passed in (*range(-400, 60), 365, 366, 3650, 36500):
        for kind in KINDS:
            due_on = TODAY - timedelta(days=passed)
            opens = due_on - WINDOW if kind == "EVA" else None
            a_deadline(project, kind, due_on, from_on=opens, period_from=None, period_to=due_on)


def test_sql_finds_the_steps_that_the_ladder_says(project):
    days_around(project)
    ladders = Ladders(db.session())
    rows = climbing.reached(climbing.DEADLINES, ladders, TODAY)
    found = {row.id: (row.code, row.days) for row in db.session.execute(select(rows.c.id, rows.c.code, rows.c.days))}
    expected = {}
    for one in db.session.scalars(select(Deadline)):
        if one.kind == "EXT_REQ" and one.due_on < TODAY:
            continue
        ladder = ladders.of(project.edition_id, CLIMBS.get(one.kind, (About.REPORT, "ladder"))[1])
        if step := reminder_step(ladder, one.due_on, TODAY, one.from_on):
            expected[one.id] = (step.code, (step.on - one.due_on).days)
    assert found == expected
    codes = {code for code, _days in found.values()}
    assert {"opening", "before-90", "before-3", "day", "after-7", "after-36498"} <= codes


def test_sql_finds_the_first_day_of_the_ladder(project):
    due_on = TODAY + timedelta(days=1)
    a_deadline(project, "INT_N", due_on)
    a_deadline(project, "EVA", due_on, from_on=due_on - WINDOW)
    db.session.add(Milestone(project_id=project.id, name="Study", planned_on=due_on))
    db.session.flush()
    ladders = Ladders(db.session())
    first = {}
    for source in (climbing.DEADLINES, climbing.MILES):
        rows = climbing.reached(source, ladders, TODAY)
        first |= {about: due_on - day for about, day in db.session.execute(select(rows.c.about, rows.c.first_on))}
    assert first == {"report": timedelta(days=30), "evaluation": WINDOW, "milestone": timedelta(days=14)}


def lines():
    return sorted(one.line for one in reminders.due(db.session(), TODAY))


def by_hand(monkeypatch):
    """What is due when everything that has reached a step is loaded and composed."""

    def everything(session, source, ladders, on, _zones=None):
        rows = climbing.reached(source, ladders, on)
        return session.scalars(select(rows.c.id).order_by(rows.c.due_on, rows.c.id)).all()

    with monkeypatch.context() as patched:
        patched.setattr(climbing, "unwritten", everything)
        return lines()


def a_recommendation(project, owner, window):
    evaluation = Evaluation(project_id=project.id, deadline_id=window.id)
    db.session.add(evaluation)
    db.session.flush()
    db.session.add(
        Recommendation(
            evaluation_id=evaluation.id, position=1, text="Train more.", response=Response.ACCEPTED,
            owner_id=owner.id, due_on=TODAY - timedelta(days=30),
        )
    )  # fmt: skip


def an_address(person):
    person.email = "moved@prima.example"


def closes(person):
    person.active = False


CHANGES = {
    "a new alternate": lambda cast: db.session.add(
        Party(project_id=cast["project"].id, user_id=a_user("APM", "KEN").id, part=Part.ALTERNATE)
    ),
    "the manager leaves": lambda cast: setattr(cast["managing"], "until_at", clock.now()),
    "a new coordinator": lambda cast: a_user("RPDO", "NBO"),
    "one not confirmed": lambda cast: a_user("RPDO", "NBO", confirmed=False),
    "another at the Fund": lambda cast: a_user("FUND"),
    "a second role at the Fund": lambda cast: grant(cast["manager"], "FUND"),
    "an evaluator": lambda cast: db.session.add(
        Party(project_id=cast["project"].id, user_id=a_user(staff=False).id, part=Part.EVALUATOR)
    ),
    "another address": lambda cast: an_address(cast["manager"]),
    "the owner's address": lambda cast: an_address(cast["owner"]),
    "an account is closed": lambda cast: closes(cast["manager"]),
    "it is suspended": lambda cast: setattr(cast["project"], "status", "SUSPENDED"),
    "a date moves": lambda cast: setattr(cast["deadline"], "due_on", cast["deadline"].due_on + timedelta(days=1)),
}


NOBODY_NEW = {
    "the manager leaves", "one not confirmed", "a second role at the Fund", "an account is closed", "it is suspended",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_same_people_are_told_as_if_everything_were_composed_again(project, monkeypatch, change):
    owner = a_user()
    a_user("RPDO", "NBO")
    a_user("FUND")
    late = a_deadline(project, due_on=TODAY - timedelta(days=30))
    window = a_deadline(project, "EVA", TODAY + timedelta(days=100), from_on=TODAY - timedelta(days=84))
    db.session.add(Milestone(project_id=project.id, name="Study", planned_on=TODAY))
    a_recommendation(project, owner, window)
    db.session.flush()
    first = lines()
    assert first == by_hand(monkeypatch)
    assert reminders.remind(db.session(), TODAY) == len(first) > 8
    assert lines() == []
    db.session.expire_all()
    managing = db.session.scalars(select(Party).where(Party.project_id == project.id, Party.part == Part.MANAGER)).one()
    cast = {
        "project": project, "managing": managing, "manager": db.session.get_one(User, managing.user_id),
        "owner": owner, "deadline": late,
    }  # fmt: skip
    CHANGES[change](cast)
    db.session.flush()
    db.session.expire_all()
    found = lines()
    assert found == by_hand(monkeypatch)
    assert bool(found) == (change not in NOBODY_NEW)


def test_each_reminder_keeps_its_project_its_step_and_why(project):
    a_user("RPDO", "NBO")
    a_deadline(project, due_on=TODAY - timedelta(days=8))
    assert reminders.remind(db.session(), TODAY) == 3
    kept = [(one.project_id, one.about, one.step, one.reason) for one in db.session.scalars(select(Reminder))]
    assert sorted(kept) == [
        (project.id, About.REPORT, "after-7", reason) for reason in (Reason.ALTERNATE, Reason.MANAGER, Reason.REGION)
    ]
    assert reminders.remind(db.session(), TODAY) == 0
    assert len(db.session.scalars(select(Reminder)).all()) == 3


def test_an_hour_with_nothing_new_loads_and_writes_nothing(project, questions):
    for days in (1, 8, 22):
        a_deadline(project, due_on=TODAY - timedelta(days=days))
    db.session.add(Milestone(project_id=project.id, name="Study", planned_on=TODAY))
    assert reminders.remind(db.session(), TODAY) > 0
    db.session.commit()
    db.session.expire_all()
    questions.clear()
    assert reminders.remind(db.session(), TODAY) == 0
    assert len(questions) == 1 + len(climbing.SOURCES)
    assert not [one for one in questions if re.match("insert|update|delete", one.strip(), re.IGNORECASE)]


MANY = """
insert into deadline (project_id, kind, period_to, due_on, first_due_on, why, ad_hoc, name, is_open, from_on)
    select :project, case when number % 40 = 0 then 'EVA' else 'INT_N' end, date '2016-01-01' + number,
        day, day, '', true, '', number % 3 > 0 and day > date '2016-09-25', case when number % 40 = 0 then day - 184 end
    from (select number, date '2006-10-01' + number / 3 as day from generate_series(1, 30000) as number) as days
"""


def test_the_scan_reads_ranges_of_indexes_not_what_exists(project):
    """30,000 deadlines of 27 years, of which a few hundred are open and due within the reach of the ladder."""
    db.session.execute(text(MANY), {"project": project.id})
    for number in range(3000):
        db.session.add(
            Milestone(project_id=project.id, name="Done", planned_on=TODAY - timedelta(days=number), done_on=TODAY)
        )
    db.session.flush()
    for table in ("deadline", "milestone"):
        db.session.execute(text(f"analyze {table}"))
    ladders = Ladders(db.session())
    for source, table, indexes in (
        (climbing.DEADLINES, "deadline", {"ix_deadline_open_until", "ix_deadline_open_window"}),
        (climbing.MILES, "milestone", {"ix_milestone_open_planned"}),
    ):
        plan = explained(climbing.query(source, ladders, TODAY))
        assert f"Seq Scan on {table}" not in plan, plan
        assert indexes <= set(re.findall(r"ix_\w+", plan)), plan
        conditions = re.findall(r"Index Cond: .*(?:due_on|from_on|planned_on) <= ", plan)
        assert len(conditions) >= len(indexes), plan


def explained(query) -> str:
    """The plan, by an EXPLAIN put before the statement as it is sent."""
    connection = db.session.connection()
    explaining = connection.execution_options()

    def before(_connection, _cursor, statement, parameters, _context, _many):
        return f"explain {statement}", parameters

    event.listen(explaining, "before_cursor_execute", before, retval=True)
    try:
        return "\n".join(row[0] for row in explaining.execute(query))
    finally:
        event.remove(explaining, "before_cursor_execute", before)
