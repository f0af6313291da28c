"""The results matrix: objective, outcomes, outputs and activities with their indicators, and when each is done."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Key, Model, Quantity
from prima.lists import CuratedIndicator
from prima.projects.models.project import Project
from prima.searched import INDEXED, Searched

LAST_MONTH = "((months ->> '-1'::integer))::integer"
"""The months of a plan are kept in order (prima.months.read), so the last one stands last; as PostgreSQL writes it."""


class Level(StrEnum):
    """The levels of the matrix, from the top: each stands under the one before."""

    OBJECTIVE = "objective"
    OUTCOME = "outcome"
    OUTPUT = "output"
    ACTIVITY = "activity"


class Result(Model):
    """One row of the matrix. Its number (1.2.3) is its place among its siblings: computed, never stored."""

    __table_args__ = (
        CheckConstraint("(level in ('objective', 'outcome')) = (parent_id is null)", name="parent"),
        Index("ix_result_activity", "project_id", "id", postgresql_where="level = 'activity'"),
        Index("ix_result_retired", "id", postgresql_where="retired_on is not null"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), index=True)
    """The outcome of an output, the output of an activity; outcomes stand under the one objective."""
    level: Mapped[Level]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(default="")
    assumption: Mapped[str] = mapped_column(default="")
    retired_on: Mapped[date | None]
    """Taken out by a change of results; what was recorded on it stays."""
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="results", lazy="raise")


class Measure(StrEnum):
    """How an indicator is read; baseline and target of the first two are numbers."""

    NUMBER = "number"
    PERCENTAGE = "percentage"
    YES_NO = "yes_no"
    WORDS = "words"


class Counting(StrEnum):
    """What the values of an indicator are: each what came since the value before, or each the total to its date."""

    INCREMENT = "increment"
    TO_DATE = "to_date"


class Indicator(Searched, Model):
    """How one tells that a result is reached. Baseline and target are kept as typed, and as numbers where they are."""

    __table_args__ = (
        # Its words as the library searches them: case and accents folded by the database's own `folded`.
        Index("ix_indicator_words", text("to_tsvector('simple'::regconfig, folded(text))"), postgresql_using="gin"),
        Index("ix_indicator_searched", "words", **INDEXED),
    )
    FOUND_BY = ("text",)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    text: Mapped[str]
    measure: Mapped[Measure] = mapped_column(default=Measure.NUMBER)
    unit: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    """Data source and collection method."""
    baseline: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    baseline_value: Mapped[Quantity | None]
    target_value: Mapped[Quantity | None]
    by_sex: Mapped[bool] = mapped_column(default=False)
    by_age: Mapped[bool] = mapped_column(default=False)
    counting: Mapped[Counting | None]
    """Declared once, when its first value is recorded; words and yes or no are always to date."""
    retired_on: Mapped[date | None]
    """Taken out by a change of results; its values stay."""
    library_code: Mapped[str | None] = mapped_column(ForeignKey("curated_indicator.code"), index=True)
    """The indicator of the library it was taken from: what is summed over projects."""
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id", ondelete="SET NULL"), index=True)
    """The indicator of another project it was taken from."""
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="indicators", lazy="raise")
    library: Mapped[CuratedIndicator | None] = relationship(lazy="raise")
    splits: Mapped[list[IndicatorSplit]] = relationship(
        back_populates="indicator", lazy="raise", order_by="IndicatorSplit.id", cascade="all, delete-orphan"
    )


class IndicatorSplit(Model):
    """The part of a target that is one sex or age group; sex and age are codes of the disaggregation list."""

    __table_args__ = (UniqueConstraint("indicator_id", "sex_code", "age_code", postgresql_nulls_not_distinct=True),)

    id: Mapped[Key]
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id", ondelete="CASCADE"))
    sex_code: Mapped[str | None] = mapped_column(ForeignKey("beneficiary_disaggregation.code"))
    age_code: Mapped[str | None] = mapped_column(ForeignKey("beneficiary_disaggregation.code"))
    target: Mapped[Quantity] = mapped_column(default=Decimal(0))

    indicator: Mapped[Indicator] = relationship(back_populates="splits", lazy="raise")


class ActivityPlan(Model):
    """When an activity is done, in months of the project (1 is the first), and by whom."""

    # Of all projects at once, dashboards read when each activity ends: from this index alone.
    __table_args__ = (Index("ix_activity_plan_last_month", "result_id", postgresql_include=["last_month"]),)

    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    responsible: Mapped[str] = mapped_column(default="")
    months: Mapped[list[int]] = mapped_column(JSONB, default=list)
    last_month: Mapped[int | None] = mapped_column(Integer, Computed(LAST_MONTH, persisted=True))
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="plans", lazy="raise")
