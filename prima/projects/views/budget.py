"""The budget: all lines as rows of one form, totals per category, and how the rules are kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from prima.filters import day, money
from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.budget import BudgetForm, LineForm
from prima.projects.forms.rows import EMPTY_ROWS, Options
from prima.projects.gauges import gauges
from prima.projects.models import Project
from prima.projects.numbering import numbered
from prima.projects.operations.budget import MOST_LINES, values_of
from prima.projects.operations.rows import RowsConflict
from prima.projects.rules import is_donor, is_of_staff, is_regional, said
from prima.projects.rules.budget import PAID_FOR
from prima.projects.rules.facts import EVALUATION, OVERHEAD
from prima.projects.views.comments import discussion
from prima.projects.views.drafting import (
    Answer,
    both_rows,
    drafting,
    frame,
    limit_rows,
    names_of,
    outcome,
    rows_of,
    saved,
    shown,
)
from prima.rates import USD
from prima.users import viewer

bp = Blueprint("budget", __name__, url_prefix="/projects")
HERE = "budget.edit"
MORE = "more"
"""What the button sends that saves and shows three more empty lines."""
PICKED = ("category_code", "result_id", "area_code", "activity_type_code", "country_code")


@bp.get("/<reference>/budget")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [shown(values_of(line), line) for line in project.lines]
    lines = [*rows, *({} for _row in range(min(EMPTY_ROWS, MOST_LINES - len(rows))))]
    return page(project, offer(BudgetForm(currency=project.currency, lines=lines), project))


@bp.post("/<reference>/budget")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows(MOST_LINES + 100)
    form = offer(BudgetForm(), project)
    try:
        status = outcome(
            form,
            lambda: operations.revise_budget(
                project,
                actor=viewer(),
                rows=rows_of(form.lines.entries, _("Line")),
                currency=form.currency.data,
            ),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    if status != 303:
        form.currency.data = project.currency
        return page(project, form), status
    says = _("Saved. The total is %(total)s.", total=said(project, project.budget))
    if request.form.get("then") != MORE:
        return saved(project, HERE, message=says)
    flash(says, "success")
    first_empty = f"lines-{len(project.lines)}-category_code"
    return redirect(url_for(HERE, reference=project.reference, _anchor=first_empty), 303)


def offered(project: Project) -> dict[str, Options]:
    """What each select of a line offers, and what a line holds already though it was retired since."""
    lines = project.lines
    names: dict[str, dict[str, Any]] = {
        "category_code": choices.budget_categories({line.category_code for line in lines}),
        "result_id": results_of(project) | taken_out(project),
        "area_code": choices.areas({line.area_code for line in lines}),
        "activity_type_code": choices.activity_types({line.activity_type_code for line in lines}),
        "country_code": countries_of(project),
    }
    return {name: Options({"": "", **found}) for name, found in names.items()}


def results_of(project: Project) -> dict[str, str]:
    """The outputs and activities of the results matrix, with their numbers."""
    return {str(one.id): one.name for one in numbered(project.results) if one.level in PAID_FOR}


def taken_out(project: Project) -> dict[str, str]:
    """The outputs and activities that a change took out, and that a line still names."""
    named = {line.result_id for line in project.lines}
    return {
        str(one.id): _("%(text)s (taken out on %(day)s)", text=one.text, day=day(one.retired_on))
        for one in numbered(project.results, taken_out=True)
        if one.retired_on and one.id in named
    }


def countries_of(project: Project) -> dict[str, str]:
    """The countries that a regional project covers; in another one only what a line names from before."""
    covered = {one.country_code: one.country.name for one in project.coverage} if is_regional(project) else {}
    return covered | choices.countries_named({line.country_code for line in project.lines} - covered.keys())


def offer(form: BudgetForm, project: Project) -> BudgetForm:
    form.options = offered(project)
    form.number(form.lines, form.options)
    return form


def internal_lines(project: Project) -> set[int]:
    """The lines whose unit costs the viewer may not see."""
    return set() if can(viewer(), Action.VIEW_INTERNAL, project) else staff_lines(project)


def staff_lines(project: Project) -> set[int]:
    """The lines whose unit costs are internal."""
    return {line.id for line in project.lines if is_of_staff(line.category_code)}


def page(project: Project, form: BudgetForm) -> str:
    return render_template(
        "projects/budget.html",
        **frame(project, HERE),
        form=form,
        empty_rows=EMPTY_ROWS,
        most_lines=MOST_LINES,
        more=MORE,
        discussion=discussion(project, "BUD"),
        groups=by_category(project),
        gauges=gauges(project, money),
        total=said(project, project.budget, money),
        usd=USD,
        currency_is_open=is_donor(project) or project.currency != USD,
        titles=titles(),
        unit_cost_title=_("Unit cost, %(currency)s", currency=project.currency),
        amount_title=_("Amount, %(currency)s", currency=project.currency),
        has_results=len(form.options["result_id"]) > 1,
        amounts={str(line.id): line.amount for line in project.lines},
        regional=is_regional(project),
        hidden=internal_lines(project),
        names={name: names_of(form.options[name]) for name in PICKED},
    )


def titles() -> dict[str, str]:
    """What each cell is called, said once for all lines."""
    found = {name: str(field.label.text) for name, field in LineForm()._fields.items()}
    return {**found, "units": _("Units"), "line": _("Line")}


@dataclass(frozen=True)
class Leaf:
    """A category that lines stand on, and the sum of those that do."""

    code: str
    name: str
    sum: Decimal
    used: bool
    counts: str
    """What of BudgetFacts its lines count in, for who counts while typing; may be empty."""


@dataclass(frozen=True)
class Group:
    """A category with its leaves; its own sum is theirs."""

    name: str
    leaves: list[Leaf]

    @property
    def sum(self) -> Decimal:
        return sum((leaf.sum for leaf in self.leaves), Decimal(0))

    @property
    def used(self) -> bool:
        return any(leaf.used for leaf in self.leaves)


def by_category(project: Project) -> list[Group]:
    """Each category with its leaves and their sums; those of which no line is are there for who types one."""
    sums: dict[str, Decimal] = {}
    for line in project.lines:
        sums[line.category_code] = sums.get(line.category_code, Decimal(0)) + line.amount
    counts = {
        **dict.fromkeys(choices.counted_towards_30(), "staff_and_office"),
        OVERHEAD: "overhead",
        EVALUATION: "evaluation",
    }
    return [
        Group(
            name,
            [
                Leaf(code, leaf, sums.get(code, Decimal(0)), code in sums, counts.get(code, ""))
                for code, leaf in leaves.items()
            ],
        )
        for name, leaves in choices.budget_categories(set(sums)).items()
    ]
