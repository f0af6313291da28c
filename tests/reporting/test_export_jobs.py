"""Exports in the background: asked for on a page, made by the scheduler, kept a day for whoever asked."""

from __future__ import annotations

import errno
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from threading import Barrier, Event

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from prima import clock, journal, scheduler
from prima.db import db
from prima.errors import Refused
from prima.jobs import JOBS, make_exports
from prima.outbox import Letter
from prima.projects.stages import Status
from prima.reporting import exports
from prima.reporting.exports import jobs
from prima.reporting.models import ExportFormat, ExportJob, ExportState
from prima.reporting.operations import exports as making
from prima.scheduler import Unfinished
from prima.users import Grant, User
from tests.conftest import TODAY, make_app
from tests.factories import a_project, a_user

ALL = list(exports.TABLES)


def never():
    return False


@pytest.fixture
def large(app, monkeypatch):
    """Three projects, and even that is too much to be waited for."""
    monkeypatch.setattr(making, "ROWS_AT_ONCE", 2)
    for number in range(3):
        a_project(title=f"Project {number}", status="ACTIVE", budget=100)
    db.session.commit()
    return app


@pytest.fixture
def workshop(app):
    return making.Workshop(db.engine, app.config["EXPORTS_DIR"], "https://prima.example")


def asked_for(owner, *sheets, query="", format=ExportFormat.EXCEL):
    job = making.ask(actor=owner, query=query, sheets=sheets or ALL, format=format, total_rows=3)
    db.session.commit()
    return job


def made(workshop, stop=never):
    number = making.make_waiting(workshop, stop)
    db.session.commit()
    db.session.expire_all()
    return number


def newest():
    return db.session.scalars(select(ExportJob).order_by(ExportJob.id.desc()).limit(1)).one()


def files(workshop):
    return sorted(one.name for one in workshop.folder.iterdir()) if workshop.folder.exists() else []


# -- the pages --------------------------------------------------------------------------------------------------------


def test_a_small_export_is_downloaded_at_once(app, browser_of):
    made_here = a_project(title="Small", status="ACTIVE", budget=100)
    a_project(title="Older", status="ACTIVE", year=2010)
    page = browser_of(a_user("VIEW")).open("/projects?year=2016").follow("Choose sheets, or CSV").check()
    assert page.heading == "Export projects"
    assert page.definition("Funding year") == "2016"
    assert "1 project" in page.text and "Budget lines: 3 rows" in page.text
    page = page.fill("Sheets", ["Projects: 1 row", "Budget lines: 3 rows"]).press("Export")
    book = load_workbook(io.BytesIO(page.content))
    assert book.sheetnames == ["Projects", "Budget lines", "Read me"]
    assert book["Projects"]["A2"].value == made_here.reference
    assert db.session.scalars(select(ExportJob)).all() == []


def test_csv_comes_as_a_zip(app, browser_of):
    a_project(status="ACTIVE")
    page = browser_of(a_user("VIEW")).open("/export")
    page = page.fill("Format", "CSV, a file for each sheet in one zip").press("Export")
    assert (page.status, page.response.mimetype) == (200, "application/zip")
    assert page.content.startswith(b"PK")


def test_a_large_one_is_made_in_the_background_and_told_by_a_letter(large, browser_of, workshop):
    owner = a_user("VIEW")
    browser = browser_of(owner)
    page = browser.open("/projects").follow("Excel with every sheet").check()
    assert page.heading == "Export projects"
    assert page.messages == ["This export is large. Choose what you need of it; it is then made in the background."]
    page = page.press("Export").check()
    assert "Waiting" in page.text and "Yours is next." in page.text
    assert "Nobody makes exports at this moment" in page.text
    assert page.buttons == ["Cancel the export"]
    assert browser.open(f"/export/{newest().id}/file").status == 409
    assert made(workshop) == 1
    page = page.follow("Look again").check()
    assert "Ready" in page.text
    book = load_workbook(io.BytesIO(page.follow("Download").content))
    assert book.sheetnames == [*ALL, "Read me"]
    assert book["Projects"].max_row == 4
    job = newest()
    assert (
        job.done_rows == job.total_rows == sum(sheet.max_row - 1 for sheet in book.worksheets[:-1] if sheet["A2"].value)
    )
    assert job.expires_at - job.ended_at == timedelta(hours=24)
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.user_id, letter.path) == (owner.id, f"/export/{job.id}")
    [line] = browser.open("/export").check().rows("Made in the background")
    assert line[1:3] == ["All projects; all sheets", "Ready"]


