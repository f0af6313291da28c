"""A person's letters as they are read inside PRIMA: which are there, which are unread, and marking them read."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, and_, bindparam, func, select, update

from prima import clock
from prima.db import db
from prima.outbox import Letter
from prima.people.accounts import PASSWORD_LINK
from prima.people.queries import HIGHEST_ID
from prima.users import User

ON_A_PAGE = 30
MOST = 100
"""So far unread letters are counted: the number in the menu costs the same however many there are."""

Index("ix_letter_reader", Letter.user_id, Letter.id)
Index("ix_letter_unread", Letter.user_id, postgresql_where=Letter.read_at.is_(None))


def _own(user_id: Any) -> ColumnElement[bool]:
    """One's letters; not those with a link to a new password, which works for whoever sees it.

    Nor digests: what they carry stands here itself.
    """
    return and_(Letter.user_id == user_id, Letter.kind != PASSWORD_LINK, ~Letter.kind.startswith("digest:"))


def listed(user: User, before: int | None = None) -> tuple[list[Letter], bool]:
    """A page of one's letters, the newest first, and whether there are older ones; `before` a letter's id."""
    query = select(Letter).where(_own(user.id)).order_by(Letter.id.desc()).limit(ON_A_PAGE + 1)
    if before is not None:
        query = query.where(Letter.id < before)
    found = list(db.session.scalars(query))
    return found[:ON_A_PAGE], len(found) > ON_A_PAGE


def count_unread(_session: Any, user: User) -> int:
    """How many are unread; from MOST on it says MOST."""
    return db.session.scalar(_unread(), {"user_id": user.id}) or 0


@cache
def _unread() -> Any:
    own = _own(bindparam("user_id", type_=BigInteger))
    some = select(Letter.id).where(own, Letter.read_at.is_(None)).limit(MOST).subquery()
    return select(func.count()).select_from(some)


def own(user: User, letter_id: int) -> Letter | None:
    if letter_id > HIGHEST_ID:
        return None
    return db.session.scalar(select(Letter).where(Letter.id == letter_id, _own(user.id)))


def mark_read(letter: Letter) -> None:
    letter.read_at = letter.read_at or clock.now()


def mark_all_read(user: User, *, up_to: int) -> None:
    """All that the person could have seen: up to a letter's id. What came after stays unread."""
    db.session.execute(
        update(Letter)
        .where(_own(user.id), Letter.read_at.is_(None), Letter.id <= min(up_to, HIGHEST_ID))
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )
