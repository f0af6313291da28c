"""The budget as it was frozen: its lines, what it is in which currency, and how it is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from prima.endorsement.reading.blocks import Block, Column, Fact, Facts, Names, Row, Table, name_of
from prima.handbook.edition import Edition
from prima.projects.rules import is_of_staff
from prima.rates import USD

Content = Mapping[str, Any]


def budget(content: Content, edition: Edition, names: Names, internal: bool) -> list[Block]:
    money = content.get("money") or {"currency": USD, "total": None, "rate": None, "rate_from": None}
    currency = money["currency"]
    tables = [_lines(content, names, currency, internal)]
    for label, kind, part in (
        (_("Allocation by area of work"), "area", "areas"),
        (_("Allocation by activity type"), "activity", "activities"),
        (_("Allocation by country"), "country", "country_shares"),
    ):
        tables.append(_allocation(label, kind, content, part, names, currency))
    facts = [] if currency == USD else [Facts(tuple(_in_usd(content, money)))]
    return [*facts, *(table for table in tables if table.rows)]


def _in_usd(content: Content, money: Content) -> list[Fact]:
    rate = money["rate"] or ""
    if money["rate_from"]:
        day = format_date(date.fromisoformat(money["rate_from"]), "d MMM y")
        rate = _("%(rate)s, valid from %(day)s", rate=rate, day=day)
    return [
        Fact(_("Currency"), money["currency"]),
        Fact(_("Total in %(currency)s", currency=money["currency"]), Decimal(money["total"])),
        Fact(_("USD for one %(currency)s", currency=money["currency"]), rate),
        Fact(_("Total in USD"), Decimal(content["cover"]["budget_usd"])),
    ]


def _lines(content: Content, names: Names, currency: str, internal: bool) -> Table:
    return Table(
        _("Budget lines"),
        (
            Column(_("Category")),
            Column(_("Description"), wide=True),
            Column(_("Calculation")),
            Column(_("Output or activity"), wide=True),
            Column(_("Area of work")),
            Column(_("Activity type")),
            Column(_("Country")),
            Column(_("Amount"), sums=True),
        ),
        tuple(
            Row(
                (
                    name_of(names, "category", one["category"]),
                    one["description"],
                    "" if is_of_staff(one["category"]) and not internal else _calculation(one),
                    one.get("result") or "",
                    name_of(names, "area", one["area"]),
                    name_of(names, "activity", one["activity_type"]),
                    name_of(names, "country", one.get("country")),
                    Decimal(one["amount"]),
                ),
                one["description"],
                under=one["category"],
            )
            for one in content["lines"]
        ),
        unit=currency,
        code="lines",
    )


def _calculation(one: Content) -> str:
    return f"{one['quantity']} x {one['units']} {one['unit']} x {Decimal(one['unit_cost']):,.2f}"


def _allocation(label: str, kind: str, content: Content, part: str, names: Names, currency: str) -> Table:
    amounts: Mapping[str, str] = content.get(part, {})
    return Table(
        label,
        (Column(_("Name")), Column(_("Amount"), sums=True)),
        tuple(Row((name_of(names, kind, code), Decimal(amount)), code) for code, amount in amounts.items()),
        unit=currency,
        coded=True,
        code=part,
    )
