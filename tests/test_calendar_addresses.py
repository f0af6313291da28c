"""Deadlines in a person's own calendar, read with a parser that is not the writer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from time import process_time

import pytest
import vobject
from sqlalchemy import func, literal, select
from sqlalchemy.orm import joinedload

from prima import clock
from prima.db import db
from prima.errors import Invalid
from prima.journal import Entry
from prima.projects.models import Part, Party, Project
from prima.projects.stages import Status
from prima.reporting.calendar import ReportState
from prima.reporting.models import (
    CalendarAddress,
    CalendarScope,
    Deadline,
    DeadlineChange,
    Evaluation,
    FollowUp,
    Recommendation,
    Report,
    ReportStep,
)
from prima.reporting.operations import make_address
from prima.reporting.operations.deadlines import drop, noted
from prima.sessions import hashed, with_rights
from prima.users import Grant, User
from tests.browser import Browser
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project, grant

DUE = date(2016, 10, 12)


def address_for(user, scope=CalendarScope.PERSON, **what):
    """The path under which the person's calendar program reads, made as the page makes it."""
    actor = db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()
    _made, token = make_address(actor=actor, scope=scope, **what)
    db.session.commit()
    db.session.expire_all()
    return f"/calendar/{token}.ics"


@pytest.fixture
def read(app):
    """What a calendar program, which is signed in nowhere, finds under an address."""

    def events(path, **headers):
        db.session.commit()
        db.session.expire_all()
        page = Browser(app).request("GET", path, headers=headers)
        assert page.status == 200, path
        whole = vobject.readOne(page.content.decode())
        return {event.uid.value: event for event in whole.contents.get("vevent", [])}

    return events


@pytest.fixture
def manager(app):
    return a_user("PM", "KEN")


@pytest.fixture
def deadline(manager):
    return a_deadline(an_active_project(manager, title="Border posts, phase II; training"), due_on=DUE)


def only(events):
    assert len(events) == 1, sorted(events)
    return next(iter(events.values()))


# -- the file ---------------------------------------------------------------------------------------------------------


def test_a_manager_reads_what_is_due(manager, deadline, read):
    event = only(read(address_for(manager)))
    assert event.uid.value == f"deadline-{deadline.id}@127.0.0.1"
    assert event.dtstart.value == DUE and event.dtstart.params["VALUE"] == ["DATE"]
    assert event.dtend.value == DUE + timedelta(days=1)
    assert event.summary.value.endswith(": Interim narrative report")
    told = event.description.value
    assert "Border posts, phase II; training" in told
    assert "Period: 4 Mar 2016 to 31 Aug 2016." in told
    assert "Due on 12 Oct 2016, by the date at the office: " in told
    assert event.url.value in told and event.url.value.endswith(f"/reports/{deadline.id}")
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "0")


def test_the_link_of_an_event_leads_to_the_report(manager, deadline, read, browser_of):
    url = only(read(address_for(manager))).url.value
    page = browser_of(manager).open(re.sub("^http://[^/]+", "", url))
    assert page.status == 200 and "nterim narrative report" in page.heading


def test_lines_end_and_fold_as_the_standard_says(app, manager):
    project = an_active_project(manager, title="Régions du lac Tchad 🌍 نزوح " + "é" * 200)
    a_deadline(project, due_on=DUE, kind="INT_F")
    answer = Browser(app).open(address_for(manager))
    assert answer.response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    raw = answer.content
    assert raw.endswith(b"END:VCALENDAR\r\n") and raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    for line in raw.split(b"\r\n"):
        line.decode()  # no letter is torn apart
    assert "é" * 200 in only({1: vobject.readOne(raw.decode()).vevent}).description.value


@pytest.mark.parametrize("letter", ["\x01", "\x0b", "\x0c", "\x1f", "\x85", "\u2028", "\r", "\r\n", "\n"])
def test_no_letter_of_a_title_breaks_the_file(manager, letter, read):
    a_deadline(an_active_project(manager, title=f"One{letter}BEGIN:VEVENT{letter}Two"), due_on=DUE)
    event = only(read(address_for(manager)))
    assert "One" in event.description.value and "Two" in event.description.value


