"""A donor's proposal in euros, from the idea to its papers: what is typed once is the same to the cent everywhere."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from prima.db import db
from prima.lists import Donor
from prima.users import Role
from tests.journeys.people import Cast, Person

TITLE = "Return and reintegration between Kenya and Uganda"
RATES = "currency,valid_from,usd_per_unit\nEUR,2016-08-01,1.1\nEUR,2016-09-01,1.1234\n"
HEADINGS = "Category\tDescription\tUnit\tQuantity\tNumber of units\tUnit cost, EUR\tCountry"
STAFF = "National staff\tProject officer\tmonth\t1\t12\t1500.25\tKenya"
COURSES = "OPER.TRAIN\tCourses\tcourse\t4\t\t2,345.67\tUganda"
WRONG = "Printing and publications\tLeaflets 🌍 منشورات\tleaflet\t100\t1\t12,50\tKenya"
MENDED = WRONG.replace("12,50", "12.50")
AMOUNTS = {
    "Overhead": "2,004.50",
    "Project officer": "18,003.00",
    "Courses": "9,382.68",
    "Leaflets 🌍 منشورات": "1,250.00",
}
EUR, USD = "30,640.18", "34,421.18"
"""30,640.18 x 1.1234 = 34,421.178: to the cent."""
BY_COUNTRY = [["Kenya", "20,427.81", "66.67%"], ["Uganda", "10,212.37", "33.33%"]]
"""The cent that is left over goes to the larger remainder."""
BOTH = f"EUR {EUR} (USD {USD})"
WAYS = [
    pytest.param({"width": 1280}, id="script"),
    pytest.param({"javascript": False, "width": 390}, id="no script", marks=pytest.mark.soak),
]


@pytest.fixture(params=WAYS)
def developer(app, browser_page, request, tmp_path) -> Person:
    file = tmp_path / "rates.csv"
    file.write_text(RATES)
    assert app.test_cli_runner().invoke(args=["rates", "import", str(file)]).exit_code == 0
    db.session.add(Donor(code="GOV1", name="A government", kind="state", position=1))
    cast = Cast(browser_page, request.param)
    cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
    return cast.developer


def begin(developer: Person) -> str:
    """The concept, developed into a proposal; its address."""
    developer.open("/").follow("New concept note").is_at("New project")
    developer.type("Title", TITLE).choose("Project type", "Return Assistance to Migrants and Governments")
    developer.unfold("Regional Office for East Africa and the Horn of Africa").tick("Countries", "Uganda")
    developer.tick("Who is to pay", "A donor").choose("Donor", "A government")
    developer.type("Summary", "People come home, and stay.").fits().press("Save the concept")
    developer.is_told("The concept is saved").is_at(TITLE)
    home = "/projects/" + developer.page.url.rpartition("/")[2]
    developer.press("Develop into a proposal").is_told("Develop into a proposal")
    return home


def fill_the_cover(developer: Person, home: str) -> None:
    developer.open(f"{home}/cover").is_at("Cover").type("Agreement with the donor (optional)", "GOV-2016/7")
    developer.type("Overhead rate (optional)", "7").type("Executing agency", "IOM")
    developer.type("Planned duration in months", "24").fits().press("Save").is_told("Saved")
    expect(developer.field("Overhead rate (optional)")).to_have_value("7")


def choose_euros(developer: Person, home: str) -> None:
    developer.open(f"{home}/budget").is_at("Budget").follow("Change the currency").is_at("Currency of the budget")
    developer.choose("Currency", "EUR (1 EUR = 1.1234 USD)").fits().press("Change the currency").is_at("Budget")
    developer.reads("1 EUR = 1.1234 USD, rate of 1 Sep 2016.")
    developer.choose("Category, line 1", "Overhead").type("Description, line 1", "Overhead")
    developer.type("Unit cost, line 1", "2,004.50").press("Save").is_told("EUR 2,004.50 (USD 2,251.86)")


def paste_the_lines(developer: Person, axe) -> None:
    """One wrong cell: it is named, nothing is written, and what was pasted stands there to be mended."""
    developer.follow("Paste or upload lines").is_at("Paste or upload budget lines")
    pasted = "\n".join((HEADINGS, STAFF, COURSES, WRONG))
    developer.type("Rows of a spreadsheet", pasted).press("Show what was understood")
    told = developer.main.get_by_role("alert")
    expect(told.get_by_role("listitem")).to_have_count(1)
    expect(told).to_contain_text("Row 4, Unit cost: “12,50”. Expected a number such as 1234.56")
    expect(developer.field("Rows of a spreadsheet")).to_have_value(pasted)
    axe(developer.fits().page)
    developer.type("Rows of a spreadsheet", "\n".join((HEADINGS, STAFF, COURSES, MENDED)))
    developer.press("Show what was understood").is_at("Take over 3 lines?").reads("Nothing is written yet")
    understood = developer.rows("What was understood")
    assert [row[2] for row in understood] == list(AMOUNTS)[1:]
    assert [row[-1] for row in understood] == [amount.removesuffix(".00") for amount in AMOUNTS.values()][1:]
    axe(developer.fits().page)
    developer.press("Take them over").is_at("Budget").is_told("3 lines were taken over.")
    developer.reads(BOTH)


def divide_by_country(developer: Person, home: str, axe) -> None:
    developer.open(f"{home}/allocation/country").is_at("Allocation by country").reads(BOTH)
    developer.tick("How it is set", "By percentage, and the amounts follow")
    developer.type("Kenya, percentage", "66.67").type("Uganda, percentage", "33.33").press("Save").is_told("Saved")
    assert developer.rows("As it is saved") == BY_COUNTRY
    axe(developer.fits().page)


def downloaded(developer: Person, link: str) -> Path:
    with developer.page.expect_download() as coming:
        developer.follow(link)
    return Path(coming.value.path())


def read_the_word_document(developer: Person, home: str) -> None:
    with downloaded(developer.open(f"{home}/proposal"), "Proposal in Word").open("rb") as file:
        document = docx.Document(file)
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert ["Budget", f"EUR {EUR}"] in cells
    assert ["Budget in USD", USD] in cells
    for name, amount in AMOUNTS.items():
        assert any(name in row and amount in row for row in cells), f"{name}, {amount}"
    for name, amount, _share in BY_COUNTRY:
        assert any(row[0] == name and amount in row for row in cells), f"{name}, {amount}"
    assert f"In USD: {USD}, at 1.1234 USD for one EUR" in "\n".join(one.text for one in document.paragraphs)


def bring_the_form_back(developer: Person, home: str) -> None:
    """The form as it was downloaded takes nothing away and adds nothing when it comes in place of the lines."""
    form = downloaded(developer.open(f"{home}/budget"), "Download as Excel")
    with form.open("rb") as file:
        rows = list(load_workbook(file)["Budget"].values)
    place = {heading: position for position, heading in enumerate(rows[0])}
    found = {row[place["Description"]]: f"{row[place['Amount, EUR']]:,.2f}" for row in rows[1:] if row[0]}
    assert found == AMOUNTS
    before = what_the_budget_says(developer)
    developer.follow("Paste or upload lines").field("The form, filled in").set_input_files(
        {"name": "budget.xlsx", "mimeType": "application/octet-stream", "buffer": form.read_bytes()}
    )
    developer.press("Show what it holds").is_at("Take over 4 lines?")
    developer.tick("What is done with them", "Put in place of all lines that stand there").press("Take them over")
    developer.is_told("4 lines were taken over.").is_at("Budget").reads(BOTH)
    assert what_the_budget_says(developer) == before
    developer.open(f"{home}/allocation/country")
    assert developer.rows("As it is saved") == BY_COUNTRY


def what_the_budget_says(developer: Person) -> list[str]:
    """Everything that stands in the fields of the lines."""
    fields = developer.main.locator("#lines").locator("input:not([type=hidden]), select")
    return fields.evaluate_all("all => all.map(one => one.value)")


def test_a_donor_proposal_in_euros(developer, axe):
    home = begin(developer)
    fill_the_cover(developer, home)
    choose_euros(developer, home)
    paste_the_lines(developer, axe)
    divide_by_country(developer, home, axe)
    developer.open(home).is_at(TITLE)
    for term, amount in (("Budget, EUR", EUR), ("Budget, USD", USD)):
        fact = developer.main.get_by_label("Facts").locator("div", has=developer.page.get_by_text(term, exact=True))
        expect(fact.get_by_role("definition")).to_have_text(amount)
    read_the_word_document(developer, home)
    bring_the_form_back(developer, home)
