"""A proposal for the Fund, from nothing to ready, with script and without on a phone: every page of it is filled in.

In two stages, so that neither lasts: the second begins with what the first one leaves.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import expect

from prima.db import db
from prima.handbook import published
from prima.projects.models import Beneficiaries, Reach, Section
from prima.users import Role, User
from tests.factories import a_classification, a_project
from tests.journeys.people import Cast, Person

TITLE = "Fair recruitment of migrant workers in Kenya"
QUESTIONS = (
    ("Does the needs analysis look at women, men, girls and boys separately?", "Yes"),
    ("Do the outputs answer the different needs found?", "Yes"),
    ("Do the activities answer the different needs found?", "Yes"),
    ("Is gender equality a main aim of the project?", "No"),
)
MARKER = "2a: All minimum standards met (mainstreamed)"
TEXTS = (
    "Summary", "Rationale", "Project description", "Partnerships and coordination", "Monitoring", "Evaluation",
)  # fmt: skip
ROWS = {
    "outcome 1": "Recruiters take no fees from workers.",
    "output 1.1": "Recruiters know the law.",
    "activity 1.1.1": "Train recruiters.",
    "activity 1.1.2": "Write to employers.",
    "output 1.2": "Employers pay the cost of recruitment.",
}
BORROWED = "Officials who complete a training"
RISKS = "Risk assessment plan (internal annex)"
LINES = (
    ("National staff", "Project assistant", "month", "1", "20", "1000.50", "1.1 Recruiters know the law."),
    ("Evaluation (ring-fenced)", "Final evaluation", "study", "", "", "5,000", "1.2.1 Write to employers."),
    ("Trainings and workshops", "Workshops", "course", "4", "1", "18747.5", "1.1.1 Train recruiters."),
)
AREA = "Labour mobility and human development"
TOLD = "9 of 16 parts complete"
LETTER = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 The Ministry asks the Fund."}


@pytest.fixture
def drafting_of(browser_page, axe):
    """A developer at a browser of one kind, in an office that has a head."""

    def make(*, javascript: bool, width: int) -> Drafting:
        cast = Cast(browser_page, {"javascript": javascript, "width": width})
        cast.add("head", Role.COM, "KEN", "Head of office, Kenya")
        cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
        return Drafting(cast.developer, axe, javascript, cast.people["developer"])

    return make


class Drafting:
    """One proposal being drafted, stage by stage."""

    def __init__(self, developer: Person, axe: Any, scripted: bool, account: User) -> None:
        self.developer, self.axe, self.scripted, self.account = developer, axe, scripted, account
        self.home = ""

    def looks_right(self) -> Person:
        """The page as it stands breaks no rule of access, and nothing sticks out."""
        self.axe(self.developer.fits().page)
        return self.developer

    # -- what it is about

    def begins(self) -> None:
        developer = self.developer
        developer.open("/").follow("New concept note").is_at("New project")
        developer.type("Title", TITLE).choose("Project type", "Labour Migration").tick("Who is to pay", "The Fund")
        developer.type("Summary", "Workers pay for jobs abroad. Employers shall pay.")
        self.looks_right().press("Save the concept").is_told("The concept is saved").is_at(TITLE)
        self.home = "/projects/" + developer.page.url.split("/")[-1]
        developer.press("Develop into a proposal").is_told("Develop into a proposal")
        developer.open(f"{self.home}/proposal").is_at("Proposal").reads("0 of 16 parts complete")
        self.looks_right().follow("Cover")

    def tells_what_it_is_about(self) -> None:
        developer = self.developer.is_at("Cover")
        developer.type("Executing agency", "IOM Kenya").type("Planned duration in months", "18")
        developer.choose("Funding line", "Line 1: All eligible Member States").choose("Focus area", "Labour migration")
        self.looks_right().press("Save and go on: Classification")
        self.classifies()
        developer.is_at("Partners").type("Partner, line 1", "Ministry of Labour").type("Role, line 1", "Inspects")
        self.looks_right().press("Save and go on: Beneficiaries").is_at("Beneficiaries")
        for line, sex, number in (("1", "female", "700"), ("2", "male", "500")):
            developer.choose(f"Who, line {line}", "Migrant workers").choose(f"Reached, line {line}", "directly")
            developer.choose(f"Sex, line {line}", sex).type(f"Number planned, line {line}", number)
        if self.scripted:
            expect(developer.page.locator("tfoot output")).to_have_text("1,200")
        self.looks_right().press(f"Save and go on: {TEXTS[0]}").is_at(TEXTS[0])

    def classifies(self) -> None:
        """The marker's code is suggested from four answers, at once or by a button."""
        developer = self.developer.is_at("Classification")
        developer.tick("Principles", "Partnerships: Work with partners on migration and linked issues")
        developer.tick("Objectives", "Safe, orderly, dignified: Make migration safe, orderly and dignified")
        developer.field("10.c Cheaper remittance transfers").check()
        developer.reads("Answer all four questions to see what they suggest.")
        for question, answer in QUESTIONS:
            developer.choose(question, answer)
        if not self.scripted:
            developer.press("Suggest a code").is_at("Classification")
        developer.reads(f"Suggested from the answers: {MARKER}.")
        expect(developer.field("10.c Cheaper remittance transfers")).to_be_checked()
        developer.choose("Gender marker", MARKER)
        self.looks_right().press("Save and go on: Partners")

    def writes_the_texts(self) -> None:
        for title, following in zip(TEXTS, (*TEXTS[1:], "Results matrix"), strict=True):
            self.developer.is_at(title)
            if self.scripted:
                self.sees_it_saved(title)
            else:
                self.developer.type(title, f"The words of the section {title}.")
            if title == TEXTS[1]:
                self.looks_right()
            self.developer.press(f"Save and go on: {following}")

    def sees_it_saved(self, title: str) -> None:
        form = self.developer.page.locator("form[data-autosave]")
        form.evaluate("(form) => Object.assign(form.dataset, { rest: 50, longest: 50 })")
        self.developer.type(title, f"The words of the section {title}.")
        expect(form.locator("[data-part=status]")).to_have_text(re.compile(r"^Saved \d\d:\d\d UTC\+3$"))

    def stands_at(self, progress: str) -> Person:
        return self.developer.open(f"{self.home}/proposal").is_at("Proposal").reads(progress)

    # -- how it will be done

    def finds_it_told(self) -> None:
        """As the first stage leaves it."""
        project = a_project(
            developer=self.account,
            title=TITLE,
            executing_agency="IOM Kenya",
            duration_months=18,
            gender_marker_code="2a",
            fund_line_code="L1",
            focus_area_code="LAB",
        )
        a_classification(project)
        db.session.add(Beneficiaries(project_id=project.id, type_code="MIG", reach=Reach.DIRECT, planned=1200))
        for section in published.newest(db.session).handbook.sections:
            if section.title.say() in TEXTS:
                text = f"The words of the section {section.title.say()}."
                db.session.add(Section(project_id=project.id, code=section.code, text=text))
        db.session.commit()
        self.home = f"/projects/{project.reference}"

    def builds_the_matrix(self) -> None:
        developer = self.developer.is_at("Results matrix")
        developer.type("Text of objective", "Workers migrate without debt.").press("Add an outcome")
        for button in ("Add an output under 1", "Add an output under 1", *["Add an activity under 1.1"] * 2):
            developer.is_told("Saved, with a new").press(button)
        expect(developer.field("Text of activity 1.1.2")).to_be_visible()
        for row, text in ROWS.items():
            developer.type(f"Text of {row}", text).type(f"Assumption of {row}", "Recruiters take part.")
        # The second activity belongs elsewhere; what was typed goes along.
        developer.press("Move 1.1.2").is_at("Move activity 1.1.2")
        developer.choose("Stand under", "1.2 Employers pay the cost of recruitment.")
        self.looks_right().press("Move").is_told("Moved, with all that stands below it.")
        expect(developer.field("Text of activity 1.2.1")).to_have_value("Write to employers.")
        for row in ("objective", "outcome 1", "output 1.1"):
            self.adds_an_indicator(row)
        self.takes_one_from_the_library()
        nothing = developer.page.get_by_text("Nothing: the matrix keeps every rule of the Handbook.")
        expect(nothing).to_be_visible()
        self.looks_right().press("Save and go on: Workplan")

    def adds_an_indicator(self, row: str) -> None:
        developer = self.developer
        developer.press(f"Add an indicator to {row}").type("Indicator", f"Workers who paid no fee, {row}")
        developer.type("Data source and collection method", "Survey of workers")
        developer.type("Baseline", "0").type("Target", "40")
        if row == "output 1.1":
            self.looks_right()
        developer.press("Save").is_told("The indicator is saved.").is_at("Results matrix")

    def takes_one_from_the_library(self) -> None:
        developer = self.developer.press("Take one from the library for output 1.2").is_at("Indicator library")
        developer.type("Words", "training").press("Search").is_at("Indicator library").reads(BORROWED)
        self.looks_right().main.get_by_role("button", name=BORROWED).click()
        developer.is_at("Indicator of output 1.2")
        expect(developer.field("Indicator")).to_have_value(BORROWED)
        developer.type("Baseline", "0").type("Target", "60").press("Save").is_told("The indicator is saved.")

    def plans(self) -> None:
        developer = self.developer.is_at("Workplan")
        for row, months in (("1.1.1", "2-5"), ("1.2.1", "6, 8")):
            developer.type(f"Responsible party, activity {row}", "IOM Kenya")
            developer.type(f"Months, activity {row}", months)
        developer.press("Save").is_told("Saved.").reads("By months")
        expect(developer.page.locator(".gantt .bar")).to_have_count(3)
        self.looks_right().press("Save and go on: Milestones").is_at("Milestones")
        developer.type("Milestone, line 1", "The code of conduct is signed").type("Planned day, line 1", "2017-06-30")
        self.looks_right().press(f"Save and go on: {RISKS}").is_at(RISKS)
        developer.type("Risk factor, risk 1", "The law is late.").choose("Consequence, risk 1", "3 Moderate")
        developer.choose("Likelihood, risk 1", "2 Unlikely").choose("Treatment, risk 1", "Tolerate")
        developer.type("Timing, risk 1", "First year").type("Action, risk 1", "Brief the committee.")
        developer.type("Owner, risk 1", "Project manager").type("Due day, risk 1", "2017-01-31")
        developer.press("Save").is_told("Saved.").reads("Map of risks")
        self.looks_right().press("Save and go on: Budget")

    # -- what it costs

    def counts_the_money(self) -> None:
        developer = self.developer.is_at("Budget")
        for number, (category, description, unit, quantity, units, cost, result) in enumerate(LINES, 1):
            developer.choose(f"Category, line {number}", category).type(f"Description, line {number}", description)
            developer.type(f"Unit, line {number}", unit).type(f"Quantity, line {number}", quantity)
            developer.type(f"Number of units, line {number}", units).type(f"Unit cost, line {number}", cost)
            developer.choose(f"Output or activity, line {number}", result)
            developer.choose(f"Area of work, line {number}", AREA)
        if self.scripted:
            sums = developer.main.get_by_role("table", name="Totals per category")
            expect(sums.get_by_role("row", name="Total")).to_contain_text("100,000")
        self.looks_right().press("Save").is_told("The total is USD 100,000.00")
        self.looks_right().press("Save and go on: Allocation by area of work").is_at("Allocation by area of work")
        developer.tick("How it is set", "Summed from the budget lines").press("Save").is_told("Saved")
        assert developer.rows("As it is saved")[0][1:] == ["100,000", "100.00%"]
        self.looks_right().press("Save and go on: Allocation by activity type").is_at("Allocation by activity type")
        developer.tick("How it is set", "By percentage, and the amounts follow")
        developer.type("Training, percentage", "66.67").type("Evaluation, percentage", "33.33")
        self.looks_right().press("Save and go on: Documents").is_at("Documents")

    def is_ready(self) -> None:
        developer = self.developer
        developer.choose("Type of document", "Government request letter").choose("State that wrote it", "Kenya")
        developer.field("File").set_input_files(LETTER)
        developer.press("File it").reads("letter.pdf")
        self.looks_right()
        self.stands_at("16 of 16 parts complete")
        developer.follow("Check and submit").is_at("Check and submit").reads("Nothing stands in the way")
        self.looks_right().press("Submit").is_at("Submit").reads("This will go to", "Head of office, Kenya")
        expect(developer.main.get_by_role("button", name="Submit", exact=True)).to_be_visible()
        self.looks_right()

    def takes_it_home(self) -> None:
        """The proposal in Word and the budget in Excel hold what was typed."""
        developer = self.developer.open(f"{self.home}/proposal")
        with developer.page.expect_download() as coming:
            developer.follow("Proposal in Word")
        words = words_of(Path(coming.value.path()))
        for told in (TITLE, *ROWS.values(), BORROWED, "The code of conduct is signed", "The law is late."):
            assert told in words, told
        sheet = developer.open(f"{self.home}/budget").workbook("Download as Excel")["Budget"]
        cells = [cell for row in sheet.values for cell in row]
        assert {"Project assistant", "Final evaluation", "Workshops", 74_990} <= {*cells}