def test_the_first_and_the_last_day_of_all_are_no_trouble(manager, read):
    project = an_active_project(manager)
    for kind, day in (("RMF", date(1, 1, 1)), ("WPL", date(9999, 12, 31))):
        db.session.add(Deadline(project_id=project.id, kind=kind, due_on=day, first_due_on=date(1, 1, 1)))
    assert only(read(address_for(manager))).dtstart.value == date(9999, 12, 31)


def test_the_window_reaches_back_sixty_days_and_ahead_without_end(manager, read):
    project = an_active_project(manager)
    days = (TODAY - timedelta(days=61), TODAY - timedelta(days=60), TODAY, date(2031, 1, 1))
    for kind, day in zip(("INT_N", "INT_F", "FIN_N", "FIN_F"), days, strict=True):
        a_deadline(project, kind, day)
    assert sorted(event.dtstart.value for event in read(address_for(manager)).values()) == list(days[1:])


def test_a_window_and_the_last_day_to_ask_are_told(manager, read):
    project = an_active_project(manager)
    a_deadline(project, "EVA", date(2017, 5, 1), from_on=date(2016, 11, 1))
    a_deadline(project, "EXT_REQ", date(2017, 1, 1))
    found = {event.dtstart.value: event for event in read(address_for(manager)).values()}
    assert "from 1 Nov 2016 on" in found[date(2017, 5, 1)].description.value
    asking = found[date(2017, 1, 1)]
    assert asking.summary.value.endswith("Last day to request an extension or budget change")
    assert asking.url.value.endswith("/reports")


# -- what changes -----------------------------------------------------------------------------------------------------


def test_a_date_that_moves_keeps_its_uid_and_raises_the_sequence(manager, deadline, read):
    path = address_for(manager)
    before = only(read(path))
    deadline = db.session.get_one(Deadline, deadline.id)
    noted(deadline, DUE, DUE + timedelta(days=20), actor=None)
    deadline.due_on = DUE + timedelta(days=20)
    after = only(read(path))
    assert after.uid.value == before.uid.value
    assert (before.sequence.value, after.sequence.value) == ("0", "1")
    assert after.dtstart.value == DUE + timedelta(days=20)
    assert "At first it was due on 12 Oct 2016." in after.description.value
    assert after.last_modified.value >= before.last_modified.value
    assert after.dtstamp.value == after.last_modified.value


def test_a_decision_on_its_page_moves_the_event(manager, deadline, read, browser_of):
    path, project = address_for(manager), db.session.get_one(Project, deadline.project_id)
    page = browser_of(a_user("FUND")).open(f"/projects/{project.reference}/deadlines/{deadline.id}/move")
    page.fill("New due date", "2016-12-24").fill("Reason", "Floods closed the roads.").press("Move the due date")
    event = only(read(path))
    assert (event.dtstart.value, event.sequence.value) == (date(2016, 12, 24), "1")
    assert "Floods" not in event.serialize()  # reasons are internal


def test_making_a_deadline_is_no_change_of_it(manager, deadline, read):
    noted(deadline, None, DUE, actor=None)
    assert only(read(address_for(manager))).sequence.value == "0"


def test_what_fell_away_is_cancelled_for_thirty_days(manager, deadline, read):
    path = address_for(manager)
    drop(db.session.get_one(Deadline, deadline.id), "", None)
    event = only(read(path))
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "1")
    clock.fix(TODAY + timedelta(days=30))
    assert only(read(path)).status.value == "CANCELLED"
    clock.fix(TODAY + timedelta(days=31))
    assert read(path) == {}


def a_step(report, state):
    report.state, report.state_since = state, clock.now()
    report.deadline.is_open = state is ReportState.RETURNED
    db.session.add(ReportStep(report_id=report.id, move="x", target=state, actor_id=a_user().id, at=clock.now()))
    db.session.flush()


