"""People on the command line: the first accounts and administrators, and help when nobody can sign in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask.cli import with_appcontext

from prima.db import db
from prima.errors import Refused
from prima.people import accounts, grants, queries
from prima.people import names as called
from prima.permissions import administrator
from prima.users import Role, Scope, User


@click.group("user")
def commands() -> None:
    """Accounts and roles. What the operator does here stands in the journal as the operator's."""


def one_change(work: Callable[..., Any]) -> Callable[..., Any]:
    """One command is one transaction; a refusal is a sentence and changes nothing."""

    @with_appcontext
    @wraps(work)
    def run(**values: Any) -> None:
        try:
            work(**values)
            db.session.commit()
        except Refused as refusal:
            db.session.rollback()
            raise click.ClickException(str(refusal)) from None

    return run


def known(email: str) -> User:
    user = queries.by_email(email) if "\0" not in email else None
    if user is None:
        raise click.ClickException(f"No account has the address {email}.")
    return user


def ask_password() -> str:
    """From a prompt, twice; or the first line of standard input when that is no terminal."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", type=str, hide_input=True, confirmation_prompt=True)
        return typed
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.ClickException("Give the password on standard input, or use --send-link.")
    return password


@commands.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The name colleagues know the person by.")
@click.option("--external", is_flag=True, help="Not staff: sees only the projects where the person has a part.")
@click.option("--send-link", is_flag=True, help="Ask no password: mail a link to choose one.")
@one_change
def create(email: str, name: str, external: bool, send_link: bool) -> None:
    """Make an account; the password comes from a prompt or from standard input."""
    accounts.address(email)
    password = "" if send_link else ask_password()
    user = accounts.create_user(actor=None, email=email, name=name, staff=not external, password=password)
    if send_link:
        accounts.send_password_link(user, actor=None)
    click.echo(f"{user.name}, {user.email}: the account is made. It holds no role yet: flask user grant.")


@commands.command("password")
@click.argument("email")
@one_change
def password(email: str) -> None:
    """Set a new password, from a prompt or from standard input; every session of the account ends."""
    user = known(email)
    accounts.change_password(user, actor=None, password=ask_password())
    click.echo(f"{user.name}, {user.email}: the new password is set.")


@commands.command("disable")
@click.argument("email")
@click.option("--reason", required=True, help="Stands in the record.")
@one_change
def disable(email: str, reason: str) -> None:
    """Close an account; its sessions end at once."""
    user = known(email)
    accounts.disable(user, actor=None, reason=reason)
    click.echo(f"{user.name}, {user.email}: the account is disabled.")


@commands.command("enable")
@click.argument("email")
@click.option("--reason", default="", help="Stands in the record.")
@one_change
def enable(email: str, reason: str) -> None:
    """Open a disabled account again."""
    user = known(email)
    accounts.enable(user, actor=None, reason=reason)
    click.echo(f"{user.name}, {user.email}: the account is enabled.")


@commands.command("grant")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role], case_sensitive=False))
@click.option("--at", "place", default="", help="An office (KEN, RO-NBO, HQ) or a region (NBO); else the organization.")
@click.option("--area", "areas", multiple=True, help="An area of work (MHD) of a specialist; repeat it for several.")
@click.option("--reason", required=True, help="Stands in the record.")
@click.option("--confirmed-by", "confirmer", default="", help="The active administrator who confirms a deciding role.")
@one_change
def grant(email: str, role: str, place: str, areas: tuple[str, ...], reason: str, confirmer: str) -> None:
    """Grant a role. A deciding one counts once an administrator has confirmed it, on a page or by --confirmed-by."""
    user = known(email)
    second = known(confirmer) if confirmer else None
    if second is not None and not (second.active and administrator(second, None)):
        raise click.ClickException(f"{second.email} is no active administrator.")
    scope, region, office = place_of(place)
    made = grants.grant_role(
        user,
        actor=None,
        role=Role(role),
        scope=scope,
        region_code=region,
        office_id=office,
        reason=reason,
        areas=[code.strip().upper() for code in areas],
        confirmed_by=second,
    )
    names = called.load()
    state = "waits for an administrator's confirmation" if made.waits_for_confirmation else "counts from now on"
    click.echo(f"{user.name}: {names.held(made)}, {names.place(made)}; {state}.")


def place_of(code: str) -> tuple[Scope, str | None, int | None]:
    """A scope by the code of an office or a region; without one, the organization."""
    code = code.strip().upper()
    if not code:
        return Scope.ORGANIZATION, None, None
    if office := queries.office_by_code(code):
        return Scope.OFFICE, None, office.id
    if queries.region(code):
        return Scope.REGION, code, None
    raise click.ClickException(f"{code} is neither an office (KEN, RO-NBO, HQ) nor a region (NBO).")


@commands.command("list")
@one_change
def listing() -> None:
    """All accounts, one line each: address, name, state, roles."""
    names = called.load()
    for user in queries.everybody():
        roles = [f"{names.held(one)} ({names.place(one)})" for one in user.grants if one.in_force]
        roles += [f"{names.held(one)} (to confirm)" for one in user.grants if one.waits_for_confirmation]
        state = "active" if user.active else "disabled"
        click.echo("\t".join([user.email, user.name, state, ", ".join(roles) or "no role"]))
