"""What a unit of a currency is worth in USD, from which day on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima.db import Model

USD = "USD"
"""The currency in which everything is compared and summed; one unit of it is worth one."""


class ExchangeRate(Model):
    """Valid from its day until the next one of its currency."""

    __table_args__ = (
        CheckConstraint("usd_per_unit > 0", name="usd_per_unit"),
        CheckConstraint("currency ~ '^[A-Z]{3}$' and currency <> 'USD'", name="currency"),
    )

    currency: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    usd_per_unit: Mapped[Decimal] = mapped_column(Numeric(18, 8))


def rate_on(session: Session, currency: str, day: date) -> ExchangeRate | None:
    """The rate of a currency in force on a day; None before its first one."""
    return session.scalar(
        select(ExchangeRate)
        .where(ExchangeRate.currency == currency, ExchangeRate.valid_from <= day)
        .order_by(ExchangeRate.valid_from.desc())
        .limit(1)
    )
