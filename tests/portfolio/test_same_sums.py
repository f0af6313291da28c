"""One sum, one number: a random portfolio says the same on its pages, in reports, in Excel and on the dashboard."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import docx
from openpyxl import load_workbook

from prima.db import db
from prima.projects.models import (
    AllocationBasis,
    AreaAllocation,
    Basis,
    Beneficiaries,
    BudgetLine,
    Counted,
    Dimension,
    Reach,
)
from prima.projects.operations import give_codes
from prima.projects.operations.budget import total
from prima.projects.stages import Funding, Status
from prima.reporting.models import Deadline
from tests.factories import a_deadline, a_project, a_user
from tests.reporting.finance import a_row, a_workbook, take_over

SEED = 2016
START, LAST = date(2015, 10, 1), date(2016, 8, 31)
SPENDING = "Approved, spent and committed from the start of the project, %s"
CATEGORIES = ("STAFF.NAT", "OPER.EVAL", "OPER.TRAIN", "OFFICE.RENT", "OFFICE.COMM")
AREAS = ("LHD", "MHD", "IBM", "EPC")
COUNTED = {
    "people, nobody counted twice": (Counted.PEOPLE, False),
    "services, with repetition": (Counted.SERVICES, True),
}
GROUPS = ("GOV", "INS", "MIG")
NARRATIVE = (
    "Achievements", "Progress per indicator and activity", "Challenges and how they were met", "Lessons learned",
    "Next steps",
)  # fmt: skip
Money = tuple[Decimal, ...]
"""Approved, spent, committed, balance."""


class Made:
    """A project of the portfolio: what it was made of, from which every sum is computed here anew."""

    def __init__(self, dice: Random, number: int, manager: Any) -> None:
        in_euro = number % 2 == 1
        self.currency = "EUR" if in_euro else "USD"
        self.rate = Decimal(dice.randint(105_000_000, 139_999_999)).scaleb(-8) if in_euro else Decimal(1)
        self.project = project = a_project(
            manager=manager,
            code=f"LM.{number:04d}",
            status=Status.ACTIVE,
            office_code=dice.choice(("KEN", "SEN", "COL")),
            funding=Funding.DONOR if in_euro else Funding.FUND,
            starts_on=START,
            ends_on=date(2017, 9, 30),
        )
        if in_euro:
            project.currency, project.rate, project.rate_from = self.currency, self.rate, date(2016, 9, 1)
        self._budget(dice)
        self.groups = [self._group(dice, code) for code in GROUPS[: dice.randint(1, 3)]]
        self.narratives = [a_deadline(project, "INT_N", date(2016, month, 12)) for month in (4, 10)]
        self.financial = a_deadline(project, "INT_F", date(2016, 10, 12))
        self.reached: dict[int, int] = defaultdict(int)

    def _budget(self, dice: Random) -> None:
        project = self.project
        for position in range(1, dice.randint(3, 7)):
            amount = cents(dice, 10_000, 9_000_000)
            line = BudgetLine(
                project_id=project.id,
                position=position,
                category_code=dice.choice(CATEGORIES),
                description=f"Item {position}",
                unit_cost=amount,
                amount=amount,
            )
            db.session.add(line)
        shares = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
        for code, share in zip(dice.sample(AREAS, 3), shares, strict=True):
            db.session.add(AreaAllocation(project_id=project.id, code=code, amount=0, share=share))
        basis = AllocationBasis(project_id=project.id, dimension=Dimension.AREA, basis=Basis.PERCENTAGE)
        db.session.add(basis)
        db.session.flush()
        db.session.refresh(project, ["lines", "areas", "activities", "country_shares", "bases"])
        total(project, keep_rate=True)
        give_codes(project)
        self.lines = list(project.lines)
        self.spent: dict[str, Decimal] = defaultdict(Decimal)
        self.committed: dict[str, Decimal] = defaultdict(Decimal)

    def _group(self, dice: Random, code: str) -> Beneficiaries:
        counted, repeated = COUNTED[dice.choice(list(COUNTED))]
        group = Beneficiaries(
            project_id=self.project.id,
            type_code=code,
            reach=Reach.DIRECT,
            planned=dice.randint(1, 5000),
            counted=counted,
            repeated=repeated,
        )
        db.session.add(group)
        db.session.flush()
        return group

    def rows_of_finance(self, dice: Random) -> list[list[Any]]:
        """Expenses of every line, now and then above its amount, and corrections that leave no line below zero."""
        rows = []
        for line in self.lines:
            for _ in range(dice.randint(1, 4)):
                kind, sums = dice.choice((("expenditure", self.spent), ("commitment", self.committed)))
                amount = cents(dice, 1, int(line.amount * 60))
                if dice.random() < 0.25:
                    amount = -min(amount, sums[line.code])
                sums[line.code] += amount
                day = START + timedelta(dice.randint(0, (LAST - START).days))
                rows.append(a_row(self.project.code, line.code, day, self.currency, str(amount), kind))
        return rows

    @property
    def path(self) -> str:
        return f"/projects/{self.project.reference}"

    def report(self, deadline: Deadline, ending: str = "") -> str:
        return f"{self.path}/reports/{deadline.id}{ending}"

    @property
    def by_line(self) -> dict[str, Money]:
        return {line.code: money(line.amount, self.spent[line.code], self.committed[line.code]) for line in self.lines}

    @property
    def whole(self) -> Money:
        return tuple(sum(column, Decimal(0)) for column in zip(*self.by_line.values(), strict=True))


def cents(dice: Random, least: int, most: int) -> Decimal:
    return Decimal(dice.randint(least, max(least, most))).scaleb(-2)


def money(approved: Decimal, spent: Decimal, committed: Decimal) -> Money:
    return approved, spent, committed, approved - spent - committed


def said(*texts: Any) -> Money:
    """The amounts in cells of a page, a document or a workbook; a remark beside an amount does not count."""
    return tuple(
        Decimal(re.sub(r"[^\d.-]", "", text.split()[0])) if isinstance(text, str) else Decimal(str(text))
        for text in texts
    )


def sheets_of(page: Any) -> Any:
    return load_workbook(io.BytesIO(page.content))


def report_in(made: Made, browser: Any, dice: Random) -> None:
    """By the manager: the numbers reached in two narrative reports, and the financial one as finance states it."""
    for deadline in made.narratives:
        page = browser.open(made.report(deadline))
        for label in NARRATIVE:
            page.fill(label, f"The words of {label}.")
        labels = [label for label in page.labels if ", direct" in label]
        assert len(labels) == len(made.groups)
        for label, group in zip(labels, made.groups, strict=True):
            number = dice.randint(0, 4000)
            page.fill(label, number)
            made.reached[group.id] += number
        assert page.press("Save and submit").messages == ["The report is submitted."]
    page = browser.open(made.report(made.financial))
    page.fill("Explanation of differences from the approved budget", "As finance states it.")
    assert page.press("Save and submit").messages == ["The report is submitted."]


def compare_spending(made: Made, browser: Any) -> None:
    """Line by line and in all: the project's pages, its workbook, and the report's page, document and workbook."""
    page = browser.open(f"{made.path}/spending").check()
    table = page.table(SPENDING % made.currency)
    lines = {row[0]: said(*row[2:6]) for row in table.rows if row[0]}
    assert lines == made.by_line
    assert said(*table.totals[0][2:6]) == made.whole
    categories = [said(*row[2:6]) for row in table.rows if not row[0]]
    assert tuple(map(sum, zip(*categories, strict=True))) == made.whole

    book = sheets_of(browser.open(f"{made.path}/spending.xlsx"))
    rows = list(book["Lines"].iter_rows(min_row=2, values_only=True))
    assert {row[1]: said(*row[3:7]) for row in rows[:-1]} == made.by_line
    assert said(*rows[-1][3:7]) == made.whole
    rows = list(book["Categories"].iter_rows(min_row=2, values_only=True))
    assert [said(*row[1:5]) for row in rows] == [*categories, made.whole]

    page = browser.open(made.report(made.financial)).check()
    table = page.table(f"Spending from the start of the project, {made.currency}")
    own = [row for row in table.rows if not row[0].startswith("Subtotal")]
    assert {row[0].split()[0]: said(*row[1:5]) for row in own} == made.by_line
    assert said(*table.totals[0][1:5]) == made.whole
    paper = docx.Document(io.BytesIO(browser.open(made.report(made.financial, ".docx")).content))
    [last] = [row for table in paper.tables for row in table.rows if row.cells[0].text == "Total"]
    assert said(*(cell.text for cell in last.cells[1:5])) == made.whole
    book = sheets_of(browser.open(made.report(made.financial, ".xlsx")))
    rows = list(book["Spending"].iter_rows(min_row=2, values_only=True))
    assert {row[0]: said(*row[3:7]) for row in rows} == made.by_line
    assert said(*list(book["Totals"].values)[-1][1:5]) == made.whole


def compare_reached(made: Made, browser: Any) -> None:
    """Group by group and for each way of counting: the newest report and the project's page of beneficiaries."""
    numbers = sorted((group.planned, made.reached[group.id]) for group in made.groups)
    newest = made.narratives[-1]
    rows = browser.open(made.report(newest)).check().rows("Beneficiaries reached")
    assert sorted(said(row[1], row[4]) for row in rows) == numbers
    book = sheets_of(browser.open(made.report(newest, ".xlsx")))
    rows = list(book["Beneficiaries"].iter_rows(min_row=2, values_only=True))
    assert sorted((row[1], row[4]) for row in rows) == numbers
    page = browser.open(f"{made.path}/monitoring/beneficiaries").check()
    assert sorted(said(*row[1:3]) for row in page.rows("Groups")) == numbers
    for name, kind in COUNTED.items():
        alike = [group for group in made.groups if (group.counted, group.repeated) == kind]
        if alike:
            [row] = page.table(f"In total: {name}").totals
            planned, reached = sum(one.planned for one in alike), sum(made.reached[one.id] for one in alike)
            assert said(*row[1:3]) == (planned, reached)


