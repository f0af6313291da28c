"""The project's file: what is there, in which version, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Invalid, Refused
from prima.lists import DocumentType
from prima.permissions import Action, can, guard
from prima.projects import choices, files, operations, queries, rules
from prima.projects.electronic_file import electronic_file
from prima.projects.forms.documents import DocumentForm
from prima.projects.models import Document, Project
from prima.projects.models.documents import INTERNAL
from prima.projects.operations.documents import may_file
from prima.projects.views.drafting import Answer, drafting, frame, outcome
from prima.scanning import Scanner
from prima.users import User, viewer

bp = Blueprint("documents", __name__, url_prefix="/projects")
HERE = "documents.index"


@dataclass(frozen=True)
class Filed:
    """One version of a document."""

    project: Project
    document: Document


def visible(user: User, project: Project) -> list[Document]:
    """What the person may see of the file, newest version first within each type."""
    inside = can(user, Action.VIEW_INTERNAL, project)
    found = [one for one in project.documents if inside or one.type_code not in INTERNAL]
    return sorted(found, key=lambda one: (one.type.position, -one.version))


def load(reference: str, kind: str, version: int) -> Filed | None:
    """A document by its type's code in lower case and its version."""
    project = queries.proposal(reference)
    if project is None:
        return None
    for one in visible(viewer(), project):
        if (one.type_code.lower(), one.version) == (kind, version):
            return Filed(project, one)
    return None


@bp.get("/<reference>/documents")
@guard(Action.VIEW_PROJECT, queries.proposal)
def index(project: Project) -> str:
    """`type` in the address is what somebody came to file."""
    return page(project, DocumentForm(type_code=request.args.get("type", "").upper()))


@bp.post("/<reference>/documents")
@drafting(queries.proposal, may_file)
def file(project: Project) -> Answer:
    form = DocumentForm()
    offer(form, project, choices.document_types())
    filed: list[Document] = []
    status = outcome(form, lambda: filed.append(_file(project, form)))
    if status != 303:
        return page(project, form), status
    flash(_("“%(name)s” is filed as version %(version)s.", name=filed[0].title, version=filed[0].version), "success")
    return redirect(url_for(HERE, reference=project.reference), 303)


def _file(project: Project, form: DocumentForm) -> Document:
    kind = form.type_code.data
    if kind in rules.LETTERS and not form.country_code.data:
        raise Invalid("country_code", _("Please choose the State that wrote the letter."))
    with files.arriving(folder()) as arrivals:
        scanner = Scanner.of(current_app.config)
        return operations.file_document(
            project,
            actor=viewer(),
            type_code=kind,
            title=form.title.data or form.type_code.choices[kind],
            country_code=form.country_code.data,
            stored=arrivals.upload(form.file.data.stream, form.file.data.filename, scanner),
        )


@bp.get("/<reference>/documents/<kind>/<int:version>")
@guard(Action.VIEW_PROJECT, load)
def download(filed: Filed) -> Response:
    document = filed.document
    path = files.path(folder(), document.sha256)
    if not files.is_intact(path, document.sha256):
        current_app.logger.error("a filed document is missing or damaged: %s", document.sha256)
        raise Refused(_("This file is missing or damaged in the store. Please tell the operators of PRIMA."))
    name = download_name(filed)
    return send_file(path, document.media_type, as_attachment=True, download_name=name, max_age=0)


def download_name(filed: Filed) -> str:
    """What the file is called on the reader's computer: of which project, and which version of what."""
    named, document = filed.project.name, filed.document
    if document.file_name.startswith(named):
        return document.file_name
    return f"{named}-{document.type_code}-{document.version}-{document.file_name}"


def folder() -> Path:
    return Path(current_app.config["DOCUMENTS_DIR"])


def offer(form: DocumentForm, project: Project, types: list[DocumentType]) -> None:
    form.type_code.choices = {"": _("Please choose"), **{one.code: one.name for one in types if not one.retired}}
    form.country_code.choices = {
        "": _("None of these"),
        **{one.country_code: one.country.name for one in project.coverage},
    }


def page(project: Project, form: DocumentForm) -> str:
    types = choices.document_types()
    offer(form, project, types)
    inside = can(viewer(), Action.VIEW_INTERNAL, project)
    needs = (
        [(str(need.text), None) for need in rules.to_submit(project) if need.at == HERE] if project.is_editable else []
    )
    return render_template(
        "projects/documents.html",
        **frame(project, HERE, may=may_file),
        form=form,
        file=electronic_file(
            project, [one for one in types if inside or one.code not in INTERNAL], visible(viewer(), project)
        ),
        states={one.country_code: one.country.name for one in project.coverage},
        needs=needs,
        limit=files.MOST_BYTES // 1024**2,
    )
