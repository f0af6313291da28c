"""The SQL twin of "who may see a project": every list of projects starts here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true

from prima import clock
from prima.places import OfficeLink
from prima.projects.models import Party, Project
from prima.projects.rights import OFFICE_ROLES, asked_as
from prima.projects.stages import CLOSE_HELD, Funding
from prima.users import Role, Scope, User


def region_link() -> ColumnElement[bool]:
    """Joins a project to the Regional Office of its management site on its start date (before activation: today)."""
    day = func.coalesce(Project.starts_on, clock.today())
    return and_(
        OfficeLink.office_id == Project.office_id,
        or_(OfficeLink.valid_from.is_(None), OfficeLink.valid_from <= day),
        or_(OfficeLink.valid_to.is_(None), OfficeLink.valid_to >= day),
    )


def may_see(user: User | None) -> ColumnElement[bool]:
    """A condition on Project; None is the operator, who sees everything."""
    if user is None:
        return true()
    if not user.active:
        return false()
    return or_(*([Project.status.not_in(CLOSE_HELD)] if user.staff else []), *_ways_inside(user))


def may_see_internal(user: User | None) -> ColumnElement[bool]:
    """A condition on Project: its internal parts too. The SQL twin of rights.INTERNALS."""
    if user is None:
        return true()
    return or_(*_ways_inside(user)) if user.active else false()


def _ways_inside(user: User) -> list[ColumnElement[bool]]:
    of_now = () if user.staff else (Party.until_at.is_(None),)
    ways: list[ColumnElement[bool]] = [
        Project.id.in_(select(Party.project_id).where(Party.user_id == user.id, *of_now)),
    ]
    held = [one for one in user.authorities(clock.today()) if one.role in OFFICE_ROLES]
    if offices := {one.office_id for one in held if one.scope is Scope.OFFICE}:
        ways.append(Project.office_id.in_(offices))
    if regions := {one.region_code for one in held if one.scope is Scope.REGION}:
        # The offices ever linked to the regions come first: the link of the day is asked of their projects alone.
        ever = select(OfficeLink.office_id).where(OfficeLink.region_code.in_(regions))
        linked = exists().where(region_link(), OfficeLink.region_code.in_(regions)).correlate(Project)
        ways.append(and_(Project.office_id.in_(ever), linked))
    if called := asked_as(user):
        ways.append(Project.asked_elsewhere.overlap(sorted(called)))
    if any(one.scope is Scope.ORGANIZATION and one.role in (Role.FUND, Role.DDG) for one in held):
        ways.append(Project.funding == Funding.FUND)
    return ways


def visible_projects(user: User | None, *columns: Any) -> Select[Any]:
    """`select(...)` over what the viewer may see: projects, or the given columns of them."""
    return select(*(columns or (Project,))).where(may_see(user))
