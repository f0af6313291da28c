"""The results matrix: all its texts in one form, whose buttons save first, then add, move and remove rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.permissions import Action, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.matrix import MatrixForm, PlaceForm, RemovalForm
from prima.projects.models import Indicator, Level, Project, Result
from prima.projects.numbering import Numbered, numbered
from prima.projects.operations.matrix import ABOVE, MOST_ROWS, ResultRow, going, values_of
from prima.projects.operations.rows import RowsConflict
from prima.projects.rules import results
from prima.projects.snapshot import snapshot
from prima.projects.views.comments import discussion
from prima.projects.views.drafting import (
    Answer,
    address,
    both_rows,
    drafting,
    frame,
    limit_rows,
    outcome,
    refuse,
    rows_of,
    saved,
    shown,
)
from prima.users import viewer

bp = Blueprint("matrix", __name__, url_prefix="/projects")
HERE = "matrix.edit"
LEVELS = {
    Level.OBJECTIVE: _l("objective"),
    Level.OUTCOME: _l("outcome"),
    Level.OUTPUT: _l("output"),
    Level.ACTIVITY: _l("activity"),
}
BELOW = {above: level for level, above in ABOVE.items()}
STEP = re.compile(
    r"(?P<verb>outcome|output|activity|up|down|move|remove|indicator|library|open|earlier|later)"
    r"(-(?P<on>objective|[0-9]{1,18}))?"
)
"""What a button of the form asks for once the texts are saved, and on which row or indicator."""


@dataclass(frozen=True)
class InMatrix:
    """One row of a project's matrix, for the pages on it."""

    project: Project
    result: Result

    @property
    def row(self) -> Numbered:
        return next(one for one in numbered(self.project.results) if one.id == self.result.id)


def load(reference: str, result: int) -> InMatrix | None:
    project = queries.proposal(reference)
    found = next((one for one in project.results if one.id == result), None) if project else None
    return InMatrix(project, found) if project and found else None


@dataclass(frozen=True)
class Line:
    """A row as the page draws it: its part of the form, and its place in the tree (none when it was removed)."""

    form: Any
    level: Level
    row: Numbered | None

    @property
    def name(self) -> str:
        level = str(LEVELS[self.level])
        if self.level is Level.OBJECTIVE:
            return level
        return f"{level} {self.row.number}" if self.row else _("%(level)s that was removed", level=level)


@bp.get("/<reference>/matrix")
@guard(Action.VIEW_PROJECT, queries.proposal)
def edit(project: Project) -> str:
    rows = numbered(project.results)
    begins = [as_stored(one) for one in rows]
    if not any(one.level == Level.OBJECTIVE for one in rows):
        begins.insert(0, {"level": Level.OBJECTIVE.value})
    return page(project, MatrixForm(rows=begins))


def as_stored(one: Numbered) -> dict[str, Any]:
    """A row as its part of the form begins."""
    return {**shown(values_of(one.row), one.row), "level": one.level, "under": str(one.parent_id or "")}


@bp.post("/<reference>/matrix")
@drafting(queries.proposal)
def save(project: Project) -> Answer:
    limit_rows(MOST_ROWS + 50)
    form = MatrixForm()
    lines(project, form)
    try:
        status = outcome(form, lambda: operations.revise_matrix(project, actor=viewer(), rows=list(typed(form))))
    except RowsConflict as conflict:
        return both_rows(conflict)
    if status != 303:
        return page(project, form), status
    step = STEP.fullmatch(request.form.get("then", ""))
    if step is None:
        return saved(project, HERE)
    try:
        return take(project, step["verb"], step["on"] or "")
    except Refused as refusal:
        refuse(form, refusal)
        return page(project, form), 409


