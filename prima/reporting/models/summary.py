"""The totals of the portfolio, kept by triggers of the database: what was summed, and what was written since."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from prima.db import Key, Model
from prima.projects.stages import Funding, Status

NONE = "none"
"""The code of what is not stated: no gender marker, the rest of a budget, no Regional Office."""
OVER = "over"
"""Stands for what is allocated beyond the budget: such an allocation is out of balance until somebody mends it."""
SEVERAL = "several"
"""Stands for the budgets of projects that cover several countries and state no shares of them."""
OF_TODAY = ""
"""The region of a project without a start: the one that its office belongs to on the day of the question."""
ANY_OFFICE = 0

FIRST, EARLY, LAST = -2, -1, 1
"""The order of columns: a year of a dimension lies together, and the figures stand behind what they are by."""
Total = Annotated[Decimal, mapped_column(Numeric(24, 2), sort_order=LAST)]


class Kept(StrEnum):
    """What a total is by. A code of PLAIN is empty; the budgets of a project count whole in each of its codes."""

    PLAIN = "plain"
    MARKER = "marker"
    AREA = "area"
    ACTIVITY = "activity"
    COUNTRY = "country"
    SDG = "sdg"
    MIGOF = "migof"
    YEAR = "year"
    """Of the rollup alone, as the next: the plain totals by funding year."""
    STATUS = "status"


class Totals:
    """Of the projects that have all this in common. `amount` is what they have for the code, `budget` all they have."""

    dimension: Mapped[Kept] = mapped_column(primary_key=True, sort_order=FIRST)
    code: Mapped[str] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    """On the start date: a code or NONE. Before there is a start: of an office with one link, of all days, its code;
    of any other OF_TODAY."""
    funding: Mapped[Funding] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(sort_order=LAST)
    amount: Mapped[Total]
    budget: Mapped[Total]


class PortfolioSum(Totals, Model):
    """The totals as finely as anybody filters them."""

    __table_args__ = (Index("ix_portfolio_sum_empty", "dimension", postgresql_where="number = 0"),)

    funding_year: Mapped[int] = mapped_column(primary_key=True, sort_order=EARLY)
    status: Mapped[Status] = mapped_column(primary_key=True)


class PortfolioRollup(Totals, Model):
    """The same for whoever filters by region and funding alone: few rows, however many projects there are.

    `held`: not yet endorsed (stages.CLOSE_HELD). Where neither the region of today nor who may see it asks for the
    office, that is ANY_OFFICE.
    """

    __table_args__ = (
        Index("ix_portfolio_rollup_empty", "dimension", postgresql_where="number = 0"),
        Index("ix_portfolio_rollup_region", "dimension", "held", "region"),
    )

    held: Mapped[bool] = mapped_column(primary_key=True)


class PortfolioChange(Model):
    """What a statement changed in the totals, signed, in its own transaction, until a job adds it up."""

    id: Mapped[Key]
    dimension: Mapped[Kept]
    code: Mapped[str]
    office_id: Mapped[int]
    region: Mapped[str]
    funding: Mapped[Funding]
    funding_year: Mapped[int]
    status: Mapped[Status]
    number: Mapped[int]
    amount: Mapped[Total]
    budget: Mapped[Total]


# -- what of a project belongs to two codes at once -------------------------------------------------------------------


class Cell:
    """What of a project's budget belongs to a code of each of two dimensions, in proportion to both, in USD.

    Rounded so that the cells of a code add up to what the project allocated to it, and all to its budget. Cells of
    nothing are not there. Codes are those of the lists, NONE, OVER and, of countries, SEVERAL.
    """

    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, sort_order=FIRST
    )
    amount: Mapped[Total]


class AreaByActivity(Cell, Model):
    __table_args__ = tuple(
        Index(f"ix_area_by_activity_no_{name}", "project_id", postgresql_where=f"{name} = 'none'")
        for name in ("area", "activity")
    )

    area: Mapped[str] = mapped_column(primary_key=True)
    activity: Mapped[str] = mapped_column(primary_key=True)


class AreaByCountry(Cell, Model):
    area: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)


class ActivityByCountry(Cell, Model):
    activity: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)


AnyCell = AreaByActivity | AreaByCountry | ActivityByCountry
CELLS: dict[tuple[str, str], type[AnyCell]] = {
    ("area", "activity"): AreaByActivity,
    ("area", "country"): AreaByCountry,
    ("activity", "country"): ActivityByCountry,
}
"""By their dimensions. Each stands beside a view of the same columns, of what the projects say now: `_part`."""


class Unmarked(Model):
    """A project without any mark of a kind: what is not there has no index. Beside it stands a view as well."""

    kind: Mapped[str] = mapped_column(primary_key=True)
    """As the filters of the portfolio call it: sdg, migof, theme."""
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, index=True)
