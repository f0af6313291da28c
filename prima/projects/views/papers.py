"""The proposal as a Word document, as it stands at any time."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, send_file
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import papers, queries
from prima.projects.models import Project
from prima.projects.names import names
from prima.users import viewer

bp = Blueprint("papers", __name__, url_prefix="/projects")


@bp.get("/<reference>/proposal.docx")
@guard(Action.VIEW_PROJECT, queries.proposal_with_story)
def proposal(project: Project) -> Response:
    content = papers.proposal(project, names(), internal=can(viewer(), Action.VIEW_INTERNAL, project))
    name = f"{project.name}-proposal.docx"
    return send_file(BytesIO(content), papers.WORD, as_attachment=True, download_name=name, max_age=0)
