"""Deadlines, and every date that one of them ever had."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.projects.models import Project
from prima.reporting.calendar import Timeliness, timeliness
from prima.users import User

if TYPE_CHECKING:
    from prima.reporting.models.evaluation import Evaluation
    from prima.reporting.models.lessons import Lesson
    from prima.reporting.models.reports import Report

Stated = tuple[Decimal, Decimal]
"""Spent and committed."""


OPEN_UNTIL = "(\nCASE\n    WHEN deadline.is_open THEN deadline.due_on\n    ELSE NULL::date\nEND)"
"""When what is open is due. The database counts the values of this, and so knows that few open ones are past."""
OPEN_FROM = (
    "(\nCASE\n    WHEN deadline.is_open THEN LEAST(deadline.due_on,"
    " COALESCE(deadline.period_to, deadline.from_on, deadline.due_on))\n    ELSE NULL::date\nEND)"
)
"""From when on what is open can be done, or is late."""


class Deadline(Model):
    """Something due from a project on a day at its office. `kind` is a code of the edition's report types."""

    __table_args__ = (
        Index("ix_deadline_open_due", "due_on", "project_id", "kind", postgresql_where="is_open"),
        Index("ix_deadline_open_window", "from_on", postgresql_where="is_open and from_on is not null"),
        Index(
            "ix_deadline_open_kind",
            "kind",
            "due_on",
            postgresql_include=["project_id", "from_on"],
            postgresql_where="is_open",
        ),
        Index(
            "ix_deadline_open_of_project",
            "project_id",
            "due_on",
            postgresql_include=["kind", "from_on"],
            postgresql_where="is_open",
        ),
        Index("ix_deadline_open_from", text(OPEN_FROM.replace("deadline.", ""))),
        Index(
            "ix_deadline_day",
            "due_on",
            postgresql_include=["id", "project_id", "kind", "is_open"],
            postgresql_where="fell_away_at is null",
        ),
        Index(
            "ix_deadline_handed_in",
            "due_on",
            postgresql_include=["project_id", "kind", "handed_in_on"],
            postgresql_where="handed_in_on is not null and fell_away_at is null",
        ),
        Index("ix_deadline_open_until", text(OPEN_UNTIL.replace("deadline.", "")), "project_id"),
        Index(
            "uq_deadline_project_id_kind_period_to",
            "project_id",
            "kind",
            "period_to",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where="fell_away_at is null and not ad_hoc",
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    kind: Mapped[str]
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    from_on: Mapped[date | None]
    """The first day of a window (ex-post evaluation); `due_on` is its last."""
    due_on: Mapped[date]
    first_due_on: Mapped[date]
    """The date before any decision moved it; stays visible."""
    why: Mapped[str] = mapped_column(default="")
    ad_hoc: Mapped[bool] = mapped_column(default=False)
    """Asked by the donor outside the schedule."""
    name: Mapped[str] = mapped_column(default="")
    """How one outside the schedule is called; the others are called by their kind."""
    is_open: Mapped[bool] = mapped_column(default=True)
    """Nothing accepted or handed in yet, and not fallen away."""
    fell_away_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    handed_in_on: Mapped[date | None]
    """When its report was first handed in, while it is not returned; triggers write it (migration 0018)."""

    finance = cast("dict[int, Stated] | None", None)
    """What finance states by budget line, up to the report's last day, where it was looked up; no column."""
    earlier = cast("dict[str, Decimal] | None", None)
    """What the report before it said was spent, by row (standing.key_of), where it was looked up; no column."""

    project: Mapped[Project] = relationship(lazy="raise")
    report: Mapped[Report | None] = relationship(back_populates="deadline", lazy="raise")
    changes: Mapped[list[DeadlineChange]] = relationship(
        back_populates="deadline", lazy="raise", order_by="DeadlineChange.id"
    )
    lessons: Mapped[list[Lesson]] = relationship(
        primaryjoin="and_(Lesson.deadline_id == Deadline.id, Lesson.withdrawn_at.is_(None))",
        viewonly=True,
        lazy="raise",
        order_by="Lesson.id",
    )
    """What was recorded with its report and not withdrawn."""

    evaluations: Mapped[list[Evaluation]] = relationship(
        primaryjoin="Deadline.project_id == foreign(Evaluation.project_id)",
        viewonly=True,
        lazy="raise",
        order_by="Evaluation.id",
    )
    """Those of its project; loaded for the evaluation's report and for the management response."""

    @property
    def evaluation(self) -> Evaluation | None:
        """That of its window, or else the newest."""
        own = [one for one in self.evaluations if one.deadline_id == self.id]
        found = own or self.evaluations
        return found[-1] if found else None

    @property
    def until(self) -> date:
        """The last day that its report looks back on."""
        return self.period_to or self.due_on

    def timeliness_on(self, today: date) -> Timeliness:
        """Computed, never stored: not yet due, due, overdue, on time or late by n days; `today` at the office."""
        report = self.report
        return timeliness(
            report.state if report else None,
            due_on=self.due_on,
            period_to=self.period_to or self.from_on,
            first_submitted_on=report.first_submitted_on if report else None,
            today=today,
        )

    @property
    def timeliness(self) -> Timeliness:
        """By the date in UTC, for whoever has no office at hand."""
        return self.timeliness_on(clock.today())


class DeadlineChange(Model):
    """One entry in a deadline's history: made, moved, or fallen away; when, why, and by whose decision."""

    id: Mapped[Key]
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadline.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Nobody for what stood before this history was kept."""
    change_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"))
    old_due_on: Mapped[date | None]
    """None when it was made."""
    new_due_on: Mapped[date | None]
    """None when it fell away."""
    why: Mapped[str] = mapped_column(default="")
    """A sentence of the calendar's, translated when shown; or `reason`, as somebody wrote it."""
    reason: Mapped[str] = mapped_column(default="")

    deadline: Mapped[Deadline] = relationship(back_populates="changes", lazy="raise")
    by: Mapped[User | None] = relationship(lazy="raise")
