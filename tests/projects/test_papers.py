"""The proposal in Word, opened again: headings, tables and totals; nothing internal for who may not see it."""

import io
import time
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from prima import clock
from prima.db import db
from prima.projects import papers, queries
from prima.projects.models import (
    ActivityAllocation,
    ActivityPlan,
    AreaAllocation,
    Beneficiaries,
    BudgetLine,
    CountryAllocation,
    Document,
    Extent,
    GenderAnswers,
    Indicator,
    IndicatorSplit,
    Justification,
    Milestone,
    Partner,
    Result,
    Risk,
    Section,
    ThemeMark,
)
from prima.projects.models.plans import Agreement
from prima.projects.names import names
from tests.factories import a_matrix, a_project, a_user

ARABIC = "الهجرة المنظمة 🌍 في كينيا"


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN")


def written(project, **how):
    db.session.flush()
    db.session.expire_all()
    loaded = queries.proposal_with_story(project.reference)
    return papers.proposal(loaded, names(), **how)


def opened(content):
    return docx.Document(io.BytesIO(content))


def headings(document):
    return [one.text for one in document.paragraphs if one.style.name == "Heading 1"]


def text_of(document):
    found = [one.text for one in document.element.body.iter(qn("w:t"))]
    return "\n".join(found)


def table(document, name):
    """The rows of the table of this name, each cell once however many columns it spans."""
    for one in document.element.body.iter(qn("w:tbl")):
        if one.find(f"{qn('w:tblPr')}/{qn('w:tblCaption')}").get(qn("w:val")) == name:
            return [
                ["\n".join("".join(t.text for t in p.iter(qn("w:t"))) for p in cell.iter(qn("w:p"))) for cell in row]
                for row in (list(tr.iter(qn("w:tc"))) for tr in one.iter(qn("w:tr")))
            ]
    raise AssertionError(f"no table {name!r}")


def test_the_sections_stand_in_the_order_of_the_edition(app, developer):
    project = a_project(developer=developer, complete=True, title=f"Safe migration & <care> {ARABIC}")
    document = opened(written(project, internal=True))
    edition = queries.proposal(project.reference).edition.handbook
    assert headings(document) == [*(one.title.say() for one in edition.sections_for("fund")), "Documents filed"]
    assert "Text of Rationale." in text_of(document)
    assert document.paragraphs[1].text == f"Safe migration & <care> {ARABIC}"
    assert document.paragraphs[1].style.name == "Title"
    header = document.sections[0].header.paragraphs[0].text
    assert header.startswith(project.reference) and "Safe migration & <care>" in header
    footer = document.sections[-1].footer.paragraphs[0]
    assert "Project Handbook, current form, 1 Oct 2016" in footer.text
    assert [one.get(qn("w:instr")).strip() for one in footer._p.iter(qn("w:fldSimple"))] == ["PAGE", "NUMPAGES"]
    assert {(round(one.page_width.mm), round(one.page_height.mm)) for one in document.sections} == {
        (210, 297),
        (297, 210),
    }
    assert document.sections[0].orientation == WD_ORIENT.PORTRAIT


def test_a_proposal_that_is_hardly_begun_says_so(app, developer):
    document = opened(written(a_project(developer=developer, title="An idea")))
    assert text_of(document).count("Nothing is written here yet.") >= 10
    assert "Risk assessment plan (internal annex)" not in headings(document)


