"""Administrators and the operator: who may keep accounts, and the trace each of them leaves."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from prima import journal
from prima.db import db
from prima.errors import Refused
from prima.people import queries
from prima.permissions import administrator
from prima.users import User


def only_administrators(actor: User | None) -> None:
    """Raise Refused for anybody else; the operator (None) has the database anyway."""
    if actor is not None and not (actor.active and administrator(actor, None)):
        raise Refused(_("Only an administrator can do this."))


def record(user: User, event: str, *, actor: User | None, **data: Any) -> None:
    """Note in the journal of the account what an administrator, its owner or the operator did."""
    if actor is None:
        data["by"] = "operator"
    journal.record(user, event, actor=actor, **data)


def one_at_a_time() -> None:
    """Administrators are taken away one by one: two at once could each count on the other to stay."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("the last administrator", 0))))


def another_stays(user: User) -> None:
    """Raise Refused when the person is the last active administrator; asked under `one_at_a_time`."""
    if not queries.other_administrators(user):
        raise Refused(_("This is the last administrator. Make another one first."))
