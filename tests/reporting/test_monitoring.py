"""What is achieved, from what was recorded: sums equal their parts, and the order of entry does not matter."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.projects.models import Counted, Counting, Measure, Reach
from prima.reporting.models import ActivityState
from prima.reporting.monitoring import (
    Planned,
    Reading,
    achieved,
    due,
    planned,
    progress,
    reached,
    share_of_target,
    standing,
    totals,
)

FIRST = date(2016, 1, 1)
SEXES, AGES = ("SEX_FEMALE", "SEX_MALE", None), ("AGE_0_17", "AGE_18_24", None)


def an_indicator(measure=Measure.NUMBER, counting=Counting.INCREMENT, baseline="0", target="40"):
    figures = measure in (Measure.NUMBER, Measure.PERCENTAGE)
    return SimpleNamespace(
        measure=measure,
        counting=counting,
        baseline=baseline,
        target=target,
        baseline_value=Decimal(baseline) if figures else None,
        target_value=Decimal(target) if figures else None,
    )


def readings(*values, **more):
    return [Reading(FIRST + timedelta(days=30 * place), Decimal(value), **more) for place, value in enumerate(values)]


def test_increments_are_summed_and_of_totals_the_newest_counts():
    taken = readings(10, 25, 5)
    assert achieved(an_indicator(), taken).number == 40
    assert achieved(an_indicator(counting=Counting.TO_DATE), taken).number == 5
    assert achieved(an_indicator(), []) is None


def test_a_percentage_is_the_sum_of_numerators_by_that_of_denominators():
    taken = [Reading(FIRST, None, Decimal(1), Decimal(2)), Reading(FIRST + timedelta(1), None, Decimal(0), Decimal(6))]
    summed = achieved(an_indicator(Measure.PERCENTAGE, target="50"), taken)
    assert (summed.number, summed.numerator, summed.denominator) == (Decimal("12.5"), 1, 8)
    newest = achieved(an_indicator(Measure.PERCENTAGE, Counting.TO_DATE), taken)
    assert newest.number == 0


@pytest.mark.parametrize(
    ("level", "baseline", "target", "share"),
    [
        (40, 0, 40, 1),
        (25, 10, 40, "0.5"),
        (10, 10, 40, 0),
        (5, 10, 30, "-0.25"),  # away from the target
        (60, 0, 40, "1.5"),  # above it
        (30, 50, 10, "0.5"),  # less is better
        (10, 50, 10, 1),
        (5, 5, 5, None),
        (5, None, 10, None),
        (None, 0, 10, None),
    ],
)
def test_the_share_of_the_target_is_counted_from_the_baseline(level, baseline, target, share):
    given = [None if one is None else Decimal(one) for one in (level, baseline, target)]
    assert share_of_target(*given) == (None if share is None else Decimal(share))


def test_increments_stand_on_the_baseline():
    found = achieved(an_indicator(baseline="10", target="40"), readings(10, 5))
    assert (found.number, found.level, found.share) == (15, 25, Decimal("0.5"))
    total = achieved(an_indicator(counting=Counting.TO_DATE, baseline="10", target="40"), readings(10, 25))
    assert (total.number, total.share) == (25, Decimal("0.5"))


def test_words_and_yes_or_no_tell_the_newest():
    taken = [Reading(FIRST, words="no"), Reading(FIRST + timedelta(1), words="yes")]
    yes = achieved(an_indicator(Measure.YES_NO, Counting.TO_DATE, "no", "Yes"), reversed(taken))
    assert (yes.words, yes.share, yes.is_reached) == ("yes", 1, True)
    words = achieved(an_indicator(Measure.WORDS, Counting.TO_DATE, "none", "a law"), taken)
    assert (words.words, words.share) == ("yes", None)


def test_a_period_tells_what_came_in_it_and_what_all_comes_to():
    found = progress(an_indicator(), readings(10, 20, 30), FIRST + timedelta(20), FIRST + timedelta(40))
    assert (found.within.number, found.to_date.number) == (20, 30)
    assert progress(an_indicator(), readings(10), date(2017, 1, 1), date(2017, 2, 1)).within is None


amounts = st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False)
part_keys = st.tuples(st.sampled_from(SEXES), st.sampled_from(AGES))


@st.composite
def taken(draw):
    """Readings of different days, whose parts fit into the whole."""
    days = draw(st.lists(st.integers(0, 4000), min_size=1, max_size=12, unique=True))
    found = []
    for one in days:
        parts = draw(st.dictionaries(part_keys, amounts, max_size=5))
        whole = sum(parts.values(), Decimal(0)) + draw(amounts)
        found.append(Reading(FIRST + timedelta(one), whole, whole, whole + draw(amounts) + 1, parts=parts))
    return found


@given(taken(), st.sampled_from(Counting), st.randoms(use_true_random=False))
def test_parts_and_what_no_part_says_are_the_whole_in_any_order(values, counting, chance):
    indicator = an_indicator(counting=counting, target="7")
    found = achieved(indicator, values)
    assert sum(found.parts.values(), Decimal(0)) + found.not_stated == found.number
    assert found.not_stated >= 0
    mixed = list(values)
    chance.shuffle(mixed)
    assert achieved(indicator, mixed) == found
    if counting is Counting.INCREMENT:
        assert found.number == sum(one.value for one in values)


@given(taken(), st.sampled_from(Counting), st.randoms(use_true_random=False))
def test_a_percentage_lies_between_its_readings_in_any_order(values, counting, chance):
    indicator = an_indicator(Measure.PERCENTAGE, counting, "0", "50")
    found = achieved(indicator, values)
    quotients = [100 * one.numerator / one.denominator for one in values]
    edge = Decimal("0.000001")
    assert min(quotients) - edge <= found.number <= max(quotients) + edge
    mixed = list(values)
    chance.shuffle(mixed)
    assert achieved(indicator, mixed) == found


@given(taken(), st.integers(0, 4000))
def test_what_comes_in_two_periods_is_what_comes_in_both(values, cut):
    split, last = FIRST + timedelta(cut), FIRST + timedelta(5000)
    indicator = an_indicator()
    earlier = progress(indicator, values, FIRST, split)
    later = progress(indicator, values, split + timedelta(1), last)
    numbers = [one.within.number for one in (earlier, later) if one.within]
    assert sum(numbers) == later.to_date.number


# -- activities -------------------------------------------------------------------------------------------------------


def test_months_count_from_the_start_whatever_day_it_is():
    assert planned([], date(2016, 1, 31)) is None
    assert planned([1], date(2016, 1, 31)) == Planned(date(2016, 1, 31), date(2016, 2, 28))
    assert planned([2, 4], date(2016, 1, 1)) == Planned(date(2016, 2, 1), date(2016, 4, 30))


def test_an_activity_is_late_the_day_after_its_last_month():
    plan = planned([1, 2], date(2016, 1, 1))
    assert standing(ActivityState.UNDER_WAY, plan, date(2016, 2, 29)) == ""
    assert standing(ActivityState.NOT_STARTED, plan, date(2016, 2, 29)) == "waiting"
    assert standing(ActivityState.UNDER_WAY, plan, date(2016, 3, 1)) == "late"
    assert standing(ActivityState.DONE, plan, date(2016, 3, 1)) == ""
    milestones = [SimpleNamespace(planned_on=date(2016, 2, 1), done_on=None)]
    states = [(state, plan) for state in ActivityState]
    found = due([*states, (ActivityState.NOT_STARTED, None)], milestones, date(2016, 3, 1))
    assert (found.due, found.late) == (4, 3)


# -- beneficiaries ----------------------------------------------------------------------------------------------------


def test_reports_of_periods_are_added_and_a_final_one_stands_for_all():
    assert reached([(False, {1: 5, 2: 1}), (False, {1: 7})]) == {1: 12, 2: 1}
    assert reached([(False, {1: 5, 2: 1}), (True, {1: 6})]) == {1: 6, 2: 1}


def a_group(number, counted, repeated, planned=0, sex="F"):
    return SimpleNamespace(
        id=number, counted=counted, repeated=repeated, planned=planned, type_code="MIG", reach=Reach.DIRECT,
        sex_code=sex, age_code="A",
    )  # fmt: skip


NAMES = {
    "type_code": {"MIG": "Migrants"},
    "reach": {"direct": "directly"},
    "sex_code": {"F": "female", "M": "male"},
    "age_code": {"A": "any age"},
}


def test_people_and_services_are_never_one_total():
    groups = [
        a_group(1, Counted.PEOPLE, False, 10),
        a_group(2, Counted.SERVICES, True, 20),
        a_group(3, Counted.PEOPLE, False, 5, "M"),
        a_group(4, None, None, 1),
    ]
    found = totals(groups, {1: 12, 2: 100, 3: 5}, NAMES)
    assert [(one.kind, one.total.planned, one.total.reached, one.total.above) for one in found] == [
        ((Counted.PEOPLE, False), 15, 17, 2),
        ((Counted.SERVICES, True), 20, 100, 80),
        ((None, None), 1, 0, 0),
    ]
    sexes = dict(found[0].parts)["sex_code"]
    assert [(one.name, one.planned, one.reached) for one in sexes] == [("female", 10, 12), ("male", 5, 5)]


kinds = st.sampled_from([(Counted.PEOPLE, False), (Counted.PEOPLE, True), (Counted.SERVICES, True), (None, None)])


@given(st.lists(st.tuples(kinds, st.integers(0, 999), st.integers(0, 999), st.sampled_from("FM")), max_size=20))
def test_every_dimension_of_a_kind_sums_to_its_total(rows):
    groups = [a_group(place, *kind, plan, sex) for place, (kind, plan, _came, sex) in enumerate(rows)]
    numbers = {place: came for place, (_kind, _plan, came, _sex) in enumerate(rows)}
    found = totals(groups, numbers, NAMES)
    for one in found:
        for _dimension, sums in one.parts:
            assert sum(part.planned for part in sums) == one.total.planned
            assert sum(part.reached for part in sums) == one.total.reached
    assert sum(one.total.reached for one in found) == sum(numbers.values())
