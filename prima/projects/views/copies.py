"""Beginning a project as a copy of a former one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from prima.forms import LETTERS_OF_A_LINE
from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries, similar
from prima.projects.forms.copies import CopyForm
from prima.projects.models import Project
from prima.projects.tones import tone
from prima.projects.views.drafting import Answer, outcome
from prima.users import viewer

bp = Blueprint("copies", __name__, url_prefix="/projects")
MOST_ASKED = 200


@bp.get("/new/former")
@guard(Action.CREATE_PROJECT)
def find() -> str:
    asked = request.args.get("q", "").replace("\x00", "").strip()[:MOST_ASKED]
    found = similar.former(viewer(), asked)
    return render_template(
        "projects/former.html", asked=asked, found=[(one, tone(one.status)) for one in found], most=len(found)
    )


@bp.get("/<reference>/copy")
@guard(Action.CREATE_PROJECT, queries.project)
def begin(project: Project) -> str:
    title = _("Copy of %(title)s", title=project.title)[:LETTERS_OF_A_LINE]
    return page(project, offer(CopyForm(title=title, office_id=None)))


@bp.post("/<reference>/copy")
@guard(Action.CREATE_PROJECT, queries.proposal)
def save(project: Project) -> Answer:
    form = offer(CopyForm())
    made: list[str] = []
    status = outcome(form, lambda: made.append(operations.copy(project, actor=viewer(), **form.values()).reference))
    if status != 303:
        return page(project, form), status
    flash(_("The concept is saved. It began as a copy: look at every part before you develop it."), "success")
    return redirect(url_for("projects.show", reference=made[0]), 303)


def offer(form: CopyForm) -> CopyForm:
    offices = choices.own_offices(viewer())
    form.office_id.choices = offices if len(offices) == 1 else {"": _("Please choose"), **offices}
    return form


def page(project: Project, form: CopyForm) -> str:
    return render_template(
        "projects/copy.html", project=project, form=form, internal=can(viewer(), Action.VIEW_INTERNAL, project)
    )
