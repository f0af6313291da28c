"""What a person keeps of the list of projects: columns and saved searches."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from prima.db import db
from prima.reporting.models import ListColumns, SavedSearch
from prima.users import User


def columns_of(person: User) -> Sequence[str] | None:
    """None where they take the usual ones."""
    return db.session.scalar(select(ListColumns.columns).where(ListColumns.user_id == person.id))


def searches_of(person: User) -> list[SavedSearch]:
    """By name."""
    return list(db.session.scalars(select(SavedSearch).filter_by(user_id=person.id).order_by(SavedSearch.name)))


def search_of(person: User, search_id: int) -> SavedSearch | None:
    """One's own: nobody else's is to be found."""
    return db.session.scalar(select(SavedSearch).filter_by(id=search_id, user_id=person.id))
