"""Filing documents: every file is a new version, none is ever overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from prima.errors import Invalid, Refused
from prima.journal import record
from prima.projects import queries, rights
from prima.projects.files import Arrivals, Stored
from prima.projects.models import Document, Project
from prima.projects.names import names
from prima.projects.operations.drafting import session_of
from prima.projects.rules import LETTERS
from prima.projects.stages import LIFECYCLE
from prima.users import User


def may_file(user: User, project: Project) -> bool:
    """The team, until the project has come to its end."""
    return rights.team(user, project) and bool(LIFECYCLE.moves_from(project.status))


def file_document(
    project: Project, *, actor: User, type_code: str, title: str, country_code: str | None, stored: Stored
) -> Document:
    """Put a stored file on the project's file, as the next version of its type."""
    project = queries.locked(project.id)
    if not may_file(actor, project):
        raise Refused(_("The project's file is closed: no document can be added any more."))
    if type_code in LETTERS and not country_code:
        raise Invalid("country_code", _("Please choose the State that wrote the letter."))
    return _file(project, stored, actor=actor, type_code=type_code, title=title, country_code=country_code)


def file_letter(project: Project, stored: Stored, *, actor: User, type_code: str, title: str) -> Document:
    """File a letter that comes with a decision; whoever may decide files it. The project is locked already."""
    return _file(project, stored, actor=actor, type_code=type_code, title=title)


def file_papers(project: Project, papers: Sequence[Any], arrivals: Arrivals, *, actor: User, number: int) -> None:
    """Put what PRIMA writes of a proposal (`papers.Filed`) on the project's file as its round begins.

    The project is locked already: it is filed as it was frozen.
    """
    known = names()
    version = _("As submitted, round %(number)s", number=number)
    for paper in papers:
        if paper.only(project):
            content = paper.build(project, known, version)
            stored = arrivals.made(content, paper.file_name(project, number), paper.media_type)
            title = _("%(paper)s as submitted, round %(number)s", paper=paper.title, number=number)
            _file(project, stored, actor=actor, type_code=paper.type_code, title=title, generated=True)


def _file(project: Project, stored: Stored, *, actor: User, type_code: str, **more: Any) -> Document:
    versions = [document.version for document in project.documents if document.type_code == type_code]
    document = Document(
        project_id=project.id,
        type_code=type_code,
        version=max(versions, default=0) + 1,
        file_name=stored.file_name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        filed_by_id=actor.id,
        **more,
    )
    session_of(project).add(document)
    record(
        project,
        "document",
        actor=actor,
        type_code=type_code,
        version=document.version,
        file_name=stored.file_name,
        size=stored.size,
        sha256=stored.sha256,
    )
    return document
