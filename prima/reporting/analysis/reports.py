"""The analysis reports: each a few tables of exact figures, for the page, the workbook and the printer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.reporting.analysis import records
from prima.reporting.analysis.counting import ALLOCATED, Found, counted
from prima.reporting.analysis.naming import DIMENSIONS, Names, behind, names
from prima.reporting.analysis.tables import Cell, Head, Line, Reported, Table
from prima.reporting.portfolio import Filters, Reading
from prima.spreadsheets import Kind
from prima.users import User

ZERO = Decimal(0)
HEADS: dict[str, tuple[Any, Kind, dict[str, Any]]] = {
    "projects": (_l("Projects"), Kind.NUMBER, {}),
    "budget": (_l("Budget, USD"), Kind.MONEY, {}),
    "allocated": (_l("Allocated, USD"), Kind.MONEY, {}),
    "spent": (_l("Spent, USD"), Kind.MONEY, {}),
    "overdue": (_l("Overdue reports"), Kind.NUMBER, {"overdue": True}),
    "extended": (_l("Projects extended"), Kind.NUMBER, {"extended": True}),
    "extensions": (_l("Extensions"), Kind.NUMBER, {"extended": True}),
    "months": (_l("Months added"), Kind.NUMBER, {"extended": True}),
    "planned": (_l("People planned"), Kind.NUMBER, {}),
    "reached": (_l("People reached"), Kind.NUMBER, {}),
    "undeclared": (_l("Planned, not declared how counted"), Kind.NUMBER, {}),
}
"""Measures: the heading, the kind of value, and what the list behind a figure asks beside."""
SPENT = _l("Spent is what finance states, at the rate of each project's budget.")
ONCE = _l("A project that has several stands in each of them with what it has there; the totals count it once.")
PROPORTIONAL = _l(
    "Areas of work and activity types are allocated apart from each other. Within each project its budget is divided "
    "in proportion to both, to the cent, so that rows and columns add up to exactly what was allocated."
)


@dataclass(frozen=True)
class Report:
    """A report of the index: what it is called and tells, and how its tables are made."""

    name: Any
    sentence: Any
    tables: Callable[..., Reported]
    lists_many: bool = False
    """Its single records can be asked for by number: a page shows the first, and to read all of them is dear."""

    def make(self, viewer: User | None, reading: Reading, most_listed: int | None = None) -> Reported:
        """`most_listed`: so many single records are enough, where they can be asked for by number."""
        return self.tables(viewer, reading, *([most_listed] if self.lists_many else []))


def head(measure: str) -> Head:
    name, kind, _more = HEADS[measure]
    return Head(str(name), kind)


def one_way(
    reading: Reading,
    dimension: str,
    found: Found,
    named: Names,
    measures: Sequence[str],
    caption: str,
    *,
    share_of: str = "",
    note: str = "",
) -> Table:
    """A row for each code; `share_of` adds a column with its part of that measure's total."""
    filters, place = reading.filters, measures.index(share_of) if share_of else 0

    def line(name: str, values: Sequence[Any], args: Callable[..., dict[str, Any] | None]) -> Line:
        cells = [Cell(value, args(**HEADS[one][2])) for one, value in zip(measures, values, strict=True)]
        if share_of:
            whole = found[()][()][place]
            cells.append(Cell(Decimal(values[place]) / whole if whole else None))
        return Line(name, cells)

    def of(code: str) -> Callable[..., dict[str, Any] | None]:
        return lambda **more: behind(filters, {dimension: code}, **more)

    rows = found[dimension,]
    lines = [line(name, rows[code,], of(code)) for code, name in named[dimension].items() if (code,) in rows]
    heads = [*map(head, measures), *([Head(_("Share"), Kind.PERCENT)] if share_of else [])]
    whole = line(_("All"), found[()][()], lambda **more: more)
    return Table(caption, str(DIMENSIONS[dimension]), heads, lines, whole, note)


