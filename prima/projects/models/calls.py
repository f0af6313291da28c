"""Calls for proposals of the Fund: from when until when a region may submit, and what is retained for which."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Model
from prima.lists import FundingLine, RegionalOffice
from prima.users import Journaled


class FundingRound(Journaled, Model):
    """A funding round. Without a region it is open to all, without a line to every line of the Fund.

    People and addresses name it by its code, which never changes; the journal knows it by its id.
    """

    __table_args__ = (
        CheckConstraint("cut_off_on >= opens_on", name="period"),
        CheckConstraint("funding_year between 1990 and 2100", name="funding_year"),
        CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9.-]*$'", name="code"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    funding_year: Mapped[int]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regional_office.code"), index=True)
    line_code: Mapped[str | None] = mapped_column(ForeignKey("funding_line.code"))
    opens_on: Mapped[date]
    cut_off_on: Mapped[date]
    """The last day on which a proposal may reach the head of office's desk; a date at the office."""
    closed_at: Mapped[datetime | None]
    """When the Fund ended the round: nothing more is taken up in it."""
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

    region: Mapped[RegionalOffice | None] = relationship(lazy="raise")
    line: Mapped[FundingLine | None] = relationship(lazy="raise")
