"""The lines of a budget, and the one function that keeps the project's total."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from prima import clock
from prima.errors import Invalid, Refused
from prima.lists import BudgetCategory
from prima.projects.models import BudgetLine, Part, Project
from prima.projects.operations.allocation import rebalance
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.projects.rules.budget import PAID_FOR
from prima.projects.shares import CENT
from prima.rates import USD, rate_on
from prima.users import User

MOST_LINES = 300
MOST_AMOUNT = Decimal(10) ** 13
MOST_TOTAL = Decimal(10) ** 16
FIELDS = (
    "category_code", "description", "unit", "quantity", "units", "unit_cost", "result_id", "area_code",
    "activity_type_code", "country_code",
)  # fmt: skip


def values_of(line: BudgetLine) -> dict[str, Any]:
    """What people edit of a line."""
    return {name: getattr(line, name) for name in FIELDS}


def amount_of(quantity: Decimal, units: Decimal, unit_cost: Decimal) -> Decimal:
    """quantity x number of units x unit cost, exact, then rounded half up to the cent."""
    with localcontext() as context:
        context.prec = 60
        return (quantity * units * unit_cost).quantize(CENT, ROUND_HALF_UP)


def take_rate(project: Project) -> None:
    """The newest rate valid today, kept on the project with its day; the old one stays where there is none."""
    if project.currency == USD:
        project.rate = project.rate_from = None
    elif newest := rate_on(session_of(project), project.currency, clock.today()):
        project.rate, project.rate_from = newest.usd_per_unit, newest.valid_from


def total(project: Project, *, keep_rate: bool = False) -> Decimal:
    """Keep the project's total as the sum of its lines, in USD at today's rate, and the allocations that follow.

    Called under the project's lock after every change of lines. `keep_rate`: at the rate by which it was approved.
    """
    session = session_of(project)
    session.flush()
    summed = session.scalar(select(func.sum(BudgetLine.amount)).where(BudgetLine.project_id == project.id))
    if not keep_rate:
        take_rate(project)
    project.total(summed or Decimal(0))
    if project.budget_usd >= MOST_TOTAL:
        raise Invalid("lines", _("The total of these lines is too large."))
    project.budget_version += 1
    rebalance(project)
    return project.budget


def revise_budget(project: Project, *, actor: User, rows: Sequence[Row], currency: str | None = None) -> Changes:
    """Add, change and remove lines; raises RowsConflict when somebody else changed one of the same lines.

    `currency` is the one in which the amounts were typed: where the budget has another one since, they are refused.
    """
    project = opened(project, actor=actor)
    session = session_of(project)
    if currency and currency != project.currency:
        says = _(
            "The budget is in %(now)s meanwhile, not in %(before)s. Check the amounts, then save again.",
            now=project.currency,
            before=currency,
        )
        raise Refused(says)
    stored = {line.id: line for line in project.lines}
    changes = sort_out(rows, stored, values_of, who=last_writer(project, "budget"))
    if len(stored) + len(changes.added) - len(changes.removed) > MOST_LINES:
        raise Invalid("lines", _("A budget has at most %(most)s lines. Please join some.", most=MOST_LINES))
    if not changes:
        return changes
    amounts = _checked(project, [*changes.added, *(row for _line, row in changes.changed)])
    for line, row in changes.changed:
        _write(line, row, amounts)
        line.version += 1
    position = max((line.position for line in project.lines), default=0)
    for place, row in enumerate(changes.added, position + 1):
        line = BudgetLine(project_id=project.id, position=place)
        _write(line, row, amounts)
        session.add(line)
    for line in changes.removed:
        session.delete(line)
    before = project.budget
    now = total(project)
    written(
        project,
        "budget",
        actor=actor,
        version=project.budget_version,
        total=[before, now],
        added=[row.values for row in changes.added],
        changed=[[line.id, row.values] for line, row in changes.changed],
        removed=[[line.id, values_of(line)] for line in changes.removed],
    )
    take_part(project, actor, Part.AUTHOR)
    return changes


def bring_lines(
    project: Project, *, actor: User, version: int, rows: Sequence[Row], replace: bool, currency: str
) -> Changes:
    """Add lines, or put them in place of all that stand there: refused when those changed since `version`."""
    project = opened(project, actor=actor)
    gone: list[Row] = []
    if replace:
        if project.budget_version != version:
            says = _(
                "%(who)s changed the lines meanwhile. Look at the budget before you replace them.",
                who=last_writer(project, "budget"),
            )
            raise Refused(says)
        gone = [Row(f"gone-{line.id}", "", line.id, line.version, "", True, values_of(line)) for line in project.lines]
    return revise_budget(project, actor=actor, rows=[*rows, *gone], currency=currency)


def _checked(project: Project, rows: Sequence[Row]) -> dict[str, Decimal]:
    """The amount of each row by its name; everything is checked before anything is written."""
    categories = leaves(project)
    results = {one.id for one in project.results if one.level in PAID_FOR}
    countries = {one.country_code for one in project.coverage} | {line.country_code for line in project.lines}
    amounts = {}
    for row in rows:
        if row.values["result_id"] is not None and row.values["result_id"] not in results:
            says = _("This output or activity is no longer in the results matrix. Please choose another.")
            raise Invalid(f"{row.name}-result_id", says)
        if row.values["country_code"] is not None and row.values["country_code"] not in countries:
            raise Invalid(f"{row.name}-country_code", _("Please choose a country that the project covers."))
        if row.values["category_code"] not in categories:
            raise Invalid(f"{row.name}-category_code", _("Please choose a category within this one."))
        amount = amount_of(row.values["quantity"], row.values["units"], row.values["unit_cost"])
        if amount >= MOST_AMOUNT:
            raise Invalid(f"{row.name}-unit_cost", _("The amount of this line is too large."))
        amounts[row.name] = amount
    return amounts


def _write(line: BudgetLine, row: Row, amounts: dict[str, Decimal]) -> None:
    for name in FIELDS:
        setattr(line, name, row.values[name])
    line.amount = amounts[row.name]


def leaves(project: Project) -> set[str]:
    rows = session_of(project).execute(select(BudgetCategory.code, BudgetCategory.parent)).all()
    parents = {parent for _code, parent in rows}
    return {code for code, _parent in rows if code not in parents}
