"""Of a letter that reminds: about which project and what, at which step of the ladder, and why this person got it."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Model
from prima.outbox import Letter
from prima.projects.models import Project


class About(StrEnum):
    """What somebody is reminded of."""

    REPORT = "report"
    EVALUATION = "evaluation"
    EXTENSION = "extension"
    MILESTONE = "milestone"
    RECOMMENDATION = "recommendation"
    REVIEW = "review"


class Reason(StrEnum):
    """Why a person gets a reminder."""

    MANAGER = "manager"
    ALTERNATE = "alternate"
    EVALUATOR = "evaluator"
    OWNER = "owner"
    REVIEWER = "reviewer"
    REGION = "region"
    FUND = "fund"


class Reminder(Model):
    """Written with its letter, in one transaction; when it went, and what became of it, the letter says."""

    __table_args__ = (Index("ix_reminder_project_id_letter_id", "project_id", "letter_id"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    about: Mapped[About]
    step: Mapped[str]
    """The code of the step: opening, before-30, day, after-7 ..."""
    reason: Mapped[Reason | None]
    """Nobody knows any more of what was written before this was kept."""

    letter: Mapped[Letter] = relationship(lazy="raise")
    project: Mapped[Project] = relationship(lazy="raise")
