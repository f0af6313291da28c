"""What a person keeps of the list of projects: columns and saved searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from prima import kept
from prima.db import db
from prima.places import Office
from prima.projects.models import Project
from prima.reporting import portfolio
from prima.reporting.models import ListColumns, SavedSearch
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.choosing import projects
from prima.sessions import with_rights
from prima.users import User

AT_MOST = 10
"""So many new projects are named in a letter."""


def columns_of(person: User) -> Sequence[str] | None:
    """None where they take the usual ones."""
    asked = select(ListColumns.columns).where(ListColumns.user_id == person.id)
    return kept.answer(("columns", person.id), (ListColumns,), lambda: tuple(db.session.scalar(asked) or ()) or None)


def searches_of(person: User) -> list[SavedSearch]:
    """By name."""
    return list(db.session.scalars(select(SavedSearch).filter_by(user_id=person.id).order_by(SavedSearch.name)))


def search_of(person: User, search_id: int) -> SavedSearch | None:
    """One's own: nobody else's is to be found."""
    return db.session.scalar(select(SavedSearch).filter_by(id=search_id, user_id=person.id))


def weekly_searches(session: Session) -> list[SavedSearch]:
    """Those whose owners are told of them by mail, with what their owners may see."""
    people = joinedload(SavedSearch.user, innerjoin=True).options(*with_rights())
    asked = select(SavedSearch).join(SavedSearch.user).where(SavedSearch.weekly, User.active).options(people)
    return list(session.scalars(asked.order_by(SavedSearch.user_id, SavedSearch.id)))


@dataclass(frozen=True)
class News:
    """What a search finds now: all of it, and what of it is newer than a moment."""

    totals: portfolio.Totals
    made: int
    changed: int
    newest: Sequence[tuple[str, str, str]]
    """What some of the new ones are called, their titles and offices."""


def news_of(viewer: User, filters: Filters, since: datetime) -> News:
    later = Project.created_at > since
    counts = (func.count().filter(later), func.count().filter(~later))
    made, changed = db.session.execute(projects(viewer, filters, *counts).where(Project.updated_at > since)).one()
    name = func.coalesce(Project.code, Project.reference)
    newest = projects(viewer, filters, name, Project.title, Office.name).where(later).order_by(Project.id.desc())
    rows = [tuple(row) for row in db.session.execute(newest.limit(AT_MOST))]
    return News(portfolio.totals(viewer, filters), made, changed, rows)
