"""Evaluations with their ratings, findings and recommendations; and what of them somebody has to follow up."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BigInteger, bindparam, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock
from prima.db import db
from prima.desk import Duty
from prima.places import Office
from prima.projects import queries as projects
from prima.projects.models import Document, Project
from prima.projects.visibility import visible_projects
from prima.reporting.calendar import EVALUATION, RESPONSE
from prima.reporting.evaluating import TAKEN_ON, TO_DO, recommendation_path
from prima.reporting.models import Deadline, Evaluation, Recommendation
from prima.users import Grant, Role, User

TERMS = "TOR"
"""The type of document that holds terms of reference."""
TOLD = frozenset({EVALUATION, RESPONSE})


def with_judgements() -> tuple[Any, ...]:
    return (
        selectinload(Evaluation.ratings),
        selectinload(Evaluation.findings),
        selectinload(Evaluation.recommendations).joinedload(Recommendation.owner),
        joinedload(Evaluation.evaluator),
        joinedload(Evaluation.terms_document).joinedload(Document.type),
    )


def with_evaluation(deadline: Deadline, *, fresh: bool = False) -> Deadline:
    """The deadline with the evaluations of its project, where its report tells of one.

    `fresh`: read anew under the project's lock, the people in it too.
    """
    if deadline.kind in TOLD:
        found = db.session.scalars(
            select(Evaluation)
            .where(Evaluation.project_id == deadline.project_id)
            .options(*with_judgements())
            .order_by(Evaluation.id)
            .execution_options(populate_existing=fresh)
        ).all()
        set_committed_value(deadline, "evaluations", list(found))
    return deadline


def window(reference: str) -> Deadline | None:
    """The deadline of a project's evaluation, with the evaluation: what its pages are about."""
    found = db.session.scalars(
        select(Deadline)
        .join(Deadline.project)
        .where(
            Deadline.kind == EVALUATION,
            Deadline.fell_away_at.is_(None),
            or_(Project.reference == reference, Project.code == reference),
        )
        .options(
            joinedload(Deadline.project, innerjoin=True).options(*projects.with_rights()),
            joinedload(Deadline.report),
        )
        .order_by(Deadline.id.desc())
        .limit(1)
    ).one_or_none()
    return with_evaluation(found) if found else None


def response_to(project_id: int) -> Deadline | None:
    """The deadline of the management response, with its report."""
    return db.session.scalar(
        select(Deadline)
        .where(Deadline.project_id == project_id, Deadline.kind == RESPONSE, Deadline.fell_away_at.is_(None))
        .options(joinedload(Deadline.report))
        .order_by(Deadline.id.desc())
        .limit(1)
    )


def terms_filed(project_id: int) -> list[Document]:
    """The terms of reference on the project's file, the newest first."""
    return list(
        db.session.scalars(
            select(Document)
            .where(Document.project_id == project_id, Document.type_code == TERMS)
            .order_by(Document.version.desc())
        )
    )


def anybody(email: str) -> User | None:
    """The active account of an address: of staff, or of an external person who holds the role of evaluator."""
    evaluates = exists().where(Grant.user_id == User.id, Grant.role == Role.EVAL, Grant.revoked_at.is_(None))
    return db.session.scalar(
        select(User).where(User.email == email.strip().casefold(), User.active, or_(User.staff, evaluates))
    )


@cache
def _taken_on() -> Any:
    return (
        select(
            Project.id.label("project_id"),
            Recommendation.id,
            Recommendation.position,
            Recommendation.due_on,
            Evaluation.received_on,
            Project.reference,
            Project.code,
            Project.title,
            Office.name.label("office"),
            Office.time_zone,
        )
        .join(Evaluation, Evaluation.id == Recommendation.evaluation_id)
        .join(Project, Project.id == Evaluation.project_id)
        .join(Office, Office.id == Project.office_id)
        .where(
            Recommendation.owner_id == bindparam("user_id", type_=BigInteger),
            Recommendation.follow_up.in_(TO_DO),
            Recommendation.response.in_(TAKEN_ON),
        )
        .order_by(Recommendation.due_on, Recommendation.id)
    )


def to_follow(user: User) -> list[Duty]:
    """Recommendations that the person has taken on and not finished, the earliest due first."""
    rows = db.session.execute(_taken_on(), {"user_id": user.id}).all()
    if rows:  # most people have taken on none: whether they see its project is asked of those who have
        seen = set(
            db.session.scalars(
                visible_projects(user, Project.id).where(Project.id.in_({row.project_id for row in rows}))
            )
        )
        rows = [row for row in rows if row.project_id in seen]
    return [
        Duty(
            what=_("Follow up recommendation %(number)s of the evaluation", number=row.position),
            reference=row.code or row.reference,
            title=row.title,
            place=row.office,
            url=recommendation_path(row.reference, row.id),
            since_on=row.received_on,
            due_on=row.due_on,
            today=clock.today_at(row.time_zone),
        )
        for row in rows
    ]
