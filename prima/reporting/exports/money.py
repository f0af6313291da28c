"""The sheets of money: budget lines, allocations (a row for each amount), and what finance says was spent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, literal, literal_column, null, select, tuple_, union_all
from sqlalchemy.orm import aliased

from prima.lists import ActivityType, AreaOfWork, BudgetCategory, Country
from prima.projects.models import ALLOCATIONS, BudgetLine, Dimension, Project, Result
from prima.projects.rules.facts import STAFF
from prima.reporting.exports.columns import NEWEST_FIRST, Asked, Field, Table, of_the_project
from prima.reporting.models import Expense, ExpenseKind
from prima.spreadsheets import Kind

GROUP = aliased(BudgetCategory)
OF_STAFF = func.split_part(BudgetLine.category_code, ".", 1) == STAFF
"""How such a line was worked out is internal."""


def lines(asked: Asked) -> Table:
    numbers, area, kind, country = asked.places, aliased(AreaOfWork), aliased(ActivityType), aliased(Country)
    usd = _in_usd(asked)

    def worked_out(value: Any) -> Any:
        return value if asked.viewer is None else case((OF_STAFF & ~asked.inside, null()), else_=value)

    hidden = " Blank for a line of staff, where the reader does not see internal parts of the project."
    fields = [
        *of_the_project(),
        Field("Line", BudgetLine.code, "What finance calls the line; given at activation."),
        Field("Position", BudgetLine.position, "The place of the line in the budget.", Kind.NUMBER),
        Field("Group", GROUP.name, "Staff, office or operational costs."),
        Field("Category code", BudgetLine.category_code, "The code of the budget category."),
        Field("Category", BudgetCategory.name, "The budget category."),
        Field("Description", BudgetLine.description, "What the line pays for."),
        Field("Unit", worked_out(BudgetLine.unit), "Of what the quantity is." + hidden),
        Field("Quantity", worked_out(BudgetLine.quantity), "How many." + hidden, Kind.NUMBER),
        Field("Number of units", worked_out(BudgetLine.units), "For how many units." + hidden, Kind.NUMBER),
        Field("Unit cost", worked_out(BudgetLine.unit_cost), "In the budget's currency." + hidden, Kind.MONEY),
        Field("Amount", BudgetLine.amount, "Quantity x number of units x unit cost, to the cent.", Kind.MONEY),
        Field("Currency", Project.currency, "The budget's currency."),
        Field("Amount (USD)", usd.c.amount,
              "The line's part of the total in USD, by largest remainder: the lines sum to the total.", Kind.MONEY),
        Field("Area of work", area.name, "What the line is meant for."),
        Field("Activity type", kind.name, "What the line is meant for."),
        Field("For country", country.name, "In a regional project, for what country the line is meant."),
        Field("Result", numbers.c.number, "The number of the output or activity that it pays for."),
        Field("Result, in words", Result.text, "That output or activity."),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(BudgetLine, BudgetLine.project_id == Project.id)
            .join(BudgetCategory, BudgetCategory.code == BudgetLine.category_code)
            .join(GROUP, GROUP.code == func.split_part(BudgetLine.category_code, ".", 1))
            .join(usd, usd.c.id == BudgetLine.id)
            .outerjoin(area, area.code == BudgetLine.area_code)
            .outerjoin(kind, kind.code == BudgetLine.activity_type_code)
            .outerjoin(country, country.code == BudgetLine.country_code)
            .outerjoin(Result, Result.id == BudgetLine.result_id)
            .outerjoin(numbers, numbers.c.id == BudgetLine.result_id)
            .order_by(*NEWEST_FIRST, BudgetLine.position, BudgetLine.id)
        )

    number = asked.number(BudgetLine.project_id)
    return Table("Budget lines", "One row for each line of a budget, as it stands now.", fields, query, number)


def _in_usd(asked: Asked) -> Any:
    """Each line's part of its total in USD, to the cent: whole cents, then one more where most is left over."""
    rate = func.coalesce(Project.rate, 1)
    exact = BudgetLine.amount * rate * 100
    whole = func.floor(exact)
    total = func.round(func.sum(BudgetLine.amount).over(partition_by=BudgetLine.project_id) * rate, 2) * 100
    left_over = total - func.sum(whole).over(partition_by=BudgetLine.project_id)
    most = (whole - exact, BudgetLine.position, BudgetLine.id)
    rank = func.row_number().over(partition_by=BudgetLine.project_id, order_by=most)
    parts = (
        select(BudgetLine.id, whole.label("whole"), left_over.label("left_over"), rank.label("rank"))
        .join(Project, Project.id == BudgetLine.project_id)
        .where(asked.within(BudgetLine.project_id))
        .subquery("parts")
    )
    cents = parts.c.whole + case((parts.c.rank <= parts.c.left_over, 1), else_=0)
    return select(parts.c.id, func.round(cents / Decimal(100), 2).label("amount")).subquery("in_usd")


