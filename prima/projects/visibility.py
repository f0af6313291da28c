"""The SQL twin of "who may see a project": every list of projects starts here."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, exists, false, func, literal_column, or_, select, true

from prima import clock
from prima.places import OfficeLink
from prima.projects.models import Party, Project
from prima.projects.rights import OFFICE_ROLES, asked_as
from prima.projects.stages import CLOSE_HELD, Funding
from prima.users import Role, Scope, User


def region_link(project: Any = Project, today: Any = None) -> ColumnElement[bool]:
    """Joins a project to the Regional Office of its management site on its start date (before activation: today).

    `project` has the columns office_id and starts_on; `today` is said where a statement is kept for another day.
    """
    day = func.coalesce(project.starts_on, clock.today() if today is None else today)
    return and_(
        OfficeLink.office_id == project.office_id,
        or_(OfficeLink.valid_from.is_(None), OfficeLink.valid_from <= day),
        or_(OfficeLink.valid_to.is_(None), OfficeLink.valid_to >= day),
    )


@dataclass(frozen=True)
class Sight:
    """What of the portfolio an active person sees by where a project is, its status and its funding alone."""

    staff: bool
    offices: frozenset[int | None]
    regions: frozenset[str | None]
    fund: bool
    """Everything of the Fund."""
    held: bool = False
    """Of all that, only what is close-held (stages.CLOSE_HELD)."""


EVERY_STAFF = Sight(True, frozenset(), frozenset(), False)
"""What all staff see alike."""


def parted(seen: Sight) -> tuple[Sight, ...]:
    """The same in parts that have no project in common: most of what staff see is what all staff see."""
    if not seen.staff or seen == EVERY_STAFF:
        return (seen,)
    return EVERY_STAFF, replace(seen, staff=False, held=True)


def sight(user: User) -> Sight:
    held = [one for one in user.authorities(clock.today()) if one.role in OFFICE_ROLES]
    return Sight(
        user.staff,
        frozenset(one.office_id for one in held if one.scope is Scope.OFFICE),
        frozenset(one.region_code for one in held if one.scope is Scope.REGION),
        any(one.scope is Scope.ORGANIZATION and one.role in (Role.FUND, Role.DDG) for one in held),
    )


def may_see(user: User | None) -> ColumnElement[bool]:
    """A condition on Project; None is the operator, who sees everything."""
    if user is None:
        return true()
    if not user.active:
        return false()
    ways = [Project.id.in_(_own(user)), in_sight(sight(user))]
    if called := asked_as(user):
        ways.append(_asked(called))
    return or_(*ways)


def may_see_internal(user: User | None) -> ColumnElement[bool]:
    """A condition on Project: its internal parts too. The SQL twin of rights.INTERNALS."""
    if user is None:
        return true()
    if not user.active:
        return false()
    ways = [Project.id.in_(_own(user)), in_sight(replace(sight(user), staff=False))]
    if called := asked_as(user):
        ways.append(_asked(called))
    return or_(*ways)


def reads_of_places(user: User) -> bool:
    """Whether the internal parts of all projects of some office, region or the Fund are theirs to read."""
    seen = sight(user)
    return bool(seen.offices or seen.regions or seen.fund)


def in_sight(seen: Sight) -> ColumnElement[bool]:
    """A condition on Project; its twin on the totals of the portfolio is reporting.summary.visible."""
    ways: list[ColumnElement[bool]] = []
    if seen.staff:
        ways.append(Project.status.not_in(CLOSE_HELD))
    if seen.offices:
        ways.append(Project.office_id.in_(seen.offices))
    if seen.regions:
        # The offices ever linked to the regions come first: the link of the day is asked of their projects alone.
        ever = select(OfficeLink.office_id).where(OfficeLink.region_code.in_(seen.regions))
        linked = exists().where(region_link(), OfficeLink.region_code.in_(seen.regions)).correlate(Project)
        ways.append(and_(Project.office_id.in_(ever), linked))
    if seen.fund:
        ways.append(Project.funding == Funding.FUND)
    there = or_(false(), *ways)
    return and_(Project.status.in_(CLOSE_HELD), there) if seen.held else there


def told_apart(user: User) -> tuple[Hashable, ...]:
    """What decides what a person sees, but for the parts they have in projects: kept answers are named by it."""
    return user.id, user.active, sight(user), frozenset(asked_as(user))


def out_of_sight(user: User) -> Select[Any]:
    """The ids of the projects that the person sees for another reason: a part in them, or a clearance asked."""
    ids = _own(user).distinct()  # somebody may have several parts in one
    if called := asked_as(user):
        # Said twice, so that the index that leaves out who was never asked is found.
        # As a text: a plan that is made for all values cannot know that a value is what the index leaves out.
        is_somebody = Project.asked_elsewhere != literal_column("'{}'", ARRAY(Text))
        ids = ids.union(select(Project.id).where(is_somebody, _asked(called)))  # type: ignore[assignment]
    there = ids.subquery("there")
    return select(Project.id).join_from(there, Project, Project.id == there.c[0]).where(~in_sight(sight(user)))


def _own(user: User) -> Select[Any]:
    of_now = () if user.staff else (Party.until_at.is_(None),)
    return select(Party.project_id).where(Party.user_id == user.id, *of_now)


def _asked(called: Iterable[str]) -> ColumnElement[bool]:
    return Project.asked_elsewhere.overlap(sorted(called))


def visible_projects(user: User | None, *columns: Any) -> Select[Any]:
    """`select(...)` over what the viewer may see: projects, or the given columns of them."""
    return select(*(columns or (Project,))).where(may_see(user))
