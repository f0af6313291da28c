"""Counts and sums of the chosen projects by any of their dimensions, exact in every total, in one question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, Select, Text, and_, case, cast, func, null, or_, select, union_all
from sqlalchemy import literal_column as written

from prima.db import db
from prima.lists import StatusName
from prima.places import Office
from prima.projects.models import (
    ALLOCATIONS,
    Beneficiaries,
    Counted,
    Coverage,
    Dimension,
    Extension,
    GovernanceMark,
    Project,
    SdgMark,
    ThemeMark,
)
from prima.reporting.models import Deadline, Expense, ExpenseKind
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.sums import REGION, TOO_MUCH, UNSTATED
from prima.reporting.queries import is_past_due, owes
from prima.reporting.queries.counted import added_months, reached_by_group
from prima.users import User

SEVERAL = "several"
"""Stands for the budgets of projects that cover several countries and state no shares of them."""
SINGLE: dict[str, Any] = {
    "region": REGION,
    "office": Office.code,
    "stage": StatusName.stage,
    "status": Project.status,
    "funding": Project.funding,
    "year": Project.funding_year,
    "type": func.coalesce(Project.project_type_code, UNSTATED),
    "donor": func.coalesce(Project.donor_code, UNSTATED),
    "marker": func.coalesce(Project.gender_marker_code, UNSTATED),
    "call": func.coalesce(Project.funding_round_code, UNSTATED),
}
"""A project has one value of them."""
MARKED: dict[str, Any] = {
    "country": (Coverage, Coverage.country_code),
    "sdg": (SdgMark, SdgMark.code),
    "migof": (GovernanceMark, GovernanceMark.code),
    "theme": (ThemeMark, ThemeMark.code),
}
"""A project may have several: it counts whole in each, and once in the totals."""
DIVIDED = frozenset({"area", "activity"})
"""Its budget is divided between them; it counts in each that it has money for."""
ALLOCATED = "allocated"
"""The measure that divides budgets, also between countries; every other measure counts a project whole."""
ZERO = Decimal(0)
Codes = tuple[str, ...]
Values = tuple[Any, ...]
Found = dict[Codes, dict[Codes, Values]]
"""By dimensions, by their codes: the measures in their order. No dimensions: the whole."""


def counted(
    viewer: User | None, filters: Filters, arms: Iterable[Codes], measures: Sequence[str], *, shares: bool = False
) -> Found:
    """The measures by each of the `arms`, dimensions to count by together; rows that hold nothing are left out.

    `shares`: a project belongs to the countries that have a share of its budget, not to those it covers.
    """
    arms = list(arms)
    wanted = {dimension for arm in arms for dimension in arm}
    divided = DIVIDED | ({"country"} if shares or ALLOCATED in measures else set())
    base = _base(viewer, filters, [one for one in SINGLE if one in wanted], measures)
    twice = any(len(divided.intersection(arm)) > 1 for arm in arms)
    parts = {one: _parts(base, one, twice) for one in sorted(wanted & divided)}
    width = max(map(len, arms))
    rows = db.session.execute(
        union_all(*(_arm(base, place, arm, width, measures, parts) for place, arm in enumerate(arms)))
    )
    found: Found = {arm: {} for arm in arms}
    for place, *row in rows:
        arm = arms[place]
        values = tuple(row[width:])
        if any(values) or not arm:
            found[arm][tuple(row[: len(arm)])] = values
    return found


def _base(viewer: User | None, filters: Filters, singles: Sequence[str], measures: Sequence[str]) -> CTE:
    """A row a project: its values of the dimensions, and what it has of each measure."""
    values: list[Any] = []
    joined: dict[Any, Any] = {}
    for name in measures:
        if name in MEASURED:
            source, read = MEASURED[name]
            joined.setdefault(source, source())
            values.append(func.coalesce(read(joined[source]), written("0")).label(f"has_{name}"))
    named = [cast(SINGLE[name], Text).label(name) for name in singles]
    query = projects(viewer, filters, Project.id.label("id"), Project.budget_usd.label("budget"), *named, *values)
    if "stage" in singles:
        query = query.join(StatusName, StatusName.code == Project.status)
    for source in joined.values():
        query = query.outerjoin(source, source.c.project_id == Project.id)
    return query.cte("base")


def _arm(
    base: CTE, place: int, arm: Codes, width: int, measures: Sequence[str], parts: Mapping[str, CTE]
) -> Select[Any]:
    codes: list[Any] = []
    divided: list[Any] = []
    source: Any = base
    for dimension in arm:
        if dimension in parts:
            part = parts[dimension].alias()
            source, code = source.join(part, part.c.id == base.c.id), cast(part.c.code, Text)
            divided.append(part)
        elif dimension in MARKED:
            model, column = MARKED[dimension]
            mark = model.__table__.alias()
            source = source.outerjoin(mark, mark.c.project_id == base.c.id)
            code = cast(func.coalesce(mark.c[column.key], UNSTATED), Text)
        else:
            code = cast(base.c[dimension], Text)
        codes.append(code)
    member = and_(*(part.c.amount != 0 for part in divided)) if divided else None
    values = []
    for name in measures:
        if name == ALLOCATED:
            value: Any = func.sum(_amount(base, divided))
        elif name == "projects":
            value = func.count(base.c.id) if member is None else func.count().filter(member)
        else:
            value = func.sum(base.c.budget if name == "budget" else base.c[f"has_{name}"])
            value = value if member is None else value.filter(member)
        values.append(func.coalesce(value, written("0")))
    empty = [cast(null(), Text)] * (width - len(arm))
    query = select(written(str(place)), *codes, *empty, *values).select_from(source)
    return query.group_by(*codes) if codes else query


def _amount(base: CTE, divided: Sequence[Any]) -> Any:
    """What of a budget belongs to the codes of one or two divided dimensions; the whole of it to none.

    Of two, in proportion to both: the running sums of the one are multiplied with those of the other and rounded to
    the cent, and a cell is the difference of such corners. So all its rows and columns add up to what was allocated.
    Nothing can be divided in proportion to a budget of 0: there only what is out of balance is left over.
    """
    if not divided:
        return base.c.budget
    if len(divided) == 1:
        return divided[0].c.amount
    one, other = divided

    def corner(first: Any, second: Any) -> Any:
        return func.round(first * second / base.c.budget, 2)

    proportional = (
        corner(one.c.upto, other.c.upto)
        - corner(one.c.before, other.c.upto)
        - corner(one.c.upto, other.c.before)
        + corner(one.c.before, other.c.before)
    )
    left_over = other.c.rest * one.c.amount + one.c.rest * other.c.amount
    return case((base.c.budget == 0, left_over), else_=proportional)


def _parts(base: CTE, dimension: str, twice: bool) -> CTE:
    """What each project has allocated to each code, and last the rest of its budget: all together the budget.

    NONE is what is allocated to nothing, OVER what is too much. `twice`: with running sums.
    """
    table = ALLOCATIONS[Dimension(dimension)]
    no: Any = written("0").label("rest")
    yes: Any = written("1").label("rest")
    stated: Any = (
        select(base.c.id.label("id"), table.code.label("code"), table.amount_usd.label("amount"), no)
        .join_from(base, table, table.project_id == base.c.id)
        .where(table.amount_usd > 0)
    )
    nowhere: Any = UNSTATED
    covered = None
    if dimension == "country":
        covered = (
            select(Coverage.project_id, func.count().label("number"), func.min(Coverage.country_code).label("code"))
            .join_from(base, Coverage, Coverage.project_id == base.c.id)
            .group_by(Coverage.project_id)
            .cte("covered")
        )
        shared = select(table.project_id).where(table.project_id == base.c.id, table.amount_usd > 0).exists()
        alone = select(base.c.id, covered.c.code, base.c.budget, no).join_from(
            base, covered, and_(covered.c.project_id == base.c.id, covered.c.number == 1)
        )
        stated = union_all(stated, alone.where(~shared))
        nowhere = case((covered.c.number > 1, written(f"'{SEVERAL}'")), else_=UNSTATED)
    given = stated.cte(f"stated_{dimension}")
    sums = select(given.c.id, func.sum(given.c.amount).label("amount")).group_by(given.c.id).subquery()
    left = base.c.budget - func.coalesce(sums.c.amount, written("0"))
    source = base.outerjoin(sums, sums.c.id == base.c.id)
    if covered is not None:
        source = source.outerjoin(covered, covered.c.project_id == base.c.id)
    which = case((left < 0, TOO_MUCH), else_=nowhere)
    # A rest of nothing is left out, save where a budget of 0 has nothing else to stand for it.
    rest = select(base.c.id, which, left, yes).select_from(source).where(or_(left != 0, base.c.budget == 0))
    both = union_all(select(given), rest).subquery()
    if not twice:
        return select(both).cte(f"parts_{dimension}")
    running = func.sum(both.c.amount).over(partition_by=both.c.id, order_by=(both.c.rest, both.c.code), rows=(None, 0))
    return select(both, running.label("upto"), (running - both.c.amount).label("before")).cte(f"parts_{dimension}")


# -- what a project has of each measure -------------------------------------------------------------------------------


def _extended() -> Any:
    sums = (func.count().label("number"), func.sum(added_months()).label("months"))
    return select(Extension.project_id, *sums).group_by(Extension.project_id).subquery("extended")


def _late() -> Any:
    query = select(Deadline.project_id, func.count().label("reports")).where(is_past_due())
    return query.group_by(Deadline.project_id).subquery("late")


def _spent() -> Any:
    query = select(Expense.project_id, func.sum(Expense.amount).label("amount"))
    standing = (Expense.kind == ExpenseKind.EXPENDITURE, Expense.superseded_id.is_(None))
    return query.where(*standing).group_by(Expense.project_id).subquery("spent")


def _people() -> Any:
    came = reached_by_group()
    once = and_(Beneficiaries.counted == Counted.PEOPLE, Beneficiaries.repeated.is_(False))
    query = select(
        Beneficiaries.project_id,
        func.sum(Beneficiaries.planned).filter(once).label("planned"),
        func.sum(came.c.number).filter(once).label("reached"),
        func.sum(Beneficiaries.planned).filter(Beneficiaries.counted.is_(None)).label("undeclared"),
    ).outerjoin(came, came.c.group_id == Beneficiaries.id)
    return query.group_by(Beneficiaries.project_id).subquery("people")


Measured = tuple[Callable[[], Any], Callable[[Any], Any]]
MEASURED: dict[str, Measured] = {
    "spent": (_spent, lambda spent: func.round(spent.c.amount * func.coalesce(Project.rate, written("1")), 2)),
    "overdue": (_late, lambda late: case((owes(), late.c.reports))),
    "extended": (_extended, lambda extended: case((extended.c.number > 0, 1))),
    "extensions": (_extended, lambda extended: extended.c.number),
    "months": (_extended, lambda extended: extended.c.months),
    "planned": (_people, lambda people: people.c.planned),
    "reached": (_people, lambda people: people.c.reached),
    "undeclared": (_people, lambda people: people.c.undeclared),
}
"""Measures beyond the number of projects and their budgets: from where, and what of it."""
