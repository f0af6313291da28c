"""One scheduler leads, another stands by; what is killed is replaced, what is asked to end ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from prima import carriers, clock, mail, scheduler
from prima.db import db
from prima.jobs import JOBS, send_mail
from prima.outbox import Letter, LetterState, queue
from prima.scheduler import HEART, Job, JobRun, Steady, alive, conditions
from tests.certificates import a_context
from tests.conftest import TODAY, make_app
from tests.factories import a_user
from tests.inbox import a_silent_server, an_inbox, free_port

ROOT = Path(__file__).parent.parent
PATIENCE = 20


class Scheduler:
    """`flask scheduler` as a process of its own; what it says is read from a file."""

    def __init__(self, url: str, folder: Path, name: str):
        self.said = folder / f"{name}.txt"
        environment = {
            **os.environ,
            "PRIMA_ENV": "test",
            "DATABASE_URL": url,
            "PRIMA_INSTANCE": str(folder),
            "SECRET_KEY": "the key of the tests, long enough to be one",
            "JOURNAL_KEY": "the journal key of the tests, long enough",
        }
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "prima", "scheduler"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def says(self, words: str) -> bool:
        return words in self.said.read_text()

    def leads(self) -> bool:
        return self.says("Leading")

    def stands_by(self) -> bool:
        return self.says("Standing by")


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"Not within {PATIENCE} seconds: {what}"
        time.sleep(0.05)


@pytest.fixture
def url(databases, template_url) -> str:
    return databases("prima_scheduler", template=make_url(template_url).database)


@pytest.fixture
def start(url, tmp_path) -> Iterator[Callable[[str], Scheduler]]:
    started: list[Scheduler] = []

    def one(name: str) -> Scheduler:
        started.append(Scheduler(url, tmp_path, name))
        return started[-1]

    yield one
    for one_of_them in started:
        if one_of_them.process.poll() is None:
            one_of_them.process.kill()
        one_of_them.process.wait()


def test_one_leads_and_the_other_takes_over(start, url):
    first = start("first")
    until(first.leads, f"a leader; it says {first.said.read_text()!r}")
    second = start("second")
    until(second.stands_by, "a standby")
    engine = create_engine(url)
    done = text("select count(*) from job_run where finished_at is not null and problem = ''")
    with engine.connect() as connection:
        until(lambda: connection.scalar(done) == len(JOBS), "every job has run")
        kept = text(
            "select count(*) from job_run where took_ms >= 0 and next_at > started_at and succeeded_at <= now()"
        )
        assert connection.scalar(kept) == len(JOBS)
        assert connection.scalar(text("select result from job_run where name = 'remind'")) == "0 letters queued"
    engine.dispose()
    with make_app(url).app_context():
        seats = [(seat.where.rpartition(" ")[2], seat.leads) for seat in scheduler.seats(db.session())]
        assert seats == [(str(first.process.pid), True), (str(second.process.pid), False)]
        db.session.remove()
        db.engine.dispose()
    assert first.says("No SMTP_URL is set: letters are written to")
    assert not second.leads()
    first.process.kill()
    until(second.leads, "the standby leads")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(scheduler.PATIENCE + 5) == 0  # what it promises, and a busy machine
    assert second.says("has ended")


def test_a_scheduler_is_alive_while_it_shows_itself(app):
    assert not alive(db.session())
    db.session.add(JobRun(name=HEART, started_at=clock.now()))
    db.session.flush()
    assert alive(db.session())
    db.session.get(JobRun, HEART).started_at = clock.ago(minutes=2)
    db.session.flush()
    assert not alive(db.session())
    assert clock.today() == TODAY


@pytest.fixture
def ran(app):
    """Every job ran a moment ago, and a leader shows itself."""
    for name in (HEART, *(job.name for job in JOBS)):
        db.session.add(JobRun(name=name, started_at=clock.now(), finished_at=clock.now(), took_ms=1234, result="all"))
    db.session.commit()
    return {run.name: run for run in db.session.scalars(select(JobRun))}


def test_a_job_that_did_not_run_in_its_time_or_fails_is_told(app, ran):
    assert [one.problem for one in conditions(db.session(), JOBS)] == [""] * len(JOBS)
    ran["send mail"].started_at = clock.ago(seconds=90)
    ran["remind"].started_at = clock.ago(minutes=66)
    ran["clean up"].problem = "No room"
    db.session.commit()
    told = {one.job.name: one.problem for one in conditions(db.session(), JOBS)}
    assert told["send mail"].startswith("The job “send mail” did not run in its time; it last began at 2016-")
    assert {one.job.name: one.late for one in conditions(db.session(), JOBS)} == {
        "send mail": True, "remind": False, "digests": False, "try the mail server": False, "clean up": False,
        "anchor the journal": False, "add up totals": False, "compare totals": False,
        "tell of saved searches": False, "make exports": False, "make further exports": False,
    }  # fmt: skip
    assert told["clean up"] == "The job “clean up” fails: No room"
    ran["remind"].started_at = clock.ago(minutes=68)
    db.session.commit()
    assert conditions(db.session(), JOBS)[0].late
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (
        200, {"ready": True, "scheduler": True, "late": ["remind", "send mail"], "failing": ["clean up"]},
    )  # fmt: skip


def test_a_job_that_never_ran_is_late(app):
    assert all(one.late and "has never run" in one.problem for one in conditions(db.session(), JOBS))
    answer = app.test_client().get("/readyz").json
    assert answer["ready"] and not answer["scheduler"] and len(answer["late"]) == len(JOBS)


@pytest.mark.parametrize(("days", "leapt"), [(-3, True), (0, False), (400, True)])
def test_the_leader_begins_anew_when_the_clock_is_moved(app, days, leapt):
    steady = Steady()
    clock.fix(TODAY + timedelta(days=days))
    assert steady.leapt() is leapt
    assert not steady.leapt()


@pytest.fixture
def on_its_own(url):
    """An application on a database of its own, where transactions are what they are."""
    app = make_app(url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_run_keeps_what_it_did_and_a_failure_keeps_the_last_good_one(on_its_own):
    def perform(work):
        scheduler.perform(on_its_own, Job("proof", work, timedelta(seconds=1)), lambda: True, lambda: False)
        db.session.rollback()
        return db.session.execute(select(JobRun.result, JobRun.problem).where(JobRun.name == "proof")).one()

    def fails(_session, _stop):
        raise scheduler.Unfinished("The mail server\nis away.")

    when = select(JobRun.succeeded_at).where(JobRun.name == "proof")
    assert perform(lambda *_: "3 letters queued") == ("3 letters queued", "")
    good = db.session.scalar(when)
    assert good is not None
    assert perform(fails) == ("3 letters queued", "The mail server is away.")
    assert perform(lambda *_: 1 / 0)[1] == "ZeroDivisionError: division by zero"
    assert db.session.scalar(when) == good


def test_administrators_see_jobs_letters_and_reasons_and_have_a_letter_tried_again(browser_of, ran):
    ran["send mail"].problem = "The mail server is away."
    person = a_user(name="Somebody Away")
    for number, state in enumerate((LetterState.DEAD, LetterState.DEAD, LetterState.SENT, LetterState.WAITING)):
        assert queue(db.session(), to=person, cause=f"deadline:{number}", kind="remind:day", subject="Secret", body="B")
        letter = db.session.scalars(select(Letter).order_by(Letter.id.desc()).limit(1)).one()
        letter.state, letter.tries = state, 3
        letter.sent_at = clock.now() if state is LetterState.SENT else None
        letter.problem = "550 No such user" if state is LetterState.DEAD else "451 Later"
    mail.mark(db.session(), person.email, "550 No such user")
    browser = browser_of(a_user("ADMIN"))
    page = browser.open("/administration/people").check().follow("Scheduler and letters").check()
    jobs = {row[0]: row[1:] for row in page.rows("Jobs")}
    assert jobs["remind"][0] == "Well" and jobs["remind"][2:4] == ["1,234 ms", "all"]
    assert jobs["send mail"][0] == "Fails" and "The job “send mail” fails: The mail server is away." in page.text
    assert "1 waiting" in page.text and "2 given up" in page.text and "1 sent within a day" in page.text
    assert "Secret" not in page.text
    stuck = page.rows("Letters that did not leave")
    assert [row[3].split()[0] for row in stuck] == ["Put", "Given", "Given"]
    assert page.rows("Addresses that refuse letters")[0][0] == person.email
    page = page.press("Try all of them again").check()
    assert "3 letters are tried again" in page.text
    waiting = select(Letter).where(Letter.state == LetterState.WAITING, Letter.tries == 0)
    assert len(db.session.scalars(waiting).all()) == 3
    assert page.follow(person.email).check().heading == "Somebody Away"


def test_only_administrators_see_the_page_and_only_what_is_stuck_is_tried_again(browser_of, ran):
    assert queue(db.session(), to=a_user(), cause="deadline:1", kind="remind:day", subject="S", body="B")
    letter = db.session.scalars(select(Letter)).one()
    letter.state = LetterState.SENT
    assert browser_of(a_user("MGT")).open("/administration/scheduler").status == 403
    browser = browser_of(a_user("ADMIN"))
    for number in ("zero", "-1", "99999999999999999999", ""):
        assert browser.open(f"/administration/scheduler?before={number}").check().status == 200
    assert "No older letter" in browser.open("/administration/scheduler?before=1").check().text
    answer = browser.request("POST", f"/administration/scheduler/letters/{letter.id}/retry")
    assert answer.status in (400, 404)
    assert letter.state is LetterState.SENT


def a_post(url, folder):
    return mail.Post(url, "PRIMA <prima@prima.example>", "https://prima.example", folder)


def test_whoever_starts_a_scheduler_hears_why_letters_cannot_leave(app, tmp_path, monkeypatch):
    monkeypatch.setattr(mail, "TRIAL", 0.2)
    leaves, words = a_post(f"smtp://127.0.0.1:{free_port()}", tmp_path).said()
    assert not leaves and words.startswith("Letters cannot leave and wait: The mail server 127.0.0.1 cannot be reached")
    assert words.endswith("Look at SMTP_URL and MAIL_FROM.")
    with a_silent_server() as url:
        assert "timed out" in a_post(url, tmp_path).said()[1]
    with an_inbox() as inbox:
        inbox.senders = ["550 Not from here"]
        assert "does not take letters from prima@prima.example: 550" in a_post(inbox.url, tmp_path).said()[1]
        assert a_post(inbox.url, tmp_path).said() == (True, "Letters leave by 127.0.0.1.")
        assert inbox.taken == []
    (tmp_path / "mail").write_text("no folder")
    assert a_post("", tmp_path / "mail").said()[0] is False


WRONG = {
    "a host that is not there": "cannot be reached",
    "nobody at the port": "cannot be reached: [Errno 111] Connection refused",
    "a wrong password": "does not let PRIMA in: 535",
    "no password where one is asked": "does not take letters from prima@prima.example: 530",
    "TLS from the start, but the server does not": "write smtp:// for it",
    "no TLS from the start, but the server does": "write smtps:// for it",
}


@contextmanager
def a_wrong_url(what: str, folder: Path) -> Iterator[str]:
    """An SMTP_URL that can be read, and does not fit the real server behind it."""
    if what == "a host that is not there":
        yield "smtp://mail.invalid:2525"
    elif what == "nobody at the port":
        yield f"smtp://127.0.0.1:{free_port()}"
    elif "password" in what:
        with an_inbox(starttls=a_context(folder), password="the right one") as inbox:
            yield inbox.url.replace("//", "//prima:wrong@") if what == "a wrong password" else inbox.url
    elif what.startswith("TLS"):
        with an_inbox() as inbox:
            yield inbox.url.replace("smtp:", "smtps:")
    else:
        with an_inbox(smtps=a_context(folder)) as inbox:
            yield inbox.url.replace("smtps:", "smtp:")


@pytest.mark.parametrize("what", WRONG)
def test_wrong_settings_of_mail_are_one_sentence_wherever_one_looks(on_its_own, what, tmp_path, monkeypatch):
    """To whoever starts the scheduler, asks the doctor or opens the page; the letter waits and loses no try."""
    monkeypatch.setattr(mail, "TRIAL", 1)
    monkeypatch.setattr(carriers, "PATIENCE", 1)
    monkeypatch.setitem(on_its_own.config, "INSTANCE", tmp_path)
    assert queue(db.session(), to="waits@prima.example", cause="deadline:1", kind="remind:day", subject="S", body="B")
    db.session.commit()
    with a_wrong_url(what, tmp_path) as smtp_url:
        monkeypatch.setitem(on_its_own.config, "SMTP_URL", smtp_url)
        leaves, said = mail.Post.of(on_its_own.config).said()
        assert not leaves and WRONG[what] in said and said.count(". ") == 1 and "\n" not in said
        assert f"WRONG  mail: {said}" in doctor(on_its_own)[1]
        for job in JOBS:
            if job.name in ("send mail", "try the mail server"):
                scheduler.perform(on_its_own, job, lambda: True, lambda: False)
    problems = db.session.scalars(select(JobRun.problem).where(JobRun.name.in_(["send mail", "try the mail server"])))
    assert [WRONG[what] in problem for problem in problems] == [True, True]
    letter = db.session.scalars(select(Letter).where(Letter.recipient == "waits@prima.example")).one()
    assert (letter.state, letter.tries) == (LetterState.WAITING, 0)


def test_a_scheduler_with_wrong_settings_of_mail_says_so_and_goes_on(start, url, monkeypatch):
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    leader = start("leader")
    until(lambda: leader.says("Letters cannot leave and wait: The mail server 127.0.0.1"), "it says what is wrong")
    engine = create_engine(url)
    told = text("select problem from job_run where name = 'try the mail server' and finished_at is not null")
    with engine.connect() as connection:
        until(lambda: "cannot be reached" in (connection.scalar(told) or ""), "it is told on the page of jobs")
    engine.dispose()
    assert leader.leads() and leader.process.poll() is None


def test_a_server_that_is_away_is_told_as_the_job_s_problem(on_its_own):
    on_its_own.config["SMTP_URL"] = f"smtp://127.0.0.1:{free_port()}"
    assert queue(db.session(), to="a@prima.example", cause="deadline:1", kind="remind:day", subject="S", body="B")
    db.session.commit()
    with pytest.raises(scheduler.Unfinished, match="cannot be reached"):
        send_mail(db.session(), lambda: False)


def doctor(app):
    done = app.test_cli_runner().invoke(args=["doctor"])
    return done.exit_code, done.output


def test_the_doctor_finds_everything_well(app, ran, monkeypatch, tmp_path):
    monkeypatch.setitem(app.config, "INSTANCE", tmp_path)
    status, said = doctor(app)
    assert status == 0, said
    for words in ("settings: They can be used", "database: PostgreSQL", "migrations: The tables stand at",
                  "scheduler: ", "mail: No SMTP_URL", "disk: ",
                  f"jobs: All {len(JOBS)} ran in their time."):  # fmt: skip
        assert words in said


def test_the_doctor_says_what_is_wrong_and_what_to_do(app, monkeypatch, tmp_path):
    monkeypatch.setitem(app.config, "INSTANCE", tmp_path)
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    monkeypatch.setitem(app.config, "PRIMA_ENV", "production")
    assert queue(db.session(), to="no address", cause="a", kind="b", subject="S", body="B")
    assert queue(db.session(), to=a_user(), cause="a", kind="b", subject="S", body="B")
    db.session.scalars(select(Letter).where(Letter.state == LetterState.WAITING)).one().queued_at = clock.ago(hours=2)
    mail.mark(db.session(), "away@prima.example", "550 No")
    db.session.commit()
    status, said = doctor(app)
    assert status == 1
    for words in ("WRONG  mail: Letters cannot leave and wait", "WRONG  scheduler: None has shown itself",
                  "WRONG  jobs: The job “remind” has never run.", "look   settings: OVERSIGHT_EMAIL is not set",
                  "look   letters: 1 were given up: flask outbox list", "look   letters: The oldest has waited since",
                  "look   letters: 1 addresses refuse letters: away@prima.example"):  # fmt: skip
        assert words in said


def test_the_doctor_goes_on_without_a_database(tmp_path):
    app = make_app("postgresql+psycopg://nobody@127.0.0.1:1/prima", INSTANCE=tmp_path)
    status, said = doctor(app)
    assert status == 1 and "WRONG  database: It cannot be used" in said and "disk: " in said
