"""An export is asked for, cancelled, made in the background in its turn, and cleared away."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs

from flask_babel import gettext as _
from sqlalchemy import Connection, Engine, delete, exists, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from prima import clock, outbox
from prima.db import db
from prima.errors import Refused
from prima.languages import words
from prima.reporting import exports, portfolio
from prima.reporting.exports import jobs
from prima.reporting.models import ExportFormat, ExportJob, ExportState
from prima.reporting.portfolio import Reading
from prima.scheduler import Stop, Unfinished
from prima.sessions import with_rights
from prima.spreadsheets import Sheet, Unwritable, write, write_archive
from prima.users import User

ROWS_AT_ONCE = 20_000
"""An export of no more rows, on all its sheets together, is made while the person waits."""
MOST_OPEN = 3
"""So many exports may wait or run for one person."""
KEPT = timedelta(hours=24)
REMEMBERED = timedelta(days=7)
"""How long one may read that there was an export, once its file is gone."""
SILENT = timedelta(seconds=60)
"""An export that was begun and has not shown itself for so long is taken up again: its process was killed."""
BEAT = 1.0
"""Seconds between two looks whether it is still wanted."""
MOST_TRIES = 3
COMING = ".coming-"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
PATH = "/export/{}"

S = ExportState


class Ended(Exception):
    """The export is not wanted any more, or somebody else has taken it up."""


class Interrupted(Exception):
    """The process is to end; the export goes on later, from its start."""


def ask(*, actor: User, query: str, sheets: Sequence[str], format: ExportFormat, total_rows: int) -> ExportJob:
    """Have an export made. One that waits already is not made twice. Raises Refused when too many wait."""
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    mine = select(ExportJob).where(ExportJob.owner_id == actor.id, ExportJob.state.in_(jobs.OPEN))
    waiting = list(db.session.scalars(mine))
    for one in waiting:
        if (one.query, list(one.sheets), one.format, one.state) == (query, list(sheets), format, S.WAITING):
            return one
    if len(waiting) >= MOST_OPEN:
        raise Refused(
            _("%(count)s of your exports are being made. Wait until one is done, or cancel one.", count=len(waiting))
        )
    job = ExportJob(owner_id=actor.id, query=query, sheets=list(sheets), format=format, total_rows=total_rows)
    db.session.add(job)
    db.session.flush()
    return job


def cancel(job: ExportJob, *, actor: User) -> None:
    """End an export that waits or runs; whoever makes it sees it at its next look."""
    if job.owner_id != actor.id:
        raise Refused(_("Only who asked for an export can cancel it."))
    ended = db.session.execute(
        update(ExportJob)
        .where(ExportJob.id == job.id, ExportJob.state.in_(jobs.OPEN))
        .values(state=S.CANCELLED, ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise Refused(_("This export has ended already."))


def at_once(
    file: BinaryIO,
    viewer: User | None,
    reading: Reading,
    names: Sequence[str],
    format: ExportFormat,
    *,
    url: str,
    most: int | None = None,
) -> dict[str, int]:
    """Write the sheets of these names, or all; rows by sheet. Nothing where there are more rows than `most`."""
    with exports.at_one_moment(db.engine) as connection:
        asked = exports.ask(connection, viewer, reading)
        chosen = exports.tables(asked, names)
        if most is not None and not _is_small(connection, asked, chosen, most):
            return {}
        cover = exports.cover(asked, made_at=clock.now(), url=url)
        return write_file(file, format, exports.sheets(connection, chosen, cover))


def _is_small(connection: Connection, asked: exports.Asked, chosen: Sequence[exports.Table], most: int) -> bool:
    """Projects first: where they are too many, nothing else is counted."""
    projects = exports.count(connection, exports.tables(asked, [exports.PROJECTS]))[exports.PROJECTS]
    return projects <= most and sum(exports.count(connection, chosen).values()) <= most


# -- making them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Workshop:
    """Where exports are made: the database, the folder of the files, and the address of this installation."""

    bind: Engine | Connection
    folder: Path
    base_url: str

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction of its own, kept at once."""
        with Session(self.bind, join_transaction_mode="create_savepoint") as session, session.begin():
            yield session


def make_waiting(workshop: Workshop, stop: Stop) -> int:
    """Make what waits, each in its turn, until nothing does; how many were taken up. Several may do so at once."""
    number = 0
    while not stop() and (job := take(workshop)):
        number += 1
        make(workshop, job, stop)
    return number


