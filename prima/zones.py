"""Where people read: the time zone of each, and when a morning is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytz
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from prima.places import Office, OfficeKind
from prima.users import Grant, Scope, User


def of_reader(user_id: Any) -> ColumnElement[str]:
    """The zone that somebody chose, or that of the office of the oldest role still held, or UTC."""
    chosen = select(func.nullif(User.time_zone, "")).where(User.id == user_id).scalar_subquery()
    return func.coalesce(chosen, _of_office(user_id), "UTC")


def of_account() -> ColumnElement[str]:
    """The same of accounts that are asked for: their choice stands beside what is asked."""
    return func.coalesce(func.nullif(User.time_zone, ""), _of_office(User.id), "UTC")


def of(session: Session, user_id: int) -> str:
    """What counts for somebody: their choice, or what their office keeps."""
    return known(session.scalar(select(of_reader(user_id))) or "UTC")


def of_office(session: Session, user_id: int) -> str:
    """What counts for somebody who chose none."""
    return known(session.scalar(select(_of_office(user_id))) or "UTC")


def _of_office(user_id: Any) -> Any:
    """One office is looked up, not all compared with every role: the sign-in of each page asks this."""
    office, grant = aliased(Office), aliased(Grant)
    there = select(office.time_zone)
    zone = case(
        (grant.scope == Scope.OFFICE, there.where(office.id == grant.office_id).scalar_subquery()),
        (grant.scope == Scope.REGION, there.where(office.code == "RO-" + grant.region_code).scalar_subquery()),
        else_=there.where(office.kind == OfficeKind.HEADQUARTERS).order_by(office.id).limit(1).scalar_subquery(),
    )
    held = (grant.user_id == user_id, grant.revoked_at.is_(None))
    return select(zone).where(*held).order_by(grant.id).limit(1).scalar_subquery()


@cache
def names() -> frozenset[str]:
    """Those that both know who write moments: Python's own for letters, Flask-Babel's for pages."""
    return frozenset(available_timezones()).intersection(pytz.all_timezones)


def known(zone: str) -> str:
    """A zone that this machine knows; UTC in place of one whose name has gone."""
    return zone if zone in names() else "UTC"


def morning(on: date, zone: str, hour: int) -> datetime:
    """The hour of a local day as a moment.

    Every day has exactly one: an hour that the clocks leave out comes as much later, one that comes twice is the first.
    """
    return datetime.combine(on, time(hour), ZoneInfo(zone)).astimezone(UTC)
