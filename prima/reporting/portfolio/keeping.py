"""What answers about chosen projects depend on, so that they can be kept (prima.kept): who asks, when, which tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from prima import clock, kept
from prima.db import Model, db
from prima.lists import StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import (
    ALLOCATIONS,
    Coverage,
    Dimension,
    Extension,
    GovernanceMark,
    Milestone,
    Party,
    Project,
    SdgMark,
    ThemeMark,
)
from prima.projects.rights import asked_as
from prima.projects.visibility import Sight, out_of_sight, sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.filters import Filters
from prima.reporting.summary import SOURCES
from prima.users import User

Tables = tuple[type[Model], ...]
TABLES: Mapping[str, Tables] = {
    "stage": (StatusName,),
    "office": (Office,),
    "country": (Coverage,),
    "area": (ALLOCATIONS[Dimension.AREA],),
    "activity": (ALLOCATIONS[Dimension.ACTIVITY],),
    "overdue": (Deadline, Office),
    "sdg": (SdgMark,),
    "migof": (GovernanceMark,),
    "theme": (ThemeMark,),
    "person": (Party, User),
    "extended": (Extension,),
    "evaluation": (Deadline,),
    "milestones": (Milestone,),
    "due": (Deadline,),
}
"""What filters read beside the projects, and the links of offices to regions."""
UNKEPT = frozenset({"q", "bookmarked"})
"""What these choose changes without being noted, or is the viewer's own."""
QUARTER = 900
"""Seconds."""


def tables(filters: Filters) -> Tables | None:
    """What an answer to these filters is read from; None where it must not be kept."""
    asked = filters.args()
    if UNKEPT & asked.keys():
        return None
    return (Project, OfficeLink, *dict.fromkeys(table for name in asked for table in TABLES.get(name, ())))


def uses(filters: Filters) -> Tables | None:
    """The same with what the totals are made of."""
    found = tables(filters)
    return found and tuple(dict.fromkeys((*SOURCES, *found)))


def moment() -> Hashable:
    """What a condition on days depends on: a day ends at the offices of the world at quarters of an hour."""
    return clock.today(), clock.fixed_day() or clock.now().timestamp() // QUARTER


def whose(viewer: User | None) -> Hashable:
    """Whatever of a viewer decides what they see."""
    return viewer and (viewer.id, viewer.active, sight(viewer), frozenset(asked_as(viewer)))


def sight_of(viewer: User | None) -> tuple[Sight | None, tuple[int, ...]]:
    """Of an active viewer, what together decides which projects are seen; None, and nothing beside, of the operator."""
    return (None, ()) if viewer is None else (sight(viewer), beside(viewer))


def beside(viewer: User) -> tuple[int, ...]:
    """The ids of the projects that the viewer sees for another reason than where they are, what they are and whose."""
    called: Any = frozenset(asked_as(viewer))
    name = ("beside", viewer.id, sight(viewer), called)
    return kept.answer(
        name, (Project, Party, OfficeLink), lambda: tuple(sorted(db.session.scalars(out_of_sight(viewer))))
    )
