"""Two regions, years, offices or projects side by side: the same figures of both, the difference and its share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.projects.models import Project
from prima.projects.shares import divided
from prima.reporting import portfolio
from prima.reporting.analysis.counting import counted
from prima.reporting.analysis.naming import behind
from prima.reporting.analysis.reports import HEADS
from prima.reporting.analysis.tables import Cell
from prima.reporting.calendar import EXTENSION_REQUEST, TimelinessKind
from prima.reporting.models import Deadline
from prima.reporting.portfolio import LABELS, NONE, Filters
from prima.reporting.portfolio.filters import quoted
from prima.reporting.queries.spending import category_names, lines_spent
from prima.reporting.spending import by_category
from prima.reporting.steps import OWING
from prima.spreadsheets import Kind
from prima.users import User

WHAT: dict[str, Any] = {
    "region": LABELS["region"], "year": LABELS["year"], "office": LABELS["office"], "project": _l("Project"),
}  # fmt: skip
MEASURES = (
    "projects", "budget", "spent", "overdue", "extended", "extensions", "months", "planned", "reached", "undeclared",
)  # fmt: skip
ZERO = Decimal(0)


@dataclass(frozen=True)
class Side:
    """One of the two: its code, and what it is called."""

    code: str
    name: str


@dataclass(frozen=True)
class Compared:
    """A figure of both sides. A share is compared in points, and what was nothing before has no change in percent."""

    name: str
    kind: Kind
    first: Cell
    second: Cell

    @property
    def difference(self) -> Any:
        if self.first.value is None or self.second.value is None:
            return None
        return self.second.value - self.first.value

    @property
    def change(self) -> Decimal | None:
        if self.kind is Kind.PERCENT or self.difference is None or not self.first.value:
            return None
        return Decimal(self.difference) / self.first.value


def side(viewer: User | None, what: str, text: str) -> tuple[Side | None, list[str]]:
    """The region, year or office that a text names; or what is wrong with it."""
    if not text.strip():
        return None, []
    reading = portfolio.read(viewer, {what: [text]})
    code = getattr(reading.filters, what)
    if code in ("", None):
        return None, [_("%(label)s: “%(value)s” is not known.", label=WHAT[what], value=quoted(text))]
    code = str(code)
    names = {choice.code: choice.name for choice in reading.choices[what]} | {NONE: _("No Regional Office")}
    return Side(code, names.get(code, code)), reading.problems


def figures(viewer: User | None, filters: Filters, what: str, sides: Sequence[Side]) -> list[Compared]:
    """Key figures of both, in one question; the list behind each is that of the filters and the side."""
    all_of_them: dict[str, Any] = {what: getattr(Filters(), what)}
    filters = replace(filters, **all_of_them)
    found = counted(viewer, filters, [(what,)], MEASURES)[what,]
    rows = [dict(zip(MEASURES, found.get((one.code,), (0,) * len(MEASURES)), strict=True)) for one in sides]
    compared = []
    for name in MEASURES:
        heading, kind, more = HEADS[name]
        compared.append(_both(str(heading), kind, [
            Cell(row[name], behind(filters, {what: one.code}, **more)) for one, row in zip(sides, rows, strict=True)
        ]))  # fmt: skip
    for heading, part, whole in (
        (_("Spent of the budget"), "spent", "budget"),
        (_("Projects extended, share"), "extended", "projects"),
        (_("People reached of planned"), "reached", "planned"),
    ):
        shares = [Cell(Decimal(row[part]) / row[whole] if row[whole] else None) for row in rows]
        compared.append(_both(heading, Kind.PERCENT, shares))
    return compared


def _both(name: str, kind: Kind, cells: Iterable[Cell]) -> Compared:
    first, second = cells
    return Compared(name, kind, first, second)


# -- projects ---------------------------------------------------------------------------------------------------------


def budgets(projects: Sequence[Project]) -> list[Compared]:
    """Budget and spending in USD, and the budget by category: its parts sum up to it by largest remainder."""
    names = category_names()
    parts: list[dict[str, Decimal]] = []
    spent: list[Decimal] = []
    for project in projects:
        found = by_category(lines_spent(project.id), names)
        amounts = [one.figures.approved for one in found]
        usd = divided(project.budget_usd, amounts) if sum(amounts) else []
        parts.append({one.code: amount for one, amount in zip(found, usd, strict=False)})
        if project.budget_usd and not usd:
            parts[-1][NONE] = project.budget_usd
        spent.append(project.in_usd(sum((one.figures.spent for one in found), ZERO)))
    rows = [
        _both(_("Budget, USD"), Kind.MONEY, [Cell(one.budget_usd) for one in projects]),
        *(
            _both(_("of it: %(category)s", category=name), Kind.MONEY, [Cell(one.get(code, ZERO)) for one in parts])
            for code, name in (names | {NONE: _("without budget lines")}).items()
            if any(code in one for one in parts)
        ),
        _both(_("Spent, USD"), Kind.MONEY, map(Cell, spent)),
    ]
    shares = [
        Cell(amount / one.budget_usd if one.budget_usd else None) for amount, one in zip(spent, projects, strict=True)
    ]
    return [*rows, _both(_("Spent of the budget"), Kind.PERCENT, shares)]


def reports(both: Sequence[tuple[Project, Sequence[Deadline], date]]) -> list[Compared]:
    """How many reports came on time and late, and how many are overdue on the day at the office."""
    counts = []
    for project, deadlines, today in both:
        kinds = [
            one.timeliness_on(today).kind
            for one in deadlines
            if one.kind != EXTENSION_REQUEST and one.fell_away_at is None
        ]
        owed = project.status in OWING
        handed_in = (kinds.count(TimelinessKind.ON_TIME), kinds.count(TimelinessKind.LATE))
        counts.append((*handed_in, kinds.count(TimelinessKind.OVERDUE) if owed else 0))
    words = (_("Reports on time"), _("Reports late"), _("Reports overdue"))
    return [
        *(_both(name, Kind.NUMBER, [Cell(one[place]) for one in counts]) for place, name in enumerate(words)),
        _both(
            _("On time, share of those handed in"),
            Kind.PERCENT,
            [Cell(Decimal(one[0]) / (one[0] + one[1]) if one[0] + one[1] else None) for one in counts],
        ),
    ]