def words_of(path: Path) -> str:
    with path.open("rb") as file:
        paper = Document(file)
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells])


WIDE, NARROW = (True, 1280), (False, 390)
IDS = {WIDE: "script, wide", NARROW: "no script, narrow"}


def kinds(first: tuple[bool, int], second: tuple[bool, int]) -> pytest.MarkDecorator:
    """One stretch of the road with script and the other without; the other way round is walked by `make soak`."""
    params = [pytest.param(*first, id=IDS[first]), pytest.param(*second, id=IDS[second], marks=pytest.mark.soak)]
    return pytest.mark.parametrize(("javascript", "width"), params)


@kinds(NARROW, WIDE)
def test_a_proposal_for_the_fund_is_told_from_nothing(drafting_of, javascript, width):
    drafting = drafting_of(javascript=javascript, width=width)
    drafting.begins()
    drafting.tells_what_it_is_about()
    drafting.writes_the_texts()
    drafting.stands_at(TOLD)


@kinds(WIDE, NARROW)
def test_a_proposal_that_is_told_is_planned_and_made_ready(drafting_of, javascript, width):
    drafting = drafting_of(javascript=javascript, width=width)
    drafting.finds_it_told()
    drafting.stands_at(TOLD).follow("Results matrix")
    drafting.builds_the_matrix()
    drafting.plans()
    drafting.counts_the_money()
    drafting.is_ready()
    drafting.takes_it_home()
