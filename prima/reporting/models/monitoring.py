"""What is seen while a project runs: values of indicators, how far activities are, how risks stand."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model, Quantity
from prima.projects.models import Indicator, Risk
from prima.users import User


class IndicatorValue(Model):
    """What an indicator read on a day. A percentage is kept as its numerator and denominator, never as a quotient."""

    __table_args__ = (
        UniqueConstraint("indicator_id", "on_day"),
        CheckConstraint("denominator is null or denominator > 0", name="denominator"),
        CheckConstraint("(numerator is null) = (denominator is null)", name="quotient"),
        Index("ix_indicator_value_project_id_on_day", "project_id", "on_day"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    on_day: Mapped[date]
    value: Mapped[Quantity | None]
    """A number; none for a percentage, words, yes or no."""
    numerator: Mapped[Quantity | None]
    denominator: Mapped[Quantity | None]
    words: Mapped[str] = mapped_column(default="")
    """What was found, for an indicator read in words; `yes` or `no` for one of these."""
    source: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    indicator: Mapped[Indicator] = relationship(lazy="raise")
    saved_by: Mapped[User] = relationship(lazy="raise")
    parts: Mapped[list[IndicatorPart]] = relationship(
        back_populates="whole", lazy="raise", order_by="IndicatorPart.id", cascade="all, delete-orphan"
    )


class IndicatorPart(Model):
    """The part of a value that is one sex or age group; of a percentage, of its numerator."""

    __table_args__ = (UniqueConstraint("value_id", "sex_code", "age_code", postgresql_nulls_not_distinct=True),)

    id: Mapped[Key]
    value_id: Mapped[int] = mapped_column(ForeignKey("indicator_value.id", ondelete="CASCADE"))
    sex_code: Mapped[str | None] = mapped_column(ForeignKey("beneficiary_disaggregation.code"))
    age_code: Mapped[str | None] = mapped_column(ForeignKey("beneficiary_disaggregation.code"))
    amount: Mapped[Quantity]

    whole: Mapped[IndicatorValue] = relationship(back_populates="parts", lazy="raise")


class ActivityState(StrEnum):
    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


class ActivityProgress(Model):
    """How far an activity of the workplan is."""

    result_id: Mapped[int] = mapped_column(ForeignKey("result.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    state: Mapped[ActivityState] = mapped_column(default=ActivityState.NOT_STARTED)
    done_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    saved_by: Mapped[User] = relationship(lazy="raise")


class RiskState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    HAPPENED = "happened"


class RiskReview(Model):
    """How a risk stood on a day; the newest counts. The plan's own rating stays as it was approved."""

    __table_args__ = (Index("ix_risk_review_project_id", "project_id", "risk_id", "id"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id"))
    on_day: Mapped[date]
    state: Mapped[RiskState] = mapped_column(default=RiskState.OPEN)
    consequence_code: Mapped[str | None] = mapped_column(ForeignKey("risk_scale.code"))
    likelihood_code: Mapped[str | None] = mapped_column(ForeignKey("risk_scale.code"))
    note: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    risk: Mapped[Risk] = relationship(lazy="raise")
    saved_by: Mapped[User] = relationship(lazy="raise")
