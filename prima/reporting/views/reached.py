"""Beneficiaries of a running project: planned against reached by type, sex and age, and how they are counted."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import choices
from prima.projects.forms.rows import Options
from prima.projects.models import Project
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import RowsConflict
from prima.projects.views.drafting import Answer, both_rows, limit_rows, outcome, rows_of
from prima.reporting import queries
from prima.reporting.forms.monitoring import KINDS, CountingForm, GroupForm, offered
from prima.reporting.monitoring import Sum, reached, told_of, totals
from prima.reporting.operations import reached as operations
from prima.reporting.operations.reached import declared, is_fixed, kind_of, values_of
from prima.reporting.queries.monitoring import monitored, told_groups
from prima.reporting.views.monitoring import frame
from prima.users import viewer

bp = Blueprint("reached", __name__, url_prefix="/projects/<reference>/monitoring/beneficiaries")
HERE = "reached.edit"
MOST_ROWS = 1000
PRESET = {"sex_code": "SEX_OTHER", "age_code": "AGE_NOT"}


@bp.get("")
@guard(Action.VIEW_PROJECT, monitored)
def edit(project: Project) -> str:
    return page(project)


@bp.post("")
@guard(Action.WRITE_REPORT, monitored)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS)
    form = named(CountingForm(), queries.group_names(project))
    try:
        status = outcome(
            form,
            lambda: operations.declare_counting(
                project.id, actor=viewer(), rows=rows_of(form.rows.entries, _("Group"))
            ),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    return saved(project) if status == 303 else (page(project, form=form), status)


@bp.post("/add")
@guard(Action.WRITE_REPORT, monitored)
def add(project: Project) -> Answer:
    form = offer(GroupForm())
    status = outcome(form, lambda: operations.add_group(project.id, actor=viewer(), **form.values()))
    return saved(project) if status == 303 else (page(project, adding=form), status)


def saved(project: Project) -> Answer:
    flash(_("Saved."), "success")
    return redirect(url_for(HERE, reference=project.reference), 303)


def offer(form: GroupForm) -> GroupForm:
    form.type_code.choices = offered(choices.beneficiary_types())
    form.sex_code.choices = offered(choices.disaggregation("sex"))
    form.age_code.choices = offered(choices.disaggregation("age"))
    return form


def as_stored(project: Project) -> CountingForm:
    rows = [
        {**(values := values_of(one)), "row": group.id, "version": one.version, "seen": fingerprint(values)}
        for group in project.beneficiaries
        for one in [declared(group)]
    ]
    return CountingForm(formdata=None, data={"rows": rows})


def named(form: CountingForm, names: dict[int, str]) -> CountingForm:
    """Each label names its group."""
    kinds = Options({"": _("Please choose"), **KINDS})
    for place, entry in enumerate(form.rows.entries, 1):
        name = names.get(entry.form.row.data) or _("line %(place)s", place=place)
        entry.form.kind.choices = kinds
        entry.form.kind.label.text = _("How it is counted, %(group)s", group=name)
    return form


def page(project: Project, *, form: CountingForm | None = None, adding: GroupForm | None = None) -> str:
    numbers, told = reached(told_of(queries.narratives_handed_in(project.id))), told_groups(project)
    called = queries.group_names(project)
    names = {
        "type_code": choices.beneficiary_types({one.type_code for one in project.beneficiaries}),
        "reach": {"direct": _("directly"), "indirect": _("indirectly")},
        "sex_code": choices.disaggregation("sex"),
        "age_code": choices.disaggregation("age"),
    }
    form = form or named(as_stored(project), called)
    fixed = {group.id for group in project.beneficiaries if is_fixed(group, told)}
    return render_template(
        "reporting/beneficiaries.html",
        **frame(project, HERE),
        form=form,
        adding=adding or offer(GroupForm(formdata=None, data=PRESET)),
        typed={entry.form.row.data: entry for entry in form.rows.entries},
        groups=[
            (group, Sum(called[group.id], group.planned, numbers.get(group.id, 0)), declared(group).kind)
            for group in project.beneficiaries
        ],
        told=set(numbers),
        fixed=fixed,
        undeclared=any(group.id not in fixed for group in project.beneficiaries),
        kinds=KINDS,
        totals=[(kind_of(*one.kind), one) for one in totals(project.beneficiaries, numbers, names)],
        dimensions={"type_code": _("Who"), "reach": _("Reached"), "sex_code": _("Sex"), "age_code": _("Age")},
    )
