"""The deadlines of a project as its pages show them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from prima.db import db
from prima.projects import queries as projects
from prima.projects.models import Project
from prima.reporting.models import Deadline
from prima.trees import Tree, as_text, parsed, tree_of


def with_extensions(reference: str) -> Project | None:
    """The project with the extensions of its end date."""
    return projects.find(reference, {"extensions": ()})


def schedule(project_id: int) -> list[Deadline]:
    """All of a project's deadlines, those that fell away too, with the states of their reports."""
    return schedule_read(db.session.scalar(_asked(), {"number": project_id}))


@cache
def _asked() -> Select[Any]:
    return select(schedule_as_text())


def _tree() -> Tree:
    """What stood beside a report when it was handed in is long, and its own page's."""
    return tree_of(Deadline, "report.-shown")


def schedule_as_text() -> Any:
    """A column of JSON, to be asked beside something else of the project `number`, and read by `schedule_read`."""
    table = Deadline.__table__
    order = (table.c.due_on, table.c.kind, table.c.id)
    rows = select(func.json_agg(aggregate_order_by(_tree().row(table), *order)))
    return as_text(rows.where(table.c.project_id == bindparam("number")).scalar_subquery())


def schedule_read(text: str | None) -> list[Deadline]:
    return [_tree().stand(db.session(), row) for row in parsed(text)]