def take(project: Project, verb: str, on: str) -> Response:
    """The step of a button, after the texts: on the page again at the row it was about, or on to its own page."""
    if on == "objective":
        objective = operations.add_result(project, actor=viewer(), level=Level.OBJECTIVE)
        on = str(objective.id) if objective else ""
    number = int(on or 0)
    if verb in (Level.OUTCOME, Level.OUTPUT, Level.ACTIVITY):
        level = Level(verb)
        row = operations.add_result(project, actor=viewer(), level=level, under=number or None)
        return back(project, "text", row, _("Saved, with a new %(level)s.", level=LEVELS[level]))
    if verb in ("up", "down"):
        row = operations.shift_result(project, actor=viewer(), result_id=number, by=-1 if verb == "up" else 1)
        return back(project, "result", row, _("Saved, and moved."))
    if verb in ("earlier", "later"):
        by = -1 if verb == "earlier" else 1
        indicator = operations.shift_indicator(project, actor=viewer(), indicator_id=number, by=by)
        return back(project, "indicator", indicator, _("Saved, and moved."))
    if verb == "library":
        levels = [one.level.value for one in project.results if one.id == number and one.level in ABOVE.values()]
        wanted = levels[0] if levels else None  # there are few for the objective
        return redirect(url_for("indicators.index", project=project.reference, result=number, level=wanted), 303)
    endpoint, about = PAGES[verb]
    values: dict[str, Any] = {about: number}
    return redirect(url_for(endpoint, reference=project.reference, **values), 303)


PAGES = {
    "move": ("matrix.move", "result"),
    "remove": ("matrix.remove", "result"),
    "indicator": ("indicators.new", "result"),
    "open": ("indicators.edit", "indicator"),
}
"""Steps with a page of their own: its endpoint, and what it is about."""


def back(project: Project, part: str, of: Result | Indicator | None, message: str) -> Response:
    """On the matrix again, at a part of what was done; without it, it was removed by somebody else meanwhile."""
    if of is None:
        flash(_("What you typed is saved. The row you meant was removed meanwhile by somebody else."), "warning")
        return redirect(address(project, HERE), 303)
    flash(message, "success")
    return redirect(f"{address(project, HERE)}#{part}-{of.id}", 303)


def typed(form: MatrixForm) -> Iterator[ResultRow]:
    """The rows of the form that hold something."""
    places = {entry.name: entry.form for entry in form.rows.entries}
    for row in rows_of(form.rows.entries, _("Row")):
        place = places[row.name]
        yield ResultRow(**vars(row), level=level_of(place), under=place.under.data)


def level_of(row: Any) -> Level:
    return Level(row.level.data) if row.level.data in set(Level) else Level.ACTIVITY


def lines(project: Project, form: MatrixForm) -> list[Line]:
    """The rows of the form in the order of the tree, each labelled by its number; removed ones come last."""
    rows = numbered(project.results, project.indicators)
    forms = {entry.form.row.data: entry.form for entry in form.rows.entries if entry.form.row.data is not None}
    found = [Line(forms[one.id], Level(one.level), one) for one in rows if one.id in forms]
    drawn = {id(line.form) for line in found}
    others = [entry.form for entry in form.rows.entries if id(entry.form) not in drawn]
    found += [Line(other, level_of(other), None) for other in others]
    found.sort(key=lambda line: line.level is not Level.OBJECTIVE)
    for line in found:
        key = line.row.id if line.row else line.form.row.name
        line.form.text.id = "objective" if line.level is Level.OBJECTIVE else f"text-{key}"
        line.form.assumption.id = f"assumption-{key}"
        line.form.text.label.text = _("Text of %(row)s", row=line.name)
        line.form.assumption.label.text = _("Assumption of %(row)s", row=line.name)
    return found


def page(project: Project, form: MatrixForm) -> str:
    """The matrix with what the form holds, and the rows that came since it was sent."""
    held = {entry.form.row.data for entry in form.rows.entries}
    for one in numbered(project.results):
        if one.id not in held:
            form.rows.append_entry(as_stored(one))
    section = project.edition.handbook.section("MAT")
    return render_template(
        "projects/matrix.html",
        **frame(project, HERE),
        discussion=discussion(project, "MAT"),
        form=form,
        section=section,
        lines=lines(project, form),
        below=BELOW,
        levels=LEVELS,
        asked=asked(project),
        results=snapshot(project)["results"],
        taken_out=taken_out(project),
        names=choices.disaggregation("sex") | choices.disaggregation("age"),
    )