def take(workshop: Workshop) -> ExportJob | None:
    """Take up what is next: of everybody one at a time, and of those whose turn it is the oldest.

    What its process left comes again. Those who take at once take one after another, so nobody takes the same, nor a
    second one of the same person.
    """
    now = clock.now()
    left = (ExportJob.state == S.RUNNING) & (ExportJob.beat_at < now - SILENT)
    other = aliased(ExportJob)
    has_one = exists(
        select(other.id).where(
            other.owner_id == ExportJob.owner_id,
            other.id != ExportJob.id,
            other.state == S.RUNNING,
            other.beat_at >= now - SILENT,
        )
    )
    next_one = (
        select(ExportJob.id)
        .where(or_(ExportJob.state == S.WAITING, left), ~has_one)
        .order_by(*jobs.in_turn(ExportJob))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with workshop.session() as session:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("take up an export"))))
        session.expire_on_commit = False
        number = session.scalar(next_one)
        if number is None:
            return None
        return session.scalar(
            update(ExportJob)
            .where(ExportJob.id == number)
            .values(state=S.RUNNING, started_at=now, beat_at=now, tries=ExportJob.tries + 1, done_rows=0)
            .returning(ExportJob)
            .execution_options(synchronize_session=False)
        )


def make(workshop: Workshop, job: ExportJob, stop: Stop) -> None:
    """Make the file of an export that was taken up, and write to its owner; what goes wrong is said on its page."""
    try:
        if job.tries > MOST_TRIES:
            raise Refused(
                _("The export was interrupted %(count)s times. Choose fewer sheets or projects.", count=job.tries - 1)
            )
        _make(workshop, job, stop)
    except Ended:
        return
    except Interrupted:
        _end(workshop, job, state=S.WAITING, tries=job.tries - 1, started_at=None, beat_at=None)
    except Refused as refusal:
        _fail(workshop, job, str(refusal))
    except Unwritable as error:
        _fail(workshop, job, _("No workbook can hold this (%(why)s) Choose CSV.", why=str(error)))
    except OSError as error:
        full = error.errno in FULL
        _fail(
            workshop,
            job,
            _("There is no room left for the file. Whoever runs PRIMA has to make some; then ask for it again.")
            if full
            else _("The file could not be written. Whoever runs PRIMA finds the reason in the list of jobs."),
        )
        raise Unfinished(f"EXPORTS_DIR ({workshop.folder}): {error.strerror}") from error
    except DBAPIError:
        raise  # the database went away: it is taken up again
    except Exception:
        _fail(workshop, job, _("The export failed. Whoever runs PRIMA finds the reason in the list of jobs."))
        raise


def _make(workshop: Workshop, job: ExportJob, stop: Stop) -> None:
    owner = db.session.scalars(select(User).where(User.id == job.owner_id).options(*with_rights())).one()
    if not owner.active:
        raise Refused(_("The account was closed."))
    rights = jobs.rights_of(owner)  # before anything is read: who loses a right meanwhile does not get the file
    reading = portfolio.read(owner, parse_qs(job.query))
    if reading.problems:
        raise Refused([*reading.problems, _("Choose the filters anew, and ask for the export again.")])
    draft = workshop.folder / f"{COMING}{job.id}-{job.tries}"
    try:
        with exports.at_one_moment(workshop.bind) as connection:
            asked = exports.ask(connection, owner, reading)
            chosen = exports.tables(asked, job.sheets)
            counts = exports.count(connection, exports.tables(asked, [exports.PROJECTS, *job.sheets]))
            if not counts[exports.PROJECTS]:
                raise Refused(_("No project that you may see fits these filters any more: there is nothing to export."))
            if job.format is ExportFormat.EXCEL and (long := exports.too_long(counts)):
                raise Refused(
                    _(
                        "A workbook cannot hold all rows of: %(sheets)s. Choose CSV, or filter more.",
                        sheets=", ".join(long),
                    )
                )
            total = sum(counts[one.name] for one in chosen)
            progress = Progress(workshop, job, total, stop)
            cover = exports.cover(asked, made_at=clock.now(), url=f"{workshop.base_url}/projects?{job.query}")
            with _private(draft) as file:
                write_file(file, job.format, exports.sheets(connection, chosen, cover, progress.told))
                file.flush()
                os.fsync(file.fileno())
            progress.look()
        size = draft.stat().st_size
        draft.replace(jobs.place(workshop.folder, job))
        _done(workshop, job, owner, rights, size, total)
    finally:
        draft.unlink(missing_ok=True)


