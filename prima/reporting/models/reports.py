"""Reports: their texts and figures, their moves, and why one was returned."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Json, Key, Model, Money
from prima.projects.models import Beneficiaries, Project
from prima.reporting.calendar import ReportState
from prima.reporting.models.deadlines import Deadline
from prima.users import User


class Report(Model):
    """A narrative or financial report: its state is a move of people, its timeliness is computed."""

    __table_args__ = (
        Index(
            "ix_report_waiting",
            "state",
            "deadline_id",
            postgresql_include=["state_since"],
            postgresql_where="state = 'submitted' or state = 'checked'",
        ),
    )

    id: Mapped[Key]
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadline.id"), unique=True)
    state: Mapped[ReportState] = mapped_column(default=ReportState.DRAFT)
    state_since: Mapped[datetime] = mapped_column(default=clock.now)
    first_submitted_on: Mapped[date | None]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was returned last."""
    shown: Mapped[Json | None]
    """What stood beside it when it was handed in last (standing.Standing): later figures do not change it."""
    sent_on: Mapped[date | None]
    """The day on which it was sent to the donor."""
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    deadline: Mapped[Deadline] = relationship(back_populates="report", lazy="raise")
    submitted_by: Mapped[User | None] = relationship(foreign_keys=[submitted_by_id], lazy="raise")
    saved_by: Mapped[User | None] = relationship(foreign_keys=[saved_by_id], lazy="raise")
    texts: Mapped[list[ReportText]] = relationship(back_populates="report", lazy="raise", order_by="ReportText.id")
    reached: Mapped[list[Reached]] = relationship(back_populates="report", lazy="raise", order_by="Reached.id")
    spending: Mapped[list[Spending]] = relationship(back_populates="report", lazy="raise", order_by="Spending.id")
    steps: Mapped[list[ReportStep]] = relationship(back_populates="report", lazy="raise", order_by="ReportStep.id")

    @property
    def project(self) -> Project:
        return self.deadline.project


class ReportText(Model):
    """The text of one part of a report; which parts there are stands in the edition."""

    __table_args__ = (UniqueConstraint("report_id", "code"),)

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    code: Mapped[str]
    text: Mapped[str] = mapped_column(default="")

    report: Mapped[Report] = relationship(back_populates="texts", lazy="raise")


class Reached(Model):
    """Beneficiaries reached in the report's period, of a planned group."""

    __table_args__ = (UniqueConstraint("report_id", "beneficiaries_id"), CheckConstraint("number >= 0", name="number"))

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    beneficiaries_id: Mapped[int] = mapped_column(ForeignKey("beneficiaries.id"))
    number: Mapped[int]

    report: Mapped[Report] = relationship(back_populates="reached", lazy="raise")
    group: Mapped[Beneficiaries] = relationship(lazy="raise")


class Spending(Model):
    """Spent and committed per budget line, cumulative from the project's start (Handbook, financial reports).

    Without a line the figures are those of the category: where a project has no lines, and in reports of older form.
    """

    __table_args__ = (
        UniqueConstraint("report_id", "category_code", "line_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("spent >= 0 and committed >= 0", name="amounts"),
    )

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    category_code: Mapped[str] = mapped_column(ForeignKey("budget_category.code"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("budget_line.id"), index=True)
    spent: Mapped[Money]
    committed: Mapped[Money] = mapped_column(default=Decimal(0))

    report: Mapped[Report] = relationship(back_populates="spending", lazy="raise")


class ReportStep(Model):
    """One move of a report: submitted, checked, accepted, returned, sent to the donor."""

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), index=True)
    move: Mapped[str]
    target: Mapped[ReportState]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str] = mapped_column(default="")

    report: Mapped[Report] = relationship(back_populates="steps", lazy="raise")
    remarks: Mapped[list[ReportRemark]] = relationship(back_populates="step", lazy="raise", order_by="ReportRemark.id")
    actor: Mapped[User] = relationship(foreign_keys=[actor_id], lazy="raise")
    behalf_of: Mapped[User | None] = relationship(foreign_keys=[behalf_of_id], lazy="raise")


class ReportRemark(Model):
    """What has to be changed in one part of a report that was returned."""

    __table_args__ = (UniqueConstraint("step_id", "code"),)

    id: Mapped[Key]
    step_id: Mapped[int] = mapped_column(ForeignKey("report_step.id"))
    code: Mapped[str]
    """A section of the edition's report, or REACHED, SPENDING."""
    text: Mapped[str]

    step: Mapped[ReportStep] = relationship(back_populates="remarks", lazy="raise")