def test_the_cover_says_what_who_and_how_much(app, developer):
    project = a_project(developer=developer, complete=True, budget="123456.78", countries=("KEN", "UGA"))
    db.session.add(
        Partner(
            project_id=project.id, position=1, name="Ministry of Labour", role="Hosts the centre",
            agreement=Agreement.SIGNED, agreement_reference="MOU-7",
        )
    )  # fmt: skip
    db.session.add(Beneficiaries(project_id=project.id, type_code="RET", reach="indirect", planned=1234))
    db.session.add(ThemeMark(project_id=project.id, code="GEN", note="In every output."))
    db.session.add(
        GenderAnswers(
            project_id=project.id, needs_analysis=Extent.YES, outputs=Extent.SOME, main_aim=False, reason="So."
        )
    )
    db.session.add(Justification(project_id=project.id, rule_code="REG_MIN", text="A pilot.", by_id=developer.id))
    db.session.add(Justification(project_id=project.id, rule_code="ELIGIBLE.UGA", text="Asked.", by_id=developer.id))
    document = opened(written(project))
    cover = dict(table(document, "Cover"))
    assert cover["Countries"] == "Kenya, Uganda"
    assert cover["Budget"] == "USD 123,456.78"
    assert cover["Duration"] == "18 months"
    assert cover["Developed by"] == developer.name
    assert table(document, "Partners")[1] == ["Ministry of Labour", "Hosts the centre", "signed", "MOU-7"]
    assert table(document, "Beneficiaries")[-1] == ["Total", "1,734"]
    marks = table(document, "What the project contributes to")
    assert marks[-2][0] == "SDG target"
    assert marks[-2][1].startswith("10.7 ")
    assert marks[-1] == ["Cross-cutting theme", "Gender mainstreaming\nIn every output."]
    assert dict(table(document, "Gender marker"))["Gender in the outputs"] == "some"
    assert table(document, "Rules passed with a reason")[1:] == [
        ["Eligibility of Uganda", "Asked."],
        ["A regional project asks for at least USD 100,000.", "A pilot."],
    ]


def test_the_matrix_is_numbered_with_its_indicators(app, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project, outputs=2, activities=2)
    output = rows[2]
    second = Indicator(
        project_id=project.id, result_id=output.id, position=2, text="Share of women", measure="percentage",
        source="Lists", baseline="10", target="50",
    )  # fmt: skip
    second.splits = [IndicatorSplit(sex_code="SEX_FEMALE", target=Decimal("30.5000"))]
    db.session.add(second)
    matrix = table(opened(written(project)), "Results matrix")
    assert [row[0] for row in matrix[1:]] == [
        "Objective", "Outcome 1", "Output 1.1", "", "Activity 1.1.1", "Activity 1.1.2", "Output 1.2", "Activity 1.2.1",
        "Activity 1.2.2",
    ]  # fmt: skip
    assert matrix[3] == [
        "Output 1.1", "Officials are trained in part 1.", "Number of officials who apply the procedures (officials)",
        "Attendance records", "0", "40", "Counterparts take part.",
    ]  # fmt: skip
    assert matrix[4][2:6] == ["Share of women (%)", "Lists", "10", "50\nfemale: 30.5"]
    assert matrix[5] == ["Activity 1.1.1", "Hold course 1 of part 1.", "Counterparts take part."]


def test_the_workplan_marks_the_months(app, developer):
    project = a_project(developer=developer, duration_months=30)
    rows = a_matrix(project)
    plan = db.session.get(ActivityPlan, rows[-1].id)
    plan.months = [1, 24, 25]
    db.session.add(Milestone(project_id=project.id, name="Centre opens", planned_on=date(2017, 5, 1)))
    document = opened(written(project))
    first, second = table(document, "Months 1 to 24"), table(document, "Months 25 to 30")
    assert first[0] == ["No.", "Activity", "Responsible", *(str(month) for month in range(1, 25))]
    assert [month for month, mark in zip(first[0], first[1], strict=True) if mark == "x"] == ["1", "24"]
    assert second[1] == ["1.1.1", "Hold course 1 of part 1.", "IOM", "x", "", "", "", "", ""]
    assert table(document, "Milestones")[1:] == [["Centre opens", "1 May 2017"]]


def cents(text):
    return Decimal(text.replace(",", ""))


def test_budget_lines_sum_to_the_cent_by_category_and_in_total(app, developer):
    project = a_project(developer=developer, complete=True, budget="100000.01")
    found = table(opened(written(project, internal=True)), "Budget lines")
    assert found[0][6:8] == ["Unit cost, USD", "Amount, USD"]
    amounts = [cents(row[7]) for row in found[1:] if row[0].isdigit()]
    assert found[-1][:2] == ["Total", "100,000.01"] and sum(amounts) == Decimal("100000.01")
    subtotals = {row[0]: cents(row[1]) for row in found if row[0].startswith("Subtotal")}
    assert subtotals == {
        "Subtotal, Staff costs": Decimal("20000.00"),
        "Subtotal, Operational costs": Decimal("80000.01"),
    }
    assert [row[0] for row in found[1:-1] if len(row) == 1] == ["Staff costs", "Operational costs"]