def crossed(
    filters: Filters,
    found: Found,
    named: Names,
    rows: str,
    across: str,
    kind: Kind,
    caption: str,
    more: Mapping[str, Any] | None = None,
    note: str = "",
) -> Table:
    """Two dimensions of one measure with the totals of both."""
    extra = dict(more or {})
    columns = list(named[across].items())

    def line(name: str, row: dict[str, str]) -> Line:
        cells = []
        for code, _name in columns:
            values = found[rows, across].get((row[rows], code)) if row else found[across,].get((code,))
            codes = row | {across: code}
            cells.append(Cell(values[0] if values else 0, behind(filters, codes, **extra) if values else None))
        whole = found[rows,].get((row[rows],), (0,)) if row else found[()][()]
        return Line(name, [*cells, Cell(whole[0], behind(filters, row, **extra))])

    lines = [line(name, {rows: code}) for code, name in named[rows].items()]
    heads = [*(Head(name, kind) for _code, name in columns), Head(_("Total"), kind)]
    return Table(caption, str(DIMENSIONS[rows]), heads, lines, line(_("All"), {}), note)


def codes_of(found: Found) -> dict[str, set[str]]:
    """The codes that hold something, by dimension."""
    codes: dict[str, set[str]] = defaultdict(set)
    for arm, rows in found.items():
        for place, dimension in enumerate(arm):
            codes[dimension] |= {row[place] for row in rows}
    return codes


def _ways(viewer: User | None, reading: Reading, ways: Iterable[str], measures: Sequence[str]) -> tuple[Found, Names]:
    found = counted(viewer, reading.filters, [*((way,) for way in ways), ()], measures)
    return found, names(reading, codes_of(found))


def years(viewer: User | None, reading: Reading) -> Reported:
    measures = ("projects", "budget", "spent", "extended", "overdue")
    found, named = _ways(viewer, reading, ("year", "funding"), measures)
    return Reported(
        [
            one_way(reading, "year", found, named, measures, _("Projects by funding year"), share_of="budget"),
            one_way(reading, "funding", found, named, measures, _("Projects by kind of funding"), share_of="budget"),
        ],
        [str(SPENT)],
    )


def activities(viewer: User | None, reading: Reading) -> Reported:
    measures = ("projects", ALLOCATED)
    arms = [("activity", "year"), ("activity",), ("year",), ()]
    found = counted(viewer, reading.filters, arms, measures)
    both = {arm: {key: (amount,) for key, (_number, amount) in rows.items() if amount or not key}
            for arm, rows in found.items()}  # fmt: skip
    named = names(reading, codes_of(found))
    return Reported(
        [
            one_way(reading, "activity", found, named, measures, _("Projects by activity type"), share_of=ALLOCATED),
            crossed(
                reading.filters, both, names(reading, codes_of(both)), "activity", "year", Kind.MONEY,
                _("Allocated by activity type and funding year, USD"),
            ),
        ],
        [str(ONCE)],
    )  # fmt: skip


def extensions(viewer: User | None, reading: Reading) -> Reported:
    measures = ("projects", "extended", "extensions", "months")
    found, named = _ways(viewer, reading, ("region", "year"), measures)
    rows = records.extensions(viewer, reading.filters)
    decided: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        decided[row.year][0] += 1
        decided[row.year][1] += row.months
    number, months = len(rows), sum(row.months for row in rows)
    heads = [head("extensions"), head("months"), Head(_("Months on average"), Kind.MONEY)]

    def line(name: str, number: int, months: int) -> Line:
        average = (Decimal(months) / number).quantize(Decimal("0.01")) if number else None
        return Line(name, [Cell(number), Cell(months), Cell(average)])

    by_year = Table(
        _("Extensions by year of the decision"), _("Year"), heads,
        [line(str(year), *decided[year]) for year in sorted(decided)], line(_("All"), number, months),
    )  # fmt: skip
    regions = names(reading, {"region": {row.region for row in rows}})["region"]
    each = Table(
        _("Extensions one by one"),
        _("Project"),
        [
            Head(_("Title"), Kind.TEXT), Head(_("Regional Office"), Kind.TEXT), Head(_("End before"), Kind.DAY),
            Head(_("End after"), Kind.DAY), head("months"), Head(_("Decided on"), Kind.DAY),
            Head(_("Reason"), Kind.TEXT),
        ],
        [
            Line(row.project, list(map(Cell, (
                row.title, regions[row.region], row.old_end, row.new_end, row.months, row.decided_on, row.reason,
            ))))
            for row in rows
        ],
        listed=True,
    )  # fmt: skip
    return Reported(
        [
            one_way(reading, "region", found, named, measures, _("Extensions by Regional Office")),
            one_way(reading, "year", found, named, measures, _("Extensions by funding year of the project")),
            by_year,
            each,
        ],
        [_("Months added are whole months; what is left of a month is not counted.")],
    )