def test_the_script_is_told_how_far_it_is(large, browser_of):
    owner = a_user("VIEW")
    browser = browser_of(owner)
    job = asked_for(owner)
    job.state, job.done_rows, job.total_rows = ExportState.RUNNING, 1_500, 3_000
    db.session.commit()
    found = browser.open(f"/export/{job.id}/progress").response.get_json()
    assert found == {"open": True, "percent": 50, "says": "1,500 of 3,000 rows", "state": "running"}
    assert "1,500 of 3,000 rows" in browser.open(f"/export/{job.id}").check().text


def test_others_find_nothing(large, browser_of, workshop):
    job = asked_for(a_user("VIEW"))
    made(workshop)
    for other in (a_user("VIEW"), a_user("ADMIN"), a_user("FUND")):
        browser = browser_of(other)
        for path in ("", "/file", "/progress"):
            assert browser.open(f"/export/{job.id}{path}").status == 404
        assert "Made in the background" not in browser.open("/export").text
    assert browser.open(f"/export/{2**70}").status == 404


def test_nothing_to_export_and_no_sheet_are_told(app, browser_of):
    browser = browser_of(a_user("VIEW"))
    assert "As soon as there are projects" in browser.open("/export").check().text
    assert "No project that you may see fits these filters." in browser.open("/export?year=2016").check().text
    a_project(status="ACTIVE")
    page = browser.open("/export")
    nothing = page.fill("Sheets", []).press("Export").check()
    assert (nothing.status, nothing.errors[-1]) == (422, "Sheets: Please choose at least one sheet.")
    db.session.query(ExportJob).delete()
    page = browser.open("/export")
    for project in db.session.scalars(select(exports.book.projects.Project)):
        project.status = Status.DRAFT
    db.session.commit()
    nothing = page.press("Export")
    assert nothing.status == 422
    assert "No project that you may see fits these filters: there is nothing to export." in nothing.text


@pytest.mark.parametrize(
    "query", ["?year=abc&_scheme=x", "?q=%00", "?region=🦄", "?q=" + "a" * 5000, "?sheet=%00&format=doc", "?year=0001"]
)
def test_bad_addresses_are_answered_in_words(app, browser_of, query):
    a_project(status="ACTIVE")
    browser = browser_of(a_user("VIEW"))
    page = browser.open(f"/export{query}").check()
    assert page.status == 200
    if "sheet" not in query:
        assert page.messages
        assert browser.open(f"/export/file{query}").heading == "Export projects"


def test_bad_choices_are_told_at_their_field(app, browser_of):
    a_project(status="ACTIVE")
    page = browser_of(a_user("VIEW")).open("/export")
    token = page.main.find("input", attrs={"name": "csrf_token"})["value"]
    data = {"csrf_token": token, "sheets": ["Projects", "\x00", "🦄"], "format": "x" * 100_000}
    answer = page.browser.request("POST", "/export", data=data)
    assert answer.status == 422 and len(answer.errors) == 2
    assert page.browser.request("POST", "/export", data={"sheets": "Projects", "format": "xlsx"}).status in (
        400,
        409,
        422,
    )


def test_what_no_workbook_holds_is_asked_for_as_csv(app, browser_of, monkeypatch):
    monkeypatch.setattr(exports.book, "MOST_ROWS", 0)
    a_project(status="ACTIVE")
    page = browser_of(a_user("VIEW")).open("/export").fill("Sheets", ["Projects: 1 row"]).press("Export")
    assert page.errors[-1] == "Format: A workbook cannot hold all rows of: Projects. Choose CSV, or filter more."


def test_of_many_projects_the_projects_alone_are_counted_at_first(app, browser_of, workshop, monkeypatch):
    monkeypatch.setattr(exports.book, "MOST_COUNTED", 1)
    for _number in range(2):
        a_project(status="ACTIVE", budget=100)
    page = browser_of(a_user("VIEW")).open("/export").check()
    assert "2 projects" in page.text and "Projects: 2 rows" in page.text and "Budget lines:" not in page.text
    assert "Waiting" in page.press("Export").check().text
    monkeypatch.setattr(exports.book, "MOST_ROWS", 5)
    made(workshop)
    assert newest().problem == "A workbook cannot hold all rows of: Budget lines. Choose CSV, or filter more."


def test_a_person_has_three_at_a_time_and_the_same_one_once(large, browser_of):
    owner = a_user("VIEW")
    page = browser_of(owner).open("/export")
    assert page.press("Export").heading == page.press("Export").heading
    assert len(db.session.scalars(select(ExportJob)).all()) == 1
    for sheet in ("Projects", "Lessons"):
        asked_for(owner, sheet)
    page = browser_of(owner).open("/export").fill("Sheets", ["Projects: 3 rows", "Totals: 2 rows"]).press("Export")
    assert page.status == 409
    assert "3 of your exports are being made." in page.text
    asked_for(a_user("VIEW"))


