"""Who is to name who clears for an office, where no head of office may."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from prima.db import db
from prima.endorsement.queries.asked import Place, asked, takers
from prima.projects.models import Project
from prima.users import User


def namers(project_ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of the endorsers of each project, by its id; in one question, and none for no project."""
    ids = set(project_ids)
    found: dict[int, list[str]] = {}
    if not ids:
        return found
    lying = asked(Project.id.in_(ids)).subquery("lying")
    for project_id, name in db.session.execute(
        select(lying.c.project_id, User.name)
        .select_from(lying)
        .join(User, User.id.in_(takers(Place.of(lying))))
        .where(lying.c.naming)
        .order_by(lying.c.project_id, User.sort_key, User.id)
    ):
        found.setdefault(project_id, []).append(name)
    return found
