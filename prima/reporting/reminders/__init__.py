"""Who is reminded of what: for each duty the latest step of its ladder, never twice the same.

A scan asks in SQL what has reached a step about which somebody has no letter yet (climbing.py), and writes letters for
that alone: an hour with nothing new loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import islice, product
from typing import Any

from sqlalchemy import BigInteger, Date, Text, and_, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from prima import clock, outbox
from prima.outbox import Letter
from prima.places import Office
from prima.reporting import queries
from prima.reporting.models import Reminder
from prima.reporting.reminders import climbing, letters, reviews
from prima.reporting.reminders.climbing import KIND, Source
from prima.reporting.reminders.ladders import Ladders
from prima.reporting.reminders.planned import REASONS, Copied, Planned, step_words
from prima.reporting.reminders.settled import drop_settled
from prima.users import Role

__all__ = ["REASONS", "Planned", "drop_settled", "due", "remind", "step_words"]

AT_ONCE = 500
"""Rows read, and letters written, at a time."""
SOURCES: tuple[tuple[Source, Callable[..., Sequence[Any]], Callable[..., Iterator[Planned]]], ...] = (
    (climbing.DEADLINES, letters.deadlines, letters.of_deadline),
    (climbing.MILES, letters.milestones, letters.of_milestone),
    (climbing.PROMISES, letters.recommendations, letters.of_recommendation),
    (climbing.CLEARANCES, reviews.clearances, reviews.of_clearance),
)


def remind(session: Session, on: date | None = None) -> int:
    """Queue every letter that is due and was not written yet; the number of new ones."""
    count, planned = 0, due(session, on)
    while some := list(islice(planned, AT_ONCE)):
        count += outbox.queue_all(session, [one.draft for one in some])
        _note(session, some)
    if count:
        outbox.keep_latest(session, KIND)
    return count


def due(session: Session, on: date | None = None) -> Iterator[Planned]:
    """The letters due by that day and not queued yet, kind by kind, each the earliest first.

    Without a day it is for each project today at its office. Writes nothing.
    """
    ladders = Ladders(session)
    copied = Copied(
        regional=cache(lambda region: queries.holders([Role.RPDO], region)),
        fund=cache(lambda: queries.holders([Role.FUND], None)),
    )
    for (source, load, write), (day, zones) in product(SOURCES, [(on, None)] if on else _days(session)):
        numbers = climbing.unwritten(session, source, ladders, day, zones)
        for start in range(0, len(numbers), AT_ONCE):
            rows = load(session, numbers[start : start + AT_ONCE])
            planned = [letter for row in rows for letter in write(row, day, ladders, copied)]
            there = _queued(session, {one.cause for one in planned})
            yield from (one for one in planned if (one.cause, one.kind, one.due_on, one.to.email) not in there)


def _days(session: Session) -> list[tuple[date, Collection[str] | None]]:
    """The dates that it is now, each with the times kept by the offices where it is that date; one date is for all."""
    found: dict[date, set[str]] = {}
    for zone in session.scalars(select(Office.time_zone).distinct()):
        found.setdefault(clock.today_at(zone), set()).add(zone)
    return [(day, zones if len(found) > 1 else None) for day, zones in sorted(found.items())]


def _queued(session: Session, causes: set[str]) -> set[tuple[str, str, date | None, str]]:
    rows = session.execute(
        select(Letter.cause, Letter.kind, Letter.due_on, Letter.recipient).where(Letter.cause.in_(causes))
    )
    return {(cause, kind, due_on, recipient) for cause, kind, due_on, recipient in rows}


def _note(session: Session, planned: Sequence[Planned]) -> None:
    """Keep beside each letter of what it reminds, at which step and why; in one question."""
    names: dict[str, Any] = {"cause": Text(), "kind": Text(), "due_on": Date(), "recipient": Text()}
    noted: dict[str, Any] = {"project_id": BigInteger(), "about": Text(), "step": Text(), "reason": Text()}
    rows = [
        {
            "cause": one.cause,
            "kind": one.kind,
            "due_on": one.due_on.isoformat(),
            "recipient": one.to.email,
            "project_id": one.project.id,
            "about": one.about.value,
            "step": one.step.code,
            "reason": one.reason.value,
        }
        for one in planned
    ]
    columns = (column(name, of_type) for name, of_type in (names | noted).items())
    told = func.jsonb_to_recordset(cast(literal(rows, JSONB), JSONB)).table_valued(*columns)
    told = told.render_derived(name="told", with_types=True)
    same = and_(*(getattr(Letter, name) == told.c[name] for name in names))
    found = select(Letter.id, *(told.c[name] for name in noted)).select_from(told).join(Letter, same)
    session.execute(insert(Reminder).from_select(["letter_id", *noted], found).on_conflict_do_nothing())