def test_what_is_handed_in_is_cancelled_and_comes_back_when_it_is_returned(manager, deadline, read):
    path = address_for(manager)
    deadline = db.session.get_one(Deadline, deadline.id)
    report = Report(deadline=deadline, first_submitted_on=TODAY)
    db.session.add(report)
    db.session.flush()
    seen = [only(read(path))]
    for state in (ReportState.SUBMITTED, ReportState.RETURNED, ReportState.SUBMITTED, ReportState.CHECKED):
        a_step(db.session.scalars(select(Report).options(joinedload(Report.deadline))).one(), state)
        seen.append(only(read(path)))
    assert [event.status.value for event in seen] == ["CONFIRMED", "CANCELLED", "CONFIRMED", "CANCELLED", "CANCELLED"]
    assert [event.sequence.value for event in seen] == ["0", "1", "2", "3", "3"]
    assert len({event.uid.value for event in seen}) == 1
    clock.fix(TODAY + timedelta(days=31))
    assert read(path) == {}


def test_a_project_that_owes_nothing_any_more_leaves_the_calendar(manager, deadline, read):
    path = address_for(manager)
    assert only(read(path))
    deadline = db.session.get_one(Deadline, deadline.id)
    db.session.get_one(Project, deadline.project_id).status = Status.FIN_CLOSED
    assert read(path) == {}


# -- who sees what ----------------------------------------------------------------------------------------------------


def test_managers_and_alternates_read_their_own_and_nobody_elses(manager, deadline, read):
    alternate, colleague = a_user("PM", "KEN"), a_user("PM", "KEN")
    a_deadline(an_active_project(colleague, alternate), due_on=DUE)
    assert only(read(address_for(manager))).uid.value.startswith(f"deadline-{deadline.id}@")
    assert read(address_for(alternate)).keys() == read(address_for(colleague)).keys()


def test_who_is_manager_no_longer_reads_it_no_longer(manager, deadline, read):
    path = address_for(manager)
    assert len(read(path)) == 1
    db.session.scalars(
        select(Party).where(Party.user_id == manager.id, Party.part == Part.MANAGER)
    ).one().until_at = clock.now()
    assert read(path) == {}


def test_a_project_is_read_as_long_as_its_owner_may_see_it(manager, read):
    head = a_user("COM", "KEN")
    project = an_active_project(manager, office_code="KEN")
    a_deadline(project, due_on=DUE)
    other = a_deadline(an_active_project(manager), due_on=DUE)
    path = address_for(head, CalendarScope.PROJECT, project=project.reference.lower())
    assert len(read(path)) == 1 and f"deadline-{other.id}@" not in str(read(path))
    db.session.get_one(Project, project.id).status = Status.REVIEW  # held closely: seen by its office alone
    deadline = db.session.scalars(select(Deadline).where(Deadline.project_id == project.id)).one()
    drop(deadline, "", None)
    assert len(read(path)) == 1
    db.session.scalars(select(Grant).where(Grant.user_id == head.id)).one().revoked_at = clock.now()
    assert read(path) == {}


def test_a_region_is_read_while_a_role_is_held_there(manager, read):
    officer = a_user("RPDO", "NBO")
    here = a_deadline(an_active_project(manager, office_code="KEN"), due_on=DUE)
    a_deadline(an_active_project(manager, office_code="COL"), due_on=DUE)
    path = address_for(officer, CalendarScope.REGION, region="NBO")
    assert only(read(path)).uid.value.startswith(f"deadline-{here.id}@")
    db.session.scalars(select(Grant).where(Grant.user_id == officer.id)).one().revoked_at = clock.now()
    assert read(path) == {}


def test_no_calendar_tells_a_personal_contact(app, manager):
    project = an_active_project(manager, focal_point="Ministry", focal_point_contact="desk@zeppelin.example")
    a_deadline(project, due_on=DUE)
    text = Browser(app).open(address_for(manager)).content.decode()
    assert "zeppelin" not in text and manager.email not in text and manager.name not in text


