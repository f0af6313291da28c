"""`flask doctor`: whether everything that PRIMA stands on is well, and what to do about what is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import click
from alembic.runtime.migration import MigrationContext
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from prima import clock, health, mail, postmaster, scheduler
from prima.db import db
from prima.jobs import JOBS

LEAST_FREE = 1024**3
WAITS_LONG = 3600
"""Seconds after which a letter that waits is told."""


class Mark(StrEnum):
    WELL = "well"
    LOOK = "look"
    WRONG = "WRONG"


class Finding(NamedTuple):
    """One sentence about one part: it is well, somebody should look, or it does not work."""

    mark: Mark
    part: str
    sentence: str


@click.command("doctor")
@with_appcontext
def command() -> None:
    """Check settings, database, migrations, scheduler, jobs, mail and disk; ends with status 1 if anything is wrong."""
    wrong = 0
    for mark, part, sentence in findings():
        click.echo(f"{mark:5}  {part}: {sentence}")
        wrong += mark is Mark.WRONG
    if wrong:
        raise SystemExit(1)


def findings() -> Iterator[Finding]:
    yield from settings()
    yield from disk()
    post = mail.Post.of(current_app.config)
    leaves, sentence = post.said()
    yield Finding(Mark.WELL if leaves else Mark.WRONG, "mail", sentence)
    try:
        yield from database()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        yield Finding(Mark.WRONG, "database", f"It cannot be used: {reason}.")


def settings() -> Iterator[Finding]:
    config = current_app.config
    kind = config["PRIMA_ENV"]
    yield Finding(Mark.WELL, "settings", f"They can be used; this is a {kind} at {config['BASE_URL']}.")
    if kind != "production":
        return
    for name, why in (
        ("SMTP_URL", "letters only become files"),
        ("OVERSIGHT_EMAIL", "the daily anchor of the journal is mailed to nobody"),
        ("SCAN_COMMAND", "files that are filed are not scanned for viruses"),
    ):
        if not config[name]:
            yield Finding(Mark.LOOK, "settings", f"{name} is not set: {why}.")
    if not os.environ.get("BASE_URL"):
        yield Finding(Mark.LOOK, "settings", "BASE_URL is not set: links in letters lead to this machine alone.")


def disk() -> Iterator[Finding]:
    for name in ("INSTANCE", "DOCUMENTS_DIR"):
        folder = Path(current_app.config[name])
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free
        if not os.access(there, os.W_OK):
            yield Finding(Mark.WRONG, "disk", f"{there} cannot be written to: give write access.")
        elif free < LEAST_FREE:
            yield Finding(Mark.LOOK, "disk", f"{there} has only {free // 1024**2} MB left: make room.")
        else:
            yield Finding(Mark.WELL, "disk", f"{there} can be written to and has {free // 1024**3} GB left.")


def database() -> Iterator[Finding]:
    session = db.session()
    version = session.scalar(text("show server_version"))
    yield Finding(Mark.WELL, "database", f"PostgreSQL {str(version).split()[0]} answers.")
    at, newest = MigrationContext.configure(session.connection()).get_current_revision(), health.head()
    if at != newest:
        yield Finding(Mark.WRONG, "migrations", f"The tables stand at {at}, not at {newest}: run flask db upgrade.")
        return
    yield Finding(Mark.WELL, "migrations", f"The tables stand at {newest}, the newest.")
    yield from jobs()
    yield from letters()
    silent = current_app.extensions["prima.never_reminded"]()
    yield Finding(
        Mark.LOOK if silent else Mark.WELL, "reminders", silent or "Everybody who owes something was reminded."
    )


def jobs() -> Iterator[Finding]:
    session = db.session()
    if scheduler.alive(session):
        found = scheduler.seats(session)
        leader = next((seat.where for seat in found if seat.leads), "another machine")
        others = sum(not seat.leads for seat in found)
        yield Finding(Mark.WELL, "scheduler", f"{leader} leads, {others} stand by.")
    else:
        yield Finding(Mark.WRONG, "scheduler", "None has shown itself within a minute: start flask scheduler.")
    troubles = [one for one in scheduler.conditions(session, JOBS) if one.problem]
    for one in troubles:
        yield Finding(Mark.WRONG, "jobs", one.problem)
    if not troubles:
        yield Finding(Mark.WELL, "jobs", f"All {len(JOBS)} ran in their time.")


def letters() -> Iterator[Finding]:
    session = db.session()
    counts = postmaster.counts(session)
    yield Finding(Mark.WELL, "letters", f"{counts.waiting} wait, {counts.sent} were sent within a day.")
    if counts.oldest_at and (clock.now() - counts.oldest_at).total_seconds() > WAITS_LONG:
        yield Finding(Mark.LOOK, "letters", f"The oldest has waited since {counts.oldest_at:%Y-%m-%d %H:%M} UTC.")
    if counts.dead:
        words = f"{counts.dead} were given up: flask outbox list --state dead, then flask outbox retry."
        yield Finding(Mark.LOOK, "letters", words)
    if refused := postmaster.refused(session):
        words = f"{len(refused)} addresses refuse letters: {', '.join(list(refused)[:5])}. Mend them in the accounts."
        yield Finding(Mark.LOOK, "letters", words)