def allocation(asked: Asked) -> Table:
    """Long: a row for each amount, whatever it is by."""
    kinds = ((Dimension.AREA, "Area of work", AreaOfWork), (Dimension.ACTIVITY, "Activity type", ActivityType),
             (Dimension.COUNTRY, "Country", Country))  # fmt: skip
    arms = []
    for place, (dimension, words, listed) in enumerate(kinds):
        table = ALLOCATIONS[dimension]
        whole = func.sum(table.amount_usd).over(partition_by=table.project_id)
        arms.append(
            select(
                table.project_id.label("project_id"),
                literal(place).label("place"),
                literal(words).label("dimension"),
                table.code.label("code"),
                listed.name.label("name"),  # type: ignore[attr-defined]
                listed.position.label("position"),  # type: ignore[attr-defined]
                table.amount.label("amount"),
                table.amount_usd.label("amount_usd"),
                func.round(table.amount_usd / func.nullif(whole, 0), 6).label("share"),
            )
            .join(listed, listed.code == table.code)  # type: ignore[attr-defined]
            .where(table.amount > 0, asked.within(table.project_id))
        )
    every = union_all(*arms).subquery("allocated")
    fields = [
        *of_the_project(),
        Field("By", every.c.dimension, "What the amount is by. Never add up amounts by different things."),
        Field("Code", every.c.code, "The code of the area of work, activity type or country (ISO 3166)."),
        Field("Name", every.c.name, "Its name."),
        Field("Amount", every.c.amount, "In the budget's currency.", Kind.MONEY),
        Field("Currency", Project.currency, "The budget's currency."),
        Field("Amount (USD)", every.c.amount_usd, "In USD; they sum to what the project allocated.", Kind.MONEY),
        Field("Percent", every.c.share, "Of what the project has allocated by the same.", Kind.PERCENT),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        joined_to = asked.projects(*columns).join(every, every.c.project_id == Project.id)
        return joined_to.order_by(*NEWEST_FIRST, every.c.place, every.c.position, every.c.code)

    tables = [ALLOCATIONS[dimension] for dimension, _words, _listed in kinds]
    each = [asked.number(one.project_id, one.amount > 0).scalar_subquery() for one in tables]
    says = "One row for each amount of a budget by area, activity type or country."
    return Table("Allocation", says, fields, query, select(each[0] + each[1] + each[2]))


def spending(asked: Asked) -> Table:
    """By line; of staff by category alone, where the reader does not see the internal parts of the project."""
    hidden: Any = literal(False) if asked.viewer is None else and_(OF_STAFF, ~asked.inside)
    used = _used(asked)
    shown = select(
        BudgetLine.project_id,
        BudgetLine.category_code,
        case((hidden, null()), else_=BudgetLine.id).label("line_id"),
        func.min(BudgetLine.position).label("position"),
        func.sum(BudgetLine.amount).label("approved"),
        func.coalesce(func.sum(used.c.spent), 0).label("spent"),
        func.coalesce(func.sum(used.c.committed), 0).label("committed"),
    ).select_from(BudgetLine)
    shown = shown.join(Project, Project.id == BudgetLine.project_id).outerjoin(used, used.c.line_id == BudgetLine.id)
    found = (
        shown.where(Project.code.is_not(None), asked.within(BudgetLine.project_id))
        .group_by(BudgetLine.project_id, BudgetLine.category_code, literal_column("3"))
        .subquery("shown")
    )
    line = aliased(BudgetLine)
    fields = [
        *of_the_project(),
        Field("Group", GROUP.name, "Staff, office or operational costs."),
        Field("Category code", found.c.category_code, "The code of the budget category."),
        Field("Category", BudgetCategory.name, "The budget category."),
        Field("Line", line.code, "What finance calls the line. Blank where all lines of staff stand together."),
        Field("Description", case((found.c.line_id.is_(None), "All lines together"), else_=line.description),
              "What the line pays for; lines of staff stand together where they are internal."),
        Field("Currency", Project.currency, "The budget's currency, in which the amounts are."),
        Field("Approved", found.c.approved, "What the budget has for it.", Kind.MONEY),
        Field("Spent", found.c.spent, "From the start of the project, as finance states.", Kind.MONEY),
        Field("Committed", found.c.committed, "As finance states, not yet spent.", Kind.MONEY),
        Field("Balance", found.c.approved - found.c.spent - found.c.committed,
              "Approved less spent and committed.", Kind.MONEY),
        Field("Burn rate", func.round(found.c.spent / func.nullif(found.c.approved, 0), 6),
              "Spent as a share of what was approved.", Kind.PERCENT),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(found, found.c.project_id == Project.id)
            .join(BudgetCategory, BudgetCategory.code == found.c.category_code)
            .join(GROUP, GROUP.code == func.split_part(found.c.category_code, ".", 1))
            .outerjoin(line, line.id == found.c.line_id)
            .order_by(*NEWEST_FIRST, BudgetCategory.position, found.c.position, found.c.line_id)
        )

    together = func.count(func.distinct(tuple_(BudgetLine.project_id, BudgetLine.category_code))).filter(hidden)
    number = (
        select(func.count().filter(~hidden) + together)
        .select_from(BudgetLine)
        .join(Project, Project.id == BudgetLine.project_id)
        .where(Project.code.is_not(None), asked.within(BudgetLine.project_id))
    )
    return Table("Spending", "One row for each budget line of a project that was activated.", fields, query, number)


def _used(asked: Asked) -> Any:
    sums = [
        func.sum(Expense.amount).filter(Expense.kind == kind).label(name)
        for kind, name in ((ExpenseKind.EXPENDITURE, "spent"), (ExpenseKind.COMMITMENT, "committed"))
    ]
    return (
        select(Expense.line_id, *sums)
        .where(Expense.superseded_id.is_(None), asked.within(Expense.project_id))
        .group_by(Expense.line_id)
        .subquery("used")
    )
