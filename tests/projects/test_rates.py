"""Exchange rates on the command line: all of a file or nothing, and never another rate unasked."""

from datetime import date
from decimal import Decimal

import pytest

from prima.db import db
from prima.rates import all_rates, rate_on, rates_on

GOOD = "currency,valid_from,usd_per_unit\nEUR,2016-08-01,1.1\nEUR,2016-09-01,1.1234\nKES,2016-09-01,0.00985\n"


@pytest.fixture
def rates(app, tmp_path):
    def run(text, *options):
        file = tmp_path / "rates.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        db.session.commit()
        done = app.test_cli_runner().invoke(args=["rates", "import", str(file), *options])
        db.session.expire_all()
        return done

    return run


def stored():
    return [(rate.currency, rate.valid_from.isoformat(), rate.usd_per_unit) for rate in all_rates(db.session)]


def test_rates_are_taken_over_and_the_same_file_again_changes_nothing(app, rates):
    assert rates(GOOD).output == "3 rates added, 0 changed, 0 unchanged.\n"
    assert rates(GOOD).output == "0 rates added, 0 changed, 3 unchanged.\n"
    assert stored() == [
        ("EUR", "2016-08-01", Decimal("1.1")),
        ("EUR", "2016-09-01", Decimal("1.1234")),
        ("KES", "2016-09-01", Decimal("0.00985")),
    ]
    listed = app.test_cli_runner().invoke(args=["rates", "list"]).output
    assert listed.splitlines()[1] == "2016-09-01  1 EUR = 1.1234 USD"


def test_the_rate_of_a_day_is_the_newest_that_is_valid_then(rates):
    rates(GOOD)
    assert rate_on(db.session, "EUR", date(2016, 7, 31)) is None
    assert rate_on(db.session, "EUR", date(2016, 8, 31)).usd_per_unit == Decimal("1.1")
    assert rate_on(db.session, "EUR", date(2016, 9, 1)).usd_per_unit == Decimal("1.1234")
    assert [rate.currency for rate in rates_on(db.session, date(2016, 8, 5))] == ["EUR"]
    assert [rate.usd_per_unit for rate in rates_on(db.session, date(2017, 1, 1))] == [
        Decimal("1.1234"),
        Decimal("0.00985"),
    ]


@pytest.mark.parametrize(
    ("line", "column", "value", "expected"),
    [
        ("eur,2016-09-01,1.1", "currency", "eur", "three capital letters"),
        ("USD,2016-09-01,1", "currency", "USD", "leave this line out"),
        ("EUR,1 Sep 2016,1.1", "valid_from", "1 Sep 2016", "such as 2016-09-01"),
        ("EUR,2016-02-30,1.1", "valid_from", "2016-02-30", "such as 2016-09-01"),
        ("EUR,9999-01-01,1.1", "valid_from", "9999-01-01", "between 1990 and 2100"),
        ('EUR,2016-09-01,"1,1"', "usd_per_unit", "1,1", "at most eight decimals: 1.1234"),
        ("EUR,2016-09-01,0", "usd_per_unit", "0", "above 0"),
        ("EUR,2016-09-01,-1", "usd_per_unit", "-1", "above 0"),
        ("EUR,2016-09-01,1000", "usd_per_unit", "1000", "below 1,000"),
        ("EUR,2016-09-01,NaN", "usd_per_unit", "NaN", "above 0"),
        ("EUR,2016-09-01,1e308", "usd_per_unit", "1e308", "above 0"),
        ("EUR,2016-09-01,1.123456789", "usd_per_unit", "1.123456789", "at most eight decimals"),
        ("KES,2016-09-01,0.00985", "valid_from", "2016-09-01", "Line 4 holds a rate"),
    ],
)
def test_one_wrong_line_and_nothing_is_imported(rates, line, column, value, expected):
    done = rates(f"{GOOD}{line}\n")
    assert done.exit_code == 1
    told = done.stderr.splitlines()
    assert told[0].startswith(f"Line 5, column “{column}”: “{value}”:")
    assert expected in told[0]
    assert told[-1] == "Error: rates.csv: 1 problem; nothing was imported."
    assert stored() == []


def test_another_rate_for_a_day_is_taken_only_when_asked(rates):
    rates(GOOD)
    other = GOOD.replace("1.1234", "1.2")
    done = rates(other)
    assert done.exit_code == 1
    assert "1 EUR is 1.1234 USD already" in done.stderr
    done = rates(other, "--update")
    assert done.output == "EUR from 2016-09-01: 1.1234 becomes 1.2.\n0 rates added, 1 changed, 2 unchanged.\n"
    assert stored()[1] == ("EUR", "2016-09-01", Decimal("1.2"))


@pytest.mark.parametrize("text", ["", "currency,valid_from,usd_per_unit\n", "a,b\n1,2\n", b"PK\x03\x04\0"])
def test_a_file_without_rates_says_so(rates, text):
    done = rates(text)
    assert done.exit_code == 1
    assert done.stderr.startswith("Line 1")
    assert "Traceback" not in done.output
