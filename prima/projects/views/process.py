"""The process map: of the Handbook, and of a project with "you are here"."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound

from prima.permissions import Action, guard
from prima.projects import queries
from prima.projects.models import Project
from prima.projects.process import process_map
from prima.projects.stages import Funding

bp = Blueprint("process", __name__)


@bp.get("/handbook")
@guard(Action.SIGNED_IN)
def handbook() -> str:
    return _handbook(Funding.FUND)


@bp.get("/handbook/<funding>")
@guard(Action.SIGNED_IN)
def of(funding: str) -> str:
    if funding not in set(Funding):
        raise NotFound
    return _handbook(Funding(funding))


def _handbook(funding: Funding) -> str:
    edition = queries.newest_edition().handbook
    roles = queries.roles()
    shown = process_map(edition, queries.statuses(), roles, funding.value)
    return render_template(
        "projects/handbook.html", map=shown, edition=edition, roles=list(roles.values()), funding=funding
    )


@bp.get("/projects/<reference>/process")
@guard(Action.VIEW_PROJECT, queries.story)
def show(project: Project) -> str:
    roles = queries.roles()
    shown = process_map(project.edition.handbook, queries.statuses(), roles, project.funding.value, project)
    return render_template("projects/process.html", project=project, map=shown)
