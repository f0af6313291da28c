"""The proposal as a list of its parts, each with how far it is."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, current_app, render_template

from prima.permissions import Action, can, guard
from prima.projects import queries
from prima.projects.models import Project
from prima.projects.rules import calls
from prima.projects.stages import Status
from prima.projects.tasks import progress
from prima.projects.tones import tone
from prima.projects.views.drafting import may_edit, tasks_seen, url_of, why_not
from prima.road import Roads, Station
from prima.users import viewer

bp = Blueprint("proposal", __name__, url_prefix="/projects")


@bp.get("/<reference>/proposal")
@guard(Action.VIEW_PROJECT, queries.proposal_with_story)
def show(project: Project) -> str:
    found = tasks_seen(project)
    done, count = progress(found)
    writable = may_edit(viewer(), project)
    return render_template(
        "projects/proposal.html",
        project=project,
        groups=[
            (name, [(task, url_of(project, task)) for task in members])
            for name, members in groupby(found, lambda task: task.group)
        ],
        comments=open_comments(project),
        unanswered=sum(one.is_unanswered for one in project.comments),
        done=done,
        count=count,
        writable=writable,
        road=road_ahead(project) if writable else [],
        why_not="" if writable else why_not(project),
        status=queries.statuses()[project.status].name,
        tone=tone(project.status),
        edition=project.edition.handbook.title.say(),
        call_says=calls.said(project) if project.is_editable else "",
    )


def road_ahead(project: Project) -> list[Station]:
    """Where the proposal goes once it is submitted; a concept is developed first."""
    roads: Roads = current_app.extensions["prima.roads"]
    return roads.ahead(project) if project.status is not Status.CONCEPT else []


def open_comments(project: Project) -> dict[str, int]:
    """How many comments are open, by the title of their section, for those who may read them."""
    if not can(viewer(), Action.VIEW_INTERNAL, project):
        return {}
    handbook = project.edition.handbook
    return {handbook.section(code).title.say(): count for code, count in queries.open_comments(project).items()}
