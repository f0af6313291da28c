"""The process map: of the Handbook, and of a project with "you are here"."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from werkzeug.exceptions import NotFound

from prima.permissions import Action, guard
from prima.projects import queries
from prima.projects.models import Project
from prima.projects.process import acting_roles, process
from prima.projects.stages import Funding
from prima.projects.tones import tone
from prima.road import Roads

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
    told = process(edition, queries.statuses(), queries.roles(), funding.value)
    return render_template("projects/handbook.html", process=told, edition=edition, funding=funding)


@bp.get("/projects/<reference>/process")
@guard(Action.VIEW_PROJECT, queries.page)
def show(project: Project) -> str:
    edition = project.edition.handbook
    people = queries.people_of(project, acting_roles(edition, project.funding.value))
    statuses = queries.statuses()
    roads: Roads = current_app.extensions["prima.roads"]
    told = process(edition, statuses, queries.roles(), project.funding.value, project, people, roads.reviewers(project))
    return render_template(
        "projects/process.html",
        project=project,
        process=told,
        status=statuses[project.status].name,
        tone=tone(project.status),
    )
