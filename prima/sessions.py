"""Who is signed in: a row per session, revocable; the cookie holds a random token and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_login import LoginManager
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload, selectinload

from prima import clock
from prima.db import db, keep
from prima.users import Delegation, PasswordLink, SignIn, SignInTry, User

COOKIE = "prima"
LASTS = timedelta(hours=12)
TRIES, WITHIN = 10, timedelta(minutes=15)
LINK_LASTS = timedelta(hours=1)
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NOBODYS = HASHER.hash(secrets.token_hex(16))
"""Checked for unknown accounts, so that their answer takes as long."""

login = LoginManager()


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None

    @login.request_loader
    def load(_request: object) -> User | None:
        return _current()

    @login.unauthorized_handler
    def unauthorized() -> object:
        target = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("signin.sign_in", next=target or None), 303)

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


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _current() -> User | None:
    """The user of the request's session, with what permissions ask of: grants and delegations."""
    token = request.cookies.get(COOKIE)
    if not token or request.endpoint in {"static", "bootstrap.static"}:
        return None
    now = clock.now()
    session = db.session.scalar(
        select(SignIn)
        .join(SignIn.user)
        .where(
            SignIn.token_hash == hashed(token),
            SignIn.ended_at.is_(None),
            SignIn.started_at > now - LASTS,
            User.active,
        )
        .options(joinedload(SignIn.user, innerjoin=True).options(*with_rights()))
    )
    if session is None:
        return None
    g.sign_in = session
    if session.last_seen_at < now - timedelta(minutes=1):
        db.session.execute(update(SignIn).where(SignIn.id == session.id).values(last_seen_at=now))
        keep()
    return session.user


def with_rights() -> tuple[object, ...]:
    """Loader options for a User whose authorities are asked."""
    return (
        selectinload(User.grants),
        selectinload(User.stands_in_for).joinedload(Delegation.absent).selectinload(User.grants),
    )


def locked_out(account: str, source: str) -> bool:
    """Ten failures within 15 minutes for the account or from the source; it ends by itself."""
    since = clock.now() - WITHIN
    by_account, by_source = db.session.execute(
        select(
            select(func.count()).where(SignInTry.account == account, SignInTry.at > since).scalar_subquery(),
            select(func.count()).where(SignInTry.source == source, SignInTry.at > since).scalar_subquery(),
        )
    ).one()
    return max(by_account, by_source) >= TRIES


def sign_in(email: str, password: str, source: str, agent: str) -> User | None:
    """The user, signed in, or None: same answer and time for a wrong password and an unknown account."""
    account = email.strip().casefold()
    if locked_out(account, source):
        return None
    user = db.session.scalar(select(User).where(User.email == account))
    good = _verify(user.password_hash if user and user.password_hash else NOBODYS, password)
    if user is None or not good or not user.active or not user.password_hash:
        db.session.add(SignInTry(account=account, source=source))
        keep()
        return None
    db.session.execute(delete(SignInTry).where(SignInTry.account == account))
    start(user, source, agent)
    return user


def start(user: User, source: str, agent: str) -> None:
    token = secrets.token_urlsafe(32)
    db.session.add(SignIn(token_hash=hashed(token), user_id=user.id, source=source, agent=agent[:200]))
    g.new_session_token = token


def sign_out() -> None:
    if row := g.get("sign_in"):
        row.ended_at = clock.now()
    g.end_session_cookie = True


def end_all(user: User, now: datetime | None = None) -> None:
    """End every session of the person: password changed, account disabled, roles revoked."""
    db.session.execute(
        update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None)).values(ended_at=now or clock.now())
    )


def set_password(user: User, password: str) -> None:
    user.password_hash = HASHER.hash(password)
    end_all(user)


def make_link(user: User) -> str:
    """A one-hour, single-use token for a new password; earlier ones die."""
    db.session.execute(
        update(PasswordLink)
        .where(PasswordLink.user_id == user.id, PasswordLink.used_at.is_(None))
        .values(used_at=clock.now())
    )
    token = secrets.token_urlsafe(32)
    db.session.add(
        PasswordLink(token_hash=hashed(token), user_id=user.id, expires_at=clock.now() + LINK_LASTS)
    )
    return token


def link_of(token: str) -> PasswordLink | None:
    return db.session.scalar(
        select(PasswordLink)
        .where(
            PasswordLink.token_hash == hashed(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > clock.now(),
        )
        .options(joinedload(PasswordLink.user))
    )


def _verify(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
