"""Everybody who holds a role over a place today, in their own name or standing in for somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import selectinload

from prima import clock
from prima.db import db
from prima.users import Delegation, Grant, Role, Scope, User


def rights_of_user() -> tuple[Any, ...]:
    """What is asked of a person who may decide: own grants, and those lent by absent colleagues."""
    return (
        selectinload(User.grants),
        selectinload(User.stands_in_for).joinedload(Delegation.absent).joinedload(User.grants),
    )


def holders(
    roles: Iterable[Role],
    *,
    office_id: int,
    region_code: str | None,
    beside: Collection[int] = (),
    elsewhere: Collection[str] = (),
) -> list[User]:
    """Everybody active who holds one of the roles there, or stands in for such a person.

    `beside` are further ids; `elsewhere` are codes of further Regional Offices at which the roles count.
    """
    day = clock.today()
    places: list[ColumnElement[bool]] = [Grant.scope == Scope.ORGANIZATION]
    places.append(and_(Grant.scope == Scope.OFFICE, Grant.office_id == office_id))
    if regions := {*elsewhere, *([region_code] if region_code else [])}:
        places.append(and_(Grant.scope == Scope.REGION, Grant.region_code.in_(regions)))
    granted = select(Grant.user_id).where(Grant.role.in_(set(roles)), Grant.revoked_at.is_(None), or_(*places))
    lent = select(Delegation.delegate_id).where(
        Delegation.absent_id.in_(granted),
        Delegation.ended_at.is_(None),
        Delegation.from_on <= day,
        Delegation.until_on >= day,
    )
    return list(
        db.session.scalars(
            select(User)
            .where(User.active, or_(User.id.in_(granted), User.id.in_(lent), User.id.in_(beside)))
            .options(*rights_of_user())
            .order_by(User.sort_key, User.id)
        )
    )
