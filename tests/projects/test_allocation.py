"""Whatever is allocated, and in whatever currency, the parts sum to the total: in the budget's currency and in USD."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from prima.db import db
from prima.lists import ActivityType, AreaOfWork
from prima.projects import operations, queries
from prima.projects.models import ALLOCATIONS, AllocationBasis, Basis, BudgetLine, Dimension
from prima.projects.operations.budget import total
from tests.chance import tried
from tests.factories import a_project, a_user

COUNTRIES = ("KEN", "UGA", "SOM")
AMOUNTS = st.integers(1, 10**11).map(lambda cents: Decimal(cents).scaleb(-2))
RATES = st.integers(1, 10**11 - 1).map(lambda number: Decimal(number).scaleb(-8))
CUTS = st.lists(st.integers(0, 10_000), max_size=3).map(sorted)
"""Where the hundred percent are cut, in hundredths of a percent."""


@pytest.fixture
def project(app):
    """A regional donor project in a currency of which nothing is known but the rate that an example gives it."""
    developer = a_user("PDEV", "KEN")
    made = a_project(developer=developer, funding="donor", countries=COUNTRIES, budget=100)
    db.session.flush()
    return made.reference, developer


def codes_of(dimension: Dimension) -> list[str]:
    if dimension is Dimension.COUNTRY:
        return list(COUNTRIES)
    table = AreaOfWork if dimension is Dimension.AREA else ActivityType
    return list(db.session.scalars(select(table.code).order_by(table.position).limit(4)))


def sums(project_id: int, dimension: Dimension) -> tuple[Decimal, Decimal]:
    table = ALLOCATIONS[dimension]
    rows = db.session.execute(select(table.amount, table.amount_usd).where(table.project_id == project_id)).all()
    return sum((row[0] for row in rows), Decimal(0)), sum((row[1] for row in rows), Decimal(0))


def write(project, amount: Decimal, rate: Decimal | None) -> None:
    """One line of the amount, in USD or in another currency at the rate."""
    db.session.execute(delete(BudgetLine).where(BudgetLine.project_id == project.id))
    db.session.add(
        BudgetLine(
            project_id=project.id, position=1, category_code="OPER.OTHER", description="All", unit="sum",
            unit_cost=amount, amount=amount,
        )
    )  # fmt: skip
    project.budget = project.budget_usd = Decimal(0)
    db.session.flush()
    project.currency, project.rate = ("EUR", rate) if rate else ("USD", None)
    project.total(amount)
    db.session.flush()


@pytest.mark.parametrize("dimension", Dimension)
@tried
@given(before=AMOUNTS, after=AMOUNTS, rate=st.none() | RATES, cuts=CUTS)
def test_a_percentage_set_allocation_follows_every_total(project, dimension, before, after, rate, cuts):
    reference, developer = project
    loaded = queries.proposal(reference)
    write(loaded, before, rate)
    marks = [0, *cuts, 10_000]
    parts = [Decimal(b - a).scaleb(-2) for a, b in itertools.pairwise(marks)]
    shares = dict(zip(codes_of(dimension), parts, strict=False))
    left = Decimal(100) - sum(shares.values())
    shares[next(iter(shares))] += left  # three countries take what a fourth part would have
    held = db.session.get(AllocationBasis, (loaded.id, dimension))
    out_of = operations.allocate(
        loaded, dimension, actor=developer, version=held.version if held else 0, basis=Basis.PERCENTAGE, amounts={},
        shares=shares,
    )  # fmt: skip
    db.session.flush()
    assert out_of == 0
    loaded = queries.proposal(reference)
    assert sums(loaded.id, dimension) == (before, loaded.budget_usd)

    line = loaded.lines[0]
    line.unit_cost = line.amount = after
    db.session.flush()
    total(loaded)
    db.session.flush()
    loaded = queries.proposal(reference)
    assert loaded.budget == after
    assert sums(loaded.id, dimension) == (after, loaded.budget_usd)


@tried
@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=3), rate=st.none() | RATES)
def test_amounts_that_sum_to_the_budget_do_so_in_usd_too(project, amounts, rate):
    reference, developer = project
    loaded = queries.proposal(reference)
    write(loaded, sum(amounts, Decimal(0)), rate)
    typed = dict(zip(codes_of(Dimension.AREA), amounts, strict=False))
    held = db.session.get(AllocationBasis, (loaded.id, Dimension.AREA))
    assert not operations.allocate(
        loaded, Dimension.AREA, actor=developer, version=held.version if held else 0, basis=Basis.AMOUNT, amounts=typed,
        shares={},
    )  # fmt: skip
    db.session.flush()
    loaded = queries.proposal(reference)
    assert sums(loaded.id, Dimension.AREA) == (loaded.budget, loaded.budget_usd)
