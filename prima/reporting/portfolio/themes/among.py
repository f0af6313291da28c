"""What the themes have in common: which projects were activated, the region of a project, the day at its office."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, cast, func, literal, literal_column, or_, select, union_all
from sqlalchemy.orm import aliased

from prima import clock
from prima.months import add_months
from prima.places import Office, OfficeLink
from prima.projects.models import Result
from prima.projects.stages import Status
from prima.reporting.portfolio.filters import NONE
from prima.reporting.steps import OWING

ACTIVATED = OWING | {Status.FIN_CLOSED}
"""Projects that run or ran: what was planned, approved and promised of the others is none yet."""
# Written out, not as a parameter: what is grouped by must be the same text as what is selected.
UNSTATED: ColumnElement[str] = literal_column(f"'{NONE}'")
REGION = func.coalesce(OfficeLink.region_code, UNSTATED)


def gone() -> Select[Any]:
    """The rows of a matrix that a change of results took out, or one above them: few, and found by an index."""
    above, top = aliased(Result), aliased(Result)
    out = [one.retired_on.is_not(None) for one in (Result, above, top)]
    own = select(Result.id).where(out[0])
    below = select(Result.id).join(above, above.id == Result.parent_id).where(out[1])
    far_below = (
        select(Result.id).join(above, above.id == Result.parent_id).join(top, top.id == above.parent_id).where(out[2])
    )
    return union_all(own, below, far_below)  # type: ignore[return-value]


def has_come(day: Any) -> ColumnElement[bool]:
    """Whether a day has begun at the office, which is joined; it is asked only of a day that has not everywhere."""
    today = clock.today()
    if clock.fixed_day() is not None:
        fixed: ColumnElement[bool] = day <= today
        return fixed
    there = cast(func.timezone(Office.time_zone, literal(clock.now())), Date)
    return or_(day < today, and_(day <= today + timedelta(days=1), day <= there))


def a_year_ago() -> date:
    """The first day of the last twelve months."""
    return add_months(clock.today(), -12) + timedelta(days=1)
