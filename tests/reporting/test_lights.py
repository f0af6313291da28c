"""Traffic lights: from figures to a colour with its word and its rule, and what they read of a running project."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select

from prima import clock, sessions
from prima.db import db
from prima.demonstration.portfolio import fill
from prima.errors import Refused
from prima.handbook import published
from prima.handbook.edition import Lights, Threshold
from prima.projects.models import BudgetLine, Counting, Indicator, Level, Milestone, Part, Party, Project, Result, Risk
from prima.projects.stages import RUNNING, Status
from prima.reporting import lights as figures_of
from prima.reporting import portfolio
from prima.reporting.calendar import ReportState
from prima.reporting.lights import Figures, Period, Spent, lights
from prima.reporting.models import (
    ActivityProgress,
    ActivityState,
    Expense,
    ExpenseKind,
    ExportFormat,
    IndicatorValue,
    Report,
    RiskReview,
    RiskState,
    Spending,
    SpendingImport,
)
from prima.reporting.monitoring import Due
from prima.reporting.operations import exports as making
from prima.reporting.overview import lights_of
from prima.reporting.queries.monitoring import monitored
from prima.users import Role, User
from tests.conftest import TODAY
from tests.endorsement.cast import Cast
from tests.factories import a_deadline, a_user, an_active_project

RULES = Lights(
    schedule=Threshold(amber=10, red=25),
    results=Threshold(amber=90, red=70),
    money=Threshold(amber=15, red=30),
    risk=Threshold(amber=12, red=20),
)
HALF = Period(date(2016, 1, 1), date(2016, 12, 30), date(2016, 7, 1), 3)
"""Half of the time has passed: 183 of 365 days."""
JUNE = date(2016, 6, 20)
FOUND = Figures(
    due=Due(10, 0),
    schedule_on=JUNE,
    shares=[Decimal("0.5"), Decimal("0.6")],
    results_on=JUNE,
    budget=Decimal(100),
    spent=Spent(Decimal(50), date(2016, 6, 30), JUNE, by_finance=True),
    levels=[9, 4],
    risks=2,
    closed=0,
    risks_on=JUNE,
)


def tones(figures, period=HALF, internal=True):
    return [one.tone for one in lights(figures, RULES, period, internal=internal)]


def test_all_is_well(app):
    assert tones(FOUND) == ["green"] * 4
    assert len(tones(FOUND, internal=False)) == 3  # the risk plan is internal


@pytest.mark.parametrize(
    ("change", "place", "tone"),
    [
        ({"due": Due(11, 1)}, 0, "green"),
        ({"due": Due(10, 1)}, 0, "amber"),
        ({"due": Due(4, 1)}, 0, "red"),
        ({"shares": [Decimal("0.45")]}, 1, "amber"),
        ({"shares": [Decimal("0.35")]}, 1, "red"),
        ({"shares": [Decimal(5), None, Decimal(-1)]}, 1, "red"),  # one that is far above makes up for no other
        ({"spent": replace(FOUND.spent, amount=Decimal(64))}, 2, "green"),
        ({"spent": replace(FOUND.spent, amount=Decimal(66))}, 2, "amber"),
        ({"spent": replace(FOUND.spent, amount=Decimal(30))}, 2, "amber"),
        ({"spent": replace(FOUND.spent, amount=Decimal(10))}, 2, "red"),
        ({"spent": replace(FOUND.spent, amount=Decimal(900))}, 2, "red"),
        ({"levels": [3, 12]}, 3, "amber"),
        ({"levels": [20]}, 3, "red"),
        ({"levels": [], "closed": 2}, 3, "green"),
        # nothing to judge by
        ({"due": Due(0, 0)}, 0, "grey"),
        ({"shares": []}, 1, "grey"),
        ({"spent": None}, 2, "grey"),
        ({"budget": Decimal(0)}, 2, "grey"),
        ({"levels": []}, 3, "grey"),
        ({"risks": 0, "levels": []}, 3, "grey"),
        # nothing recorded for three months
        ({"schedule_on": date(2016, 3, 31)}, 0, "grey"),
        ({"schedule_on": date(2016, 4, 1)}, 0, "green"),
        ({"results_on": None}, 1, "grey"),
        ({"spent": replace(FOUND.spent, recorded_on=date(2016, 3, 31))}, 2, "grey"),
        ({"risks_on": None}, 3, "grey"),
    ],
)
def test_each_light_changes_where_the_edition_says(app, change, place, tone):
    assert tones(replace(FOUND, **change))[place] == tone


def test_the_rule_is_a_sentence_with_its_numbers_and_the_figures_found(app):
    found = lights(FOUND, RULES, HALF, internal=True)
    assert [one.word for one in found] == ["On track"] * 4
    assert "10%" in found[0].rule and "25%" in found[0].rule
    assert found[0].found == "All 10 that should be done by today are done."
    assert "90%" in found[1].rule and "70%" in found[1].rule
    assert "55% of the way to their targets, and 50% of the time has passed: 110%" in found[1].found
    assert found[2].found.startswith("By 30 Jun 2016 50% of the budget was spent and 50% of the time had passed: 0 ")
    assert "level 12" in found[3].rule and found[3].found == "The highest is of level 9."
    [silent] = [one for one in lights(replace(FOUND, risks_on=None), RULES, HALF, internal=True) if one.tone == "grey"]
    assert (silent.word, silent.found) == ("Not known", "Nothing has been recorded since the start on 1 Jan 2016.")


def test_before_its_first_months_are_over_a_project_owes_no_record(app):
    early = replace(HALF, today=date(2016, 4, 1))
    figures = replace(FOUND, schedule_on=None, results_on=None, due=Due(4, 1), shares=[None])
    assert tones(figures, early)[:2] == ["red", "grey"]  # what should be done is late; of results nothing is known
    assert tones(figures, replace(early, today=date(2016, 4, 2)))[:2] == ["grey", "grey"]


def test_after_the_end_what_stood_then_still_tells(app):
    assert tones(replace(FOUND, schedule_on=date(2016, 10, 1)), replace(HALF, today=date(2018, 1, 1)))[0] == "green"


@given(
    st.integers(0, 50), st.integers(0, 50), st.lists(st.one_of(st.none(), st.decimals(-9, 9, places=3)), max_size=5),
    st.integers(0, 1000), st.lists(st.integers(1, 36), max_size=5), st.integers(-100, 2000),
)  # fmt: skip
def test_every_light_has_a_word_whatever_is_found(shared_app, due, late, shares, spent, levels, days):
    period = replace(HALF, today=date.fromordinal(HALF.starts_on.toordinal() + days))
    figures = replace(
        FOUND,
        due=Due(due, min(due, late)),
        shares=shares,
        spent=replace(FOUND.spent, amount=Decimal(spent)),
        levels=levels,
        risks=len(levels),
    )
    with shared_app.test_request_context():
        found = lights(figures, RULES, period, internal=True)
        assert [one.name for one in found] == ["Schedule", "Results", "Money", "Risk"]
        assert all(one.word and one.rule.endswith(".") and one.found.endswith(".") for one in found)


def test_the_thresholds_are_those_of_the_edition(app):
    project = an_active_project(a_user("PM", "KEN"))
    edition = published.newest(db.session)
    assert edition.id == project.edition_id
    rules = published.part(db.session, edition, "lights")
    assert (rules.schedule.amber, rules.results.red, rules.money.red, rules.risk.amber) == (10, 70, 30, 12)


# -- on the page ------------------------------------------------------------------------------------------------------


@pytest.fixture
def manager(app):
    return a_user("PM", "KEN")


@pytest.fixture
def project(manager):
    """Half of its time has passed today."""
    return an_active_project(manager, budget=100_000)


def shown(page):
    """Each light with its word and what was found."""
    found = {}
    for item in page.main.select(".task-list li:has(details)"):
        found[item.strong.get_text()] = (item.select_one(".chip").get_text(strip=True), item.div.div.get_text())
    return found


def record_all(project, manager):
    who = {"project_id": project.id, "saved_by_id": manager.id}
    activity = db.session.scalars(select(Result).filter_by(project_id=project.id, level=Level.ACTIVITY)).one()
    db.session.add(ActivityProgress(result_id=activity.id, state=ActivityState.DONE, **who))
    for one in db.session.scalars(select(Indicator).filter_by(project_id=project.id)):
        one.counting = Counting.INCREMENT
        for day, value in ((date(2016, 3, 1), 8), (date(2016, 9, 1), 12)):
            db.session.add(IndicatorValue(indicator_id=one.id, on_day=day, value=Decimal(value), **who))
    risk = db.session.scalars(select(Risk).filter_by(project_id=project.id)).one()
    for grave, likely in (("C6", "L6"), ("C3", "L4")):
        db.session.add(RiskReview(risk_id=risk.id, on_day=TODAY, consequence_code=grave, likelihood_code=likely, **who))
    db.session.flush()


def test_the_project_page_shows_what_was_recorded(browser_of, manager, project):
    browser = browser_of(manager)
    page = browser.open(f"/projects/{project.reference}").check()
    assert {word for word, _found in shown(page).values()} == {"Not known"}
    record_all(project, manager)
    deadline = a_deadline(project, "INT_F", date(2016, 11, 11), period_to=date(2016, 9, 30), is_open=False)
    report = Report(deadline=deadline, state=ReportState.SUBMITTED, first_submitted_on=TODAY, texts=[], steps=[])
    report.spending = [
        Spending(category_code="STAFF.NAT", spent=Decimal(15_000)),
        Spending(category_code="OPER.TRAIN", spent=Decimal(15_000), committed=Decimal(9)),
    ]
    db.session.add(report)
    db.session.commit()
    page = browser.open(f"/projects/{project.reference}").check()
    assert shown(page) == {
        "Schedule": ("On track", "What should be done by today is done."),
        "Results": (
            "On track",
            "The indicators are on average 50% of the way to their targets, and 50% of the time has passed: "
            "100% of what can be expected.",
        ),
        "Money": (
            "Watch",
            "By 30 Sep 2016 30% of the budget was spent and 50% of the time had passed: 20 percentage points apart "
            "(from the newest financial report).",
        ),
        "Risk": ("Watch", "The highest is of level 12."),
    }
    assert "Amber from 15, red from 30 percentage points" in page.text  # readable without a pointer over it
    assert shown(browser.open(f"/projects/{project.reference}/monitoring").check()) == shown(page)


def test_what_finance_states_comes_before_what_reports_state(browser_of, manager, project):
    source = SpendingImport(file_name="spending.xlsx", sha256="0" * 64, rows=1, at=datetime(2016, 9, 30, tzinfo=UTC))
    later = SpendingImport(file_name="spending.xlsx", sha256="1" * 64, rows=1, at=datetime(2016, 10, 1, tzinfo=UTC))
    db.session.add_all([source, later])
    db.session.flush()
    line = db.session.scalars(select(BudgetLine).filter_by(project_id=project.id)).first()

    def expense(amount, kind=ExpenseKind.EXPENDITURE, **more):
        db.session.add(
            Expense(project_id=project.id, line_id=line.id, on_day=date(2016, 9, 1), kind=kind, currency="USD",
                    stated=Decimal(amount), amount=Decimal(amount), **more)
        )  # fmt: skip

    expense(99_000, import_id=source.id, superseded_id=later.id)
    expense(40_000, import_id=later.id)
    expense(5_000, import_id=later.id)
    expense(30_000, ExpenseKind.COMMITMENT, import_id=later.id)
    page = browser_of(manager).open(f"/projects/{project.reference}")
    word, found = shown(page)["Money"]
    assert word == "On track" and found.startswith("By 1 Oct 2016 45% of the budget was spent")


def test_a_closed_risk_and_what_was_taken_out_count_no_more(browser_of, manager, project):
    record_all(project, manager)
    risk = db.session.scalars(select(Risk).filter_by(project_id=project.id)).one()
    db.session.add(RiskReview(project_id=project.id, risk_id=risk.id, on_day=TODAY, state=RiskState.CLOSED,
                              saved_by_id=manager.id))  # fmt: skip
    for one in db.session.scalars(select(Result).filter_by(project_id=project.id, level=Level.OUTCOME)):
        one.retired_on = TODAY  # with all that stands below it
    db.session.add(Milestone(project_id=project.id, name="First course", planned_on=date(2016, 9, 1)))
    page = browser_of(manager).open(f"/projects/{project.reference}")
    assert shown(page)["Risk"] == ("On track", "Every risk is closed.")
    assert shown(page)["Schedule"] == ("Act", "1 of 1 that should be done by today are not: 100%.")
    assert shown(page)["Results"][1].startswith("The indicators are on average 50%")  # that of the objective


def test_the_lights_take_the_day_at_the_office(browser_of, manager, project, monkeypatch):
    """Late in the evening of 1 October it is the 2nd in Nairobi, and what was planned for the 1st is late."""
    record_all(project, manager)
    db.session.add(Milestone(project_id=project.id, name="First course", planned_on=TODAY))
    page = browser_of(manager).open(f"/projects/{project.reference}")
    before = shown(page)["Schedule"][1]
    monkeypatch.setattr(clock, "today_at", lambda zone: TODAY + timedelta(days=zone == "Africa/Nairobi"))
    page = browser_of(manager).open(f"/projects/{project.reference}")
    after = shown(page)["Schedule"][1]
    found = [re.findall(r"\d+", said.split(" by today")[0]) for said in (before, after)]
    asked = [max(map(int, numbers), default=1) for numbers in found]  # of one alone it says no number
    assert asked[1] == asked[0] + 1, (before, after)


def test_staff_read_three_lights_and_nobody_one_of_a_closed_project(browser_of, project):
    staff = browser_of(a_user("VIEW"))
    assert list(shown(staff.open(f"/projects/{project.reference}").check())) == ["Schedule", "Results", "Money"]
    project.status = Status.OP_CLOSED
    db.session.commit()
    assert shown(staff.open(f"/projects/{project.reference}").check()) == {}


QUESTIONS = 6
"""20 are the most; an edition without lights of its own asks one more."""


def test_the_page_of_a_running_project_asks_little(browser_of, questions, monkeypatch):
    """One that took the whole road, with reports that wait and all that can be recorded on it."""
    monkeypatch.setattr(sessions, "kept_count", lambda: 0)
    cast = Cast(browser_of)
    manager = a_user("PM", "KEN")
    project = an_active_project(manager, developer=cast[Role.PDEV], status=Status.DRAFT, starts_on=None, ends_on=None)
    db.session.commit()
    cast.submit(project)
    db.session.expire_all()
    project.status, project.code = Status.ACTIVE, "LM.0001"
    project.starts_on, project.ends_on = date(2015, 10, 1), date(2017, 9, 30)
    db.session.add(Party(project_id=project.id, user_id=cast[Role.RPDO].id, part=Part.REVIEWED))
    record_all(project, manager)
    for kind, state in (("INT_N", ReportState.SUBMITTED), ("INT_F", ReportState.CHECKED), ("FIN_N", None)):
        deadline = a_deadline(project, kind, TODAY, is_open=state is None)
        if state:
            told = {"texts": [], "reached": [], "spending": [], "steps": []}
            db.session.add(Report(deadline=deadline, state=state, first_submitted_on=TODAY, **told))
    reference = project.reference
    for who in (manager, cast[Role.RPDO], a_user("VIEW")):
        browser = browser_of(who)
        questions.clear()
        assert browser.open(f"/projects/{reference}").status == 200
        assert sum("UPDATE sign_in" not in one for one in questions) == QUESTIONS


LIGHTS = ("Light of schedule", "Light of results", "Light of money", "Light of risk")


def in_the_sheet(viewer):
    """Of each project by its reference the lights that the export's sheet Projects has, and its columns of them."""
    file = io.BytesIO()
    making.at_once(file, viewer, portfolio.read(viewer, {}), ["Projects"], ExportFormat.EXCEL, url="")
    headings, *rows = load_workbook(file)["Projects"].values
    columns = [one for one in headings if one in LIGHTS]
    found = [dict(zip(headings, row, strict=True)) for row in rows]
    return {row["Reference"]: [row[one] for one in columns] for row in found}, columns


