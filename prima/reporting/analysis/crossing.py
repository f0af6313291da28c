"""The cross-table: any dimension against any other, one measure, every total exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.reporting.analysis.counting import ALLOCATED, DIVIDED, MARKED, counted
from prima.reporting.analysis.naming import DIMENSIONS, names
from prima.reporting.analysis.reports import HEADS, PROPORTIONAL, SPENT, codes_of, crossed
from prima.reporting.analysis.tables import Table
from prima.reporting.portfolio import Reading
from prima.reporting.portfolio.filters import quoted
from prima.users import User

OWN = ("rows", "across", "measure")
MOST_COLUMNS = 60
MEASURES: dict[str, Any] = {
    "projects": _l("Number of projects"),
    "budget": _l("Budget, USD"),
    "allocated": _l("Amount allocated, USD"),
    "spent": _l("Spent, USD"),
    "overdue": _l("Overdue reports"),
    "extended": _l("Projects extended"),
    "extensions": _l("Extensions"),
    "months": _l("Months added by extensions"),
    "planned": _l("People planned, nobody counted twice"),
    "reached": _l("People reached, nobody counted twice"),
    "undeclared": _l("Beneficiaries planned, not declared how they are counted"),
}
NOTES: dict[str, Any] = {
    "spent": SPENT,
    "planned": _l("Services, and people counted with repetition, are in the report on beneficiaries."),
    "reached": _l("Services, and people counted with repetition, are in the report on beneficiaries."),
    "months": _l("Months added are whole months; what is left of a month is not counted."),
}


@dataclass(frozen=True)
class Asked:
    """What the table is of. No `across`: one column."""

    rows: str = "region"
    across: str = "year"
    measure: str = "projects"

    def args(self) -> dict[str, Any]:
        return {"rows": self.rows, "across": self.across or "none", "measure": self.measure}


@dataclass(frozen=True)
class Crossed:
    """The table; none where it would have more columns than can be read."""

    table: Table | None
    columns: int
    rows: int
    notes: list[str]


def asked(given: Mapping[str, str]) -> tuple[Asked, list[str]]:
    """What a URL asks for, and a sentence about everything that cannot be."""
    found, problems = Asked(), []
    for name, known in (("rows", DIMENSIONS), ("across", {**DIMENSIONS, "none": ""}), ("measure", MEASURES)):
        value = given.get(name, "").strip()
        if value in known:
            found = replace(found, **{name: "" if value == "none" else value})
        elif value:
            problems.append(
                _("The table knows no “%(value)s”; %(instead)s is shown.", value=quoted(value),
                  instead=(MEASURES | DIMENSIONS)[getattr(found, name)])
            )  # fmt: skip
    if found.rows == found.across:
        if given.get("across", "").strip() == found.across:
            problems.append(
                _("Rows and columns are both “%(name)s”; only the rows are shown.", name=DIMENSIONS[found.rows])
            )
        found = replace(found, across="")
    return found, problems


def title(wanted: Asked) -> str:
    words = {"measure": MEASURES[wanted.measure], "rows": DIMENSIONS[wanted.rows]}
    if not wanted.across:
        return _("%(measure)s by %(rows)s", **words)
    return _("%(measure)s by %(rows)s and %(across)s", across=DIMENSIONS[wanted.across], **words)


def cross(viewer: User | None, reading: Reading, wanted: Asked) -> Crossed:
    arms = [(wanted.rows,), ()]
    if wanted.across:
        arms = [(wanted.rows, wanted.across), (wanted.rows,), (wanted.across,), ()]
    found = counted(viewer, reading.filters, arms, [wanted.measure])
    codes = codes_of(found)
    columns = len(codes[wanted.across]) if wanted.across else 0
    rows, notes = len(codes[wanted.rows]), _notes(wanted)
    if columns > MOST_COLUMNS:
        return Crossed(None, columns, rows, notes)
    named = names(reading, codes)
    _name, kind, more = HEADS[wanted.measure]
    if wanted.across:
        table = crossed(reading.filters, found, named, wanted.rows, wanted.across, kind, title(wanted), more)
    else:
        table = _single(reading, wanted, found, named)
    return Crossed(table, columns, rows, notes)


def _single(reading: Reading, wanted: Asked, found: Any, named: Any) -> Table:
    # A table of one dimension is one of two without the columns between the names and the totals.
    empty = {**found, (wanted.rows, ""): {}, ("",): {}}
    _name, kind, more = HEADS[wanted.measure]
    return crossed(reading.filters, empty, {**named, "": {}}, wanted.rows, "", kind, title(wanted), more)


def _notes(wanted: Asked) -> list[str]:
    dimensions = [one for one in (wanted.rows, wanted.across) if one]
    allocated = wanted.measure == ALLOCATED
    shared = DIVIDED | ({"country"} if allocated else set())
    divided = [one for one in dimensions if one in shared]
    several = [
        str(DIMENSIONS[one])
        for one in dimensions
        if (one in MARKED and one not in divided) or (one in divided and not allocated)
    ]
    notes = []
    if several:
        notes.append(
            _(
                "A project can have several of these: %(names)s. It counts whole in each of them and once in the "
                "totals, so the totals can be less than the sum of what they stand under.",
                names=", ".join(several),
            )
        )
    if allocated and not divided:
        notes.append(
            _("Amounts are allocated to areas of work, activity types and countries; these are the whole budgets.")
        )
    if allocated and len(divided) > 1:
        notes.append(str(PROPORTIONAL))
    if wanted.measure in NOTES:
        notes.append(str(NOTES[wanted.measure]))
    return notes
