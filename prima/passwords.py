"""Passwords: the rules for a new one, and the hash that is all PRIMA keeps of it."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from prima.errors import Invalid

LEAST = 12
MOST = 200
"""Longer ones are refused unread: hashing them would cost the server, not the attacker."""
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def check(password: str, email: str, field: str = "password") -> None:
    """Raise Invalid unless the password may be chosen for the account."""
    if len(password) < LEAST:
        raise Invalid(field, _("Use at least %(least)s characters: four words are easy to remember.", least=LEAST))
    if len(password) > MOST:
        raise Invalid(field, _("Use at most %(most)s characters.", most=MOST))
    if password.strip().casefold() == email.casefold():
        raise Invalid(field, _("Your e-mail address is no secret. Choose another password."))
    if not password.strip():
        raise Invalid(field, _("Blanks alone are no password. Choose another one."))


def hashed(password: str) -> str:
    return HASHER.hash(_same_on_every_keyboard(password))


def matches(password_hash: str, password: str) -> bool:
    """Whether the password is the account's; an empty hash costs the same time and never matches."""
    try:
        good = HASHER.verify(password_hash or _nobodys(), _same_on_every_keyboard(password))
    except (VerificationError, InvalidHashError):
        return False
    return good and bool(password_hash)


def _same_on_every_keyboard(password: str) -> str:
    """An accented letter typed as one sign or as two is the same letter."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_hex(16))
