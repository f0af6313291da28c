"""Rounds of review with the version they froze, the decisions and clearances of a round, and the answers to checks."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Json, Key, Model
from prima.projects.models import Document, Project, Step
from prima.users import Role, User


class Verdict(StrEnum):
    """What a reviewer picked."""

    CLEAR = "clear"
    COMMENTS = "clear_with_comments"
    RETURN = "return"


RETURNED_IT = "returned"


class CheckAnswer(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "na"


class Round(Model):
    """One submission of a proposal: number, when, by whom, and the frozen version that is reviewed.

    Only the newest round of a project is open; `closed_at` is set when the proposal goes back or comes in again.
    """

    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        Index("ix_round_project", "id", postgresql_include=["project_id"]),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None]
    snapshot: Mapped[Json] = mapped_column(deferred=True)
    sha256: Mapped[str]

    project: Mapped[Project] = relationship(lazy="raise")
    submitted_by: Mapped[User] = relationship(lazy="raise")
    clearances: Mapped[list[Clearance]] = relationship(back_populates="round", lazy="raise", order_by="Clearance.id")
    decisions: Mapped[list[Decision]] = relationship(back_populates="round", lazy="raise", order_by="Decision.step_id")

    def clearance(self, seat: str) -> Clearance | None:
        return next((one for one in self.clearances if one.seat == seat), None)


class Decision(Model):
    """In which role a step of the life cycle was decided, on which round, and the sections a return is tied to."""

    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"), primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    role: Mapped[Role]
    sections: Mapped[list[str]] = mapped_column(JSONB, default=list)

    step: Mapped[Step] = relationship(lazy="raise")
    round: Mapped[Round] = relationship(back_populates="decisions", lazy="raise")
    exchange: Mapped[Exchange | None] = relationship(
        primaryjoin="foreign(Decision.step_id) == Exchange.step_id", viewonly=True, lazy="raise"
    )


class Exchange(Model):
    """What went to the donor, or came back: the day on the letter, and the letter as it was filed."""

    __tablename__ = "donor_exchange"

    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"), primary_key=True)
    dated_on: Mapped[date | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    step: Mapped[Step] = relationship(lazy="raise")
    document: Mapped[Document | None] = relationship(lazy="raise")


class Clearance(Model):
    """One reviewer's answer on a round. Open while `verdict` is empty; what is drafted only that reviewer's seat sees.

    `seat` names it within the round and in URLs: the reviewer of the edition (RPDO, RPDO-BRU), for a thematic
    specialist with the area of work (RTS.MHD).
    """

    __table_args__ = (
        UniqueConstraint("round_id", "seat"),
        Index("ix_clearance_open", "role", "round_id", postgresql_where="verdict is null"),
        Index("ix_clearance_open_due", "due_on", postgresql_where="verdict is null"),
        Index("ix_clearance_open_fallback", "fallback", postgresql_where="verdict is null and fallback is not null"),
        Index("ix_clearance_open_place", "place", postgresql_where="verdict is null and place is not null"),
        Index(
            "ix_clearance_answered",
            "decided_at",
            postgresql_include=["round_id", "role", "opened_at", "due_on"],
            postgresql_where="decided_at is not null and stands_id is null",
        ),
    )

    id: Mapped[Key]
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    seat: Mapped[str] = mapped_column(default=lambda context: context.get_current_parameters()["role"])
    reviewer: Mapped[str] = mapped_column(default=lambda context: context.get_current_parameters()["role"])
    """What the edition's checks and sections call the reviewer."""
    role: Mapped[Role]
    scope: Mapped[str] = mapped_column(default="region", server_default="region")
    """Where the role sits: office, region, headquarters, or named (`place`)."""
    place: Mapped[str | None] = mapped_column(ForeignKey("regional_office.code"))
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """The areas of work that a thematic review looks at."""
    specialist: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether only people whose grant names these areas hold the seat."""
    fallback: Mapped[Role | None]
    """The role that answers while nobody can in the role itself."""
    required: Mapped[bool] = mapped_column(default=True)
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_on: Mapped[date | None]
    verdict: Mapped[Verdict | None]
    note: Mapped[str] = mapped_column(default="")
    sections: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """The codes of the sections that a return asks to be changed."""
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    gender_marker_code: Mapped[str | None] = mapped_column(ForeignKey("gender_marker.code"))
    """The gender marker as the reviewer sees it, where it is not the developer's."""
    gender_marker_reason: Mapped[str] = mapped_column(default="", server_default="")
    stands_id: Mapped[int | None] = mapped_column(ForeignKey("clearance.id"))
    """The clearance of an earlier round that stands on this version, because no section of this role changed."""
    again: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """Why it is asked again on this version: the codes of its sections that changed, or RETURNED_IT."""
    version: Mapped[int] = mapped_column(default=1)

    fallen = False
    """Whether nobody can answer in the role itself, so that the fallback does; no column (queries.people.judged)."""

    round: Mapped[Round] = relationship(back_populates="clearances", lazy="raise")
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id], lazy="raise")
    behalf_of: Mapped[User | None] = relationship(foreign_keys=[behalf_of_id], lazy="raise")
    stands: Mapped[Clearance | None] = relationship(remote_side="Clearance.id", lazy="raise")
    answers: Mapped[list[Answer]] = relationship(
        back_populates="clearance", lazy="raise", order_by="Answer.id", cascade="all, delete-orphan"
    )

    @property
    def project(self) -> Project:
        return self.round.project

    @property
    def is_open(self) -> bool:
        return self.verdict is None

    @property
    def is_given(self) -> bool:
        return self.verdict in (Verdict.CLEAR, Verdict.COMMENTS)


class Answer(Model):
    """A reviewer's answer to one check of the edition; a note may stand before the answer does."""

    __table_args__ = (UniqueConstraint("clearance_id", "check_code"),)

    id: Mapped[Key]
    clearance_id: Mapped[int] = mapped_column(ForeignKey("clearance.id"))
    check_code: Mapped[str]
    answer: Mapped[CheckAnswer | None]
    note: Mapped[str] = mapped_column(default="")

    clearance: Mapped[Clearance] = relationship(back_populates="answers", lazy="raise")


class Claim(Model):
    """Who of the people at one desk has taken a proposal up: a seat of the round, or the role that decides there.

    It ends when the proposal leaves that desk.
    """

    __tablename__ = "desk_claim"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    since_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship(lazy="raise")


class Reading(Model):
    """The newest round whose version a person has read, by saving an answer on it or by saying so."""

    __tablename__ = "version_read"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    round_number: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)
