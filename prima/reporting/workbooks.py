"""Figures as Excel workbooks: the portfolio (projects, totals of the very same rows, milestones), and one report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from flask_babel import gettext as _

from prima.projects.stages import Funding
from prima.reporting.portfolio import Exported
from prima.spreadsheets import Column, Kind, Sheet

REGION, FUNDING = 5, 9
FACTS = (
    ("Reference", Kind.TEXT),
    ("Project ID", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("Status", Kind.TEXT),
    ("Stage", Kind.TEXT),
    ("Regional Office", Kind.TEXT),
    ("Country", Kind.TEXT),
    ("Office", Kind.TEXT),
    ("Project type", Kind.TEXT),
    ("Funding", Kind.TEXT),
    ("Donor", Kind.TEXT),
    ("Funding year", Kind.NUMBER),
    ("Start", Kind.DAY),
    ("End", Kind.DAY),
    ("Budget (USD)", Kind.MONEY),
)
"""The headings are read by other programs, so they are not translated."""
MILESTONES = (
    ("Reference", Kind.TEXT),
    ("Project ID", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("Milestone", Kind.TEXT),
    ("Planned day", Kind.DAY),
    ("Done on", Kind.DAY),
    ("Evidence", Kind.TEXT),
    ("State", Kind.TEXT),
)
ZERO = Decimal(0)


class Counting:
    """Passes the rows on and adds up their areas by region, so that both sheets hold the same figures."""

    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self.areas = slice(len(FACTS), len(FACTS) + len(exported.areas))
        self.sums: dict[str | None, list[Decimal]] = defaultdict(lambda: [ZERO] * len(exported.areas))

    def rows(self) -> Iterator[Sequence[Any]]:
        for row in self.exported.rows:
            sums = self.sums[row[REGION]]
            for place, amount in enumerate(row[self.areas]):
                if amount:
                    sums[place] += amount
            yield row

    def totals(self) -> Iterator[list[Any]]:
        """By region in the order of the list, and all of them; right once the rows are gone through."""
        for region in (*self.exported.regions, None):
            if region in self.sums:
                yield [region or _("No Regional Office"), *self.sums[region], sum(self.sums[region], ZERO)]
        everything = [sum(amounts, ZERO) for amounts in zip(*self.sums.values(), strict=True)]
        everything = everything or [ZERO] * len(self.exported.areas)
        yield ["All", *everything, sum(everything, ZERO)]


def portfolio(exported: Exported) -> tuple[Sheet, ...]:
    """The sheets `Projects`, `Totals` and `Milestones`; what is not stated stays blank."""
    counting = Counting(exported)
    amounts = [*exported.areas, *exported.activities]
    projects = (
        *(Column(heading, _reader(place), kind) for place, (heading, kind) in enumerate(FACTS)),
        *(
            Column(f"{name} (USD)", itemgetter(place), Kind.MONEY)
            for place, name in enumerate(amounts, start=len(FACTS))
        ),
    )
    totals = (
        Column("Regional Office", itemgetter(0)),
        *(
            Column(name, itemgetter(place), Kind.MONEY)
            for place, name in enumerate([*exported.areas, "Total"], start=1)
        ),
    )
    milestones = [Column(heading, itemgetter(place), kind) for place, (heading, kind) in enumerate(MILESTONES)]
    return (
        Sheet("Projects", projects, counting.rows()),
        Sheet("Totals", totals, counting.totals()),
        Sheet("Milestones", milestones, exported.milestones),
    )


def _reader(place: int) -> Any:
    if place != FUNDING:
        return itemgetter(place)
    words = {Funding.FUND: "Fund", Funding.DONOR: "Donor"}
    return lambda row: words[row[FUNDING]]


# -- one report -------------------------------------------------------------------------------------------------------


def report(page: Any) -> tuple[Sheet, ...]:
    """The tables of a report with the figures of its page; the texts stand in the Word document."""
    sheets = [Sheet("Facts", (Column("Fact", itemgetter(0)), Column("Value", itemgetter(1))), _facts(page))]
    if page.money:
        sheets += _money(page.money)
    if page.tells_progress:
        sheets += _progress(page)
    if page.groups:
        sheets.append(
            Sheet(
                "Beneficiaries",
                (
                    Column("Group", attrgetter("name")),
                    Column("Planned", attrgetter("planned"), Kind.NUMBER),
                    Column("Reported before", attrgetter("before"), Kind.NUMBER),
                    Column("In this report", attrgetter("reached"), Kind.NUMBER),
                    Column("Total", attrgetter("total"), Kind.NUMBER),
                ),
                page.groups,
            )
        )
    if page.lessons:
        names = ("title", "happened", "why", "advice")
        columns = (Column("Kind", page.lesson_kind), *(Column(name.capitalize(), attrgetter(name)) for name in names))
        sheets.append(Sheet("Lessons", columns, page.lessons))
    return tuple(sheets)


def _facts(page: Any) -> list[tuple[str, str]]:
    project = page.project
    found = [
        ("Report", page.line.name),
        ("Project", project.name),
        ("Title", project.title),
        ("Office", project.office.name),
        ("State", page.line.state[0]),
    ]
    return [*found, *([("Currency", project.currency)] if page.money else []), *page.facts]


def _money(money: Any) -> list[Sheet]:
    """A row for each line; the sums by category and in all are those of the page."""
    amounts = (
        Column("Approved budget", attrgetter("budget"), Kind.MONEY),
        Column("Spent", attrgetter("spent"), Kind.MONEY),
        Column("Committed", attrgetter("committed"), Kind.MONEY),
        Column("Balance", attrgetter("balance"), Kind.MONEY),
        Column("Burn rate", attrgetter("burn_rate"), Kind.PERCENT),
    )
    lines = (
        Column("Line", attrgetter("row.code")),
        Column("Category", attrgetter("row.category")),
        Column("Description", attrgetter("row.name")),
        *amounts,
        Column("Over the budget", attrgetter("over"), Kind.MONEY),
        Column("Spent, finance", lambda one: one.row.finance and one.row.finance[0], Kind.MONEY),
        Column("Committed, finance", lambda one: one.row.finance and one.row.finance[1], Kind.MONEY),
    )
    named = Column("Category", lambda pair: pair[0])
    sums = [
        Column(one.heading, lambda pair, read=one.read: read(pair[1]), one.kind)  # type: ignore[misc]
        for one in amounts
    ]
    totals = [*((one.name, one) for one in money.categories), ("Total", money.total)]
    return [Sheet("Spending", lines, money.figures), Sheet("Totals", (named, *sums), totals)]


def _progress(page: Any) -> list[Sheet]:
    standing = page.standing
    indicators = (
        Column("Result", attrgetter("result")),
        Column("Indicator", attrgetter("name")),
        Column("Unit", attrgetter("unit")),
        Column("Baseline", attrgetter("baseline")),
        Column("Target", attrgetter("target")),
        Column("Achieved", attrgetter("number"), Kind.NUMBER),
        Column("Achieved, in words", lambda one: "" if one.number is not None else one.achieved),
        Column("Numerator / denominator", attrgetter("parts")),
        Column("Of the way", attrgetter("share"), Kind.PERCENT),
        Column("On", attrgetter("on_day"), Kind.DAY),
    )
    activities = (
        Column("No.", attrgetter("number")),
        Column("Activity", attrgetter("name")),
        Column("Planned months", attrgetter("months")),
        Column("State", lambda one: page.activity_chip(one)[0]),
        Column("Done on", attrgetter("done_on"), Kind.DAY),
        Column("Note", attrgetter("note")),
    )
    milestones = (
        Column("Milestone", attrgetter("name")),
        Column("Planned", attrgetter("planned_on"), Kind.DAY),
        Column("Done on", attrgetter("done_on"), Kind.DAY),
        Column("State", lambda one: page.milestone_chip(one)[0]),
    )
    return [
        Sheet("Indicators", indicators, standing.indicators),
        Sheet("Activities", activities, standing.activities),
        Sheet("Milestones", milestones, standing.milestones),
    ]
