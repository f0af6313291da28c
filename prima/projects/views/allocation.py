"""The allocation of the total by area of work, by activity type and, for a regional project, by country."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.errors import Conflict
from prima.filters import money
from prima.permissions import Action, guard
from prima.projects import choices, operations, queries
from prima.projects.forms.budget import AllocationForm
from prima.projects.models import Basis, Dimension, Project
from prima.projects.operations.allocation import from_lines, rows_of
from prima.projects.rules import is_regional, said
from prima.projects.tasks import Values
from prima.projects.views.drafting import Answer, drafting, frame, limit_rows, outcome, saved
from prima.users import viewer

bp = Blueprint("allocation", __name__, url_prefix="/projects")
HERE = "allocation.edit"


@dataclass(frozen=True)
class Division:
    """One dimension of a project's allocation."""

    project: Project
    dimension: Dimension

    @property
    def values(self) -> Values:
        return (("dimension", self.dimension.value),)

    @property
    def title(self) -> str:
        match self.dimension:
            case Dimension.AREA:
                return _("Allocation by area of work")
            case Dimension.ACTIVITY:
                return _("Allocation by activity type")
            case Dimension.COUNTRY:
                return _("Allocation by country")

    @property
    def names(self) -> dict[str, str]:
        """What the total is divided among, and what it was divided among before; by code, in the order of the list."""
        held = {row.code for row in rows_of(self.project, self.dimension)}
        match self.dimension:
            case Dimension.AREA:
                return choices.areas(held)
            case Dimension.ACTIVITY:
                return choices.activity_types(held)
            case Dimension.COUNTRY:
                return choices.countries_named(held | {one.country_code for one in self.project.coverage})


def load(reference: str, dimension: str) -> Division | None:
    """By country only for a regional project."""
    project = queries.proposal(reference)
    if project is None or dimension not in set(Dimension):
        return None
    division = Division(project, Dimension(dimension))
    return division if division.dimension is not Dimension.COUNTRY or is_regional(project) else None


@bp.get("/<reference>/allocation/<dimension>")
@guard(Action.VIEW_PROJECT, load)
def edit(division: Division) -> str:
    held = next((one for one in division.project.bases if one.dimension is division.dimension), None)
    rows = {row.code: row for row in rows_of(division.project, division.dimension)}
    parts = [
        {
            "code": code,
            "amount": rows[code].amount if code in rows else None,
            "share": rows[code].share if code in rows else None,
        }
        for code in division.names
    ]
    form = AllocationForm(
        version=held.version if held else 0, basis=held.basis.value if held else Basis.PERCENTAGE.value, parts=parts
    )
    return page(division, form)


@bp.post("/<reference>/allocation/<dimension>")
@drafting(load)
def save(division: Division) -> Answer:
    limit_rows()
    form = named(AllocationForm(), division)
    left: list[Decimal] = []
    try:
        status = outcome(
            form,
            lambda: left.append(
                operations.allocate(
                    division.project,
                    division.dimension,
                    actor=viewer(),
                    version=form.version.data,
                    basis=Basis(form.basis.data),
                    amounts=form.column("amount"),
                    shares=form.column("share"),
                )
            ),
        )
    except Conflict as conflict:
        names = division.names
        conflict.differences = [replace(one, label=names.get(one.label, one.label)) for one in conflict.differences]
        raise
    if status != 303:
        return page(division, form), status
    if left[0]:
        says = _("Saved, but out of balance: %(words)s.", words=balance(division.project, left[0]))
        return saved(division.project, HERE, division.values, message=says, tone="warning")
    return saved(division.project, HERE, division.values)


def named(form: AllocationForm, division: Division) -> AllocationForm:
    """Each row in the words of the list; rows of codes that are none are dropped."""
    names = division.names
    form.parts.entries = [entry for entry in form.parts.entries if entry.form.code.data in names]
    for entry in form.parts.entries:
        name = names[entry.form.code.data]
        entry.form.amount.label.text = _(
            "%(name)s, amount in %(currency)s", name=name, currency=division.project.currency
        )
        entry.form.share.label.text = _("%(name)s, percentage", name=name)
    return form


def page(division: Division, form: AllocationForm) -> str:
    project, names = division.project, division.names
    rows = {row.code: row.amount for row in rows_of(project, division.dimension) if row.amount}
    left = project.budget - sum(rows.values(), Decimal(0))
    return render_template(
        "projects/allocation.html",
        **frame(project, HERE, division.values),
        title=division.title,
        form=named(form, division),
        names=names,
        rows=[(name, rows[code]) for code, name in names.items() if code in rows],
        lines=from_lines(project, division.dimension),
        balance=balance(project, left) if left and rows else "",
        total=said(project, project.budget, money),
        amount_title=_("Amount, %(currency)s", currency=project.currency),
        lines_title=_("From the lines, %(currency)s", currency=project.currency),
    )


def balance(project: Project, left: Decimal) -> str:
    """What is not allocated yet, or allocated twice, in words."""
    if left > 0:
        return _("%(amount)s of the total is not allocated", amount=said(project, left))
    return _("%(amount)s more than the total is allocated", amount=said(project, -left))
