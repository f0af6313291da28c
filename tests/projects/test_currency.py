"""A donor's budget in its own currency: the rate of the day, nothing converted unseen, and USD to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.projects import operations, queries, rules
from prima.projects.models import (
    ActivityAllocation,
    AreaAllocation,
    Basis,
    CountryAllocation,
    Dimension,
    Part,
    Party,
)
from prima.projects.stages import Funding
from prima.rates import ExchangeRate
from tests.chance import tried
from tests.factories import a_project, a_user
from tests.projects.test_budget import fill, row

RATE = Decimal("1.1234")


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def rates(app):
    for currency, day, worth in (("EUR", date(2016, 9, 1), RATE), ("KES", date(2016, 9, 1), Decimal("0.00985"))):
        db.session.add(ExchangeRate(currency=currency, valid_from=day, usd_per_unit=worth))
    db.session.flush()


@pytest.fixture
def project(developer, rates):
    return a_project(developer=developer, funding=Funding.DONOR)


def again(project):
    db.session.expire_all()
    return queries.proposal(project.reference)


def in_euros(project, developer):
    fresh = again(project)
    operations.choose_currency(fresh, actor=developer, version=fresh.budget_version, currency="EUR")
    db.session.commit()


def spend(project, developer, *costs, **values):
    rows = [row(f"lines-{place}", unit_cost=Decimal(cost), **values) for place, cost in enumerate(costs)]
    operations.revise_budget(again(project), actor=developer, rows=rows)
    db.session.commit()


def test_the_currency_is_chosen_and_no_amount_is_converted(browser_of, developer, project):
    spend(project, developer, "1000")
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/budget").check().follow("Change the currency").check()
    assert "Nothing is converted" in page.text
    page = page.fill("Currency", "EUR (1 EUR = 1.1234 USD)").press("Change the currency").check()
    assert "The amounts stay as they were typed: please check them." in page.messages[0]
    assert "1 EUR = 1.1234 USD, rate of 1 Sep 2016." in page.text
    assert page.value("Unit cost, line 1") == "1000.00"
    fresh = again(project)
    assert (fresh.budget, fresh.budget_usd) == (1000, Decimal("1123.40"))
    assert (fresh.rate, fresh.rate_from) == (RATE, date(2016, 9, 1))
    for path in ("", "/proposal", "/allocation/area", "/readiness"):
        assert "EUR 1,000" in browser.open(f"/projects/{project.reference}{path}").text or path in ("", "/readiness")
    assert "Budget, EUR 1,000" in browser.open(f"/projects/{project.reference}").text


def test_the_rate_is_taken_anew_at_every_save(developer, project):
    in_euros(project, developer)
    spend(project, developer, "100")
    db.session.add(ExchangeRate(currency="EUR", valid_from=date(2016, 10, 15), usd_per_unit=Decimal("1.2")))
    assert again(project).budget_usd == Decimal("112.34")
    clock.fix(date(2016, 10, 20))
    spend(project, developer, "0.01")
    fresh = again(project)
    assert (fresh.rate, fresh.rate_from, fresh.budget_usd) == (Decimal("1.2"), date(2016, 10, 15), Decimal("120.01"))


def test_back_in_dollars_both_totals_are_one(developer, project):
    in_euros(project, developer)
    spend(project, developer, "100")
    fresh = again(project)
    operations.choose_currency(fresh, actor=developer, version=fresh.budget_version, currency="USD")
    fresh = again(project)
    assert (fresh.budget, fresh.budget_usd, fresh.rate, fresh.rate_from) == (100, 100, None, None)


def test_two_people_who_change_the_currency_see_both(browser_of, developer, project):
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    url = f"/projects/{project.reference}/budget/currency"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Currency", "EUR").press("Change the currency")
    page = mine.fill("Currency", "KES").press("Change the currency").check()
    assert page.status == 409
    assert "Second developer" in page.text
    assert page.press("Save what I typed").status == 200
    assert again(project).currency == "KES"


def test_amounts_typed_in_another_currency_are_not_saved_unseen(browser_of, developer, project):
    page = fill(browser_of(developer).open(f"/projects/{project.reference}/budget"), 1, cost="50")
    in_euros(project, developer)
    page = page.press("Save").check()
    assert page.status == 409
    assert page.errors == ["The budget is in EUR meanwhile, not in USD. Check the amounts, then save again."]
    assert page.value("Unit cost, line 1") == "50"
    assert page.press("Save").status == 200
    assert again(project).budget_usd == Decimal("56.17")


def test_the_fund_takes_dollars_alone(browser_of, developer, rates):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    url = f"/projects/{project.reference}/budget/currency"
    page = browser.open(url).check()
    token = page.soup.find(attrs={"name": "csrf_token"})["value"]
    page = browser.request("POST", url, data={"csrf_token": token, "version": "1", "currency": "EUR"})
    assert page.status == 422
    assert page.errors == ["Currency: Budgets of the Fund are in USD."]
    assert again(project).currency == "USD"


def test_a_currency_without_a_rate_is_not_offered(browser_of, developer, project):
    page = browser_of(developer).open(f"/projects/{project.reference}/budget/currency")
    options = [one["value"] for one in page.soup.select("#currency option")]
    assert options == ["USD", "EUR", "KES"]
    page.soup.select("#currency option")[2]["value"] = "XXX"
    assert page.fill("Currency", "XXX").press("Change the currency").status == 422


def test_a_budget_in_euros_that_goes_to_the_fund_is_asked_for_dollars(browser_of, developer, project):
    in_euros(project, developer)
    spend(project, developer, "100000")
    project = again(project)
    project.funding, project.donor_code = Funding.FUND, None
    db.session.commit()
    needs = {need.code: need for need in rules.to_submit(again(project))}
    assert needs["CURRENCY"].text == "Budgets of the Fund are in USD. This one is in EUR."
    assert needs["CURRENCY"].severity == "block"
    assert "EUR 5,000.00 (USD 5,617.00)" in needs["EVAL_MIN"].text
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    assert "EUR 100,000 (USD 112,340) of at most EUR 178,030.98 (USD 200,000) kept" in page.text
    page = page.follow("Change the currency").check()
    assert "Budgets of the Fund are in USD." in page.text
    page.fill("Currency", "USD").press("Change the currency").check()
    assert "CURRENCY" not in {need.code for need in rules.to_submit(again(project))}


def test_who_writes_in_the_budget_becomes_an_author(developer, project):
    def authors():
        statement = select(Party.user_id).where(Party.project_id == project.id, Party.part == Part.AUTHOR)
        return db.session.scalars(statement).all()

    assert authors() == []
    in_euros(project, developer)
    assert authors() == [developer.id]


CODES = {
    Dimension.AREA: ("EPC", "MHD", "IBM", "LHD"),
    Dimension.ACTIVITY: ("TRN", "CON", "STU", "EVL"),
    Dimension.COUNTRY: ("ETH", "KEN", "SOM", "UGA"),
}
TABLES = {
    Dimension.AREA: AreaAllocation,
    Dimension.ACTIVITY: ActivityAllocation,
    Dimension.COUNTRY: CountryAllocation,
}


@tried
@given(
    cents=st.lists(st.integers(1, 10**10), min_size=1, max_size=4),
    weights=st.lists(st.integers(0, 10_000), min_size=4, max_size=4).filter(any),
    worth=st.integers(1, 10**10).map(lambda number: Decimal(number).scaleb(-8)),
    basis=st.sampled_from([Basis.PERCENTAGE, Basis.LINES, Basis.AMOUNT]),
    dimension=st.sampled_from(list(Dimension)),
)
def test_an_allocation_sums_to_the_total_in_its_currency_and_in_dollars(app, cents, weights, worth, basis, dimension):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, funding=Funding.DONOR, countries=CODES[Dimension.COUNTRY])
    db.session.merge(ExchangeRate(currency="EUR", valid_from=date(2016, 9, 1), usd_per_unit=worth))
    in_euros(project, developer)
    column = {Dimension.AREA: "area_code", Dimension.ACTIVITY: "activity_type_code", Dimension.COUNTRY: "country_code"}
    codes = CODES[dimension]
    rows = [
        row(f"lines-{place}", unit_cost=Decimal(one).scaleb(-2), **{column[dimension]: codes[place % 4]})
        for place, one in enumerate(cents)
    ]
    operations.revise_budget(again(project), actor=developer, rows=rows)
    parts = [weight * 10_000 // sum(weights) for weight in weights]
    parts[weights.index(max(weights))] += 10_000 - sum(parts)
    total = again(project).budget
    operations.allocate(
        again(project),
        dimension,
        actor=developer,
        version=0,
        basis=basis,
        amounts={codes[1]: total} if basis is Basis.AMOUNT else {},
        shares={code: Decimal(part).scaleb(-2) for code, part in zip(codes, parts, strict=True)},
    )

    def sums():
        fresh = again(project)
        table = TABLES[dimension]
        stored = db.session.scalars(select(table).where(table.project_id == project.id)).all()
        totals = (sum(one.amount for one in stored), sum(one.amount_usd for one in stored))
        return totals, (fresh.budget, fresh.budget_usd)

    assert sums()[0] == sums()[1]
    if basis is not Basis.AMOUNT:
        operations.revise_budget(again(project), actor=developer, rows=rows[:1])
        assert sums()[0] == sums()[1]


def test_a_regional_project_is_allocated_by_country(browser_of, developer, rates):
    project = a_project(developer=developer, funding=Funding.DONOR, countries=("KEN", "UGA"))
    spend(project, developer, "100.01")
    browser = browser_of(developer)
    home = f"/projects/{project.reference}"
    assert "Allocation by country" in browser.open(f"{home}/proposal").text
    page = browser.open(f"{home}/allocation/country").check()
    page = page.fill("Kenya, percentage", "50").fill("Uganda, percentage", "50").press("Save").check()
    assert page.rows("As it is saved") == [["Kenya", "50.01", "50.00%"], ["Uganda", "50", "50.00%"]]
    page.fill("How it is set", "By amount").fill("Kenya, amount in USD", "1").fill("Uganda, amount in USD", "")
    page = page.press("Save").check()
    assert "USD 99.01 of the total is not allocated" in page.messages[0]
    needs = [str(need.text) for need in rules.to_submit(again(project))]
    assert "the allocation by country, out of balance by USD 99.01" in needs


def test_a_national_project_has_no_allocation_by_country(browser_of, developer, project):
    browser = browser_of(developer)
    assert browser.open(f"/projects/{project.reference}/allocation/country").status == 404
    assert "Allocation by country" not in browser.open(f"/projects/{project.reference}/proposal").text
