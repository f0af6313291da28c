"""What a person keeps of the list of projects: searches under a name, and which columns it shows them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.users import User


class SavedSearch(Model):
    """A search under a name of its owner's. What it finds is what its owner, or whoever opens its address, may see."""

    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        Index("ix_saved_search_weekly", "user_id", postgresql_where="weekly"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    query: Mapped[str]
    """The arguments of the list's URL."""
    weekly: Mapped[bool] = mapped_column(default=False)
    """Whether its owner is told of it by mail every Monday."""
    told_on: Mapped[date | None]
    """The Monday of the last such letter."""
    told_at: Mapped[datetime | None]
    """When that was written: what came after it is new in the next one."""
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship(lazy="raise")


class ListColumns(Model):
    """The columns in which somebody wants to see the list; nobody's row is there who takes the usual ones."""

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
