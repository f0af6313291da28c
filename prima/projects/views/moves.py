"""Taking a move of the life cycle that belongs to no other room: develop, withdraw."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.forms import MoveForm, ReasonForm, move_form
from prima.permissions import Action, guard, require
from prima.projects import operations, queries
from prima.projects.models import Project
from prima.projects.page import need_url
from prima.projects.stages import LIFECYCLE
from prima.users import viewer
from prima.workflow import Move

bp = Blueprint("moves", __name__, url_prefix="/projects")
HERE = "moves.take"


@dataclass(frozen=True)
class Taking:
    project: Project
    move: Move


def load(reference: str, move: str) -> Taking | None:
    """The project and the move as it stands in the table; None when there is no such move from here on."""
    project = queries.page(reference)
    if project is None:
        return None
    found = LIFECYCLE.find(project.status, move)
    if found is None or found.via != HERE:
        found = next((one for one in LIFECYCLE if one.name == move and one.via == HERE), None)
    return Taking(project, found) if found else None


@bp.route("/<reference>/moves/<move>", methods=["GET", "POST"])
@guard(Action.VIEW_PROJECT, load)
def take(taking: Taking) -> str | Response | tuple[str, int]:
    project, move = taking.project, taking.move
    if move.source is project.status:
        require(viewer(), move.action, project)
    form = move_form(move)
    if form.validate_on_submit():
        operations.take(project.id, move.name, actor=viewer(), note=form.note.data or "")
        flash(_("Done: %(move)s.", move=move.says), "success")
        return redirect(url_for("projects.show", reference=project.reference), 303)
    return page(taking, form), 422 if form.is_submitted() else 200


def page(taking: Taking, form: MoveForm | ReasonForm) -> str:
    project, move = taking.project, taking.move
    unmet = [(str(need.text), need_url(project, need)) for need in move.missing(project)]
    target = queries.statuses()[move.target].name
    return render_template("projects/move.html", project=project, move=move, form=form, unmet=unmet, target=target)
