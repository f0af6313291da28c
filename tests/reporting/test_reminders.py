"""Reminders follow the edition's ladder: nothing twice, nothing lost, one letter a deadline after an outage."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from prima.db import db
from prima.handbook import published
from prima.handbook.published import HandbookEdition
from prima.outbox import Letter
from prima.projects.models import Milestone, Part, Party
from prima.reporting import reminders
from prima.reporting.calendar import ReportState
from prima.reporting.models import Report
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project


def run(app, *arguments):
    result = app.test_cli_runner().invoke(args=["remind", *arguments])
    assert result.exit_code == 0, result.output
    return result


def letters():
    return db.session.scalar(select(func.count(Letter.id)))


def recipients(on):
    return sorted((one.to.email, one.why) for one in reminders.due(db.session(), on))


def a_road(due_on, kind="INT_N", **more):
    manager, alternate = a_user("PM", "KEN"), a_user("APM", "KEN")
    project = an_active_project(manager, alternate, **more)
    return project, manager, alternate, a_deadline(project, kind, due_on)


def test_a_dry_run_lists_a_line_a_letter_and_changes_nothing(app):
    project, manager, alternate, _ = a_road(date(2016, 10, 12))
    db.session.commit()
    shown = run(app, "--on", "2016-10-01", "--dry-run").stdout.splitlines()
    begin = f"2016-10-12\t{project.reference}\tInterim narrative report\t14 days before\t"
    assert shown == [f"{begin}{manager.email}\tmanager", f"{begin}{alternate.email}\talternate manager"]
    assert letters() == 0


def test_running_twice_queues_once_and_the_dry_run_then_lists_nothing(app):
    a_road(date(2016, 10, 12))
    db.session.commit()
    assert run(app, "--on", "2016-10-01").stdout == "2 letters queued.\n"
    assert run(app, "--on", "2016-10-01").stdout == "0 letters queued.\n"
    assert run(app, "--on", "2016-10-01", "--dry-run").stdout == ""
    assert run(app, "--on", "2016-10-09").stdout == "2 letters queued.\n"


def test_a_moved_date_reminds_anew(app):
    _, _, _, deadline = a_road(date(2016, 10, 12))
    assert reminders.remind(db.session(), TODAY) == 2
    deadline.due_on = date(2016, 10, 13)
    db.session.flush()
    assert reminders.remind(db.session(), TODAY) == 2


def test_after_an_outage_there_is_one_letter_a_deadline(app):
    a_road(date(2016, 9, 1))
    assert reminders.remind(db.session(), TODAY) == 2
    assert set(db.session.scalars(select(Letter.kind))) == {"remind:after-28"}


@pytest.mark.parametrize("status", ["SUSPENDED", "FIN_CLOSED", "APPROVED"])
def test_a_project_that_does_not_run_is_not_reminded(app, status):
    a_road(date(2016, 10, 12), status=status)
    assert recipients(TODAY) == []


@pytest.mark.parametrize(
    ("days", "copied"),
    [(6, set()), (7, {"copy to the Regional Office"}), (21, {"copy to the Regional Office", "copy to the Fund"})],
)
def test_the_regional_office_and_the_fund_are_copied_as_time_passes(app, days, copied):
    elsewhere = a_user("RPDO", "DKR")
    a_user("RPDO", "NBO")
    a_user("FUND")
    waiting = a_user("RPDO", "NBO", confirmed=False)
    a_road(TODAY - timedelta(days=days))
    whys = dict(recipients(TODAY))
    assert set(whys.values()) - {"manager", "alternate manager"} == copied
    assert not {elsewhere.email, waiting.email} & set(whys)


def test_the_fund_is_not_copied_on_a_donor_project(app):
    a_user("FUND")
    a_road(TODAY - timedelta(days=30), funding="donor")
    assert "copy to the Fund" not in dict(recipients(TODAY)).values()


def test_what_was_handed_in_is_not_reminded(app):
    _, _, _, deadline = a_road(date(2016, 10, 12))
    db.session.add(Report(deadline_id=deadline.id, state=ReportState.SUBMITTED, first_submitted_on=TODAY))
    deadline.is_open = False
    db.session.flush()
    assert recipients(TODAY) == []


def test_the_last_day_to_ask_is_announced_earlier_and_not_mourned(app):
    _, _, _, deadline = a_road(TODAY + timedelta(days=80), kind="EXT_REQ")
    [letter, _] = reminders.due(db.session(), TODAY)
    assert letter.kind == "remind:before-90" and "ask for an extension" in letter.subject
    deadline.due_on = TODAY - timedelta(days=1)
    db.session.flush()
    assert recipients(TODAY) == []


def test_somebody_whose_account_is_closed_gets_no_letter(app):
    _, manager, alternate, _ = a_road(date(2016, 10, 12))
    manager.active = False
    db.session.flush()
    assert recipients(TODAY) == [(alternate.email, "alternate manager")]


def test_a_letter_says_what_is_due_and_what_is_missing_and_leads_there(app):
    project, manager, _, deadline = a_road(date(2016, 9, 28))
    letter = next(one for one in reminders.due(db.session(), TODAY) if one.to is manager)
    assert letter.subject == f"{project.reference}: interim narrative report, 3 days late, it was due on 28 Sep 2016"
    assert "- the part “Achievements”" in letter.body
    assert letter.path == f"/projects/{project.reference}/reports/{deadline.id}"


def test_the_number_of_questions_does_not_grow_with_the_letters(app, questions):
    for _ in range(2):
        a_road(date(2016, 10, 12))
    db.session.expire_all()
    questions.clear()
    list(reminders.due(db.session(), TODAY))
    few = len(questions)
    for _ in range(10):
        a_road(date(2016, 10, 12))
    db.session.expire_all()
    questions.clear()
    assert len(list(reminders.due(db.session(), TODAY))) == 24
    assert len(questions) == few


def test_the_deadlines_of_the_handbooks_example_can_be_typed(app):
    result = app.test_cli_runner().invoke(args=["deadlines", "--start", "2024-03-01", "--end", "2026-02-28"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "2024-10-12\tINT_N\t2024-03-01/2024-08-31" in lines
    assert "2027-02-28\tEVA\t2026-08-28/2027-02-28" in lines
    result = app.test_cli_runner().invoke(args=["deadlines", "--start", "2024-03-01", "--end", "2026-02-28", "--donor"])
    assert "EVA" not in result.stdout


# -- milestones -------------------------------------------------------------------------------------------------------


def a_milestone(planned_on, **more):
    manager, alternate = a_user("PM", "KEN"), a_user("APM", "KEN")
    project = an_active_project(manager, alternate, **more)
    milestone = Milestone(project_id=project.id, name="Study “Jobs”\tdone 📗", planned_on=planned_on)
    db.session.add(milestone)
    db.session.flush()
    return project, manager, alternate, milestone


@pytest.mark.parametrize(
    ("days", "step"),
    [(15, None), (14, "before-14"), (4, "before-14"), (3, "before-3"), (0, "day"), (-13, "day"), (-14, "after-14"),
     (-30, "after-28")],
)  # fmt: skip
def test_a_milestone_follows_the_editions_own_ladder(app, days, step):
    _, manager, alternate, _ = a_milestone(TODAY + timedelta(days=days))
    found = list(reminders.due(db.session(), TODAY))
    assert [one.kind for one in found] == ([f"remind:{step}"] * 2 if step else [])
    assert {one.to.email for one in found} == ({manager.email, alternate.email} if step else set())


def test_a_milestone_is_announced_once_a_step_and_anew_when_it_moves(app):
    _, _, _, milestone = a_milestone(TODAY + timedelta(days=3))
    assert reminders.remind(db.session(), TODAY) == 2
    assert reminders.remind(db.session(), TODAY) == 0
    assert list(reminders.due(db.session(), TODAY)) == []
    assert reminders.remind(db.session(), TODAY + timedelta(days=3)) == 2
    milestone.planned_on = TODAY + timedelta(days=4)
    db.session.flush()
    assert reminders.remind(db.session(), TODAY + timedelta(days=4)) == 2


def test_after_an_outage_a_milestone_has_one_letter_a_person(app):
    a_milestone(TODAY - timedelta(days=100))
    assert reminders.remind(db.session(), TODAY) == 2
    assert set(db.session.scalars(select(Letter.kind))) == {"remind:after-98"}


def test_what_is_done_needs_no_letter(app):
    _, _, _, milestone = a_milestone(TODAY)
    milestone.done_on = TODAY
    db.session.flush()
    assert recipients(TODAY) == []


@pytest.mark.parametrize("status", ["SUSPENDED", "OP_CLOSED", "CANCELLED", "APPROVED", "DRAFT"])
def test_milestones_of_a_project_that_does_not_run_are_not_announced(app, status):
    a_milestone(TODAY, status=status)
    assert recipients(TODAY) == []


def test_who_is_manager_and_alternate_at_once_gets_one_letter_and_who_left_none(app):
    project, manager, alternate, _ = a_milestone(TODAY)
    db.session.add(Party(project_id=project.id, user_id=manager.id, part=Part.ALTERNATE))
    alternate.active = False
    db.session.flush()
    db.session.expire_all()
    assert recipients(TODAY) == [(manager.email, "manager")]


def test_a_letter_on_a_milestone_says_what_and_when_and_leads_to_its_page(app, browser_of):
    project, manager, _, milestone = a_milestone(date(2016, 9, 28))
    letter = next(one for one in reminders.due(db.session(), TODAY) if one.to is manager)
    when = "3 days late, it was due on 28 Sep 2016"
    assert letter.subject == f"{project.reference}: milestone {when}: Study “Jobs” done 📗"
    assert "Study “Jobs” done 📗" in letter.body and project.title in letter.body
    assert letter.line.split("\t")[:4] == [
        "2016-09-28", project.reference, "Milestone: Study “Jobs” done 📗", "on the day"
    ]  # fmt: skip
    page = browser_of(manager).open(letter.path).check()
    assert page.heading == "Milestones"
    assert page.value("Milestone, line 1") == "Study “Jobs”\tdone 📗"
    assert letter.cause == f"milestone:{milestone.id}"


def test_an_edition_without_a_ladder_announces_no_milestones(app, monkeypatch):
    a_milestone(TODAY)
    newest = published.newest(db.session)
    quiet = newest.handbook.model_copy(update={"milestone_ladder": None})
    monkeypatch.setattr(HandbookEdition, "handbook", quiet)
    assert recipients(TODAY) == []


def test_a_copy_goes_to_the_regional_office_where_the_ladder_says_so(app, monkeypatch):
    officer = a_user("RPDO", "NBO")
    a_milestone(TODAY - timedelta(days=14))
    handbook = published.newest(db.session).handbook
    ladder = handbook.milestone_ladder.model_copy(update={"region_from_day": 14})
    monkeypatch.setattr(HandbookEdition, "handbook", handbook.model_copy(update={"milestone_ladder": ladder}))
    assert (officer.email, "copy to the Regional Office") in recipients(TODAY)


def test_the_number_of_questions_does_not_grow_with_the_milestones(app, questions):
    counts = []
    for number in (2, 10):
        for _ in range(number):
            a_milestone(TODAY)
        db.session.expire_all()
        questions.clear()
        found = len(list(reminders.due(db.session(), TODAY)))
        counts.append((found, len(questions)))
    assert [found for found, _ in counts] == [4, 24]
    assert counts[0][1] == counts[1][1]
