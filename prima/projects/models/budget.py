"""Budget lines and how the total is allocated by area of work and by activity type."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Key, Model, Money, Quantity, Share
from prima.lists import BudgetCategory
from prima.projects.models.project import Project


class BudgetLine(Model):
    """quantity x number of units x unit cost = amount, to the cent (half up), in the budget's currency."""

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        Index("uq_budget_line_project_id_code", "project_id", "code", unique=True, postgresql_where="code is not null"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    code: Mapped[str | None]
    """What finance calls the line (B001), given when the project becomes active and never given again."""
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
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    """For what country the line is meant, in a regional project."""
    result_id: Mapped[int | None] = mapped_column(ForeignKey("result.id", ondelete="SET NULL"), index=True)
    """The output or activity that it pays for."""
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="lines", lazy="raise")
    category: Mapped[BudgetCategory] = relationship(lazy="raise")


class Dimension(StrEnum):
    """What an allocation is by."""

    AREA = "area"
    ACTIVITY = "activity"
    COUNTRY = "country"


class Basis(StrEnum):
    """How a person set an allocation; amounts are what is stored."""

    AMOUNT = "amount"
    PERCENTAGE = "percentage"
    LINES = "lines"


class Allocation:
    """An amount of the total. `share` is what was typed when set by percentage; shown percentages are computed.

    `amount` is in the budget's currency; `amount_usd` are its parts of the total in USD, by largest remainder.
    """

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True, index=True)
    amount: Mapped[Money]
    amount_usd: Mapped[Money] = mapped_column(default=lambda context: context.get_current_parameters()["amount"])
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


class CountryAllocation(Allocation, Model):
    """For regional projects: what each country covered is to get."""

    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    code: Mapped[str] = mapped_column(ForeignKey("country.code"), primary_key=True, index=True)

    project: Mapped[Project] = relationship(back_populates="country_shares", lazy="raise")


AnyAllocation = AreaAllocation | ActivityAllocation | CountryAllocation
ALLOCATIONS: dict[Dimension, type[AnyAllocation]] = {
    Dimension.AREA: AreaAllocation,
    Dimension.ACTIVITY: ActivityAllocation,
    Dimension.COUNTRY: CountryAllocation,
}


class AllocationBasis(Model):
    """How the allocation of one dimension was set last, and its version for those who edit it."""

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    dimension: Mapped[Dimension] = mapped_column(primary_key=True)
    basis: Mapped[Basis]
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="bases", lazy="raise")
