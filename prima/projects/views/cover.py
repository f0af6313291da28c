"""The cover of a proposal."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.filters import money
from prima.permissions import Action, guard
from prima.projects import choices, operations, queries, rules
from prima.projects.forms.cover import CoverForm
from prima.projects.models import Project
from prima.projects.operations.cover import FIELDS, FUNDING_IS_OPEN, covered, requested
from prima.projects.views.comments import discussion
from prima.projects.views.concept import offer_idea
from prima.projects.views.drafting import Answer, drafting, frame, names_of, outcome, saved
from prima.users import viewer

bp = Blueprint("cover", __name__, url_prefix="/projects")
HERE = "cover.edit"
NAMED = ("project_type_code", "secondary_type_code", "fund_line_code", "focus_area_code")
"""What the read-only page shows by its name."""


@bp.get("/<reference>/cover")
@guard(Action.VIEW_PROJECT, queries.proposal_with_story)
def edit(project: Project) -> str:
    held = {name: getattr(project, name) for name in FIELDS}
    form = CoverForm(
        **{**held, "office_id": str(project.office_id)},
        version=project.version,
        countries=covered(project),
        requesting=requested(project),
    )
    return page(project, offer(form, project))


@bp.post("/<reference>/cover")
@drafting(queries.proposal_with_story)
def save(project: Project) -> Answer:
    form = offer(CoverForm(), project)
    if project.status not in FUNDING_IS_OPEN:
        form.funding.data, form.funding.validators = project.funding, []
    offices = [int(number) for number in choices.own_offices(viewer())]
    status = outcome(
        form,
        lambda: operations.describe(
            project, actor=viewer(), version=form.version.data, offices=offices, **form.values()
        ),
    )
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def offer(form: CoverForm, project: Project) -> CoverForm:
    none, nothing = {"": _("None of these")}, {"": _("Please choose")}
    offer_idea(form, choices.own_offices(viewer(), keep=[project.office_id]), project)
    form.requesting.choices = form.countries.choices
    form.secondary_type_code.choices = {**none, **choices.project_types([project.secondary_type_code])}
    form.fund_line_code.choices = {**nothing, **choices.funding_lines([project.fund_line_code])}
    form.focus_area_code.choices = {**nothing, **choices.focus_areas([project.focus_area_code])}
    return form


def page(project: Project, form: CoverForm) -> str:
    section = project.edition.handbook.section("COV")
    may_ask = {*covered(project), *(form.countries.data or ()), *(form.requesting.data or ())}
    return render_template(
        "projects/cover.html",
        **frame(project, HERE),
        section=section,
        form=form,
        discussion=discussion(project, "COV"),
        countries=choices.countries(),
        may_ask={code: name for code, name in form.requesting.choices.items() if code in may_ask},
        estimate=estimate(project),
        funding_is_open=project.status in FUNDING_IS_OPEN,
        names={name: names_of(form[name].choices) for name in NAMED},
    )


def estimate(project: Project) -> str:
    """The total of the budget lines, in USD too where the budget is in another currency."""
    if not project.budget:
        return _("no budget lines yet")
    return rules.said(project, project.budget, money)
