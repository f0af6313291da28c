"""What people say about a section of a proposal, open until somebody resolves it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.projects.models.project import Project
from prima.users import User


class Comment(Model):
    __table_args__ = (Index("ix_comment_project_id_section_code", "project_id", "section_code"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    section_code: Mapped[str]
    """The code of the edition's section, a structured one too."""
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    project: Mapped[Project] = relationship(back_populates="comments", lazy="raise")
    author: Mapped[User] = relationship(foreign_keys=[author_id], lazy="raise")
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id], lazy="raise")