# -- while they are made ----------------------------------------------------------------------------------------------


def test_the_file_is_its_owners_alone_on_the_machine_too(large, workshop):
    job = asked_for(a_user("VIEW"))
    made(workshop)
    [file] = workshop.folder.iterdir()
    assert file.name == f"{job.id}.xlsx"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(workshop.folder.stat().st_mode) == 0o700


def test_cancelled_half_way_nothing_is_left(large, browser_of, workshop, monkeypatch):
    owner = a_user("VIEW")
    job = asked_for(owner)
    page = browser_of(owner).open(f"/export/{job.id}")
    monkeypatch.setattr(making, "BEAT", 0)
    looks = []

    def cancel_at_the_third_look():
        looks.append(files(workshop))
        if len(looks) == 4:
            assert page.press("Cancel the export").messages == ["The export is cancelled."]
        return False

    assert made(workshop, cancel_at_the_third_look) == 1
    assert looks[3] == [f".coming-{job.id}-1"]
    assert files(workshop) == []
    job = newest()
    assert (job.state, db.session.scalars(select(Letter)).all()) == (ExportState.CANCELLED, [])
    page = page.browser.open(f"/export/{job.id}").check()
    assert "You cancelled this export." in page.text
    assert page.follow("Export again").heading == "Export projects"
    assert page.browser.request("POST", f"/export/{job.id}/cancel", data={"csrf_token": "x"}).status >= 400
    with pytest.raises(Refused, match="has ended already"):
        making.cancel(job, actor=owner)


def test_one_that_was_killed_is_taken_up_again_after_a_while(large, workshop, monkeypatch):
    job = asked_for(a_user("VIEW"))
    taken = making.take(workshop)
    assert (taken.id, taken.tries) == (job.id, 1)
    db.session.commit()
    workshop.folder.mkdir()
    (workshop.folder / f".coming-{job.id}-1").write_bytes(b"half")
    assert made(workshop) == 0
    later = clock.now() + making.SILENT + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert made(workshop) == 1
    assert (newest().state, newest().tries) == (ExportState.DONE, 2)
    # Were the first one alive after all, it would find that it is not wanted any more.
    assert not making._end(workshop, taken, done_rows=1)


def test_one_that_is_killed_every_time_is_given_up(large, workshop, monkeypatch):
    asked_for(a_user("VIEW"))
    now = clock.now()
    for killed in range(3):
        monkeypatch.setattr(clock, "now", lambda at=now + killed * timedelta(minutes=5): at)
        assert making.take(workshop)
        db.session.commit()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=1))
    made(workshop)
    assert (newest().state, newest().problem) == (
        ExportState.FAILED,
        "The export was interrupted 3 times. Choose fewer sheets or projects.",
    )


def test_a_scheduler_that_is_asked_to_end_leaves_it_for_the_next(large, workshop, monkeypatch):
    asked_for(a_user("VIEW"))
    monkeypatch.setattr(making, "BEAT", 0)
    looks = iter([False, False, *[True] * 100])
    assert made(workshop, lambda: next(looks)) == 1
    assert (newest().state, newest().tries, files(workshop)) == (ExportState.WAITING, 0, [])
    made(workshop)
    assert newest().state is ExportState.DONE


def test_a_full_disk_is_told_to_the_person_and_to_whoever_runs_prima(large, browser_of, workshop, monkeypatch):
    owner = a_user("VIEW")
    job = asked_for(owner)

    def full(*_what):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(making, "write_file", full)
    with pytest.raises(Unfinished, match="No space left on device"):
        making.make_waiting(workshop, never)
    db.session.commit()
    db.session.expire_all()
    page = browser_of(owner).open(f"/export/{job.id}").check()
    assert "Failed" in page.text and "There is no room left for the file." in page.text
    assert files(workshop) == []


def test_a_fault_is_told_and_a_database_that_went_away_is_waited_for(large, workshop, monkeypatch):
    job = asked_for(a_user("VIEW"))

    def fails(error):
        def write_file(*_what):
            raise error

        monkeypatch.setattr(making, "write_file", write_file)
        with pytest.raises(type(error)):
            making.make_waiting(workshop, never)
        db.session.commit()
        db.session.expire_all()

    fails(OperationalError("select 1", {}, Exception("gone")))
    assert newest().state is ExportState.RUNNING
    job.state = ExportState.WAITING
    db.session.commit()
    fails(ZeroDivisionError())
    assert newest().problem == "The export failed. Whoever runs PRIMA finds the reason in the list of jobs."


