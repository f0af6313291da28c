"""What waits in the endorsement as an Excel sheet: a row for each desk on which a proposal lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prima.endorsement.queries import Lying
from prima.spreadsheets import Column, Kind, Sheet


@dataclass(frozen=True)
class Told:
    """A row of the list in words: what is to be done, and who may do it."""

    row: Lying
    what: str
    who: Sequence[str]


COLUMNS = (
    Column("Reference", lambda one: one.row.reference),
    Column("Project ID", lambda one: one.row.code),
    Column("Title", lambda one: one.row.title),
    Column("Office", lambda one: one.row.office),
    Column("Regional Office", lambda one: one.row.city),
    Column("What", lambda one: one.what),
    Column("Who has it", lambda one: ", ".join(one.who)),
    Column("Taken up by", lambda one: one.row.claimed_by),
    Column("Since", lambda one: one.row.since_on, Kind.DAY),
    Column("Due", lambda one: one.row.due_on, Kind.DAY),
    Column("Working days gone", lambda one: one.row.days[0] if one.row.days else None, Kind.NUMBER),
    Column("Working days given", lambda one: one.row.days[1] if one.row.days else None, Kind.NUMBER),
    Column("Late", lambda one: "yes" if one.row.is_late else "no"),
)
"""The headings are read by other programs, so they are not translated."""


def waiting(rows: Iterable[Told]) -> tuple[Sheet, ...]:
    return (Sheet("What waits", COLUMNS, rows),)