def overdue(viewer: User | None, reading: Reading, most: int | None = None) -> Reported:
    rows = records.late(viewer, reading.filters)
    total = sum(row.number for row in rows)
    named = names(reading, {"region": {row.region for row in rows}, "office": {row.office for row in rows}})
    ages = {code: _age(*records.AGES[code]) for code in records.AGES}

    def table(
        caption: str, heading: str, read: Callable[[records.Late], str], known: dict[str, str], way: str
    ) -> Table:
        sums: Counter[str] = Counter()
        for row in rows:
            sums[read(row)] += row.number

        def line(name: str, code: str, number: int) -> Line:
            args = behind(reading.filters, {way: code}, overdue=True) if way else None
            return Line(name, [Cell(number, args), Cell(Decimal(number) / total if total else None)])

        lines = [line(name, code, sums[code]) for code, name in known.items() if code in sums]
        heads = [head("overdue"), Head(_("Share"), Kind.PERCENT)]
        every = Line(_("All"), [Cell(total, {"overdue": True}), Cell(Decimal(1) if total else None)])
        return Table(caption, heading, heads, lines, every)

    kinds = {kind: kind for kind in sorted({row.kind for row in rows})}
    each = Table(
        _("Overdue reports one by one"),
        _("Project"),
        [
            Head(_("Title"), Kind.TEXT), Head(_("Report"), Kind.TEXT), Head(_("Regional Office"), Kind.TEXT),
            Head(_("Office"), Kind.TEXT), Head(_("Manager"), Kind.TEXT), Head(_("Was due"), Kind.DAY),
            Head(_("Days late"), Kind.NUMBER),
        ],
        [
            Line(row.project, list(map(Cell, (
                row.title, row.report, row.region, row.office, row.manager, row.due_on, row.days_late,
            ))))
            for row in records.late_ones(viewer, reading.filters, most)
        ],
        listed=True,
        number=total,
    )  # fmt: skip
    return Reported(
        [
            table(_("Overdue reports by Regional Office"), _("Regional Office"), lambda row: row.region,
                  named["region"], "region"),
            table(_("Overdue reports by office"), _("Office"), lambda row: row.office, named["office"], "office"),
            table(_("Overdue reports by kind"), _("Report"), lambda row: row.kind, kinds, ""),
            table(_("Overdue reports by age"), _("Overdue since"), lambda row: row.age, ages, ""),
            each,
        ]
    )  # fmt: skip


def _age(first: int, last: int | None) -> str:
    return _("%(first)s to %(last)s days", first=first, last=last) if last else _("more than a year")


def beneficiaries(viewer: User | None, reading: Reading) -> Reported:
    groups = records.beneficiaries(viewer, reading.filters)
    types, values = records.beneficiary_names()
    kinds: dict[tuple[str | None, bool | None], list[records.Group]] = defaultdict(list)
    for group in groups:
        kinds[group.counted, group.repeated].append(group)
    tables = []
    for kind in sorted(kinds, key=lambda one: (one[0] is None, str(one[0]), bool(one[1]))):
        said = _kind(*kind)
        for caption, heading, read, known in (
            (_("By type: %(kind)s", kind=said), _("Type"), lambda one: one.type, types),
            (_("By sex: %(kind)s", kind=said), _("Sex"), lambda one: one.sex, values.get("sex", {})),
            (_("By age: %(kind)s", kind=said), _("Age"), lambda one: one.age, values.get("age", {})),
        ):
            tables.append(_people(caption, heading, kinds[kind], read, known))
    notes = [
        _("People and services, counted with or without repetition, are never added together."),
        _("Reached is what reports state that were handed in; a final report stands for all before it."),
    ]
    return Reported(tables, notes)


def _kind(counted: str | None, repeated: bool | None) -> str:
    if counted is None:
        return _("not declared how they are counted")
    return {
        ("people", False): _("people, nobody counted twice"),
        ("people", True): _("people, with repetition"),
        ("services", False): _("services, no one counted twice"),
        ("services", True): _("services, with repetition"),
    }[str(counted), bool(repeated)]


