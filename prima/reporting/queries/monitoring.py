"""What was recorded while a project runs, for the pages of monitoring and for the reports that tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from prima.db import db
from prima.projects import queries as projects
from prima.projects.models import Indicator, Project
from prima.projects.stages import RUNNING, Status
from prima.reporting.calendar import FINAL
from prima.reporting.models import ActivityProgress, Deadline, IndicatorValue, Reached, Report, RiskReview
from prima.reporting.monitoring import Progress, live_indicators, progress, read


@dataclass(frozen=True)
class Measured:
    """An indicator of a running project with its values, newest first, and the one at hand if there is one."""

    project: Project
    indicator: Indicator
    values: list[IndicatorValue]
    value: IndicatorValue | None = None


def monitored(reference: str) -> Project | None:
    """A project that was activated, with what it is measured by."""
    found = projects.running(reference)
    return found if found and found.starts_on else None


def measured(reference: str, indicator: int, value: int | None = None) -> Measured | None:
    """`value` may be gone meanwhile."""
    project = monitored(reference)
    found = next((one for one in project.indicators if one.id == indicator), None) if project else None
    if project is None or found is None:
        return None
    values = values_of(project, [found.id])[found.id]
    return Measured(project, found, values, next((one for one in values if one.id == value), None))


def values_of(project: Project, indicator_ids: Iterable[int] | None = None) -> dict[int, list[IndicatorValue]]:
    """The values of the project's indicators (all, or those named), newest first; none for one without."""
    wanted = [one.id for one in project.indicators] if indicator_ids is None else list(indicator_ids)
    rows = db.session.scalars(
        select(IndicatorValue)
        .where(IndicatorValue.project_id == project.id, IndicatorValue.indicator_id.in_(wanted))
        .options(selectinload(IndicatorValue.parts), joinedload(IndicatorValue.saved_by))
        .order_by(IndicatorValue.on_day.desc())
    )
    found: dict[int, list[IndicatorValue]] = {number: [] for number in wanted}
    indicators = {one.id: one for one in project.indicators}
    for row in rows:
        set_committed_value(row, "indicator", indicators[row.indicator_id])
        found[row.indicator_id].append(row)
    return found


def values_in(project: Project, first: date, last: date) -> dict[int, Progress]:
    """Each indicator of the loaded project in a period (both days belong to it), by its id."""
    values, live = values_of(project), live_indicators(project)
    return {
        one.id: progress(one, [read(row) for row in values[one.id]], first, last)
        for one in project.indicators
        if one in live or values[one.id]
    }


def takes_records(project: Project) -> bool:
    """Whether what happens can still be recorded: while it runs, and while final reports are owed after its end."""
    if project.status in RUNNING:
        return True
    if project.status is not Status.CANCELLED:
        return False
    owed = exists().where(
        Deadline.project_id == project.id,
        Deadline.kind.in_(FINAL),
        Deadline.is_open,
        Deadline.fell_away_at.is_(None),
    )
    return bool(db.session.scalar(select(owed)))


def activity_progress(project: Project) -> dict[int, ActivityProgress]:
    """How far the activities are of which something was said, by the activity's id."""
    rows = db.session.scalars(
        select(ActivityProgress)
        .where(ActivityProgress.project_id == project.id)
        .options(joinedload(ActivityProgress.saved_by))
    )
    return {row.result_id: row for row in rows}


def risk_reviews(project: Project) -> dict[int, list[RiskReview]]:
    """The reviews of each risk, newest first; none for one without."""
    rows = db.session.scalars(
        select(RiskReview)
        .where(RiskReview.project_id == project.id)
        .options(joinedload(RiskReview.saved_by))
        .order_by(RiskReview.id.desc())
    )
    found: dict[int, list[RiskReview]] = {risk.id: [] for risk in project.risks}
    for row in rows:
        found.setdefault(row.risk_id, []).append(row)
    return found


def told_groups(project: Project) -> set[int]:
    """The groups of beneficiaries of which some report, also a draft, states a number."""
    return set(
        db.session.scalars(
            select(Reached.beneficiaries_id)
            .join(Report, Report.id == Reached.report_id)
            .join(Deadline, Deadline.id == Report.deadline_id)
            .where(Deadline.project_id == project.id)
            .distinct()
        )
    )
