"""Who may decide: people with their grants and delegations, and everybody who holds a role over a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect, select

from prima.db import db
from prima.people import holders as people
from prima.people.holders import rights_of_user
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.users import Grant, Role, User


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
    if {"grants", "stands_in_for"} & inspect(user).unloaded:
        people_again()
    return user


def holders(project: Project, roles: Iterable[Role]) -> list[User]:
    """Everybody active who holds one of the roles over the project, or stands in for such a person today."""
    return people.holders(roles, office_id=project.office_id, region_code=project.region_code)


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