def _people(
    caption: str, heading: str, groups: Sequence[records.Group], read: Callable[[Any], str], known: Mapping[str, str]
) -> Table:
    ways = [(reach, figure) for reach in ("direct", "indirect", "") for figure in ("planned", "reached")]

    def line(name: str, alike: Sequence[records.Group]) -> Line:
        sums = [sum(getattr(one, figure) for one in alike if not reach or one.reach == reach) for reach, figure in ways]
        return Line(name, [*map(Cell, sums), Cell(Decimal(sums[-1]) / sums[-2] if sums[-2] else None)])

    lines = [
        line(name, alike) for code, name in known.items() if (alike := [one for one in groups if read(one) == code])
    ]
    words = [
        _("Direct, planned"), _("Direct, reached"), _("Indirect, planned"), _("Indirect, reached"), _("All, planned"),
        _("All, reached"),
    ]  # fmt: skip
    heads = [*map(Head, words), Head(_("Reached of planned"), Kind.PERCENT)]
    return Table(caption, heading, heads, lines, line(_("All"), groups))


def allocation(viewer: User | None, reading: Reading) -> Reported:
    arms = [("area", "activity"), ("area",), ("activity",), ()]
    found = counted(viewer, reading.filters, arms, [ALLOCATED])
    named = names(reading, codes_of(found))
    caption = _("Budget by area of work and activity type, USD")
    table = crossed(reading.filters, found, named, "area", "activity", Kind.MONEY, caption)
    return Reported([table], [str(PROPORTIONAL)])


def regional(viewer: User | None, reading: Reading) -> Reported:
    """Countries under their region, each with its areas of work: what Member States are shown."""
    arms = [
        ("region", "country", "area"), ("region", "country"), ("region", "area"), ("region",), ("area",), (),
    ]  # fmt: skip
    found = counted(viewer, reading.filters, arms, [ALLOCATED])
    codes = codes_of(found)
    codes["area"] |= {one.code for one in reading.choices["area"] if not one.retired}
    named = names(reading, codes)
    order = ("region", "country", "area")

    def line(name: str, *place: str) -> Line:
        own = dict(zip(order, place, strict=False))
        cells = []
        for area in named["area"]:
            arm, key = (*own, "area"), (*place, area)
            values = found[arm].get(key)
            args = behind(reading.filters, own | {"area": area}) if values else None
            cells.append(Cell(values[0] if values else ZERO, args))
        whole = found[tuple(own)].get(place, (ZERO,))[0]
        return Line(name, [*cells, Cell(whole, behind(reading.filters, own))], group=len(place) == 1)

    lines = []
    for region, name in named["region"].items():
        lines.append(line(name, region))
        lines += [
            line(country, region, code)
            for code, country in named["country"].items()
            if (region, code) in found["region", "country"]
        ]
    heads = [Head(name, Kind.MONEY) for name in [*named["area"].values(), _("Total")]]
    table = Table(
        _("Budget by country and area of work, USD"), _("Country"), heads, lines, line(_("All")),
        within=_("Regional Office"),
    )  # fmt: skip
    notes = [
        _("A country stands under the region whose offices manage its projects, with its share of their budgets."),
        str(PROPORTIONAL_COUNTRY),
    ]
    return Reported([table], notes)


PROPORTIONAL_COUNTRY = _l(
    "A project in several countries is divided by the shares that it states, in proportion to its areas of work, to "
    "the cent; without shares it stands in a line of its own."
)
REPORTS: dict[str, Report] = {
    "years": Report(
        _l("Projects per funding year"),
        _l("How many projects each funding year brought, their budgets, what was spent, extended and is overdue."),
        years,
    ),
    "activities": Report(
        _l("Projects per activity type"),
        _l("How many projects work in each activity type, and what they have allocated to it year by year."),
        activities,
    ),
    "extensions": Report(
        _l("Project extensions"),
        _l("How often projects were extended, by how many months, where, and for which reasons."),
        extensions,
    ),
    "overdue": Report(
        _l("Overdue reports"),
        _l("Which reports are overdue, by Regional Office, office, kind and age."),
        overdue,
        lists_many=True,
    ),
    "beneficiaries": Report(
        _l("Beneficiaries"),
        _l("How many beneficiaries were planned and reached, by type, sex and age, directly and indirectly."),
        beneficiaries,
    ),
    "allocation": Report(
        _l("Budget by area of work and activity type"),
        _l("What the budgets are for: areas of work against activity types."),
        allocation,
    ),
    "regional": Report(
        _l("Regional table"),
        _l("For Member States: what each country has for each area of work, by region, with all totals."),
        regional,
    ),
}
