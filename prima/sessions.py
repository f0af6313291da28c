"""Who is signed in: a row per session, revocable; the cookie holds a random token and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, redirect, request, url_for
from flask_login import LoginManager, current_user
from sqlalchemy import Select, bindparam, delete, event, func, select, update
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock, failures, kept, passwords, scheduler, zones
from prima.db import afterwards, db, keep
from prima.passwords import HASHER as HASHER  # one profile of the hash, wherever it is asked for
from prima.trees import Tree, as_text, parsed, tree_of
from prima.users import Delegation, PasswordLink, SignIn, SignInTry, User

COOKIE = "prima"
LASTS = timedelta(hours=12)
TRIES, WITHIN = 10, timedelta(minutes=15)
KEPT = timedelta(days=90)
"""How long an ended session stays on record."""

login = LoginManager()


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None

    @login.request_loader
    def load(_request: object) -> User | None:
        return _current()

    if not event.contains(Session, "after_rollback", _forget):
        event.listen(Session, "after_rollback", _forget)

    @login.unauthorized_handler
    def unauthorized() -> object:
        if request.method not in {"GET", "HEAD"}:
            return failures.signed_out(int(LASTS.total_seconds()) // 3600)
        return redirect(url_for("signin.sign_in", next=request.script_root + request.full_path.rstrip("?")), 303)

    @app.after_request
    def count_anew(response: Response) -> Response:
        if request.method == "POST" and response.status_code < 400 and not g.get("desk_stays"):
            forget_count()
        return response

    @app.after_request
    def cookie(response: Response) -> Response:
        if token := g.get("new_session_token"):
            response.set_cookie(
                COOKIE,
                token,
                httponly=True,
                samesite="Lax",
                secure=bool(current_app.config["COOKIE_SECURE"]),
                max_age=int(LASTS.total_seconds()),
            )
        elif g.get("end_session_cookie"):
            response.delete_cookie(COOKIE)
        return response


def _forget(_session: Session) -> None:
    """What was undone is unloaded: the page that says so asks anew who is signed in."""
    if has_request_context():
        g.pop("_login_user", None)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _current() -> User | None:
    """The user of the request's session, with what permissions ask of: grants and delegations."""
    token = request.cookies.get(COOKIE)
    if not token or g.get("without_database") or request.endpoint in {"static", "assets.file"}:
        return None
    now = clock.now()
    found = db.session.execute(_question(), {"token": hashed(token), "after": now - LASTS}).one_or_none()
    if found is None:
        return None
    session, user, g.beat, states, g.zone, *rights = found
    kept.use(states)
    set_committed_value(session, "user", user)
    _rights().hang(db.session(), user, map(parsed, rights))
    g.sign_in = session
    if session.last_seen_at < now - timedelta(minutes=1):
        afterwards(update(SignIn).where(SignIn.id == session.id).values(last_seen_at=now))
    return user


@cache
def _question() -> Select[Any]:
    """All that is asked at the beginning of every request, at once; built once."""
    rights = (as_text(one) for one in _rights().hanging(User.__table__))
    return (
        select(SignIn, User, scheduler.newest_beat(), kept.states(), zones.of_account(), *rights)
        .join(SignIn.user)
        .where(
            SignIn.token_hash == bindparam("token"),
            SignIn.ended_at.is_(None),
            SignIn.started_at > bindparam("after"),
            User.active,
        )
    )


def time_zone() -> str:
    """Where the page is read: the zone of whoever is signed in, which came with the sign-in; for all others UTC."""
    if not has_request_context() or g.get("without_database") or not current_user.is_authenticated:
        return "UTC"
    return zones.known(g.zone)


def _rights() -> Tree:
    return tree_of(User, "grants", "stands_in_for.absent.grants")


def kept_count() -> int | None:
    """How much was on the desk within the last minute, if it was counted since the person did anything."""
    row = g.get("sign_in")
    if row is None or row.desk_counted_at is None or row.desk_counted_at < clock.now() - timedelta(minutes=1):
        return None
    return row.desk_count


def kept_unread() -> int:
    """How many letters were unread when the desk was counted."""
    row = g.get("sign_in")
    return (row.unread_count if row else None) or 0


def keep_count(number: int, unread: int) -> None:
    """Keep both with the session, as `last_seen_at` is: the one thing a GET may write."""
    if row := g.get("sign_in"):
        values = {"desk_count": number, "unread_count": unread, "desk_counted_at": clock.now()}
        afterwards(update(SignIn).where(SignIn.id == row.id).values(**values))


def desk_stays() -> None:
    """What this request does puts nothing on a desk and takes nothing from one: the count goes on to hold."""
    g.desk_stays = True


