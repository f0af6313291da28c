"""The pipeline: how long projects stay in a stage, whole days counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, func, literal_column, select

from prima.db import db
from prima.projects.models import Project, Step
from prima.projects.stages import Status
from prima.reporting.portfolio.choosing import chosen
from prima.reporting.portfolio.filters import Filters
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


def stays(viewer: User | None, filters: Filters) -> dict[Status, Days]:
    """By status: from the step into it to the step out of it. One that goes on is not among them."""
    ids = chosen(viewer, filters)
    since = func.lag(Step.at).over(partition_by=Step.project_id, order_by=Step.id)
    steps = select(Step.source, Step.at, since.label("since")).join(ids, ids.c.id == Step.project_id).subquery("steps")
    days = cast(func.date_part(literal_column("'day'"), steps.c.at - steps.c.since), Integer)
    query = (
        select(steps.c.source, days, func.count())
        .where(steps.c.source.is_not(None), steps.c.since.is_not(None))
        .group_by(steps.c.source, days)
    )
    found: dict[Status, dict[int, int]] = defaultdict(dict)
    for status, length, number in db.session.execute(query):
        found[status][length] = number
    return dict(found)


def among(viewer: User | None, filters: Filters) -> ColumnElement[bool]:
    """A condition on Project: one of the chosen ones."""
    return Project.id.in_(select(chosen(viewer, filters).c.id))


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