def test_recommendations_are_told_to_whoever_follows_them(manager, read):
    owner, officer = a_user("PM", "KEN"), a_user("RPDO", "NBO")
    project = an_active_project(manager)
    evaluation = Evaluation(project_id=project.id, deadline_id=a_deadline(project, "EVA", date(2016, 7, 1)).id)
    db.session.add(evaluation)
    db.session.flush()
    row = Recommendation(
        evaluation_id=evaluation.id, position=1, text="Train the trainers.", owner_id=owner.id, due_on=DUE
    )
    db.session.add(row)
    mine, regional = address_for(owner), address_for(officer, CalendarScope.REGION, region="NBO")
    event = only(read(mine))
    assert "Train the trainers." in event.description.value and event.status.value == "CONFIRMED"
    assert "Train the trainers." not in only(read(regional)).description.value
    row = db.session.scalars(select(Recommendation)).one()
    row.follow_up, row.followed_at, row.version = FollowUp.DONE, clock.now(), 2
    event = only(read(mine))
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "1")


# -- the address ------------------------------------------------------------------------------------------------------


def test_unknown_revoked_and_disabled_addresses_answer_alike(app, manager, browser_of):
    path = address_for(manager)
    anybody = Browser(app)
    assert anybody.open(path).status == 200
    db.session.get_one(User, manager.id).active = False
    db.session.commit()
    answers = [anybody.open(path), anybody.open("/calendar/x.ics"), anybody.open("/calendar/%00%ff.ics")]
    db.session.get_one(User, manager.id).active = True
    db.session.commit()
    assert anybody.open(path).status == 200
    page = browser_of(manager).open("/account/calendar")
    page = page.press(page.buttons[0])
    assert page.messages == ["The address is revoked: nothing is read under it any more."]
    assert page.captions == [] and "No address yet" in page.text
    answers.append(anybody.open(path))
    assert {answer.status for answer in answers} == {404}
    assert len({answer.main.get_text() for answer in answers}) == 1


def test_who_is_signed_in_reads_no_more_under_the_address_of_another(manager, deadline, browser_of):
    path = address_for(a_user("PM", "KEN"))
    assert b"VEVENT" not in browser_of(manager).open(path).content


def test_an_unchanged_calendar_is_not_sent_again(app, manager, deadline):
    path, program = address_for(manager), Browser(app)
    first = program.open(path).response
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = {"If-None-Match": first.headers["ETag"]}
    again = program.request("GET", path, headers=tag)
    assert (again.status, again.content) == (304, b"")
    noted(db.session.get_one(Deadline, deadline.id), DUE, DUE, actor=None)
    db.session.commit()
    assert program.request("GET", path, headers=tag).status == 200


def test_the_secret_is_kept_nowhere(app, manager):
    path = address_for(manager)
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    row = db.session.scalars(select(CalendarAddress)).one()
    assert row.token_hash == hashed(token) and len(token) >= 43
    entry = db.session.scalars(select(Entry).where(Entry.event == "calendar address made")).one()
    assert token not in str(entry.data)


def test_an_address_is_shown_once_with_how_to_add_it(manager, deadline, browser_of):
    browser = browser_of(manager)
    page = browser.open("/account/calendar").press("Make the address")
    assert page.response.history[0].status_code == 303
    shown = page.soup.select_one("#address").get_text()
    assert shown.startswith("http://127.0.0.1")
    assert [row[0] for row in page.rows("My calendar addresses")] == ["My deadlines New"]
    assert page.soup.select_one("a[href^='webcal:']")["href"] == shown.replace("http:", "webcal:")
    assert b"deadline-" in browser.open(re.sub("^http://[^/]+", "", shown)).content
    again = browser.open("/account/calendar")
    assert shown not in again.html and [row[0] for row in again.rows("My calendar addresses")] == ["My deadlines"]


def test_a_project_links_to_its_calendar(manager, deadline, browser_of):
    project = db.session.get_one(Project, deadline.project_id)
    page = browser_of(manager).open(f"/projects/{project.reference}/reports").follow("Add to my calendar")
    page = page.press("Make the address")
    assert page.rows("My calendar addresses")[0][0] == f"Deadlines of {project.name} New"


