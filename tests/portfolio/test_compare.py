"""Two of a kind compared: the figures of both lists, differences, and nothing of what one may not see."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from prima.db import db
from prima.projects.models import BudgetLine
from prima.reporting import portfolio
from prima.reporting.analysis import comparing
from prima.reporting.portfolio import Filters
from prima.spreadsheets import Kind
from tests.factories import a_deadline, a_project, a_user, an_active_project
from tests.portfolio.varied import a_varied_portfolio

KEY = "Key figures"


def amounts(page, caption=KEY):
    return {row[0]: row[1:] for row in page.rows(caption)}


def test_two_years_stand_side_by_side_with_their_difference(app, browser_of):
    a_project(status="ACTIVE", budget=200, year=2015)
    a_project(status="ACTIVE", budget=100, year=2016)
    a_project(status="ACTIVE", budget=200, year=2016)
    page = browser_of(a_user("VIEW")).open("/compare?what=year&a=2015&b=2016").check()
    assert page.heading == "2015 compared with 2016"
    assert page.soup.select_one("nav.menu [aria-current]").get_text(strip=True) == "Dashboards"
    assert amounts(page)["Projects"] == ["1", "2", "+1", "+100.0%"]
    assert amounts(page)["Budget, USD"] == ["200", "300", "+100", "+50.0%"]
    behind = page.follow("2", within="Projects")
    assert "2 projects" in behind.follow("Count, sum and how these projects divide").text
    assert behind.value("Funding year") == "2016"


@pytest.mark.parametrize("seed", range(2))
def test_each_side_is_what_the_list_says(app, seen_by, seed):
    dice = Random(seed)
    a_varied_portfolio(dice)
    for viewer in (seen_by(a_user("FUND")), seen_by(a_user("PDEV", "KEN")), None):
        for what, codes in (("region", ("NBO", "none")), ("year", ("2014", "2016")), ("office", ("KEN", "SEN"))):
            filters = dice.choice((Filters(), Filters(funding="fund"), Filters(area="LHD")))
            sides = [comparing.Side(code, code) for code in codes]
            rows = {row.name: row for row in comparing.figures(viewer, filters, what, sides)}
            for code, place in zip(codes, ("first", "second"), strict=True):
                args = {name: [str(value)] for name, value in filters.args(**{what: code}).items()}
                whole = portfolio.totals(viewer, portfolio.read(viewer, args).filters)
                assert getattr(rows["Projects"], place).value == whole.number
                assert getattr(rows["Budget, USD"], place).value == whole.budget
                late = portfolio.headline(viewer, portfolio.read(viewer, args).filters).overdue
                assert getattr(rows["Overdue reports"], place).value == late


def test_projects_are_compared_by_facts_budget_reports_and_lights(app, browser_of):
    manager = a_user("PM", "KEN")
    one, other = an_active_project(manager, budget=100_000), an_active_project(manager, budget=50_000)
    one.code, other.code = "LM.0001", "LM.0002"
    a_deadline(one, "INT_N", date(2016, 5, 12))
    db.session.commit()
    page = browser_of(manager).open("/compare?what=project&a=LM.0001&b=LM.0002").check()
    assert page.messages == []
    assert page.value("First: Project") == "LM.0001"
    money = amounts(page, "Budget and spending")
    assert money["Budget, USD"] == ["100,000", "50,000", "-50,000", "-50.0%"]
    parts = [row for name, row in money.items() if name.startswith("of it: ")]
    sums = [sum(Decimal(row[place].replace(",", "")) for row in parts) for place in (0, 1)]
    assert sums == [100_000, 50_000]
    assert amounts(page, "Reports")["Reports overdue"] == ["1", "0", "-1", "-100.0%"]
    assert any(row[0].startswith("Light: ") for row in page.rows("Facts"))
    assert ["Start", "1 Oct 2015", "1 Oct 2015"] in page.rows("Facts")


@pytest.mark.parametrize(
    "query", ["what=year&a=2016&b=2016", "what=region&a=NBO&b=NBO", "what=project&a=LM.0001&b={0}"]
)
def test_one_and_the_same_is_not_compared_with_itself(app, browser_of, query):
    manager = a_user("PM", "KEN")
    project = an_active_project(manager, budget=100_000)
    project.code = "LM.0001"
    db.session.commit()
    page = browser_of(manager).open(f"/compare?{query.format(project.reference)}").check()
    second = page.soup.select_one("#side-b")
    told = page.soup.find(id=second["aria-describedby"])
    assert second["aria-invalid"] == "true"
    assert "Both are the same. Choose another one to compare with." in told.get_text(" ", strip=True)
    assert "Nothing is compared yet" in page.text
    assert not page.soup.select("table")


def test_categories_in_another_currency_add_up_to_the_budget_in_usd(app):
    project = a_project(funding="donor", currency="EUR", rate=Decimal("1.23456789"), rate_from=date(2016, 1, 1))
    for position, category in enumerate(("STAFF.NAT", "OPER.TRAIN", "OFFICE.RENT"), 1):
        line = BudgetLine(
            project_id=project.id, position=position, category_code=category, description="Line",
            unit_cost=Decimal("33.33"), amount=Decimal("33.33"),
        )  # fmt: skip
        db.session.add(line)
    project.total(Decimal("99.99"))
    db.session.flush()
    whole, *parts = [row.first.value for row in comparing.budgets([project, project]) if row.kind is Kind.MONEY][:-1]
    assert len(parts) == 3
    assert sum(parts) == whole == project.budget_usd


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("what=planets", "“planets” cannot be compared; regions are."),
        ("what=office&a=KEN&b=Atlantis", "Office: “Atlantis” is not known."),
        ("what=year&a=1&b=99999", "Funding year: “1” is not known."),
        ("what=region&region=NBO", "Regional Office is what is compared; as a filter it was left out."),
        ("what=project&a=%00&b=" + "x" * 3000, "There is no project “�” that you may see."),
        ("what=region&a=" + "%F0%9F%98%80" * 500, "Regional Office: “😀"),
    ],
)
def test_what_cannot_be_compared_is_said(app, browser_of, query, message):
    page = browser_of(a_user("VIEW")).open(f"/compare?{query}")
    assert page.status == 200
    assert any(message in one for one in page.messages), page.messages
    assert "Nothing is compared yet" in page.text


def test_a_draft_of_others_is_as_unknown_as_one_that_is_not_there(app, browser_of):
    draft = a_project(status="DRAFT", budget=1_234_567, office_code="COL")
    page = browser_of(a_user("VIEW")).open(f"/compare?what=project&a={draft.reference}&b=P-2016-00000")
    assert len(page.messages) == 2
    assert all("that you may see" in message for message in page.messages)
    assert "1,234,567" not in page.text


def test_comparing_asks_as_much_for_two_projects_as_for_twenty(app, browser_of, questions):
    browser = browser_of(a_user("FUND"))
    counts = []
    for number in (3, 20):
        a_varied_portfolio(Random(number), number)
        app.extensions.pop("prima.kept", None)
        questions.clear()
        assert browser.open("/compare?what=office&a=KEN&b=COL").status == 200
        counts.append(len([one for one in questions if "sign_in" not in one]))
    assert counts[0] == counts[1] <= 9
