"""How the risks of a running project stand: reviewed, kept, and shown beside the plan that was approved. Internal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.projects import choices
from prima.projects.forms.rows import Options
from prima.projects.heat import heights
from prima.projects.models import Project
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import RowsConflict
from prima.projects.rules.calls import day_at
from prima.projects.views.drafting import Answer, both_rows, limit_rows, outcome, rows_of
from prima.reporting.forms.monitoring import RISK_STATES, ReviewForm
from prima.reporting.monitoring import is_stale, months_since
from prima.reporting.operations import progress as operations
from prima.reporting.operations.progress import Standing, standing_of, values_of_risk
from prima.reporting.queries.monitoring import monitored, risk_reviews
from prima.reporting.views.monitoring import frame
from prima.users import viewer

bp = Blueprint("risk_reviews", __name__, url_prefix="/projects/<reference>/monitoring/risks")
HERE = "risk_reviews.edit"
MOST_ROWS = 200
Scales = dict[str, list[Any]]


@bp.get("")
@guard(Action.VIEW_INTERNAL, monitored, see=Action.VIEW_INTERNAL)
def edit(project: Project) -> str:
    scales, reviews = choices.risk_scales(), risk_reviews(project)
    rows = [
        {**(values := values_of_risk(one)), "row": number, "version": one.version, "seen": fingerprint(values)}
        for number, one in _standings(project, reviews).items()
    ]
    return page(project, offer(ReviewForm(rows=rows), project, scales), scales, reviews)


@bp.post("")
@guard(Action.WRITE_REPORT, monitored, see=Action.VIEW_INTERNAL)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS)
    scales = choices.risk_scales()
    form = offer(ReviewForm(), project, scales)
    try:
        status = outcome(
            form,
            lambda: operations.review_risks(project.id, actor=viewer(), rows=rows_of(form.rows.entries, _("Risk"))),
        )
    except RowsConflict as conflict:
        return both_rows(conflict)
    if status != 303:
        return page(project, form, scales, risk_reviews(project)), status
    flash(_("Saved."), "success")
    return redirect(url_for(HERE, reference=project.reference), 303)


def _standings(project: Project, reviews: dict[int, list[Any]]) -> dict[int, Standing]:
    return {risk.id: standing_of(risk, next(iter(reviews[risk.id]), None)) for risk in project.risks}


def offer(form: ReviewForm, project: Project, scales: Scales) -> ReviewForm:
    """What each risk is rated by; its number stands in every label."""
    rated = {
        name: Options({"": _("Please choose"), **{one.code: f"{one.value} {one.name}" for one in scales[name]}})
        for name in ("consequence", "likelihood")
    }
    numbers, states = {risk.id: place for place, risk in enumerate(project.risks, 1)}, Options(RISK_STATES)
    for place, entry in enumerate(form.rows.entries, 1):
        entry.form.state.choices = states
        entry.form.consequence_code.choices = rated["consequence"]
        entry.form.likelihood_code.choices = rated["likelihood"]
        number = numbers.get(entry.form.row.data, place)
        for field in entry.form:
            field.label.text = _("%(label)s, risk %(number)s", label=str(field.label.text), number=number)
    return form


def page(project: Project, form: ReviewForm, scales: Scales, reviews: dict[int, list[Any]]) -> str:
    today, start, edition = day_at(project.office), project.starts_on, project.edition.handbook
    assert start
    standings = _standings(project, reviews)
    as_planned = [{"consequence": one.consequence_code, "likelihood": one.likelihood_code} for one in project.risks]
    as_now = [{"consequence": one.consequence_code, "likelihood": one.likelihood_code} for one in standings.values()]
    last = {number: rows[0].on_day if rows else None for number, rows in reviews.items()}
    every = edition.deadlines.monitoring_every_months
    return render_template(
        "reporting/risk_reviews.html",
        **frame(project, HERE),
        form=form,
        typed={entry.form.row.data: entry for entry in form.rows.entries},
        planned=dict(zip(standings, heights(as_planned, scales, edition.risk), strict=True)),
        now=dict(zip(standings, heights(as_now, scales, edition.risk), strict=True)),
        standings=standings,
        reviews=reviews,
        names={one.code: one.name for scale in scales.values() for one in scale},
        states=RISK_STATES,
        ago={number: months_since(day, today) if day else None for number, day in last.items()},
        stale={number: is_stale(day, start, every, today) for number, day in last.items()},
        every=every,
    )
