"""Dividing an amount by shares so that the parts add up to it exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def divided(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """The parts of `total` to the cent, in the order of `shares`: largest remainder, ties by order.

    `shares` are relative (percentages, or anything else of 0 or more); raises ValueError when all are 0.
    """
    whole = Fraction(total) * 100
    if whole.denominator != 1 or whole < 0:
        raise ValueError("the total is an amount of 0 or more, to the cent")
    weights = [Fraction(share) for share in shares]
    if any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("shares are 0 or more, and not all are 0")
    exact = [whole * weight / sum(weights) for weight in weights]
    cents = [int(part) for part in exact]
    left = int(whole) - sum(cents)
    by_remainder = sorted(range(len(exact)), key=lambda place: (cents[place] - exact[place], place))
    for place in by_remainder[:left]:
        cents[place] += 1
    return [Decimal(part).scaleb(-2) for part in cents]
