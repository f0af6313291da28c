"""What finance says was spent and committed, line by line of the budget."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model, Money
from prima.projects.models import BudgetLine, Project
from prima.users import User


class SpendingImport(Model):
    """One spreadsheet of finance that was taken over: the whole statement of each project that it names."""

    id: Mapped[Key]
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    rows: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Nobody: by the operator, from the command line."""

    by: Mapped[User | None] = relationship(lazy="raise")


class ExpenseKind(StrEnum):
    EXPENDITURE = "expenditure"
    COMMITMENT = "commitment"


class Expense(Model):
    """An amount of finance on a budget line on a day: spent, or committed and not yet spent; corrections are negative.

    A spreadsheet states its projects whole, from their start: what an earlier one stated of them is superseded, kept.
    """

    __table_args__ = (Index("ix_expense_standing", "project_id", "on_day", postgresql_where="superseded_id is null"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id"), index=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("spending_import.id"))
    superseded_id: Mapped[int | None] = mapped_column(ForeignKey("spending_import.id"))
    """The later spreadsheet that states the project anew; only what is not superseded counts."""
    on_day: Mapped[date]
    kind: Mapped[ExpenseKind]
    currency: Mapped[str]
    stated: Mapped[Money]
    """In the currency of the spreadsheet."""
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))
    """Of that currency into the budget's on that day; none where they are the same."""
    amount: Mapped[Money]
    """In the budget's currency: what every sum is made of."""

    project: Mapped[Project] = relationship(lazy="raise")
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    source: Mapped[SpendingImport] = relationship(foreign_keys=[import_id], lazy="raise")
