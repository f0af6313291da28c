"""Late activities: the months that have passed since a start are those that can be added to it by today."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Date, literal, select

from prima import clock
from prima.db import db
from prima.months import add_months
from prima.reporting.portfolio.themes.delivery import _months_since

STARTS = [date(2014, 2, 28), date(2015, 8, 31), date(2016, 1, 29), date(2016, 2, 29), date(2016, 9, 30)]


@pytest.mark.parametrize("day", [date(2016, 2, 28), date(2016, 2, 29), date(2016, 3, 31), date(2016, 9, 30)])
def test_months_have_passed_when_that_many_after_the_start_has_come(app, monkeypatch, day):
    monkeypatch.setattr(clock, "today", lambda: day)
    for start in STARTS:
        passed = db.session.scalar(select(_months_since(literal(start, Date))))
        assert add_months(start, passed) <= day < add_months(start, passed + 1)
