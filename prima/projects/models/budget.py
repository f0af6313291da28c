"""Budget lines and how the total is allocated by area of work and by activity type."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Key, Model, Money, Quantity, Share
from prima.lists import BudgetCategory
from prima.projects.models.project import Project


class BudgetLine(Model):
    """quantity x number of units x unit cost = amount, to the cent (half up)."""

    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    position: Mapped[int]
    category_code: Mapped[str] = mapped_column(ForeignKey("budget_category.code"))
    description: Mapped[str]
    unit: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Quantity] = mapped_column(default=Decimal(1))
    units: Mapped[Quantity] = mapped_column(default=Decimal(1))
    unit_cost: Mapped[Money]
    amount: Mapped[Money]
    area_code: Mapped[str | None] = mapped_column(ForeignKey("area_of_work.code"))
    activity_type_code: Mapped[str | None] = mapped_column(ForeignKey("activity_type.code"))
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="lines", lazy="raise")
    category: Mapped[BudgetCategory] = relationship(lazy="raise")


class Dimension(StrEnum):
    """What an allocation is by."""

    AREA = "area"
    ACTIVITY = "activity"


class Basis(StrEnum):
    """How a person set an allocation; amounts are what is stored."""

    AMOUNT = "amount"
    PERCENTAGE = "percentage"
    LINES = "lines"


class Allocation:
    """An amount of the total. `share` is what was typed when set by percentage; shown percentages are computed."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    amount: Mapped[Money]
    share: Mapped[Share | None]
    code: str


class AreaAllocation(Allocation, Model):
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    code: Mapped[str] = mapped_column(ForeignKey("area_of_work.code"), primary_key=True, index=True)

    project: Mapped[Project] = relationship(back_populates="areas", lazy="raise")


class ActivityAllocation(Allocation, Model):
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    code: Mapped[str] = mapped_column(ForeignKey("activity_type.code"), primary_key=True, index=True)

    project: Mapped[Project] = relationship(back_populates="activities", lazy="raise")


ALLOCATIONS: dict[Dimension, type[AreaAllocation] | type[ActivityAllocation]] = {
    Dimension.AREA: AreaAllocation,
    Dimension.ACTIVITY: ActivityAllocation,
}


class AllocationBasis(Model):
    """How the allocation of one dimension was set last, and its version for those who edit it."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    dimension: Mapped[Dimension] = mapped_column(primary_key=True)
    basis: Mapped[Basis]
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="bases", lazy="raise")
