"""The whole road of a project, walked through real pages by the people whose turn it is, with script and without."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.outbox import Letter
from prima.projects.models import Project, Section
from prima.projects.stages import Funding
from prima.reporting import reminders
from prima.users import Role
from tests.factories import a_classification, a_matrix, a_project, a_risk
from tests.journeys.people import Cast, Person
from tests.portfolio.test_export import ACTIVITIES, AREAS, FACTS, moment

TITLE = "Fair recruitment of migrant workers in Kenya"
LATE = date(2016, 10, 20)
"""Eight days after the interim reports were due: the Regional Office is copied."""
REVIEWERS = {
    Role.RPDO: "Regional project development officer",
    Role.RTS: "Regional thematic specialist",
    Role.RRMO: "Regional resource management officer",
    Role.RME: "Regional M&E officer",
}
SECTIONS = {
    "SUM": "Summary", "RAT": "Rationale", "DES": "Project description", "PAR": "Partnerships and coordination",
    "MON": "Monitoring", "EVA": "Evaluation",
}  # fmt: skip


@pytest.fixture
def cast_of(browser_page):
    """Everybody on the road, at browsers of one kind."""

    def make(**options) -> Cast:
        cast = Cast(browser_page, options)
        cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
        cast.add("colleague", Role.PDEV, "KEN", "Second developer, Kenya")
        cast.add("head", Role.COM, "KEN", "Head of office, Kenya")
        cast.add("manager", Role.PM, "KEN", "Project manager, Kenya")
        cast.add("alternate", Role.APM, "KEN", "Alternate manager, Kenya")
        for role, name in REVIEWERS.items():
            cast.add(role.lower(), role, "NBO", f"{name}, Nairobi")
        cast.add("director", Role.RD, "NBO", "Regional director, Nairobi")
        cast.add("accounting", Role.RAS, "NBO", "Accounting support, Nairobi")
        cast.add("fund", Role.FUND, None, "Fund management")
        cast.add("approver", Role.DDG, None, "Approver")
        return cast

    return make


# -- drafting ---------------------------------------------------------------------------------------------------------


def begin(developer: Person, payer: str = "The Fund") -> str:
    """From the home page to a concept; its address."""
    developer.open("/").is_at("On my desk").reads("Nothing waits for you").follow("New concept note")
    developer.is_at("New project").type("Title", TITLE).choose("Project type", "Labour Migration")
    developer.tick("Who is to pay", payer).press("Save the concept")
    developer.is_told("The concept is saved").is_at(TITLE).reads("Concept").reads("a summary of the idea")
    # The concept cannot be developed yet: what it needs is named, and the link leads to the field that mends it.
    developer.follow("a summary of the idea").is_at("Cover")
    assert developer.page.url.endswith("/cover#summary")
    developer.type("Summary", "Workers pay for jobs abroad. Recruiters shall be paid by employers.").press("Save")
    reference = developer.page.url.split("/")[-2]
    home = f"/projects/{reference}"
    developer.open(home).press("Develop into a proposal").is_told("Develop into a proposal")
    return home


def see_what_is_missing(developer: Person, home: str, axe) -> None:
    """The project page lists each unmet need with a link to the place that mends it."""
    developer.open(home).reads("Before “Submit”, this still needs", "the section “Rationale”")
    expect(developer.main.get_by_role("button", name="Submit", exact=True)).to_have_count(0)
    axe(developer.fits().page)
    developer.follow("a focus area of the Fund").is_at("Cover")
    assert developer.page.url.endswith("/cover#focus_area_code")
    expect(developer.field("Focus area")).to_be_in_viewport()


def plan_it(home: str) -> None:
    """Matrix, workplan, risk plan and classification, as left by colleagues: they have their own journey."""
    project = db.session.scalars(select(Project).where(Project.reference == home.rpartition("/")[2])).one()
    a_matrix(project)
    a_classification(project)
    a_risk(project)
    project.gender_marker_code = "2a"
    db.session.commit()


def tell_the_rest(home: str) -> None:
    """The texts but the first, as left by colleagues."""
    project = db.session.scalars(select(Project).where(Project.reference == home.rpartition("/")[2])).one()
    for code, title in list(SECTIONS.items())[1:]:
        db.session.add(Section(project_id=project.id, code=code, text=f"The words of the section {title}."))
    db.session.commit()


def write_the_proposal(developer: Person, home: str) -> None:
    """From the cover to the letter on file; what other journeys write part by part stands there already."""
    developer.type("Executing agency", "IOM Kenya").type("Planned duration in months", "24")
    developer.choose("Funding line", "Line 1: All eligible Member States").choose("Focus area", "Labour migration")
    developer.fits().press("Save and go on: Classification")
    developer.is_at("Classification")
    tell_the_rest(home)
    developer.open(f"{home}/beneficiaries").is_at("Beneficiaries")
    developer.choose("Who, line 1", "Migrant workers").choose("Reached, line 1", "directly")
    developer.type("Number planned, line 1", "1,200").fits().press("Save and go on: Summary").is_at("Summary")
    developer.type("Summary", "The words of the section Summary.").press("Save and go on: Rationale").is_at("Rationale")
    developer.open(f"{home}/budget")
    write_the_budget(developer)
    developer.is_at("Documents").choose("Type of document", "Government request letter")
    developer.choose("State that wrote it", "Kenya")
    letter = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 The Ministry asks the Fund."}
    developer.field("File").set_input_files(letter)
    developer.press("File it").reads("letter.pdf").fits()


def write_the_budget(developer: Person) -> None:
    lines = [
        ("National staff", "Project assistant", "2", "10", "1000.50", "Migration health"),
        ("Evaluation (ring-fenced)", "Final evaluation", "", "", "5,000", "Migrant assistance"),
        ("Trainings and workshops", "Workshops", "4", "1", "18747.5", "Migrant assistance"),
    ]
    developer.is_at("Budget")
    for number, (category, description, quantity, units, cost, area) in enumerate(lines, 1):
        developer.choose(f"Category, line {number}", category).type(f"Description, line {number}", description)
        developer.type(f"Unit, line {number}", "month")
        developer.choose(f"Output or activity, line {number}", "1.1.1 Hold course 1 of part 1.")
        developer.type(f"Quantity, line {number}", quantity).type(f"Number of units, line {number}", units)
        developer.type(f"Unit cost, line {number}", cost).choose(f"Area of work, line {number}", area)
    developer.fits().press("Save and go on: Allocation by area of work").is_told("The total is USD 100,000.00")
    developer.tick("How it is set", "Summed from the budget lines").press("Save").is_told("Saved")
    assert developer.rows("As it is saved")[:2] == [
        ["Migration health", "20,010", "20.01%"],
        ["Migrant assistance", "79,990", "79.99%"],
    ]
    developer.fits().press("Save and go on: Allocation by activity type").is_at("Allocation by activity type")
    developer.tick("How it is set", "By percentage, and the amounts follow")
    developer.type("Training, percentage", "66.67").type("Evaluation, percentage", "33.33")
    developer.press("Save and go on: Documents")


def submit(person: Person, home: str, says: str = "Submit") -> None:
    """From the project page by way of the page that says who will have it."""
    person.open(home).press(says).is_at(says).reads("This will go to", "Head of office, Kenya").fits().press(says)
    person.is_told("The proposal is submitted").is_at(TITLE)


# -- deciding ---------------------------------------------------------------------------------------------------------


def decide(person: Person, home: str, says: str, note: str = "", *sections: str) -> None:
    """From the desk to the project, its button, and the page that asks once more."""
    person.open(home).press(says).is_at(says)
    if note:
        required = person.field("Reason")
        (required if required.count() else person.field("Remark (optional)")).fill(note)
    if sections:
        person.tick("Sections to be changed", *sections)
    person.fits().press(says)
    person.is_told(f"Done: {says}.")


def answer_checks(person: Person) -> None:
    for check in person.main.get_by_role("radio", name="Yes", exact=True).all():
        check.check()


def review(person: Person, role: Role, button: str = "Clear", note: str = "") -> None:
    """From the desk: the frozen proposal is read beside the checks, which are answered."""
    name = REVIEWERS[role]
    person.open("/").follow(f"Review as {name}").is_at(f"Review as {name}")
    person.reads("Rationale", "Budget lines").fits()
    answer_checks(person)
    if note:
        person.type("Comments, or the reason of a return (optional)", note)
    person.press(button).is_told("Your answer is recorded")


def send_back(person: Person, role: Role, reason: str, section: str) -> None:
    name = REVIEWERS[role]
    person.open("/").follow(f"Review as {name}").type("Comments, or the reason of a return (optional)", reason)
    person.unfold("Return the proposal").press("Return for changes")
    person.reads("Please mend what is marked below")  # a return is tied to a section
    person.tick("If you return it: sections to be changed", section).press("Return for changes")
    person.is_told("Your answer is recorded").reads("A return is coming")


def clear_with_comments(cast: Cast, axe) -> None:
    cast.rpdo.open("/").follow(f"Review as {REVIEWERS[Role.RPDO]}")
    cast.rpdo.reads("The words of the section Rationale.", "Project assistant")
    axe(cast.rpdo.page)
    for role in REVIEWERS:
        if role is Role.RME:
            review(cast.rme, role, "Clear with comments", "Ask each worker twice.")
        else:
            review(getattr(cast, role.lower()), role)


def return_and_clear(cast: Cast, home: str, axe) -> None:
    """The specialist returns it; it goes back when all have answered, is mended, and those concerned clear again."""
    send_back(cast.rts, Role.RTS, "Name the sectors.", "Rationale")
    for role in (Role.RPDO, Role.RRMO, Role.RME):
        review(getattr(cast, role.lower()), role)
    cast.developer.open(home).reads("Returned", "Name the sectors.", "Sections: Rationale")
    axe(cast.developer.page)
    cast.developer.open(f"{home}/sections/rat")
    cast.developer.type("Rationale", "The words of the section Rationale. The sectors are building and care.")
    cast.developer.press("Save").is_told("Saved")
    cast.developer.open(f"{home}/submit/submit").follow("1 comment is not answered").is_at("Comments")
    cast.developer.main.get_by_label(re.compile("^Your answer")).first.fill("They are named now.")
    cast.developer.main.get_by_role("button", name=re.compile("^Send the answer")).first.click()
    submit(cast.developer, home, "Submit again")
    cast.developer.reads("In review").reads("stands")  # the office's clearance: nothing material changed
    cast.rts.open("/").follow(f"Review as {REVIEWERS[Role.RTS]}").reads("Changed since round 1", "building and care")
    axe(cast.rts.page)
    for role in (Role.RPDO, Role.RTS):
        review(getattr(cast, role.lower()), role)
    cast.developer.open(f"{home}/endorsement").is_at("Record of endorsement").reads("Round 1", "Round 2")


def approve(cast: Cast, home: str) -> None:
    """The endorser, Fund management with its own checks, the approver."""
    decide(cast.director, home, "Endorse", "A sound proposal.")
    decide(cast.fund, home, "Take up for Fund review")
    cast.fund.open(home).press("Recommend for approval").press("Recommend for approval")
    cast.fund.reads("This cannot be done now", "Is every benefiting State eligible")
    cast.fund.open("/").follow("Review for the Fund").is_at("Review as Fund management")
    answer_checks(cast.fund)
    cast.fund.press("Save the answers").is_told("Your draft is saved").follow("Recommend for approval")
    cast.fund.press("Recommend for approval").is_told("Done: Recommend for approval.")
    decide(cast.approver, home, "Approve")
    cast.developer.open(home).reads("Approved")


# -- running ----------------------------------------------------------------------------------------------------------


def activate(cast: Cast, home: str, axe) -> None:
    fund = cast.fund.open(home).press("Activate").is_at("Activate the project")
    axe(fund.fits().page)
    fund.type("Start", "2015-03-01").type("End", "2017-02-28")
    fund.type("Manager's e-mail address", cast.manager.email)
    fund.type("Alternate manager's e-mail address", cast.manager.email)
    fund.type("Government focal point", "Director of Migration, Ministry of Labour").press("Activate")
    fund.reads("The manager and the alternate must be two people.")
    fund.type("Alternate manager's e-mail address", cast.alternate.email).press("Activate")
    fund.is_told("The project is active. Its project ID is LM.0001.").reads("Active", "Next deadlines")
    fund.follow("Reports").is_at("Reports and deadlines")
    due = [(row[0], row[2].split(",")[0]) for row in fund.rows("Deadlines")]
    assert ("Interim narrative report", "12 Oct 2016") in due
    assert ("Interim financial report", "12 Oct 2016") in due
    assert ("Final narrative report", "28 May 2017") in due
    fund.fits()


def be_reminded(cast: Cast) -> None:
    """The day goes on; the scheduler's work is done once, and a second time finds nothing to do."""
    clock.fix(LATE)
    queued = reminders.remind(db.session, LATE)
    db.session.commit()
    assert queued and not reminders.remind(db.session, LATE)
    written = select(Letter.recipient, Letter.subject).where(Letter.kind.startswith("remind:"))
    letters = db.session.execute(written).all()
    db.session.rollback()
    subject = "LM.0001: interim narrative report, 8 days late, it was due on 12 Oct 2016"
    reminded = {recipient for recipient, about in letters if about == subject}
    assert reminded == {cast.manager.email, cast.alternate.email, cast.rpdo.email}


