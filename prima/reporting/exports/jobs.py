"""Exports in the background, as they are looked up: a person's own, and by which rights one was made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sqlalchemy import func, select

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


def before(job: ExportJob) -> int:
    """How many exports, of anybody, come first."""
    earlier = select(func.count()).where(ExportJob.state.in_(OPEN), ExportJob.id < job.id)
    return db.session.scalar(earlier) or 0


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
