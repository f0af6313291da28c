"""What other currencies are worth in the demonstration: invented, near what they were worth in those years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from prima.rates import ExchangeRate

DAYS = (*(date(year, month, 1) for year in (2014, 2015, 2016) for month in (1, 7)), date(2016, 10, 1))
WORTH = {
    "CHF": ("1.12", "1.12", "1.01", "1.06", "1.00", "1.02", "1.03"),
    "EUR": ("1.37", "1.36", "1.21", "1.11", "1.09", "1.11", "1.12"),
    "GBP": ("1.65", "1.71", "1.56", "1.57", "1.47", "1.34", "1.30"),
    "JPY": ("0.0095", "0.0099", "0.0083", "0.0082", "0.0083", "0.0097", "0.0099"),
    "SEK": ("0.155", "0.149", "0.128", "0.121", "0.119", "0.118", "0.117"),
}
"""USD for one unit, from each of the days on."""


def rates() -> Iterator[ExchangeRate]:
    for currency, figures in WORTH.items():
        for day, worth in zip(DAYS, figures, strict=True):
            yield ExchangeRate(currency=currency, valid_from=day, usd_per_unit=Decimal(worth))
