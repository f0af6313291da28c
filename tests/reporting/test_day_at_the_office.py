"""A day is over when it is over at the office: pages judge by the date there, whatever it is in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from prima import clock
from prima.db import db
from prima.projects.models import Milestone
from prima.projects.rules.milestones import is_missed
from prima.reporting import exports, portfolio
from prima.reporting.models import Evaluation, FollowUp, Recommendation, Response
from tests.factories import a_deadline, a_user, an_active_project, office_of

EVENING = datetime(2016, 10, 1, 20, tzinfo=UTC)
"""The morning of 2 October in Fiji, twelve hours ahead."""
FIRST = date(2016, 10, 1)
NIGHT = datetime(2016, 10, 2, 2, tzinfo=UTC)
"""The evening of 1 October in Panama, five hours behind."""
PLACE = "FJI"


@pytest.fixture
def far(app, monkeypatch):
    """A running project of an office on the other side of the earth, with its manager, in the evening by UTC."""
    manager = a_user("PM", PLACE)
    project = an_active_project(manager, office_code=PLACE, countries=(PLACE,))
    db.session.commit()
    assert office_of(project).time_zone == "Pacific/Fiji"
    monkeypatch.setattr(clock, "_day", None)
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    assert clock.today() == FIRST
    return project, manager


def test_a_report_due_yesterday_there_is_late_on_every_page(far, browser_of):
    project, manager = far
    deadline = a_deadline(project, due_on=FIRST)
    db.session.commit()
    browser, where = browser_of(manager), f"/projects/{project.reference}"
    for path in (where, f"{where}/reports", f"{where}/reports/{deadline.id}", f"{where}/deadlines/{deadline.id}"):
        page = browser.open(path).check()
        assert "1 day late" in page.text and "Overdue" in page.text, path
    [row] = browser_of(a_user("FUND")).open("/reports/overdue").check().rows("Overdue reports")
    assert row[6] == "1"


def test_a_report_due_today_there_is_due_today(far, browser_of):
    project, manager = far
    a_deadline(project, due_on=date(2016, 10, 2))
    db.session.commit()
    page = browser_of(manager).open(f"/projects/{project.reference}/reports").check()
    assert "today" in page.rows("Deadlines")[0][2]


def test_a_recommendation_is_late_when_its_day_is_over_there(far, browser_of):
    project, manager = far
    deadline = a_deadline(project, "EVA", date(2017, 3, 1), from_on=date(2016, 9, 1))
    evaluation = Evaluation(project_id=project.id, deadline_id=deadline.id, received_on=date(2016, 9, 1))
    db.session.add(evaluation)
    db.session.flush()
    db.session.add(
        Recommendation(
            evaluation_id=evaluation.id, position=1, text="Do better.", response=Response.ACCEPTED, owner_id=manager.id,
            due_on=FIRST, follow_up=FollowUp.OPEN,
        )
    )  # fmt: skip
    db.session.commit()
    page = browser_of(manager).open(f"/projects/{project.reference}/evaluation").check()
    assert "1 day late" in page.text


def test_a_milestone_is_late_and_may_be_done_by_the_day_there(far, browser_of):
    project, manager = far
    milestone = Milestone(project_id=project.id, name="First course", planned_on=FIRST)
    db.session.add(milestone)
    db.session.commit()
    browser = browser_of(manager)
    reader = browser_of(a_user("VIEW")).open(f"/projects/{project.reference}/milestones").check()
    assert "1 day late" in reader.text
    page = browser.open(f"/projects/{project.reference}/milestones")
    page = page.fill("Done on, line 1", "2016-10-03").press("Save")
    assert page.status == 422 and "This day is still to come." in page.text
    page = page.fill("Done on, line 1", "2016-10-02").press("Save")
    assert page.status == 200
    db.session.refresh(milestone)
    assert milestone.done_on == date(2016, 10, 2)


@pytest.mark.parametrize(
    ("place", "now", "planned_on", "missed"),
    [
        ("FJI", EVENING, FIRST, True),
        ("FJI", EVENING, date(2016, 10, 2), False),
        ("PAN", NIGHT, FIRST, False),
        ("PAN", NIGHT, date(2016, 9, 30), True),
        ("PAN", NIGHT, date(2016, 9, 1), True),
        ("FJI", EVENING, date(2016, 11, 1), False),
    ],
)
def test_a_milestone_is_missed_everywhere_or_nowhere(app, browser_of, monkeypatch, place, now, planned_on, missed):
    project = an_active_project(a_user("PM", place), office_code=place, countries=(place,))
    db.session.add(Milestone(project_id=project.id, name="First course", planned_on=planned_on))
    other = an_active_project(a_user("PM", "KEN"))
    db.session.add(Milestone(project_id=other.id, name="Done", planned_on=planned_on, done_on=planned_on))
    db.session.commit()
    monkeypatch.setattr(clock, "_day", None)
    monkeypatch.setattr(clock, "now", lambda: now)
    browser, shown = browser_of(a_user("VIEW")), f"{planned_on.day} {planned_on:%b} 2016"
    state = "overdue" if missed else "not yet due"

    found = browser.open("/projects?milestones=missed").check()
    assert [project.title in found.text, other.title in found.text] == [missed, False]
    page = browser.open(f"/projects/{project.reference}").check()
    [row] = [row for row in page.rows("Dates on the timeline") if row[1] == "First course"]
    assert row == [shown, "First course", state]
    page = browser.open("/timeline").check()
    assert f"First course, {shown}: {state}" in [one.get_text() for one in page.main.select("svg title")]
    rows = browser.open("/dashboard/delivery").check().rows("Milestones met and missed")
    columns = browser.open("/dashboard/delivery").headings("Milestones met and missed")
    counted = {column: sum(int(row[at]) for row in rows) for at, column in enumerate(columns) if "issed" in column}
    assert counted and set(counted.values()) == {int(missed)}, columns

    asked = exports.ask(db.session.connection(), None, portfolio.read(None, {}))
    projects, milestones = exports.tables(asked, [exports.PROJECTS, "Milestones"])
    assert values(projects, "Reference", "Milestones overdue")[project.reference] == int(missed)
    assert values(milestones, "Milestone", "State") == {
        "First course": "Overdue" if missed else "Not yet due",
        "Done": "Done",
    }
    assert is_missed(planned_on, None, clock.today_at(office_of(project).time_zone)) is missed


def values(table, key, column):
    places = [one.heading for one in table.fields]
    rows = [tuple(row) for row in db.session.execute(table.statement)]
    return {row[places.index(key)]: row[places.index(column)] for row in rows}
