"""Lessons and good practice: what happened, why, and what one would advise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Model
from prima.projects.models import Project
from prima.reporting.models.deadlines import Deadline
from prima.searched import INDEXED, Searched
from prima.users import Journaled, User

WORDS = (
    "to_tsvector('simple'::regconfig, folded((((((title || ' '::text) || happened) || ' '::text) || why) || ' '::text)"
    " || advice))"
)
"""The words of a lesson without accents and case, as PostgreSQL writes the expression back."""


class LessonKind(StrEnum):
    LESSON = "lesson"
    CHALLENGE = "challenge"
    PRACTICE = "practice"


class Lesson(Searched, Journaled, Model):
    """A lesson, a challenge or a good practice of a project. One that was curated stands in the library."""

    __table_args__ = (
        # Its words as the library searches them: case and accents folded by the database's own `folded`.
        Index(
            "ix_lesson_words",
            text(WORDS),
            postgresql_using="gin",
        ),
        Index("ix_lesson_searched", "words", **INDEXED),
        Index("ix_lesson_tags", "tags", postgresql_using="gin"),
        Index("ix_lesson_curated", "curated_at", "id", postgresql_where="curated_at is not null"),
    )
    FOUND_BY = ("title", "happened", "why", "advice")

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    deadline_id: Mapped[int | None] = mapped_column(ForeignKey("deadline.id"), index=True)
    """The report (interim, final, evaluation) at which it was recorded."""
    kind: Mapped[LessonKind] = mapped_column(default=LessonKind.LESSON)
    title: Mapped[str]
    happened: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    advice: Mapped[str] = mapped_column(default="")
    """What one would do next time; for a challenge, how it was met."""
    area_code: Mapped[str | None] = mapped_column(ForeignKey("area_of_work.code"), index=True)
    """Its theme."""
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    stage: Mapped[str] = mapped_column(default="")
    """A stage of the edition."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]
    curated_at: Mapped[datetime | None]
    """Taken into the library, where all staff read it."""
    curated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")
    deadline: Mapped[Deadline | None] = relationship(lazy="raise")
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id], lazy="raise")
    curated_by: Mapped[User | None] = relationship(foreign_keys=[curated_by_id], lazy="raise")
