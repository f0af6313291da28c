"""What a unit of a currency is worth in USD, from which day on; the rates come from files of the organization."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima.csvfiles import BadTable, Line, Problem, read_csv
from prima.db import Model

USD = "USD"
"""The currency in which everything is compared and summed; one unit of it is worth one."""
COLUMNS = ("currency", "valid_from", "usd_per_unit")
CODE = re.compile(r"[A-Z]{3}")
PLAIN_RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,8})?")
"""No unit of a currency is worth a thousand USD: amounts in USD stay within what a row holds."""
YEARS = range(1990, 2101)


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


def rates_on(session: Session, day: date) -> list[ExchangeRate]:
    """The rate in force on a day of each currency that has one, by currency."""
    return list(
        session.scalars(
            select(ExchangeRate)
            .where(ExchangeRate.valid_from <= day)
            .ext(distinct_on(ExchangeRate.currency))
            .order_by(ExchangeRate.currency, ExchangeRate.valid_from.desc())
        )
    )


def all_rates(session: Session) -> list[ExchangeRate]:
    """Every rate, by currency, oldest first."""
    return list(session.scalars(select(ExchangeRate).order_by(ExchangeRate.currency, ExchangeRate.valid_from)))


@dataclass
class Imported:
    """What an import of rates did; `changed` holds each rate with the one that stood there before."""

    added: list[ExchangeRate] = field(default_factory=list)
    changed: list[tuple[ExchangeRate, Decimal]] = field(default_factory=list)
    unchanged: int = 0


def import_rates(session: Session, data: bytes, *, update: bool = False) -> Imported:
    """Take over all rates of a CSV file or, raising BadTable with every problem, none of them.

    The same rate again changes nothing; another rate for a day that has one is taken only with `update`.
    """
    problems: list[Problem] = []
    known = {(rate.currency, rate.valid_from): rate for rate in all_rates(session)}
    first: dict[tuple[str, date], int] = {}
    done = Imported()
    for line in read_csv(data, COLUMNS):
        read = _read(line, problems)
        if read is None:
            continue
        currency, day, worth = read
        earlier = first.setdefault((currency, day), line.number)
        if earlier != line.number:
            says = f"Line {earlier} holds a rate of this currency and day already."
            problems.append(Problem(line.number, "valid_from", day.isoformat(), says))
            continue
        there = known.get((currency, day))
        if there is None:
            done.added.append(ExchangeRate(currency=currency, valid_from=day, usd_per_unit=worth))
        elif there.usd_per_unit == worth:
            done.unchanged += 1
        elif update:
            done.changed.append((there, worth))
        else:
            says = (
                f"From {day.isoformat()} on, 1 {currency} is {plain(there.usd_per_unit)} USD already. "
                "Run it again with --update to replace that."
            )
            problems.append(Problem(line.number, "usd_per_unit", line.values["usd_per_unit"], says))
    if not (first or problems):
        problems.append(Problem(1, "", "", "There is no rate below the headings."))
    if problems:
        raise BadTable(problems)
    session.add_all(done.added)
    before = [(rate, rate.usd_per_unit) for rate, _worth in done.changed]
    for rate, worth in done.changed:
        rate.usd_per_unit = worth
    done.changed = before
    session.flush()
    return done


def plain(rate: Decimal) -> str:
    """A rate without trailing zeros: 1.1234."""
    return f"{rate.normalize():f}"


def _read(line: Line, problems: list[Problem]) -> tuple[str, date, Decimal] | None:
    """Currency, day and rate of a line; None, and the problems, when one of them cannot be read."""
    currency, day, worth = (line.values[name] for name in COLUMNS)
    reasons: list[tuple[str, str, str]] = []
    if not CODE.fullmatch(currency):
        reasons.append(("currency", currency, "Write the three capital letters of the currency, such as EUR."))
    elif currency == USD:
        reasons.append(("currency", currency, "One USD is one USD: leave this line out."))
    valid_from = _day(day)
    if valid_from is None:
        reasons.append(("valid_from", day, "Write a day between 1990 and 2100 such as 2016-09-01."))
    if not PLAIN_RATE.fullmatch(worth) or not Decimal(worth):
        says = "Write what one unit is worth in USD: above 0 and below 1,000, with at most eight decimals: 1.1234."
        reasons.append(("usd_per_unit", worth, says))
    problems += [Problem(line.number, column, value, says) for column, value, says in reasons]
    return None if reasons or valid_from is None else (currency, valid_from, Decimal(worth))


def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None
