"""The written parts of a proposal: sections, planned beneficiaries, justifications of warnings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.projects.models.project import Project
from prima.searched import INDEXED, Searched
from prima.users import User


class Section(Searched, Model):
    """The text of one section; which sections there are, and their limits, stands in the edition."""

    __table_args__ = (UniqueConstraint("project_id", "code"), Index("ix_section_searched", "words", **INDEXED))
    FOUND_BY = ("text",)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    code: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    project: Mapped[Project] = relationship(back_populates="sections", lazy="raise")
    saved_by: Mapped[User | None] = relationship(lazy="raise")


class Reach(StrEnum):
    DIRECT = "direct"
    INDIRECT = "indirect"


class Counted(StrEnum):
    """What a number of beneficiaries counts."""

    PEOPLE = "people"
    SERVICES = "services"


class Beneficiaries(Model):
    """How many of a type are to be reached; sex and age are codes of the disaggregation list."""

    __table_args__ = (
        UniqueConstraint("project_id", "type_code", "reach", "sex_code", "age_code"),
        CheckConstraint("planned >= 0", name="planned"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    type_code: Mapped[str] = mapped_column(ForeignKey("beneficiary_type.code"))
    reach: Mapped[Reach]
    sex_code: Mapped[str] = mapped_column(ForeignKey("beneficiary_disaggregation.code"), default="SEX_OTHER")
    age_code: Mapped[str] = mapped_column(ForeignKey("beneficiary_disaggregation.code"), default="AGE_NOT")
    planned: Mapped[int]
    counted: Mapped[Counted | None]
    """Declared once, when the first number reached is recorded."""
    repeated: Mapped[bool | None]
    """Whether one person reached twice counts twice; declared with `counted`."""

    project: Mapped[Project] = relationship(back_populates="beneficiaries", lazy="raise")


class Justification(Model):
    """Why a warning of the edition's rules may be passed; the reviewer of the matching check accepts it or not."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    rule_code: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    project: Mapped[Project] = relationship(back_populates="justifications", lazy="raise")
