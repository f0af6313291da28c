"""The columns that the list can show, and which of them a URL or a person asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.reporting.portfolio.filters import quoted

FIRST = "reference"
"""What every row begins with: it leads to the project."""


@dataclass(frozen=True)
class Shown:
    label: Any
    sort: str = ""
    """The sort that a press on its heading asks for, if there is one."""
    figure: bool = False


COLUMNS: Mapping[str, Shown] = {
    FIRST: Shown(_l("Reference"), sort="reference"),
    "title": Shown(_l("Title"), sort="title"),
    "status": Shown(_l("Status")),
    "stage": Shown(_l("Stage")),
    "office": Shown(_l("Office")),
    "region": Shown(_l("Regional Office")),
    "country": Shown(_l("Countries")),
    "funding": Shown(_l("Funding")),
    "donor": Shown(_l("Donor")),
    "year": Shown(_l("Funding year"), sort="year", figure=True),
    "type": Shown(_l("Project type")),
    "budget": Shown(_l("Budget, USD"), sort="budget", figure=True),
    "start": Shown(_l("Start"), sort="start"),
    "end": Shown(_l("End"), sort="end"),
    "manager": Shown(_l("Manager")),
    "overdue": Shown(_l("Overdue reports"), figure=True),
    "updated": Shown(_l("Updated"), sort="updated"),
}
USUAL = (FIRST, "title", "status", "office", "region", "funding", "year", "budget", "updated")


def columns(given: Mapping[str, Sequence[str]], kept: Sequence[str] | None) -> tuple[tuple[str, ...], list[str]]:
    """The columns in the order of the table, and a sentence about each that is none; `kept` where none is named."""
    named = [name.strip() for value in given.get("columns", ()) for name in value.split(",") if name.strip()]
    wrong = list(dict.fromkeys(name for name in named if name not in COLUMNS))
    problems = [_("“%(name)s” is no column of this list; it was left out.", name=quoted(name)) for name in wrong[:3]]
    if len(wrong) > len(problems):
        problems.append(_("%(number)s more columns are not known.", number=len(wrong) - len(problems)))
    found = in_order(named) or in_order(kept or ()) or USUAL
    return found, problems


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Those that there are, the first always among them; none where none is known."""
    known = set(names) & COLUMNS.keys()
    return tuple(name for name in COLUMNS if name in known or name == FIRST) if known else ()
