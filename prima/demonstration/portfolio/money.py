"""The money of a portfolio's projects: budget lines and allocations, to the cent."""

from __future__ import annotations

import random
from collections.abc import Sequence

from prima.demonstration.portfolio.plans import SUBJECTS, WAYS, Plan, portions
from prima.demonstration.portfolio.proposals import result_id
from prima.demonstration.portfolio.tables import Lists, Rows, amount
from prima.projects.models import Basis, Dimension

# fmt: off
LINES = (  # category, description, unit, how many of it, share of the total in thousandths
    ("STAFF.NAT", "Project coordinator", "month", 12, 90), ("STAFF.NAT", "Project assistant", "month", 12, 55),
    ("OFFICE.RENT", "Rent and utilities", "month", 12, 40), ("OFFICE.COMM", "Communications", "month", 12, 20),
    ("OPER.EVAL", "Evaluation", "lump sum", 1, 60), ("OPER.CONS", "Consultants", "day", 40, 130),
    ("OPER.TRAIN", "Training courses", "course", 8, 220), ("OPER.TRAVEL", "Travel", "journey", 10, 75),
    ("OPER.EQUIP", "Equipment", "set", 5, 110),
)
REST = ("OPER.PUB", "Publications and printing", "lump sum")
"""The tenth line: what the others leave."""
LINES_PAY = (3, 4, 3, 4, 3, 5, 7, 7, 7, 6)
"""The place in the matrix of what each of the ten pays for."""
# fmt: on

LINE_COLUMNS = (
    "project_id", "position", "category_code", "description", "unit", "quantity", "units", "unit_cost", "amount",
    "area_code", "activity_type_code", "country_code", "result_id",
)  # fmt: skip


def line_rows(plans: Sequence[Plan]) -> Rows:
    """Ten lines a project: whole dollars a unit, and the rest to the cent, so that they add up to its budget.

    Each names the output or the activity that it pays for.
    """
    source = random.Random(10)  # nosec B311
    for plan in plans:
        left = plan.budget
        for position, (category, description, unit, units, share) in enumerate(LINES, 1):
            cost = plan.budget * share * source.randrange(100, 113) // (100_000 * units * 100) * 100
            left -= cost * units
            paid = result_id(plan, LINES_PAY[position - 1])
            yield (
                plan.id, position, category, description, unit, "1", units, amount(cost), amount(cost * units),
                None, None, None, paid,
            )  # fmt: skip
        paid = result_id(plan, LINES_PAY[-1])
        yield plan.id, len(LINES) + 1, *REST, "1", 1, amount(left), amount(left), None, None, None, paid


ALLOCATION_COLUMNS = ("project_id", "code", "amount", "amount_usd")
SEVEN = 7
"""Allocations a project: one to four areas of work, the rest activity types."""
SHARES = (50, 20, 12, 8, 6, 4)


def area_rows(plans: Sequence[Plan], lists: Lists) -> Rows:
    for plan in plans:
        first = lists.areas.index(SUBJECTS[plan.area][0])
        yield from _allocated(plan, lists.areas, first, _areas(plan))


def activity_rows(plans: Sequence[Plan], lists: Lists) -> Rows:
    for plan in plans:
        first = lists.activities.index(WAYS[plan.activity][0])
        yield from _allocated(plan, lists.activities, first, SEVEN - _areas(plan))


def country_rows(plans: Sequence[Plan]) -> Rows:
    """A regional project says what each of its countries is to get."""
    for plan in plans:
        if len(plan.countries) > 1:
            parts = portions(plan.budget, SHARES[: len(plan.countries)])
            for country, cents in zip(plan.countries, parts, strict=True):
                yield plan.id, country, amount(cents), amount(cents)


def _areas(plan: Plan) -> int:
    return 1 + plan.id % 4


def _allocated(plan: Plan, codes: Sequence[str], first: int, number: int) -> Rows:
    step = 1 + plan.id % 3
    while len(codes) % step == 0 and step > 1:
        step += 1
    for place, cents in enumerate(portions(plan.budget, SHARES[:number])):
        yield plan.id, codes[(first + place * step) % len(codes)], amount(cents), amount(cents)


BASIS_COLUMNS = ("project_id", "dimension", "basis")


def basis_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        by_country = (Dimension.COUNTRY,) if len(plan.countries) > 1 else ()
        for dimension in (Dimension.AREA, Dimension.ACTIVITY, *by_country):
            yield plan.id, dimension.value, Basis.AMOUNT.value
