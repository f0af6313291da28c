"""What happened to the demonstration's projects, gathered while they are built and then written into the journal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from prima import journal
from prima.db import Model
from prima.demonstration.days import on
from prima.projects.models import Project, Step
from prima.projects.stages import LIFECYCLE, Status
from prima.users import User


@dataclass(frozen=True)
class Event:
    at: datetime
    place: int
    """Of two events of one minute, the one that was noted first came first."""
    name: str
    actor: User | None
    data: dict[str, Any]


class Chronicle:
    """The events of every project, in whatever order they are told."""

    def __init__(self) -> None:
        self._events: dict[Project, list[Event]] = defaultdict(list)
        self._places = count()

    def note(self, project: Project, at: datetime, name: str, actor: User | None, /, **data: Any) -> None:
        self._events[project].append(Event(at, next(self._places), name, actor, data))

    def write(self) -> None:
        """Record everything, each project's events by their moments, with the clock standing on their day."""
        for project, events in self._events.items():
            for event in sorted(events, key=lambda event: (event.at, event.place)):
                with on(event.at.date()):
                    journal.record(project, event.name, actor=event.actor, **_keyed(event.data))

    def move(
        self, session: Session, project: Project, name: str, at: datetime, actor: User | None, note: str = ""
    ) -> Step:
        """Take a move of the life cycle on a past day: only such as the table of moves has."""
        move = LIFECYCLE.find(project.status, name)
        assert move is not None and (move.only is None or move.only(project)), f"{project.status}: {name}"
        source, target = project.status, Status(move.target)
        project.status, project.status_since, project.updated_at = target, at, at
        step = Step(
            project_id=project.id,
            move=name,
            source=source,
            target=target,
            actor_id=actor.id if actor else None,
            at=at,
            note=note,
        )
        session.add(step)
        self.note(project, at, "moved", actor, move=name, source=source, target=target, note=note)
        return step


def _keyed(data: dict[str, Any]) -> dict[str, Any]:
    """A row in an event is named by its key, which it did not have yet when the event was told."""
    return {name: value.id if isinstance(value, Model) else value for name, value in data.items()}  # type: ignore[attr-defined]
