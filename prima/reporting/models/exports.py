"""An export that is made in the background: what was asked for, how far it is, and its file while that is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.users import User


class ExportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Its file was kept for its time and is gone."""


class ExportFormat(StrEnum):
    EXCEL = "xlsx"
    CSV = "zip"
    """A zip of one CSV file a sheet."""


class ExportJob(Model):
    """Its file lies under EXPORTS_DIR by its id, for its owner alone, until `expires_at`."""

    __table_args__ = (
        CheckConstraint("done_rows >= 0 and total_rows >= 0", name="rows"),
        Index("ix_export_job_open", "id", postgresql_where="state in ('waiting', 'running')"),
    )

    id: Mapped[Key]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    query: Mapped[str] = mapped_column(default="")
    """The filters as they stand in the address of the list."""
    sheets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    format: Mapped[ExportFormat]
    state: Mapped[ExportState] = mapped_column(default=ExportState.WAITING)
    done_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    """As counted when it was asked for, and again when it is made."""
    file_name: Mapped[str] = mapped_column(default="")
    size: Mapped[int | None]
    """In bytes."""
    rights: Mapped[str] = mapped_column(default="")
    """What decided of the owner's rights when it was made: with others the file is not handed out any more."""
    problem: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    """When it showed last that somebody works on it."""
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    owner: Mapped[User] = relationship(lazy="raise")

    @property
    def is_open(self) -> bool:
        return self.state in (ExportState.WAITING, ExportState.RUNNING)

    @property
    def percent(self) -> int:
        """How much of it is written; 100 only when it is done."""
        if self.state is ExportState.DONE:
            return 100
        return min(99, 100 * self.done_rows // self.total_rows) if self.total_rows else 0