def test_what_changed_meanwhile_is_told(large, workshop):
    owner, closed = a_user("VIEW"), a_user("VIEW")
    nothing = asked_for(owner, query="year=1999")
    unknown = asked_for(owner, query="region=XXX")
    gone = asked_for(closed)
    closed.active = False
    db.session.commit()
    made(workshop)
    assert {one.state for one in (nothing, unknown, gone)} == {ExportState.FAILED}
    assert nothing.problem.startswith("No project that you may see fits these filters any more")
    assert unknown.problem.startswith("Regional Office: “XXX” is not known")
    assert gone.problem == "The account was closed."
    assert db.session.scalars(select(Letter)).all() == []


def test_a_file_made_with_other_rights_is_not_handed_out(large, browser_of, workshop):
    owner = a_user("RPDO", "NBO")
    a_project(title="Draft", status="DRAFT")
    job = asked_for(owner, "Projects")
    made(workshop)
    browser = browser_of(owner)
    assert browser.open(f"/export/{job.id}/file").status == 200
    grant = db.session.scalars(select(Grant).filter_by(user_id=owner.id)).one()
    grant.revoked_at = clock.now()
    db.session.commit()
    page = browser.open(f"/export/{job.id}/file")
    assert page.status == 409
    assert "What you may see has changed since this file was made." in page.text
    again = asked_for(owner, "Projects", "Totals")
    made(workshop)
    assert again.total_rows < job.total_rows + 2


# -- afterwards -------------------------------------------------------------------------------------------------------


def test_after_a_day_the_file_is_gone_and_after_a_week_its_row(large, browser_of, workshop):
    owner = a_user("VIEW")
    job = asked_for(owner)
    made(workshop)
    stray = workshop.folder / "999999.zip"
    stray.write_bytes(b"of a database that was restored")
    assert making.clear(db.session(), workshop.folder) == 0
    job.expires_at = clock.now()
    db.session.commit()
    page = browser_of(owner).open(f"/export/{job.id}")
    assert "No longer kept" in page.text and "is gone" in page.text
    assert page.browser.open(f"/export/{job.id}/file").status == 409
    for file in workshop.folder.iterdir():
        os.utime(file, (0, 0))
    assert making.clear(db.session(), workshop.folder) == 2
    db.session.expire_all()
    assert newest().state is ExportState.EXPIRED
    newest().ended_at -= making.REMEMBERED + timedelta(minutes=1)
    db.session.commit()
    making.clear(db.session(), workshop.folder)
    assert files(workshop) == []
    assert db.session.scalars(select(ExportJob)).all() == []


def test_a_lost_file_is_told(large, browser_of, workshop):
    owner = a_user("VIEW")
    job = asked_for(owner)
    made(workshop)
    (workshop.folder / f"{job.id}.xlsx").unlink()
    page = browser_of(owner).open(f"/export/{job.id}/file")
    assert page.status == 409 and "The file of this export is gone." in page.text


def test_the_page_says_nothing_of_the_scheduler_while_it_runs(large, browser_of):
    owner = a_user("VIEW")
    job = asked_for(owner)
    scheduler._note(db.session, scheduler.HEART, started_at=clock.now())
    db.session.commit()
    assert "Nobody makes exports" not in browser_of(owner).open(f"/export/{job.id}").text


# -- in their turn -----------------------------------------------------------------------------------------------------


def test_whoever_asks_for_several_does_not_make_others_wait_for_all(large, workshop):
    eager, other, last = a_user("VIEW"), a_user("VIEW"), a_user("VIEW")
    first, second, third = (asked_for(eager, name) for name in ("Projects", "Totals", "Lessons"))
    theirs, also, after = asked_for(other, "Projects"), asked_for(other, "Totals"), asked_for(last, "Projects")
    expected = [one.id for one in (first, theirs, after, second, also, third)]
    db.session.commit()
    for place, number in enumerate(expected):
        assert jobs.before(db.session.get_one(ExportJob, number)) == place
    taken = []
    while job := making.take(workshop):
        for waits in db.session.scalars(select(ExportJob).filter_by(state=ExportState.WAITING)):
            ahead = jobs.before(waits)
            assert ahead == expected.index(waits.id) - len(taken), (waits.id, taken)
        making.make(workshop, job, never)
        taken.append(job.id)
        db.session.expire_all()
    assert taken == expected


