"""What a project contributes to: the governance framework, SDG targets, cross-cutting themes, gender equality."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Model
from prima.lists import MigrationGovernance
from prima.projects.models.project import Project


class GovernanceMark(Model):
    """A principle or objective of the Migration Governance Framework that the project serves."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("migration_governance.code"), primary_key=True, index=True)

    project: Mapped[Project] = relationship(back_populates="governance", lazy="raise")
    listed: Mapped[MigrationGovernance] = relationship(lazy="raise")


class SdgMark(Model):
    """A target of the Sustainable Development Goals that the project serves."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("sdg_target.code"), primary_key=True, index=True)

    project: Mapped[Project] = relationship(back_populates="sdgs", lazy="raise")


class ThemeMark(Model):
    """A cross-cutting theme that the project handles, and how."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("cross_cutting_theme.code"), primary_key=True, index=True)
    note: Mapped[str] = mapped_column(default="")

    project: Mapped[Project] = relationship(back_populates="themes", lazy="raise")


class Extent(StrEnum):
    """Answers of the gender marker's questions."""

    YES = "yes"
    SOME = "some"
    NO = "no"


class GenderAnswers(Model):
    """The answers from which the gender marker code is suggested; the code itself stands with the project."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    needs_analysis: Mapped[Extent | None]
    outputs: Mapped[Extent | None]
    activities: Mapped[Extent | None]
    main_aim: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why another code than the suggested one was chosen."""
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="gender_answers", lazy="raise")
