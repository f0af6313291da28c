"""Accounts: made, mended, disabled and enabled; and how a password is changed or chosen anew."""

from __future__ import annotations

import secrets
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from prima import clock, passwords, postmaster, sessions
from prima.db import check_version, db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.outbox import queue
from prima.people import administrators, queries
from prima.permissions import administrator
from prima.users import Delegation, PasswordLink, User, folded

LINK_LASTS = timedelta(hours=1)
LINKS_AT_ONCE = 3
"""Letters with a link that anybody can have sent to an account within the hour that a link lasts."""
LINK_PATH = "/new-password/{token}"
PASSWORD_LINK = "password link"
"""The kind of the letter that holds it."""


def address(text: str, field: str = "email") -> str:
    """An e-mail address as accounts keep it; raises Invalid when mail could not be sent to it."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Invalid(field, _("This is no e-mail address. Type one such as name@organization.example.")) from None
    return sessions.account_of(found.ascii_email or found.normalized)


def create_user(
    *, actor: User | None, email: str, name: str, staff: bool = True, password: str = "", reason: str = ""
) -> User:
    """A new account without roles. Without a password the person chooses one by a link (`send_password_link`).

    `actor` is None for the operator. The password, where given, keeps to the rules.
    """
    administrators.only_administrators(actor)
    email, name = address(email), _one_line(name)
    if password:
        passwords.check(password, email)
    user = User(email=email, name=name, sort_key=folded(name), staff=staff)
    user.password_hash = passwords.hashed(password) if password else ""
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError:
        raise _taken() from None
    administrators.record(user, "account created", actor=actor, email=email, name=name, staff=staff, reason=reason)
    return user


def change_user(user: User, *, actor: User | None, email: str, name: str, staff: bool, version: int) -> None:
    """Mend a name or an address. A new address ends the sessions, and the old one is told."""
    administrators.only_administrators(actor)
    user = queries.locked(user)
    email, name = address(email), _one_line(name)
    typed = {
        "name": (_("Name"), user.name, name),
        "email": (_("E-mail address"), user.email, email),
        "staff": (_("Staff of the organization"), _yes(user.staff), _yes(staff)),
    }
    check_version(_Seen(user), version, who=_("Another administrator"), typed=typed)
    before = {"email": user.email, "name": user.name, "staff": user.staff}
    after = {"email": email, "name": name, "staff": staff}
    if before == after:
        return
    if email != user.email:
        postmaster.readdress(db.session(), user, email)
        queue(
            db.session(),
            to=user,
            cause=f"account:{user.id}",
            kind=f"address changed {user.journal_count}",
            subject=_l("Your e-mail address in PRIMA was changed"),
            body=_l(
                "An administrator changed the e-mail address of your account to %(email)s. "
                "If you did not ask for it, tell your Regional Office at once.",
                email=email,
            ),
        )
        sessions.end_all(user)
        _end_links(user)
    try:
        with db.session.begin_nested():
            user.email, user.name, user.sort_key, user.staff = email, name, folded(name), staff
    except IntegrityError:
        raise _taken() from None
    administrators.record(user, "account changed", actor=actor, before=before, after=after)


def version_of(user: User) -> int:
    """A number that differs when what the page mends differs."""
    return _Seen(user).version


class _Seen:
    """The version of an account's own facts: a role granted meanwhile is no conflict with a mended name."""

    def __init__(self, user: User):
        facts = repr((user.email, user.name, user.staff))
        self.version = int(sessions.hashed(facts)[:12], 16)


def disable(user: User, *, actor: User | None, reason: str) -> None:
    """Close an account: its sessions, links and delegations end at once; its grants wait until it is enabled."""
    administrators.only_administrators(actor)
    if actor is not None and actor.id == user.id:
        raise Refused(_("You cannot disable your own account. Another administrator can."))
    if not reason.strip():
        raise Invalid("reason", _("Please say why: it stands in the record."))
    administrators.one_at_a_time()
    user = queries.locked(user)
    if not user.active:
        raise Refused(_("This account is disabled already."))
    if administrator(user, None):
        administrators.another_stays(user)
    user.active = False
    sessions.end_all(user)
    _end_links(user)
    ended = db.session.execute(
        update(Delegation)
        .where(
            (Delegation.absent_id == user.id) | (Delegation.delegate_id == user.id),
            Delegation.ended_at.is_(None),
            Delegation.until_on >= clock.today(),
        )
        .values(ended_at=clock.now())
        .returning(Delegation.id)
    )
    administrators.record(user, "account disabled", actor=actor, reason=reason, delegations_ended=list(ended.scalars()))


