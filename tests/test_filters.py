"""How values look: money in full and shortened, days, moments, shares and ages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import get_babel

from prima import clock, filters, languages

TODAY = date(2016, 10, 1)


@pytest.fixture(autouse=True)
def page():
    """Formatting reads the language of an application."""
    app = Flask("page")
    languages.Speech(app)
    filters.register(app)
    with app.test_request_context():
        yield app


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal("1459754.00"), "1,459,754"),
        (Decimal("1459754.25"), "1,459,754.25"),
        (Decimal("0"), "0"),
        (Decimal("-12000.5"), "-12,000.50"),
        (7, "7"),
        (None, "not stated"),
    ],
)
def test_money_is_grouped_and_shows_cents_only_when_there_are_any(amount, shown):
    assert filters.money(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal("1459754"), "1.46 M"),
        (Decimal("1894624000"), "1.89 bn"),
        (Decimal("300000"), "300 k"),
        (Decimal("18945"), "18.9 k"),
        (Decimal("999999"), "1.00 M"),
        (Decimal("999499"), "999 k"),
        (Decimal("999.50"), "1.00 k"),
        (Decimal("999.49"), "999"),
        (Decimal("12.5"), "13"),
        (Decimal("-0.2"), "0"),
        (Decimal("-1459754"), "-1.46 M"),
        (Decimal("0"), "0"),
        (None, "not stated"),
    ],
)
def test_shortened_money_keeps_three_figures(amount, shown):
    assert filters.money_short(amount) == shown


def test_a_share_is_shown_as_a_percentage():
    assert filters.percent(Decimal("0.295")) == "29.5%"
    assert filters.percent(1, digits=0) == "100%"
    assert filters.percent(None) == "not stated"


def test_a_moment_has_one_day_however_it_is_written(monkeypatch):
    """20:00 by UTC is the morning of the next day in Fiji."""
    evening = datetime(2016, 10, 1, 20, tzinfo=UTC)
    monkeypatch.setattr(get_babel(), "timezone_selector", lambda: "Pacific/Fiji")
    assert filters.moment(evening).startswith(filters.day(evening) + ", 08:00")
    assert filters.day(evening) == "2 Oct 2016"
    for hours, shown in ((3, "today"), (15, "today"), (17, "yesterday"), (41, "2 days")):
        monkeypatch.setattr(clock, "now", lambda hours=hours: evening + timedelta(hours=hours))
        assert filters.age(evening, date(2016, 10, 9)) == shown


def test_days_and_moments_are_written_out():
    assert filters.day(date(2026, 10, 12)) == "12 Oct 2026"
    assert filters.day(None) == "not stated"
    assert filters.month(date(2026, 10, 12)) == "Oct"
    assert filters.moment(datetime(2026, 10, 12, 10, 42, tzinfo=UTC)) == "12 Oct 2026, 10:42 UTC"
    assert filters.moment(None) == "not stated"


@pytest.mark.parametrize(
    ("due", "shown"),
    [
        (date(2016, 10, 10), "in 9 days"),
        (date(2016, 10, 2), "in 1 day"),
        (date(2016, 10, 1), "today"),
        (date(2016, 9, 30), "1 day late"),
        (date(2016, 9, 28), "3 days late"),
        (None, "not stated"),
    ],
)
def test_a_due_date_says_how_far_it_is(due, shown):
    assert filters.in_days(due, TODAY) == shown


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        (date(2016, 10, 1), "today"),
        (datetime(2016, 9, 30, 23, 59, tzinfo=UTC), "yesterday"),
        (date(2016, 9, 27), "4 days"),
        (None, "not stated"),
    ],
)
def test_an_age_counts_whole_days(monkeypatch, since, shown):
    monkeypatch.setattr(clock, "now", lambda: datetime(2016, 10, 1, 0, 1, tzinfo=UTC))
    assert filters.age(since, TODAY) == shown


def test_what_nobody_stated_is_said_in_words():
    assert filters.none_text(None) == filters.none_text("") == "not stated"
    assert filters.none_text(0) == 0


def test_templates_know_the_filters(page):
    shown = page.jinja_env.from_string("{{ amount|money }} {{ due|in_days(today) }}")
    assert shown.render(amount=Decimal(5), due=TODAY, today=TODAY) == "5 today"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1700", "1,700"),
        ("999", "999"),
        ("1234.50", "1,234.50"),
        ("two of 1700", "two of 1700"),
        ("1.", "1."),
        ("", ""),
    ],
)
def test_a_typed_number_sets_its_thousands_apart(typed, shown):
    assert filters.grouped(typed) == shown
