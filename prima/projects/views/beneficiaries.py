"""Who is to be reached, and how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.errors import Conflict
from prima.permissions import Action, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.beneficiaries import BeneficiariesForm
from prima.projects.forms.rows import EMPTY_ROWS
from prima.projects.headcount import cross, totals
from prima.projects.models import Project, Reach
from prima.projects.operations.beneficiaries import Group, standing
from prima.projects.views.drafting import Answer, drafting, frame, limit_rows, names_of, outcome, saved
from prima.users import viewer

bp = Blueprint("beneficiaries", __name__, url_prefix="/projects")
HERE = "beneficiaries.edit"
MOST_ROWS = 1000
PRESET = {"sex_code": "SEX_OTHER", "age_code": "AGE_NOT"}
FIELDS = ("type_code", "reach", "sex_code", "age_code", "planned")


@bp.get("/<reference>/beneficiaries")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [{name: getattr(one, name) for name in FIELDS} for one in project.beneficiaries]
    empty = [dict(PRESET) for _row in range(EMPTY_ROWS)]
    return page(project, offer(BeneficiariesForm(rows=[*rows, *empty], version=standing(project)), project))


@bp.post("/<reference>/beneficiaries")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS)
    form = offer(BeneficiariesForm(), project)
    try:
        status = outcome(
            form,
            lambda: operations.plan_beneficiaries(
                project, actor=viewer(), version=form.version.data, groups=typed(form)
            ),
        )
    except Conflict as conflict:
        raise in_words_of_lists(conflict, project) from None
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def typed(form: BeneficiariesForm) -> list[Group]:
    rows = [(entry.name, entry.form) for entry in form.rows if not entry.form.is_empty and not entry.form.remove.data]
    return [
        Group(
            name=name,
            type_code=row.type_code.data,
            reach=Reach(row.reach.data),
            sex_code=row.sex_code.data or PRESET["sex_code"],
            age_code=row.age_code.data or PRESET["age_code"],
            planned=row.planned.data,
        )
        for name, row in rows
    ]


def offers(project: Project) -> choices.Groups:
    held = {one.type_code for one in project.beneficiaries}
    return {
        "type_code": {"": "", **choices.beneficiary_types(held)},
        "reach": {"": "", Reach.DIRECT.value: _("directly"), Reach.INDIRECT.value: _("indirectly")},
        "sex_code": choices.disaggregation("sex"),
        "age_code": choices.disaggregation("age"),
    }


def offer(form: BeneficiariesForm, project: Project) -> BeneficiariesForm:
    form.number(form.rows, offers(project))
    return form


def in_words_of_lists(conflict: Conflict, project: Project) -> Conflict:
    """The groups that differ, by the names of their codes."""
    names = {code: name for names in offers(project).values() for code, name in names.items()}
    conflict.differences = [
        replace(one, label=", ".join(names.get(code, code) for code in one.label.split("|")))
        for one in conflict.differences
    ]
    return conflict


def page(project: Project, form: BeneficiariesForm) -> str:
    offered = offers(project)
    dimensions = {name: names_of(choices) for name, choices in offered.items()}
    for names in dimensions.values():
        names.pop("", None)
    groups = project.beneficiaries
    return render_template(
        "projects/beneficiaries.html",
        **frame(project, HERE),
        form=form,
        names={code: name for names in dimensions.values() for code, name in names.items()},
        total=sum(one.planned for one in groups),
        totals=totals(groups, dimensions) if groups else [],
        cross=cross(groups, dimensions) if groups else None,
    )
