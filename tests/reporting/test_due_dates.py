"""A due date moves only by a recorded decision; what it was stays visible, and donors may ask for more."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from prima.db import db
from prima.errors import Refused
from prima.outbox import Letter
from prima.projects import queries
from prima.projects.models import Part
from prima.projects.operations import take_part
from prima.reporting import operations
from prima.reporting.models import Deadline, DeadlineChange
from prima.reporting.operations.deadlines import make
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project

SOON = TODAY + timedelta(days=20)


def running(funding="fund"):
    manager = a_user("PM", "KEN", name="The manager")
    more = {"funding": "donor"} if funding == "donor" else {}
    return manager, an_active_project(manager, **more)


def path(project, deadline, step=""):
    return f"/projects/{project.reference}/deadlines/{deadline.id}{step}"


def dates(deadline):
    rows = db.session.scalars(
        select(DeadlineChange).where(DeadlineChange.deadline_id == deadline.id).order_by(DeadlineChange.id)
    )
    return [(row.old_due_on, row.new_due_on, row.reason) for row in rows]


def test_fund_management_moves_a_due_date_and_the_first_stays(browser_of):
    manager, project = running()
    deadline = a_deadline(project, "INT_N", SOON)
    fund = a_user("FUND", name="Fund management")
    later = SOON + timedelta(days=14)
    page = browser_of(fund).open(path(project, deadline)).check().follow("Move the due date").check()
    page.fill("New due date", later.isoformat()).fill("Reason", "Floods closed the roads.")
    page = page.press("Move the due date").check()
    assert page.messages == ["The due date is moved; the earlier one stays visible."]
    db.session.expire_all()
    row = db.session.get(Deadline, deadline.id)
    assert (row.due_on, row.first_due_on) == (later, SOON)
    assert dates(row) == [(SOON, later, "Floods closed the roads.")]
    assert page.rows("Every date it had")[0][1] == "Fund management"
    letters = db.session.scalars(select(Letter).where(Letter.kind == f"moved:{later.isoformat()}")).all()
    assert [letter.recipient for letter in letters] == [manager.email]
    assert "Floods closed the roads." in letters[0].body


@pytest.mark.parametrize(
    ("due_on", "reason", "says"),
    [
        (TODAY - timedelta(days=1), "Late", "This day is past."),
        (SOON, "Same", "This is the day on which it is due already."),
        (TODAY + timedelta(days=4000), "Far", "more than ten years ahead"),
        (SOON + timedelta(days=7), " ", "Please fill this in."),
        ("0001-01-01", "Early", "Please type a day between 1990 and 2100."),
        ("9999-12-31", "Never", "Please type a day between 1990 and 2100."),
    ],
)
def test_a_wrong_day_is_told_at_its_field_and_what_was_typed_stays(browser_of, due_on, reason, says):
    _manager, project = running()
    deadline = a_deadline(project, "INT_N", SOON)
    page = browser_of(a_user("FUND")).open(path(project, deadline, "/move"))
    page.fill("New due date", str(due_on)).fill("Reason", reason)
    page = page.press("Move the due date").check()
    assert page.status == 422
    assert says in " ".join(page.errors)
    assert dates(deadline) == []


def test_a_window_does_not_close_before_it_opens(browser_of):
    _manager, project = running()
    opens = TODAY + timedelta(days=60)
    deadline = a_deadline(project, "EVA", TODAY + timedelta(days=200), from_on=opens)
    page = browser_of(a_user("FUND")).open(path(project, deadline, "/move"))
    page = page.fill("New due date", SOON.isoformat()).fill("Reason", "Sooner").press("Move the due date")
    assert page.status == 422
    assert "it cannot close before" in page.errors[0]


def test_two_decisions_on_the_same_day_are_one(app):
    _manager, project = running()
    deadline, fund = a_deadline(project, "INT_N", SOON), a_user("FUND")
    later = SOON + timedelta(days=7)
    operations.move_due_date(deadline.id, actor=fund, due_on=later, reason="First", seen=SOON)
    with pytest.raises(Refused, match="meanwhile"):
        operations.move_due_date(deadline.id, actor=fund, due_on=SOON + timedelta(days=9), reason="Second", seen=SOON)


def test_the_team_moves_no_due_date(browser_of):
    manager, project = running()
    deadline = a_deadline(project, "INT_N", SOON)
    assert browser_of(manager).open(path(project, deadline)).status == 200
    assert browser_of(manager).open(path(project, deadline, "/move")).status == 403
    fund = a_user("FUND")
    project = queries.locked(project.id)
    take_part(project, fund, Part.AUTHOR)
    db.session.flush()
    assert browser_of(fund).open(path(project, deadline, "/move")).status == 403


def test_the_reason_is_internal(browser_of):
    _manager, project = running()
    deadline = a_deadline(project, "INT_N", SOON)
    operations.move_due_date(
        deadline.id, actor=a_user("FUND"), due_on=SOON + timedelta(days=7), reason="Between us.", seen=SOON
    )
    elsewhere = browser_of(a_user("VIEW", "UKR")).open(path(project, deadline)).check()
    assert elsewhere.status == 200
    assert "Between us." not in elsewhere.text


def test_a_donor_asks_for_a_further_report_and_takes_it_back(browser_of):
    manager, project = running("donor")
    page = browser_of(manager).open(f"/projects/{project.reference}/reports").check()
    page = page.follow("A further report for the donor").check()
    page.fill("Name of the report", "Note for the steering committee").fill(
        "Kind of report", "Interim narrative report"
    )
    page.fill("Due on", SOON.isoformat()).fill("Reason", "Asked in the letter of May.")
    page = page.press("Ask for the report").check()
    assert page.heading == "Note for the steering committee"
    row = db.session.scalars(select(Deadline).where(Deadline.ad_hoc)).one()
    assert (row.kind, row.due_on, row.name) == ("INT_N", SOON, "Note for the steering committee")
    assert "Note for the steering committee" in browser_of(manager).open(f"/projects/{project.reference}/reports").text
    report = browser_of(manager).open(f"/projects/{project.reference}/reports/{row.id}").check()
    assert report.heading == "Note for the steering committee"
    officer = a_user("RRMO", "NBO")
    page = browser_of(officer).open(path(project, row)).follow("Take it back").check()
    page = page.fill("Reason", "The committee was cancelled.").press("Take it back").check()
    assert page.messages == ["The report is no longer asked."]
    db.session.expire_all()
    assert db.session.get(Deadline, row.id).fell_away_at is not None
    assert dates(row)[-1] == (SOON, None, "The committee was cancelled.")


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        (
            {"First day of its period": "2016-01-01"},
            "Please give the first and the last day of the period, or neither.",
        ),
        (
            {"First day of its period": "2016-03-01", "Last day of its period": "2016-02-01"},
            "The period must not end before it begins.",
        ),
        ({"Due on": "2016-01-01"}, "This day is past."),
        ({"Name of the report": "\x00"}, "This holds invisible control characters."),
    ],
)
def test_a_further_report_that_cannot_be_asked_is_told_at_its_field(browser_of, fields, at):
    manager, project = running("donor")
    page = browser_of(manager).open(f"/projects/{project.reference}/deadlines/ask")
    typed = {"Name of the report": "A note", "Due on": SOON.isoformat(), "Reason": "Asked.", **fields}
    page.fill("Kind of report", "Interim narrative report")
    for label, value in typed.items():
        page.fill(label, value)
    page = page.press("Ask for the report").check()
    assert page.status == 422
    assert at in " ".join(page.errors)


def test_the_fund_asks_for_no_reports_outside_its_schedule(browser_of):
    manager, project = running()
    assert browser_of(manager).open(f"/projects/{project.reference}/deadlines/ask").status == 403


def test_every_date_by_a_rule_is_kept_too(app):
    _manager, project = running()
    project = queries.locked(project.id)
    project.first_ends_on = project.ends_on
    made = make(project, actor=None)
    kept = {row.deadline_id: row for row in db.session.scalars(select(DeadlineChange))}
    assert kept.keys() == {row.id for row in made}
    was_end, project.ends_on = project.ends_on, project.ends_on + timedelta(days=200)
    fund = a_user("FUND")
    done = operations.recompute(project, was_end=was_end, actor=fund)
    assert done.moved
    moved = db.session.scalars(select(DeadlineChange).where(DeadlineChange.by_id == fund.id)).all()
    assert len(moved) == done.moved + done.added + done.dropped


def test_one_projects_deadlines_are_recomputed_in_few_questions(app):
    project = a_project(status="ACTIVE", starts_on=date(2010, 1, 31), ends_on=date(2016, 12, 31))
    project = queries.locked(project.id)
    make(project, actor=None)
    fund = a_user("FUND")
    db.session.flush()
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    was_end, project.ends_on = project.ends_on, date(2019, 6, 30)
    done = operations.recompute(project, was_end=was_end, actor=fund)
    assert done.added >= 8
    assert len(asked) <= 15, "\n".join(asked)
