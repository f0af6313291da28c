"""A budget for a Fund project: lines that keep the Fund's shares, or exceed one where the story says so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from prima.demonstration.stories import Story
from prima.demonstration.topics import Topic

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Calculation:
    """A line by its share of the total: `percent` is spent on quantity x units at a cost rounded down to `step`."""

    category: str
    activity_type: str | None
    what: str
    unit: str
    percent: Decimal
    quantity: int
    units: int
    step: int


@dataclass(frozen=True)
class Line:
    category: str
    activity_type: str | None
    description: str
    unit: str
    quantity: int
    units: int
    unit_cost: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.units * self.unit_cost


def lines(story: Story, topic: Topic) -> list[Line]:
    """Lines that sum to the total: travel takes what rounding leaves."""
    total = Decimal(story.thousands * 1000)
    manager, officer = (Decimal(11), Decimal(16)) if story.heavy_staff else (Decimal(8), Decimal(13))
    plan = (
        Calculation("STAFF.INT", None, "Project manager, part of the time", "month", manager, 1, story.months, 5),
        Calculation("STAFF.NAT", None, "National project officer", "month", officer, 1, story.months, 5),
        Calculation("OFFICE.RENT", None, "Share of rent and utilities", "month", Decimal(3), 1, story.months, 1),
        Calculation("OFFICE.COMM", None, "Telephone and internet", "month", Decimal("1.5"), 1, story.months, 1),
        Calculation("OPER.TRAIN", "TRN", topic.training, "participant", Decimal(26), 4, 25, 1),
        Calculation("OPER.CONS", "CON", "Consultants", "day", Decimal(13), 2, 30, 5),
        Calculation("OPER.STUDY", "STU", topic.study, "person", Decimal(7), 1, 6, 10),
        Calculation("OPER.PUB", "PUB", topic.product, "copy", Decimal(5), 1, 1000, 1),
        Calculation("OPER.EQUIP", "EQP", topic.equipment, "lump sum", Decimal(8), 1, 1, 50),
        Calculation("OPER.EVAL", "EVL", "Ex-post evaluation", "lump sum", Decimal(5), 1, 1, 1),
    )
    found = [
        Line(
            one.category,
            one.activity_type,
            one.what[0].upper() + one.what[1:],
            one.unit,
            one.quantity,
            one.units,
            (total * one.percent / HUNDRED / (one.quantity * one.units)) // one.step * one.step,
        )
        for one in plan
    ]
    rest = total - sum((line.amount for line in found), Decimal(0))
    found.append(Line("OPER.TRAVEL", "TRA", "Travel to the places of work", "lump sum", 1, 1, rest))
    return found