def taken_out(project: Project) -> list[tuple[date, str, str]]:
    """What changes of results took out, row by row: the day, what it was, and its words."""
    found = []
    for row in numbered(project.results, project.indicators, taken_out=True):
        if row.retired_on:
            found.append((row.retired_on, str(LEVELS[Level(row.level)]).capitalize(), row.text))
        for one in row.indicators:
            if gone_on := one.retired_on or row.retired_on:
                found.append((gone_on, _("Indicator"), one.text))
    return found


@dataclass(frozen=True)
class Point:
    """A row that a rule speaks of, and whether it keeps the rule already: then it is shown once it no longer does."""

    name: str
    field: str
    kept: bool


@dataclass(frozen=True)
class Asked:
    """A rule of the matrix, with the rows that still need something."""

    text: str
    may_be_passed: bool
    points: Sequence[Point]
    live: bool
    """Whether the page can tell while somebody types."""

    @property
    def kept(self) -> bool:
        return all(point.kept for point in self.points)


def asked(project: Project) -> list[Asked]:
    """What the edition's rules find wanting, rule by rule."""
    edition = project.edition.handbook
    found = []
    for rule in edition.rules:
        if rule.code not in results.GAPS or project.funding.value not in rule.applies_to:
            continue
        points = [Point(gap.name, gap.field, False) for gap in results.gaps(project, rule)]
        live = rule.code == "ASSUMPTIONS"
        if live:
            missing = {point.field for point in points}
            points = [
                Point(one.number, field, field not in missing)
                for one in numbered(project.results)
                if one.number and (field := f"assumption-{one.id}")
            ]
        text = edition.say_rule(rule.code, funding=project.funding.value)
        if points:
            found.append(Asked(text, rule.severity == "warn", points, live))
    return found


@bp.get("/<reference>/matrix/<int:result>/move")
@guard(Action.EDIT_PROPOSAL, load)
def move(place: InMatrix) -> str:
    return move_page(place, offer(PlaceForm(under=str(place.result.parent_id)), place))


@bp.post("/<reference>/matrix/<int:result>/move")
@drafting(load)
def move_under(place: InMatrix) -> Answer:
    form = offer(PlaceForm(), place)
    moved: list[Result | None] = []
    status = outcome(
        form,
        lambda: moved.append(
            operations.move_result(place.project, actor=viewer(), result_id=place.result.id, under=int(form.under.data))
        ),
    )
    if status != 303:
        return move_page(place, form), status
    row = moved[0]
    return back(place.project, "result", row, _("Moved, with all that stands below it."))


def offer(form: PlaceForm, place: InMatrix) -> PlaceForm:
    """The rows of the level above."""
    if place.result.level not in ABOVE:
        abort(404)
    above = ABOVE[place.result.level]
    form.under.choices = {str(one.id): one.name for one in numbered(place.project.results) if one.level == above}
    return form


def move_page(place: InMatrix, form: PlaceForm) -> str:
    return render_template(
        "projects/matrix_move.html",
        **frame(place.project, HERE),
        form=form,
        row=place.row,
        level=LEVELS[place.result.level],
    )


@bp.get("/<reference>/matrix/<int:result>/remove")
@guard(Action.EDIT_PROPOSAL, load)
def remove(place: InMatrix) -> str:
    return removal_page(place, RemovalForm(formdata=None))


@bp.post("/<reference>/matrix/<int:result>/remove")
@drafting(load)
def remove_for_good(place: InMatrix) -> Answer:
    form = RemovalForm()
    name = place.row.number
    status = outcome(
        form,
        lambda: operations.remove_result(
            place.project, actor=viewer(), result_id=place.result.id, seen=form.seen.data or ""
        ),
    )
    if status != 303:
        return removal_page(place, form), status
    flash(_("Removed: %(level)s %(number)s.", level=LEVELS[place.result.level], number=name), "success")
    return redirect(address(place.project, HERE), 303)


def removal_page(place: InMatrix, form: RemovalForm) -> str:
    if place.result.level is Level.OBJECTIVE:
        abort(404)
    gone = going(place.project, place.result.id)
    form.seen.data = gone.seen
    return render_template(
        "projects/matrix_remove.html",
        **frame(place.project, HERE),
        form=form,
        gone=gone,
        row=gone.rows[0],
        level=LEVELS[place.result.level],
        levels=LEVELS,
    )
