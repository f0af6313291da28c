"""What is confirmed before a project is closed, line by line of the edition's checklists."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Model
from prima.projects.models.project import Project
from prima.users import User


class Closing(StrEnum):
    """Which closure a checklist belongs to."""

    OPERATIONAL = "operational"
    FINANCIAL = "financial"


class Confirmation(Model):
    """A line of a closure checklist that somebody confirmed, with what they noted."""

    __tablename__ = "closing_confirmation"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    closing: Mapped[Closing] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str] = mapped_column(default="")

    project: Mapped[Project] = relationship(lazy="raise")
    by: Mapped[User] = relationship(lazy="raise")
