"""Beginning a project: the concept."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from prima import clock
from prima.permissions import Action, guard
from prima.projects import choices, operations
from prima.projects.forms.cover import ConceptForm, IdeaForm
from prima.projects.models import Project
from prima.projects.stages import Funding
from prima.projects.views.drafting import Answer, outcome
from prima.users import viewer

bp = Blueprint("concept", __name__, url_prefix="/projects")


@bp.get("/new")
@guard(Action.CREATE_PROJECT)
def create() -> str:
    home = choices.home_country(viewer())
    form = ConceptForm(
        funding=Funding.FUND, funding_year=clock.today().year, countries=[home] if home else [], office_id=None
    )
    return page(form)


@bp.post("/new")
@guard(Action.CREATE_PROJECT)
def save() -> Answer:
    form = offer(ConceptForm())
    made: list[Project] = []
    status = outcome(form, lambda: made.append(operations.propose(actor=viewer(), **form.values())))
    if status != 303:
        return page(form), status
    flash(_("The concept is saved. It can be developed into a proposal at any time."), "success")
    return redirect(url_for("projects.show", reference=made[0].reference), 303)


def page(form: ConceptForm) -> str:
    return render_template("projects/concept.html", form=offer(form), countries=choices.countries())


def offer(form: ConceptForm) -> ConceptForm:
    offer_idea(form, choices.own_offices(viewer()))
    return form


def offer_idea(form: IdeaForm, offices: choices.Names, held: Project | None = None) -> None:
    """Fill what a concept and a cover let people choose from."""
    nothing = {"": _("Please choose")}
    types = (held.project_type_code, held.secondary_type_code) if held else ()
    form.project_type_code.choices = {**nothing, **choices.project_types(types)}
    form.countries.choices = {code: name for names in choices.countries().values() for code, name in names.items()}
    form.donor_code.choices = {**nothing, **choices.donors([held.donor_code] if held else ())}
    form.office_id.choices = offices if len(offices) == 1 else {**nothing, **offices}
