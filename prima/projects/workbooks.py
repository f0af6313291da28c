"""The budget as a workbook to fill in: its lines, and what the lists offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from flask_babel import gettext as _

from prima.spreadsheets import Column, Kind, Sheet

SHEET = "Budget"
KINDS = {"quantity": Kind.NUMBER, "units": Kind.NUMBER, "unit_cost": Kind.MONEY, "amount": Kind.MONEY}


@dataclass(frozen=True)
class Listed:
    """One value that a column takes."""

    column: str
    name: str
    code: str


def budget(
    headings: Mapping[str, str], rows: Iterable[Mapping[str, Any]], lists: Sequence[Listed], notes: Sequence[str]
) -> list[Sheet]:
    """`rows` hold a value for each column that has a heading; what a reader may not see is left out by then."""
    columns = [Column(heading, itemgetter(name), KINDS.get(name, Kind.TEXT)) for name, heading in headings.items()]
    explained = [*(Listed(note, "", "") for note in notes), *lists]
    return [
        Sheet(SHEET, columns, rows),
        Sheet(
            _("Read me"),
            [
                Column(_("Column"), lambda one: one.column, width=40),
                Column(_("What it takes"), lambda one: one.name, width=60),
                Column(_("or its code"), lambda one: one.code),
            ],
            explained,
        ),
    ]
