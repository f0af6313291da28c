"""Exports in the background, as they are looked up: a person's own, and by which rights one was made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from prima import clock, scheduler
from prima.db import db
from prima.projects.models import Party
from prima.reporting.models import ExportJob, ExportState
from prima.users import User

SHOWN = 10
LARGEST_ID = 2**63 - 1
OPEN = (ExportState.WAITING, ExportState.RUNNING)


def own(viewer: User, number: int) -> ExportJob | None:
    """Everybody sees their own alone."""
    if number > LARGEST_ID:
        return None
    return db.session.scalar(select(ExportJob).where(ExportJob.id == number, ExportJob.owner_id == viewer.id))


def newest(viewer: User) -> list[ExportJob]:
    """What the person had made last."""
    mine = select(ExportJob).where(ExportJob.owner_id == viewer.id)
    return list(db.session.scalars(mine.order_by(ExportJob.id.desc()).limit(SHOWN)))


def in_turn(job: Any) -> tuple[Any, Any]:
    """In which order exports are made: of everybody the first, then of everybody the second; among them the oldest.

    Whoever asks for several at once does not make others wait for all of them. The turn of one stays what it is while
    those before it are made: it counts the owner's own that came first, or were begun after it was asked for.
    """
    own = aliased(ExportJob)
    turn = (
        select(func.count())
        .where(
            own.owner_id == job.owner_id,
            own.id < job.id,
            or_(own.state == ExportState.WAITING, own.started_at >= job.made_at),
        )
        .correlate(job)
        .scalar_subquery()
    )
    return turn, job.id


def before(job: ExportJob) -> int:
    """How many exports, of anybody, come first."""
    waiting = aliased(ExportJob)
    turn, number = in_turn(waiting)
    place = select(turn.label("turn"), number.label("number"), waiting.state).where(waiting.state.in_(OPEN)).subquery()
    own = select(place.c.turn).where(place.c.number == job.id).scalar_subquery()
    first = or_(
        place.c.state == ExportState.RUNNING, tuple_(place.c.turn, place.c.number) < tuple_(own, literal(job.id))
    )
    return db.session.scalar(select(func.count()).select_from(place).where(first, place.c.number != job.id)) or 0


def can_run() -> bool:
    """Whether somebody is there who makes them."""
    return scheduler.alive(db.session())


def rights_of(viewer: User) -> str:
    """A mark of what in a person's rights decides what an export shows; another one when any of it changes."""
    held = sorted(
        [str(one.role), str(one.scope), one.office_id, one.region_code]
        for one in viewer.authorities(clock.today())
    )  # fmt: skip
    parts: list[int] = []
    if not viewer.staff:
        now = select(Party.project_id).where(Party.user_id == viewer.id, Party.until_at.is_(None)).distinct()
        parts = sorted(db.session.scalars(now))
    said = json.dumps([viewer.active, viewer.staff, held, parts], default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def place(folder: Path, job: ExportJob) -> Path:
    return folder / f"{job.id}.{job.format.value}"


def may_be_taken(job: ExportJob) -> bool:
    return job.state is ExportState.DONE and job.expires_at is not None and job.expires_at > clock.now()
