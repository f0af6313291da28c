"""A whole proposal in one question to the database, and what else pages show of a project.

A proposal has some twenty tables, and a page needs to know how far each part of it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, case, func, select
from sqlalchemy.orm import Session

from prima.projects.models import Project
from prima.projects.stages import Status
from prima.trees import Tree, as_text, parsed, paths_of, tree_of

Relations = dict[str, tuple[str, ...]]
"""Each with what is loaded along with its rows."""
PROPOSAL: Relations = {
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
STORY: Relations = {
    "steps": ("actor", "behalf_of"),
    "milestones": (),
    "extensions": (),
    "changes": (),
    "coverage": ("country",),
}
"""What the project page tells."""
SHAPE: Relations = {"coverage": (), "areas": ()}
"""Where it works, and on what."""
PLAN: Relations = {
    "results": (),
    "indicators": ("splits",),
    "plans": (),
    "risks": (),
    "beneficiaries": (),
}
"""What a running project is measured by."""


def load(session: Session, projects: Sequence[Project], relations: Relations) -> None:
    """Load the relations of all the projects by one statement; what the session holds already is brought up to date.

    Rows with changes that are not flushed yet must not be among them: `load` reads what is stored.
    """
    if not projects:
        return
    paths = paths_of(relations)
    by_id = {project.id: project for project in projects}
    tree = tree_of(Project, *paths)
    for number, text in session.execute(_hanging(paths), {"numbers": list(by_id)}):
        tree.hang(session, by_id[number], parsed(text))


@cache
def _hanging(paths: tuple[str, ...]) -> Select[Any]:
    table = Project.__table__
    parts = func.json_build_array(*tree_of(Project, *paths).hanging(table))
    numbers = bindparam("numbers", type_=ARRAY(BigInteger))
    return select(table.c.id, as_text(parts)).where(table.c.id == any_(numbers))


RIGHTS = ("office.links", "edition", "parties.user")
"""What permissions ask of a project: its office with links, and who has a part."""
NAMED = ("project_type", "donor")


@dataclass(frozen=True)
class Asked:
    """A project in one question, and how its answer stands in the session; made once for the relations it is asked."""

    statement: Select[Any]
    whole: Tree
    sometimes: tuple[tuple[frozenset[Status], Tree], ...]
    """What is loaded in some statuses only."""

    def stand(self, session: Session, row: Sequence[str | None]) -> Project:
        """The project of an answer, which begins with its row."""
        found: Project = self.whole.stand(session, parsed(row[0]))
        for (statuses, tree), text in zip(self.sometimes, row[1:], strict=False):
            if found.status in statuses:
                tree.hang(session, found, parsed(text))
        return found


@cache
def asked(paths: tuple[str, ...], *sometimes: tuple[frozenset[Status], tuple[str, ...]], beside: Any = ()) -> Asked:
    """A project with its relations; `sometimes` are those loaded in some statuses, `beside` further columns."""
    table, whole = Project.__table__, tree_of(Project, *RIGHTS, *NAMED, *paths)
    trees = tuple((statuses, tree_of(Project, *more)) for statuses, more in sometimes)
    held = (
        case((table.c.status.in_(sorted(statuses)), as_text(func.json_build_array(*tree.hanging(table)))))
        for statuses, tree in trees
    )
    return Asked(select(as_text(whole.row(table)), *held, *beside), whole, trees)
