"""Where people read: the time zone of each, and when a morning is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from prima.places import Office, OfficeKind
from prima.users import Grant, Scope, User


def of_reader(user_id: Any) -> ColumnElement[str]:
    """The zone that somebody chose, or that of the office of the oldest role still held, or UTC."""
    chosen = select(func.nullif(User.time_zone, "")).where(User.id == user_id).scalar_subquery()
    return func.coalesce(chosen, _of_office(user_id), "UTC")


def of(session: Session, user_id: int) -> str:
    """What counts for somebody: their choice, or what their office keeps."""
    return known(session.scalar(select(of_reader(user_id))) or "UTC")


def of_office(session: Session, user_id: int) -> str:
    """What counts for somebody who chose none."""
    return known(session.scalar(select(_of_office(user_id))) or "UTC")


def _of_office(user_id: Any) -> Any:
    office, grant = aliased(Office), aliased(Grant)
    place = or_(
        office.id == grant.office_id,
        office.code == "RO-" + grant.region_code,
        and_(grant.scope == Scope.ORGANIZATION, office.kind == OfficeKind.HEADQUARTERS),
    )
    return (
        select(office.time_zone)
        .select_from(grant)
        .join(office, place)
        .where(grant.user_id == user_id, grant.revoked_at.is_(None))
        .order_by(grant.id, office.id)
        .limit(1)
        .scalar_subquery()
    )


@cache
def names() -> frozenset[str]:
    return frozenset(available_timezones())


def known(zone: str) -> str:
    """A zone that this machine knows; UTC in place of one whose name has gone."""
    return zone if zone in names() else "UTC"


def morning(on: date, zone: str, hour: int) -> datetime:
    """The hour of a local day as a moment.

    Every day has exactly one: an hour that the clocks leave out comes as much later, one that comes twice is the first.
    """
    return datetime.combine(on, time(hour), ZoneInfo(zone)).astimezone(UTC)
