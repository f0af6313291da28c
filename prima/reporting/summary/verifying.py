"""Holding the kept totals, live SQL and what is exported against each other, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from prima.db import db
from prima.lists import Country
from prima.reporting import exports, portfolio
from prima.reporting.exports.columns import BETWEEN
from prima.reporting.models.summary import CELLS, NONE, OVER, Kept
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.sums import grouped, grouped_live
from prima.reporting.summary.folding import COARSE, FINE, IS_HELD, coarser
from prima.scheduler import Stop

SNAPSHOT = text("set transaction isolation level repeatable read, read only")
"""The first statement of a transaction in which all is compared at one moment, whoever writes meanwhile."""
ASKED: tuple[tuple[Kept, tuple[str, ...]], ...] = (
    (Kept.PLAIN, ()),
    (Kept.PLAIN, ("region", "year")),
    (Kept.PLAIN, ("status",)),
    (Kept.MARKER, ("code",)),
    (Kept.AREA, ("region", "code")),
    (Kept.ACTIVITY, ("region", "code")),
    (Kept.COUNTRY, ("code",)),
    (Kept.SDG, ("code",)),
    (Kept.MIGOF, ("code",)),
)
"""What pages ask: the dimension, and what it is grouped by."""
STATUS, REGION, COUNTRIES, YEAR, BUDGET = "Status", "Regional Office", "Country", "Funding year", "Budget (USD)"
"""How it is called in the export; the last columns are an amount for each area, then for each activity type."""
Figures = tuple[int, Decimal, Decimal]
"""How many projects, what they have for the code, their budgets."""
Table = Mapping[tuple[Any, ...], Figures]
FIGURES = ("number", "amount", "budget")
ROW = f"{FINE}, {', '.join(FIGURES)}"
KEPT = f"(select {ROW} from portfolio_sum union all select {ROW} from portfolio_change) as kept"  # nosec B608


@dataclass(frozen=True)
class Difference:
    """One figure that two sources say differently."""

    what: str
    sources: tuple[str, str]
    figures: tuple[Figures, Figures]

    def __str__(self) -> str:
        told = (
            f"{source} {number} projects, USD {amount:,.2f} of {budget:,.2f}"
            for source, (number, amount, budget) in zip(self.sources, self.figures, strict=True)
        )
        return f"{self.what}: {'; '.join(told)}"


def differences(stop: Stop = lambda: False) -> Iterator[Difference]:
    """Kept totals against the projects, the rollup against the totals, pages against both, and the export.

    Asked to stop, it ends before all is compared.
    """
    yield from _rows("totals", FINE, KEPT, "portfolio_part")
    yield from _rows("rollup", COARSE, "portfolio_rollup", coarser("portfolio_sum"))
    for model in CELLS.values():
        yield from _rows(*_cells(model.__tablename__, [one.name for one in model.__table__.primary_key]))
    yield from _rows(*_cells("unmarked", ["kind", "project_id"], amount="0"))
    live = {}
    for by, groups in ASKED:
        if stop():
            return
        live[by, groups] = dict(grouped_live(None, Filters(), by, *groups))
        kept = dict(grouped(None, Filters(), by, *groups))
        yield from _compared(f"{by} by {', '.join(groups) or 'nothing'}", ("kept", "live"), kept, live[by, groups])
    for question, exported in _exported(stop).items():
        by, groups = question
        what = f"{by} by {', '.join(groups) or 'nothing'} of the export"
        yield from _compared(what, ("exported", "live"), exported, live[question])


def _cells(table: str, key: list[str], amount: str = "amount") -> tuple[str, str, str, str]:
    """For `_rows`: what is kept of each project, and what the projects say."""
    names = ", ".join(key)
    one, other = (
        f"(select {names}, 1 as number, {amount} as amount, 0 as budget from {source}) as {source}"  # nosec B608
        for source in (table, f"{table}_part")
    )
    return table.replace("_", " "), names, one, other


def _rows(what: str, key: str, one: str, other: str) -> Iterator[Difference]:
    """Row by row, of two tables with the same key."""
    columns = key.split(", ")
    sums = ", ".join(f"sum({name}) as {name}" for name in FIGURES)
    values = {side: [f"coalesce({side}.{name}, 0)" for name in FIGURES] for side in ("one", "other")}
    query = (
        f"select {key}, {', '.join((*values['one'], *values['other']))}"
        f" from (select {key}, {sums} from {one} group by {key}) as one"
        f" full join (select {key}, {sums} from {other} group by {key}) as other using ({key})"
        f" where ({', '.join(values['one'])}) <> ({', '.join(values['other'])}) order by {key}"  # nosec B608
    )
    for row in db.session.execute(text(query), IS_HELD if ":held" in query else {}):
        words = ", ".join(f"{name} {value}" for name, value in zip(columns, row, strict=False))
        number, amount, budget, *others = tuple(row)[len(columns) :]
        yield Difference(f"{what}, {words}", ("kept", "live"), ((number, amount, budget), tuple(others)))


def _compared(what: str, sources: tuple[str, str], one: Table, other: Table) -> Iterator[Difference]:
    nothing: Figures = (0, Decimal(0), Decimal(0))
    for key in sorted({*one, *other}, key=repr):
        figures = (one.get(key, nothing), other.get(key, nothing))
        if figures[0] != figures[1]:
            yield Difference(f"{what}, {' '.join(map(str, key)) or 'all'}", sources, figures)


Question = tuple[Kept, tuple[str, ...]]


def rows_of_projects() -> Iterator[tuple[Mapping[str, Any], Sequence[Decimal | None], Sequence[Decimal | None]]]:
    """The sheet Projects of everything: each row's columns, its amounts by area and those by activity type."""
    reading, connection = portfolio.read(None, {}), db.session.connection()
    [table] = exports.tables(exports.ask(connection, None, reading), [exports.PROJECTS])
    headings = [one.heading for one in table.fields]
    activities = len(headings) - len(reading.choices["activity"])
    areas = activities - len(reading.choices["area"])
    for row in connection.execute(table.statement, execution_options={"yield_per": exports.AT_ONCE}):
        yield dict(zip(headings[:areas], row, strict=False)), row[areas:activities], row[activities : len(headings)]


