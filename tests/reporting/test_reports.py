"""A report from the first word to its acceptance, by the people whose turn it is and nobody else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask import url_for
from sqlalchemy import select

from prima.db import db
from prima.errors import Refused
from prima.outbox import Letter
from prima.projects.models import Beneficiaries, BudgetLine, Part, Party
from prima.reporting import operations
from prima.reporting.calendar import ReportState
from prima.reporting.models import Deadline, Reached, Report, Spending
from prima.reporting.steps import report_path
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project

NARRATIVE = {
    "Achievements": "Two centres were opened.",
    "Progress per indicator and activity": "As planned.",
    "Challenges and how they were met": "Floods; the roads were repaired.",
    "Lessons learned": "Begin before the rains.",
    "Next steps": "The third centre.",
}


def the_road(kind="INT_N", due_on=date(2016, 10, 12)):
    """A project in Kenya, its manager, and a deadline."""
    manager = a_user("PM", "KEN", name="The manager")
    project = an_active_project(manager)
    return project, manager, a_deadline(project, kind, due_on)


def address(project, deadline):
    return f"/projects/{project.reference}/reports/{deadline.id}"


def write(page, texts=None):
    for label, text in (texts or NARRATIVE).items():
        page.fill(label, text)
    return page


def group_label(page):
    return next(label for label in page.labels if "direct" in label)


def test_a_narrative_report_takes_the_whole_road(browser_of):
    project, manager, deadline = the_road()
    officer = a_user("RPDO", "NBO", name="The officer")
    page = browser_of(manager).open(address(project, deadline)).check()
    write(page)
    page.fill(group_label(page), "520")
    page = page.press("Save and submit").check()
    assert page.messages == ["The report is submitted."]
    db.session.expire_all()
    report = db.session.scalars(select(Report)).one()
    assert (report.state, report.first_submitted_on) == (ReportState.SUBMITTED, TODAY)
    assert not deadline.is_open
    assert "Two centres were opened." in page.text and "Save the draft" not in page.buttons
    assert "20 above the plan" in page.text
    assert [letter.recipient for letter in db.session.scalars(select(Letter))] == [officer.email]

    page = browser_of(officer).open(address(project, deadline)).check()
    assert page.buttons == ["Checked", "Return"]
    page = page.press("Return")
    assert page.status == 422 and page.errors == [
        "Achievements: Please say for at least one part what has to be changed."
    ]
    page = page.fill("Achievements", "Name the centres.").press("Return").check()
    db.session.expire_all()
    assert (report.state, report.reason) == (ReportState.RETURNED, "Achievements: Name the centres.")
    assert deadline.is_open

    page = browser_of(manager).open(address(project, deadline)).check()
    assert "Name the centres." in page.text
    assert page.value("Lessons learned") == "Begin before the rains."
    page.fill("Achievements", "Two centres were opened, in Garissa and Wajir.").press("Save and submit")
    page = browser_of(officer).open(address(project, deadline)).press("Checked")
    assert page.buttons == ["Accept", "Return"]
    page = page.press("Accept").check()
    db.session.expire_all()
    assert report.state is ReportState.ACCEPTED and deadline.done_at and not deadline.is_open
    assert page.buttons == []
    kinds = set(db.session.scalars(select(Letter.kind).where(Letter.recipient == manager.email)))
    assert kinds == {"report:return", "report:accept"}


def test_a_financial_report_is_checked_by_accounting_and_accepted_by_resource_management(browser_of):
    project, manager, deadline = the_road("INT_F")
    accountant, officer, narrator = a_user("RAS", "NBO"), a_user("RRMO", "NBO"), a_user("RPDO", "NBO")
    page = browser_of(manager).open(address(project, deadline)).check()
    page.fill("Explanation of differences from the approved budget", "None.")
    page.fill("Line 1, spent", "15,000.50").fill("Line 1, committed", "1000")
    page.fill("Line 2, spent", "0").fill("Line 3, spent", "30000")
    page = page.press("Save and submit").check()
    assert page.messages == ["The report is submitted."]
    table = page.table("Spending from the start of the project, USD")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Line 2"] == ["5,000", "0", "0", "5,000", "0.0%"]
    assert rows["Line 1"] == ["20,000", "15,000.50", "1,000", "3,999.50", "75.0%"]
    assert rows["Subtotal, National staff"] == rows["Line 1"]
    assert table.totals == [["Total", "100,000", "45,000.50", "1,000", "53,999.50", "45.0%"]]
    assert browser_of(narrator).open(address(project, deadline)).buttons == []
    assert browser_of(officer).open(address(project, deadline)).buttons == []
    assert browser_of(accountant).open(address(project, deadline)).press("Checked").buttons == []
    page = browser_of(officer).open(address(project, deadline)).press("Accept")
    assert page.messages == ["Done: Accept."]


def test_what_is_missing_is_listed_with_links_and_the_draft_is_kept(browser_of):
    project, manager, deadline = the_road()
    page = browser_of(manager).open(address(project, deadline))
    page = page.fill("Achievements", "Two centres were opened.").press("Save and submit").check()
    assert page.messages == ["Saved, but not submitted yet: what is still missing is listed below."]
    parts = {item.a.get_text(): " ".join(item.get_text().split()) for item in page.soup.select(".task-list > li")}
    assert parts["Lessons learned"] == "Lessons learned not complete"
    assert "The number reached of 1 group" in parts["Beneficiaries reached"]
    assert parts["Achievements"] == "Achievements complete"
    assert "1 of 6 parts complete" in page.text
    assert page.value("Achievements") == "Two centres were opened."
    report = db.session.scalars(select(Report)).one()
    assert report.state is ReportState.DRAFT and report.first_submitted_on is None


def test_a_reading_writes_nothing(browser_of):
    project, manager, deadline = the_road()
    browser_of(manager).open(address(project, deadline))
    assert db.session.scalars(select(Report)).all() == []


def test_a_financial_report_begins_with_the_figures_of_the_one_before(browser_of):
    project, manager, deadline = the_road("INT_F")
    earlier = a_deadline(project, "INT_F", date(2016, 4, 12), is_open=False)
    report = Report(deadline_id=earlier.id, state=ReportState.ACCEPTED, first_submitted_on=date(2016, 4, 1))
    db.session.add(report)
    db.session.flush()
    line = db.session.scalars(select(BudgetLine).filter_by(project_id=project.id, position=1)).one()
    spent = Decimal("9000.25")
    db.session.add(Spending(report_id=report.id, category_code="STAFF.NAT", line_id=line.id, spent=spent))
    page = browser_of(manager).open(address(project, deadline)).check()
    assert page.value("Line 1, spent") == "9000.25"
    assert "comes from the report before" in page.text


def test_numbers_reached_add_up_over_interim_reports(browser_of):
    project, manager, deadline = the_road()
    earlier = a_deadline(project, "INT_N", date(2016, 4, 12), is_open=False)
    report = Report(deadline_id=earlier.id, state=ReportState.ACCEPTED, first_submitted_on=date(2016, 4, 1))
    db.session.add(report)
    db.session.flush()
    group = db.session.scalar(select(Beneficiaries.id).where(Beneficiaries.project_id == project.id))
    db.session.add(Reached(report_id=report.id, beneficiaries_id=group, number=300))
    page = browser_of(manager).open(address(project, deadline))
    page = page.fill(group_label(page), "250").press("Save the draft")
    row = page.rows("Beneficiaries reached")[0]
    assert row[1:3] == ["500", "300"] and row[4].startswith("550") and "50 above the plan" in row[4]


@pytest.mark.parametrize("amount", ["1e400", "-5", "12.345", "a lot"])
def test_an_amount_that_is_none_is_told_at_its_field(browser_of, amount):
    project, manager, deadline = the_road("INT_F")
    page = browser_of(manager).open(address(project, deadline))
    page = page.fill("Line 1, spent", amount).press("Save the draft")
    assert page.status == 422 and page.errors
    assert page.value("Line 1, spent") == amount
    page.check()


def test_two_who_write_at_once_see_both_versions(browser_of):
    project, manager, deadline = the_road()
    alternate = a_user("APM", "KEN", name="The alternate")
    db.session.add(Party(project_id=project.id, user_id=alternate.id, part=Part.ALTERNATE))
    browser_of(manager).open(address(project, deadline)).fill("Achievements", "First.").press("Save the draft")
    mine = browser_of(manager).open(address(project, deadline))
    theirs = browser_of(alternate).open(address(project, deadline))
    theirs.fill("Achievements", "Theirs.").press("Save the draft")
    page = mine.fill("Achievements", "Mine.").press("Save the draft")
    assert page.status == 409
    assert page.rows("What you typed, and what stands there now") == [["Achievements", "Mine.", "Theirs."]]
    assert "The alternate" in page.text
    page = page.press("Save what I typed")
    assert page.value("Achievements") == "Mine."


def test_nobody_of_the_team_decides(browser_of):
    project, manager, deadline = the_road()
    both = a_user("RPDO", "NBO")
    db.session.add(Party(project_id=project.id, user_id=both.id, part=Part.AUTHOR))
    page = browser_of(manager).open(address(project, deadline))
    write(page).fill(group_label(page), "0").press("Save and submit")
    page = browser_of(both).open(address(project, deadline))
    assert page.buttons == []
    with pytest.raises(Refused, match="nobody of the team"):
        operations.decide(deadline.id, "check", actor=both)


def test_nobody_decides_on_a_text_that_changed_meanwhile(browser_of):
    project, manager, deadline = the_road()
    officer, colleague, other = a_user("RPDO", "NBO"), a_user("RPDO", "NBO"), a_user("PM", "SEN")
    page = browser_of(manager).open(address(project, deadline))
    write(page).fill(group_label(page), "0").press("Save and submit")
    read = browser_of(officer).open(address(project, deadline))
    page = browser_of(colleague).open(address(project, deadline))
    page.fill("Achievements", "Name the centres.").press("Return")
    assert "Name the centres." in browser_of(manager).open(address(project, deadline)).text
    assert "Name the centres." not in browser_of(other).open(address(project, deadline)).text
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Achievements", "Other words.").press("Save and submit")
    page = read.press("Checked")
    assert page.status == 409 and "changed after you opened it" in page.text
    db.session.expire_all()
    assert db.session.scalars(select(Report)).one().state is ReportState.SUBMITTED


def test_others_read_and_do_not_write(browser_of):
    project, _, deadline = the_road()
    other = a_user("PM", "KEN")
    page = browser_of(other).open(address(project, deadline)).check()
    assert page.status == 200 and page.buttons == []
    assert browser_of(other).open(f"/projects/{project.reference}/reports/{deadline.id + 1}").status == 404
    stranger = a_project()
    assert browser_of(other).open(f"/projects/{stranger.reference}/reports/{deadline.id}").status == 404


def test_a_donor_project_sends_its_accepted_report_on(browser_of):
    manager, officer = a_user("PM", "KEN"), a_user("RPDO", "NBO")
    project = an_active_project(manager, funding="donor")
    deadline = a_deadline(project, "FIN_N")
    db.session.add(Report(deadline_id=deadline.id, state=ReportState.ACCEPTED, first_submitted_on=TODAY))
    deadline.is_open = False
    page = browser_of(officer).open(address(project, deadline))
    assert page.press("Sent to the donor").messages == ["Done: Sent to the donor."]


def test_the_list_shows_state_and_timeliness(browser_of):
    project, manager, _deadline = the_road(due_on=date(2016, 9, 21))
    a_deadline(project, "FIN_N", date(2017, 12, 30), period_from=date(2015, 10, 1), period_to=date(2017, 9, 30))
    a_deadline(project, "EXT_REQ", date(2017, 8, 30))
    page = browser_of(manager).open(f"/projects/{project.reference}/reports").check()
    rows = page.rows("Deadlines")
    assert rows[0][0] == "Interim narrative report" and rows[0][3:] == ["Not started", "Overdue, 10 days"]
    assert rows[1][0] == "Last day to request an extension or budget change"
    assert rows[2][3:] == ["Not started", "Not yet due"]


def test_paths_in_letters_are_those_of_the_pages(app):
    with app.test_request_context():
        assert report_path("P-2016-00001", 7) == url_for("reports.show", reference="P-2016-00001", deadline=7)


# -- where it shows ---------------------------------------------------------------------------------------------------


def test_an_overdue_report_stands_on_the_desk_and_on_the_project_page(browser_of):
    project, manager, deadline = the_road(due_on=date(2016, 9, 28))
    far = a_deadline(project, "INT_F", date(2016, 12, 24))
    page = browser_of(manager).open("/").check()
    rows = page.rows("What waits for you")
    assert [row[0] for row in rows] == ["Write the interim narrative report"]
    assert "3 days late" in rows[0][3]
    page = page.follow("Write the interim narrative report")
    assert page.url == address(project, deadline)
    page = browser_of(manager).open(f"/projects/{project.reference}").check()
    assert "Write the interim narrative report, The manager" in page.text
    assert [row[0] for row in page.rows("Next deadlines")] == ["Interim narrative report", "Interim financial report"]
    assert far.id


def test_a_submitted_report_stands_on_the_desk_of_whose_turn_it_is(browser_of):
    _project, _, deadline = the_road("INT_F")
    db.session.add(Report(deadline_id=deadline.id, state=ReportState.SUBMITTED, first_submitted_on=TODAY))
    deadline.is_open = False
    here, elsewhere, later = a_user("RAS", "NBO"), a_user("RAS", "DKR"), a_user("RRMO", "NBO")
    page = browser_of(here).open("/")
    assert [row[0] for row in page.rows("What waits for you")] == ["Check the interim financial report"]
    assert "What waits for you" not in browser_of(elsewhere).open("/").captions
    assert "What waits for you" not in browser_of(later).open("/").captions


def test_overdue_reports_are_listed_for_those_who_may_see_them(browser_of):
    project, manager, _ = the_road(due_on=date(2016, 9, 21))
    a_deadline(project, "EXT_REQ", date(2016, 9, 1))
    other = an_active_project(a_user(), office_code="SEN")
    a_deadline(other, "INT_N", date(2016, 8, 1))
    a_deadline(an_active_project(a_user(), status="FIN_CLOSED"), "INT_N", date(2016, 8, 1))
    page = browser_of(a_user()).open("/reports/overdue").check()
    rows = page.rows("Overdue reports")
    assert [row[6] for row in rows] == ["61", "10"]
    assert rows[1][4] == manager.name
    page = page.fill("Regional Office", "NBO").press("Apply").check()
    assert [row[6] for row in page.rows("Overdue reports")] == ["10"]
    page = browser_of(manager).open("/reports/overdue?region=XX&after=nonsense&year=2016").check()
    assert len(page.rows("Overdue reports")) == 2
    assert "“year” is no filter of this list" in page.text
    assert "There is no Regional Office “XX”" in page.text and "does not exist" in page.text
    outsider = a_user(staff=False)
    assert browser_of(outsider).open("/reports/overdue").status == 403


def test_a_longer_list_of_overdue_reports_asks_no_more_questions(browser_of, questions):
    project, _, _ = the_road(due_on=date(2016, 9, 21))
    browser = browser_of(a_user())
    browser.open("/reports/overdue")
    a_deadline(project, "INT_N", date(2016, 7, 31))  # what is kept is asked anew
    db.session.commit()
    questions.clear()
    assert len(browser.open("/reports/overdue").rows("Overdue reports")) == 2
    few = len(questions)
    for number in range(10):
        a_deadline(project, "INT_N", date(2016, 8, 1 + number))
    db.session.commit()
    questions.clear()
    assert len(browser.open("/reports/overdue").rows("Overdue reports")) == 12
    assert len(questions) == few


def test_budget_lines_of_a_category_count_together(browser_of):
    project, manager, deadline = the_road("INT_F")
    db.session.add(
        BudgetLine(
            project_id=project.id, position=9, category_code="STAFF.NAT", description="More",
            unit_cost=Decimal(500), amount=Decimal(500),
        )
    )  # fmt: skip
    page = browser_of(manager).open(address(project, deadline))
    rows = {row[0]: row[1] for row in page.rows("Spending from the start of the project, USD")}
    assert (rows["Line 1"], rows["More"], rows["Subtotal, National staff"]) == ("20,000", "500", "20,500")
    assert db.session.get(Deadline, deadline.id)


def test_a_draft_is_read_by_those_alone_who_read_internal_parts(browser_of):
    project, manager, deadline = the_road()
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Next steps", "Nobody else's business yet.").press("Save the draft")
    elsewhere = browser_of(a_user("VIEW", "UKR"))
    page = elsewhere.open(address(project, deadline)).check()
    assert "Nobody else's business yet." not in page.text
    assert "It can be read here once it has been handed in." in page.text
    for ending in (".docx", ".xlsx"):
        assert elsewhere.open(address(project, deadline) + ending).status == 404
    assert "Nobody else's business yet." in browser_of(a_user("RPDO", "NBO")).open(address(project, deadline)).text
