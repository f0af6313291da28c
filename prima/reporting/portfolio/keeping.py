"""What kept answers about chosen projects are read from, and what of them belongs to one viewer alone."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from prima import clock, kept
from prima.db import Model, db
from prima.places import OfficeLink
from prima.projects.models import Extension, Milestone, Party, Project, ThemeMark
from prima.projects.rights import asked_as
from prima.projects.visibility import Sight, out_of_sight, sight
from prima.reporting.models import Deadline
from prima.reporting.portfolio.filters import Filters
from prima.reporting.summary import SOURCES
from prima.users import User

READ: dict[str, tuple[type[Model], ...]] = {
    "overdue": (Deadline,),
    "evaluation": (Deadline,),
    "due": (Deadline,),
    "extended": (Extension,),
    "milestones": (Milestone,),
    "theme": (ThemeMark,),
    "person": (Party, User),
}
"""By filter, the tables that it reads beside those of every sum."""
UNKEPT = ("q", "bookmarked")
"""Filters that read what nobody notes the change of, or what is the viewer's own."""
Table = type[Model]


def uses(filters: Filters) -> tuple[Table, ...] | None:
    """The tables that say which projects the filters choose; None where an answer about them cannot be kept."""
    if any(getattr(filters, name) for name in UNKEPT):
        return None
    return (*SOURCES, *(table for name, tables in READ.items() if getattr(filters, name) for table in tables))


def at() -> Hashable:
    """Of what depends on the day at an office, when it is: a day begins on a quarter of an hour, wherever it is."""
    if clock.fixed_day() is not None:
        return None
    now = clock.now()
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


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
