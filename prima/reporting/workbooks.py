"""Figures as Excel workbooks: the form of an import, spending, one report, and lessons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from flask_babel import gettext as _

from prima.reporting.library import Found
from prima.reporting.queries import OverdueRow
from prima.spreadsheets import Column, Kind, Sheet

HISTORY: dict[str, list[tuple[str, Kind, Any]]] = {
    "Projects": [
        ("Reference", Kind.TEXT, "OLD-0001"),
        ("Project ID", Kind.TEXT, "LM.0276"),
        ("Title", Kind.TEXT, "Training of labour inspectors"),
        ("Summary", Kind.TEXT, ""),
        ("Office", Kind.TEXT, "KEN"),
        ("Funding", Kind.TEXT, "Fund"),
        ("Donor", Kind.TEXT, ""),
        ("Funding year", Kind.NUMBER, 2014),
        ("Project type", Kind.TEXT, "LM"),
        ("Countries", Kind.TEXT, "Kenya; Uganda"),
        ("Status", Kind.TEXT, "Active"),
        ("Start", Kind.DAY, date(2014, 3, 1)),
        ("First end", Kind.DAY, date(2015, 8, 31)),
        ("End", Kind.DAY, date(2016, 2, 29)),
        ("Currency", Kind.TEXT, "USD"),
        ("Budget", Kind.MONEY, Decimal(150_000)),
        ("Manager", Kind.TEXT, ""),
        ("Alternate", Kind.TEXT, ""),
        ("Months between interim reports", Kind.NUMBER, None),
        ("Evaluation agreed", Kind.TEXT, ""),
    ],
    "Reports": [
        ("Reference", Kind.TEXT, "OLD-0001"),
        ("Report", Kind.TEXT, "INT_N"),
        ("Period end", Kind.DAY, date(2014, 8, 31)),
        ("Submitted on", Kind.DAY, date(2014, 10, 7)),
        ("Accepted on", Kind.DAY, date(2014, 10, 21)),
    ],
}
"""The form in which existing projects are brought in, with one row that shows how it is filled in."""


def history_form(areas: Sequence[tuple[str, str]], kinds: Sequence[tuple[str, str]]) -> list[Sheet]:
    """The form for bringing in existing projects: both sheets, and what may stand in their columns.

    `areas` of work and `kinds` of reports are (code, name).
    """
    sheets = []
    for name, columns in HISTORY.items():
        row = {heading: example for heading, _kind, example in columns}
        found = [Column(heading, itemgetter(heading), kind) for heading, kind, _example in columns]
        if name == "Projects":
            first = areas[0][1] if areas else ""
            row |= {area: row["Budget"] if area == first else None for _code, area in areas}
            found += [Column(area, itemgetter(area), Kind.MONEY) for _code, area in areas]
        sheets.append(Sheet(name, found, [row]))
    words = [("Areas of work", code, text) for code, text in areas] + [("Reports", code, text) for code, text in kinds]
    listed = [Column(head, itemgetter(place), Kind.TEXT) for place, head in enumerate(("List", "Code", "Name"))]
    return [*sheets, Sheet("Codes", listed, words)]


def spending(groups: Sequence[Any], currency: str) -> tuple[Sheet, ...]:
    """What was spent of a budget, by line and by category, each with its total."""
    lines: list[tuple[str, str, str, Any]] = []
    for group in groups:
        name = group.category.name
        if group.lines_hidden:
            lines.append((name, "", _("All lines together"), group.figures))
        else:
            lines += [(name, line.code, line.description, line.figures) for line in group.category.lines]
    categories = [(group.category.name, group.figures) for group in groups]
    if groups:
        whole = sum((figures for _name, figures in categories[1:]), categories[0][1])
        lines.append((_("Total"), "", "", whole))
        categories.append((_("Total"), whole))
    return (
        Sheet(
            _("Lines"),
            (
                Column(_("Category"), itemgetter(0)),
                Column(_("Line"), itemgetter(1)),
                Column(_("Description"), itemgetter(2)),
                *_figures(currency, itemgetter(3)),
            ),
            lines,
        ),
        Sheet(_("Categories"), (Column(_("Category"), itemgetter(0)), *_figures(currency, itemgetter(1))), categories),
    )


def _figures(currency: str, of: Any) -> Iterator[Column]:
    for name, heading in (
        ("approved", _("Approved, %(currency)s", currency=currency)),
        ("spent", _("Spent, %(currency)s", currency=currency)),
        ("committed", _("Committed, %(currency)s", currency=currency)),
        ("balance", _("Balance, %(currency)s", currency=currency)),
    ):
        yield Column(heading, _figure(of, name), Kind.MONEY)
    yield Column(_("Burn rate"), _figure(of, "burn_rate"), Kind.PERCENT)


def _figure(of: Any, name: str) -> Any:
    return lambda row: getattr(of(row), name)


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
    return [*found, *([("Currency", project.currency)] if page.money else []), *page.facts_in(UTC)]


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


LESSONS = (
    ("Kind", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("What happened", Kind.TEXT),
    ("Why", Kind.TEXT),
    ("Advice", Kind.TEXT),
    ("Theme", Kind.TEXT),
    ("Country", Kind.TEXT),
    ("Stage", Kind.TEXT),
    ("Tags", Kind.TEXT),
    ("Project", Kind.TEXT),
    ("Project title", Kind.TEXT),
    ("Office", Kind.TEXT),
    ("Recorded", Kind.DAY),
    ("In the library", Kind.TEXT),
)


def lessons(found: Iterable[Found], kinds: Mapping[str, str], stages: Mapping[str, str]) -> Sheet:
    """The sheet `Lessons`, in the order of the list."""
    rows = (
        (
            kinds[one.kind], one.title, one.happened, one.why, one.advice, one.theme, one.country,
            stages.get(one.stage, one.stage), ", ".join(one.tags), one.project, one.project_title, one.office,
            one.made_at.date(), "yes" if one.curated else "no",
        )
        for one in found
    )  # fmt: skip
    return Sheet("Lessons", [Column(name, itemgetter(place), kind) for place, (name, kind) in enumerate(LESSONS)], rows)


MORE = "There are more rows than these; filters choose the others."
ALL = "All rows that fit the filters."


def oversight(
    told: Sequence[tuple[Any, str, str, str, str]],
    late: Any,
    overdue: Sequence[OverdueRow],
    never: Sequence[Any],
    kinds: Mapping[Any, str],
    *,
    most: int,
) -> list[Sheet]:
    """Reminders with (kind, step, why, how), what is overdue with its sums, and of what nobody was reminded.

    Each with its first `most` rows; the last sheet says where there were more.
    """
    cuts = (
        ("Regional Office", late.regions), ("Office", late.offices), ("Manager", late.managers), ("Age", late.ages),
    )  # fmt: skip
    sums = [(cut, share.code, share.name, share.count) for cut, shares in cuts for share in shares]
    return [
        Sheet(
            "Reminders",
            [
                Column("Written", lambda row: row[0].at, Kind.MOMENT),
                Column("Project", lambda row: row[0].project),
                Column("Reminder of", itemgetter(1)),
                Column("Subject", lambda row: row[0].subject),
                Column("Due", lambda row: row[0].due_on, Kind.DAY),
                Column("Regional Office", lambda row: row[0].region),
                Column("Office", lambda row: row[0].office),
                Column("To", lambda row: row[0].person),
                Column("Why", itemgetter(3)),
                Column("Step", itemgetter(2)),
                Column("How", itemgetter(4)),
                Column("Sent", lambda row: row[0].sent_at, Kind.MOMENT),
                Column("Problem", lambda row: row[0].problem),
            ],
            told[:most],
        ),
        Sheet(
            "Overdue, sums",
            [Column(name, itemgetter(place)) for place, name in enumerate(("By", "Code", "Name"))]
            + [Column("Overdue", itemgetter(3), Kind.NUMBER)],
            sums,
        ),
        Sheet(
            "Overdue",
            [
                Column("Report", attrgetter("report")),
                Column("Project", attrgetter("project")),
                Column("Title", attrgetter("title")),
                Column("Regional Office", attrgetter("region")),
                Column("Office", attrgetter("office")),
                Column("Manager", attrgetter("manager")),
                Column("Was due", attrgetter("due_on"), Kind.DAY),
                Column("Days late", attrgetter("days_late"), Kind.NUMBER),
            ],
            overdue[:most],
        ),
        Sheet(
            "Never reminded",
            [
                Column("Reminder of", lambda row: kinds[row.about]),
                Column("What", attrgetter("name")),
                Column("Project", attrgetter("project")),
                Column("Title", attrgetter("title")),
                Column("Regional Office", attrgetter("region")),
                Column("Office", attrgetter("office")),
                Column("Due", attrgetter("due_on"), Kind.DAY),
                Column("Suspended", lambda row: "yes" if row.suspended else "no"),
                Column("Reason", attrgetter("why")),
            ],
            never[:most],
        ),
        Sheet(
            "Read me",
            [
                Column("Sheet", itemgetter(0)),
                Column("Rows", itemgetter(1), Kind.NUMBER),
                Column("Text", itemgetter(2), width=80),
            ],
            [
                (name, min(len(rows), most), MORE if len(rows) > most else ALL)
                for name, rows in (("Reminders", told), ("Overdue", overdue), ("Never reminded", never))
            ],
        ),
    ]
