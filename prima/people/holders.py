"""Everybody who holds a role over a place today, in their own name or standing in for somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, Select, Text, and_, any_, bindparam, cast, or_, select
from sqlalchemy.orm import selectinload

from prima import clock
from prima.db import db
from prima.trees import as_text, parsed, tree_of
from prima.users import Delegation, Grant, Role, Scope, User

RIGHTS = ("grants", "stands_in_for.absent.grants")
"""As rights_of_user, by the names of relations."""


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
    regions = {*elsewhere, *([region_code] if region_code else [])}
    values = {
        "roles": sorted(set(roles)),
        "office": office_id,
        "regions": sorted(regions),
        "beside": sorted(beside),
        "today": clock.today(),
    }
    tree, session = tree_of(User, *RIGHTS), db.session()
    return [tree.stand(session, parsed(text)) for (text,) in session.execute(_asked(), values)]


@cache
def _asked() -> Select[Any]:
    """The people, each with their rights, in one question."""
    table, day = User.__table__, bindparam("today", type_=Date)
    places = or_(
        Grant.scope == Scope.ORGANIZATION,
        and_(Grant.scope == Scope.OFFICE, Grant.office_id == bindparam("office")),
        and_(Grant.scope == Scope.REGION, Grant.region_code == any_(bindparam("regions", type_=ARRAY(Text)))),
    )
    in_the_role = cast(Grant.role, Text) == any_(bindparam("roles", type_=ARRAY(Text)))
    granted = select(Grant.user_id).where(in_the_role, Grant.revoked_at.is_(None), places)
    lent = select(Delegation.delegate_id).where(
        Delegation.absent_id.in_(granted),
        Delegation.ended_at.is_(None),
        Delegation.from_on <= day,
        Delegation.until_on >= day,
    )
    here = table.c.id == any_(bindparam("beside", type_=ARRAY(BigInteger)))
    return (
        select(as_text(tree_of(User, *RIGHTS).row(table)))
        .where(table.c.active, or_(table.c.id.in_(granted), table.c.id.in_(lent), here))
        .order_by(table.c.sort_key, table.c.id)
    )
