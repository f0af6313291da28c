"""Making and revoking the private addresses of calendars."""

from __future__ import annotations

import secrets

from flask_babel import gettext as _
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.projects.models import Project
from prima.reporting import agenda
from prima.reporting.models import CalendarAddress, CalendarScope
from prima.sessions import hashed
from prima.users import User

MOST = 20
"""Addresses that a person has at once."""


def make_address(
    *, actor: User, scope: CalendarScope, project: str = "", region: str | None = None
) -> tuple[CalendarAddress, str]:
    """A new address of the actor's own, and its secret, which is nowhere kept."""
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update())
    if len(agenda.addresses_of(actor)) >= MOST:
        raise Refused(_("You have %(number)s addresses already. Revoke one that you no longer use.", number=MOST))
    token = secrets.token_urlsafe(32)
    made = CalendarAddress(user_id=actor.id, scope=scope, token_hash=hashed(token))
    if scope is CalendarScope.PROJECT:
        if not project.strip():
            raise Invalid("project", _("Please type the project ID or the reference."))
        found = agenda.project_called(actor, project)
        if found is None:
            raise Invalid("project", _("There is no project with this ID that you may see."))
        made.project_id = found.id
    elif scope is CalendarScope.REGION:
        if region is None or region not in dict(agenda.regions_of(actor)):
            raise Invalid("region", _("Please choose a Regional Office where you hold a role."))
        made.region_code = region
    db.session.add(made)
    db.session.flush()
    record(actor, "calendar address made", actor=actor, name=told(made))
    return made, token


def revoke(address: CalendarAddress, *, actor: User) -> None:
    """From now on nothing is read under the address."""
    if address.user_id != actor.id:
        raise Refused(_("Only who made an address revokes it."))
    if address.revoked_at is None:
        address.revoked_at = clock.now()
        record(actor, "calendar address revoked", actor=actor, name=told(address))


def told(address: CalendarAddress) -> str:
    """What the journal says of it: the scope, and of which project or region."""
    if address.project_id is not None:
        found = db.session.execute(
            select(Project.code, Project.reference).where(Project.id == address.project_id)
        ).one()
        return found.code or found.reference
    return address.region_code or str(CalendarScope(address.scope))