def report(cast: Cast, home: str, axe) -> None:
    """The overdue reports: the narrative one by the manager, the financial one by the alternate."""
    manager = cast.manager.open("/").reads("Write the interim narrative report", "8 days late").fits()
    manager.open(home).reads("Waiting for:", "8 days late").follow("Reports")
    late = manager.main.locator("tr.late")
    expect(late).to_have_count(2)
    late.get_by_role("link", name="Interim narrative report").click()
    manager.is_at("Interim narrative report").type("Achievements", "Forty recruiters were trained.")
    axe(manager.fits().page)
    manager.press("Save and submit").is_told("Saved, but not submitted yet")
    written = manager.page.url
    manager.main.get_by_role("link", name="Say how it is counted").first.click()
    manager.main.get_by_label("How it is counted, ").select_option(label="people, nobody counted twice")
    manager.press("Save").is_told("Saved.").open(written).follow("Lessons learned")
    for part in (
        "Progress per indicator and activity", "Challenges and how they were met", "Lessons learned", "Next steps",
    ):  # fmt: skip
        manager.type(part, f"The words of {part}.")
    manager.main.get_by_label(", direct").fill("310")
    manager.press("Save and submit").is_told("The report is submitted.")
    manager.reads("310", "8 days late")
    officer = cast.rpdo.open("/").follow("Check the interim narrative report").is_at("Interim narrative report")
    officer.press("Checked").is_told("Done: Checked.")
    officer.type("Remark (optional)", "Well told.").press("Accept")
    officer.is_told("Done: Accept.").reads("Accepted")

    alternate = cast.alternate.open(f"{home}/reports")
    alternate.main.locator("tr.late").get_by_role("link", name="Interim financial report").click()
    alternate.is_at("Interim financial report").type("B001 Project assistant, spent", "8,004.25")
    alternate.type("B001 Project assistant, committed", "1,000").type("B002 Final evaluation, spent", "0")
    alternate.type("B003 Workshops, spent", "30,000")
    alternate.type("Explanation of differences from the approved budget", "None.")
    axe(alternate.fits().page)
    alternate.press("Save and submit").is_told("The report is submitted.").reads("60,995.75", "38.0%")
    address = alternate.page.url
    cast.accounting.open(address).press("Checked").is_told("Done: Checked.")
    cast.rrmo.open(address).press("Accept").is_told("Done: Accept.")