def enable(user: User, *, actor: User | None, reason: str = "") -> None:
    administrators.only_administrators(actor)
    if actor is not None and actor.id == user.id:
        raise Refused(_("You cannot enable your own account. Another administrator can."))
    user = queries.locked(user)
    if user.active:
        raise Refused(_("This account is not disabled."))
    user.active = True
    administrators.record(user, "account enabled", actor=actor, reason=reason)


def change_password(user: User, *, actor: User | None, password: str) -> None:
    """Set a new password and end every session. That the old one was known is asked before (`sessions.proves`)."""
    if actor is not None and actor.id != user.id:
        raise Refused(_("Only the person can choose the password. Send a link instead."))
    passwords.check(password, user.email)
    user = queries.locked(user)
    _set(user, password)
    administrators.record(user, "password changed", actor=actor)


def send_password_link(user: User, *, actor: User | None) -> None:
    """An administrator (or the operator) has a link mailed, with which the person chooses a password."""
    administrators.only_administrators(actor)
    user = queries.locked(user)
    if not user.active:
        raise Refused(_("This account is disabled. Enable it first."))
    _mail_link(user)
    administrators.record(user, "password link sent", actor=actor)


def forget_password(email: str) -> bool:
    """Somebody says that the password of an address is forgotten: mail a link to it, a few times an hour at most.

    Whether it was mailed is never shown: it would tell which addresses have an account.
    """
    user = queries.by_email(email)
    if user is None:
        return False
    user = queries.locked(user)
    recent = select(func.count(PasswordLink.id)).where(
        PasswordLink.user_id == user.id, PasswordLink.expires_at > clock.now()
    )
    if not user.active or db.session.scalars(recent).one() >= LINKS_AT_ONCE:
        return False
    _mail_link(user)
    record(user, "password link asked for", actor=None)
    return True


def _mail_link(user: User) -> None:
    """Write the letter with a new link; earlier links die."""
    _end_links(user)
    token = secrets.token_urlsafe(32)
    link = PasswordLink(token_hash=sessions.hashed(token), user_id=user.id, expires_at=clock.now() + LINK_LASTS)
    db.session.add(link)
    db.session.flush()
    queue(
        db.session(),
        to=user,
        cause=f"password:{link.id}",
        kind=PASSWORD_LINK,
        subject=_l("Choose your password for PRIMA"),
        body=_l(
            "With the link below you choose a new password. It works once, for one hour. "
            "If you did not ask for it, you need not do anything: your password stays as it is."
        ),
        path=LINK_PATH.format(token=token),
    )


def use_password_link(token: str, *, password: str) -> User:
    """Choose a new password by a link: the link is spent, every session ends, failed tries are forgotten."""
    link = queries.link(token)
    if link is not None:
        passwords.check(password, link.user.email)
        queries.locked(link.user)
        link = queries.link(token)  # again, under the lock: of two who use it at once the second finds it spent
    if link is None:
        raise Refused(_("This link was used already, or it is older than an hour. Ask for a new one."))
    user = link.user
    _set(user, password)
    sessions.forgive(user)
    administrators.record(user, "password chosen by link", actor=user)
    return user


def _set(user: User, password: str) -> None:
    user.password_hash = passwords.hashed(password)
    sessions.end_all(user)
    _end_links(user)


def _end_links(user: User) -> None:
    db.session.execute(
        update(PasswordLink)
        .where(PasswordLink.user_id == user.id, PasswordLink.used_at.is_(None))
        .values(used_at=clock.now())
    )


def _one_line(name: str) -> str:
    found = " ".join(name.split())
    if not found:
        raise Invalid("name", _("Please give the name by which colleagues know the person."))
    return found


def _taken() -> Invalid:
    return Invalid("email", _("Another account has this address already."))


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
