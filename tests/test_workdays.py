"""Working days skip weekends and holidays, whatever week an office has."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.workdays import add_working_days, is_working_day, working_days_between

FRIDAY = date(2016, 9, 30)
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
weekends = st.sets(st.integers(0, 6), max_size=6).map(tuple)
holidays = st.frozensets(st.dates(date(2015, 1, 1), date(2015, 3, 31)), max_size=12)


def test_five_working_days_after_a_friday_are_the_next_friday():
    assert add_working_days(FRIDAY, 5) == date(2016, 10, 7)


def test_no_days_are_the_same_day_even_on_a_weekend():
    assert add_working_days(date(2016, 10, 1), 0) == date(2016, 10, 1)


def test_counting_from_a_weekend_begins_on_monday():
    assert add_working_days(date(2016, 10, 1), 1) == date(2016, 10, 3)


def test_an_office_may_rest_on_friday_and_saturday():
    assert add_working_days(date(2016, 9, 29), 1, weekend=(4, 5)) == date(2016, 10, 2)


def test_a_holiday_is_no_working_day():
    assert add_working_days(FRIDAY, 1, holidays={date(2016, 10, 3)}) == date(2016, 10, 4)


def test_a_holiday_on_a_weekend_costs_nothing():
    assert working_days_between(FRIDAY, date(2016, 10, 7), holidays={date(2016, 10, 1)}) == 5


def test_backwards_counts_are_negative():
    assert working_days_between(date(2016, 10, 7), FRIDAY) == -5


@pytest.mark.parametrize(("number", "weekend"), [(-1, (5, 6)), (1, range(7))])
def test_what_cannot_be_counted_is_refused(number, weekend):
    with pytest.raises(ValueError):
        add_working_days(FRIDAY, number, weekend=weekend)


@given(start=days, number=st.integers(0, 60), weekend=weekends, holidays=holidays)
def test_adding_and_counting_undo_each_other(start, number, weekend, holidays):
    assert working_days_between(start, add_working_days(start, number, weekend, holidays), weekend, holidays) == number


@given(start=st.dates(date(2014, 12, 1), date(2015, 4, 30)), span=st.integers(0, 90), weekend=weekends, off=holidays)
def test_counting_by_weeks_equals_counting_day_by_day(start, span, weekend, off):
    walked = sum(is_working_day(start + timedelta(days=n), weekend, off) for n in range(1, span + 1))
    assert working_days_between(start, start + timedelta(days=span), weekend, off) == walked
