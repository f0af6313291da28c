"""Writing a section of the proposal, beside what it must answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template, url_for
from werkzeug.wrappers import Response

from prima import clock, sessions
from prima.errors import Conflict, Invalid
from prima.filters import hour
from prima.handbook.edition import Section as SectionRule
from prima.permissions import Action, can, guard
from prima.projects import operations, queries
from prima.projects.forms.texts import SectionForm
from prima.projects.models import Project, Section
from prima.projects.operations.sections import OpenSection, autosave_section, open_section
from prima.projects.rules import count_words
from prima.projects.tasks import Values
from prima.projects.views.comments import discussion
from prima.projects.views.drafting import Answer, drafting, frame, outcome, saved
from prima.users import viewer

bp = Blueprint("sections", __name__, url_prefix="/projects")
HERE = "sections.edit"


@dataclass(frozen=True)
class Draft:
    """A section of a project: what the edition says of it, and what is written."""

    project: Project
    rule: SectionRule
    section: Section | None

    @property
    def values(self) -> Values:
        return (("code", self.rule.code.lower()),)


@dataclass(frozen=True)
class Typing:
    """A section while somebody types in it: what the edition says of it, and what is written."""

    project: Project
    rule: SectionRule
    open: OpenSection


def rule_of(project: Project, code: str) -> SectionRule | None:
    """The section by its code in lower case; None when the edition asks no such text of this kind of project."""
    for rule in project.edition.handbook.sections_for(project.funding.value, project.facts):
        hidden = rule.internal and not can(viewer(), Action.VIEW_INTERNAL, project)
        if rule.code.lower() == code and rule.kind == "text" and not hidden:
            return rule
    return None


def load(reference: str, code: str) -> Draft | None:
    project = queries.proposal(reference)
    rule = rule_of(project, code) if project else None
    if project is None or rule is None:
        return None
    return Draft(project, rule, next((one for one in project.sections if one.code == rule.code), None))


def load_typing(reference: str, code: str) -> Typing | None:
    found = open_section(reference, code, actor=viewer())
    rule = rule_of(found.project, code) if found else None
    return Typing(found.project, rule, found) if found and rule else None


@bp.get("/<reference>/sections/<code>")
@guard(Action.VIEW_PROJECT, load)
def edit(draft: Draft) -> str:
    section = draft.section
    form = SectionForm(text=section.text if section else "", version=section.version if section else 0)
    return page(draft, form)


@bp.post("/<reference>/sections/<code>")
@drafting(load)
def save(draft: Draft) -> Answer:
    form = SectionForm()
    form.text.label.text = draft.rule.title.say()
    status = outcome(
        form,
        lambda: operations.write_section(
            draft.project,
            draft.rule.code,
            actor=viewer(),
            version=form.version.data,
            text=form.text.data or "",
        ),
    )
    return saved(draft.project, HERE, draft.values) if status == 303 else (page(draft, form), status)


@bp.post("/<reference>/sections/<code>/autosave")
@guard(Action.EDIT_PROPOSAL, load_typing)
def autosave(typing: Typing) -> Response | tuple[Response, int]:
    """Saves as the button does, and answers the script of the page: when and as which version, or why not."""
    form = SectionForm()
    if not form.validate_on_submit():
        return jsonify(errors=[str(error) for errors in form.errors.values() for error in errors]), 422
    text = form.text.data or ""
    try:
        section = autosave_section(typing.open, typing.rule, actor=viewer(), version=form.version.data, text=text)
    except Invalid as refusal:
        return jsonify(errors=[reason.text for reason in refusal.reasons]), 422
    except Conflict as conflict:
        page = url_for(HERE, reference=typing.project.reference, code=typing.rule.code.lower())
        return jsonify(who=conflict.who, conflict=page), 409
    sessions.desk_stays()
    return jsonify(
        saved_at=hour(section.saved_at if section else clock.now()),
        version=section.version if section else 0,
        words=count_words(text),
    )


def page(draft: Draft, form: SectionForm) -> str:
    form.text.label.text = draft.rule.title.say()
    text = draft.section.text if draft.section else ""
    return render_template(
        "projects/section.html",
        **frame(draft.project, HERE, draft.values),
        rule=draft.rule,
        section=draft.section,
        form=form,
        words=count_words(text),
        discussion=discussion(draft.project, draft.rule.code),
    )
