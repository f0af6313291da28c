"""Projects, loaded for the page that shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from prima.db import db
from prima.lists import StatusName
from prima.places import Office
from prima.projects.models import BudgetLine, Coverage, Document, Party, Project, Section, Step
from prima.users import User


def with_rights() -> tuple[Any, ...]:
    """What permissions ask of a project: its office with links, and who has a part."""
    return (
        joinedload(Project.office, innerjoin=True).selectinload(Office.links),
        joinedload(Project.edition, innerjoin=True),
        selectinload(Project.parties).joinedload(Party.user, innerjoin=True),
    )


def with_proposal() -> tuple[Any, ...]:
    """What the rules of submitting read."""
    return (
        selectinload(Project.coverage).joinedload(Coverage.country, innerjoin=True),
        selectinload(Project.sections).joinedload(Section.saved_by),
        selectinload(Project.lines).joinedload(BudgetLine.category, innerjoin=True),
        selectinload(Project.areas),
        selectinload(Project.activities),
        selectinload(Project.bases),
        selectinload(Project.beneficiaries),
        selectinload(Project.justifications),
        selectinload(Project.documents).joinedload(Document.type, innerjoin=True),
        selectinload(Project.documents).joinedload(Document.filed_by, innerjoin=True),
    )


def with_story() -> tuple[Any, ...]:
    """What the project page tells: steps, milestones, extensions, type and donor."""
    return (
        selectinload(Project.coverage).joinedload(Coverage.country, innerjoin=True),
        selectinload(Project.steps).options(joinedload(Step.actor), joinedload(Step.behalf_of)),
        selectinload(Project.milestones),
        selectinload(Project.extensions),
        joinedload(Project.project_type, innerjoin=True),
        joinedload(Project.donor),
    )


def find(reference: str, *options: Any) -> Project | None:
    """The project of a reference (P-2026-00042) or a project ID (LM.0276)."""
    return db.session.scalar(
        select(Project)
        .where((Project.reference == reference) | (Project.code == reference))
        .options(*with_rights(), *options)
        .execution_options(populate_existing=True)
    )


def project(reference: str) -> Project | None:
    """For pages and moves that ask only for rights."""
    return find(reference)


def proposal(reference: str) -> Project | None:
    """For the pages of the proposal and everything that asks the submit rules."""
    return find(reference, *with_proposal())


def story(reference: str) -> Project | None:
    """For the project page."""
    return find(reference, *with_story())


def locked(project_id: int, *options: Any) -> Project:
    """The project under its row lock, freshly read: what an operation decides on."""
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    return db.session.scalars(
        select(Project)
        .where(Project.id == project_id)
        .options(*with_rights(), *with_proposal(), *with_story(), *options)
        .execution_options(populate_existing=True)
    ).one()


def statuses() -> dict[str, StatusName]:
    """The names and stages of statuses, by code, in order."""
    return {row.code: row for row in db.session.scalars(select(StatusName).order_by(StatusName.position))}