# -- looking back -----------------------------------------------------------------------------------------------------


def look_at_the_project(cast: Cast, home: str, axe) -> None:
    page = cast.director.open(home).is_at(TITLE).fits()
    axe(page.page)
    strip = page.main.get_by_role("list", name="Stages")
    expect(strip.locator("[aria-current=step]")).to_have_text("Implementation and monitoring")
    assert len(strip.get_by_role("listitem").all()) == 9
    drawing = page.main.get_by_role("img", name="Timeline from")
    expect(drawing).to_contain_text("Today, 20 Oct 2016")
    page.unfold("Dates as a list")
    dates = page.rows("Dates on the timeline")
    assert ["1 Mar 2015 – 28 Feb 2017", "As agreed at activation", "planned"] in dates
    assert ["12 Oct 2016", "Interim reports", "done"] in dates
    history = [row[3] for row in page.rows("History")]
    assert (history[0], history[-1]) == ("Active", "Concept")
    page.follow("Process map").is_at("Process map of LM.0001").fits()


def look_at_the_dashboard(person: Person, axe) -> list[str]:
    """Its row in the table by region and area of work."""
    person.go_by_menu("Dashboards").is_at("Dashboard").reads("East and Horn of Africa")
    assert ["East and Horn of Africa", "1", "100 k"] in person.rows("Budget by region and funding year")
    [row] = person.rows("Budget by region and area of work, USD")
    axe(person.fits().page)
    return row


