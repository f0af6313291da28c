"""The traffic lights in the sheet of projects, judged as on the project page and asked for within its question."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Text, case, cast, func, literal, null, select

from prima import clock
from prima.languages import ENGLISH, speaking
from prima.places import Office
from prima.projects.models import ActivityPlan, Indicator, Milestone, Project, Result, Risk
from prima.projects.stages import RUNNING
from prima.reporting.exports.columns import Asked, Field
from prima.reporting.lights import WORDS, Period, figures, lights
from prima.reporting.queries.lights import asked_of, read

SAYS = "On track, watch, act, or not known; blank where the project does not run. "
BY = {
    "Light of schedule": "By what should be done by today, and is not.",
    "Light of results": "By the indicators' way to their targets, beside the time that has passed.",
    "Light of money": "By the budget spent, beside the time that has passed.",
    "Light of risk": "By the highest risk that is not closed.",
}
FIRST = next(iter(BY))
PLAN: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (Result, (Result.id, Result.parent_id, Result.level, Result.position, Result.retired_on)),
    (ActivityPlan, (ActivityPlan.result_id, ActivityPlan.months)),
    (Milestone, (Milestone.planned_on, Milestone.done_on)),
    (
        Indicator,
        (
            Indicator.id, Indicator.result_id, Indicator.retired_on, Indicator.measure, Indicator.counting,
            Indicator.baseline_value, Indicator.target_value, Indicator.target,
        ),
    ),
    (Risk, (Risk.id, Risk.consequence_code, Risk.likelihood_code)),
)  # fmt: skip
"""What is planned, as the lights take it: of each table the columns that they look at."""


def fields() -> list[Field]:
    """As everywhere, the light of risk is for those who may read of risks."""
    return [Field(name, null(), SAYS + says, internal=name == "Light of risk") for name, says in BY.items()]


def more(asked: Asked) -> tuple[Any, ...]:
    """What `judge` takes of a project; of one that does not run nothing is looked up."""
    runs = Project.status.in_(RUNNING) & Project.starts_on.is_not(None) & Project.ends_on.is_not(None)
    parts = [*(_planned(model, columns) for model, columns in PLAN), *asked_of(Project.id)]
    return (
        case((runs, cast(func.jsonb_build_array(*parts), Text))),
        Project.edition_id,
        Office.time_zone,
        Project.starts_on,
        Project.ends_on,
        Project.budget,
        literal(True) if asked.viewer is None else asked.inside,
    )


def _planned(model: Any, columns: Sequence[Any]) -> Any:
    rows = select(func.jsonb_agg(func.jsonb_build_array(*columns))).where(model.project_id == Project.id)
    return rows.correlate(Project).scalar_subquery()


def judge(asked: Asked) -> Callable[[Sequence[Any]], list[str | None]]:
    """From what `more` gave to the lights in words, in the order of the fields that the reader gets."""
    with speaking(ENGLISH):
        words = {tone: str(word) for tone, word in WORDS.items()}
    number = len(asked.visible(fields()))
    blank: list[str | None] = [None] * number
    todays: dict[str, date] = {}

    def read_row(row: Sequence[Any]) -> list[str | None]:
        found, edition, zone, starts_on, ends_on, budget, inside = row
        rules = asked.lights.get(edition)
        if found is None or rules is None:
            return blank
        today = todays.get(zone) or todays.setdefault(zone, clock.today_at(zone))
        parts = json.loads(found, parse_float=Decimal)
        project = _project(parts[: len(PLAN)], starts_on, budget)
        judged = figures(project, read(parts[len(PLAN) :], ends_on), today)
        period = Period(starts_on, ends_on, today, asked.editions[edition].deadlines.monitoring_every_months)
        said = [words[one.tone] for one in lights(judged, rules, period, internal=inside)]
        return [*said, *blank][:number]

    return read_row


def _project(parts: Sequence[Any], starts_on: date, budget: Decimal) -> SimpleNamespace:
    """The project as the page has it loaded, with what the lights look at."""
    results, plans, milestones, indicators, risks = (part or [] for part in parts)
    return SimpleNamespace(
        starts_on=starts_on,
        budget=budget,
        results=[
            SimpleNamespace(
                id=id, parent_id=parent, level=level, position=position, retired_on=_day(retired_on), text="",
                assumption="",
            )
            for id, parent, level, position, retired_on in results
        ],
        plans=[SimpleNamespace(result_id=result, months=months) for result, months in plans],
        milestones=[SimpleNamespace(planned_on=_day(planned), done_on=_day(done)) for planned, done in milestones],
        indicators=[
            SimpleNamespace(
                id=id, result_id=result, retired_on=_day(retired_on), measure=measure, counting=counting,
                baseline_value=_exact(baseline), target_value=_exact(goal), target=target,
            )
            for id, result, retired_on, measure, counting, baseline, goal, target in indicators
        ],
        risks=[
            SimpleNamespace(id=id, consequence_code=grave, likelihood_code=likely) for id, grave, likely in risks
        ],
    )  # fmt: skip


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _exact(figure: Any) -> Decimal | None:
    return None if figure is None else Decimal(figure)
