"""What a project contributes to, and its gender marker with the code that its answers suggest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from prima.errors import Conflict
from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.classification import ClassificationForm
from prima.projects.models import Extent, Project
from prima.projects.operations.classification import standing, values_of
from prima.projects.rules.classification import OBJECTIVE, PRINCIPLE
from prima.projects.rules.gender import NOT_APPLICABLE, suggested
from prima.projects.views.drafting import Answer, drafting, frame, limit_rows, names_of, outcome, saved
from prima.users import viewer

bp = Blueprint("classification", __name__, url_prefix="/projects")
HERE = "classification.edit"
QUESTIONS = ("needs_analysis", "outputs", "activities", "main_aim")


@dataclass(frozen=True)
class Offers:
    """What there is to choose from, by the names of the lists."""

    governance: choices.Groups
    sdgs: dict[int, choices.Names]
    themes: choices.Names
    markers: choices.Names


@dataclass(frozen=True)
class Override:
    """A gender marker that a reviewer set: who, instead of which code, and why."""

    who: str
    before: str
    reason: str


def offers(project: Project) -> Offers:
    held = project.gender_marker_code
    may_be_none = project.project_type_code in project.edition.handbook.gender_not_applicable_types
    return Offers(
        governance=choices.governance([mark.code for mark in project.governance]),
        sdgs=choices.sdg_targets([mark.code for mark in project.sdgs]),
        themes=choices.themes([mark.code for mark in project.themes]),
        markers={
            code: name
            for code, name in choices.gender_markers([held]).items()
            if code != NOT_APPLICABLE or may_be_none or code == held
        },
    )


@bp.get("/<reference>/classification")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    found = offers(project)
    held = values_of(project)
    themes = [
        {"code": code, "chosen": code in held["themes"], "note": held["themes"].get(code, "")} for code in found.themes
    ]
    main_aim = {True: Extent.YES.value, False: Extent.NO.value}.get(held["main_aim"])
    form = ClassificationForm(**{**held, "themes": themes, "main_aim": main_aim}, version=standing(project))
    return page(project, offer(form, project, found), found)


@bp.post("/<reference>/classification")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows()
    found = offers(project)
    form = offer(ClassificationForm(), project, found)
    if "suggest" in request.form:
        return page(project, form, found, asked=True)
    try:
        status = outcome(form, lambda: operations.classify(project, actor=viewer(), **typed(form)))
    except Conflict as conflict:
        names = found.themes
        conflict.differences = [replace(one, label=names.get(one.label, one.label)) for one in conflict.differences]
        raise
    return saved(project, HERE) if status == 303 else (page(project, form, found), status)


def typed(form: ClassificationForm) -> dict[str, Any]:
    answers = form.answers
    return {
        "version": form.version.data,
        "principles": form.principles.data,
        "objectives": form.objectives.data,
        "sdgs": form.sdgs.data,
        "themes": form.handled,
        "gender_marker_code": form.gender_marker_code.data,
        **{name: Extent(value) if isinstance(value, str) else value for name, value in answers.items()},
        **({"reason": form.reason.data} if answers else {}),
    }


def offer(form: ClassificationForm, project: Project, found: Offers) -> ClassificationForm:
    """Fill what people choose from, in the words of the lists and of the edition."""
    form.principles.choices = found.governance.get(PRINCIPLE, {})
    form.objectives.choices = found.governance.get(OBJECTIVE, {})
    form.sdgs.choices = {code: name for names in found.sdgs.values() for code, name in names.items()}
    form.gender_marker_code.choices = {"": _("Please choose"), **found.markers}
    form.themes.entries = [entry for entry in form.themes.entries if entry.form.code.data in found.themes]
    for entry in form.themes.entries:
        name = found.themes[entry.form.code.data]
        entry.form.chosen.label.text = name
        entry.form.note.label.text = _("%(theme)s: how it is handled", theme=name)
    gender = project.edition.handbook.gender
    if gender is None:
        for name in (*QUESTIONS, "reason"):
            del form[name]
        return form
    whole = {"": _("Not answered yet"), Extent.YES.value: _("Yes"), Extent.NO.value: _("No")}
    extents = {"": whole[""], Extent.YES.value: _("Yes"), Extent.SOME.value: _("In part"), Extent.NO.value: _("No")}
    for question in gender.questions:
        form[question.code].label.text = question.text.say()
        form[question.code].choices = whole if question.code == "main_aim" else extents
    return form


def page(project: Project, form: ClassificationForm, found: Offers, *, asked: bool = False) -> str:
    """`asked`: somebody pressed the button for a suggestion; nothing is saved by it."""
    gender = project.edition.handbook.gender
    suggestion = suggested(gender, form.answers)
    return render_template(
        "projects/classification.html",
        **frame(project, HERE),
        form=form,
        offers=found,
        themes=found.themes,
        questions=gender.questions if gender else (),
        suggestions=[one.model_dump() for one in gender.suggestions] if gender else (),
        suggestion=found.markers.get(suggestion or "", suggestion),
        differs=bool(suggestion) and form.gender_marker_code.data not in (None, suggestion),
        answered=answered(form),
        override=override(project),
        asked=asked,
    )


def override(project: Project) -> Override | None:
    """Who among the reviewers set the code that stands, and for those who may read it, why."""
    found = queries.gender_set(project)
    if found is None:
        return None
    reason = found.data["reason"] if can(viewer(), Action.VIEW_INTERNAL, project) else ""
    return Override(found.actor.name if found.actor else "", found.data["before"] or _("none"), reason)


def answered(form: ClassificationForm) -> list[tuple[str, str]]:
    """The questions that have an answer, with it in words."""
    found = [form[name] for name in QUESTIONS if name in form and form[name].data]
    return [(str(field.label.text), names_of(field.choices).get(field.data, "")) for field in found]
