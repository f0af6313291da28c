"""The budget: all lines as rows of one form, totals per category, and how the rules are kept."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, can, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.budget import BudgetForm
from prima.projects.forms.rows import EMPTY_ROWS
from prima.projects.gauges import gauges
from prima.projects.models import Project
from prima.projects.operations.budget import MOST_LINES, values_of
from prima.projects.operations.rows import RowsConflict
from prima.projects.shares import CENT
from prima.projects.views.comments import discussion
from prima.projects.views.drafting import (
    Answer,
    both_rows,
    drafting,
    frame,
    limit_rows,
    outcome,
    rows_of,
    saved,
    shown,
)
from prima.users import viewer

bp = Blueprint("budget", __name__, url_prefix="/projects")
HERE = "budget.edit"


@bp.get("/<reference>/budget")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [shown(values_of(line), line) for line in project.lines]
    return page(project, offer(BudgetForm(lines=[*rows, *({} for _row in range(EMPTY_ROWS))]), project))


@bp.post("/<reference>/budget")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows(MOST_LINES + 100)
    form = offer(BudgetForm(), project)
    try:
        status = outcome(
            form,
            lambda: operations.revise_budget(project, actor=viewer(), rows=rows_of(form.lines.entries, _("Line"))),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    if status != 303:
        return page(project, form), status
    return saved(project, HERE, message=_("Saved. The total is USD %(total)s.", total=f"{project.budget_usd:,.2f}"))


def offer(form: BudgetForm, project: Project) -> BudgetForm:
    nothing = {"": ""}
    lines = project.lines
    form.number(
        form.lines,
        {
            "category_code": {**nothing, **choices.budget_categories({line.category_code for line in lines})},
            "area_code": {**nothing, **choices.areas({line.area_code for line in lines})},
            "activity_type_code": {**nothing, **choices.activity_types({line.activity_type_code for line in lines})},
        },
    )
    return form


def page(project: Project, form: BudgetForm) -> str:
    sees_staff_costs = can(viewer(), Action.VIEW_INTERNAL, project)
    return render_template(
        "projects/budget.html",
        **frame(project, HERE),
        form=form,
        discussion=discussion(project, "BUD"),
        groups=by_category(project),
        gauges=gauges(project),
        cent=CENT,
        amounts={str(line.id): line.amount for line in project.lines},
        hidden=()
        if sees_staff_costs
        else {line.id for line in project.lines if line.category_code.startswith("STAFF")},
        areas=choices.areas({line.area_code for line in project.lines}),
        activities=choices.activity_types({line.activity_type_code for line in project.lines}),
    )


def by_category(project: Project) -> list[tuple[str, list[tuple[str, Decimal]], Decimal]]:
    """Each category with its leaves in use and their sums, and its own sum."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in project.lines:
        sums[line.category_code] += line.amount
    found = []
    for name, leaves in choices.budget_categories(set(sums)).items():
        used = [(leaf, sums[code]) for code, leaf in leaves.items() if code in sums]
        if used:
            found.append((name, used, sum((amount for _leaf, amount in used), Decimal(0))))
    return found
