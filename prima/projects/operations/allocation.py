"""How the total is divided by area of work, activity type and country: amounts are stored, however they were set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from prima.db import check_version
from prima.errors import Invalid
from prima.lists import ActivityType, AreaOfWork, Country
from prima.projects.models import ALLOCATIONS, AllocationBasis, Basis, BudgetLine, Dimension, Part, Project
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.rules import HUNDRED
from prima.projects.shares import divided
from prima.rates import USD
from prima.users import User

LINE_COLUMNS = {
    Dimension.AREA: BudgetLine.area_code,
    Dimension.ACTIVITY: BudgetLine.activity_type_code,
    Dimension.COUNTRY: BudgetLine.country_code,
}
LISTS: dict[Dimension, type[AreaOfWork] | type[ActivityType] | type[Country]] = {
    Dimension.AREA: AreaOfWork,
    Dimension.ACTIVITY: ActivityType,
    Dimension.COUNTRY: Country,
}
Amounts = dict[str, Decimal]


def allocate(
    project: Project,
    dimension: Dimension,
    *,
    actor: User,
    version: int,
    basis: Basis,
    amounts: Mapping[str, Decimal | None],
    shares: Mapping[str, Decimal | None],
) -> Decimal:
    """Set an allocation; what is left of the total afterwards (0 when it balances). Raises Conflict."""
    project = opened(project, actor=actor)
    chosen: Amounts = {code: share for code, share in shares.items() if share}
    if basis is Basis.PERCENTAGE:
        if (summed := sum(chosen.values(), Decimal(0))) != HUNDRED:
            says = _("The percentages must total exactly 100.00; they total %(sum)s.", sum=f"{summed:.2f}")
            raise Invalid("basis", says)
        settled = by_percentage(project, dimension, chosen)
    elif basis is Basis.LINES:
        settled = from_lines(project, dimension)
        if sum(settled.values(), Decimal(0)) != project.budget:
            raise Invalid("basis", _("Some budget lines name none. Fill that in on each line of the budget first."))
    else:
        settled = {code: amount for code, amount in amounts.items() if amount}
    held = next((one for one in project.bases if one.dimension is dimension), None)
    if held and held.version != version:
        _compare(project, dimension, held, version, basis, chosen, settled)
    if held is None:
        held = AllocationBasis(project_id=project.id, dimension=dimension, basis=basis, version=0)
        session_of(project).add(held)
    held.basis = basis
    held.version += 1
    _store(project, dimension, settled, chosen if basis is Basis.PERCENTAGE else {})
    take_part(project, actor, Part.AUTHOR)
    written(project, "allocation", actor=actor, dimension=dimension, basis=basis, version=held.version, amounts=settled)
    return project.budget - sum(settled.values(), Decimal(0))


def rebalance(project: Project) -> None:
    """After the total changed: what was set by percentage or from the lines follows; amounts stay as they were set."""
    for held in project.bases:
        if held.basis is Basis.PERCENTAGE:
            shares = {row.code: row.share for row in rows_of(project, held.dimension) if row.share}
            _store(project, held.dimension, by_percentage(project, held.dimension, shares), shares)
        elif held.basis is Basis.LINES:
            _store(project, held.dimension, from_lines(project, held.dimension), {})
        else:
            _store(project, held.dimension, {row.code: row.amount for row in rows_of(project, held.dimension)}, {})


def by_percentage(project: Project, dimension: Dimension, shares: Amounts) -> Amounts:
    """Amounts by largest remainder; ties go by the order of the list."""
    table = LISTS[dimension]
    order = session_of(project).scalars(
        select(table.code).where(table.code.in_(shares)).order_by(table.position, table.code)
    )
    codes = list(order)
    if not codes:
        return {}
    return dict(zip(codes, divided(project.budget, [shares[code] for code in codes]), strict=True))


def from_lines(project: Project, dimension: Dimension) -> Amounts:
    """The sums of the budget lines by the area, activity type or country that each names."""
    column = LINE_COLUMNS[dimension]
    sums = session_of(project).execute(
        select(column, func.sum(BudgetLine.amount))
        .where(BudgetLine.project_id == project.id, column.is_not(None))
        .group_by(column)
    )
    return {str(code): amount for code, amount in sums if amount}


def rows_of(project: Project, dimension: Dimension) -> Any:
    match dimension:
        case Dimension.AREA:
            return project.areas
        case Dimension.ACTIVITY:
            return project.activities
        case Dimension.COUNTRY:
            return project.country_shares


def in_usd(project: Project, amounts: Amounts) -> Amounts:
    """The same in USD: what sums to the budget sums to the budget in USD too."""
    if project.currency == USD:
        return amounts
    codes = [code for code, amount in amounts.items() if amount]
    if sum(amounts.values(), Decimal(0)) == project.budget and codes:
        return dict(zip(codes, divided(project.budget_usd, [amounts[code] for code in codes]), strict=True))
    return {code: project.in_usd(amounts[code]) for code in codes}


def _store(project: Project, dimension: Dimension, amounts: Amounts, shares: Amounts) -> None:
    session = session_of(project)
    usd = in_usd(project, amounts)
    table = ALLOCATIONS[dimension]
    there = {row.code: row for row in rows_of(project, dimension)}
    for code in amounts.keys() | shares.keys():
        row = there.get(code)
        if row is None:
            row = table(project_id=project.id, code=code)
            session.add(row)
        row.amount, row.share = amounts.get(code, Decimal(0)), shares.get(code)
        row.amount_usd = usd.get(code, Decimal(0))
    for code in there.keys() - amounts.keys() - shares.keys():
        session.delete(there[code])


def _compare(
    project: Project,
    dimension: Dimension,
    held: AllocationBasis,
    version: int,
    basis: Basis,
    shares: Amounts,
    amounts: Amounts,
) -> None:
    """Raise Conflict with what stands and what was typed, when they differ: as amounts or as percentages."""
    by_share = basis is Basis.PERCENTAGE
    theirs = {row.code: row.share if by_share else row.amount for row in rows_of(project, dimension)}
    mine = shares if by_share else amounts
    typed = {"basis": (_("How it is set"), str(held.basis), str(basis))} if held.basis is not basis else {}
    prefix = "share" if by_share else "amount"
    for code in sorted(theirs.keys() | mine.keys()):
        before, after = theirs.get(code), mine.get(code)
        if (before or 0) != (after or 0):
            typed[f"{prefix}-{code}"] = (code, f"{before or 0:,.2f}", f"{after or 0:,.2f}")
    if typed:
        check_version(held, version, who=last_writer(project, "allocation"), typed=typed)
