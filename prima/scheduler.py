"""The process that works by itself: one leader at a time, held by a lock of the database; others stand by."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from flask_babel import gettext as _
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima import clock
from prima.db import Model, db

LOCK = 720_002
"""The advisory lock of the leader; with a job's own number, that of the job."""
HEART = "scheduler"
BEAT = timedelta(seconds=5)
SILENT = timedelta(seconds=60)
LOOK = timedelta(seconds=0.5)
"""How often a standby looks whether the leader is gone."""
LEAP = timedelta(seconds=30)
"""When the clock is moved by more, the leader begins anew: what was planned by the old time would run too late."""
TAKE_OVER = 3
"""Seconds in which the database lets go of what a leader held who was killed in the middle of a job."""
NAME = "PRIMA scheduler"
PATIENCE = 10
"""Seconds that a job in the middle of its work gets when the process is asked to end."""

log = logging.getLogger("prima.scheduler")
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Job:
    """`work` gets a session and a question whether to stop; harmless if run twice. `at`: how often."""

    name: str
    work: Callable[[Session, Stop], object]
    """What it returns is told as the result."""
    at: timedelta
    longest: timedelta = timedelta()
    """What one run may take; until then it is not late."""

    @property
    def grace(self) -> timedelta:
        """By how much it may miss its time before somebody is told."""
        return timedelta(minutes=1) + self.at / 10 + self.longest


class JobRun(Model):
    """When a job ran last and what went wrong; the row of the leader itself is its heartbeat."""

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    result: Mapped[str] = mapped_column(default="")
    """What the last run that went well did."""
    took_ms: Mapped[int | None]
    succeeded_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Condition:
    """How a job does. `late`: it did not run in its time; `problem`: what is wrong, as a sentence, if anything is."""

    job: Job
    run: JobRun | None
    late: bool
    problem: str


def conditions(session: Session, jobs: Iterable[Job]) -> list[Condition]:
    """How each job does, whether a scheduler runs or not."""
    runs = {run.name: run for run in session.scalars(select(JobRun))}
    return [_condition(job, runs.get(job.name)) for job in jobs]


def _condition(job: Job, run: JobRun | None) -> Condition:
    if run is None:
        return Condition(job, None, True, _("The job “%(name)s” has never run.", name=job.name))
    if clock.now() - run.started_at > job.at + job.grace:
        at = f"{run.started_at:%Y-%m-%d %H:%M} UTC"
        words = _("The job “%(name)s” did not run in its time; it last began at %(at)s.", name=job.name, at=at)
        return Condition(job, run, True, words)
    if run.problem:
        return Condition(job, run, False, _("The job “%(name)s” fails: %(why)s", name=job.name, why=run.problem))
    return Condition(job, run, False, "")


@dataclass(frozen=True)
class Seat:
    """A scheduler that is connected: on which machine, as which process, and whether it leads."""

    where: str
    leads: bool


def seats(session: Session) -> list[Seat]:
    """The leader and those who stand by, as the database sees them at this moment."""
    found = session.execute(
        text(
            "select application_name, exists (select from pg_locks where pid = a.pid and locktype = 'advisory'"
            " and classid = 0 and objid = :lock and objsubid = 1 and granted) as leads"
            " from pg_stat_activity as a where datname = current_database() and starts_with(application_name, :name)"
            " order by leads desc, backend_start, a.pid"
        ),
        {"lock": LOCK, "name": NAME},
    )
    return [Seat(row.application_name.removeprefix(NAME).strip(), row.leads) for row in found]


def newest_beat() -> Any:
    """When a leader showed itself last, to be asked with something else."""
    return select(JobRun.started_at).where(JobRun.name == HEART).scalar_subquery()


def beats(beat: datetime | None) -> bool:
    """Whether that was within the last minute."""
    return beat is not None and abs(clock.now() - beat) < SILENT


def alive(session: Session) -> bool:
    """Whether a leader showed itself within the last minute."""
    return beats(session.scalar(select(newest_beat())))


