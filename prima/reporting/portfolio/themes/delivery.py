"""Delivery: milestones, reports, activities, evaluations due and projects that end soon, by region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    Integer,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from prima import clock
from prima.db import db
from prima.handbook.published import HandbookEdition
from prima.places import OfficeLink
from prima.projects.models import ActivityPlan, Level, Milestone, Project, Result
from prima.projects.stages import RUNNING
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST
from prima.reporting.models import ActivityProgress, ActivityState, Deadline
from prima.reporting.models.deadlines import OPEN_FROM, OPEN_UNTIL
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.keeping import keeping
from prima.reporting.portfolio.themes.among import REGION, a_year_ago, gone, has_come
from prima.reporting.queries import is_missed, is_past_due, owes
from prima.reporting.steps import OWING, deadline_name
from prima.users import User

SOON = 90
"""Days within which a project ends soon."""


# -- milestones -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Milestones:
    region: str
    in_time: int
    """Done by the planned day."""
    late: int
    missed: int
    """The planned day has passed at the office, and it is not done."""
    ahead: int
    projects: int
    """How many have a missed one."""

    @property
    def due(self) -> int:
        """Done, or to be done by now."""
        return self.in_time + self.late + self.missed


@keeping(Milestone)
def milestones(viewer: User | None, filters: Filters) -> list[Milestones]:
    done, missed = Milestone.done_on.is_not(None), is_missed()
    counts = {
        "in_time": func.count().filter(Milestone.done_on <= Milestone.planned_on),
        "late": func.count().filter(Milestone.done_on > Milestone.planned_on),
        "missed": func.count().filter(missed),
        "ahead": func.count().filter(~done, ~missed),
    }
    # Of each project first: so nothing has to be sorted to count projects.
    per = (
        select(Milestone.project_id, *(count.label(name) for name, count in counts.items()))
        .group_by(Milestone.project_id)
        .subquery("per")
    )
    query = (
        projects(
            viewer,
            filters,
            REGION,
            *(cast(func.sum(per.c[name]), Integer) for name in counts),
            func.count().filter(per.c.missed > 0),
        )
        .join(per, per.c.project_id == Project.id)
        .group_by(REGION)
    )
    return [Milestones(*row) for row in db.session.execute(query)]


# -- reports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Owed:
    """Reports of a kind that are owed now, and how many projects they belong to."""

    region: str
    kind: str
    due: int
    """Can be written, and are not past their day."""
    overdue: int


@keeping(Deadline)
def owed(viewer: User | None, filters: Filters) -> list[Owed]:
    opens = func.coalesce(Deadline.period_to, Deadline.from_on, Deadline.due_on)
    past = is_past_due()
    # Said once more, and one day wider than of any office, so that an index finds the few that have come.
    come = literal_column(OPEN_FROM) <= clock.today() + timedelta(days=1)
    query = (
        projects(
            viewer,
            filters,
            REGION,
            Deadline.kind,
            func.count().filter(~past),
            func.count().filter(past),
        )
        .join(Deadline, Deadline.project_id == Project.id)
        .where(come, Deadline.is_open, Deadline.kind != EXTENSION_REQUEST, owes(), or_(past, has_come(opens)))
        .group_by(REGION, Deadline.kind)
    )
    return [Owed(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class HandedIn:
    """Reports of a kind whose day fell in a month of the last twelve; `missing` are those that are still owed."""

    region: str
    kind: str
    month: date
    on_time: int
    late: int
    missing: int

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.missing


@keeping(Deadline)
def handed_in(viewer: User | None, filters: Filters) -> list[HandedIn]:
    """Those handed in by day first, then by month; those that are owed by an index, as they are few."""
    within, none = Deadline.due_on.between(a_year_ago(), clock.today()), literal(0)
    # Their region is found once for each project, not for each report; and they are narrow, to stay in memory.
    columns = (Project.id, Project.status.in_(OWING).label("owing"), OfficeLink.region_code.label("region"))
    seen = projects(viewer, filters, *columns).cte("seen").prefix_with("MATERIALIZED")
    row = (seen.c.region, Deadline.kind.label("kind"), Deadline.due_on.label("day"))
    on_time, late = Deadline.handed_in_on <= Deadline.due_on, Deadline.handed_in_on > Deadline.due_on
    counts = (func.count().filter(on_time).label("on_time"), func.count().filter(late).label("late"))
    asked = (within, Deadline.kind != EXTENSION_REQUEST, Deadline.fell_away_at.is_(None))
    handed = (
        select(*row, *counts, none.label("missing"))
        .join_from(seen, Deadline, Deadline.project_id == seen.c.id)
        .where(*asked, Deadline.handed_in_on.is_not(None))
        .group_by(*row)
    )
    soon = literal_column(OPEN_UNTIL).between(a_year_ago(), clock.today())
    owed_still = (
        select(*row, none, none, func.count())
        .join_from(seen, Deadline, Deadline.project_id == seen.c.id)
        .where(soon, *asked, is_past_due(), seen.c.owing)
        .group_by(*row)
    )
    days = union_all(handed, owed_still).subquery("days")
    month = cast(func.date_trunc(literal_column("'month'"), cast(days.c.day, DateTime(timezone=False))), Date)
    sums = (cast(func.sum(days.c[name]), Integer) for name in ("on_time", "late", "missing"))
    query = select(days.c.region, days.c.kind, month, *sums).group_by(days.c.region, days.c.kind, month)
    return [HandedIn(region or NONE, *rest) for region, *rest in db.session.execute(query)]


def kinds() -> dict[str, str]:
    """What reports of each kind are called, in the order of the newest edition; older ones come last."""
    found: dict[str, str] = {}
    for edition in db.session.scalars(select(HandbookEdition).order_by(HandbookEdition.id.desc())):
        for one in edition.handbook.reports:
            found.setdefault(one.code, deadline_name(edition.handbook, one.code))
    return found


# -- activities -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Activities:
    """Activities of running projects by how far they are; `late` are those of them that should be done by today."""

    region: str
    done: int
    under_way: int
    not_started: int
    dropped: int
    late: int

    @property
    def number(self) -> int:
        return self.done + self.under_way + self.not_started + self.dropped


@keeping(Result, ActivityPlan, ActivityProgress)
def activities(viewer: User | None, filters: Filters) -> list[Activities]:
    """As `monitoring.planned` and `monitoring.standing` tell it of each; what a change took out is not among them."""
    # Late when its last month, counted from the start, has ended before today: when so many months have passed.
    columns = (Project.id, REGION.label("region"), _months_since(Project.starts_on).label("passed"))
    running = (
        projects(viewer, filters, *columns)
        .where(Project.status.in_(RUNNING))
        .cte("running")
        .prefix_with("MATERIALIZED")
    )
    # Three looks at one index or table each, by project; joined to each other, the activities would not fit in memory.
    per = (
        select(Result.project_id, func.count().label("number"))
        .where(Result.level == Level.ACTIVITY, Result.id.not_in(gone()))
        .group_by(Result.project_id)
        .subquery("per")
    )
    region, none = running.c.region.label("region"), literal(0)
    number, passed = cast(func.sum(per.c.number), Integer), ActivityPlan.last_month <= running.c.passed
    begun = func.count().filter(ActivityProgress.state != ActivityState.NOT_STARTED)
    moved = [func.count().filter(ActivityProgress.state == one) for one in MOVED]
    ended = exists().where(ActivityProgress.result_id == ActivityPlan.result_id, ActivityProgress.state.in_(ENDED))
    arms = (
        select(
            region, number.label("number"), none.label("begun"), *(none.label(one) for one in MOVED), none.label("late")
        )
        .join_from(running, per, per.c.project_id == running.c.id)
        .group_by(region),
        select(region, none, begun, *moved, none)
        .join_from(running, ActivityProgress, ActivityProgress.project_id == running.c.id)
        .where(ActivityProgress.result_id.not_in(gone()))
        .group_by(region),
        select(region, none, none, *(none for _one in MOVED), func.count())
        .join_from(running, ActivityPlan, and_(ActivityPlan.project_id == running.c.id, passed))
        .where(~ended, ActivityPlan.result_id.not_in(gone()))
        .group_by(region),
    )
    found = union_all(*arms).subquery("found")
    query = select(found.c.region, *(cast(func.sum(one), Integer) for one in list(found.c)[1:])).group_by(
        found.c.region
    )
    return [
        Activities(region, done, under_way, number - begun, dropped, late)
        for region, number, begun, done, under_way, dropped, late in db.session.execute(query)
    ]


MOVED = (ActivityState.DONE, ActivityState.UNDER_WAY, ActivityState.DROPPED)
ENDED = (ActivityState.DONE, ActivityState.DROPPED)


def _months_since(day: Any) -> Any:
    """How many whole months after a day have begun by today: the most that can be added to it so that it has come.

    In a shorter month the last day stands for those it lacks: then nothing is ahead.
    """
    today = clock.today()
    so_far = (
        literal(today.year * 12 + today.month, Integer)
        - cast(extract("year", day), Integer) * 12
        - cast(extract("month", day), Integer)
    )
    if (today + timedelta(days=1)).day == 1:
        return so_far
    return so_far - case((extract("day", day) > today.day, 1), else_=0)


# -- what comes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coming:
    """Projects whose evaluation is due, and running ones that end soon."""

    region: str
    evaluations: int
    ending: int
    budget: Decimal
    """Of those that end soon."""


@keeping(Deadline)
def coming(viewer: User | None, filters: Filters) -> list[Coming]:
    today = clock.today()
    opened = has_come(func.coalesce(Deadline.from_on, Deadline.due_on))
    evaluated = (
        projects(viewer, filters, REGION, func.count(Project.id.distinct()), literal(0), literal(0))
        .join(Deadline, Deadline.project_id == Project.id)
        .where(Deadline.kind == EVALUATION, Deadline.is_open, opened, owes())
        .group_by(REGION)
    )
    ending = (
        projects(viewer, filters, REGION, literal(0), func.count(), func.sum(Project.budget_usd))
        .where(Project.status.in_(RUNNING), Project.ends_on.between(today, today + timedelta(days=SOON)))
        .group_by(REGION)
    )
    found: dict[str, Coming] = {}
    for region, evaluations, number, budget in db.session.execute(union_all(evaluated, ending)):
        known = found.get(region, Coming(region, 0, 0, Decimal(0)))
        found[region] = Coming(
            region, known.evaluations + evaluations, known.ending + number, known.budget + Decimal(budget)
        )
    return list(found.values())
