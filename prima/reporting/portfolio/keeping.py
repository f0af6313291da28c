"""What answers about chosen projects depend on, so that they can be kept (prima.kept): who asks, when, which tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from prima import clock
from prima.db import Model
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
from prima.projects.visibility import sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.filters import Filters
from prima.users import User


def whose(viewer: User | None) -> Hashable:
    """Whatever of a viewer decides what they see."""
    return viewer and (viewer.id, viewer.active, sight(viewer), frozenset(asked_as(viewer)))


QUARTER = 900
"""Seconds."""


def moment() -> Hashable:
    """What a condition on days depends on: a day ends at the offices of the world at quarters of an hour."""
    return clock.today(), clock.fixed_day() or clock.now().timestamp() // QUARTER


TABLES: Mapping[str, tuple[type[Model], ...]] = {
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
"""What these choose changes without being noted."""


def tables(filters: Filters) -> tuple[type[Model], ...] | None:
    """What an answer to these filters is read from; None where it must not be kept."""
    asked = filters.args()
    if UNKEPT & asked.keys():
        return None
    return (Project, OfficeLink, *dict.fromkeys(table for name in asked for table in TABLES.get(name, ())))