def look_at_the_list(person: Person, axe) -> list:
    """The list with filters, and the same as a workbook read back."""
    person.go_by_menu("Projects").is_at("Projects").choose("Regional Office", "East and Horn of Africa")
    person.choose("Funding year", "2016").choose("Status", "Active").type("Words", "recruitment").press("Apply")
    person.reads("1 project", TITLE, "LM.0001")
    axe(person.fits().page)
    axe(person.unfold("Export").fits().page)
    return list(person.workbook("Excel with every sheet")["Projects"].values)


@pytest.mark.parametrize(
    ("javascript", "width", "returned"),
    [
        pytest.param(True, 1280, False, id="script, wide"),
        pytest.param(False, 390, True, id="no script, narrow", marks=pytest.mark.soak),
    ],
)
def test_from_a_concept_to_an_accepted_report(cast_of, axe, javascript, width, returned):
    cast = cast_of(javascript=javascript, width=width)
    developer = cast.developer
    home = begin(developer)
    plan_it(home)
    see_what_is_missing(developer, home, axe)
    write_the_proposal(developer, home)
    submit(developer, home)
    cast.head.open("/").reads(TITLE)
    decide(cast.head, home, "Clear for review")
    if returned:
        return_and_clear(cast, home, axe)
    else:
        clear_with_comments(cast, axe)
    approve(cast, home)
    activate(cast, home, axe)
    be_reminded(cast)
    report(cast, home, axe)
    look_at_the_project(cast, home, axe)
    assert look_at_the_dashboard(cast.director, axe) == [
        "East and Horn of Africa", "0", "20,010", "0", "79,990", "0", "0", "0", "100,000",
    ]  # fmt: skip
    drawing = cast.director.main.locator("[data-chart=years-bars-figure]")
    if javascript:
        expect(drawing.locator("svg").first).to_be_visible()
    else:
        expect(drawing).to_be_hidden()
    headings, row, *others = look_at_the_list(cast.director, axe)
    amounts = [f"{name} (USD)" for name in (*AREAS, *ACTIVITIES)]
    assert list(headings[: len(FACTS)]) == FACTS and list(headings[-len(amounts) :]) == amounts
    assert others == []
    cells = dict(zip(headings, row, strict=True))
    assert [cells[name] for name in FACTS] == [
        home.rpartition("/")[2], "LM.0001", TITLE, "Active", "Implementation and monitoring",
        "East and Horn of Africa", "Kenya", "Kenya", "Labour Migration", "Fund", None, 2016, None,
        moment(2015, 3, 1), moment(2017, 2, 28), 100_000,
    ]  # fmt: skip
    assert {name: cells[name] for name in amounts if cells[name] is not None} == {
        "Migration health (USD)": 20_010,
        "Migrant assistance (USD)": 79_990,
        "Training (USD)": 66_670,
        "Evaluation (USD)": 33_330,
    }


