"""What answers about chosen projects depend on, so that they can be kept (prima.kept): who asks, when, which tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask_babel import get_locale

from prima import clock, kept
from prima.db import Model, db
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
from prima.projects.rights import asked_as
from prima.projects.visibility import Sight, out_of_sight, parted, sight, told_apart
from prima.reporting.models import AreaByActivity, Deadline, Unmarked
from prima.reporting.portfolio.filters import Filters
from prima.reporting.summary import SOURCES
from prima.users import User

Tables = tuple[type[Model], ...]
Rest = ParamSpec("Rest")
Made = TypeVar("Made")
Asking = Callable[Concatenate[User | None, Filters, Rest], Made]
TABLES: Mapping[str, Tables] = {
    "stage": (StatusName,),
    "office": (Office,),
    "region": (Office,),
    "country": (Coverage,),
    "area": (ALLOCATIONS[Dimension.AREA], AreaByActivity),
    "activity": (ALLOCATIONS[Dimension.ACTIVITY], AreaByActivity),
    "overdue": (Deadline, Office),
    "sdg": (SdgMark, Unmarked),
    "migof": (GovernanceMark, Unmarked),
    "theme": (ThemeMark, Unmarked),
    "person": (Party, User),
    "extended": (Extension,),
    "evaluation": (Deadline,),
    "milestones": (Milestone, Office),
    "due": (Deadline,),
}
"""What filters read beside the projects, and the links of offices to regions. What triggers keep beside a table is
not noted: it changes with the table."""
UNKEPT = frozenset({"q", "bookmarked"})
"""What these choose changes without being noted, or is the viewer's own."""
CHOSEN: Tables = (Project, Party, Office, OfficeLink, RegionalOffice)
"""What tells which projects are chosen, and in which region they are."""
QUARTER = 900
"""Seconds in which no day begins anywhere: the clocks of all time zones are quarters of an hour apart."""


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
    return viewer and told_apart(viewer)


def sight_of(viewer: User | None) -> tuple[Sight | None, tuple[int, ...]]:
    """Of an active viewer, what together decides which projects are seen; None, and nothing beside, of the operator."""
    return (None, ()) if viewer is None else (sight(viewer), beside(viewer))


def parts(seen: Sight | None) -> tuple[Sight | None, ...]:
    """What figures are worked out of one by one and then added up: the most of it is the same for many."""
    return (None,) if seen is None else parted(seen)


def beside(viewer: User) -> tuple[int, ...]:
    """The ids of the projects that the viewer sees for another reason than where they are, what they are and whose."""
    called: Any = frozenset(asked_as(viewer))
    name = ("beside", viewer.id, sight(viewer), called)
    return kept.answer(
        name, (Project, Party, OfficeLink), lambda: tuple(sorted(db.session.scalars(out_of_sight(viewer))))
    )


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
    read = tables(filters)
    if viewer is None or read is None:
        return make()
    named = sorted({*CHOSEN, *read, *uses}, key=lambda one: one.__tablename__)
    return kept.answer((about, filters, whose(viewer), str(get_locale()), moment()), named, make)
