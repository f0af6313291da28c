"""Figures of the chosen projects, kept until what they were read from changes (prima.kept)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask_babel import get_locale

from prima import clock, kept
from prima.db import Model
from prima.lists import RegionalOffice, StatusName
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
from prima.projects.visibility import told_apart
from prima.reporting.models import Deadline
from prima.reporting.portfolio.filters import Filters
from prima.users import User

ALWAYS: tuple[type[Model], ...] = (Project, Party, Office, OfficeLink, RegionalOffice)
"""What tells which projects are chosen, and in which region they are."""
FILTERED: dict[str, type[Model]] = {
    "stage": StatusName,
    "country": Coverage,
    "area": ALLOCATIONS[Dimension.AREA],
    "activity": ALLOCATIONS[Dimension.ACTIVITY],
    "overdue": Deadline,
    "sdg": SdgMark,
    "migof": GovernanceMark,
    "theme": ThemeMark,
    "person": User,
    "extended": Extension,
    "evaluation": Deadline,
    "milestones": Milestone,
    "due": Deadline,
}
"""What each filter reads beside those."""
LIVE = frozenset({"q", "bookmarked"})
"""Filters by words and bookmarks, whose changes nobody notes."""
QUARTER = 15
"""Minutes in which no day begins anywhere: the clocks of all time zones are quarters of an hour apart."""
Rest = ParamSpec("Rest")
Made = TypeVar("Made")
Asking = Callable[Concatenate[User | None, Filters, Rest], Made]


def keeping(*uses: type[Model]) -> Callable[[Asking[Rest, Made]], Asking[Rest, Made]]:
    """Keep what a function of the viewer, the filters and more makes of tables that are always these."""

    def of(make: Asking[Rest, Made]) -> Asking[Rest, Made]:
        @wraps(make)
        def ask(viewer: User | None, filters: Filters, *args: Rest.args, **named: Rest.kwargs) -> Made:
            about = (make.__module__, make.__qualname__, *args, *sorted(named.items()))
            return keep(viewer, filters, about, uses, lambda: make(viewer, filters, *args, **named))

        return ask

    return of


def keep(
    viewer: User | None, filters: Filters, about: Hashable, uses: Iterable[type[Model]], make: Callable[[], Made]
) -> Made:
    """What `make` reads of the chosen projects and the tables `uses`, kept for a quarter of an hour at most.

    `about` is what is asked beside who asks and the filters. What is kept belongs to many and must not be changed.
    """
    set_ones = filters.args()
    if viewer is None or LIVE.intersection(set_ones):
        return make()
    besides = {FILTERED[one] for one in FILTERED if one in set_ones}
    tables = sorted({*ALWAYS, *besides, *uses}, key=lambda one: one.__tablename__)
    return kept.answer((about, filters, told_apart(viewer), str(get_locale()), _quarter()), tables, make)


def _quarter() -> Any:
    now = clock.now()
    return now.replace(minute=now.minute // QUARTER * QUARTER, second=0, microsecond=0)
