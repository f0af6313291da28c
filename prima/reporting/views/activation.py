"""Activating, closing and cancelling a project, each on its own page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.permissions import Action, guard
from prima.projects import choices
from prima.projects.models import Part, Project
from prima.projects.page import need_url
from prima.projects.rules import is_donor
from prima.projects.stages import Status
from prima.reporting import operations, queries
from prima.reporting.forms import ActivationForm, DonorActivationForm
from prima.reporting.rules import activation_checklist, to_activate
from prima.users import viewer
from prima.workflow import Need

bp = Blueprint("activation", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]


@bp.route("/<reference>/activation/<any(activate):move>", methods=["GET", "POST"])
@guard(Action.ACTIVATE, queries.project)
def activate(project: Project) -> Answer:
    at(project, Status.APPROVED)
    form = activation_form(project)
    if form.validate_on_submit():
        try:
            done = operations.activate(project.id, actor=viewer(), **form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The project is active. Its project ID is %(id)s.", id=done.code), "success")
            return home(project)
    managers = [person.name for person in project.people(Part.MANAGER, Part.ALTERNATE)]
    return page(
        "reporting/activate.html",
        project,
        form,
        unmet=listed(project, to_activate(project)),
        checklist=activation_checklist(project),
        now=managers,
    )


def activation_form(project: Project) -> ActivationForm:
    form = DonorActivationForm() if is_donor(project) else ActivationForm()
    if project.project_type_code:
        del form.project_type_code
    else:
        form.project_type_code.choices = {"": _("Please choose"), **choices.project_types()}
    return form


def at(project: Project, *statuses: Status) -> None:
    if project.status not in statuses:
        raise Refused(_("This project has moved on meanwhile. Open its page to see where it is now."))


def home(project: Project) -> Response:
    return redirect(url_for("projects.show", reference=project.reference), 303)


def listed(project: Project, needs: list[Need]) -> list[tuple[str, str | None]]:
    return [(str(need.text), need_url(project, need)) for need in needs]


def page(template: str, project: Project, form: Any, **more: Any) -> Answer:
    return render_template(template, project=project, form=form, **more), 422 if form.is_submitted() else 200
