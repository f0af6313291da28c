"""Beside the draft: similar projects, what they learned, and how they measured."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, request
from flask_babel import gettext as _

from prima.lessons import LessonsOf
from prima.permissions import Action, guard
from prima.projects import queries, similar
from prima.projects.models import Project
from prima.projects.similar import Alike
from prima.projects.tones import tone
from prima.users import viewer

bp = Blueprint("similar", __name__, url_prefix="/projects")
MOST_WORDS = 6


@dataclass(frozen=True)
class Line:
    """A similar project: why it is, and where its text of the same section stands."""

    project: Alike
    tone: str
    why: str
    has_text: bool


@bp.get("/<reference>/similar")
@guard(Action.VIEW_PROJECT, queries.with_shape)
def show(project: Project) -> str:
    """`?section=RAT` names the section that somebody writes: similar projects that have it link to theirs."""
    found = similar.alike(project, viewer())
    ids = [one.id for one in found]
    code = request.args.get("section", "").upper()
    section = next((one for one in project.edition.handbook.sections if one.code == code and one.kind == "text"), None)
    texts = similar.having(ids, section.code) if section and not section.internal else set()
    tellers: tuple[LessonsOf, ...] = current_app.extensions["prima.lessons"]
    areas = [one.code for one in project.areas if one.amount]
    countries = [one.country_code for one in project.coverage]
    return render_template(
        "projects/similar.html",
        project=project,
        section=section,
        lines=[Line(one, tone(one.status), why(one), one.id in texts) for one in found],
        named={one.id: one for one in found},
        lessons=[lesson for lessons_of in tellers for lesson in lessons_of(ids, areas, countries)],
        indicators=similar.indicators_of(ids),
    )


def why(one: Alike) -> str:
    """In what it is alike, in words."""
    found = [
        _("same project type") if one.same_type else "",
        ", ".join(one.countries),
        ", ".join(one.areas),
        _("words: %(words)s", words=", ".join(one.words[:MOST_WORDS])) if one.words else "",
    ]
    return "; ".join(filter(None, found))
