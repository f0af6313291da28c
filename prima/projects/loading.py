"""A whole proposal in one question to the database: its rows come as JSON and stand in the session as if loaded singly.

A proposal has some twenty tables. Asked one by one, on a page that needs to know how far each part is, they cost more
than everything else on it together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Text, cast, func, inspect, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from prima.projects.models import Project
from prima.rows import instance

PROPOSAL: dict[str, tuple[str, ...]] = {
    "coverage": ("country",),
    "sections": ("saved_by",),
    "lines": ("category",),
    "areas": (),
    "activities": (),
    "country_shares": (),
    "bases": (),
    "beneficiaries": (),
    "justifications": (),
    "documents": ("type", "filed_by"),
    "results": (),
    "indicators": ("splits",),
    "plans": (),
    "risks": (),
    "partners": (),
    "milestones": (),
    "governance": ("listed",),
    "sdgs": (),
    "themes": (),
    "gender_answers": (),
    "comments": (),
}
"""The relations of a project that make its proposal, each with what is loaded along with its rows."""
STORY: dict[str, tuple[str, ...]] = {
    "steps": ("actor", "behalf_of"),
    "milestones": (),
    "extensions": (),
    "changes": (),
    "coverage": ("country",),
}
"""What the project page tells."""
PLAN: dict[str, tuple[str, ...]] = {
    "results": (),
    "indicators": ("splits",),
    "plans": (),
    "risks": (),
    "beneficiaries": (),
}
"""What a running project is measured by."""


def load(session: Session, projects: Sequence[Project], relations: dict[str, tuple[str, ...]]) -> None:
    """Load the relations of all the projects by one statement; what the session holds already is brought up to date.

    Rows with changes that are not flushed yet must not be among them: `load` reads what is stored.
    """
    if not projects:
        return
    columns = [_rows_of(name, along).label(name) for name, along in relations.items()]
    found = session.execute(select(Project.id, *columns).where(Project.id.in_([project.id for project in projects])))
    by_id = {project.id: project for project in projects}
    for number, *texts in found:
        for (name, along), text in zip(relations.items(), texts, strict=True):
            relation = inspect(Project).relationships[name]
            rows = [_stand(session, relation.mapper.class_, parts, along) for parts in _parsed(text)]
            set_committed_value(by_id[number], name, rows if relation.uselist else next(iter(rows), None))


def _parsed(text: str | None) -> list[Any]:
    return json.loads(text, parse_float=Decimal) if text else []


def _rows_of(name: str, along: Iterable[str]) -> Any:
    """The rows of a relation in its order, as the text of a JSON array of [row, row or rows of each `along`]."""
    relation = inspect(Project).relationships[name]
    table: Any = relation.mapper.local_table
    parts = [func.to_jsonb(table.table_valued()), *(_along(relation.mapper, other) for other in along)]
    order = relation.order_by or list(table.primary_key)
    rows = func.jsonb_agg(aggregate_order_by(func.jsonb_build_array(*parts), *order))
    query = select(cast(rows, Text)).select_from(table).where(table.c.project_id == Project.id)
    return query.correlate(Project).scalar_subquery()


def _along(mapper: Any, name: str) -> Any:
    relation = mapper.relationships[name]
    table = relation.mapper.local_table.alias()
    [(here, there)] = relation.local_remote_pairs
    what = func.to_jsonb(table.table_valued())
    if relation.uselist:
        what = func.jsonb_agg(aggregate_order_by(what, *(table.c[column.name] for column in relation.order_by)))
    query = select(what).where(table.c[there.name] == here)
    return query.correlate(mapper.local_table, Project).scalar_subquery()


def _stand(session: Session, model: type[Any], parts: Sequence[Any], along: Sequence[str]) -> Any:
    row, *others = parts
    there = instance(session, model, row)
    for name, other in zip(along, others, strict=True):
        relation = inspect(model).relationships[name]
        if relation.uselist:
            value: Any = [instance(session, relation.mapper.class_, one) for one in other or ()]
        else:
            value = instance(session, relation.mapper.class_, other, refresh=False) if other else None
        set_committed_value(there, name, value)
    return there