def compare_budgets(portfolio: list[Made], browser: Any) -> None:
    """In USD: the project pages, the spending pages, the list, the dashboard and the workbook of all."""
    whole, areas, regions = Decimal(0), defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    book = sheets_of(browser.open("/projects.xlsx"))
    headings, *rows = book["Projects"].values
    exported = {row["Project ID"]: row for row in (dict(zip(headings, row, strict=True)) for row in rows)}
    long = {}
    for name in ("Spending", "Budget lines", "Beneficiaries"):
        headings, *rows = book[name].values
        long[name] = [dict(zip(headings, row, strict=True)) for row in rows]
    totals = [list(row) for row in book["Totals"].values]
    names = totals[0][1:-1]
    for made in portfolio:
        page = browser.open(made.path).check()
        approved = made.whole[0]
        assert said(page.definition(f"Budget, {made.currency}")) == (approved,)
        [in_usd] = said(page.definition("Budget, USD"))
        assert in_usd == (approved * made.rate).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        if made.currency != "USD":
            [_own, usd] = browser.open(f"{made.path}/spending").table(SPENDING % made.currency).totals
            assert said(usd[2])[0] == in_usd
        row = exported.pop(made.project.code)
        assert said(row["Budget (USD)"]) == (in_usd,)
        assert said(row["Budget"], row["Spent"], row["Committed"]) == made.whole[:3]
        assert said(row["Balance"]) == (made.whole[0] - made.whole[1] - made.whole[2],)
        assert said(row["Beneficiaries planned"], row["Beneficiaries reached"]) == (
            sum(group.planned for group in made.groups), sum(made.reached[group.id] for group in made.groups),
        )  # fmt: skip
        own = [one for one in long["Spending"] if one["Project ID"] == made.project.code]
        figures = ("Approved", "Spent", "Committed", "Balance")
        by_line = {one["Line"]: said(*(one[name] for name in figures)) for one in own if one["Line"]}
        assert by_line.items() <= made.by_line.items()
        assert tuple(sum(said(one[name])[0] for one in own) for name in figures) == made.whole
        own = [one for one in long["Budget lines"] if one["Project ID"] == made.project.code]
        assert sum(said(one["Amount (USD)"])[0] for one in own) == in_usd
        own = [one for one in long["Beneficiaries"] if one["Project ID"] == made.project.code]
        numbers = sorted((group.planned, made.reached[group.id]) for group in made.groups)
        assert sorted((one["Planned"], one["Reached"]) for one in own) == numbers
        amounts = {name: said(row[f"{name} (USD)"] or 0)[0] for name in names}
        assert sum(amounts.values()) == in_usd
        for name, amount in amounts.items():
            areas[name] += amount
        regions[row["Regional Office"]] += in_usd
        whole += in_usd
    assert exported == {}
    everything = [*(areas[name] for name in names), whole]
    assert {row[0]: said(row[-1])[0] for row in totals[1:]} == {**regions, "All": whole}
    assert list(said(*totals[-1][1:])) == everything

    page = browser.open("/dashboard").check()
    assert f"in full {whole:,.2f}" in page.text
    table = page.table("Budget by region and area of work, USD")
    assert {row[0]: said(row[-1])[0] for row in table.rows if said(row[-1])[0]} == regions
    shown = dict(zip(table.headings[1:], said(*table.totals[0][1:]), strict=True))
    assert [shown[name] for name in (*names, "Total")] == everything
    assert f"USD {whole:,.2f}" in browser.open("/projects?figures=yes").text


def test_the_same_sums_stand_everywhere(browser_of, app):
    dice = Random(SEED)
    manager = a_user("PM", "KEN")
    portfolio = [Made(dice, number, manager) for number in range(1, 6)]
    take_over(a_workbook(*(row for made in portfolio for row in made.rows_of_finance(dice))))
    db.session.commit()
    team, reader = browser_of(manager), browser_of(a_user("FUND"))
    for made in portfolio:
        report_in(made, team, dice)
    db.session.expire_all()
    for made in portfolio:
        compare_spending(made, team)  # lines of staff one by one are internal to a project
        compare_reached(made, reader)
    compare_budgets(portfolio, reader)