def test_the_sheet_of_projects_says_what_the_page_says(app):
    """Of a project on which everything was recorded, and of a portfolio of all kinds, for whoever sees risks or not."""
    fill(db.session(), 60)
    manager = a_user("PM", "KEN")
    project = an_active_project(manager, budget=100_000)
    record_all(project, manager)
    for one in db.session.scalars(select(Project).filter_by(status=Status.ACTIVE)):
        db.session.add(Milestone(project_id=one.id, name="A course", planned_on=date(2016, 1, 1 + one.id % 28)))
    line = db.session.scalars(select(BudgetLine).filter_by(project_id=project.id)).first()
    source = SpendingImport(file_name="spending.xlsx", sha256="0" * 64, rows=1, at=datetime(2016, 9, 30, tzinfo=UTC))
    db.session.add(source)
    db.session.flush()
    db.session.add(
        Expense(project_id=project.id, line_id=line.id, on_day=TODAY, kind=ExpenseKind.EXPENDITURE, currency="USD",
                stated=Decimal(10), amount=Decimal(10), import_id=source.id)
    )  # fmt: skip
    regional, staff = a_user("RPDO", "NBO"), a_user("VIEW")
    db.session.commit()
    loaded = select(User).options(*sessions.with_rights()).where(User.id.in_((regional.id, staff.id)))
    people = {one.id: one for one in db.session.scalars(loaded.execution_options(populate_existing=True))}
    seen = set()
    for viewer, columns in ((people[regional.id], LIGHTS), (people[staff.id], LIGHTS[:3])):
        rows, shown = in_the_sheet(viewer)
        assert tuple(shown) == columns
        for reference, said in rows.items():
            found = monitored(reference)
            runs = found is not None and found.status in RUNNING
            assert [one for one in said if one] == ([one.word for one in lights_of(found, viewer)] if runs else [])
            seen.update(said)
    assert in_the_sheet(None)[0][project.reference] == ["Act", "On track", "Act", "Watch"]
    assert {"On track", "Act", "Not known"} <= seen


def test_the_lights_of_the_sheet_take_the_day_at_the_office(app, manager, project, monkeypatch):
    record_all(project, manager)
    db.session.add(Milestone(project_id=project.id, name="First course", planned_on=TODAY))
    db.session.commit()
    assert in_the_sheet(None)[0][project.reference][0] == "On track"
    monkeypatch.setattr(clock, "today_at", lambda zone: TODAY + timedelta(days=zone == "Africa/Nairobi"))
    assert in_the_sheet(None)[0][project.reference][0] == "Act"


def test_where_no_edition_has_lights_the_page_shows_none(browser_of, manager, project, monkeypatch):
    def silent(*_asked):
        raise Refused("No edition speaks of it.")

    monkeypatch.setattr(published, "part", silent)
    page = browser_of(manager).open(f"/projects/{project.reference}").check()
    assert page.status == 200 and shown(page) == {}


def test_the_module_of_lights_knows_no_database():
    assert not hasattr(figures_of, "db")
