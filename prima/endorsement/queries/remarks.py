"""Comments as the people at a seat read them, with their own drafts; and which version a person has read."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from prima.db import db
from prima.endorsement.models import Reading
from prima.projects.models import Comment, Project
from prima.projects.queries import with_comments
from prima.users import User


def remarks(project: Project, seat: str) -> list[Comment]:
    """What was published, and what this seat drafts, in the order it was written, with replies."""
    drafted = and_(Comment.published_at.is_(None), Comment.seat == seat)
    asked = select(Comment).where(Comment.project_id == project.id, or_(Comment.published_at.is_not(None), drafted))
    return list(db.session.scalars(asked.options(*with_comments()).order_by(Comment.id)).unique())


def drafted(project: Project, seat: str) -> list[Comment]:
    asked = select(Comment).where(
        Comment.project_id == project.id, Comment.published_at.is_(None), Comment.seat == seat
    )
    return list(db.session.scalars(asked.order_by(Comment.id)))


def drafted_elsewhere(project: Project, seats: Iterable[str]) -> list[Comment]:
    """Every draft of a seat that is none of these, with who wrote it."""
    asked = select(Comment).where(
        Comment.project_id == project.id, Comment.published_at.is_(None), Comment.seat.not_in(list(seats))
    )
    return list(db.session.scalars(asked.options(joinedload(Comment.author, innerjoin=True)).order_by(Comment.id)))


def reading(project: Project, user: User) -> Reading | None:
    return db.session.get(Reading, (project.id, user.id))
