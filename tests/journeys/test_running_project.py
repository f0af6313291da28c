"""A project of 24 months in a browser: activated, sent back, revised, extended, closed, and left to be evaluated."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import expect
from sqlalchemy import update

from prima.db import db
from prima.months import add_months
from prima.projects.models import Beneficiaries, Counted, Project
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast, Person
from tests.journeys.running import a_cast, due, go_to, hand_in, look

TITLE = "Fair recruitment of migrant workers in Kenya"
AT_ACTIVATION = [
    ("Results monitoring framework", "1 Apr 2024"),
    ("Detailed workplan", "1 Apr 2024"),
    ("Interim financial report", "12 Oct 2024"),
    ("Interim narrative report", "12 Oct 2024"),
    ("Interim financial report", "11 Apr 2025"),
    ("Interim narrative report", "11 Apr 2025"),
    ("Interim financial report", "12 Oct 2025"),
    ("Interim narrative report", "12 Oct 2025"),
    ("Last day to request an extension or budget change", "28 Jan 2026"),
    ("Final financial report", "28 May 2026"),
    ("Final narrative report", "28 May 2026"),
    ("Ex-post evaluation report", "28 Feb 2027"),
]
"""The worked example of the rules: 1 March 2024 to 28 February 2026."""
EXTENDED = [
    *AT_ACTIVATION[:8],
    ("Interim financial report", "11 Apr 2026"),
    ("Interim narrative report", "11 Apr 2026"),
    ("Last day to request an extension or budget change", "30 Apr 2026"),
    ("Final financial report", "31 Aug 2026"),
    ("Final narrative report", "31 Aug 2026"),
    ("Ex-post evaluation report", "31 May 2027"),
]
"""The same until 31 May 2026."""


def test_from_activation_to_the_evaluation(browser_page, axe):
    go_to(date(2024, 3, 1))
    cast = a_cast(browser_page)
    project = a_project(status="APPROVED", complete=True, title=TITLE)
    db.session.execute(update(Beneficiaries).values(counted=Counted.PEOPLE, repeated=False))
    db.session.commit()
    home = f"/projects/{project.reference}"
    activate(cast, home, axe)
    hand_in(project, cast, "RMF", "WPL", until=date(2024, 4, 1))

    go_to(date(2024, 10, 5))
    be_sent_back(cast, home, axe)
    hand_in(project, cast, "INT_F", until=date(2024, 10, 12))

    go_to(date(2025, 1, 15))
    revise_the_budget(cast, home, axe)
    report_in(project, cast, date(2025, 4, 1))
    report_in(project, cast, date(2025, 10, 1))

    go_to(date(2025, 12, 10))
    extend(cast, home, axe)
    report_in(project, cast, date(2026, 4, 1))
    go_to(date(2026, 8, 20))
    hand_in(project, cast, "FIN_N", until=date(2026, 8, 31))
    close(cast, home, axe, lambda: hand_in(project, cast, "FIN_F", until=date(2026, 8, 31)))

    go_to(date(2026, 12, 1))
    see_what_is_left(cast, home, axe)
    cast.add("evaluator", Role.EVAL, None, "Evaluator")
    db.session.commit()
    evaluate(cast, home, axe)


def report_in(project: Project, cast: Cast, day: date) -> None:
    """The interim reports of a period, in time."""
    go_to(day)
    hand_in(project, cast, "INT_N", "INT_F", until=add_months(day, 1))


def activate(cast: Cast, home: str, axe) -> None:
    fund = cast.fund.open(home).press("Activate").is_at("Activate the project")
    fund.type("Start", "2024-03-01").type("End", "2026-02-28")
    fund.type("Manager's e-mail address", cast.people["manager"].email)
    fund.type("Alternate manager's e-mail address", cast.people["alternate"].email)
    fund.type("Government focal point", "Director of Migration, Ministry of Labour")
    look(fund, axe).press("Activate").is_told("The project is active. Its project ID is LM.0001.")
    look(fund, axe).follow("Reports").is_at("Reports and deadlines")
    assert sorted(due(fund)) == sorted(AT_ACTIVATION)
    assert fund.rows("Deadlines")[-1][1] == "from 28 Aug 2026"
    look(fund, axe)


def be_sent_back(cast: Cast, home: str, axe) -> None:
    """The first report: written, returned with a remark at the part that it concerns, mended there, accepted."""
    manager = cast.manager.open("/").follow("Write the interim narrative report").is_at("Interim narrative report")
    for part in (
        "Achievements", "Progress per indicator and activity", "Challenges and how they were met", "Lessons learned",
        "Next steps",
    ):  # fmt: skip
        manager.type(part, f"The words of {part}.")
    manager.main.get_by_label(", direct").fill("310")
    look(manager, axe).press("Save and submit").is_told("The report is submitted.")

    officer = cast.rpdo.open("/").follow("Check the interim narrative report").is_at("Interim narrative report")
    officer.press("Return").reads("Please say for at least one part what has to be changed.")
    officer.type("Achievements", "Say where the recruiters work.").type("Remark (optional)", "Nearly there.")
    look(officer, axe).press("Return").is_told("Done: Return.").reads("Returned")

    manager.open("/").follow("Mend the returned interim narrative report").is_at("Interim narrative report")
    manager.reads("Returned: what has to be changed", "Say where the recruiters work.", "To be changed:")
    expect(manager.field("Lessons learned")).to_have_value("The words of Lessons learned.")
    look(manager, axe).type("Achievements", "Forty recruiters of Nairobi and Mombasa were trained.")
    manager.press("Save and submit").is_told("The report is submitted.").reads("On time")

    officer.open("/").follow("Check the interim narrative report").press("Checked").is_told("Done: Checked.")
    officer.press("Accept").is_told("Done: Accept.").reads("Accepted", "Nairobi and Mombasa")
    history = officer.main.get_by_role("region", name="History")
    expect(history).to_contain_text("Achievements: Say where the recruiters work.")
    look(officer, axe)


def revise_the_budget(cast: Cast, home: str, axe) -> None:
    """Staff grows by 15 per cent, which somebody has to decide; the total stays."""
    manager = cast.manager.open(f"{home}/changes").follow("Budget revision").is_at("Budget revision")
    manager.reads("by more than 10 %")
    manager.type("New amount of Line 1", "23,000").type("New amount of Line 3", "72,000")
    explain(manager, "Wages have risen.", "Fewer courses are held.")
    look(manager, axe).press("Save and ask").is_at("Budget revision")
    assert [row[2:] for row in manager.rows("Budget lines that change, USD")] == [
        ["20,000", "23,000", "+3,000"],
        ["75,000", "72,000", "-3,000"],
    ]
    look(manager, axe)
    decide(cast, home, 1)
    look(cast.fund, axe)
    cast.fund.open(f"{home}/spending").is_at("Spending")
    rows = {
        row[0]: row[2] for row in cast.fund.rows("Approved, spent and committed from the start of the project, USD")
    }
    assert rows["B003"] == "72,000"
    look(cast.fund, axe)


def extend(cast: Cast, home: str, axe) -> None:
    manager = cast.manager.open(f"{home}/reports").follow("Ask for an extension").is_at("No-cost extension")
    manager.reads("Ask by 28 Jan 2026.").type("New end date", "2026-02-28")
    explain(manager, "The law was passed late.", "Courses follow it.")
    manager.press("Save and ask").reads("must come after the present one, 28 Feb 2026")
    expect(manager.field("Reason")).to_have_value("The law was passed late.")
    look(manager, axe).type("New end date", "2026-05-31").press("Save and ask").is_at("No-cost extension")
    assert manager.rows("Before and after") == [["End date", "28 Feb 2026", "31 May 2026"]]
    decide(cast, home, 2)
    manager.open(f"{home}/reports").reads("1 Mar 2024 – 31 May 2026", "first due 28 May 2026")
    assert sorted(due(manager)) == sorted(EXTENDED)
    look(manager, axe).open(home).reads("End agreed at activation", "28 Feb 2026 → 31 May 2026")
    look(manager, axe)


def explain(person: Person, reason: str, effect: str) -> None:
    person.type("Reason", reason).type("Effect on results, time and money", effect)


def decide(cast: Cast, home: str, number: int) -> None:
    """Endorsed in the region, approved by the Fund."""
    director = cast.rd.open(f"{home}/changes/{number}").follow("Endorse").is_at("Endorse")
    director.fits().press("Endorse").reads("Endorsed")
    fund = cast.fund.open(f"{home}/changes/{number}").follow("Approve").is_at("Approve")
    fund.press("Approve").is_told("in effect").reads("Approved", "Regional director, Nairobi")
    fund.fits()


def close(cast: Cast, home: str, axe, accept_the_last_report) -> None:
    manager = cast.manager.open(home).follow("Closure").is_at("Closure")
    manager.reads("the final financial report, accepted", "confirmed: Lessons learned are recorded")
    look(manager, axe)
    accept_the_last_report()
    operational = manager.open(f"{home}/closure").main.get_by_role("region", name="Operational closure")
    for box in operational.get_by_role("checkbox").all():
        box.check()
    operational.get_by_label("Note on: Assets are listed and handed over").fill("Two cars, to the ministry.")
    operational.get_by_role("button", name="Save the checklist").click()
    look(manager.is_told("The checklist is saved."), axe)
    fund = cast.fund.open(f"{home}/closure").follow("Close operationally").is_at("Close operationally")
    look(fund, axe).press("Close operationally").is_told("The project is operationally closed.")


def see_what_is_left(cast: Cast, home: str, axe) -> None:
    """The evaluation alone is open, in its window, and the project's page says so."""
    manager = cast.manager.open(home).is_at(TITLE).reads("Operationally closed")
    [row] = manager.rows("Next deadlines")
    assert row[:2] == ["Ex-post evaluation report", "from 30 Nov 2026"] and row[2].startswith("31 May 2027")
    look(manager, axe)
    fund = cast.fund.open(f"{home}/reports").is_at("Reports and deadlines")
    states = [(row[0], row[3], row[4]) for row in fund.rows("Deadlines")]
    assert states[-1] == ("Ex-post evaluation report", "Not started", "Due")
    assert len(states) == len(EXTENDED) - 1
    assert {row[1:] for row in states[:-1]} == {("Accepted", "On time")}
    [asked_by] = fund.rows("Fallen away")
    assert (asked_by[0], asked_by[2].split("first")[0].strip()) == EXTENDED[-4]
    look(fund, axe).follow("Ex-post evaluation report").is_at("Ex-post evaluation report")
    look(fund.reads("30 Nov 2026 – 31 May 2027"), axe)


