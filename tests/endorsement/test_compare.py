"""Frozen versions in full, and any two of them, or one and the proposal as it is now, held against each other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from time import process_time

import pytest
from sqlalchemy import select, update

from prima.db import db
from prima.endorsement import reading
from prima.endorsement.differences import compare
from prima.endorsement.models import Round
from prima.handbook import published
from prima.lists import CrossCuttingTheme
from prima.projects.models import (
    Beneficiaries,
    BudgetLine,
    Document,
    Justification,
    Milestone,
    Partner,
    Project,
    Reach,
    Result,
    Risk,
    SdgMark,
    Section,
    ThemeMark,
)
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_differences import LONG, every
from tests.endorsement.test_return import change
from tests.factories import a_project, a_user

NEW_KEYS = (
    "requesting", "partners", "classification", "gender", "results", "workplan", "milestones", "risks", "money",
    "country_shares",
)  # fmt: skip


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    """Returned to its developer after the first round."""
    found = a_project(developer=cast[Role.PDEV], complete=True)
    theme = db.session.scalars(select(CrossCuttingTheme.code).order_by(CrossCuttingTheme.position)).first()
    db.session.add_all(
        [
            Partner(project_id=found.id, position=1, name="Ministry of Labour", role="Runs the courses"),
            Milestone(project_id=found.id, name="First course", planned_on=date(2017, 1, 31)),
            ThemeMark(project_id=found.id, code=theme, note="In each course."),
        ]
    )
    cast.has_submitted(found)
    cast.has_decided(Role.COM, found, "return", note="Please mend it.", sections=("Rationale",))
    return found


def one(model, project, **values):
    return db.session.scalars(select(model).filter_by(project_id=project.id, **values)).first()


def address(project: Project, since: object = "", to: object = "") -> str:
    query = f"?from={since}&to={to}" if since else ""
    return f"/projects/{project.reference}/compare{query}"


def compared(cast, project, since=1, to="now", who=Role.PDEV):
    return cast.open(who, address(project, since, to)).check()


def marks(page, tag: str) -> list[str]:
    """What is marked, with the words that say so."""
    return [" ".join(found.get_text().split()) for found in page.soup.select(f"main {tag}")]


def test_a_frozen_version_is_shown_in_full(cast, project):
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement/1").check()
    rows = page.rows("Results matrix")
    assert rows[0][:3] == ["", "Objective", "Migration is governed well."]
    assert rows[1][1:] == [
        "Indicator", "Number of officials who apply the procedures", "0", "40", "Attendance records", "",
    ]  # fmt: skip
    assert [row[0] for row in rows if row[0]] == ["1", "1.1", "1.1.1"]
    assert page.rows("Workplan") == [["Hold course 1 of part 1.", "IOM", "1-3"]]
    assert page.rows("Milestones") == [["First course", "31 Jan 2017"]]
    assert page.rows("Risk plan")[0][:5] == [
        "Counterparts change.", "Moderate", "Possible", "First year", "Change the likelihood",
    ]  # fmt: skip
    assert page.rows("Partners")[0][:3] == ["Ministry of Labour", "Runs the courses", "none"]
    assert page.rows("Beneficiaries")[0] == ["Migrants (general)", "direct", "other / not stated", "not stated", "500"]
    assert page.rows("Documents")[0][:3] == ["Government request letter", "Request letter", "Kenya"]
    assert page.rows("Cross-cutting themes")[0][1] == "In each course."
    assert page.headings("Budget lines")[-1] == "Amount, USD"
    assert "10.7 Orderly, safe, regular and responsible migration" in page.definition("Sustainable Development Goals")
    assert "Partnerships" not in page.definition("Migration Governance Framework")


def test_a_version_frozen_before_there_were_tables_still_reads(cast, project):
    frozen = one(Round, project, number=1)
    content = {name: part for name, part in frozen.snapshot.items() if name not in NEW_KEYS}
    content["cover"] = {**content["cover"], "partners": "Ministry of Labour"}
    content["lines"] = [
        {name: cell for name, cell in line.items() if name not in ("country", "result")} for line in content["lines"]
    ]
    db.session.execute(update(Round).where(Round.id == frozen.id).values(snapshot=content))
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement/1").check()
    assert page.definition("Partners") == "Ministry of Labour"
    assert "Results matrix" not in page.captions
    assert page.rows("Budget lines")[0][-1] == "20,000"
    page = compared(cast, project)
    assert page.rows("Results matrix")[0][0] == "added"


def test_nothing_changed_says_so(cast, project):
    page = compared(cast, project)
    assert "Nothing changed" in page.text
    assert "The same version twice" not in page.text
    assert "This is the same version twice." in compared(cast, project, "now", "now").text


def test_words_of_a_section_are_marked_in_words_too(cast, project):
    change(project, "RAT", "Text of our Rationale.")
    page = compared(cast, project)
    assert page.text.count("1 section changed") == 1
    assert "10 sections are unchanged" in page.text
    assert marks(page, "ins") == ["added: our , end"]
    assert marks(page, "del") == []
    page = compared(cast, project, "now", 1)
    assert (marks(page, "ins"), marks(page, "del")) == ([], ["removed: our , end"])


def test_facts_lists_and_documents_are_held_against_each_other(cast, project):
    project.title, project.executing_agency = "Another title", ""
    db.session.add(SdgMark(project_id=project.id, code="8.8"))
    letter = one(Document, project)
    db.session.add(
        Document(
            project_id=project.id, type_code="OTH", title="A study", file_name="s.pdf", media_type="application/pdf",
            size=1, sha256="1" * 64, filed_by_id=letter.filed_by_id,
        )
    )  # fmt: skip
    db.session.commit()
    page = compared(cast, project)
    facts = {row[0]: row[1:] for row in page.rows("Cover: what changed")}
    assert facts["Title"][1] == "added: Another title, end"
    assert facts["Executing agency"] == ["removed: IOM, end", "not stated"]
    before, after = facts["Sustainable Development Goals"]
    assert "8.8" not in before
    assert "added: 8.8 Labour rights" in after
    assert [row[:3] for row in page.rows("Documents") if row[0] == "added"] == [["added", "Other", "A study"]]
    assert "1 row is unchanged." in page.text


def test_tables_show_cells_and_amounts_show_differences(cast, project):
    workshops = one(BudgetLine, project, category_code="OPER.TRAIN")
    workshops.unit_cost, workshops.amount = Decimal("70000.50"), Decimal("70000.50")
    db.session.add(
        BudgetLine(
            project_id=project.id, position=4, category_code="OPER.EQUIP", description="Laptops",
            unit_cost=Decimal(1000), amount=Decimal(1000),
        )
    )  # fmt: skip
    one(Risk, project).likelihood_code = "L6"
    one(Partner, project).name = "Ministry of Labour and Social Protection"
    one(Result, project, level="outcome").text = "Institutions apply well the new procedures."
    db.session.add(Beneficiaries(project_id=project.id, type_code="RET", reach=Reach.INDIRECT, planned=70))
    db.session.commit()
    page = compared(cast, project)
    lines = page.rows("Budget lines")
    assert [row[0] for row in lines] == ["2 rows are unchanged.", "changed", "added"]
    assert lines[1][-3:] == ["75,000", "70,000.50", "-4,999.50"]
    assert lines[2][-3:] == ["", "1,000", "+1,000"]
    assert lines[2][2] == "Laptops"
    total = page.soup.find("caption", string="Budget lines").parent.tfoot.get_text(" ", strip=True)
    assert total == "Total 100,000 96,000.50 -3,999.50"
    [risk] = page.rows("Risk plan")
    assert risk[3] == "removed: Possible, end added: Almost certain, end"
    [partner] = page.rows("Partners")
    assert partner[:2] == [
        "changed", "removed: Ministry of Labour, end added: Ministry of Labour and Social Protection, end",
    ]  # fmt: skip
    changed = [row for row in page.rows("Results matrix") if row[0] == "changed"]
    assert [row[1:4] for row in changed] == [
        ["1", "Outcome", "Institutions apply added: well , end the new procedures."]
    ]
    [added] = [row for row in page.rows("Beneficiaries") if row[0] == "added"]
    assert added[-1] == "+70"
    assert "Budget lines -3,999.50 USD; 2 changes" in page.text


def test_a_version_is_chosen_by_a_form_that_needs_no_script(cast, project):
    change(project, "RAT", "Second rationale.")
    cast.has_submitted(project)
    page = cast.open(Role.COM, address(project)).check()
    assert page.value("What it was").startswith("Round 1, 1 Oct 2016")
    assert page.value("What it became").startswith("Round 2, 1 Oct 2016")
    assert "Rationale" in page.links
    page = page.fill("What it was", "2").fill("What it became", "now").press("Compare").check()
    assert "from=2&to=now" in page.url
    assert "Nothing changed" in page.text


@pytest.mark.parametrize("query", ["from=7&to=now", "from=1&to=x", "from=1&to=%00", "from=-1&to=1", "from=&to="])
def test_a_version_that_is_not_there_is_not_found(cast, project, query):
    assert cast.open(Role.PDEV, f"{address(project)}?{query}").status == 404


def test_before_the_first_round_there_is_nothing_to_compare(cast):
    draft = a_project(developer=cast[Role.PDEV], complete=True)
    page = cast.open(Role.PDEV, address(draft)).check()
    assert "There are no versions to compare yet" in page.text


def test_it_is_linked_where_one_wonders_what_changed(cast, project):
    change(project, "RAT", "Text of another Rationale.")
    page = cast.page(Role.PDEV, project)
    assert page.follow("What changed since round 1").check().heading == "Compare versions"
    cast.has_submitted(project)
    cast.has_decided(Role.COM, project, "clear")
    record = cast.open(Role.RPDO, f"/projects/{project.reference}/endorsement")
    assert record.follow("What changed since round 1").check().status == 200
    assert record.follow("Compare versions").check().status == 200
    version = cast.open(Role.RPDO, f"/projects/{project.reference}/endorsement/2")
    assert marks(version.follow("Compare word by word").check(), "ins") == ["added: another , end"]
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="Tools?", sections=("Monitoring",))
    cast.all_clear(project, but=(Role.RME,))
    change(project, "MON", "Text of better Monitoring.")
    cast.has_submitted(project)
    clearance = cast.open(Role.RME, f"/projects/{project.reference}/clearances/rme")
    page = clearance.follow("Compare with round 2 word by word").check()
    assert marks(page, "ins") == ["added: better , end"]
    assert "from=2&to=3" in page.url


def test_all_staff_see_no_internal_change_and_no_cost_of_staff(cast, project, browser_of):
    risk, staff = one(Risk, project), one(BudgetLine, project, category_code="STAFF.NAT")
    risk.factor, staff.unit_cost, staff.quantity = "A secret risk", Decimal(10000), Decimal(2)
    reasons = {"RISK_TREATED": "A secret reason", "ELIGIBLE.KEN": "A reason for all"}
    db.session.add_all(
        Justification(project_id=project.id, rule_code=code, text=text, by_id=cast[Role.PDEV].id)
        for code, text in reasons.items()
    )
    stranger = browser_of(a_user("VIEW"))
    assert stranger.open(address(project, 1, "now")).status == 404
    project.status = Status.ENDORSED
    db.session.commit()
    page = stranger.open(address(project, 1, "now")).check()
    assert [row[1:3] for row in page.rows("Justifications of warnings")] == [
        ["Eligibility of Kenya", "A reason for all"]
    ]
    assert "secret" not in page.text and marks(page, "del") == []
    page = compared(cast, project)
    assert "A secret risk" in page.text and "A secret reason" in page.text
    assert "removed: 1, end added: 2, end x 1 lump sum x removed: 20,000.00, end" in page.rows("Budget lines")[0][3]


def test_it_asks_the_same_number_of_questions_however_much_there_is(cast, project, questions):
    def asked() -> int:
        questions.clear()
        compared(cast, project)
        return len(questions)

    compared(cast, project)  # the developer has signed in
    few = asked()
    for position in range(4, 30):
        db.session.add(
            BudgetLine(
                project_id=project.id, position=position, category_code="OPER.EQUIP", description=f"Thing {position}",
                unit_cost=Decimal(1), amount=Decimal(1),
            )
        )  # fmt: skip
    db.session.commit()
    assert asked() == few


def test_two_full_proposals_are_compared_in_no_time(app):
    """Six texts of 20,000 letters with a word in ten changed, and two in three of 300 lines."""
    edition = published.newest(db.session).handbook
    texts = [section.code for section in edition.sections_for("fund") if section.kind == "text"]

    def version(text: str, shift: int) -> list[reading.Part]:
        content = {
            **EMPTY,
            "sections": dict.fromkeys(texts, text),
            "lines": [{**A_LINE, "description": f"Line {number}, {number % 3 * shift}"} for number in range(300)],
        }
        return reading.parts(content, edition, {}, internal=True)

    before, after = version(LONG, 0), version(every(LONG, 10), 100)
    began = process_time()
    found = compare(before, after)
    assert process_time() - began < 1.5
    assert len(found.changed) == len(texts) + 1


A_LINE = {
    "category": "OPER.EQUIP", "unit": "", "quantity": "1", "units": "1", "unit_cost": "1.00", "amount": "1.00",
    "area": None, "activity_type": None, "country": None, "result": None,
}  # fmt: skip
EMPTY = {
    "cover": {
        **dict.fromkeys(
            (
                "title", "summary", "project_type_code", "secondary_type_code", "fund_line_code", "focus_area_code",
                "donor_code", "agreement", "executing_agency", "duration_months", "gender_marker_code", "office",
                "overhead_percent",
            )
        ),
        "funding": "fund", "funding_year": 2016, "budget_usd": "0.00",
    },
    "countries": [], "areas": {}, "activities": {}, "beneficiaries": [], "justifications": {}, "documents": [],
}  # fmt: skip


def test_sections_are_changed_by_hand_only(cast, project):
    """A comparison is a GET: it freezes nothing, and writes nothing."""
    rounds = db.session.scalars(select(Round).where(Round.project_id == project.id)).all()
    compared(cast, project)
    assert db.session.scalars(select(Round).where(Round.project_id == project.id)).all() == rounds
    assert one(Section, project, code="RAT").version == 1
