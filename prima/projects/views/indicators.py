"""An indicator of the results matrix on a page of its own, and the library from which indicators are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import choices, library, operations, queries
from prima.projects.forms.matrix import MEASURES, IndicatorForm, parts
from prima.projects.forms.rows import as_number
from prima.projects.models import Indicator, Level, Project
from prima.projects.numbering import Numbered, numbered
from prima.projects.operations.indicators import splits_of, values_of
from prima.projects.views.drafting import Answer, drafting, frame, limit_rows, outcome
from prima.projects.views.matrix import LEVELS, InMatrix, back
from prima.projects.views.matrix import load as load_result
from prima.users import viewer

bp = Blueprint("indicators", __name__)
MATRIX = "matrix.edit"
MEASURED = (Level.OBJECTIVE, Level.OUTCOME, Level.OUTPUT)
"""The levels that carry indicators."""


@dataclass(frozen=True)
class Measured:
    """An indicator of a project's matrix."""

    project: Project
    indicator: Indicator

    @property
    def row(self) -> Numbered:
        rows = numbered(self.project.results)
        return next(one for one in rows if one.id == self.indicator.result_id)


def load(reference: str, indicator: int) -> Measured | None:
    project = queries.proposal(reference)
    found = next((one for one in project.indicators if one.id == indicator), None) if project else None
    return Measured(project, found) if project and found else None


def load_measured(reference: str, result: int) -> InMatrix | None:
    """A row that can carry indicators."""
    place = load_result(reference, result)
    return place if place and place.result.level in MEASURED else None


# -- one indicator ----------------------------------------------------------------------------------------------------


@bp.get("/projects/<reference>/matrix/<int:result>/indicators/new")
@guard(Action.EDIT_PROPOSAL, load_measured)
def new(place: InMatrix) -> str:
    sexes, ages = choices.disaggregation("sex"), choices.disaggregation("age")
    form = IndicatorForm(**parts(sexes, ages, {}))
    return page(place.project, place.row, form)


@bp.post("/projects/<reference>/matrix/<int:result>/indicators/new")
@drafting(load_measured)
def add(place: InMatrix) -> Answer:
    limit_rows()
    form = labelled(IndicatorForm())
    made: list[Indicator | None] = []
    status = outcome(
        form,
        lambda: made.append(
            operations.add_indicator(place.project, actor=viewer(), result_id=place.result.id, **form.result)
        ),
    )
    if status != 303:
        return page(place.project, place.row, form), status
    if made[0] and request.form.get("then") == "another":
        flash(_("The indicator is saved. Here is room for the next one."), "success")
        return redirect(request.url, 303)
    return back(place.project, "indicator", made[0], _("The indicator is saved."))


@bp.get("/projects/<reference>/matrix/indicators/<int:indicator>")
@guard(Action.EDIT_PROPOSAL, load)
def edit(measured: Measured) -> str:
    sexes, ages = choices.disaggregation("sex"), choices.disaggregation("age")
    indicator = measured.indicator
    begins = {**values_of(indicator), "measure": indicator.measure.value, "version": indicator.version}
    form = IndicatorForm(**begins, **parts(sexes, ages, splits_of(indicator)))
    return page(measured.project, measured.row, form, indicator)


@bp.post("/projects/<reference>/matrix/indicators/<int:indicator>")
@drafting(load)
def save(measured: Measured) -> Answer:
    limit_rows()
    form = labelled(IndicatorForm())
    saved: list[Indicator | None] = []
    number = measured.indicator.id
    status = outcome(
        form,
        lambda: saved.append(
            operations.revise_indicator(
                measured.project, actor=viewer(), indicator_id=number, version=form.version.data, **form.result
            )
        ),
    )
    if status != 303:
        return page(measured.project, measured.row, form, measured.indicator), status
    return back(measured.project, "indicator", saved[0], _("The indicator is saved."))


@bp.get("/projects/<reference>/matrix/indicators/<int:indicator>/remove")
@guard(Action.EDIT_PROPOSAL, load)
def remove(measured: Measured) -> str:
    return render_template(
        "projects/indicator_remove.html",
        **frame(measured.project, MATRIX),
        indicator=measured.indicator,
        row=measured.row,
        level=LEVELS[Level(measured.row.level)],
    )


