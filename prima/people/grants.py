"""Roles: granted at a scope, confirmed by a second administrator where they decide, and revoked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from prima import clock
from prima.db import db
from prima.errors import Invalid, Refused
from prima.people import administrators, queries
from prima.people import names as called
from prima.users import CONFIRMED_BY_ANOTHER, Grant, Role, Scope, User


def grant_role(
    user: User,
    *,
    actor: User | None,
    role: Role,
    scope: Scope = Scope.ORGANIZATION,
    region_code: str | None = None,
    office_id: int | None = None,
    reason: str = "",
    areas: Iterable[str] = (),
    confirmed_by: User | None = None,
) -> Grant:
    """Give a role. A deciding one counts once a second administrator has confirmed it.

    `actor` is None for the operator, who gives a reason and may name the administrator who confirms. `areas` make a
    specialist of these areas of work, in a role that the Handbook chooses by them.
    """
    administrators.only_administrators(actor)
    if actor is not None and actor.id == user.id:
        raise Refused(_("Nobody grants a role to themselves. Another administrator can grant it to you."))
    if actor is None and not reason.strip():
        raise Invalid("reason", _("Please say why: it stands in the record."))
    if actor is not None and confirmed_by is not None:
        raise Refused(_("The second administrator confirms on a page of their own."))
    names = called.load()
    made = Grant(role=role, scope=scope, granted_by=actor, confirmed_by=None, areas=_areas(role, areas, names))
    _place(made, names, region_code, office_id)
    user = queries.locked(user)
    if not user.active:
        raise Refused(_("This account is disabled. Enable it first."))
    for there in user.grants:
        same = (there.role, there.scope, there.region_code, there.office_id)
        if there.revoked_at is None and same == (role, scope, made.region_code, made.office_id):
            raise _held_already(user, there, made, names)
    made.user = user
    db.session.add(made)
    db.session.flush()
    administrators.record(user, "role granted", actor=actor, reason=reason, **_told(made, names))
    if confirmed_by is not None and role in CONFIRMED_BY_ANOTHER:
        confirm_grant(made, actor=confirmed_by)
    elif actor is None and role is Role.ADMIN:
        made.confirmed_at = clock.now()  # the first administrators come from the operator, who stands in the journal
    return made


def confirm_grant(grant: Grant, *, actor: User) -> None:
    """A second administrator agrees: neither the one who granted the role nor the one who gets it."""
    administrators.only_administrators(actor)
    user = queries.locked(_person(grant))
    grant = next(one for one in user.grants if one.id == grant.id)  # as it stands under the lock
    if actor.id == user.id:
        raise Refused(_("Nobody confirms a role for themselves. Another administrator can."))
    if actor.id == grant.granted_by_id:
        raise Refused(_("You granted this role. A second administrator confirms it."))
    if not actor.active or not user.active:
        raise Refused(_("This account is disabled. Enable it first."))
    if not grant.waits_for_confirmation:
        raise Refused(_("This role no longer waits for confirmation."))
    grant.confirmed_by_id, grant.confirmed_at = actor.id, clock.now()
    administrators.record(user, "grant confirmed", actor=actor, **_told(grant, called.load()))


def revoke_grant(grant: Grant, *, actor: User | None, reason: str = "") -> None:
    """Take a role back; the row stays on record. The last administrator keeps the role."""
    administrators.only_administrators(actor)
    administrators.one_at_a_time()
    user = queries.locked(_person(grant))
    grant = next(one for one in user.grants if one.id == grant.id)  # as it stands under the lock
    if grant.revoked_at is not None:
        raise Refused(_("This role was revoked already."))
    others = [one for one in user.grants if one.role is Role.ADMIN and one.in_force and one.id != grant.id]
    if grant.role is Role.ADMIN and user.active and not others:
        administrators.another_stays(user)
    grant.revoked_at, grant.revoked_by_id = clock.now(), actor.id if actor else None
    administrators.record(user, "grant revoked", actor=actor, reason=reason, **_told(grant, called.load()))


def _place(grant: Grant, names: called.Names, region_code: str | None, office_id: int | None) -> None:
    """Set where the grant counts; raises Invalid when the place is missing or does not fit the role."""
    if grant.scope not in (fitting := names.scopes(grant.role)):
        words = {
            Scope.ORGANIZATION: _("for the whole organization"),
            Scope.REGION: _("at a Regional Office, for its region"),
            Scope.OFFICE: _("at one office"),
        }
        raise Invalid(
            "scope",
            _(
                "%(role)s is granted %(scopes)s.",
                role=names.role(grant.role),
                scopes=_(" or ").join(words[scope] for scope in fitting),
            ),
        )
    if grant.scope is Scope.REGION:
        if not region_code or queries.region(region_code) is None:
            raise Invalid("region_code", _("Please choose the Regional Office."))
        grant.region_code = region_code
    grant.office = queries.office(office_id) if grant.scope is Scope.OFFICE and office_id else None
    if grant.scope is Scope.OFFICE and grant.office is None:
        raise Invalid("office_id", _("Please choose the office."))
    grant.office_id = grant.office.id if grant.office else None


def _areas(role: Role, areas: Iterable[str], names: called.Names) -> list[str]:
    """The areas in the list's order; raises Invalid for one that it does not have, or a role that has none."""
    chosen = set(areas)
    if unknown := sorted(chosen - set(names.areas)):
        raise Invalid("areas", _("%(code)s is not an area of work of the list.", code=", ".join(unknown)[:100]))
    if chosen and role not in queries.roles_by_area():
        raise Invalid(
            "areas",
            _("%(role)s is not chosen by area of work. Please leave the areas out.", role=names.role(role)),
        )
    return [code for code in names.areas if code in chosen]


def _held_already(user: User, there: Grant, made: Grant, names: called.Names) -> Invalid:
    """Areas of a grant are never widened in place: each set of them is granted and confirmed as a whole."""
    if set(there.areas) == set(made.areas):
        return Invalid("role", _("%(name)s holds this role there already.", name=user.name))
    if there.areas:
        says = _(
            "%(name)s holds this role there already, for %(areas)s. Revoke that role first, then grant it for all the "
            "areas of work that are to count.",
            name=user.name,
            areas=names.areas_of(there.areas),
        )
    else:
        says = _(
            "%(name)s holds this role there already, for no area of work in particular. Revoke that role first, then "
            "grant it for the areas of work that are to count.",
            name=user.name,
        )
    return Invalid("areas", says)


def _person(grant: Grant) -> User:
    return db.session.get_one(User, grant.user_id)


def _told(grant: Grant, names: called.Names) -> dict[str, Any]:
    told = {"grant": grant.id, "role": grant.role, "scope": grant.scope, "at": names.place(grant)}
    return told | {"areas": list(grant.areas)} if grant.areas else told
