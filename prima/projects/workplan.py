"""The workplan as it is read: the matrix from its outcomes down to its activities, each with months and party."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from prima import gantt
from prima.projects.numbering import numbered

OBJECTIVE, ACTIVITY = "objective", "activity"


@dataclass(frozen=True)
class Line:
    """An outcome, an output, or an activity with its plan; `activity`, `responsible` and `months` as a snapshot has."""

    number: str
    level: str
    depth: int
    activity: str
    id: int | None = None
    responsible: str = ""
    months: tuple[int, ...] = ()

    @property
    def is_activity(self) -> bool:
        return self.level == ACTIVITY

    def beyond(self, planned: int | None) -> list[int]:
        """Its months after the planned end."""
        return [month for month in self.months if planned and month > planned]


def live(project: Any) -> list[Line]:
    """The workplan of a loaded project."""
    plans = {plan.result_id: plan for plan in project.plans}
    found = []
    for one in numbered(project.results):
        if one.level == OBJECTIVE:
            continue
        plan = plans.get(one.id)
        responsible, months = (plan.responsible, tuple(plan.months)) if plan else ("", ())
        found.append(Line(one.number, one.level, one.depth, one.text, one.id, responsible, months))
    return found


def frozen(results: Iterable[Mapping[str, Any]], plans: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The workplan of a snapshot, whose plans name their activity by its text."""
    waiting: dict[str, deque[Mapping[str, Any]]] = defaultdict(deque)
    for plan in plans:
        waiting[plan["activity"]].append(plan)
    found = []
    for one in results:
        if one["level"] == OBJECTIVE:
            continue
        own = waiting[one["text"]] if one["level"] == ACTIVITY else None
        plan = own.popleft() if own else {"responsible": "", "months": ()}
        depth = one["number"].count(".")
        months = tuple(plan["months"])
        found.append(Line(one["number"], one["level"], depth, one["text"], None, plan["responsible"], months))
    return found


def drawing(
    lines: Sequence[Line],
    planned: int | None,
    *,
    starts_on: date | None = None,
    milestones: Iterable[Any] = (),
    today: date | None = None,
) -> gantt.Drawing | None:
    """The lines as bars; milestones stand in it once the start is known. Nothing without an activity."""
    if not any(line.is_activity for line in lines):
        return None
    rows = [gantt.Task(line.number, line.activity, line.depth, line.months, line.is_activity) for line in lines]
    marks = [gantt.Mark(one.name, one.planned_on, one.done_on is not None) for one in milestones]
    return gantt.draw(rows, planned, starts_on=starts_on, marks=marks, today=today)
