"""A draft from nothing to ready, through the pages, by a developer; and what others may see of it."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from prima import journal
from prima.db import db
from prima.lists import Donor
from prima.projects import queries
from prima.projects.models import Part, Party, Project, Section, Step
from prima.projects.stages import Status
from tests.factories import a_project, a_user

PDF = ("letter.pdf", b"%PDF-1.7 a letter")


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def the_project():
    db.session.expire_all()
    reference = db.session.scalars(select(Project.reference).order_by(Project.id.desc())).first()
    return queries.proposal_with_story(reference)


def begin(browser, title="Fair recruitment in Kenya"):
    page = browser.open("/projects/new").check()
    assert page.value("Countries") == ["Kenya"]
    page.fill("Title", title).fill("Project type", "Labour Migration").fill("Who is to pay", "The Fund")
    return page.fill("Summary", "Workers pay for jobs abroad.").press("Save the concept")


def test_a_concept_gets_a_reference_a_developer_and_its_first_step(browser_of, developer):
    page = begin(browser_of(developer))
    assert page.status == 200
    assert "The concept is saved" in page.messages[0]
    project = the_project()
    assert project.reference.startswith("P-2016-0")
    assert project.status is Status.CONCEPT
    assert [one.country_code for one in project.coverage] == ["KEN"]
    assert project.people(Part.DEVELOPER) == [developer]
    assert [(step.source, step.target, step.actor.name) for step in project.steps] == [
        (None, Status.CONCEPT, developer.name)
    ]
    assert [entry.event for entry in journal.entries(db.session, "project", project.id)] == ["created"]


def test_a_concept_says_what_is_missing_and_keeps_what_was_typed(browser_of, developer):
    page = (
        browser_of(developer)
        .open("/projects/new")
        .fill("Title", "Kept")
        .fill("Countries", [])
        .fill("Funding year", "-1")
    )
    page = page.press("Save the concept").check()
    assert page.status == 422
    assert page.value("Title") == "Kept"
    assert len(page.errors) == 3
    assert "Countries: Please choose at least one." in page.errors


def test_the_fund_takes_only_its_own_project_types(browser_of, developer):
    page = browser_of(developer).open("/projects/new").fill("Title", "Camps")
    page = page.fill("Project type", "Displacement Tracking").press("Save the concept")
    assert page.status == 422
    assert "The Fund does not finance this project type" in page.errors[0]


def test_a_donor_is_named_where_a_donor_pays(browser_of, developer):
    db.session.add(Donor(code="GOV1", name="A government", kind="state", position=1))
    page = (
        browser_of(developer).open("/projects/new").fill("Title", "Camps").fill("Project type", "Displacement Tracking")
    )
    page = page.fill("Who is to pay", "A donor").press("Save the concept")
    assert page.status == 422
    assert "Please choose the donor." in page.errors[0]
    page = page.fill("Donor", "A government").press("Save the concept")
    assert page.status == 200
    assert the_project().donor_code == "GOV1"


def test_only_developers_begin_projects(browser_of, app):
    assert browser_of(a_user("RRMO", "NBO")).open("/projects/new").status == 403


def write_the_matrix(page):
    """An objective, an outcome, an output and an activity, with what the rules ask of each."""
    page = page.fill("Text of objective", "Migration is governed well.").press("Add an outcome")
    page = page.press("Add an output under 1").press("Add an activity under 1.1")
    for row in ("outcome 1", "output 1.1", "activity 1.1.1"):
        page.fill(f"Text of {row}", f"What {row} brings.").fill(f"Assumption of {row}", "Counterparts take part.")
    for row in ("objective", "outcome 1", "output 1.1"):
        page = page.press(f"Add an indicator to {row}").check()
        page.fill("Indicator", "Officials trained").fill("Data source and collection method", "Attendance lists")
        page = page.fill("Baseline", "0").fill("Target", "40").press("Save").check()
    return page


def test_the_whole_draft_is_made_through_its_pages(browser_of, developer):
    browser = browser_of(developer)
    begin(browser)
    reference = the_project().reference
    home = f"/projects/{reference}"

    page = browser.open(f"{home}/readiness").check()
    assert "Develop into a proposal" in page.press("Develop into a proposal").messages[0]
    assert the_project().status is Status.DRAFT

    page = browser.open(f"{home}/proposal").check()
    assert "0 of 16 parts complete" in page.text
    page = page.follow("Cover").check()
    page.fill("Executing agency", "IOM Kenya").fill("Planned duration in months", "18")
    page.fill("Funding line", "L1").fill("Focus area", "Labour migration")
    page = page.press("Save and go on: Classification").check()

    page.fill("Principles", ["Partnerships: Work with partners on migration and linked issues"])
    page.fill("Objectives", ["Safe, orderly, dignified: Make migration safe, orderly and dignified"])
    page.fill("10.c Cheaper remittance transfers", True).fill("Gender marker", "2a")
    page = page.press("Save and go on: Partners").check()
    page = page.fill("Partner, line 1", "Ministry of Labour").press("Save and go on: Beneficiaries").check()
    assert page.heading == "Beneficiaries"

    page.fill("Who, line 1", "Migrant workers").fill("Reached, line 1", "directly")
    page = page.fill("Number planned, line 1", "1,200").press("Save and go on: Summary").check()
    while page.heading != "Workplan":
        assert page.status == 200
        if page.heading == "Results matrix":
            page = write_the_matrix(page)
        else:
            page.fill(page.heading, f"The text of {page.heading}.")
        onwards = next(button for button in page.buttons if button.startswith("Save and go on"))
        page = page.press(onwards).check()

    page.fill("Responsible party, activity 1.1.1", "IOM Kenya").fill("Months, activity 1.1.1", "2-5")
    page = page.press("Save and go on: Milestones").check()
    page = page.press("Save and go on: Risk assessment plan (internal annex)").check()
    page.fill("Risk factor, risk 1", "The law is late.").fill("Consequence, risk 1", "3 Moderate")
    page.fill("Likelihood, risk 1", "2 Unlikely").fill("Treatment, risk 1", "Tolerate").fill("Action, risk 1", "None")
    page.fill("Owner, risk 1", "Manager").fill("Due day, risk 1", "2017-01-31")
    page = page.press("Save and go on: Budget").check()

    lines = [
        ("National staff", "Project assistant", "2", "10", "1000.50"),
        ("Evaluation (ring-fenced)", "Final evaluation", "", "", "5,000"),
        ("Trainings and workshops", "Workshops", "4", "1", "18747.5"),
    ]
    for number, (category, description, quantity, units, cost) in enumerate(lines, 1):
        page.fill(f"Category, line {number}", category).fill(f"Description, line {number}", description).fill(
            f"Unit, line {number}", "month"
        )
        page.fill(f"Output or activity, line {number}", "1.1.1 What activity 1.1.1 brings.")
        page.fill(f"Quantity, line {number}", quantity).fill(f"Number of units, line {number}", units)
        page.fill(f"Unit cost, line {number}", cost).fill(f"Area of work, line {number}", "Migration health")
    page = page.press("Save and go on: Allocation by area of work").check()
    assert "The total is USD 100,000.00" in page.messages[0]

    page = page.fill("How it is set", "Summed from the budget lines").press("Save").check()
    assert page.rows("As it is saved") == [["Migration health", "100,000", "100.00%"]]
    page = page.press("Save and go on: Allocation by activity type").check()
    page.fill("Training, percentage", "66.67").fill("Evaluation, percentage", "33.33")
    page = page.press("Save and go on: Documents").check()

    page.fill("Type of document", "Government request letter").fill("State that wrote it", "Kenya").fill("File", PDF)
    page = page.press("File it").check()
    letter = page.rows("The file of the whole cycle")[1]
    assert letter[0].startswith("Government request letter, Kenya") and letter[1:3] == ["there", "1"]

    page = browser.open(f"{home}/proposal").check()
    assert "16 of 16 parts complete" in page.text
    project = the_project()
    assert queries.proposal(reference) and project.budget_usd == Decimal("100000.00")
    page = browser.open(f"{home}/readiness").check()
    assert "Nothing stands in the way" in page.text
    assert page.buttons == ["Submit"]
    parts = {(party.user_id, party.part) for party in project.parties}
    assert parts == {(developer.id, Part.DEVELOPER), (developer.id, Part.AUTHOR)}
    events = {entry.event for entry in journal.entries(db.session, "project", project.id)}
    assert events >= {
        "created", "cover", "partners", "beneficiaries", "section", "workplan", "risks", "budget", "allocation",
        "document",
    }  # fmt: skip


def test_readiness_links_each_need_to_the_field_that_mends_it(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/readiness").check()
    assert "Submit" not in page.buttons
    for link in [link for link in page.links if link.startswith(("the ", "at least", "a focus", "that this rule"))]:
        assert page.follow(link).check().status == 200


def test_a_warning_is_passed_with_a_written_reason(browser_of, developer):
    project = a_project(developer=developer, complete=True, budget=40_000)
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/readiness").check()
    assert "Write the reasons above" in page.text
    label = next(label for label in page.labels if "at least USD 50,000" in label)
    page = page.fill(label, "A pilot in one county.").press("Save the reasons").check()
    assert "Nothing stands in the way" in page.text
    assert (
        page.value(next(label for label in page.labels if "at least USD 50,000" in label)) == "A pilot in one county."
    )


PAGES = (
    "proposal", "cover", "classification", "sections/rat", "budget", "allocation/area", "allocation/activity",
    "beneficiaries", "documents", "team", "milestones", "partners", "workplan", "risks", "readiness",
)  # fmt: skip
WRITTEN = (
    "cover",
    "classification",
    "partners",
    "workplan",
    "risks",
    "sections/rat",
    "budget",
    "allocation/area",
    "beneficiaries",
    "documents",
    "milestones",
    "readiness",
)


@pytest.mark.parametrize("part", PAGES)
def test_a_stranger_sees_no_draft(browser_of, developer, part):
    project = a_project(developer=developer, complete=True)
    stranger = browser_of(a_user("PDEV", "UGA"))
    assert stranger.open(f"/projects/{project.reference}/{part}").status == 404
    assert stranger.request("POST", f"/projects/{project.reference}/{part}").status in (400, 404, 405)


SEND = "Send the comment"
"""What readers of internal parts may do on a page: it changes nothing of the proposal."""


def post(browser, url, **values):
    token = browser.open("/projects/new").soup.find("input", attrs={"name": "csrf_token"})["value"]
    return browser.request("POST", url, data={"csrf_token": token, **values})


@pytest.mark.parametrize("part", WRITTEN)
def test_a_reader_reads_and_writes_nothing(browser_of, developer, part):
    project = a_project(developer=developer, complete=True)
    reader = browser_of(a_user("PDEV", "KEN"))
    page = reader.open(f"/projects/{project.reference}/{part}").check()
    assert page.status == 200
    assert set(page.buttons) <= {SEND}
    assert post(reader, f"/projects/{project.reference}/{part}").status == 403


@pytest.mark.parametrize("part", WRITTEN[:-3])
def test_a_submitted_proposal_is_read_only_and_what_was_typed_comes_back(browser_of, developer, part):
    project = a_project(developer=developer, complete=True, status=Status.REVIEW)
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/{part}").check()
    assert "This cannot be changed now. The project stands at the step “In review”." in page.text
    assert set(page.buttons) <= {SEND}
    page = post(browser, f"/projects/{project.reference}/{part}", text="Hours of work").check()
    assert page.status == 409
    assert page.value("What you typed") == "Hours of work"


def test_a_section_over_its_limit_is_saved_and_only_submit_is_blocked(browser_of, developer):
    project = a_project(developer=developer, complete=True)
    browser = browser_of(developer)
    page = (
        browser.open(f"/projects/{project.reference}/sections/rat")
        .fill("Rationale", "word " * 405)
        .press("Save")
        .check()
    )
    assert page.status == 200
    assert "405 of 400 words" in page.text
    assert "shortened by 5 words" in browser.open(f"/projects/{project.reference}/readiness").text


@pytest.mark.parametrize("text", ["x" * 1_000_000, "x" * 20_001, "half\x00way"])
def test_text_that_does_not_fit_is_refused_at_the_field_and_kept(browser_of, developer, text):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/sections/rat")
    page = page.fill("Rationale", text).press("Save")
    assert page.status == 422
    assert page.errors
    assert page.value("Rationale").replace("\ufffd", "\x00") == text or "\x00" in text
    assert db.session.scalars(select(Section)).all() == []


def test_two_people_in_one_section_get_both_texts(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    url = f"/projects/{project.reference}/sections/rat"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    assert theirs.fill("Rationale", "Their words.").press("Save").status == 200
    page = mine.fill("Rationale", "My words.").press("Save").check()
    assert page.status == 409
    assert page.rows("What you typed, and what stands there now") == [["Rationale", "My words.", "Their words."]]
    assert "Second developer" in page.text
    page = page.press("Save what I typed").check()
    assert page.value("Rationale") == "My words."
    sections = db.session.scalars(select(Section)).all()
    assert [(one.text, one.version) for one in sections] == [("My words.", 2)]


def test_two_people_on_the_cover_get_both_values_in_words(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    url = f"/projects/{project.reference}/cover"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Project type", "Remittances").fill("Countries", ["Kenya", "Uganda"]).press("Save")
    page = mine.fill("Executing agency", "IOM").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    rows = page.rows("What you typed, and what stands there now")
    assert ["Project type", "Labour Migration", "Remittances"] in rows
    assert ["Countries", "Kenya", "Kenya, Uganda"] in rows
    assert page.press("Save what I typed").status == 200
    project = the_project()
    assert (project.executing_agency, project.project_type_code, project.version) == ("IOM", "LM", 3)


def test_an_imported_project_is_held_to_the_rules_once_somebody_edits_it(browser_of, developer):
    project = a_project(developer=developer, as_imported=True, funding="donor")
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/proposal").check()
    assert "This project was imported" in page.text
    browser.open(f"/projects/{project.reference}/sections/rat").fill("Rationale", "Why.").press("Save")
    assert not the_project().as_imported
    assert "This project was imported" not in browser.open(f"/projects/{project.reference}/proposal").text


def test_the_team_grows_and_shrinks_but_never_to_nobody(browser_of, developer):
    colleague, judge = a_user("PDEV", "KEN", name="A colleague"), a_user("COM", "KEN", name="A judge")
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=judge.id, part=Part.CLEARED_OFFICE))
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/team").check()
    assert page.buttons == ["Add"]
    assert (
        "No colleague with this address" in page.fill("E-mail address", "nobody@prima.example").press("Add").errors[0]
    )
    assert "cannot join its team" in page.fill("E-mail address", judge.email).press("Add").errors[0]
    page = page.fill("E-mail address", colleague.email.upper()).press("Add").check()
    assert [row[0] for row in page.rows("Developers")] == [developer.name, "A colleague"]
    page = page.press("Remove A colleague").check()
    assert [row[0] for row in page.rows("Developers")] == [developer.name]
    assert page.rows("Others who had a part")[-1][:2] == ["A colleague", "Project developer"]


def test_milestones_are_planned_and_done(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/milestones").check()
    page.fill("Milestone, line 1", "Training of 40 officers").fill("Planned day, line 1", "2016-12-01")
    page = page.fill("Milestone, line 2", "Study").fill("Planned day, line 2", "31 May").press("Save")
    assert page.status == 422
    assert page.errors == ["Planned day, line 2: Please type a day such as 2016-10-31."]
    page = page.fill("Planned day, line 2", "2016-09-01").fill("Done on, line 2", "2016-12-24").press("Save")
    assert page.errors == ["Done on, line 2: This day is still to come."]
    page = page.fill("Done on, line 2", "2016-09-15").press("Save").check()
    assert page.status == 200
    assert [(one.name, str(one.done_on)) for one in the_project().milestones] == [
        ("Study", "2016-09-15"),
        ("Training of 40 officers", "None"),
    ]


def test_the_manager_keeps_the_milestones_of_a_running_project(browser_of, app):
    manager = a_user("PM", "KEN")
    project = a_project(manager=manager, status=Status.ACTIVE)
    page = browser_of(manager).open(f"/projects/{project.reference}/milestones").check()
    page.fill("Milestone, line 1", "Study").fill("Planned day, line 1", "2016-12-01")
    assert page.press("Save").status == 200
    assert [one.name for one in the_project().milestones] == ["Study"]


def test_beneficiaries_are_counted_once(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/beneficiaries").check()
    for line in (1, 2):
        page.fill(f"Who, line {line}", "Returnees").fill(f"Reached, line {line}", "directly")
        page.fill(f"Number planned, line {line}", "10")
    page = page.press("Save").check()
    assert page.status == 422
    assert page.errors == ["Who, line 2: This group stands above already. Please join the two rows."]
    page = page.fill("Sex, line 2", "female").press("Save").check()
    assert page.status == 200
    page = page.fill("Remove, line 1", True).press("Save").check()
    assert [(one.sex_code, one.planned) for one in the_project().beneficiaries] == [("SEX_FEMALE", 10)]


@pytest.mark.parametrize("number", ["-1", "1e308", "NaN", "1.5", "9" * 5000, "ten"])
def test_a_number_of_people_is_whole(browser_of, developer, number):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/beneficiaries")
    page.fill("Who, line 1", "Returnees").fill("Reached, line 1", "directly")
    page = page.fill("Number planned, line 1", number).press("Save").check()
    assert page.status == 422
    assert len(page.errors) == 1
    assert page.value("Number planned, line 1") == number


def test_a_document_is_downloaded_and_never_overwritten(browser_of, developer):
    project = a_project(developer=developer, funding="donor")
    browser = browser_of(developer)
    for body in (b"%PDF-1", b"%PDF-2"):
        page = browser.open(f"/projects/{project.reference}/documents")
        page = page.fill("Type of document", "Other").fill("File", ("paper.pdf", body)).press("File it").check()
    assert page.rows("The file of the whole cycle")[-1][2] == "2"
    answer = browser.open(f"/projects/{project.reference}/documents/oth/1")
    assert answer.content == b"%PDF-1"
    assert answer.response.headers["Content-Disposition"].startswith("attachment")
    assert browser.open(f"/projects/{project.reference}/documents/oth/3").status == 404
    stranger = browser_of(a_user("PDEV", "UGA"))
    assert stranger.open(f"/projects/{project.reference}/documents/oth/1").status == 404


def test_a_letter_names_its_state(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page = page.fill("Type of document", "Government request letter").fill("File", PDF).press("File it").check()
    assert page.status == 422
    assert page.errors == ["State that wrote it: Please choose the State that wrote the letter."]


def test_the_risk_annex_is_not_for_all_staff(browser_of, developer):
    project = a_project(developer=developer, funding="donor", status=Status.ACTIVE)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page = page.fill("Type of document", "Risk assessment plan (internal annex)").fill("File", PDF).press("File it")
    assert page.rows("The file of the whole cycle")[1][1] == "there"
    staff = browser_of(a_user("VIEW"))
    assert "The file is empty" in staff.open(f"/projects/{project.reference}/documents").check().text
    assert staff.open(f"/projects/{project.reference}/documents/risk/1").status == 404


def test_nothing_is_filed_once_the_project_is_at_its_end(browser_of, developer):
    project = a_project(developer=developer, status=Status.FIN_CLOSED)
    assert browser_of(developer).open(f"/projects/{project.reference}/documents").buttons == []


def test_steps_are_not_touched_by_drafting(browser_of, developer):
    project = a_project(developer=developer)
    browser_of(developer).open(f"/projects/{project.reference}/sections/rat").fill("Rationale", "Why.").press("Save")
    assert len(db.session.scalars(select(Step).where(Step.project_id == project.id)).all()) == 1
