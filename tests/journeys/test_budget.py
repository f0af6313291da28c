"""The budget in a browser: it adds up while it is typed, gives empty lines, and works without script."""

from datetime import date
from decimal import Decimal

from playwright.sync_api import Page, expect

from prima.db import db
from prima.projects.models import BudgetLine
from prima.rates import ExchangeRate
from tests.factories import PASSWORD, a_matrix, a_project, a_user


def a_developer(**more):
    developer = a_user("PDEV", "KEN", name="Developer, Kenya")
    project = a_project(developer=developer, **more)
    a_matrix(project, activities=2)
    db.session.commit()
    return developer, f"/projects/{project.reference}/budget"


def open_budget(page: Page, developer, address: str) -> Page:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(developer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(address)
    return page


def type_line(page: Page, number: int, category: str, cost: str, quantity: str = "", units: str = "") -> None:
    page.get_by_label(f"Category, line {number}", exact=True).select_option(label=category)
    page.get_by_label(f"Description, line {number}", exact=True).fill(f"Line {number}")
    page.get_by_label(f"Quantity, line {number}", exact=True).fill(quantity)
    page.get_by_label(f"Number of units, line {number}", exact=True).fill(units)
    page.get_by_label(f"Unit cost, line {number}", exact=True).fill(cost)


def amount(page: Page, number: int):
    return page.locator("#lines tbody tr").nth(number - 1).locator("[data-part=amount]")


def test_a_budget_adds_up_while_it_is_typed(browser_page, axe):
    developer, address = a_developer()
    page = open_budget(browser_page(), developer, address)
    type_line(page, 1, "National staff", "0.05", "0.3333", "3")
    expect(amount(page, 1)).to_have_text("0.05")
    type_line(page, 1, "National staff", "9,007,199,254.93", "3", "1")
    expect(amount(page, 1)).to_have_text("27,021,597,764.79")
    for wrong in ("12,50", "0.005", "-1", "1e3", "ten"):
        type_line(page, 1, "National staff", wrong)
        expect(amount(page, 1)).to_have_text("")
    type_line(page, 1, "National staff", "1,200", "2", "13")
    type_line(page, 2, "Study tours", "68800")
    rules = page.get_by_role("region", name="What the rules ask")
    expect(rules).to_contain_text("USD 31,200 of at most USD 30,000 over by USD 1,200", use_inner_text=True)
    expect(rules).to_contain_text("USD 0 of at least USD 5,000 short by USD 5,000", use_inner_text=True)
    sums = page.get_by_role("table", name="Totals per category")
    expect(sums.get_by_role("row", name="National staff")).to_contain_text("31,200")
    expect(sums.get_by_role("row", name="Staff costs")).to_contain_text("31.2%")
    expect(sums.get_by_role("row", name="Total")).to_contain_text("100,000")
    page.get_by_role("button", name="Add three lines").click()
    expect(page.locator("#lines tbody tr")).to_have_count(6)
    type_line(page, 6, "Evaluation (ring-fenced)", "5500")
    expect(rules).to_contain_text("USD 5,500 of at least USD 5,275 kept", use_inner_text=True)
    axe(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_contain_text("The total is USD 105,500.00.")
    expect(amount(page, 3)).to_have_text("5,500")
    page.get_by_label("Remove, line 1").check()
    expect(sums.get_by_role("row", name="Total")).to_contain_text("74,300")
    assert [line.amount for line in db.session.query(BudgetLine).order_by(BudgetLine.position)] == [
        Decimal("31200.00"),
        Decimal("68800.00"),
        Decimal("5500.00"),
    ]


def test_a_budget_in_euros_says_dollars_beside_it_on_a_narrow_screen(browser_page, axe):
    db.session.add(ExchangeRate(currency="EUR", valid_from=date(2016, 9, 1), usd_per_unit=Decimal("1.1234")))
    developer, address = a_developer(
        funding="donor", countries=("KEN", "UGA"), currency="EUR", rate=Decimal("1.1234"), rate_from=date(2016, 9, 1)
    )
    page = open_budget(browser_page(width=390), developer, address)
    expect(page.locator("#budget-currency")).to_contain_text("1 EUR = 1.1234 USD, rate of 1 Sep 2016.")
    type_line(page, 1, "Study tours", "100.10")
    expect(amount(page, 1)).to_have_text("100.10")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_contain_text("EUR 100.10 (USD 112.45)")
    axe(page)
    page.get_by_role("link", name="Change the currency").click()
    axe(page)
    page.goto(address.replace("/budget", "/allocation/country"))
    axe(page)


def test_lines_are_pasted_and_confirmed_without_script(browser_page, axe):
    developer, address = a_developer()
    page = open_budget(browser_page(javascript=False, width=390), developer, address)
    page.get_by_role("button", name="Add three lines").click()
    page.get_by_role("link", name="Paste or upload lines").click()
    axe(page)
    page.get_by_label("Rows of a spreadsheet").fill("OPER.TRAIN\tCourse\tday\t2\t1\t12,50")
    page.get_by_role("button", name="Show what was understood").click()
    expect(page.get_by_role("alert")).to_contain_text("Row 1, Unit cost: “12,50”.")
    axe(page)
    page.get_by_label("Rows of a spreadsheet").fill("OPER.TRAIN\tCourse\tday\t2\t1\t12.50\t1.1.2")
    page.get_by_role("button", name="Show what was understood").click()
    expect(page.get_by_role("table", name="What was understood")).to_contain_text("1.1.2 Hold course 2 of part 1.")
    axe(page)
    page.get_by_role("button", name="Take them over").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Budget")
    assert [line.amount for line in db.session.query(BudgetLine)] == [Decimal("25.00")]