@bp.post("/projects/<reference>/matrix/indicators/<int:indicator>/remove")
@drafting(load)
def remove_for_good(measured: Measured) -> Response:
    result = measured.row.row
    operations.remove_indicator(measured.project, actor=viewer(), indicator_id=measured.indicator.id)
    return back(measured.project, "result", result, _("The indicator is removed."))


def labelled(form: IndicatorForm) -> IndicatorForm:
    """Each part of the target is called by its sex and age group."""
    names = choices.disaggregation("sex") | choices.disaggregation("age")
    for rows in (form.of_sex, form.of_age, form.of_both):
        rows.entries = [entry for entry in rows.entries if {*filter(None, entry.form.key)} <= names.keys()]
        for entry in rows.entries:
            words = ", ".join(names[code] for code in entry.form.key if code)
            entry.form.target.label.text = words
    return form


def page(project: Project, row: Numbered, form: IndicatorForm, indicator: Indicator | None = None) -> str:
    return render_template(
        "projects/indicator.html",
        **frame(project, MATRIX),
        form=labelled(form),
        row=row,
        level=LEVELS[Level(row.level)],
        indicator=indicator,
    )


# -- the library ------------------------------------------------------------------------------------------------------


@bp.get("/indicators")
@guard(Action.SIGNED_IN)
def index() -> str:
    place = for_which()
    wanted, problems = read(request.args)
    found = library.page(viewer(), wanted, leave_out=place.project if place else None)
    return render_template(
        "projects/indicators.html",
        place=place,
        level=LEVELS[place.result.level] if place else "",
        wanted=wanted,
        none_wanted=library.Wanted(),
        problems=[("warning", problem) for problem in problems],
        found=found,
        levels={one.value: LEVELS[one] for one in MEASURED},
        areas=choices.areas({wanted.area}),
        measures={one.value: str(one.label) for one in MEASURES},
        url=address,
    )


@bp.post("/projects/<reference>/matrix/<int:result>/indicators/insert")
@drafting(load_measured)
def insert(place: InMatrix) -> Response:
    """Take an indicator over, then open it for its baseline and target."""
    source = source_of(request.form.get("take", ""))
    if source is None:
        abort(404)
    made = operations.insert_indicator(place.project, actor=viewer(), result_id=place.result.id, source=source)
    if made is None:
        return back(place.project, "result", None, "")
    flash(_("The indicator is inserted. Please give its baseline and its target."), "success")
    return redirect(url_for("indicators.edit", reference=place.project.reference, indicator=made.id), 303)


def source_of(key: str) -> Any:
    """What a button of the library stands for, as far as the viewer may see it."""
    kind, _dash, name = key.partition("-")
    if kind == "library":
        return library.curated_indicator(name) if name.isprintable() else None
    number = as_number(name)
    return library.past_indicator(viewer(), number) if kind == "past" and number is not None else None


def for_which() -> InMatrix | None:
    """The result that an indicator is looked for, when the viewer came from its matrix and may write there."""
    reference, result = request.args.get("project", ""), as_number(request.args.get("result"))
    if not reference or result is None or not reference.isprintable():
        return None
    place = load_measured(reference, result)
    return place if place and can(viewer(), Action.EDIT_PROPOSAL, place.project) else None


def read(given: Mapping[str, str]) -> tuple[library.Wanted, list[str]]:
    """What the URL asks for; what it asks wrongly is told, and the rest applies."""
    problems = []
    level, area = given.get("level", "").strip(), given.get("area", "").strip()
    if level and level not in MEASURED:
        problems.append(_("There is no such level; indicators of all levels are shown."))
        level = ""
    if area and area not in choices.areas():
        problems.append(_("There is no such area of work; all areas are shown."))
        area = ""
    before = given.get("before", "").strip()
    if before and as_number(before) is None:
        problems.append(_("There is no such page of the list; here is its beginning."))
    words = given.get("q", "").strip()
    if len(words) > library.LONGEST_WORDS:
        problems.append(_("Only the first %(most)s characters are looked for.", most=library.LONGEST_WORDS))
        words = words[: library.LONGEST_WORDS]
    return library.Wanted(words, level, area, as_number(before)), problems


def address(wanted: library.Wanted, place: InMatrix | None, **more: Any) -> str:
    """The library's address with what is looked for, and for which result."""
    given: dict[str, Any] = {"q": wanted.words, "level": wanted.level, "area": wanted.area, **more}
    if place:
        given |= {"project": place.project.reference, "result": place.result.id}
    return url_for("indicators.index", **{name: value for name, value in given.items() if value})
