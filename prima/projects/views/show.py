"""The project page: what it is, who has it, how far it is; and bookmarking it."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.filters import day, money
from prima.permissions import Action, can, guard
from prima.projects import operations, queries, similar
from prima.projects.models import Project
from prima.projects.page import put_together
from prima.users import viewer

bp = Blueprint("projects", __name__, url_prefix="/projects")


@bp.get("/<reference>")
@guard(Action.VIEW_PROJECT, queries.page)
def show(project: Project) -> str:
    internal, beside = can(viewer(), Action.VIEW_INTERNAL, project), queries.beside(project, viewer())
    page = put_together(
        project,
        viewer(),
        beside.statuses,
        current_app.extensions["prima.tellers"],
        beside.region,
        money=money,
        day=day,
        internal=internal,
        comments=beside.comments if internal else None,
    )
    source, copies = similar.kin(project, viewer()) if beside.copied else ([], [])
    return render_template(
        "projects/show.html",
        page=page,
        bookmarked=beside.bookmarked,
        source=source,
        copies=copies,
    )


@bp.post("/<reference>/bookmark")
@guard(Action.VIEW_PROJECT, queries.project)
def bookmark(project: Project) -> Response:
    if operations.toggle_bookmark(project, actor=viewer()):
        flash(_("This project is now among your bookmarks."), "success")
    else:
        flash(_("This project is no longer among your bookmarks."), "success")
    return redirect(url_for("projects.show", reference=project.reference), 303)
