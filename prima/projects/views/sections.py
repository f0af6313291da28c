"""Writing a section of the proposal, beside what it must answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from prima.handbook.edition import Section as SectionRule
from prima.permissions import Action, can, guard
from prima.projects import operations, queries
from prima.projects.forms import SectionForm
from prima.projects.models import Project, Section
from prima.projects.rules import count_words
from prima.projects.tasks import Values
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


def load(reference: str, code: str) -> Draft | None:
    """The section by its code in lower case; None when the edition asks no such text of this kind of project."""
    project = queries.proposal(reference)
    if project is None:
        return None
    for rule in project.edition.handbook.sections_for(project.funding.value):
        hidden = rule.internal and not can(viewer(), Action.VIEW_INTERNAL, project)
        if rule.code.lower() == code and rule.kind == "text" and not hidden:
            return Draft(project, rule, next((one for one in project.sections if one.code == rule.code), None))
    return None


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
    )
