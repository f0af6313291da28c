"""Parts always add up to the total, whatever the total and the shares."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.projects.shares import divided

TOTALS = st.integers(0, 10**15).map(lambda cents: Decimal(cents).scaleb(-2))
SHARES = st.lists(st.decimals(0, 100, places=4), min_size=1, max_size=25).filter(any)


@given(TOTALS, SHARES)
def test_parts_add_up_to_the_total(total, shares):
    assert sum(divided(total, shares)) == total


@given(TOTALS, SHARES)
def test_each_part_is_its_exact_share_to_within_a_cent(total, shares):
    for part, share in zip(divided(total, shares), shares, strict=True):
        assert abs(part * sum(shares) - total * share) < Decimal("0.01") * sum(shares)
        assert part == 0 or share > 0


def test_what_is_left_goes_to_the_largest_remainder_and_ties_to_the_first():
    assert divided(Decimal("100.00"), [Decimal(1)] * 3) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert divided(Decimal("0.05"), [Decimal(50), Decimal(50)]) == [Decimal("0.03"), Decimal("0.02")]
    assert divided(Decimal("10.01"), [Decimal("0.01"), Decimal("99.99")]) == [Decimal("0.00"), Decimal("10.01")]


@pytest.mark.parametrize("shares", [[], [Decimal(0)], [Decimal(-1), Decimal(2)]])
def test_shares_that_divide_nothing_are_refused(shares):
    with pytest.raises(ValueError, match="0 or more"):
        divided(Decimal(1), shares)


def test_a_total_is_to_the_cent():
    with pytest.raises(ValueError, match="to the cent"):
        divided(Decimal("0.005"), [Decimal(1)])
