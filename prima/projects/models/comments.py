"""What people say about a section of a proposal, open until somebody resolves it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
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
    sections: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """Further sections that the reason of a return is tied to."""
    anchor: Mapped[str] = mapped_column(default="", server_default="")
    """The line of the section that it is about, as the frozen version names it; empty: the whole section."""
    quote: Mapped[str] = mapped_column(default="", server_default="")
    """What that line said, for whoever reads the comment after it has changed."""
    round_number: Mapped[int | None]
    """The round whose version it was made on, by a reviewer or somebody who decides."""
    seat: Mapped[str] = mapped_column(default="", server_default="")
    """The clearance it was made in (models.Clearance.seat); empty: said as oneself."""
    needs_answer: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Made by a reviewer, or by somebody who decides: the team answers it before it submits again."""
    answered_at: Mapped[datetime | None]
    """When the team answered last; empty again when the reviewer asks on."""
    published_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    """Empty (by `null()`: a bare None takes the default) while it is a reviewer's draft, which only its seat sees."""
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    project: Mapped[Project] = relationship(back_populates="comments", lazy="raise")
    author: Mapped[User] = relationship(foreign_keys=[author_id], lazy="raise")
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id], lazy="raise")
    replies: Mapped[list[Reply]] = relationship(back_populates="comment", lazy="raise", order_by="Reply.id")

    @property
    def is_unanswered(self) -> bool:
        return (
            self.needs_answer
            and self.published_at is not None
            and self.answered_at is None
            and self.resolved_at is None
        )


class Reply(Model):
    """What was said to a comment: the team's answer, or what the reviewer asks on."""

    __tablename__ = "comment_reply"

    id: Mapped[Key]
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)

    comment: Mapped[Comment] = relationship(back_populates="replies", lazy="raise")
    author: Mapped[User] = relationship(lazy="raise")
