"""The ex-post evaluation: who evaluates on what terms, what was found, and what is done about it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.projects.models import Document, Project
from prima.reporting.models.deadlines import Deadline
from prima.users import User


class Evaluation(Model):
    """One evaluation of a project. Its window is that of its deadline, its report's texts are the deadline's report."""

    __table_args__ = (UniqueConstraint("deadline_id"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadline.id"))
    terms: Mapped[str] = mapped_column(default="")
    """Terms of reference: purpose, questions, method."""
    terms_document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    evaluator_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    starts_on: Mapped[date | None]
    received_on: Mapped[date | None]
    """When the evaluation report was handed in first: the management response is due from then on."""
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")
    deadline: Mapped[Deadline] = relationship(lazy="raise")
    terms_document: Mapped[Document | None] = relationship(lazy="raise")
    evaluator: Mapped[User | None] = relationship(lazy="raise")
    ratings: Mapped[list[Rating]] = relationship(back_populates="evaluation", lazy="raise", order_by="Rating.id")
    findings: Mapped[list[Finding]] = relationship(
        back_populates="evaluation", lazy="raise", order_by="Finding.position"
    )
    recommendations: Mapped[list[Recommendation]] = relationship(
        back_populates="evaluation", lazy="raise", order_by="Recommendation.position"
    )


class Rating(Model):
    """The judgement on one criterion; criteria and words are the edition's."""

    __tablename__ = "evaluation_rating"
    __table_args__ = (UniqueConstraint("evaluation_id", "criterion"),)

    id: Mapped[Key]
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    criterion: Mapped[str]
    rating: Mapped[str | None]
    why: Mapped[str] = mapped_column(default="")

    evaluation: Mapped[Evaluation] = relationship(back_populates="ratings", lazy="raise")


class Finding(Model):
    id: Mapped[Key]
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    position: Mapped[int]
    text: Mapped[str]
    criterion: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    evaluation: Mapped[Evaluation] = relationship(back_populates="findings", lazy="raise")


class Response(StrEnum):
    """What management says to a recommendation."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"


class FollowUp(StrEnum):
    OPEN = "open"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


class Recommendation(Model):
    """A recommendation with the management's response, who does it until when, and how far that is."""

    __table_args__ = (Index("ix_recommendation_due", "due_on", postgresql_where="follow_up in ('open', 'under_way')"),)

    id: Mapped[Key]
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    position: Mapped[int]
    text: Mapped[str]
    response: Mapped[Response | None]
    response_text: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date | None]
    follow_up: Mapped[FollowUp] = mapped_column(default=FollowUp.OPEN)
    follow_up_note: Mapped[str] = mapped_column(default="")
    followed_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    evaluation: Mapped[Evaluation] = relationship(back_populates="recommendations", lazy="raise")
    owner: Mapped[User | None] = relationship(lazy="raise")