def forget_count() -> None:
    """After anything else that a person did, their desk is counted anew."""
    if (row := g.get("sign_in")) and row.desk_counted_at is not None:
        db.session.execute(update(SignIn).where(SignIn.id == row.id).values(desk_counted_at=None))


def with_rights() -> tuple[Any, ...]:
    """Loader options for a User whose authorities are asked."""
    return (
        selectinload(User.grants),
        selectinload(User.stands_in_for).joinedload(Delegation.absent).joinedload(User.grants),
    )


def account_of(email: str) -> str:
    """An address as accounts are known by and counted under."""
    return email.strip().casefold()


def source_of(address: str) -> str:
    """Where a try comes from. Of IPv6 the network counts: one household has more addresses than there are tries."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((known, 64), strict=False))
    return address


def locked_out(account: str, source: str) -> bool:
    """Ten failures within 15 minutes for the account or from the source; it ends by itself."""
    since = clock.now() - WITHIN
    by_account, by_source = db.session.execute(
        select(
            select(func.count()).where(SignInTry.account == account, SignInTry.at > since).scalar_subquery(),
            select(func.count()).where(SignInTry.source == source, SignInTry.at > since).scalar_subquery(),
        )
    ).one()
    return bool(max(by_account, by_source) >= TRIES)


def proves(user: User | None, account: str, password: str, source: str) -> bool:
    """Whether the password is the user's. A failure is counted, and ten of them lock the account and the source.

    Without a user a hash is checked all the same, so that an unknown account answers as late as a known one.
    """
    for subject in (f"account {account}", f"source {source}"):
        # One try at a time: many sent at once are counted as if they had come one after the other.
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    if locked_out(account, source):
        return False
    good = passwords.matches(user.password_hash if user else "", password)
    if not good or user is None or not user.active:
        db.session.add(SignInTry(account=account, source=source))
        keep()
        return False
    db.session.execute(delete(SignInTry).where(SignInTry.account == account))
    return True


def sign_in(email: str, password: str) -> User | None:
    """The user, signed in, or None: same answer and time for a wrong password and an unknown account."""
    account = account_of(email)
    user = db.session.scalar(select(User).where(User.email == account))
    if not proves(user, account, password, source_of(request.remote_addr or "")):
        return None
    if user is not None:
        start(user)
    return user


def proves_again(user: User, password: str) -> bool:
    """Whether somebody who is signed in knows the password; tries are counted as at the door."""
    return proves(user, user.email, password, source_of(request.remote_addr or ""))


def start(user: User) -> None:
    """Begin a session in this browser; the one it had before ends."""
    if current_user.is_authenticated:
        g.sign_in.ended_at = clock.now()
    token = secrets.token_urlsafe(32)
    agent = "".join(letter for letter in request.user_agent.string if letter.isprintable())[:200]
    db.session.add(SignIn(token_hash=hashed(token), user_id=user.id, source=request.remote_addr or "", agent=agent))
    g.new_session_token = token


def sign_out() -> None:
    end(g.sign_in)
    g.end_session_cookie = True


def own(session_id: int) -> SignIn | None:
    """A session of the person who is signed in, for the page that ends it."""
    if not current_user.is_authenticated or session_id >= 2**63:
        return None
    return db.session.scalar(select(SignIn).where(SignIn.id == session_id, SignIn.user_id == g.sign_in.user_id))


def is_this_one(session: SignIn) -> bool:
    return bool(g.sign_in.id == session.id)


def open_of(user: User) -> list[SignIn]:
    """The sessions in which the person is signed in, the last used first."""
    return list(
        db.session.scalars(
            select(SignIn)
            .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.started_at > clock.now() - LASTS)
            .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
        )
    )


def end(session: SignIn) -> None:
    session.ended_at = session.ended_at or clock.now()


def end_others() -> None:
    """End every session of the person but this one."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.user_id == g.sign_in.user_id, SignIn.id != g.sign_in.id, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_all(user: User) -> None:
    """End every session of the person: password changed, account disabled."""
    db.session.execute(
        update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None)).values(ended_at=clock.now())
    )


def forgive(user: User) -> None:
    """Forget the failed tries of somebody who has just chosen a new password."""
    db.session.execute(delete(SignInTry).where(SignInTry.account == user.email))


def tidy() -> None:
    """Remove what has served: counted tries, dead links, and sessions that ended long ago. For the nightly job."""
    now = clock.now()
    db.session.execute(delete(SignInTry).where(SignInTry.at < now - WITHIN))
    db.session.execute(delete(PasswordLink).where(PasswordLink.expires_at < now - KEPT))
    db.session.execute(delete(SignIn).where(SignIn.started_at < now - KEPT))
