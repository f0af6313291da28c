"""Each kind of duty is announced by a ladder of the edition; each letter says what is due and what is missing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from prima import clock
from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.handbook import published
from prima.handbook.edition import EditionError, parse
from prima.handbook.ladders import ALONE, LADDERS, silent
from prima.handbook.published import EDITIONS, HandbookEdition
from prima.outbox import Letter
from prima.projects.models import Part, Party, Project
from prima.projects.stages import Status
from prima.reporting import reminders
from prima.reporting.models import About, Reason, Reminder
from prima.reporting.reminders import oversight
from prima.users import Role
from tests.conftest import TODAY
from tests.endorsement.cast import Cast
from tests.factories import a_deadline, a_project, a_user, an_active_project

OPENS, CLOSES = date(2016, 10, 1), date(2017, 4, 1)


def planned(on):
    return list(reminders.due(db.session(), on))


def steps(first, last):
    """What a scan each day sends: (day, step) of the letters to the manager."""
    found = []
    for number in range((last - first).days + 1):
        today = first + timedelta(days=number)
        clock.fix(today)
        before = db.session.scalar(select(func.max(Letter.id))) or 0
        if reminders.remind(db.session(), today):
            new = select(Reminder.step).where(Reminder.letter_id > before, Reminder.reason == Reason.MANAGER)
            found += [(today, code) for code in db.session.scalars(new.order_by(Reminder.letter_id))]
    clock.fix(TODAY)
    return found


def test_an_evaluation_is_announced_as_its_window_opens_before_it_closes_and_weekly_after(app):
    project = an_active_project(a_user("PM", "KEN"), status="OP_CLOSED")
    a_deadline(project, "EVA", CLOSES, from_on=OPENS)
    found = steps(OPENS - timedelta(days=3), CLOSES + timedelta(days=15))
    assert found == [
        (OPENS, "opening"),
        *((CLOSES - timedelta(days=days), f"before-{days}") for days in (90, 30, 14, 3)),
        (CLOSES, "day"),
        (CLOSES + timedelta(days=7), "after-7"),
        (CLOSES + timedelta(days=14), "after-14"),
    ]


def test_the_letter_on_a_window_says_since_when_it_is_open_and_what_the_report_still_needs(app):
    project = an_active_project(a_user("PM", "KEN"))
    evaluator = a_user(staff=False)
    db.session.add(Party(project_id=project.id, user_id=evaluator.id, part=Part.EVALUATOR))
    deadline = a_deadline(project, "EVA", CLOSES, from_on=OPENS)
    [letter] = planned(TODAY)
    assert (letter.to, letter.kind, letter.about) == (evaluator, "remind:opening", About.EVALUATION)
    assert "due in 182 days, on 1 Apr 2017" in letter.subject
    assert "Its window has been open since 1 Oct 2016." in letter.body
    assert "- at least one finding" in letter.body and "- at least one recommendation" in letter.body
    assert letter.path == f"/projects/{project.reference}/reports/{deadline.id}"
    assert "as its window opens" in letter.line


def test_the_last_day_to_ask_for_an_extension_is_announced_90_60_and_30_days_before(app):
    project = an_active_project(a_user("PM", "KEN"))
    last = TODAY + timedelta(days=100)
    a_deadline(project, "EXT_REQ", last)
    found = steps(TODAY, last + timedelta(days=30))
    assert found == [(last - timedelta(days=days), f"before-{days}") for days in (90, 60, 30)]


def test_the_letter_on_the_last_day_to_ask_says_what_may_be_asked_and_leads_to_the_reports(app):
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, "EXT_REQ", TODAY + timedelta(days=30))
    [letter] = planned(TODAY)
    assert letter.subject == f"{project.reference}: ask for an extension or a budget change by 31 Oct 2016"
    assert "The project ends on 30 Sep 2017. If it needs neither, there is nothing to do." in letter.body
    assert letter.path == f"/projects/{project.reference}/reports"


# -- reviews ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    """In review: clearances of the regional reviewers are open."""
    found = a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)
    cast.has_submitted(found)
    cast.has_decided(Role.COM, found, "clear")
    db.session.expire_all()
    return found


def clearance(project, seat):
    asked = select(Clearance).join(Round).where(Round.project_id == project.id, Clearance.seat == seat)
    return db.session.scalars(asked.order_by(Clearance.id.desc())).first()


def reviews(on):
    return [one for one in planned(on) if one.about is About.REVIEW]


def only(project, *seats):
    """The others are not due."""
    asked = select(Round.id).where(Round.project_id == project.id)
    others = update(Clearance).where(Clearance.round_id.in_(asked), Clearance.seat.not_in(seats))
    db.session.execute(others.values(due_on=None).execution_options(synchronize_session=False))
    db.session.expire_all()


def test_a_clearance_past_its_days_reminds_the_seat_and_later_the_coordinator(cast, project):
    only(project, "RTS")
    due_on = clearance(project, "RTS").due_on
    assert reviews(due_on - timedelta(days=1)) == []
    found = []
    for days in (0, 1, 4, 5, 9, 10, 15):
        today = due_on + timedelta(days=days)
        clock.fix(today)
        found += [(days, one.kind.removeprefix("remind:"), one.to.name, one.reason) for one in reviews(today)]
        reminders.remind(db.session(), today)
        assert reviews(today) == []
    seat, coordinator = cast[Role.RTS].name, cast[Role.RPDO].name
    assert found == [
        (0, "day", seat, Reason.REVIEWER),
        (5, "after-5", seat, Reason.REVIEWER),
        (10, "after-10", seat, Reason.REVIEWER),
        (10, "after-10", coordinator, Reason.REGION),
        (15, "after-15", seat, Reason.REVIEWER),
        (15, "after-15", coordinator, Reason.REGION),
    ]
    kept = db.session.execute(select(Reminder.project_id, Reminder.about).distinct()).all()
    assert [tuple(row) for row in kept] == [(project.id, About.REVIEW)]


def test_the_seat_reads_which_checks_are_open_and_the_coordinator_only_whom_it_waits_for(cast, project):
    only(project, "RTS")
    late = clearance(project, "RTS").due_on + timedelta(days=11)
    own, copy = reviews(late)
    assert own.subject.startswith(f"{project.reference}: review as ") and "11 days late" in own.subject
    assert project.title in own.body and "not answered yet:\n- " in own.body
    assert own.path == f"/projects/{project.reference}/clearances/rts"
    assert "answered" not in copy.body and f"It waits for {cast[Role.RTS].name}." in copy.body
    assert copy.path == f"/projects/{project.reference}"
    page = cast.open(Role.RTS, own.path).check()
    assert page.status == 200
    cast.has_reviewed(Role.RTS, project, Role.RTS, "Save as a draft")
    db.session.expire_all()
    own, _copy = reviews(late)
    assert "Every check is answered; the clearance can be given, or the proposal returned." in own.body


def test_whoever_oversees_reminders_of_reviews_is_led_to_the_project(cast, project):
    """The page of a review opens to its reviewer alone."""
    only(project, "RTS")
    late = clearance(project, "RTS").due_on
    clock.fix(late)
    reminders.remind(db.session(), late)
    db.session.commit()
    [row] = oversight.told(None)
    assert row.path == f"/projects/{project.reference}/clearances/rts"
    page = cast.open(Role.RPDO, "/reminders")
    assert page.follow(row.subject).url == f"/projects/{project.reference}"


def test_what_was_given_or_went_back_reminds_nobody(cast, project):
    only(project, "RTS", "RME")
    late = max(clearance(project, seat).due_on for seat in ("RTS", "RME"))
    assert {one.to.name for one in reviews(late)} == {cast[Role.RTS].name, cast[Role.RME].name}
    cast.has_reviewed(Role.RTS, project, Role.RTS)
    db.session.expire_all()
    assert {one.to.name for one in reviews(late)} == {cast[Role.RME].name}
    db.session.execute(update(Project).where(Project.id == project.id).values(status=Status.RETURNED))
    assert reviews(late) == []


def test_the_number_of_questions_does_not_grow_with_the_reviews(cast, questions):
    counts = []
    for number in (1, 4):
        for _ in range(number):
            one = a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)
            cast.has_submitted(one)
            cast.has_decided(Role.COM, one, "clear")
        db.session.expire_all()
        questions.clear()
        letters = reviews(TODAY + timedelta(days=60))
        counts.append((len({letter.project.id for letter in letters}), len(questions)))
    assert [found for found, _ in counts] == [1, 5]
    assert counts[0][1] == counts[1][1]


# -- editions ---------------------------------------------------------------------------------------------------------

WITHOUT = dict.fromkeys((*LADDERS, *ALONE))


def test_an_edition_without_ladders_follows_the_newest_that_has_one_and_breaks_no_scan(app):
    newest = published.newest(db.session)
    content = newest.handbook.model_copy(update={"evaluation_ladder": None}).model_dump(mode="json")
    older = HandbookEdition(
        code="older", title="Older", valid_from=date(2009, 1, 1), checksum="older", content=content
    )  # fmt: skip
    db.session.add(older)
    db.session.flush()
    project = an_active_project(a_user("PM", "KEN"))
    project.edition_id = older.id
    a_deadline(project, "EVA", CLOSES, from_on=OPENS)
    db.session.flush()
    assert [one.kind for one in planned(TODAY)] == ["remind:opening"]


def test_where_no_edition_has_a_ladder_evaluations_climb_the_general_one_and_nobody_else_is_reminded(app, monkeypatch):
    quiet = published.newest(db.session).handbook.model_copy(update=WITHOUT)
    monkeypatch.setattr(HandbookEdition, "handbook", quiet)
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, "EVA", CLOSES, from_on=OPENS)
    assert planned(TODAY) == []
    assert [one.kind for one in planned(CLOSES - timedelta(days=20))] == ["remind:before-30"]


@pytest.mark.parametrize("name", [*LADDERS, *ALONE])
def test_whoever_checks_or_publishes_an_edition_without_a_ladder_is_told_at_once(app, tmp_path, name):
    lines = (EDITIONS / "fund_current.toml").read_text("utf-8").splitlines()
    start = lines.index(f"[{name}]")
    end = next(place for place in range(start + 1, len(lines)) if lines[place].startswith("["))
    file = tmp_path / "edition.toml"
    file.write_text("\n".join([*lines[:start], *lines[end:]]).replace("fund-current-3", "fund-other-1"), "utf-8")
    for command in ("check", "publish"):
        told = app.test_cli_runner().invoke(args=["handbook", command, str(file)])
        assert told.exit_code == 0, told.output
        sentences = [one for one in told.stdout.splitlines() if one.startswith("[")]
        assert len(sentences) == 1 and sentences[0].startswith(f"[{name}] is missing: "), told.stdout
    assert planned(TODAY) == []


def test_an_edition_with_every_ladder_says_nothing(app):
    assert list(silent(published.newest(db.session).handbook)) == []


def test_only_a_window_is_announced_as_it_opens():
    text = (EDITIONS / "fund_current.toml").read_text("utf-8").replace("[ladder]\n", "[ladder]\non_opening = true\n")
    with pytest.raises(EditionError, match=r"ladder\.on_opening: only what has a window has a first day"):
        parse(text, "edition.toml")


def test_letters_are_written_once_for_all_kinds(app):
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, "EVA", CLOSES, from_on=OPENS)
    a_deadline(project, "EXT_REQ", TODAY + timedelta(days=30))
    assert reminders.remind(db.session(), TODAY) == 2
    assert reminders.remind(db.session(), TODAY) == 0
    assert len(db.session.scalars(select(Letter)).all()) == 2
