"""The last sheet of an export: what was asked for, by whom and when, what it holds, and what each column means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prima.languages import ENGLISH, speaking
from prima.reporting.exports.columns import Table
from prima.spreadsheets import Kind

NAME = "Read me"
COLUMNS = (("Part", 24), ("Name", 34), ("Text", 100))
KINDS = {
    Kind.TEXT: "Text",
    Kind.MONEY: "Amount",
    Kind.NUMBER: "Number",
    Kind.DAY: "Day",
    Kind.MOMENT: "Moment (UTC)",
    Kind.PERCENT: "Share",
}
LEFT_OUT = (
    "You see the internal parts of none of these projects: their columns (the level and light of risk, what reviewers "
    "wrote) are left out, how the cost of staff was worked out is blank, and spending on staff stands by category."
)
PARTLY = (
    "Internal parts (the level and light of risk, what reviewers wrote, how the cost of staff was worked out) stand in "
    "the rows of those projects alone whose internal parts you see; spending on staff of the others stands by category."
)
WHOLE = "Nothing is left out."


@dataclass(frozen=True)
class Cover:
    """Of the whole file. `url` shows the same projects; `sees`: everything, some or nothing of internal parts."""

    who: str
    made_at: datetime
    filters: str
    url: str
    sees: str


def cover(asked: Any, *, made_at: datetime, url: str) -> Cover:
    viewer = asked.viewer
    sees = WHOLE if viewer is None else PARTLY if asked.sees_internal else LEFT_OUT
    with speaking(ENGLISH):
        filters = "; ".join(f"{label}: {value}" for label, value in asked.reading.said()) or "All projects"
    return Cover(viewer.name if viewer else "The operator", made_at, filters, url, sees)


def rows(cover: Cover, tables: Sequence[Table], counted: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """`counted` is right once the sheets before are written."""
    moment = cover.made_at.astimezone(UTC)
    yield "This file", "Projects of", cover.filters
    yield "This file", "As a list", cover.url
    yield "This file", "Exported by", cover.who
    yield "This file", "Exported at", f"{moment:%Y-%m-%d %H:%M} UTC; all sheets show the same moment."
    yield "This file", "Only what you may see", cover.sees
    yield "This file", "Blank cells", "Nothing is stated."
    for table in tables:
        yield "Sheet", table.name, f"{counted[table.name]:,} rows. {table.says}"
    for table in tables:
        for one in table.fields:
            yield f"Columns of {table.name}", one.heading, f"{KINDS[one.kind]}. {one.says}"
