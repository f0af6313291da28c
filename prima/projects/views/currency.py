"""The currency in which the budget is written."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.budget import CurrencyForm
from prima.projects.models import Project
from prima.projects.rules import only_currency
from prima.projects.views.budget import HERE as BUDGET
from prima.projects.views.drafting import Answer, drafting, frame, outcome, saved
from prima.users import viewer

bp = Blueprint("currency", __name__, url_prefix="/projects")


@bp.get("/<reference>/budget/currency")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    form = CurrencyForm(version=project.budget_version, currency=project.currency)
    return page(project, offer(form, project))


@bp.post("/<reference>/budget/currency")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    form = offer(CurrencyForm(), project)
    status = outcome(
        form,
        lambda: operations.choose_currency(
            project, actor=viewer(), version=form.version.data, currency=form.currency.data
        ),
    )
    if status != 303:
        return page(project, form), status
    says = _(
        "The budget is in %(currency)s now. The amounts stay as they were typed: please check them.",
        currency=project.currency,
    )
    return saved(project, BUDGET, message=says)


def offer(form: CurrencyForm, project: Project) -> CurrencyForm:
    """USD and what has a rate; where the edition wants one currency, that one and what stands there now."""
    only = only_currency(project)
    form.currency.choices = choices.currencies([project.currency])
    if only:
        form.currency.invalid_choice_message = said_rule(project)
        form.currency.choices = {
            code: name for code, name in form.currency.choices.items() if code in (only, project.currency)
        }
    return form


def page(project: Project, form: CurrencyForm) -> str:
    return render_template(
        "projects/currency.html",
        **frame(project, BUDGET),
        form=form,
        rule=said_rule(project) if only_currency(project) else "",
    )


def said_rule(project: Project) -> str:
    return project.edition.handbook.say_rule("CURRENCY", funding=project.funding.value)