def test_shares_of_thirds_still_come_to_a_hundred(app, developer):
    project = a_project(developer=developer, countries=("KEN", "UGA", "TZA"), currency="USD")
    project.total(Decimal("100.00"))
    for code, amount in (("KEN", "33.33"), ("UGA", "33.33"), ("TZA", "33.34")):
        db.session.add(CountryAllocation(project_id=project.id, code=code, amount=Decimal(amount)))
    for code in ("LHD", "MHD", "IBM"):
        db.session.add(AreaAllocation(project_id=project.id, code=code, amount=Decimal("1.00")))
    db.session.add(ActivityAllocation(project_id=project.id, code="TRN", amount=Decimal("100.00")))
    document = opened(written(project))
    for name in ("Allocation by country", "Allocation by area of work", "Allocation by activity type"):
        rows = table(document, name)[1:]
        assert sum(cents(row[2]) for row in rows[:-1]) == cents(rows[-1][2]) == 100
        assert sum(cents(row[1]) for row in rows[:-1]) == cents(rows[-1][1])
    assert text_of(document).count("Out of balance with the total by USD 97.00.") == 1


def test_a_budget_in_another_currency_names_it_and_its_rate(app, developer):
    project = a_project(developer=developer, funding="donor")
    project.currency, project.rate, project.rate_from = "EUR", Decimal("1.12"), date(2016, 9, 1)
    db.session.add(
        BudgetLine(
            project_id=project.id, position=1, category_code="OFFICE", description="Rent", unit="month",
            quantity=Decimal("1.5"), units=Decimal(10), unit_cost=Decimal("33.33"), amount=Decimal("499.95"),
        )
    )  # fmt: skip
    project.total(Decimal("499.95"))
    document = opened(written(project))
    found = table(document, "Budget lines")
    assert found[0][6:8] == ["Unit cost, EUR", "Amount, EUR"]
    assert found[2] == ["1", "Office costs", "Rent", "month", "1.5", "10", "33.33", "499.95", ""]
    assert "In USD: 559.94, at 1.12 USD for one EUR, the rate of 1 Sep 2016." in text_of(document)


def test_what_is_internal_is_absent(app, developer):
    project = a_project(developer=developer, complete=True)
    db.session.add(
        Document(
            project_id=project.id, type_code="RISK", version=1, title="The annex", file_name="annex.pdf",
            media_type="application/pdf", size=1, sha256="1" * 64, filed_by_id=developer.id,
        )
    )  # fmt: skip
    why = {"RISK_TREATED": "The ministry may fall out with us.", "STAFF_OFFICE_MAX": "Training needs staff."}
    db.session.add_all(
        Justification(project_id=project.id, rule_code=code, text=text, by_id=developer.id)
        for code, text in why.items()
    )
    inside, outside = opened(written(project, internal=True)), opened(written(project))
    assert why["STAFF_OFFICE_MAX"] in text_of(inside) and why["STAFF_OFFICE_MAX"] in text_of(outside)
    for secret in ("Counterparts change.", "The annex", "Risk assessment plan", why["RISK_TREATED"]):
        assert secret in text_of(inside) and secret not in text_of(outside)
    staff = [row for row in table(outside, "Budget lines") if row[0] == "1"]
    assert staff == [["1", "National staff", "Line 1", "internal", "20,000.00", "1.1 Officials are trained in part 1."]]
    assert [row[6] for row in table(inside, "Budget lines") if row[0] == "1"] == ["20,000.00"]


def test_text_from_the_right_is_marked_and_emoji_stay(app, developer):
    project = a_project(developer=developer)
    text = f"{ARABIC}\n\nEnglish, then {ARABIC}\r\n«{ARABIC}»\x0b\x1b"
    db.session.add(Section(project_id=project.id, code="RAT", text=text))
    document = opened(written(project))
    found = [one for one in document.paragraphs if ARABIC in one.text]
    assert [one.text for one in found] == [ARABIC, f"English, then {ARABIC}", f"«{ARABIC}»"]
    assert [one._p.pPr.find(qn("w:bidi")) is not None for one in found] == [True, False, True]
    assert [one._p.find(f".//{qn('w:rtl')}") is not None for one in found] == [True, False, True]


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "a\x1bb", "a\ufffeb", "a\x85b", "a\ud800b"])
def test_characters_that_no_word_file_holds_are_left_out(text):
    assert papers.word.clean(text) == "ab"


