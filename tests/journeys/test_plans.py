"""The plans of a proposal in a browser: written without script on a phone, and summed while somebody types."""

from playwright.sync_api import expect

from prima.db import db
from tests.factories import a_matrix, a_project, a_user
from tests.journeys.people import Person


def a_developer_with_a_draft():
    developer = a_user("PDEV", "KEN", name="Developer, Kenya")
    project = a_project(developer=developer, duration_months=18)
    a_matrix(project, activities=2)
    db.session.commit()
    return developer, f"/projects/{project.reference}"


def test_plans_are_written_on_a_phone_without_script(browser_page, axe):
    developer, home = a_developer_with_a_draft()
    person = Person(developer.name, developer.email, browser_page(javascript=False, width=390))
    person.open(f"{home}/partners").is_at("Partners").type("Partner, line 1", "Ministry of Labour").press("Save")
    axe(person.is_told("Saved.").fits().page)
    person.open(f"{home}/workplan").is_at("Workplan").type("Months, activity 1.1.2", "17-20").press("Save")
    person.is_told("Saved.").reads("after month 18").fits()
    expect(person.page.locator(".gantt .bar.beyond")).to_have_count(1)
    axe(person.page)
    person.open(f"{home}/risks").type("Risk factor, risk 1", "The law is late.")
    person.choose("Consequence, risk 1", "5 Major").choose("Likelihood, risk 1", "4 Likely").press("Save")
    person.is_told("Saved.").reads("very high, 20").fits()
    axe(person.page)


def test_beneficiaries_are_summed_while_they_are_typed(browser_page):
    developer, home = a_developer_with_a_draft()
    person = Person(developer.name, developer.email, browser_page())
    person.open(f"{home}/beneficiaries").type("Number planned, line 1", "1,200").type("Number planned, line 2", "34")
    total = person.page.locator("tfoot output").first
    expect(total).to_have_text("1,234")
    person.type("Number planned, line 3", "many")
    expect(total).to_have_text("1,234")
    person.type("Number planned, line 3", "")
    for line in ("1", "2"):
        person.choose(f"Who, line {line}", "Returnees").choose(f"Reached, line {line}", "directly")
    person.choose("Sex, line 2", "female").press("Save").is_told("Saved.")
    expect(total).to_have_text("1,234")
    person.field("Remove, line 1").check()
    expect(total).to_have_text("34")
