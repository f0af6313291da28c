"""What a person keeps at hand: bookmarked and recently opened projects, with status and what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ARRAY, Text, any_, bindparam, or_, select, true, union_all

from prima import kept
from prima.db import db
from prima.endorsement.steps import DESKS
from prima.handbook.published import HandbookEdition
from prima.lists import StatusName
from prima.projects.models import Bookmark, Project
from prima.projects.stages import Status
from prima.projects.visibility import told_apart, visible_projects
from prima.reporting.calendar import EXTENSION_REQUEST
from prima.reporting.models import Deadline
from prima.reporting.steps import OWING, deadline_name
from prima.users import User

MOST_BOOKMARKS = 20
"""So many are shown at hand; all of them stand in the list."""


@dataclass(frozen=True)
class Near:
    """A project at hand. `next` is empty when nothing more is to come; only a report has a due date."""

    reference: str
    code: str | None
    title: str
    status: Status
    status_name: str
    bookmarked_at: datetime | None
    next: str
    due_on: date | None

    @property
    def name(self) -> str:
        return self.code or self.reference


def nearby(viewer: User, opened: Sequence[str]) -> tuple[list[Near], list[Near], bool]:
    """Of what the viewer may see now: bookmarks, newest first; what was opened, in that order; if there are more."""
    query = kept.question(("what is near", told_apart(viewer)), lambda: _asked(viewer))
    found = []
    for reference, code, title, status, said, made_at, edition, kind, own, due_on in db.session.execute(
        query, {"opened": list(opened)}
    ):
        owed = kind is not None and status in OWING
        what = deadline_name(edition.handbook, kind, own) if owed else _coming(status)
        found.append(Near(reference, code, title, status, said, made_at, what, due_on if owed else None))
    marked = sorted(((one.bookmarked_at, one) for one in found if one.bookmarked_at), key=lambda pair: pair[0])
    bookmarks = [one for _at, one in reversed(marked)]
    by_name = {name: one for one in found for name in (one.reference, one.code) if name}
    recent = list(dict.fromkeys(by_name[name] for name in opened if name in by_name))
    return bookmarks[:MOST_BOOKMARKS], recent, len(bookmarks) > MOST_BOOKMARKS


def _asked(viewer: User) -> Any:
    """What is at hand, in no order; the names of what was `opened` are put into it."""
    marked = (
        visible_projects(viewer, Project.id, Bookmark.made_at)
        .join(Bookmark, (Bookmark.project_id == Project.id) & (Bookmark.user_id == viewer.id))
        .order_by(Bookmark.made_at.desc(), Project.id)
        .limit(MOST_BOOKMARKS + 1)
        .subquery("marked")
    )
    opened: Any = bindparam("opened", type_=ARRAY(Text))
    named = select(Project.id).where(or_(Project.reference == any_(opened), Project.code == any_(opened)))
    ids = union_all(select(marked.c.id), named)
    coming = (
        select(Deadline.kind, Deadline.name, Deadline.due_on)
        .where(Deadline.project_id == Project.id, Deadline.is_open, Deadline.kind != EXTENSION_REQUEST)
        .order_by(Deadline.due_on, Deadline.id)
        .limit(1)
        .lateral("coming")
    )
    columns = (Project.reference, Project.code, Project.title, Project.status, StatusName.name, marked.c.made_at)
    return (
        visible_projects(viewer, *columns, HandbookEdition, coming.c.kind, coming.c.name, coming.c.due_on)
        .join(StatusName, StatusName.code == Project.status)
        .join(HandbookEdition, HandbookEdition.id == Project.edition_id)
        .outerjoin(marked, marked.c.id == Project.id)
        .outerjoin(coming, true())
        .where(Project.id.in_(ids))
    )


def _coming(status: Status) -> str:
    """What is done next with something that owes no report."""
    if status in (Status.CONCEPT, Status.DRAFT):
        return _("Write it and submit it")
    if status is Status.REVIEW:
        return _("Reviewers give their clearances")
    return str(DESKS[status].says) if status in DESKS else ""