def test_the_same_proposal_gives_the_same_bytes(app, developer):
    project = a_project(developer=developer, complete=True)
    first = written(project)
    clock.fix(clock.today() + timedelta(days=3))
    assert written(project) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {part.date_time[:3] for part in archive.infolist()} == {(2016, 10, 1)}
    about = opened(first).core_properties
    assert (about.title, about.subject, about.author) == (project.title, project.reference, "PRIMA")
    assert about.created.date() == about.modified.date() == date(2016, 10, 1)
    project.title = "Another title"
    assert written(project) != first


def test_tables_repeat_their_headings_and_rows_do_not_break(app, developer):
    document = opened(written(a_project(developer=developer, complete=True), internal=True))
    for one in document.tables:
        first = one._tbl.tr_lst[0].trPr
        assert first.find(qn("w:cantSplit")) is not None
        name = one._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
        assert (first.find(qn("w:tblHeader")) is not None) == (name not in ("Cover", "Gender marker"))


def test_a_full_proposal_is_written_in_a_second(app, developer):
    project = a_project(developer=developer, complete=True, duration_months=36)
    a_matrix(project, outputs=10, activities=8)
    outcome = db.session.query(Result).filter_by(project_id=project.id, level="outcome").first()
    for number in range(300):
        db.session.add(
            BudgetLine(
                project_id=project.id, position=10 + number, category_code="OPER.TRAIN",
                description=f"Line {number} " * 8, unit="day", unit_cost=Decimal(10), amount=Decimal(10),
                result_id=outcome.id,
            )
        )  # fmt: skip
        db.session.add(Risk(project_id=project.id, position=2 + number, factor="What may happen. " * 10))
    for section in db.session.query(Section).filter_by(project_id=project.id):
        section.text = "A paragraph of a section.\n" * 700
    db.session.flush()
    db.session.expire_all()
    loaded, known = queries.proposal_with_story(project.reference), names()
    started = time.process_time()
    content = papers.proposal(loaded, known, internal=True)
    took = time.process_time() - started
    assert len(content) > 50_000
    assert took < 1, f"it took {took:.2f} seconds"


# -- over the web -----------------------------------------------------------------------------------------------------


def test_it_is_downloaded_under_its_reference_with_what_one_may_see(browser_of, developer):
    project = a_project(developer=developer, complete=True, status="APPROVED")
    address = f"/projects/{project.reference}/proposal.docx"
    browser = browser_of(developer)
    assert "Proposal in Word" in browser.open(f"/projects/{project.reference}/proposal").check().links
    answer = browser.open(address)
    assert answer.status == 200
    headers = answer.response.headers
    assert headers["Content-Disposition"] == f"attachment; filename={project.reference}-proposal.docx"
    assert headers["Content-Type"] == papers.WORD and headers["X-Content-Type-Options"] == "nosniff"
    assert "Counterparts change." in text_of(opened(answer.content))
    staff = browser_of(a_user("VIEW")).open(address)
    assert staff.status == 200 and "Counterparts change." not in text_of(opened(staff.content))


def test_for_whom_there_is_no_project_there_is_no_paper(browser_of, developer):
    project = a_project(developer=developer)
    address = f"/projects/{project.reference}/proposal.docx"
    assert browser_of(a_user("PDEV", "UGA")).open(address).status == 404
    assert browser_of(developer).open("/projects/P-2016-00000/proposal.docx").status == 404
    assert browser_of().open(address).url.startswith("/sign-in")


def test_the_paper_asks_the_same_number_of_questions_for_2_as_for_12(browser_of, developer, questions):
    counted = []
    browser = browser_of(developer)
    for number in (2, 12):
        project = a_project(developer=developer, complete=True)
        a_matrix(project, outputs=number, activities=2)
        reference = project.reference
        db.session.commit()
        db.session.expire_all()
        questions.clear()
        assert browser.open(f"/projects/{reference}/proposal.docx").status == 200
        counted.append(len(questions))
    assert counted[0] == counted[1], questions
