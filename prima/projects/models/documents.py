"""Filed documents: versions that are never overwritten; the bytes lie under DOCUMENTS_DIR by their checksum."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.lists import DocumentType
from prima.projects.models.project import Project
from prima.users import User

INTERNAL = frozenset({"RISK"})
"""Types of internal annexes: not for all staff, also once the project is endorsed."""


class Document(Model):
    __table_args__ = (UniqueConstraint("project_id", "type_code", "version"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    type_code: Mapped[str] = mapped_column(ForeignKey("document_type.code"))
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    """The State that wrote it, for letters."""
    file_name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    generated: Mapped[bool] = mapped_column(default=False)
    """Written by PRIMA itself, at a submission."""
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    filed_at: Mapped[datetime] = mapped_column(default=clock.now)

    project: Mapped[Project] = relationship(back_populates="documents", lazy="raise")
    correspondence: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """A letter from the donor: on the file, and no part of what was submitted."""

    type: Mapped[DocumentType] = relationship(lazy="raise")
    filed_by: Mapped[User] = relationship(lazy="raise")
