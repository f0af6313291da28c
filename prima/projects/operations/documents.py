"""Filing documents: every file is a new version, none is ever overwritten."""

from __future__ import annotations

from flask_babel import gettext as _

from prima.errors import Invalid, Refused
from prima.journal import record
from prima.projects import queries, rights
from prima.projects.files import Stored
from prima.projects.models import Document, Project
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
    versions = [document.version for document in project.documents if document.type_code == type_code]
    document = Document(
        project_id=project.id,
        type_code=type_code,
        version=max(versions, default=0) + 1,
        title=title,
        country_code=country_code,
        file_name=stored.file_name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        filed_by_id=actor.id,
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