# -- other roads ------------------------------------------------------------------------------------------------------


def test_a_donor_asks_for_changes_and_the_proposal_is_withdrawn(cast_of, axe):
    cast = cast_of(width=390)
    cast.add("staff", Role.VIEW, None, "Colleague elsewhere")
    project = a_project(developer=cast.people["developer"], funding=Funding.DONOR, complete=True, title=TITLE)
    db.session.commit()
    home = f"/projects/{project.reference}"
    cast.staff.open(home).is_at("There is nothing here for you")
    submit(cast.developer, home)
    decide(cast.head, home, "Clear for review")
    for role in REVIEWERS:
        review(getattr(cast, role.lower()), role)
    decide(cast.director, home, "Endorse")
    decide(cast.rpdo, home, "Submitted to the donor")
    cast.staff.open(home).is_at(TITLE).reads("With the donor")
    cast.rpdo.open(home).press("The donor asks for changes").is_at("The donor asks for changes")
    cast.rpdo.press("The donor asks for changes").reads("Please mend what is marked below", "Please fill this in.")
    axe(cast.rpdo.page)
    letter = {"name": "answer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 The donor asks for less."}
    cast.rpdo.field("Letter to upload").set_input_files(letter)
    cast.rpdo.type("Reason", "A smaller budget.").press("The donor asks for changes")
    cast.rpdo.is_told("Done: The donor asks for changes.")
    cast.developer.open(home).reads("A smaller budget.", "Submit again")
    cast.developer.press("Withdraw").is_at("Withdraw").reads("The project will then be: Withdrawn.")
    cast.developer.type("Reason", "The donor's budget is too small.").press("Withdraw")
    cast.developer.is_told("Done: Withdraw.").reads("Withdrawn", "The donor's budget is too small.")
    axe(cast.developer.fits().page)
    cast.staff.open(home).is_at("There is nothing here for you")


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["script", "no script"])
def test_two_people_in_one_section_get_both_texts(cast_of, axe, javascript):
    cast = cast_of(javascript=javascript, width=390)
    project = a_project(developer=cast.people["developer"], title=TITLE)
    db.session.commit()
    home = f"/projects/{project.reference}"
    cast.developer.open(f"{home}/team").type("E-mail address", cast.colleague.email).press("Add")
    cast.developer.reads("Second developer, Kenya")
    mine, theirs = (one.open(f"{home}/sections/rat").is_at("Rationale") for one in (cast.developer, cast.colleague))
    theirs.type("Rationale", "Their words.").press("Save").is_told("Saved")
    mine.type("Rationale", "My words.").press("Save").is_at("Saved by somebody else meanwhile")
    mine.reads("Second developer, Kenya saved this while you were writing")
    assert mine.rows("What you typed, and what stands there now") == [["Rationale", "My words.", "Their words."]]
    axe(mine.fits().page)
    mine.press("Save what I typed").is_told("Saved").is_at("Rationale")
    expect(mine.field("Rationale")).to_have_value("My words.")
    theirs.open(f"{home}/sections/rat")
    expect(theirs.field("Rationale")).to_have_value("My words.")
