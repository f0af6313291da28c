"""Lessons of one project, and one lesson by its number, loaded for their pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from prima.db import db
from prima.lists import Country
from prima.projects import queries as projects
from prima.projects.models import Project
from prima.reporting.models import Deadline, Lesson


def lesson_path(lesson_id: int) -> str:
    """The page of a lesson; what is shown beside drafts knows no request, so the address is written here."""
    return f"/lessons/{lesson_id}"


def of_project(project_id: int) -> list[Lesson]:
    """What was recorded and not withdrawn, the newest first."""
    return list(
        db.session.scalars(
            select(Lesson)
            .where(Lesson.project_id == project_id, Lesson.withdrawn_at.is_(None))
            .options(*with_people())
            .order_by(Lesson.id.desc())
        )
    )


def with_people() -> tuple[Any, ...]:
    return joinedload(Lesson.made_by), joinedload(Lesson.curated_by), joinedload(Lesson.deadline)


def lesson(lesson_id: int, reference: str = "") -> Lesson | None:
    """One that was not withdrawn, with what rights ask of its project."""
    asked = select(Lesson).join(Lesson.project).where(Lesson.id == lesson_id, Lesson.withdrawn_at.is_(None))
    if reference:
        asked = asked.where(or_(Project.reference == reference, Project.code == reference))
    return db.session.scalar(
        asked.options(joinedload(Lesson.project, innerjoin=True).options(*projects.with_rights()), *with_people())
    )


def project_of(lesson_id: int) -> int | None:
    return db.session.scalar(select(Lesson.project_id).where(Lesson.id == lesson_id))


def locked(lesson_id: int) -> Lesson | None:
    """Freshly read, once its project is locked."""
    return db.session.scalar(
        select(Lesson)
        .where(Lesson.id == lesson_id, Lesson.withdrawn_at.is_(None))
        .execution_options(populate_existing=True)
    )


def sources(project_id: int) -> list[Deadline]:
    """The deadlines with which a lesson can be recorded, in their order."""
    return list(
        db.session.scalars(
            select(Deadline)
            .where(Deadline.project_id == project_id, Deadline.fell_away_at.is_(None))
            .order_by(Deadline.due_on, Deadline.id)
        )
    )


def country_names(codes: list[str]) -> dict[str, str]:
    rows = db.session.execute(
        select(Country.code, Country.name).where(Country.code.in_(codes)).order_by(Country.sort_key)
    )
    return {row.code: row.name for row in rows}
