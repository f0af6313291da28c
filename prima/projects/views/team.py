"""Who develops the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.team import DeveloperForm, LeaveForm
from prima.projects.models import Dimension, Part, Project
from prima.projects.page import PARTS
from prima.projects.rules.calls import day_there
from prima.projects.views.drafting import Answer, outcome
from prima.users import User, viewer

bp = Blueprint("team", __name__, url_prefix="/projects")
STRUCTURED = {
    "cover": "COV", "matrix": "MAT", "indicators": "MAT", "workplan": "WPL", "budget": "BUD", "risks": "RSK",
}  # fmt: skip
"""The section of the edition that an event of the journal is about."""
PARTS_WRITTEN = {
    ("beneficiaries", ""): _l("Beneficiaries"),
    ("partners", ""): _l("Partners"),
    ("classification", ""): _l("Classification"),
    ("milestones", ""): _l("Milestones"),
    ("allocation", Dimension.AREA.value): _l("Allocation by area of work"),
    ("allocation", Dimension.ACTIVITY.value): _l("Allocation by activity type"),
    ("allocation", Dimension.COUNTRY.value): _l("Allocation by country"),
    ("document", ""): _l("Documents"),
}
"""What else is written: by event, and by dimension where an event has several."""


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


@dataclass
class Author:
    """What a person wrote: the parts nobody wrote in since, and the others, each with when."""

    name: str
    last: list[tuple[str, datetime]] = field(default_factory=list)
    before: list[tuple[str, datetime]] = field(default_factory=list)


def authors(project: Project) -> list[Author]:
    """Everybody who wrote, whoever wrote most recently first."""
    names = {party.user_id: party.user.name for party in project.parties}
    titles = {one.code: one.title.say() for one in project.edition.handbook.sections}
    found: dict[int, Author] = {}
    written: dict[str, int] = {}
    for one in queries.writings(project):
        code = one.code if one.event == "section" else STRUCTURED.get(one.event, "")
        words = PARTS_WRITTEN.get((one.event, one.code)) or PARTS_WRITTEN.get((one.event, ""))
        title = titles.get(code) or (str(words) if words else "")
        if not title or one.user_id not in names:
            continue
        author = found.setdefault(one.user_id, Author(names[one.user_id]))
        if title in dict([*author.last, *author.before]):
            continue
        mine = written.setdefault(title, one.user_id) == one.user_id
        (author.last if mine else author.before).append((title, one.at))
    return list(found.values())


def page(project: Project, form: DeveloperForm) -> str:
    developers = [one for one in project.parties if one.part is Part.DEVELOPER and one.until_at is None]
    return render_template(
        "projects/team.html",
        project=project,
        day_there=day_there,
        form=form,
        leave=LeaveForm(formdata=None),
        developers=developers,
        authors=authors(project),
        others=[(PARTS[one.part], one) for one in project.parties if one not in developers],
        may_change=can(viewer(), Action.EDIT_TEAM, project),
        sees_addresses=can(viewer(), Action.VIEW_INTERNAL, project),
    )
