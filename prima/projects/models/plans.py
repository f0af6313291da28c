"""Risks with their treatment, and partners with their role and agreement."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Key, Model
from prima.projects.models.project import Project


class Risk(Model):
    """A risk of the internal annex. Consequence and likelihood are codes of the risk scales (C1-C6, L1-L6)."""

    __table_args__ = (CheckConstraint("position > 0", name="position"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    position: Mapped[int]
    factor: Mapped[str]
    consequence_code: Mapped[str | None] = mapped_column(ForeignKey("risk_scale.code"))
    likelihood_code: Mapped[str | None] = mapped_column(ForeignKey("risk_scale.code"))
    timing: Mapped[str] = mapped_column(default="")
    treatment_code: Mapped[str | None] = mapped_column(ForeignKey("risk_scale.code"))
    action: Mapped[str] = mapped_column(default="")
    owner: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="risks", lazy="raise")


class Agreement(StrEnum):
    """How far an agreement with a partner has come."""

    NONE = "none"
    PLANNED = "planned"
    SIGNED = "signed"


class Partner(Model):
    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default="")
    agreement: Mapped[Agreement] = mapped_column(default=Agreement.NONE)
    agreement_reference: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="partners", lazy="raise")