def run(app: Flask, jobs: Iterable[Job], say: Callable[[str], None]) -> None:
    """Lead, or stand by until the leader is gone; SIGTERM or Ctrl-C ends it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    with app.app_context():
        engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    told = ""
    try:
        while True:
            try:
                with engine.connect() as connection:
                    connection.detach()  # closed, not kept, when it is left: the lock ends with it
                    name = f"{NAME} {socket.gethostname()[:36]} {os.getpid()}"
                    connection.execute(select(func.set_config("application_name", name, False)))
                    while not connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
                        told = _tell(say, told, "Standing by: another scheduler leads.")
                        time.sleep(LOOK.total_seconds())
                    told = _tell(say, told, "Leading: reminders, letters and cleaning run from here.")
                    _lead(app, tuple(jobs), connection)
            except SQLAlchemyError as error:
                log.warning("%s", error)
                told = _tell(say, told, "The database cannot be reached: trying again.")
                time.sleep(2)
    except KeyboardInterrupt:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _end_soon()
        say("The scheduler has ended.")


def _end(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _end_soon() -> None:
    """What still works when the process ends gets a moment; the database undoes what was half done."""
    timer = threading.Timer(PATIENCE, os._exit, [0])
    timer.daemon = True
    timer.start()


def _tell(say: Callable[[str], None], told: str, sentence: str) -> str:
    if sentence != told:
        say(sentence)
    return sentence


def _lead(app: Flask, jobs: tuple[Job, ...], connection: Connection) -> None:
    """Run the jobs for as long as the connection that holds the lock lives."""
    stop, lost, one_at_a_time = threading.Event(), threading.Event(), threading.Lock()

    def holds() -> bool:
        """Asked before each run: the lock lives exactly as long as its connection."""
        try:
            with one_at_a_time:
                connection.execute(select(1))
        except SQLAlchemyError:
            lost.set()
        return not lost.is_set()

    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for job in jobs:
        arguments = (app, job, holds, stop.is_set)
        scheduler.add_job(perform, args=arguments, name=job.name)  # what waited while nobody led
        scheduler.add_job(perform, "interval", seconds=job.at.total_seconds(), args=arguments, name=job.name)
    scheduler.start()
    steady = Steady()
    try:
        while holds() and not steady.leapt():
            with app.app_context():
                _note(db.session, HEART, started_at=clock.now())
                db.session.commit()
            time.sleep(BEAT.total_seconds())
    finally:
        stop.set()
        scheduler.shutdown(wait=False)


class Steady:
    """Whether the clock went on as time does, or was moved (or the machine slept) since the last look."""

    def __init__(self) -> None:
        self._look()

    def _look(self) -> None:
        self.at, self.ticks = clock.now(), time.monotonic()

    def leapt(self) -> bool:
        went = (clock.now() - self.at) - timedelta(seconds=time.monotonic() - self.ticks)
        self._look()
        if leapt := abs(went) > LEAP:
            log.warning("The clock was moved by %s: every job runs now and is planned anew.", went)
        return leapt


def perform(app: Flask, job: Job, holds: Callable[[], bool], stop: Stop) -> None:
    """One run of a job: under its own lock, in its own transaction, and what went wrong is kept where people look."""
    if stop() or not holds():
        return
    try:
        with app.app_context(), db.engine.begin() as guarding:
            if not _taken(guarding, zlib.crc32(job.name.encode()) & 0x7FFFFFFF, stop):
                return
            began = time.monotonic()
            _note(db.session, job.name, started_at=clock.now(), next_at=clock.now() + job.at)
            db.session.commit()
            try:
                result = job.work(db.session(), stop)
                db.session.commit()
                said = {"problem": "", "result": str(result or "")[:500], "succeeded_at": clock.now()}
            except Exception as error:
                db.session.rollback()
                said = {"problem": _told(error)}
                trace = not isinstance(error, Unfinished)
                log.warning("The job %s failed; it runs again in its turn: %s", job.name, error, exc_info=trace)
            took = int((time.monotonic() - began) * 1000)
            _note(db.session, job.name, finished_at=clock.now(), took_ms=took, **said)
            db.session.commit()
    except SQLAlchemyError as error:
        log.warning("The job %s did not reach the database: %s", job.name, error)


class Unfinished(Exception):
    """A job could not do all it should; the sentence says why, and no trace of the code helps to mend it."""


def _told(error: Exception) -> str:
    words = str(error) if isinstance(error, Unfinished) else f"{type(error).__name__}: {error}"
    return " ".join(words.split())[:500]


def _taken(guarding: Connection, key: int, stop: Stop) -> bool:
    """The lock of the job; the one of a leader that was just killed is waited for."""
    until = time.monotonic() + TAKE_OVER
    while not guarding.scalar(select(func.pg_try_advisory_xact_lock(LOCK, key))):
        if stop() or time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _note(session: Session | Any, name: str, **values: Any) -> None:
    row = {"name": name, "started_at": clock.now(), "problem": "", "result": "", **values}
    session.execute(insert(JobRun).values(**row).on_conflict_do_update(index_elements=[JobRun.name], set_=values))
