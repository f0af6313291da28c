"""The ladders of all editions at once: which one a duty climbs, and each as rows that SQL can read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, FromClause, Integer, Text, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from prima.handbook import published
from prima.handbook.edition import Ladder
from prima.handbook.published import HandbookEdition

REPORTS, REQUESTS, WINDOWS = "ladder", "extension_ladder", "evaluation_ladder"
REVIEWS, MILESTONES, FOLLOW_UPS = "review_ladder", "milestone_ladder", "follow_up_ladder"
ALL = (REPORTS, REQUESTS, WINDOWS, REVIEWS, MILESTONES, FOLLOW_UPS)
LEFT_TO_OTHERS = frozenset({WINDOWS, REVIEWS, FOLLOW_UPS})
"""An edition without it follows the newest that has one."""

COLUMNS: tuple[tuple[str, Any], ...] = (
    ("edition_id", BigInteger), ("name", Text), ("on_opening", Boolean), ("before", ARRAY(Integer)),
    ("on_day", Boolean), ("every", Integer), ("region_from", Integer), ("fund_from", Integer),
)  # fmt: skip


class Ladders:
    """Read once a scan; an edition that has no ladder for something reminds nobody of it."""

    def __init__(self, session: Session) -> None:
        rows = session.scalars(select(HandbookEdition).order_by(HandbookEdition.id)).all()
        others = {name: published.followed(rows, name) for name in LEFT_TO_OTHERS}
        self._found = {
            (row.id, name): ladder
            for row in rows
            for name in ALL
            if (ladder := getattr(row.handbook, name) or others.get(name) or _general(row, name))
        }

    def of(self, edition_id: int, name: str) -> Ladder | None:
        return self._found.get((edition_id, name))

    def first(self, *names: str) -> int:
        """How many days before the day the first step of any edition is."""
        ladders = [ladder for (_edition, name), ladder in self._found.items() if name in names]
        return max((max(one.before_days, default=0) for one in ladders), default=0)

    def rows(self) -> FromClause:
        """As a table; sent as one value, so that the statement stays the same."""
        told = [
            {
                "edition_id": edition_id,
                "name": name,
                "on_opening": one.on_opening,
                "before": one.before_days,
                "on_day": one.on_day,
                "every": one.every_days,
                "region_from": one.region_from_day,
                "fund_from": one.fund_from_day,
            }
            for (edition_id, name), one in self._found.items()
        ]
        columns = (column(name, of_type) for name, of_type in COLUMNS)
        rows = func.jsonb_to_recordset(cast(literal(told, JSONB), JSONB)).table_valued(*columns)
        return rows.render_derived(name="rung", with_types=True)


def _general(row: HandbookEdition, name: str) -> Ladder | None:
    """What evaluations are reminded by where no edition has a ladder of their own."""
    return row.handbook.ladder if name == WINDOWS else None
