"""The pipeline: how long projects stay in a stage, whole days counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from prima import clock
from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.endorsement.queries import Heap, Took, heaps, to_answer
from prima.handbook.published import HandbookEdition
from prima.lists import RoleName
from prima.projects.models import Step
from prima.projects.stages import Status
from prima.reporting.portfolio.choosing import chosen, conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.portfolio.keeping import keep, keeping
from prima.users import User

HALF, NINE_TENTHS = 50, 90


@dataclass(frozen=True)
class Stay:
    """Stays of so many days that have ended: of so many half by the median, nine of ten by the 90th percentile."""

    number: int
    median: int
    ninth: int


Days = Mapping[int, int]
"""How many stays were of so many whole days."""


@keeping(Step)
def stays(viewer: User | None, filters: Filters) -> dict[Status, Days]:
    """By status: from the step into it to the step out of it. One that goes on is not among them."""
    ids = chosen(viewer, filters)
    query = (
        select(Step.source, Step.days, func.count())
        .join_from(ids, Step, Step.project_id == ids.c.id)
        .where(Step.source.is_not(None), Step.days.is_not(None))
        .group_by(Step.source, Step.days)
    )
    found: dict[Status, dict[int, int]] = defaultdict(dict)
    rows: Any = db.session.execute(query)
    for status, length, number in rows:
        found[status][length] = number
    return dict(found)


def heaped(viewer: User, filters: Filters) -> tuple[list[Heap], list[Heap], list[Heap]]:
    """Where the chosen projects wait: by role, by region, and all together."""
    tables = (Round, Clearance, HandbookEdition, RoleName)
    return keep(viewer, filters, "heaped", tables, lambda: heaps(viewer, *conditions(viewer, filters)))


def answered(viewer: User, filters: Filters) -> list[Took]:
    """How long answers to clearances took this year."""
    year, tables = clock.today().year, (Round, Clearance, RoleName)
    return keep(viewer, filters, "answered", tables, lambda: to_answer(viewer, year, *conditions(viewer, filters)))


def told(days: Days) -> Stay | None:
    """The shortest lengths that half, and nine tenths, of the stays keep to; nothing of none."""
    number = sum(days.values())
    if not number:
        return None
    return Stay(number, _within(days, number * HALF), _within(days, number * NINE_TENTHS))


def _within(days: Days, hundredths: int) -> int:
    so_far = 0
    for length in sorted(days):
        so_far += days[length]
        if so_far * 100 >= hundredths:
            return length
    raise AssertionError("All stays together are a hundred of a hundred.")


def together(parts: Any) -> Days:
    """The stays of several statuses as those of their stage."""
    found: dict[int, int] = defaultdict(int)
    for days in parts:
        for length, number in days.items():
            found[length] += number
    return found
