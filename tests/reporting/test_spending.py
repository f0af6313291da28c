"""Spending beside the approved budget: sums that are sums of lines, on the page, in its workbook, and for whom."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prima.db import db
from prima.lists import BudgetCategory
from prima.projects.models import BudgetLine
from prima.projects.stages import Funding
from prima.reporting.queries.spending import lines_spent, spent_by_line
from prima.reporting.spending import Figures, Line, Moved, Spent, Stated, by_category, total
from tests.factories import a_project, a_user
from tests.reporting.finance import a_row, a_running_project, a_workbook, line_ids, take_over

CAPTION = "Approved, spent and committed from the start of the project, USD"
CENTS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False)
APPROVED = st.decimals(0, 10**12, places=2, allow_nan=False)
FIGURES = st.builds(Figures, APPROVED, st.builds(Spent, CENTS, CENTS))
CODES = ("STAFF.NAT", "OPER.TRAIN", "OFFICE.RENT", "OLD")
LINES = st.lists(
    st.builds(Line, st.integers(1), st.just("B001"), st.sampled_from(CODES), st.just("Line"), FIGURES), max_size=30
)


@given(LINES)
@settings(deadline=None)
def test_categories_are_the_sums_of_their_lines_and_the_total_is_the_sum_of_both(lines):
    groups = by_category(lines, dict.fromkeys(CODES[:3], "Category"))
    assert [line for group in groups for line in group.lines] == sorted(
        lines, key=lambda line: CODES.index(line.category_code)
    )
    whole = total(group.figures for group in groups)
    assert whole == total(line.figures for line in lines)
    for name in ("approved", "spent", "committed", "balance"):
        assert getattr(whole, name) == sum((getattr(line.figures, name) for line in lines), Decimal(0))
    assert whole.balance + whole.spent + whole.committed == whole.approved


@given(FIGURES)
def test_a_line_is_overspent_when_its_balance_is_below_zero(figures):
    assert figures.is_overspent is (figures.balance < 0)
    assert (figures.burn_rate is None) is (figures.approved == 0)


@given(st.lists(st.tuples(FIGURES, st.builds(Spent, CENTS, CENTS)), max_size=20))
def test_what_a_project_had_and_gets_are_the_sums_of_its_lines(pairs):
    moved = [Moved(Line(1, "B001", "OLD", "", figures), before, True) for figures, before in pairs]
    one = Stated(1, "P", "LM.0001", "", "USD", 1, moved)
    assert one.before.total == sum((before.total for _figures, before in pairs), Decimal(0))
    assert one.figures == total(figures for figures, _before in pairs)


def test_a_line_goes_down_or_disappears_only_when_something_was_stated_of_it():
    line = Line(1, "B001", "OLD", "", Figures(Decimal(10), Spent(Decimal(5))))
    assert Moved(line, Spent(Decimal(6)), True).went_down
    assert not Moved(line, Spent(Decimal(5)), True).went_down
    gone = Line(1, "B001", "OLD", "", Figures(Decimal(10)))
    assert Moved(gone, Spent(Decimal(6)), False).disappears and not Moved(gone, Spent(Decimal(6)), False).went_down
    assert not Moved(gone, Spent(), False).disappears


# -- of a project -----------------------------------------------------------------------------------------------------


@pytest.fixture
def project(app):
    """Stated by finance: staff 12,000 spent and 1,000 committed; trainings 15,000 spent, 30 of it taken back."""
    project = a_running_project()
    take_over(
        a_workbook(
            a_row(amount=12000),
            a_row(amount=1000, kind="commitment"),
            a_row(line="B003", amount=15000, day=date(2016, 2, 29)),
            a_row(line="B003", amount=-30, day=date(2016, 9, 1)),
        )
    )
    db.session.commit()
    return project


def test_spending_is_summed_up_to_a_day(project):
    ids = line_ids(project)
    assert spent_by_line(project.id)[ids["B003"]] == Spent(Decimal(14970))
    assert spent_by_line(project.id, date(2016, 2, 29)) == {ids["B003"]: Spent(Decimal(15000))}
    assert spent_by_line(project.id, date(2016, 2, 28)) == {}
    assert total(line.figures for line in lines_spent(project.id)) == Figures(
        Decimal(100_000), Spent(Decimal(26970), Decimal(1000))
    )


def test_the_page_shows_lines_categories_and_their_total(browser_of, project):
    browser = browser_of(a_user("RRMO", "NBO", time_zone="UTC"))
    page = browser.open(f"/projects/{project.reference}").follow("Spending").check()
    assert page.rows(CAPTION) == [
        ["", "Evaluation (ring-fenced)", "5,000", "0", "0", "5,000", "0.0%"],
        ["B002", "Line 2", "5,000", "0", "0", "5,000", "0.0%"],
        ["", "National staff", "20,000", "12,000", "1,000", "7,000", "60.0%"],
        ["B001", "Line 1", "20,000", "12,000", "1,000", "7,000", "60.0%"],
        ["", "Trainings and workshops", "75,000", "14,970", "0", "60,030", "20.0%"],
        ["B003", "Line 3", "75,000", "14,970", "0", "60,030", "20.0%"],
    ]
    assert page.table(CAPTION).totals == [["", "Total", "100,000", "26,970", "1,000", "72,030", "27.0%"]]
    assert "finance.xlsx, taken over on 1 Oct 2016 by the operator. Its last entry is of" in page.text
    assert "1 Sep 2016" in page.text and "Take over spending" in page.links


def test_lines_of_staff_are_shown_together_to_those_who_see_nothing_internal(browser_of, project):
    browser = browser_of(a_user("VIEW"))
    page = browser.open(f"/projects/{project.reference}/spending").check()
    assert "Lines of staff are shown together, by category." in page.text
    assert [row[0] for row in page.rows(CAPTION)] == ["", "B002", "", "", "B003"]
    assert "Take over spending" not in page.links
    sheets = openpyxl.load_workbook(io.BytesIO(browser.open(f"/projects/{project.reference}/spending.xlsx").content))
    staff = [row for row in sheets["Lines"].iter_rows(values_only=True) if row[0] == "National staff"]
    assert staff == [("National staff", None, "All lines together", 20000, 12000, 1000, 7000, 0.6)]


def test_the_workbook_holds_the_figures_of_the_page_and_no_formula(browser_of, project):
    line = db.session.get_one(BudgetLine, line_ids(project)["B003"])
    line.description = "=1+1"
    db.session.commit()
    content = browser_of(a_user("RRMO", "NBO")).open(f"/projects/{project.reference}/spending.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    lines = list(book["Lines"].iter_rows())
    assert [cell.value for cell in lines[0]] == [
        "Category", "Line", "Description", "Approved, USD", "Spent, USD", "Committed, USD", "Balance, USD", "Burn rate",
    ]  # fmt: skip
    assert lines[3][2].value == "=1+1" and lines[3][2].data_type == "s"
    assert [cell.value for cell in lines[-1]] == ["Total", None, None, 100000, 26970, 1000, 72030, 0.2697]
    categories = list(book["Categories"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in categories] == [
        "Evaluation (ring-fenced)", "National staff", "Trainings and workshops", "Total",
    ]  # fmt: skip
    assert sum(row[2] for row in categories[:-1]) == categories[-1][2] == 26970


def test_an_overspent_line_says_so_and_dollars_stand_beside_another_currency(browser_of, app):
    project = a_running_project(funding=Funding.DONOR)
    project.currency, project.rate, project.rate_from = "EUR", Decimal("1.1"), date(2016, 9, 1)
    db.session.flush()
    take_over(a_workbook(a_row(line="B002", amount="5000.05", currency="EUR")))
    page = browser_of(a_user("RRMO", "NBO")).open(f"/projects/{project.reference}/spending").check()
    table = page.table("Approved, spent and committed from the start of the project, EUR")
    assert table.rows[1] == ["B002", "Line 2", "5,000", "5,000.05", "0", "-0.05 overspent", "100.0%"]
    assert table.totals[1] == ["", "Total in USD, rate of 1 Sep 2016", "110,000", "5,500.06", "0", "104,499.94", ""]


def test_without_lines_or_without_a_statement_the_page_says_so(browser_of, app):
    browser = browser_of(a_user("RRMO", "NBO"))
    page = browser.open(f"/projects/{a_project(status='ACTIVE').reference}/spending").check()
    assert "No budget lines" in page.text and "Excel" not in page.links
    page = browser.open(f"/projects/{a_running_project().reference}/spending").check()
    assert "Finance has stated nothing yet." in page.text


def test_it_is_hidden_with_the_project(browser_of, app):
    draft = a_project(budget=1000)
    browser = browser_of(a_user("VIEW"))
    for path in ("spending", "spending.xlsx"):
        assert browser.open(f"/projects/{draft.reference}/{path}").status == 404


def test_the_page_asks_as_much_for_many_lines_as_for_few(browser_of, project, questions):
    browser = browser_of(a_user("RRMO", "NBO"))
    browser.open(f"/projects/{project.reference}/spending")

    def asked():
        db.session.commit()
        questions.clear()
        browser.open(f"/projects/{project.reference}/spending")
        return sum("UPDATE sign_in" not in one for one in questions)

    few = asked()
    categories = db.session.scalars(select(BudgetCategory.code).where(BudgetCategory.parent.is_not(None))).all()
    for number, category in enumerate(categories * 3, 10):
        db.session.add(
            BudgetLine(
                project_id=project.id,
                code=f"B{number:03d}",
                position=number,
                category_code=category,
                description="More",
                unit_cost=Decimal(1),
                amount=Decimal(1),
            )
        )
    assert asked() == few <= 12
