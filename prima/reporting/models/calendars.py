"""The private address under which a person's calendar program reads deadlines, without signing in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.lists import RegionalOffice
from prima.projects.models import Project
from prima.users import User


class CalendarScope(StrEnum):
    """Whose deadlines a calendar holds: those that the person owes, or all of a project or a region."""

    PERSON = "person"
    PROJECT = "project"
    REGION = "region"


class CalendarAddress(Model):
    """Who knows the address reads the calendar, so the row holds only the hash of its secret part."""

    __table_args__ = (
        CheckConstraint("(scope = 'project') = (project_id is not null)", name="project"),
        CheckConstraint("(scope = 'region') = (region_code is not null)", name="region"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    scope: Mapped[CalendarScope]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regional_office.code"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
    project: Mapped[Project | None] = relationship(lazy="raise")
    region: Mapped[RegionalOffice | None] = relationship(lazy="raise")
