"""The risk plan, an internal annex: a row a risk, and the map of how grave and how likely they are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.risks import RisksForm
from prima.projects.heat import heat, heights, legend
from prima.projects.models import Project
from prima.projects.operations.risks import MOST_RISKS, values_of
from prima.projects.operations.rows import RowsConflict
from prima.projects.snapshot import snapshot
from prima.projects.tasks import section
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

bp = Blueprint("risks", __name__, url_prefix="/projects")
HERE = "risks.edit"
SECTION = "RSK"
EMPTY = 2
"""Empty cards below those that are written; they are large."""


def with_a_risk_plan(reference: str) -> Project | None:
    """The project, where its edition asks for a risk plan."""
    found = queries.proposal(reference)
    return found if found and section(found, SECTION) else None


@bp.get("/<reference>/risks")
@guard(Action.VIEW_INTERNAL, with_a_risk_plan, see=Action.VIEW_INTERNAL)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [shown(values_of(one), one) for one in project.risks]
    scales = choices.risk_scales()
    return page(project, offer(RisksForm(risks=[*rows, *({} for _row in range(EMPTY))]), scales), scales)


@bp.post("/<reference>/risks")
@drafting(with_a_risk_plan)
def save(project: Project) -> Answer:
    limit_rows(MOST_RISKS + 20)
    scales = choices.risk_scales()
    form = offer(RisksForm(), scales)
    try:
        status = outcome(
            form,
            lambda: operations.plan_risks(project, actor=viewer(), rows=rows_of(form.risks.entries, _("Risk"))),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    return saved(project, HERE) if status == 303 else (page(project, form, scales), status)


def offer(form: RisksForm, scales: dict[str, list[Any]]) -> RisksForm:
    """What each risk is rated by and treated with; its number stands in every label."""
    for number, entry in enumerate(form.risks.entries, 1):
        for field in entry.form:
            field.label.text = _("%(label)s, risk %(number)s", label=str(field.label.text), number=number)
        for name, scale in (
            ("consequence_code", "consequence"), ("likelihood_code", "likelihood"), ("treatment_code", "treatment"),
        ):  # fmt: skip
            rated = scale != "treatment"
            entry.form[name].choices = {
                "": _("Please choose"),
                **{one.code: f"{one.value} {one.name}" if rated else one.name for one in scales[scale]},
            }
    return form


def page(project: Project, form: RisksForm, scales: dict[str, list[Any]]) -> str:
    bands = project.edition.handbook.risk
    risks = snapshot(project)["risks"]
    found = heights(risks, scales, bands)
    return render_template(
        "projects/risks.html",
        **frame(project, HERE),
        discussion=discussion(project, SECTION),
        section=section(project, SECTION),
        form=form,
        risks=risks,
        heights=found,
        by_id={one.id: height for one, height in zip(project.risks, found, strict=True)},
        heat=heat(risks, scales, bands) if any(found) else [],
        legend=legend(bands, scales),
        consequences=scales["consequence"],
        names={one.code: one.name for scale in scales.values() for one in scale},
    )
