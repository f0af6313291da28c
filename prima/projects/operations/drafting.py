"""Opening a project for writing under its lock, and the trace that each save leaves."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, object_session

from prima import clock
from prima.errors import Refused
from prima.journal import Entry, plain, record
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import Project
from prima.projects.rules import count_words
from prima.users import User


def opened(project: Project, *, actor: User, action: Action = Action.EDIT_PROPOSAL) -> Project:
    """The project under its row lock; the right is asked again there."""
    fresh = queries.locked(project.id)
    if not can(actor, action, fresh):
        raise Refused(_("The project has moved on meanwhile, and this part can no longer be changed by you."))
    return fresh


def written(project: Project, part: str, *, actor: User, **data: Any) -> None:
    """Note that somebody wrote in a part; from now on an imported project is held to every rule."""
    project.as_imported = False
    project.updated_at = clock.now()
    record(project, part, actor=actor, **data)


def last_writer(project: Project, part: str) -> str:
    """Who saved a part last, for those who meet the change."""
    entry = session_of(project).scalar(
        select(Entry)
        .where(Entry.subject_kind == Project.__tablename__, Entry.subject_id == project.id, Entry.event == part)
        .order_by(Entry.number.desc())
        .limit(1)
        .options(joinedload(Entry.actor))
    )
    return entry.actor.name if entry and entry.actor else _("Somebody else")


def session_of(project: Project) -> Session:
    session = object_session(project)
    assert session is not None, "a project is loaded or added before it is written in"
    return session


def fingerprint(value: Any) -> str:
    """The same for equal values, however they were typed (2, 2.00); tells whether somebody changed something."""
    text = json.dumps(_canonical(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def version_of(value: Any) -> int:
    """A number in place of a version, for parts whose rows are saved all together."""
    return int(fingerprint(value)[:12], 16)


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _canonical(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    if hasattr(value, "normalize"):
        return format(value.normalize() + 0, "f")
    return plain(value)


def seal(text: str) -> dict[str, Any]:
    """What the journal keeps of a long text: enough to prove which one it was."""
    return {"words": count_words(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
