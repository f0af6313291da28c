"""The risk plan: an internal annex, its rules, and the map of how grave and how likely the risks are."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from prima.db import db
from prima.handbook import published
from prima.handbook.edition import RiskLevels
from prima.journal import entries
from prima.projects import operations, queries, rules
from prima.projects.heat import heat, heights, legend
from prima.projects.models import Justification, Part, Party, Risk
from prima.projects.operations.risks import values_of
from prima.projects.operations.rows import Row
from prima.projects.stages import Status
from tests.factories import a_project, a_user

WHOLE = {
    "factor": "The law is late.",
    "consequence_code": "C5",
    "likelihood_code": "L4",
    "timing": "First year",
    "treatment_code": "T2",
    "action": "Brief the committee.",
    "owner": "Project manager",
    "due_on": date(2017, 3, 1),
}


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def a_risk(project, position=1, **values):
    risk = Risk(project_id=project.id, position=position, **{**WHOLE, **values})
    db.session.add(risk)
    db.session.flush()
    return risk


def risks_of(project):
    db.session.expire_all()
    return db.session.scalars(select(Risk).where(Risk.project_id == project.id).order_by(Risk.position)).all()


def url(project):
    return f"/projects/{project.reference}/risks"


def needs(project, code):
    db.session.expire_all()
    found = [need for need in rules.to_submit(queries.proposal(project.reference)) if need.code == code]
    return found[0] if found else None


# -- the page ---------------------------------------------------------------------------------------------------------


def test_risks_are_added_changed_and_removed_in_one_form(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).check()
    assert page.heading == "Risk assessment plan (internal annex)"
    page.fill("Risk factor, risk 1", "Rain 🌧 أمطار").fill("Consequence, risk 1", "4 Serious")
    page.fill("Likelihood, risk 1", "5 Very likely").fill("Due day, risk 1", "2017-01-31")
    page = page.fill("Risk factor, risk 2", "Prices rise.").press("Save").check()
    assert [(one.factor, one.consequence_code, one.due_on) for one in risks_of(project)] == [
        ("Rain 🌧 أمطار", "C4", date(2017, 1, 31)),
        ("Prices rise.", None, None),
    ]
    assert "very high, 20" in page.text
    assert "not rated" in page.text
    page.fill("Treatment, risk 2", "Share with another party").fill("Remove this risk, risk 1", True)
    page = page.press("Save").check()
    assert [(one.factor, one.treatment_code, one.version) for one in risks_of(project)] == [("Prices rise.", "T4", 2)]
    assert [entry.event for entry in entries(db.session, "project", project.id)] == ["risks", "risks"]
    parts = set(db.session.scalars(select(Party.part).where(Party.project_id == project.id)))
    assert parts == {Part.DEVELOPER, Part.AUTHOR}


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("Risk factor", "x" * 2001),
        ("Risk factor", "x" * 1_000_000),
        ("Action", "a\x00b"),
        ("Owner", "x" * 301),
        ("Timing", "a\x07b"),
        ("Due day", "tomorrow"),
        ("Due day", "9999-01-01"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_kept(browser_of, developer, label, typed):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Risk factor, risk 1", "Kept")
    page = page.fill("Risk factor, risk 2", "Another").fill(f"{label}, risk 2", typed).press("Save")
    assert page.status == 422
    assert len(page.errors) == 1 and page.errors[0].startswith(f"{label}, risk 2")
    assert page.value("Risk factor, risk 1") == "Kept"
    assert page.value(f"{label}, risk 2").replace("\ufffd", "\x00") == typed or "\x00" in typed or "\x07" in typed
    assert risks_of(project) == []


def test_a_code_that_is_not_offered_is_refused(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    token = browser.open(url(project)).soup.find("input", attrs={"name": "csrf_token"})["value"]
    values = {"risks-0-factor": "Rain", "risks-0-consequence_code": "L1", "risks-0-likelihood_code": "x\x00"}
    page = browser.request("POST", url(project), data={"csrf_token": token, **values})
    assert page.status == 422
    assert risks_of(project) == []


def test_a_risk_in_use_says_what_may_happen(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Owner, risk 1", "Manager").press("Save").check()
    assert page.errors == ["Risk factor, risk 1: Please fill this in."]


def test_two_people_in_one_risk_get_both_values_in_words(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    a_risk(project)
    mine, theirs = browser_of(developer).open(url(project)), browser_of(second).open(url(project))
    theirs.fill("Likelihood, risk 1", "1 Very unlikely").press("Save")
    page = mine.fill("Likelihood, risk 1", "6 Almost certain").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    assert page.rows("What you typed, and what stands there now") == [
        ["Likelihood, risk 1", "6 Almost certain", "1 Very unlikely"]
    ]
    assert page.press("Save what I typed").status == 200
    assert [one.likelihood_code for one in risks_of(project)] == ["L6"]


def test_a_plan_has_at_most_100_risks(app, developer):
    project = a_project(developer=developer)
    rows = [Row(f"risks-{place}", "", None, 0, "", False, dict(WHOLE)) for place in range(101)]
    with app.test_request_context(method="POST"), pytest.raises(Exception, match="at most 100 risks"):
        operations.plan_risks(project, actor=developer, rows=rows)


def test_what_people_edit_of_a_risk_is_what_the_form_holds(app):
    assert values_of(a_risk(a_project())) == WHOLE


def test_the_page_asks_the_same_for_one_risk_and_for_twelve(browser_of, developer, questions):
    asked = []
    for number in (1, 12):
        project = a_project(developer=developer)
        for position in range(1, number + 1):
            a_risk(project, position)
        browser = browser_of(developer)
        browser.open(url(project))
        questions.clear()
        browser.open(url(project))
        asked.append(len(questions))
    assert asked[0] == asked[1]


# -- who may see it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.DONOR_CHANGES])
def test_the_plan_is_not_for_all_staff(browser_of, developer, status):
    project = a_project(developer=developer, complete=True, funding="donor", status=status)
    risk = risks_of(project)[0]
    risk.owner = ""
    writer = a_user()
    db.session.add(Justification(project_id=project.id, rule_code="RISK_TREATED", text="Soon", by_id=writer.id))
    db.session.flush()
    staff = browser_of(a_user("VIEW"))
    assert staff.open(url(project)).status == 404
    proposal = staff.open(f"/projects/{project.reference}/proposal").check()
    assert "Workplan" in proposal.links
    assert "Risk" not in proposal.text
    readiness = staff.open(f"/projects/{project.reference}/readiness").check()
    assert "risk" not in readiness.text.lower() and "Soon" not in readiness.text
    office = browser_of(a_user("COM", "KEN"))
    page = office.open(url(project)).check()
    assert page.rows("Risks and their treatment")[0][:3] == ["1", "Counterparts change.", "Moderate"]
    assert "Risk assessment plan (internal annex)" in office.open(f"/projects/{project.reference}/proposal").links


def test_a_stranger_sees_no_plan_of_a_draft(browser_of, developer):
    project = a_project(developer=developer, complete=True)
    assert browser_of(a_user("PDEV", "UGA")).open(url(project)).status == 404


def test_an_edition_without_a_risk_plan_has_no_page_and_asks_for_none(browser_of, developer):
    project = a_project(developer=developer)
    project.edition_id = published.find(db.session, "fund-older-3").id
    db.session.flush()
    db.session.expire_all()
    browser = browser_of(developer)
    assert browser.open(url(project)).status == 404
    links = browser.open(f"/projects/{project.reference}/proposal").check().links
    assert "Workplan" in links
    assert not any("Risk" in link for link in links)
    assert needs(project, "RISK_NAMED") is None


def test_under_review_the_plan_is_read_only_and_says_why(browser_of, developer):
    project = a_project(developer=developer, complete=True, status=Status.REVIEW)
    page = browser_of(developer).open(url(project)).check()
    assert page.buttons == ["Send the comment"]
    assert "This cannot be changed now. The project stands at the step “In review”." in page.text
    assert page.rows("Risks and their treatment") == [
        [
            "1", "Counterparts change.", "Moderate", "Possible", "medium, 9", "First year", "Change the likelihood",
            "Brief every newcomer.", "Project manager", "1 Mar 2017",
        ]
    ]  # fmt: skip


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_plan_names_a_risk_that_is_rated(app, developer):
    project = a_project(developer=developer)
    need = needs(project, "RISK_NAMED")
    assert (need.at, need.field, need.severity) == ("risks.edit", "risks-0-factor", "block")
    a_risk(project, likelihood_code=None)
    assert needs(project, "RISK_NAMED").field == "risks-0-factor"
    a_risk(project, 2)
    assert needs(project, "RISK_NAMED") is None


@pytest.mark.parametrize("missing", [{"treatment_code": None}, {"action": " "}, {"owner": ""}, {"due_on": None}])
def test_each_risk_is_treated_or_a_reason_is_written(app, developer, missing):
    project = a_project(developer=developer)
    a_risk(project)
    assert needs(project, "RISK_TREATED") is None
    a_risk(project, 2, **missing)
    a_risk(project, 3, **missing)
    need = needs(project, "RISK_TREATED")
    assert (need.severity, need.field) == ("warn", "risks-1-factor")
    assert str(need.text).endswith("Not yet: 2, 3.")


def test_the_rules_lead_to_the_field_that_mends_them(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/readiness").check()
    link = next(link for link in page.links if "The risk plan names" in link)
    assert "#risks-0-factor" in next(one["href"] for one in page.soup.select("a") if link in one.get_text())
    assert page.follow(link).check().soup.select_one("#risks-0-factor") is not None


# -- the map ----------------------------------------------------------------------------------------------------------


@dataclass
class Value:
    code: str
    name: str
    value: int


SCALES = {
    "consequence": [Value(f"C{n}", f"Grave {n}", n) for n in range(1, 7)],
    "likelihood": [Value(f"L{n}", f"Likely {n}", n) for n in range(1, 7)],
}
BANDS = RiskLevels.model_validate(
    {"bands": [{"from_level": 1, "name": "low", "tone": "green"}, {"from_level": 12, "name": "high", "tone": "red"}]}
)
RATED = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=20)


@given(RATED)
def test_every_rated_risk_stands_once_in_its_cell(rated):
    risks = [{"consequence": f"C{grave}", "likelihood": f"L{likely}"} for grave, likely in rated]
    rows = heat(risks, SCALES, BANDS)
    found = {}
    for row in rows:
        for grave, cell in enumerate(row.cells, 1):
            for number in cell.numbers:
                assert number not in found
                found[number] = (grave, row.likelihood.value)
                assert cell.height.level == grave * row.likelihood.value
    assert [found[number] for number in range(1, len(rated) + 1)] == rated
    assert [one.level for one in heights(risks, SCALES, BANDS)] == [grave * likely for grave, likely in rated]


def test_a_risk_that_is_half_rated_has_no_level_and_no_cell():
    risks = [{"consequence": "C3", "likelihood": None}, {"consequence": None, "likelihood": None}]
    assert heights(risks, SCALES, BANDS) == [None, None]
    assert not any(cell.numbers for row in heat(risks, SCALES, BANDS) for cell in row.cells)


def test_the_words_are_the_editions_and_without_them_there_is_the_number():
    risks = [{"consequence": "C3", "likelihood": "L4"}, {"consequence": "C1", "likelihood": "L1"}]
    assert [(one.name, one.tone) for one in heights(risks, SCALES, BANDS)] == [("high", "red"), ("low", "green")]
    assert [(one.level, one.name) for one in heights(risks, SCALES, None)] == [(12, ""), (1, "")]
    assert legend(BANDS, SCALES) == [("low", "green", 1, 11), ("high", "red", 12, 36)]
    assert legend(None, SCALES) == []


@pytest.mark.parametrize("starts", [(2,), (1, 1), (1, 8, 5), ()])
def test_bands_begin_with_one_and_go_up(starts):
    bands = [{"from_level": start, "name": "x", "tone": "red"} for start in starts]
    with pytest.raises(ValidationError):
        RiskLevels.model_validate({"bands": bands})


def test_the_map_counts_and_names_the_risks_of_a_cell(browser_of, developer):
    project = a_project(developer=developer)
    a_risk(project)
    a_risk(project, 2, consequence_code="C1", likelihood_code="L1")
    a_risk(project, 3)
    page = browser_of(developer).open(url(project)).check()
    rows = page.rows("Map of risks: likelihood and consequence")
    assert rows[0][0] == "6 Almost certain"
    assert rows[2][5] == "20 very high 2 risks: 1, 3"
    assert rows[5][1] == "1 low 1 risk: 2"
    assert rows[0][1] == "6 medium"
    assert page.follow("3").status == 200