def write_file(file: BinaryIO, format: ExportFormat, sheets: Sequence[Sheet]) -> dict[str, int]:
    if format is ExportFormat.CSV:
        return write_archive(file, sheets)
    return write(file, sheets, created=clock.now())


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file that nobody else on the machine reads."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield file


class Progress:
    """How far an export is, written down once in a while; at the same time it learns whether it is still wanted."""

    def __init__(self, workshop: Workshop, job: ExportJob, total: int, stop: Stop) -> None:
        self.workshop, self.job, self.total, self.stop = workshop, job, total, stop
        self.rows, self.looked = 0, time.monotonic()

    def told(self, rows: int) -> None:
        self.rows += rows
        if time.monotonic() - self.looked >= BEAT:
            self.look()

    def look(self) -> None:
        """Raises Ended when it was cancelled or taken up by another, Interrupted when the process is to end."""
        self.looked = time.monotonic()
        if self.stop():
            raise Interrupted
        if not _end(self.workshop, self.job, beat_at=clock.now(), done_rows=self.rows, total_rows=self.total):
            raise Ended


def _end(workshop: Workshop, job: ExportJob, also: Callable[[Session], Any] | None = None, **values: Any) -> bool:
    """Write down how it stands, if it is still this process that makes it."""
    ours = (ExportJob.id == job.id, ExportJob.state == S.RUNNING, ExportJob.tries == job.tries)
    with workshop.session() as session:
        changed = session.execute(
            update(ExportJob).where(*ours).values(**values).execution_options(synchronize_session=False)
        )
        found = bool(changed.rowcount)  # type: ignore[attr-defined]
        if found and also:
            also(session)
    return found


def _done(workshop: Workshop, job: ExportJob, owner: User, rights: str, size: int, total: int) -> None:
    now = clock.now()
    name = f"prima-projects-{now.date().isoformat()}.{job.format.value}"

    def tell(session: Session) -> None:
        subject, body = words(_ready)
        outbox.queue(
            session,
            to=owner,
            cause=f"export {job.id}",
            kind="export",
            subject=subject,
            body=body,
            path=PATH.format(job.id),
        )

    kept = _end(
        workshop, job, tell, state=S.DONE, done_rows=total, total_rows=total, file_name=name, size=size,
        rights=rights, ended_at=now, expires_at=now + KEPT, problem="",
    )  # fmt: skip
    if not kept:  # cancelled in the last moment
        jobs.place(workshop.folder, job).unlink(missing_ok=True)


def _ready() -> tuple[str, str]:
    """Subject and text of the letter to its owner."""
    hours = int(KEPT.total_seconds() // 3600)
    body = _(
        "The export of projects that you asked for is ready. It is kept for %(hours)s hours, for you alone.",
        hours=hours,
    )
    return _("Your export is ready"), body


def _fail(workshop: Workshop, job: ExportJob, problem: str) -> None:
    _end(workshop, job, state=S.FAILED, problem=problem, ended_at=clock.now())


# -- clearing away ----------------------------------------------------------------------------------------------------


def clear(session: Session, folder: Path) -> int:
    """Remove the files whose time is over, what was left half made, and what is long forgotten; how many files."""
    now = clock.now()
    over = (ExportJob.state == S.DONE) & (ExportJob.expires_at <= now)
    session.execute(update(ExportJob).where(over).values(state=S.EXPIRED).execution_options(synchronize_session=False))
    session.execute(
        delete(ExportJob)
        .where(ExportJob.state.not_in(jobs.OPEN), ExportJob.state != S.DONE, ExportJob.ended_at < now - REMEMBERED)
        .execution_options(synchronize_session=False)
    )
    session.commit()
    kept = {jobs.place(folder, one).name for one in session.scalars(select(ExportJob).where(ExportJob.state == S.DONE))}
    coming = tuple(
        f"{COMING}{one}-" for one in session.scalars(select(ExportJob.id).where(ExportJob.state == S.RUNNING))
    )
    number = 0
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            begun = file.name.startswith(coming) if coming else False
            if file.name not in kept and not begun and not _is_new(file):
                file.unlink(missing_ok=True)
                number += 1
    return number


def _is_new(file: Path) -> bool:
    """Moved into its place a moment ago: its row may not say so yet."""
    with suppress(FileNotFoundError):
        return datetime.fromtimestamp(file.stat().st_mtime, UTC) > clock.now() - SILENT
    return False