CRITERIA = ("Relevance", "Coherence", "Effectiveness", "Efficiency", "Impact", "Sustainability")


def evaluate(cast: Cast, home: str, axe) -> None:
    """The Fund names who evaluates; ratings, a finding, a recommendation, the report, and what the manager answers."""
    fund = cast.fund.open(home).follow("Evaluation").is_at("Ex-post evaluation").follow("Terms and evaluator")
    fill(fund, "Evaluator's e-mail address", cast.people["evaluator"].email)
    fill(fund, "Terms of reference", "What remains?")
    look(fund, axe).press("Save").is_told("The terms of the evaluation are saved.")

    evaluator = cast.evaluator.open(f"{home}/evaluation").follow("Write ratings")
    for criterion in CRITERIA:
        evaluator.main.get_by_label(criterion, exact=True).select_option(label="Good")
        fill(evaluator, f"Why: {criterion}", "As seen in the field.")
    look(evaluator, axe).press("Save").follow("Write findings")
    fill(evaluator, "Finding, line 1", "Officers apply the law.")
    evaluator.press("Save").is_told("The findings are saved.").follow("Write recommendations")
    fill(evaluator, "Recommendation, line 1", "Train those who are new.")
    look(evaluator.press("Save").is_told("The recommendations are saved."), axe)
    evaluator.open(f"{home}/reports").follow("Ex-post evaluation report").is_at("Ex-post evaluation report")
    for part in (*CRITERIA, "Findings", "Recommendations"):
        evaluator.type(part, f"The words of {part}.")
    evaluator.press("Save and submit").is_told("The report is submitted.")

    manager = cast.manager.open(f"{home}/evaluation").reads("Train those who are new.", "Officers apply the law.")
    look(manager, axe).follow("Respond to recommendation 1")
    manager.main.get_by_label("Response", exact=True).select_option(label="Accepted")
    for label, text in (
        ("Response in words", "A course each spring."), ("Done until", "2027-04-30"),
        ("Owner's e-mail address", cast.people["manager"].email),
    ):  # fmt: skip
        fill(manager, label, text)
    manager.press("Save").is_told("The response is saved.")
    look(manager.reads("30 Apr 2027"), axe)


def fill(person: Person, label: str, text: str) -> None:
    """A field that may be optional."""
    person.main.get_by_label(re.compile(rf"^{re.escape(label)}( \(optional\))?$")).fill(text)
