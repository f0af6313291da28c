"""Saying how far the activities are, and how the risks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from prima import clock
from prima.db import db
from prima.errors import Invalid
from prima.journal import record
from prima.projects.models import Project, Risk
from prima.projects.operations.drafting import last_writer
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.projects.rules.calls import day_at
from prima.reporting.models import ActivityProgress, ActivityState, RiskReview, RiskState
from prima.reporting.monitoring import live_activities
from prima.reporting.operations.monitoring import check_day, opened
from prima.reporting.queries.monitoring import activity_progress, risk_reviews
from prima.users import User

ACTIVITIES, RISKS = "activities reported", "risks reviewed"


# -- activities -------------------------------------------------------------------------------------------------------


def progress_of(project: Project) -> dict[int, ActivityProgress]:
    """Every activity that stands, with what was said of it; not started where nothing was."""
    said = activity_progress(project)
    return {
        one.id: said.get(one.id)
        or ActivityProgress(
            result_id=one.id, project_id=project.id, state=ActivityState.NOT_STARTED, done_on=None, note="", version=0
        )
        for one in live_activities(project)
    }


def values_of(one: ActivityProgress) -> dict[str, Any]:
    return {"state": one.state.value, "done_on": one.done_on, "note": one.note}


def report_activities(project_id: int, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Save how far activities are, a row each (`id` is the activity's); raises RowsConflict.

    What was typed for an activity that was taken out meanwhile is refused, not dropped.
    """
    project = opened(project_id, actor)
    stored = progress_of(project)
    for row in rows:
        if row.id not in stored and row.is_touched:
            raise Invalid(f"{row.name}-note", _("This activity was taken out meanwhile. Open the page again."))
        if row.values["done_on"] and row.is_touched:
            check_day(project, f"{row.name}-done_on", row.values["done_on"])
    mine = [row for row in rows if row.id in stored]
    changes = sort_out(mine, stored, values_of, who=last_writer(project, ACTIVITIES))
    if not changes.changed:
        return changes
    before = [[one.result_id, values_of(one)] for one, _row in changes.changed]
    for one, row in changes.changed:
        one.state, one.done_on, one.note = ActivityState(row.values["state"]), row.values["done_on"], row.values["note"]
        one.version += 1
        one.saved_at, one.saved_by_id = clock.now(), actor.id
        db.session.add(one)
    db.session.flush()
    after = [[one.result_id, row.values] for one, row in changes.changed]
    record(project, ACTIVITIES, actor=actor, before=before, after=after)
    return changes


# -- risks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How a risk stands by its newest review, else by the plan; `version` is the review's id."""

    version: int
    state: RiskState
    consequence_code: str | None
    likelihood_code: str | None
    note: str = ""


def standing_of(risk: Risk, newest: RiskReview | None) -> Standing:
    if newest is None:
        return Standing(0, RiskState.OPEN, risk.consequence_code, risk.likelihood_code)
    return Standing(
        newest.id,
        newest.state,
        newest.consequence_code or risk.consequence_code,
        newest.likelihood_code or risk.likelihood_code,
        newest.note,
    )


def values_of_risk(one: Standing) -> dict[str, Any]:
    """What people say of a risk; `same` is ticked where it was looked at and nothing changed."""
    return {
        "state": one.state.value,
        "consequence_code": one.consequence_code,
        "likelihood_code": one.likelihood_code,
        "note": one.note,
        "same": False,
    }


def review_risks(project_id: int, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Keep a review of each risk that changed, or was looked at and stands as before; raises RowsConflict."""
    project = opened(project_id, actor)
    reviews = risk_reviews(project)
    stored = {risk.id: standing_of(risk, next(iter(reviews[risk.id]), None)) for risk in project.risks}
    for row in rows:
        if row.id not in stored and row.is_touched:
            raise Invalid(f"{row.name}-note", _("This risk was removed meanwhile. Open the page again."))
    mine = [row for row in rows if row.id in stored]
    changes = sort_out(mine, stored, values_of_risk, who=last_writer(project, RISKS))
    today = day_at(project.office)
    for _standing, row in changes.changed:
        db.session.add(
            RiskReview(
                project_id=project.id,
                risk_id=row.id,
                on_day=today,
                state=RiskState(row.values["state"]),
                consequence_code=row.values["consequence_code"],
                likelihood_code=row.values["likelihood_code"],
                note=row.values["note"],
                saved_by_id=actor.id,
            )
        )
    if changes.changed:
        db.session.flush()
        record(project, RISKS, actor=actor, reviewed=[[row.id, row.values] for _standing, row in changes.changed])
    return changes