@pytest.mark.parametrize("typed", ["", "P-2016-1", "نزوح 🌍", "x" * 40, "' or 1=1"])
def test_a_project_that_one_may_not_see_is_refused_at_its_field(manager, browser_of, typed):
    page = browser_of(manager).open("/account/calendar").fill("Which deadlines", "project")
    page = page.fill("Project ID or reference", typed).press("Make the address")
    assert page.status == 422
    assert page.errors[0].startswith("Project ID or reference: ")
    assert page.soup.select_one("[name=project]")["value"] == typed
    assert db.session.scalar(select(func.count(CalendarAddress.id))) == 0


@pytest.mark.parametrize("typed", ["a\x00b", "x" * 1_000_000])
def test_what_is_no_project_id_is_told_in_words(manager, browser_of, typed):
    page = browser_of(manager).open("/account/calendar").fill("Which deadlines", "project")
    page = page.fill("Project ID or reference", typed).press("Make the address")
    assert page.status == 422 and page.errors


def test_a_draft_of_others_is_as_if_it_were_not_there(manager, browser_of):
    project = a_project(developer=a_user("PDEV", "COL"), office_code="COL")
    page = browser_of(manager).open(f"/account/calendar?project={project.reference}").press("Make the address")
    assert page.errors == ["Project ID or reference: There is no project with this ID that you may see."]


def test_regions_are_offered_where_a_role_is_held(browser_of):
    officer = a_user("RPDO", "NBO")
    grant(officer, "ADMIN")
    page = browser_of(officer).open("/account/calendar")
    assert [option["value"] for option in page.soup.select("[name=region] option")] == ["", "NBO"]
    page = page.fill("Which deadlines", "region").press("Make the address")
    assert page.errors == ["Regional Office: Please choose a Regional Office where you hold a role."]
    page = page.fill("Regional Office", "NBO").press("Make the address")
    assert (
        page.rows("My calendar addresses")[0][0]
        == "Deadlines of Regional Office for East Africa and the Horn of Africa New"
    )
    assert not browser_of(a_user("PM", "KEN")).open("/account/calendar").soup.select("[name=region]")


def test_a_region_that_was_not_offered_is_refused(manager, app):
    with pytest.raises(Invalid, match="where you hold a role"):
        address_for(manager, CalendarScope.REGION, region="BUE")


def test_twenty_addresses_are_enough(manager, browser_of):
    for _number in range(20):
        address_for(manager)
    page = browser_of(manager).open("/account/calendar").press("Make the address")
    assert page.errors == ["You have 20 addresses already. Revoke one that you no longer use."]


def test_nobody_revokes_what_is_not_theirs(manager, browser_of):
    path = address_for(manager)
    number = db.session.scalars(select(CalendarAddress.id)).one()
    stranger = browser_of(a_user("PM", "KEN"))
    token = stranger.open("/account/calendar").soup.select_one("[name=csrf_token]")["value"]
    for one in (number, 2**63, 10**30):
        answer = stranger.request("POST", f"/account/calendar/{one}/revoke", data={"csrf_token": token})
        assert answer.status == 404
    assert stranger.open(path).status == 200


# -- how much it costs ------------------------------------------------------------------------------------------------


def test_a_thousand_deadlines_cost_no_more_questions_and_little_time(app, questions):
    manager = a_user("PM", "KEN")
    few = an_active_project(manager)
    a_deadline(few, due_on=DUE)
    path, program = address_for(manager), Browser(app)

    def asked():
        questions.clear()
        started = process_time()
        page = program.open(path)
        assert page.status == 200
        return len(questions), page.content.count(b"BEGIN:VEVENT"), process_time() - started

    first = asked()
    db.session.add_all(
        Deadline(project_id=few.id, kind="INT_F", name=f"Report {number}", ad_hoc=True, due_on=DUE, first_due_on=DUE)
        for number in range(999)
    )
    db.session.flush()
    db.session.execute(
        DeadlineChange.__table__.insert().from_select(
            ["deadline_id", "at", "new_due_on", "why", "reason"],
            select(Deadline.id, func.now(), Deadline.due_on, literal(""), literal("")),
        )
    )
    db.session.commit()
    db.session.expire_all()
    second = asked()
    assert (first[1], second[1]) == (1, 1000)
    assert first[0] == second[0] <= 6
    assert second[2] < 2  # seconds of the processor; about 0.2
