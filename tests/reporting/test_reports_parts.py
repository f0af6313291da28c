"""A report's parts: what it begins with, what is complete, what was recorded with it, and what a return asks for."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from docx import Document
from sqlalchemy import select

from prima import clock, sessions
from prima.db import db
from prima.errors import Refused
from prima.outbox import Letter
from prima.places import Office
from prima.projects.models import Beneficiaries, BudgetLine, Indicator, Level, Milestone, Part, Party, Result
from prima.reporting import operations, queries
from prima.reporting.calendar import ReportState, TimelinessKind
from prima.reporting.models import (
    ActivityProgress,
    ActivityState,
    Deadline,
    Expense,
    ExpenseKind,
    IndicatorValue,
    Lesson,
    LessonKind,
    Report,
    ReportRemark,
    Spending,
    SpendingImport,
)
from prima.reporting.overview import line_of
from prima.reporting.page import put_together
from prima.reporting.steps import report_type
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project
from tests.reporting.test_reports import address, group_label, the_road, write

UNTIL = date(2016, 8, 31)
"""The last day of the report due on 12 October 2016."""
SPENDING = "Spending from the start of the project, USD"


def expense(project, position, amount, on_day=date(2016, 5, 2), kind=ExpenseKind.EXPENDITURE):
    """What finance states on the line at a position."""
    source = db.session.scalar(select(SpendingImport))
    if source is None:
        source = SpendingImport(file_name="spending.xlsx", sha256="0" * 64, rows=1)
        db.session.add(source)
        db.session.flush()
    line = db.session.scalars(select(BudgetLine).filter_by(project_id=project.id, position=position)).one()
    made = Expense(
        project_id=project.id, line_id=line.id, import_id=source.id, on_day=on_day, kind=kind, currency="USD",
        stated=Decimal(amount), amount=Decimal(amount),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def progress(project, manager):
    """A value of each indicator, an activity under way, a milestone met and one missed."""
    indicators = db.session.scalars(select(Indicator).filter_by(project_id=project.id).order_by(Indicator.id)).all()
    for place, indicator in enumerate(indicators):
        for on_day, value in ((date(2016, 3, 1), 10 + place), (date(2016, 8, 1), 20 + place), (date(2016, 9, 9), 99)):
            db.session.add(
                IndicatorValue(
                    project_id=project.id, indicator_id=indicator.id, on_day=on_day, value=Decimal(value),
                    saved_by_id=manager.id,
                )
            )  # fmt: skip
    activity = db.session.scalars(select(Result).filter_by(project_id=project.id, level=Level.ACTIVITY)).one()
    db.session.add(
        ActivityProgress(
            result_id=activity.id, project_id=project.id, state=ActivityState.DONE, done_on=date(2016, 4, 4),
            note="In Garissa.", saved_by_id=manager.id,
        )
    )  # fmt: skip
    for name, planned, done in (("Opening", date(2016, 3, 1), date(2016, 2, 20)), ("Handover", date(2016, 6, 1), None)):
        db.session.add(Milestone(project_id=project.id, name=name, planned_on=planned, done_on=done))
    db.session.flush()
    return indicators


def parts(page):
    return {
        item.a.get_text(): " ".join(item.get_text().split())
        for item in page.soup.select(".task-list > li")
        if item.a is not None
    }


def handed_in(browser_of, project, manager, deadline):
    page = browser_of(manager).open(address(project, deadline))
    write(page).fill(group_label(page), "520")
    return page.press("Save and submit")


# -- what it begins with ----------------------------------------------------------------------------------------------


def test_a_narrative_report_shows_what_was_recorded_until_its_last_day(browser_of):
    project, manager, deadline = the_road()
    progress(project, manager)
    page = browser_of(manager).open(address(project, deadline)).check()
    first = page.rows("Indicators")[0]
    assert first[1:] == ["0", "40", "20", "50.0%", "1 Aug 2016"]
    assert page.rows("Activities") == [["1.1.1 Hold course 1 of part 1. In Garissa.", "1-3", "Done", "4 Apr 2016"]]
    assert [row[0::3] for row in page.rows("Milestones")] == [["Opening", "Met"], ["Handover", "Missed"]]


def test_the_part_on_progress_begins_with_words_and_never_overwrites_any(browser_of):
    project, manager, deadline = the_road()
    label = "Progress per indicator and activity"
    page = browser_of(manager).open(address(project, deadline))
    assert page.value(label) == "" and "Start from what was recorded" not in page.buttons
    progress(project, manager)
    page = browser_of(manager).open(address(project, deadline)).check()
    assert "Number of officials who apply the procedures: 20 officials on 1 Aug 2016" in page.value(label)
    assert "Handover: Missed, planned for 1 Jun 2016." in page.value(label)
    assert db.session.scalars(select(Report)).all() == []
    page = page.fill(label, "").fill("Achievements", "Much.").press("Save the draft")
    assert page.value(label) == ""
    page = page.fill("Next steps", "More.").press("Start from what was recorded")
    assert "20 officials" in page.value(label) and page.value("Next steps") == "More."
    page = page.fill(label, "My own words.").press("Save the draft")
    assert page.value(label) == "My own words." and "Start from what was recorded" not in page.buttons


def test_increments_and_percentages_add_up_and_are_not_averaged(browser_of):
    project, manager, deadline = the_road()
    first, second, *_ = progress(project, manager)
    first.counting, first.baseline, first.baseline_value = "increment", "5", Decimal(5)
    second.counting, second.measure = "increment", "percentage"
    for value in db.session.scalars(select(IndicatorValue).filter_by(indicator_id=second.id)):
        value.numerator, value.denominator, value.value = Decimal(1), Decimal(value.on_day.month), None
    rows = browser_of(manager).open(address(project, deadline)).rows("Indicators")
    assert rows[0][3] == "35"
    assert rows[1][3] == "18.2 2 / 11"


def test_how_a_group_is_counted_is_asked_before_its_first_number(browser_of):
    project, manager, deadline = the_road()
    group = db.session.scalars(select(Beneficiaries).filter_by(project_id=project.id)).one()
    group.counted = group.repeated = None
    mine = browser_of(manager)
    page = mine.open(address(project, deadline)).check()
    assert f"with or without repetition: {group_label(page)}" in page.text
    refused = write(page).fill(group_label(page), "520").press("Save and submit")
    assert "this group is counted, people or services" in refused.text
    assert report_of(deadline).state is ReportState.DRAFT
    page = mine.open(address(project, deadline)).check().follow(f"Say how it is counted: {group_label(page)}").check()
    assert page.url.endswith("/monitoring/beneficiaries")
    page.fill(f"How it is counted, {group_label(refused)}", "people, nobody counted twice").press("Save")
    page = mine.open(address(project, deadline)).check()
    assert not any("counted" in link for link in page.links) and "with or without repetition" not in page.text
    page.press("Save and submit").check()
    assert report_of(deadline).state is ReportState.SUBMITTED


def report_of(deadline):
    db.session.expire_all()
    return db.session.scalars(select(Report).filter_by(deadline_id=deadline.id)).one()


def test_a_report_that_was_handed_in_keeps_what_stood_beside_it(browser_of):
    project, manager, deadline = the_road()
    indicators = progress(project, manager)
    handed_in(browser_of, project, manager, deadline)
    before = browser_of(manager).open(address(project, deadline)).rows("Indicators")
    value = db.session.scalars(
        select(IndicatorValue).filter_by(indicator_id=indicators[0].id, on_day=date(2016, 8, 1))
    ).one()
    value.value = Decimal(33)
    db.session.flush()
    assert browser_of(manager).open(address(project, deadline)).rows("Indicators") == before
    officer = a_user("RPDO", "NBO")
    page = browser_of(officer).open(address(project, deadline))
    page.fill("Progress per indicator and activity", "One value was wrong.").press("Return")
    assert browser_of(manager).open(address(project, deadline)).rows("Indicators")[0][3] == "33"


# -- lessons and limits -----------------------------------------------------------------------------------------------


def test_lessons_are_recorded_as_rows_and_answer_their_part(browser_of):
    project, manager, deadline = the_road()
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Achievements", "Two centres.").fill("Kind", "Challenge").fill("Title", "Floods")
    page = page.press("Save and record it")
    assert page.status == 422 and page.errors == [
        "What happened: Please fill this in, or leave all of the lesson empty."
    ]
    page.check()
    page = page.fill("What happened", "The roads were gone.").press("Save and record it").check()
    assert page.value("Achievements") == "Two centres." and "Challenge: Floods" in page.text
    assert parts(page)["Challenges and how they were met"] == "Challenges and how they were met complete"
    assert "not complete" in parts(page)["Lessons learned"]
    row = db.session.scalars(select(Lesson)).one()
    assert (row.kind, row.deadline_id, row.country_code) == (LessonKind.CHALLENGE, deadline.id, "KEN")
    page = page.fill("Title", "Begin early").fill("What happened", "We began late.").press("Save the draft")
    assert parts(page)["Lessons learned"] == "Lessons learned complete"
    page = page.press("Take out “Floods”").check()
    db.session.expire_all()
    assert row.withdrawn_at and "Challenge: Floods" not in page.text
    assert "not complete" in parts(page)["Challenges and how they were met"]


def test_nobody_records_a_lesson_with_a_report_that_is_handed_in(browser_of):
    project, manager, deadline = the_road()
    handed_in(browser_of, project, manager, deadline)
    typed = {"kind": "lesson", "title": "Late", "happened": "Too late."}
    with pytest.raises(Refused, match="handed in"):
        operations.record_lesson(deadline.id, actor=manager, **typed)
    other = a_deadline(project, "FIN_N", date(2017, 12, 30))
    with pytest.raises(Refused, match="Only the manager"):
        operations.record_lesson(other.id, actor=a_user("RPDO", "NBO"), **typed)
    lesson = operations.record_lesson(other.id, actor=manager, **typed)
    with pytest.raises(Refused, match="not recorded with the report"):
        operations.withdraw_lesson(a_deadline(project, "INT_N").id, lesson.id, actor=manager)


def test_a_text_over_its_limit_is_saved_and_not_submitted(browser_of):
    project, manager, deadline = the_road()
    page = browser_of(manager).open(address(project, deadline))
    write(page).fill(group_label(page), "0").fill("Achievements", "x" * 20_003)
    page = page.press("Save and submit").check()
    assert "The part “Achievements” shortened by 3 characters" in parts(page)["Achievements"]
    assert len(page.value("Achievements")) == 20_003
    page = page.fill("Achievements", "\x00").press("Save and submit")
    assert page.status == 422 and "control characters" in page.errors[0]
    page = page.fill("Achievements", "x" * 1_000_000).press("Save and submit")
    assert page.status in (413, 422)


# -- the money --------------------------------------------------------------------------------------------------------


def test_a_financial_report_begins_with_what_finance_states_until_its_last_day(browser_of):
    project, manager, deadline = the_road("INT_F")
    gone = expense(project, 1, "777")
    gone.superseded_id = gone.import_id
    expense(project, 1, "1000.25")
    expense(project, 1, "-100")
    expense(project, 1, "5000", on_day=date(2016, 9, 2))
    expense(project, 3, "300", kind=ExpenseKind.COMMITMENT)
    page = browser_of(manager).open(address(project, deadline)).check()
    assert "The amounts are those of finance" in page.text
    assert [page.value(f"Line {number}, spent") for number in (1, 2, 3)] == ["900.25", "0.00", "0.00"]
    assert page.value("Line 3, committed") == "300.00"
    page = page.fill("Explanation of differences from the approved budget", "None.").press("Save and submit")
    assert page.messages == ["The report is submitted."]


def test_figures_that_are_not_those_of_finance_need_a_reconciliation(browser_of):
    project, manager, deadline = the_road("INT_F")
    expense(project, 1, "1000")
    page = browser_of(manager).open(address(project, deadline)).fill("Line 1, spent", "1200")
    page = page.fill("Explanation of differences from the approved budget", "None.").press("Save and submit").check()
    name = "Reconciliation with finance, where figures differ"
    assert f"The part “{name}”: 1 row differs from finance" in parts(page)[name]
    assert page.rows("Differences from finance") == [["Line 1", "1,200", "1,000", "0", "0"]]
    assert page.fill(name, "An invoice of 200 is on its way.").press("Save and submit").messages == [
        "The report is submitted."
    ]


def test_lines_over_their_budget_and_evaluation_money_spent_early_are_shown(browser_of):
    project, manager, deadline = the_road("INT_F")
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Line 1, spent", "20000").fill("Line 1, committed", "0.01").fill("Line 2, spent", "10")
    page = page.press("Save the draft").check()
    rows = {row[0]: row[1:] for row in page.rows(SPENDING)}
    assert rows["Line 1"][3] == "-0.01 over budget"
    assert rows["Line 3"][3] == "75,000"
    checks = [item.get_text(" ", strip=True) for item in page.soup.select("[aria-labelledby=checklist] li")]
    assert any("Evaluation money" in check and "10 is spent." in check and "Explain this" in check for check in checks)


def test_the_parts_of_a_financial_report_sum_to_its_totals(app):
    project, manager, deadline = the_road("INT_F")
    db.session.add(
        BudgetLine(
            project_id=project.id, position=4, category_code="STAFF.NAT", description="More", unit_cost=Decimal("0.07"),
            amount=Decimal("0.07"),
        )
    )  # fmt: skip
    for position, amount in ((1, "0.01"), (2, "33.33"), (3, "0.99"), (4, "0.10")):
        expense(project, position, amount)
    expense(project, 4, "7.77", kind=ExpenseKind.COMMITMENT)
    with app.test_request_context():
        page = the_page(project, deadline, manager)
    money = page.money
    for name in ("budget", "spent", "committed", "balance"):
        lines = sum(getattr(one, name) for one in money.figures)
        assert lines == sum(getattr(one, name) for one in money.categories) == getattr(money.total, name)
    assert money.total.spent == Decimal("34.43")


def the_page(project, deadline, viewer):
    from_database = queries.deadline(project.reference, deadline.id)
    return put_together(from_database, report_type(from_database), viewer)


# -- returned ---------------------------------------------------------------------------------------------------------


def test_a_return_says_what_to_change_at_the_very_part(browser_of):
    project, manager, deadline = the_road()
    officer = a_user("RPDO", "NBO", name="The officer")
    handed_in(browser_of, project, manager, deadline)
    page = browser_of(officer).open(address(project, deadline)).check()
    page.fill("Lessons learned", "Which rains?").fill("Beneficiaries reached", "By sex, please.")
    page.fill("Remark", "Nearly there.").press("Return")
    assert {one.code: one.text for one in db.session.scalars(select(ReportRemark))} == {
        "LESSONS": "Which rains?",
        "REACHED": "By sex, please.",
    }
    letter = db.session.scalars(select(Letter).filter_by(kind="report:return")).one()
    assert "Nearly there.\nLessons learned: Which rains?\nBeneficiaries reached: By sex, please." in letter.body
    page = browser_of(manager).open(address(project, deadline)).check()
    assert "to be changed" in parts(page)["Lessons learned"] and "to be changed" not in parts(page)["Achievements"]
    assert page.text.count("Which rains?") == 3  # above, at the part, in the history
    stranger = browser_of(a_user("PM", "SEN")).open(address(project, deadline))
    assert "Which rains?" not in stranger.text
    page = page.fill("Lessons learned", "The long rains.").press("Save and submit")
    assert page.text.count("Which rains?") == 1


def test_a_return_names_parts_of_the_report(browser_of):
    project, manager, deadline = the_road()
    handed_in(browser_of, project, manager, deadline)
    officer = a_user("RPDO", "NBO")
    for remarks in ({}, {"LESSONS": "  "}, {"BUDGET": "Which?"}):
        with pytest.raises(Refused):
            operations.decide(deadline.id, "return", actor=officer, remarks=remarks)


def test_a_report_is_sent_on_a_day_between_its_acceptance_and_today(browser_of):
    manager, officer = a_user("PM", "KEN"), a_user("RPDO", "NBO")
    project = an_active_project(manager, funding="donor")
    deadline = a_deadline(project, "FIN_N")
    accepted = datetime(2016, 9, 20, 12, tzinfo=UTC)
    report = Report(deadline_id=deadline.id, state=ReportState.ACCEPTED, state_since=accepted, first_submitted_on=TODAY)
    db.session.add(report)
    deadline.is_open = False
    page = browser_of(officer).open(address(project, deadline))
    for day in ("2016-09-19", "2016-10-02"):
        refused = page.fill("Sent to the donor on", day).press("Sent to the donor")
        assert refused.status == 422 and "from its acceptance until today" in refused.errors[0]
    page = page.fill("Sent to the donor on", "2016-09-25").press("Sent to the donor")
    assert page.definition("Sent to the donor") == "25 Sep 2016"


# -- as files ---------------------------------------------------------------------------------------------------------


def files(browser, project, deadline):
    """The tables of the Word document by their names, and the sheets of the workbook by theirs."""
    word = Document(io.BytesIO(browser.open(address(project, deadline) + ".docx").content))
    tables = {
        table._tbl.tblPr.find(f"{{{table._tbl.nsmap['w']}}}tblCaption").get(f"{{{table._tbl.nsmap['w']}}}val"): [
            [cell.text for cell in row.cells] for row in table.rows
        ]
        for table in word.tables
    }
    book = openpyxl.load_workbook(io.BytesIO(browser.open(address(project, deadline) + ".xlsx").content))
    sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    return tables, sheets, "\n".join(paragraph.text for paragraph in word.paragraphs)


def number(text):
    return Decimal(text.replace(",", ""))


def test_a_financial_report_has_the_same_figures_on_its_page_in_word_and_in_excel(browser_of):
    project, manager, deadline = the_road("INT_F")
    for position, amount in ((1, "20500.50"), (2, "0"), (3, "12345.67")):
        expense(project, position, amount)
    line = db.session.scalars(select(BudgetLine).filter_by(project_id=project.id, position=3)).one()
    line.description, line.code = "=1+1", "B003"
    page = browser_of(manager).open(address(project, deadline)).fill("Line 1, spent", "20400").press("Save the draft")
    page = browser_of(a_user("RAS", "NBO")).open(address(project, deadline)).check()
    tables, sheets, _text = files(browser_of(manager), project, deadline)
    shown = {row[0]: [number(one.split()[0]) for one in row[1:5]] for row in page.rows(SPENDING)}
    written = {row[0]: [number(one) for one in row[1:5]] for row in tables["Spending"][1:] if row[0] in shown}
    assert shown == written and set(shown) >= {"Line 1", "B003 =1+1", "Subtotal, National staff"}
    rows = {
        f"{row[0] or ''} {row[2]}".strip(): [Decimal(str(one)) for one in row[3:7]] for row in sheets["Spending"][1:]
    }
    assert all(shown[name] == amounts for name, amounts in rows.items()) and len(rows) == 3
    total = [number(one) for one in page.table(SPENDING).totals[0][1:5]]
    assert total == [number(one) for one in tables["Spending"][-1][1:5]]
    assert total == [Decimal(str(one)) for one in sheets["Totals"][-1][1:5]]
    assert [row[1] for row in tables["Differences from finance"][1:]] == ["20,400.00"]


def test_a_narrative_report_has_the_same_figures_on_its_page_in_word_and_in_excel(browser_of):
    project, manager, deadline = the_road()
    progress(project, manager)
    officer = a_user("RPDO", "NBO")
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Title", "Rains").fill("What happened", "They came.").press("Save the draft")
    handed_in(browser_of, project, manager, deadline)
    browser_of(officer).open(address(project, deadline)).fill("Achievements", "Which centres?").press("Return")
    page = browser_of(manager).open(address(project, deadline))
    tables, sheets, text = files(browser_of(manager), project, deadline)
    for place in (1, 2, 3):
        shown = [row[place] for row in page.rows("Indicators")]
        assert shown == [row[place + 1] for row in tables["Indicators"][1:]]
    assert [row[3] for row in page.rows("Indicators")] == [f"{row[5]:g}" for row in sheets["Indicators"][1:]]
    group = page.rows("Beneficiaries reached")[0]
    assert [group[1], group[2], "520"] == tables["Beneficiaries reached"][1][1:4]
    assert sheets["Beneficiaries"][1][1:] == [500, 0, 520, 520]
    assert "Two centres were opened." in text and "Lesson: Rains" in text and "Which centres?" in text
    assert sheets["Lessons"][1][:3] == ["Lesson", "Rains", "They came."]
    _tables, _sheets, text = files(browser_of(a_user("PM", "SEN")), project, deadline)
    assert "Two centres were opened." in text and "Which centres?" not in text
    assert browser_of(a_user(staff=False)).open(address(project, deadline) + ".docx").status == 404


# -- the day at the office --------------------------------------------------------------------------------------------


def test_a_due_date_ends_at_midnight_at_the_office(app, monkeypatch):
    clock.fix(None)
    moment = datetime(2016, 10, 12, 10, 59, tzinfo=UTC)  # 23:59 at the office
    monkeypatch.setattr(clock, "now", lambda: moment)
    project = an_active_project(a_user("PM", "KEN"))
    office = db.session.get_one(Office, project.office_id)
    office.time_zone = "Pacific/Tongatapu"
    deadline = a_deadline(project, "INT_N", date(2016, 10, 12))
    db.session.flush()

    def stands():
        row = queries.deadline(project.reference, deadline.id)
        kind = row.timeliness_on(clock.today_at(office.time_zone)).kind
        found = db.session.scalar(select(Deadline.id).join(Deadline.project).where(queries.is_overdue()))
        with app.test_request_context():
            return kind, line_of(row.project, row).late, found

    assert stands() == (TimelinessKind.DUE, False, None)
    moment = datetime(2016, 10, 12, 11, 0, tzinfo=UTC)
    assert stands() == (TimelinessKind.OVERDUE, True, deadline.id)


# -- questions, bad input, and who ------------------------------------------------------------------------------------

QUESTIONS = {"INT_N": (13, 16), "INT_F": (9, 13), "RMF": (8, 11)}
"""By kind of report: of its page before its first word, and while it is written. Raise one only with a reason."""


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_page_of_a_report_has_its_number_of_questions(browser_of, questions, monkeypatch, kind):
    monkeypatch.setattr(sessions, "kept_count", lambda: 0)
    project, manager, deadline = the_road(kind)
    expense(project, 1, "10")
    browser = browser_of(manager)

    def asked():
        questions.clear()
        page = browser.open(address(project, deadline))
        return page, sum("UPDATE sign_in" not in one for one in questions)

    asked()
    page, first = asked()
    page.press("Save the draft")
    _page, few = asked()
    progress(project, manager)
    for number in range(4, 12):
        db.session.add_all(
            [
                BudgetLine(
                    project_id=project.id, position=number, category_code="STAFF.NAT", description=f"Line {number}",
                    unit_cost=Decimal(1), amount=Decimal(1),
                ),
                Milestone(project_id=project.id, name=f"Milestone {number}", planned_on=UNTIL),
                Lesson(
                    project_id=project.id, deadline_id=deadline.id, title=f"Lesson {number}", happened="It rained.",
                    made_by_id=manager.id,
                ),
            ]
        )  # fmt: skip
        db.session.flush()
        expense(project, number, "0.50")
    db.session.commit()
    asked()
    _page, many = asked()
    assert (first, few, many) == (*QUESTIONS[kind], QUESTIONS[kind][1])


def test_what_people_type_stands_in_the_files_as_it_was_typed(browser_of):
    project, manager, deadline = the_road()
    page = browser_of(manager).open(address(project, deadline))
    page.fill("Achievements", "تم تدريب الموظفين 🎉").fill("Title", "=cmd|' /C calc'!A0").fill("What happened", "+1")
    page.press("Save the draft")
    _tables, sheets, text = files(browser_of(manager), project, deadline)
    assert "تم تدريب الموظفين 🎉" in text
    assert sheets["Lessons"][1][1:3] == ["=cmd|' /C calc'!A0", "+1"]
    book = openpyxl.load_workbook(io.BytesIO(browser_of(manager).open(address(project, deadline) + ".xlsx").content))
    assert book["Lessons"]["B2"].data_type == "s"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "x\x00"])
def test_a_day_that_no_report_was_sent_on_is_told_at_its_field(browser_of, day):
    manager, officer = a_user("PM", "KEN"), a_user("RPDO", "NBO")
    project = an_active_project(manager, funding="donor")
    deadline = a_deadline(project, "FIN_N", is_open=False)
    db.session.add(Report(deadline_id=deadline.id, state=ReportState.ACCEPTED, first_submitted_on=TODAY))
    page = browser_of(officer).open(address(project, deadline)).fill("Sent to the donor on", day)
    page = page.press("Sent to the donor").check()
    assert page.status == 422 and page.errors[0].startswith("Sent to the donor on: Please type a day")


def test_an_old_or_odd_form_changes_nothing_it_should_not(browser_of):
    project, manager, deadline = the_road("INT_F")
    browser = browser_of(manager)
    page = browser.open(address(project, deadline))
    page.fill("Line 1, spent", "5").press("Save the draft")
    page = browser.open(address(project, deadline)).fill("Line 1, spent", "7")
    db.session.scalars(select(Report)).one().version = 9
    db.session.commit()
    page = page.press("Save the draft")
    assert page.status == 409 and page.rows("What you typed, and what stands there now")[0][0] == "Line 1, spent"
    page = browser.open(address(project, deadline))
    fields = {field["name"]: field.get("value", "") for field in page.soup.select("main form input[name]")}
    page = browser.request("POST", address(project, deadline), data={**fields, "then": "withdraw-²"})
    assert page.status == 409 and "not recorded with the report" in page.text


def test_the_alternate_reports_as_well(browser_of):
    project, _manager, deadline = the_road()
    alternate = a_user("APM", "KEN")
    db.session.add(Party(project_id=project.id, user_id=alternate.id, part=Part.ALTERNATE))
    assert handed_in(browser_of, project, alternate, deadline).messages == ["The report is submitted."]
    assert db.session.scalars(select(Report)).one().submitted_by_id == alternate.id


def test_a_report_of_older_form_stays_by_category(browser_of):
    project, manager, deadline = the_road("INT_F")
    report = Report(deadline_id=deadline.id, version=1)
    db.session.add(report)
    db.session.flush()
    db.session.add(Spending(report_id=report.id, category_code="STAFF.NAT", spent=Decimal(900)))
    expense(project, 1, "1000")
    page = browser_of(manager).open(address(project, deadline)).check()
    assert page.value("National staff, spent") == "900.00"
    assert page.rows("Differences from finance") == [["National staff", "900", "1,000", "0", "0"]]
    page = page.fill("National staff, spent", "1000").press("Save the draft")
    assert "Differences from finance" not in page.captions
    assert {row.line_id for row in db.session.scalars(select(Spending))} == {None}
