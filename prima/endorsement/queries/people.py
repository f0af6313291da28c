"""Who may decide: people with their grants and delegations, and everybody who holds a role over a project."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, inspect, or_, select

from prima.db import db
from prima.endorsement import routing
from prima.endorsement.rights import seat_of, sitting
from prima.endorsement.routing import Stop
from prima.people import holders as people
from prima.people.holders import rights_of_user
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import Grant, Role, Scope, User


def people_again() -> None:
    """Read everybody in the session again, with grants and delegations as they are now.

    A row that is read afresh (`populate_existing`), as somebody's party or the author of a step, forgets its relations;
    permissions ask them of everybody who may decide.
    """
    ids: list[int] = [inspect(one).identity[0] for one in db.session.identity_map.values() if isinstance(one, User)]
    db.session.scalars(
        select(User).where(User.id.in_(ids)).options(*rights_of_user()).execution_options(populate_existing=True)
    ).all()


def known(user: User) -> User:
    """The person with grants and delegations loaded; read again only when something made the session forget them."""
    if not _is_known(user):
        people_again()
    return user


def people_known() -> dict[int, User]:
    """Everybody in the session whose grants and delegations are loaded, by id."""
    people = [one for one in db.session.identity_map.values() if isinstance(one, User) and _is_known(one)]
    return {one.id: one for one in people}


def _is_known(user: User) -> bool:
    return not {"id", "grants", "stands_in_for"} & inspect(user).unloaded


def holders(
    project: Project, roles: Iterable[Role], *, elsewhere: Iterable[str] = (), beside: Collection[int] = ()
) -> list[User]:
    """Everybody active who holds one of the roles over the project, or stands in for such a person today.

    `beside` are further ids.
    """
    return people.holders(
        roles,
        office_id=project.office_id,
        region_code=project.region_code,
        beside=beside,
        elsewhere=set(elsewhere),
    )


def seated(project: Project, asked: Sequence[Any], roles: Iterable[Role] = ()) -> list[User]:
    """Everybody who may sit on a seat asked (clearances, or stops of the routing), or holds one of `roles`."""
    wanted = {one.role for one in asked} | {one.fallback for one in asked if one.fallback} | set(roles)
    return holders(project, wanted, elsewhere={one.place for one in asked if one.place})


def is_vacant(project: Project, asked: Any, people: Iterable[User]) -> bool:
    """Whether nobody can sit there in the role itself."""
    seat = dataclasses.replace(seat_of(asked), fallen=False)
    return not any(sitting(user, project, seat) for user in people)


def judge(project: Project, newest: Any, people: Sequence[User] | None = None) -> None:
    """Tell the project which clearances its newest round asks, and each whether its seat has fallen.

    A given one too: whoever answered in place of a role that nobody holds may take it back. `people` are those of
    `seated`, where they have been read.
    """
    project.asked = list(newest.clearances) if newest else []
    if project.status is not Status.REVIEW:
        return
    if project.asked and people is None:
        people = seated(project, project.asked)
    project.seated = list(people or ())
    for one in project.asked:
        one.fallen = is_vacant(project, one, people or ())


def stops(
    project: Project,
    facts: Mapping[str, Any] | None,
    areas: Iterable[str],
    *,
    beside: Mapping[Role, Collection[str]] | None = None,
) -> list[Stop]:
    """The clearances that the proposal needs by its edition, with the thematic specialists there are in the region.

    `beside` are areas of work that count as a specialist's though there may be none any more, by role.
    """
    reviewers = project.edition.handbook.reviewers_for(project.funding.value, facts)
    by_area = {Role(one.role) for one in reviewers if one.areas}
    return routing.stops(
        reviewers,
        region_code=project.region_code,
        areas=sorted(areas),
        specialists=_joined(specialists(project, by_area), beside or {}) if by_area else {},
    )


def _joined(here: dict[Role, set[str]], beside: Mapping[Role, Collection[str]]) -> dict[Role, set[str]]:
    return {role: here.get(role, set()) | set(beside.get(role, ())) for role in here.keys() | beside.keys()}


def specialists(project: Project, roles: Iterable[Role]) -> dict[Role, set[str]]:
    """By role, the areas of work for which somebody active is a specialist over the project."""
    places = [Grant.scope == Scope.ORGANIZATION, Grant.office_id == project.office_id]
    if project.region_code:
        places.append(Grant.region_code == project.region_code)
    found: dict[Role, set[str]] = {}
    for role, areas in db.session.execute(
        select(Grant.role, Grant.areas)
        .join(User, User.id == Grant.user_id)
        .where(
            Grant.role.in_(set(roles)),
            Grant.revoked_at.is_(None),
            Grant.confirmed_at.is_not(None),
            func.cardinality(Grant.areas) > 0,
            User.active,
            or_(*places),
        )
    ):
        found.setdefault(role, set()).update(areas)
    return found


def who_may(people: Iterable[User], action: Action, subject: Any) -> list[User]:
    return [user for user in people if can(user, action, subject)]


def administrators() -> list[User]:
    granted = select(Grant.user_id).where(Grant.role == Role.ADMIN, Grant.revoked_at.is_(None))
    return list(db.session.scalars(select(User).where(User.active, User.id.in_(granted)).order_by(User.id)))


def colleague(email: str) -> User | None:
    """An active member of staff by e-mail address."""
    return db.session.scalar(
        select(User).where(User.email == email.strip().casefold(), User.active, User.staff).options(*rights_of_user())
    )


def may_be_named(project: Project) -> bool:
    """Whether the endorser names who clears for the office: no head of office may, being on the team or not there."""
    return not who_may(holders(project, {Role.COM}), Action.CLEAR_OFFICE, project)
