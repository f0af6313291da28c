"""What waits for administrators: roles that a second one confirms."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from prima.desk import Duty
from prima.people import names as called
from prima.people import queries
from prima.permissions import Action, can
from prima.users import User


def duties(user: User) -> list[Duty]:
    if not can(user, Action.ADMINISTER):
        return []
    waiting = [one for one in queries.waiting_grants() if user.id not in (one.user_id, one.granted_by_id)]
    if not waiting:
        return []
    names = called.load()
    return [
        Duty(
            what=_("Confirm a role"),
            reference=one.user.name,
            title=names.held(one),
            place=names.place(one),
            url=url_for("grants.waiting"),
            since_on=one.granted_at.date(),
            since_at=one.granted_at,
        )
        for one in waiting
    ]
