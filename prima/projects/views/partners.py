"""The partners of a project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import operations, queries
from prima.projects.forms.partners import PartnersForm
from prima.projects.forms.rows import EMPTY_ROWS
from prima.projects.models import Agreement, Project
from prima.projects.operations.partners import MOST_PARTNERS, values_of
from prima.projects.operations.rows import RowsConflict
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

bp = Blueprint("partners", __name__, url_prefix="/projects")
HERE = "partners.edit"


@bp.get("/<reference>/partners")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    rows: list[dict[str, Any]] = [shown(values_of(one), one) for one in project.partners]
    return page(project, offer(PartnersForm(partners=[*rows, *({} for _row in range(EMPTY_ROWS))])))


@bp.post("/<reference>/partners")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows(MOST_PARTNERS + 20)
    form = offer(PartnersForm())
    try:
        status = outcome(
            form,
            lambda: operations.list_partners(
                project, actor=viewer(), rows=rows_of(form.partners.entries, _("Partner"))
            ),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def agreements() -> dict[str, str]:
    return {
        Agreement.NONE.value: _("no agreement"),
        Agreement.PLANNED.value: _("planned"),
        Agreement.SIGNED.value: _("signed"),
    }


def offer(form: PartnersForm) -> PartnersForm:
    form.number(form.partners, {"agreement": agreements()})
    return form


def page(project: Project, form: PartnersForm) -> str:
    return render_template("projects/partners.html", **frame(project, HERE), form=form, agreements=agreements())
