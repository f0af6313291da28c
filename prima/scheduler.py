"""The process that works by itself: one leader at a time, held by a lock of the database; others stand by."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import Connection, func, select
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
PATIENCE = 10
"""Seconds that a job in the middle of its work gets when the process is asked to end."""

log = logging.getLogger("prima.scheduler")
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Job:
    """`work` gets a session and a question whether to stop; harmless if run twice. `at`: how often."""

    name: str
    work: Callable[[Session, Stop], object]
    at: timedelta


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


def alive(session: Session) -> bool:
    """Whether a leader showed itself within the last minute."""
    beat = session.scalar(select(JobRun.started_at).where(JobRun.name == HEART))
    return beat is not None and abs(clock.now() - beat) < SILENT


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
    try:
        while holds():
            with app.app_context():
                _note(db.session, HEART, started_at=clock.now())
                db.session.commit()
            time.sleep(BEAT.total_seconds())
    finally:
        stop.set()
        scheduler.shutdown(wait=False)


def perform(app: Flask, job: Job, holds: Callable[[], bool], stop: Stop) -> None:
    """One run of a job: under its own lock, in its own transaction, and what went wrong is kept where people look."""
    if stop() or not holds():
        return
    try:
        with app.app_context(), db.engine.begin() as guarding:
            key = zlib.crc32(job.name.encode()) & 0x7FFFFFFF
            if not guarding.scalar(select(func.pg_try_advisory_xact_lock(LOCK, key))):
                return
            _note(db.session, job.name, started_at=clock.now())
            db.session.commit()
            problem = ""
            try:
                job.work(db.session(), stop)
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                problem = f"{type(error).__name__}: {error}"[:500]
                log.exception("The job %s failed; it runs again in its turn.", job.name)
            _note(db.session, job.name, finished_at=clock.now(), problem=problem)
            db.session.commit()
    except SQLAlchemyError as error:
        log.warning("The job %s did not reach the database: %s", job.name, error)


def _note(session: Session | Any, name: str, **values: Any) -> None:
    row = {"name": name, "started_at": clock.now(), "problem": "", **values}
    session.execute(insert(JobRun).values(**row).on_conflict_do_update(index_elements=[JobRun.name], set_=values))
