"""An analysis as a workbook: a sheet for each table, and what was asked, by whom, when, and how to read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

from flask_babel import gettext as _

from prima.reporting.analysis.tables import Table
from prima.reporting.portfolio import Reading
from prima.spreadsheets import Column, Kind, Sheet


def sheets(
    title: str, tables: Iterable[Table], notes: Sequence[str], reading: Reading, who: str, when: datetime
) -> list[Sheet]:
    return [*map(_sheet, tables), _read_me(title, notes, reading, who, when)]


def _sheet(table: Table) -> Sheet:
    columns = [Column(head.name, itemgetter(place), head.kind) for place, head in enumerate(table.columns)]
    return Sheet(table.caption, columns, table.rows())


def _read_me(title: str, notes: Sequence[str], reading: Reading, who: str, when: datetime) -> Sheet:
    rows: list[tuple[str, str]] = [
        (_("Analysis"), title),
        (_("Made by"), who),
        (_("Made at, UTC"), f"{when:%Y-%m-%d %H:%M}"),
        *((_("Filter: %(name)s", name=name), value) for name, value in reading.said()),
        (_("Holds"), _("Only the projects that whoever made it may see.")),
        *((_("Note"), note) for note in notes),
    ]
    return Sheet("Read me", (Column(_("What"), itemgetter(0)), Column(_("Says"), itemgetter(1), Kind.TEXT)), rows)
