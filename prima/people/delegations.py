"""Standing in: while somebody is away, a colleague uses the roles that the absent person holds."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from prima import clock
from prima.db import db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.people import queries
from prima.permissions import administrator
from prima.users import TEAM_ROLES, Delegation, Role, User

NOT_LENT = frozenset({Role.ADMIN, *TEAM_ROLES, Role.EVAL})
"""What rests with the person: accounts are kept in one's own name, and a project names its own alternate."""


def delegate(
    absent: User,
    *,
    actor: User,
    delegate: User | None,
    from_on: date,
    until_on: date,
    role: Role | None = None,
    reason: str = "",
) -> Delegation:
    """Let a colleague act for the absent person on the days given, in one role or in all of them.

    The absent person makes it, or, with a reason, an administrator (never in favour of themselves).
    """
    own = actor.id == absent.id
    if not own and not administrator(actor, None):
        raise Refused(_("Only the absent person or an administrator can do this."))
    if delegate is None:
        raise Invalid("email", _("Nobody has this address here. Check it with your colleague."))
    if delegate.id == absent.id:
        raise Invalid("email", _("Name a colleague: nobody stands in for themselves."))
    if delegate.id == actor.id:
        raise Invalid("email", _("You cannot let yourself stand in. Another administrator can."))
    if not delegate.staff:
        raise Invalid("email", _("%(name)s is not staff. Name a colleague.", name=delegate.name))
    if not delegate.active:
        raise Invalid("email", _("The account of %(name)s is disabled. Name somebody else.", name=delegate.name))
    if from_on < clock.today():
        raise Invalid("from_on", _("Standing in cannot begin in the past. Use today or a later day."))
    if until_on < from_on:
        raise Invalid("until_on", _("The last day is before the first one."))
    if not own and not reason.strip():
        raise Invalid("reason", _("Please say why you do this in place of the absent person."))
    absent = queries.locked(absent)
    if not absent.active:
        raise Refused(_("The account of %(name)s is disabled.", name=absent.name))
    if role is not None and role not in lent(absent):
        raise Invalid("role", _("%(name)s does not hold this role.", name=absent.name))
    if role is None and not lent(absent):
        raise Refused(_("%(name)s holds no role in which a colleague could stand in.", name=absent.name))
    made = Delegation(
        absent=absent,
        delegate=delegate,
        role=role,
        from_on=from_on,
        until_on=until_on,
        reason=reason,
        made_by=actor,
    )
    db.session.add(made)
    db.session.flush()
    record(
        absent,
        "delegation made",
        actor=actor,
        delegation=made.id,
        delegate=delegate.id,
        name=delegate.name,
        role=role,
        from_on=from_on,
        until_on=until_on,
        reason=reason,
    )
    return made


def end_delegation(delegation: Delegation, *, actor: User) -> None:
    """End it at once: the absent person is back, or an administrator says so."""
    if actor.id != delegation.absent_id and not administrator(actor, None):
        raise Refused(_("Only the absent person or an administrator can do this."))
    absent = queries.locked(delegation.absent)
    db.session.refresh(delegation, ["ended_at"])
    if delegation.ended_at is not None:
        raise Refused(_("This was ended already."))
    delegation.ended_at = clock.now()
    record(
        absent,
        "delegation ended",
        actor=actor,
        delegation=delegation.id,
        delegate=delegation.delegate_id,
        name=delegation.delegate.name,
    )


def lent(absent: User) -> list[Role]:
    """The roles in which a colleague can stand in for the person, each once."""
    held = (grant.role for grant in absent.grants if grant.in_force and grant.role not in NOT_LENT)
    return list(dict.fromkeys(held))