def test_of_one_person_one_is_made_at_a_time(large, workshop, monkeypatch):
    owner, other = a_user("VIEW"), a_user("VIEW")
    first, second = asked_for(owner, "Projects"), asked_for(owner, "Totals")
    assert making.take(workshop).id == first.id
    assert making.take(workshop) is None
    theirs = asked_for(other, "Projects")
    assert making.take(workshop).id == theirs.id
    making.cancel(db.session.get_one(ExportJob, first.id), actor=owner)
    db.session.commit()
    assert making.take(workshop).id == second.id  # cancelled: the person's next may begin
    later = clock.now() + making.SILENT + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert {making.take(workshop).id, making.take(workshop).id} == {second.id, theirs.id}  # both were killed
    assert making.take(workshop) is None


def test_two_jobs_of_the_scheduler_make_them():
    makers = [job for job in JOBS if job.work is make_exports]
    assert len(makers) == len({job.name for job in makers}) == 2


# -- where transactions really meet -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(databases, template_url, tmp_path_factory):
    clock.fix(TODAY)
    app = make_app(
        databases("prima_exports", template=make_url(template_url).database),
        EXPORTS_DIR=tmp_path_factory.mktemp("exports"),
    )
    journal.use_key(app.config["JOURNAL_KEY"])
    with app.app_context():
        for number in range(4):
            a_project(title=f"Project {number}", status="ACTIVE", budget=100)
        db.session.commit()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    clock.fix(None)


def test_two_processes_make_two_exports_each_once(real):
    clock.fix(TODAY)
    with real.app_context():
        ids = [asked_for(a_user("VIEW"), "Projects", "Budget lines").id for _number in range(2)]
    start = Barrier(2)

    def work():
        with real.app_context():
            workshop = making.Workshop(db.engine, real.config["EXPORTS_DIR"], "")
            start.wait()
            job = making.take(workshop)
            start.wait()
            making.make(workshop, job, never)
            return job.id

    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(copy_context().run, work) for _number in range(2)]
        assert sorted(one.result() for one in taken) == ids
    with real.app_context():
        jobs = db.session.scalars(select(ExportJob).where(ExportJob.id.in_(ids))).all()
        assert {one.state for one in jobs} == {ExportState.DONE}
        assert {one.tries for one in jobs} == {1}


def test_many_who_take_at_once_take_each_one_once_and_of_everybody_one(real):
    clock.fix(TODAY)
    with real.app_context():
        owners = [a_user("VIEW") for _number in range(2)]
        ids = {asked_for(owner, name).id for owner in owners for name in ("Projects", "Totals", "Lessons")}
        people = {one.id for one in owners}
    start = Barrier(6)

    def work():
        with real.app_context():
            start.wait()
            return making.take(making.Workshop(db.engine, real.config["EXPORTS_DIR"], ""))

    with ThreadPoolExecutor(6) as pool:
        found = [one.result() for one in [pool.submit(copy_context().run, work) for _number in range(6)]]
    taken = [one for one in found if one]
    with real.app_context():
        assert len(taken) == 2 and {one.owner_id for one in taken} == people
        for one in taken:
            making.make(making.Workshop(db.engine, real.config["EXPORTS_DIR"], ""), one, never)
        assert making.make_waiting(making.Workshop(db.engine, real.config["EXPORTS_DIR"], ""), never) == 4
        done = db.session.scalars(select(ExportJob).where(ExportJob.id.in_(ids))).all()
        assert {(one.state, one.tries) for one in done} == {(ExportState.DONE, 1)}


def test_all_sheets_show_one_moment(real, monkeypatch):
    """What is added while the first sheet is written stands on none."""
    clock.fix(TODAY)
    began, added = Event(), Event()
    with real.app_context():
        job_id = asked_for(a_user("VIEW"), "Projects", "Budget lines").id
        before = len(db.session.scalars(select(exports.book.projects.Project)).all())

    def told(_progress, _rows):
        began.set()
        assert added.wait(30)

    monkeypatch.setattr(making.Progress, "told", told)

    def work():
        with real.app_context():
            making.make_waiting(making.Workshop(db.engine, real.config["EXPORTS_DIR"], ""), never)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(copy_context().run, work)
        assert began.wait(30)
        with real.app_context():
            a_project(title="Came later", status="ACTIVE", budget=100)
            db.session.commit()
        added.set()
        done.result()
    book = load_workbook(real.config["EXPORTS_DIR"] / f"{job_id}.xlsx")
    assert book["Projects"].max_row == before + 1
    assert book["Budget lines"].max_row == 3 * before + 1
    with real.app_context():
        owner = db.session.scalars(select(User).join(ExportJob).where(ExportJob.id == job_id)).one()
        assert db.session.scalars(select(Letter).where(Letter.user_id == owner.id)).one()
