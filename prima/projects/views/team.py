"""Who develops the project."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.team import DeveloperForm, LeaveForm
from prima.projects.models import Part, Project
from prima.projects.page import PARTS
from prima.projects.views.drafting import Answer, outcome
from prima.users import User, viewer

bp = Blueprint("team", __name__, url_prefix="/projects")


@bp.get("/<reference>/team")
@guard(Action.VIEW_PROJECT, queries.project)
def edit(project: Project) -> str:
    return page(project, DeveloperForm())


@bp.post("/<reference>/team")
@guard(Action.EDIT_TEAM, queries.project)
def add(project: Project) -> Answer:
    form = DeveloperForm()
    joined: list[User] = []
    status = outcome(
        form,
        lambda: joined.append(
            operations.add_developer(project, actor=viewer(), person=choices.colleague(form.email.data or ""))
        ),
    )
    if status != 303:
        return page(project, form), status
    flash(_("%(name)s now develops this project too.", name=joined[0].name), "success")
    return back(project)


@bp.post("/<reference>/team/leave")
@guard(Action.EDIT_TEAM, queries.project)
def remove(project: Project) -> Answer:
    form = LeaveForm()
    gone = operations.remove_developer(project, actor=viewer(), user_id=form.user_id.data or 0)
    flash(_("%(name)s no longer develops this project.", name=gone.name), "success")
    return back(project)


def back(project: Project) -> Response:
    """To the team, or to the projects for somebody who may no longer see it."""
    if can(viewer(), Action.VIEW_PROJECT, project):
        return redirect(url_for("team.edit", reference=project.reference), 303)
    return redirect(url_for("listing.index"), 303)


def page(project: Project, form: DeveloperForm) -> str:
    developers = [one for one in project.parties if one.part is Part.DEVELOPER and one.until_at is None]
    return render_template(
        "projects/team.html",
        project=project,
        form=form,
        leave=LeaveForm(formdata=None),
        developers=developers,
        others=[(PARTS[one.part], one) for one in project.parties if one not in developers],
        may_change=can(viewer(), Action.EDIT_TEAM, project),
        sees_addresses=can(viewer(), Action.VIEW_INTERNAL, project),
    )
