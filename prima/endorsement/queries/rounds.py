"""Rounds with their clearances and decisions, and the names of what a frozen proposal names by code."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, inspect, literal, select, true, union_all
from sqlalchemy.orm import joinedload, selectinload, undefer
from sqlalchemy.orm.attributes import set_committed_value

from prima import lists
from prima.db import db
from prima.endorsement.models import Clearance, Decision, Exchange, Round
from prima.endorsement.queries.naming import Names, names_as_text, names_of
from prima.journal import Entry
from prima.places import Office
from prima.projects.models import Document, Project, Step
from prima.trees import as_text, parsed, tree_of


def with_clearances() -> tuple[Any, ...]:
    return (
        joinedload(Round.submitted_by, innerjoin=True),
        selectinload(Round.clearances).options(
            joinedload(Clearance.decided_by),
            joinedload(Clearance.behalf_of),
            joinedload(Clearance.stands).joinedload(Clearance.round),
            selectinload(Clearance.answers),
        ),
        selectinload(Round.decisions).options(
            joinedload(Decision.step).options(joinedload(Step.actor), joinedload(Step.behalf_of)),
            # A letter read afresh forgets what a loaded proposal knows of its documents.
            joinedload(Decision.exchange)
            .joinedload(Exchange.document)
            .options(joinedload(Document.type), joinedload(Document.filed_by)),
        ),
    )


def read_rounds(
    project: Project, *options: Any, number: int | None = None, limit: int | None = None, fresh: bool = False
) -> list[Round]:
    asked = (
        select(Round)
        .where(Round.project_id == project.id, true() if number is None else Round.number == number)
        .options(*with_clearances(), *options)
        .order_by(Round.number.desc())
        .limit(limit)
    )
    found = list(db.session.scalars(asked.execution_options(populate_existing=fresh)))
    if fresh and any(_has_forgotten(one) for one in found):
        # What stands is read along as a clearance of its own round: read afresh, both forget what was loaded of them.
        found = list(db.session.scalars(asked))
    for one in found:
        _told(one, project)
    return found


def _has_forgotten(one: Round) -> bool:
    if {"submitted_by", "clearances", "decisions"} & inspect(one).unloaded:
        return True
    parts = {"decided_by", "behalf_of", "stands", "answers"}
    return any(parts & inspect(clearance).unloaded for clearance in one.clearances)


def rounds(project: Project, *, fresh: bool = False) -> list[Round]:
    """Every round with the version it froze, newest first; `fresh` under the project's lock."""
    return read_rounds(project, undefer(Round.snapshot), fresh=fresh)


def versions(project: Project) -> list[Round]:
    """Every round without the version it froze, newest first."""
    return list(
        db.session.scalars(
            select(Round)
            .where(Round.project_id == project.id)
            .options(joinedload(Round.submitted_by, innerjoin=True))
            .order_by(Round.number.desc())
        )
    )


def frozen(project: Project, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The versions that rounds froze, by the round's number."""
    rows = db.session.execute(
        select(Round.number, Round.snapshot).where(Round.project_id == project.id, Round.number.in_(set(numbers)))
    )
    return {row.number: row.snapshot for row in rows}


def newest_round(project: Project, *options: Any) -> Round | None:
    return next(iter(read_rounds(project, *options, limit=1)), None)


TOLD = (
    "clearances.decided_by",
    "clearances.behalf_of",
    "clearances.stands.round",
    "decisions.step.actor",
    "decisions.step.behalf_of",
    "decisions.exchange.document",
)


def newest_told(project: Project) -> tuple[Round | None, Names]:
    """The newest round with who answered what, as the project page tells it, and what the desks are called."""
    text, called = db.session.execute(_told_of_newest(), {"number": project.id}).one()
    found = tree_of(Round, *TOLD).stand(db.session(), parsed(text)) if text else None
    return _told(found, project), names_of(called)


@cache
def _told_of_newest() -> Select[Any]:
    table = Round.__table__
    newest = (
        select(tree_of(Round, *TOLD).row(table))
        .where(table.c.project_id == bindparam("number"))
        .order_by(table.c.number.desc())
        .limit(1)
    )
    return select(as_text(newest.scalar_subquery()), names_as_text())


def newest_clearances(project: Project) -> Round | None:
    """The newest round with who cleared what, and nothing else of it, in one question."""
    newest = select(func.max(Round.number)).where(Round.project_id == project.id).scalar_subquery()
    found = db.session.scalars(
        select(Round)
        .where(Round.project_id == project.id, Round.number == newest)
        .options(
            joinedload(Round.clearances).options(
                joinedload(Clearance.decided_by),
                joinedload(Clearance.behalf_of),
                joinedload(Clearance.stands).joinedload(Clearance.round),
            )
        )
    )
    return _told(found.unique().one_or_none(), project)


def _told(one: Round | None, project: Project) -> Round | None:
    """Joining the project would read it again and forget what is loaded of it."""
    if one is not None:
        set_committed_value(one, "project", project)
        for clearance in one.clearances:
            set_committed_value(clearance, "round", one)
        for decision in [] if "decisions" in inspect(one).unloaded else one.decisions:
            set_committed_value(decision, "round", one)
    return one


def answers_journaled(project: Project) -> list[Entry]:
    """What the journal holds of the reviewers' answers, oldest first."""
    return list(
        db.session.scalars(
            select(Entry)
            .where(
                Entry.subject_kind == Project.__tablename__,
                Entry.subject_id == project.id,
                Entry.event.in_(("clearance given", "clearance taken back")),
            )
            .order_by(Entry.number)
        )
    )


def names() -> dict[tuple[str, str], str]:
    """The names of what a frozen proposal names by code, by (list, code), in one question."""
    tables: dict[str, Any] = {
        "country": lists.Country,
        "category": lists.BudgetCategory,
        "area": lists.AreaOfWork,
        "activity": lists.ActivityType,
        "beneficiary": lists.BeneficiaryType,
        "group": lists.BeneficiaryDisaggregation,
        "document": lists.DocumentType,
        "type": lists.ProjectType,
        "line": lists.FundingLine,
        "focus": lists.FundFocusArea,
        "gender": lists.GenderMarker,
        "donor": lists.Donor,
        "governance": lists.MigrationGovernance,
        "sdg": lists.SdgTarget,
        "theme": lists.CrossCuttingTheme,
        "office": Office,
        "risk": lists.RiskScale,
        "role": lists.RoleName,
    }
    every = [select(literal(kind), table.code, table.name) for kind, table in tables.items()]
    every.append(select(literal("city"), lists.RegionalOffice.code, lists.RegionalOffice.city))
    return {(kind, code): name for kind, code, name in db.session.execute(union_all(*every))}
