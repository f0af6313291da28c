"""Changes of a running project: what is asked, before and after, who decided; and the versions that they lead to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Json, Key, Model
from prima.projects.changes import ChangeKind, ChangeState
from prima.projects.models.documents import Document
from prima.projects.models.project import Project
from prima.users import User


class Change(Model):
    """One change. `before` and `after` hold what it changes and nothing else, each in the form of its kind."""

    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        Index(
            "uq_change_under_way",
            "project_id",
            "kind",
            unique=True,
            postgresql_where="state in ('draft', 'asked', 'endorsed', 'returned')",
        ),
        Index("ix_change_waiting", "state", "project_id", postgresql_where="state in ('asked', 'endorsed')"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 within the project."""
    kind: Mapped[ChangeKind]
    state: Mapped[ChangeState] = mapped_column(default=ChangeState.DRAFT)
    state_since: Mapped[datetime] = mapped_column(default=clock.now)
    reason: Mapped[str] = mapped_column(default="")
    effect: Mapped[str] = mapped_column(default="")
    """What it means for results, time and money."""
    counterpart_agreed_on: Mapped[date | None]
    """When the counterpart agreed; its letter is `agreement`."""
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    before: Mapped[Json] = mapped_column(default=dict)
    """As it stood when the change was asked for."""
    after: Mapped[Json] = mapped_column(default=dict)
    free: Mapped[bool] = mapped_column(default=False)
    """Within what the edition leaves to the manager: recorded, decided by nobody."""
    asked_on: Mapped[date | None]
    """The day at the office on which it was first sent."""
    late_days: Mapped[int] = mapped_column(default=0)
    """How many days after the last day for asking; 0: in time."""
    decided_on: Mapped[date | None]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="changes", lazy="raise")
    made_by: Mapped[User] = relationship(lazy="raise")
    agreement: Mapped[Document | None] = relationship(lazy="raise")
    steps: Mapped[list[ChangeStep]] = relationship(back_populates="change", lazy="raise", order_by="ChangeStep.id")


class ChangeStep(Model):
    """One move of a change: asked, endorsed, approved, returned, refused, withdrawn."""

    id: Mapped[Key]
    change_id: Mapped[int] = mapped_column(ForeignKey("change.id"), index=True)
    move: Mapped[str]
    target: Mapped[ChangeState]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str] = mapped_column(default="")
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    """The donor's letter, where the step writes down the donor's answer."""

    change: Mapped[Change] = relationship(back_populates="steps", lazy="raise")
    actor: Mapped[User] = relationship(foreign_keys=[actor_id], lazy="raise")
    behalf_of: Mapped[User | None] = relationship(foreign_keys=[behalf_of_id], lazy="raise")
    letter: Mapped[Document | None] = relationship(lazy="raise")


class Version(Model):
    """The project as it was approved, frozen at activation (1) and by each approved change. Never changed."""

    __tablename__ = "project_version"
    __table_args__ = (UniqueConstraint("project_id", "number"), CheckConstraint("number > 0", name="number"))

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), unique=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    snapshot: Mapped[Json] = mapped_column(deferred=True)
    """As snapshot.snapshot freezes a proposal, with the dates and people of the running project."""
    sha256: Mapped[str]

    project: Mapped[Project] = relationship(lazy="raise")
    change: Mapped[Change | None] = relationship(lazy="raise")
    by: Mapped[User] = relationship(lazy="raise")