def _exported(stop: Stop) -> dict[Question, Table]:
    """What the rows of the export come to, each added up here."""
    found: dict[Question, dict[tuple[Any, ...], list[Any]]] = {}
    reading = portfolio.read(None, {})
    regions, statuses = ({one.name: one.code for one in reading.choices[kind]} for kind in ("region", "status"))
    countries = {name: code for code, name in db.session.execute(select(Country.code, Country.name))}
    areas, activities = ([one.code for one in reading.choices[kind]] for kind in ("area", "activity"))
    for row, by_area, by_activity in rows_of_projects():
        if stop():
            return {}
        budget, region = row[BUDGET], regions.get(row[REGION], NONE)
        parts: list[tuple[Kept, tuple[str, ...], tuple[Any, ...], Decimal]] = [
            (Kept.PLAIN, (), (), budget),
            (Kept.PLAIN, ("region", "year"), (region, row[YEAR]), budget),
            (Kept.PLAIN, ("status",), (statuses[row[STATUS]],), budget),
        ]
        covered = [countries[name] for name in (row[COUNTRIES] or "").split(BETWEEN) if name]
        parts += [(Kept.COUNTRY, ("code",), (code,), budget) for code in covered]
        for by, codes, amounts in (
            (Kept.AREA, areas, by_area),
            (Kept.ACTIVITY, activities, by_activity),
        ):
            stated = [(code, amount) for code, amount in zip(codes, amounts, strict=True) if amount]
            rest = budget - sum((amount for _code, amount in stated), Decimal(0))
            stated += [(NONE if rest > 0 else OVER, rest)] if rest else []
            parts += [(by, ("region", "code"), (region, code), amount) for code, amount in stated]
        for by, groups, key, amount in parts:
            sums = found.setdefault((by, groups), {}).setdefault(key, [0, Decimal(0), Decimal(0)])
            for place, more in enumerate((1, amount, budget)):
                sums[place] += more
    return {
        question: {key: (sums[0], sums[1], sums[2]) for key, sums in rows.items()} for question, rows in found.items()
    }
