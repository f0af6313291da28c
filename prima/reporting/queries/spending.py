"""What finance states of projects, summed: the one source of spent and committed for pages, reports and sheets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from prima.db import db
from prima.lists import BudgetCategory
from prima.projects.models import BudgetLine, Project
from prima.projects.queries import with_rights
from prima.rates import USD, ExchangeRate
from prima.reporting.models import Expense, ExpenseKind, SpendingImport
from prima.reporting.spending import NOTHING, Figures, Line, Spent
from prima.users import User

AMOUNTS = tuple(
    func.coalesce(func.sum(case((Expense.kind == kind, Expense.amount))), 0)
    for kind in (ExpenseKind.EXPENDITURE, ExpenseKind.COMMITMENT)
)


def spent_by_line(project_id: int, until: date | None = None) -> dict[int, Spent]:
    """Spent and committed of each budget line by its id, up to a day, in the budget's currency; from its start.

    A line of which finance states nothing is not in it.
    """
    return _spent([project_id], until)


def spent_by_lines(project_ids: Collection[int]) -> dict[int, Spent]:
    """The same of several projects."""
    return _spent(project_ids, None)


def _spent(project_ids: Collection[int], until: date | None) -> dict[int, Spent]:
    asked = (
        select(Expense.line_id, *AMOUNTS)
        .where(Expense.project_id.in_(project_ids), Expense.superseded_id.is_(None))
        .group_by(Expense.line_id)
    )
    if until is not None:
        asked = asked.where(Expense.on_day <= until)
    return {line: Spent(Decimal(spent), Decimal(committed)) for line, spent, committed in db.session.execute(asked)}


def lines_of(project_ids: Collection[int]) -> dict[int, list[Line]]:
    """The budget lines of projects in their order, with what was approved and nothing used, by project."""
    rows = db.session.execute(
        select(
            BudgetLine.project_id,
            BudgetLine.id,
            BudgetLine.code,
            BudgetLine.category_code,
            BudgetLine.description,
            BudgetLine.amount,
        )
        .where(BudgetLine.project_id.in_(project_ids))
        .order_by(BudgetLine.project_id, BudgetLine.position, BudgetLine.id)
    )
    found: dict[int, list[Line]] = defaultdict(list)
    for project_id, number, code, category, description, amount in rows:
        found[project_id].append(Line(number, code or "", category, description, Figures(amount)))
    return found


def with_spent(lines: Iterable[Line], spent: Mapping[int, Spent]) -> list[Line]:
    """The lines with what was used of them."""
    return [
        Line(
            one.id,
            one.code,
            one.category_code,
            one.description,
            Figures(one.figures.approved, spent.get(one.id, NOTHING)),
        )
        for one in lines
    ]


def lines_spent(project_id: int, until: date | None = None) -> list[Line]:
    """The budget lines of a project with what was approved, spent and committed."""
    return with_spent(lines_of([project_id])[project_id], spent_by_line(project_id, until))


def category_names() -> dict[str, str]:
    """The names of the budget categories by code, in the order of the list."""
    rows = db.session.execute(select(BudgetCategory.code, BudgetCategory.name).order_by(BudgetCategory.position))
    return {row.code: row.name for row in rows}


# -- imports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The spreadsheet that states a project now, and the last day of which it says something."""

    source: SpendingImport
    last_day: date


def last_import(project_id: int) -> Standing | None:
    found = db.session.execute(
        select(SpendingImport, func.max(Expense.on_day))
        .join(Expense, Expense.import_id == SpendingImport.id)
        .where(Expense.project_id == project_id, Expense.superseded_id.is_(None))
        .group_by(SpendingImport.id)
        .options(joinedload(SpendingImport.by))
        .order_by(SpendingImport.id.desc())
        .limit(1)
    ).first()
    return Standing(*found) if found else None


def imports_of(user: User, limit: int = 10) -> list[SpendingImport]:
    """What the person took over last."""
    mine = select(SpendingImport).where(SpendingImport.by_id == user.id)
    return list(db.session.scalars(mine.order_by(SpendingImport.id.desc()).limit(limit)))


def stated_by(project_ids: Collection[int]) -> dict[int, str]:
    """The digest of the spreadsheet that states each project now."""
    rows = db.session.execute(
        select(Expense.project_id, func.max(SpendingImport.sha256).label("sha256"))
        .join(SpendingImport, SpendingImport.id == Expense.import_id)
        .where(Expense.project_id.in_(project_ids), Expense.superseded_id.is_(None))
        .group_by(Expense.project_id)
    )
    return {row.project_id: row.sha256 for row in rows}


def named(codes: Collection[str], *, lock: bool = False) -> list[Project]:
    """The projects of these IDs with what rights ask, in the order of their rows; under their locks if said so."""
    if lock:
        locking = select(Project.id).where(Project.code.in_(codes)).order_by(Project.id).with_for_update()
        db.session.execute(locking).all()
        for row in list(db.session):
            if isinstance(row, Project):
                db.session.expire(row)
    return list(
        db.session.scalars(select(Project).where(Project.code.in_(codes)).options(*with_rights()).order_by(Project.id))
    )


def rates_of(currencies: Collection[str]) -> dict[str, list[tuple[date, Decimal]]]:
    """What a unit of each currency is worth in USD, from which day on, oldest first."""
    rows = db.session.execute(
        select(ExchangeRate.currency, ExchangeRate.valid_from, ExchangeRate.usd_per_unit)
        .where(ExchangeRate.currency.in_(currencies))
        .order_by(ExchangeRate.currency, ExchangeRate.valid_from)
    )
    found: dict[str, list[tuple[date, Decimal]]] = {USD: [(date.min, Decimal(1))]}
    for currency, day, worth in rows:
        found.setdefault(currency, []).append((day, worth))
    return found
