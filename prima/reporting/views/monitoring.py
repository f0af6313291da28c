"""Monitoring of a running project: its indicators with what is achieved, and the values of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from prima.errors import Conflict
from prima.permissions import Action, can, guard
from prima.projects import choices
from prima.projects.models import Indicator, Measure, Project
from prima.projects.numbering import Numbered, numbered
from prima.projects.rules.calls import day_at
from prima.projects.stages import RUNNING
from prima.projects.views.drafting import Answer, in_words, outcome
from prima.reporting.forms.monitoring import RemovalForm, ValueForm, value_form
from prima.reporting.models import IndicatorValue
from prima.reporting.monitoring import Achieved, Part, achieved, read
from prima.reporting.operations import monitoring as operations
from prima.reporting.operations.monitoring import WRITTEN
from prima.reporting.overview import lights_of
from prima.reporting.queries.monitoring import Measured, measured, monitored, takes_records, values_of
from prima.reporting.rules import part_field
from prima.users import viewer

bp = Blueprint("monitoring", __name__, url_prefix="/projects/<reference>/monitoring")


@dataclass(frozen=True)
class Line:
    """An indicator in the list, with what it has come to."""

    indicator: Indicator
    achieved: Achieved | None
    retired_on: date | None
    """When it was taken out, by itself or with its result."""


def frame(project: Project, here: str) -> dict[str, Any]:
    """What every page of monitoring gets: its parts, whether the viewer records here, and if not why."""
    parts = [
        ("monitoring.index", _("Indicators")),
        ("progress.edit", _("Activities")),
        ("reached.edit", _("Beneficiaries")),
    ]
    if can(viewer(), Action.VIEW_INTERNAL, project):
        parts.append(("risk_reviews.edit", _("Risks")))
    takes = takes_records(project)
    return {
        "project": project,
        "parts": [(name, url_for(at, reference=project.reference), at == here, None) for at, name in parts],
        "writable": takes and can(viewer(), Action.WRITE_REPORT, project),
        "why_not": _("The project manager and the alternate record here.")
        if takes
        else _("The project does not run any more, so nothing is recorded here now."),
        "today_there": day_at(project.office),
    }


# -- all indicators ---------------------------------------------------------------------------------------------------


@bp.get("")
@guard(Action.VIEW_PROJECT, monitored)
def index(project: Project) -> str:
    values = values_of(project)
    return render_template(
        "reporting/monitoring.html",
        **frame(project, "monitoring.index"),
        lights=lights_of(project, viewer()) if project.status in RUNNING else (),
        results=[
            (row, lines)
            for row in numbered(project.results, project.indicators, taken_out=True)
            if (lines := list(_lines(row, values)))
        ],
    )


def _lines(row: Numbered, values: dict[int, list[IndicatorValue]]) -> Iterator[Line]:
    """One that was taken out is shown as long as it holds values."""
    for one in row.indicators:
        retired_on = one.retired_on or row.retired_on
        if retired_on is None or values[one.id]:
            yield Line(one, achieved(one, [read(value) for value in values[one.id]]), retired_on)


# -- one indicator ----------------------------------------------------------------------------------------------------

ONE = "/indicators/<int:indicator>"


@bp.get(ONE)
@guard(Action.VIEW_PROJECT, measured)
def indicator(one: Measured) -> str:
    return page(one, _form(one, _begin(one)))


@bp.post(ONE)
@guard(Action.WRITE_REPORT, measured)
def add(one: Measured) -> Answer:
    form = _form(one, {})
    status = outcome(
        form,
        lambda: operations.record_value(
            one.project.id, actor=viewer(), indicator_id=one.indicator.id, **_typed(one, form)
        ),
    )
    return _back(one, _("The value is recorded.")) if status == 303 else (page(one, form), status)


@bp.get(f"{ONE}/values/<int:value>")
@guard(Action.WRITE_REPORT, measured)
def correct(one: Measured) -> str:
    if one.value is None:
        raise NotFound
    stored = {name: getattr(one.value, name) for name in WRITTEN}
    parts = {part_field(part.sex_code, part.age_code): part.amount for part in one.value.parts}
    return page(one, _form(one, {**stored, **parts, "version": one.value.version}))


@bp.post(f"{ONE}/values/<int:value>")
@guard(Action.WRITE_REPORT, measured)
def save(one: Measured) -> Answer:
    form, value_id = _form(one, {}), one.value.id if one.value else 0
    try:
        status = outcome(
            form,
            lambda: operations.correct_value(
                one.project.id,
                actor=viewer(),
                indicator_id=one.indicator.id,
                value_id=value_id,
                version=form.version.data,
                **_typed(one, form),
            ),
        )
    except Conflict as conflict:
        raise in_words(conflict, form) from None
    return _back(one, _("The value is corrected.")) if status == 303 else (page(one, form), status)


@bp.get(f"{ONE}/values/<int:value>/remove")
@guard(Action.WRITE_REPORT, measured)
def ask_remove(one: Measured) -> str:
    if one.value is None:
        raise NotFound
    form = RemovalForm(data={"version": one.value.version})
    return render_template(
        "reporting/indicator_value_remove.html",
        **frame(one.project, "monitoring.index"),
        one=one,
        row=_row(one),
        form=form,
        achieved=achieved(one.indicator, [read(one.value)]),
    )


@bp.post(f"{ONE}/values/<int:value>/remove")
@guard(Action.WRITE_REPORT, measured)
def remove(one: Measured) -> Response:
    form = RemovalForm()
    if one.value is not None:
        operations.remove_value(
            one.project.id,
            actor=viewer(),
            indicator_id=one.indicator.id,
            value_id=one.value.id,
            version=form.version.data,
        )
    return _back(one, _("The value is removed."))


def page(one: Measured, form: ValueForm) -> str:
    sexes, ages, row = choices.disaggregation("sex"), choices.disaggregation("age"), _row(one)
    return render_template(
        "reporting/indicator_values.html",
        **frame(one.project, "monitoring.index"),
        one=one,
        row=row,
        retired_on=one.indicator.retired_on or row.retired_on,
        form=form,
        part_names=list(form.part_keys),
        values=[(value, achieved(one.indicator, [read(value)])) for value in one.values],
        achieved=achieved(one.indicator, [read(value) for value in one.values]),
        names={**sexes, **ages},
    )


def _begin(one: Measured) -> dict[str, Any]:
    """A new value begins with today, and with the source of the value before."""
    source = one.values[0].source if one.values else one.indicator.source.split("\n")[0][:300]
    return {"on_day": day_at(one.project.office), "source": source}


def _form(one: Measured, data: dict[str, Any]) -> ValueForm:
    return value_form(one.indicator.measure.value, _parts(one.indicator), data)


def _parts(indicator: Indicator) -> dict[Part, str]:
    """The sex and age groups by which a figure is split."""
    if indicator.measure not in (Measure.NUMBER, Measure.PERCENTAGE) or not (indicator.by_sex or indicator.by_age):
        return {}
    sexes = choices.disaggregation("sex") if indicator.by_sex else {"": ""}
    ages = choices.disaggregation("age") if indicator.by_age else {"": ""}
    return {
        (sex or None, age or None): ", ".join(filter(None, (sex_name, age_name)))
        for sex, sex_name in sexes.items()
        for age, age_name in ages.items()
    }


def _typed(one: Measured, form: ValueForm) -> dict[str, Any]:
    """What the operation takes; how the values count is known once there are some, unless the form says otherwise."""
    typed = form.result
    fixed = one.indicator.counting if one.values else None
    return {**typed, "counting": typed["counting"] or (fixed.value if fixed else None)}


def _row(one: Measured) -> Numbered:
    return next(row for row in numbered(one.project.results, taken_out=True) if row.id == one.indicator.result_id)


def _back(one: Measured, message: str) -> Response:
    flash(message, "success")
    here = url_for("monitoring.indicator", reference=one.project.reference, indicator=one.indicator.id)
    return redirect(here, 303)
