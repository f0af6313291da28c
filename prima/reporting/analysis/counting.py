"""Counts and sums of the chosen projects by any of their dimensions, exact in every total, in one question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import add
from typing import Any

from sqlalchemy import CTE, Select, Text, and_, case, cast, false, func, null, or_, select, union_all
from sqlalchemy import literal_column as written

from prima.db import Model, db
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
from prima.reporting.models import Deadline, Expense, ExpenseKind, Reached, Report
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.keeping import keep
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
    arms, divided = list(arms), DIVIDED | ({"country"} if shares or ALLOCATED in measures else set())
    asked: list[Codes] = []
    for arm in sorted(dict.fromkeys(arms), key=len, reverse=True):
        if not any(_adds_up(more, arm, measures, divided) for more in asked):
            asked.append(arm)
    of_it = (tuple(asked), tuple(measures), frozenset(divided))
    tables = _tables(asked, measures, divided)
    found = keep(viewer, filters, ("counted", *of_it), tables, lambda: _counted(viewer, filters, *of_it))
    whole = found | {
        arm: _added_up(next((more, found[more]) for more in asked if _adds_up(more, arm, measures, divided)), arm)
        for arm in arms
        if arm not in found
    }
    kept: Found = {arm: {key: row for key, row in whole[arm].items() if any(row) or not arm} for arm in arms}
    if () in kept and not kept[()]:
        kept[()] = {(): (0,) * len(measures)}
    return kept


def _tables(arms: Iterable[Codes], measures: Iterable[str], divided: Collection[str]) -> set[type[Model]]:
    """What is read for them beside the projects."""
    wanted = {dimension for arm in arms for dimension in arm}
    found: set[type[Model]] = {ALLOCATIONS[Dimension(one)] for one in wanted & set(divided)}
    found |= {MARKED[one][0] for one in wanted & set(MARKED)}
    found |= {table for name in measures if name in MEASURED for table in READ[MEASURED[name][0]]}
    return found | ({StatusName} if "stage" in wanted else set())


def _adds_up(more: Codes, arm: Codes, measures: Sequence[str], divided: Collection[str]) -> bool:
    """Whether the rows by `more` dimensions add up to those of an arm: each project, or each part of one, is in one."""
    besides = set(more) - set(arm)
    if not set(arm) <= set(more) or besides & (set(MARKED) - set(divided)):
        return False
    return not besides.intersection(divided) or list(measures) == [ALLOCATED]


def _added_up(of: tuple[Codes, dict[Codes, Values]], arm: Codes) -> dict[Codes, Values]:
    more, rows = of
    places = [more.index(dimension) for dimension in arm]
    sums: dict[Codes, Values] = {}
    for key, values in rows.items():
        code = tuple(key[place] for place in places)
        sums[code] = tuple(map(add, sums[code], values)) if code in sums else values
    return sums


def _counted(
    viewer: User | None, filters: Filters, arms: tuple[Codes, ...], measures: Codes, shared: frozenset[str]
) -> Found:
    wanted = {dimension for arm in arms for dimension in arm}
    base = _base(viewer, filters, [one for one in SINGLE if one in wanted], measures)
    twice = any(len(shared.intersection(arm)) > 1 for arm in arms)
    parts = {one: _parts(base, one, twice) for one in sorted(wanted & shared)}
    width = max(map(len, arms))
    rows = db.session.execute(
        union_all(*(_arm(base, place, arm, width, measures, parts) for place, arm in enumerate(arms)))
    )
    found: Found = {arm: {} for arm in arms}
    for place, *row in rows:
        found[arms[place]][tuple(row[: len(arms[place])])] = tuple(row[width:])
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
    source, codes, divided_by = _joined(base, arm, parts)
    divided = list(divided_by.values())
    empty = [cast(null(), Text)] * (width - len(arm))
    if len(divided) > 1 and list(measures) == [ALLOCATED]:
        cells = _cells(base, source, codes, divided_by)
        *named, amount = cells.c
        query = select(written(str(place)), *named, *empty, func.coalesce(func.sum(amount), written("0")))
        return query.group_by(*named)
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
    query = select(written(str(place)), *codes.values(), *empty, *values).select_from(source)
    return query.group_by(*codes.values()) if codes else query


def _joined(base: CTE, arm: Codes, parts: Mapping[str, CTE]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The projects with what an arm counts by; by dimension its codes, and the parts of the divided ones."""
    codes: dict[str, Any] = {}
    divided: dict[str, Any] = {}
    source: Any = base
    for dimension in arm:
        if dimension in parts:
            part = parts[dimension].alias()
            source, code = source.join(part, part.c.id == base.c.id), cast(part.c.code, Text)
            divided[dimension] = part
        elif dimension in MARKED:
            model, column = MARKED[dimension]
            mark = model.__table__.alias()
            source = source.outerjoin(mark, mark.c.project_id == base.c.id)
            code = cast(func.coalesce(mark.c[column.key], UNSTATED), Text)
        else:
            code = cast(base.c[dimension], Text)
        codes[dimension] = code
    return source, codes, divided


def _cells(base: CTE, source: Any, codes: Mapping[str, Any], divided: Mapping[str, Any]) -> Any:
    """The cells of two divided dimensions as in `_amount`, each corner computed once and not for all four around it.

    A corner between two codes of each belongs to four cells, to two of them the other way round. Where one dimension
    has come to its end the corner is the running sum of the other, and what that leaves to a cell is an amount.
    """
    one, other = divided.values()
    going_on = (one.c.next.is_not(None), other.c.next.is_not(None))
    named = [code.label(f"code_{place}") for place, code in enumerate(codes.values())]
    places = [f"code_{list(codes).index(name)}" for name in divided]
    corner = func.sum(func.round(one.c.upto * other.c.upto / base.c.budget, 2)).label("amount")
    following = (one.c.next.label("next_one"), other.c.next.label("next_other"))
    corners = (
        select(*named, *following, corner)
        .select_from(source)
        .where(base.c.budget != 0, *going_on)
        .group_by(*codes.values(), one.c.next, other.c.next)
        .cte()
    )
    arms = []
    for nexts, amount in (
        ((), corners.c.amount),
        ((0,), -corners.c.amount),
        ((1,), -corners.c.amount),
        ((0, 1), corners.c.amount),
    ):
        instead = {places[way]: (corners.c.next_one, corners.c.next_other)[way] for way in nexts}
        arms.append(select(*(instead.get(column.key, corners.c[column.key]) for column in named), amount))
    last_one, last_other = one.c.next.is_(None), other.c.next.is_(None)
    for which, value in (
        ((base.c.budget != 0, last_one), other.c.amount),
        ((base.c.budget != 0, last_other), case((last_one, -one.c.before), else_=one.c.amount)),
        ((base.c.budget == 0,), _left_over(one, other)),
    ):
        arms.append(select(*named, func.sum(value)).select_from(source).where(*which).group_by(*codes.values()))
    return union_all(*arms).subquery()


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
    return case((base.c.budget == 0, _left_over(one, other)), else_=proportional)


def _left_over(one: Any, other: Any) -> Any:
    return other.c.rest * one.c.amount + one.c.rest * other.c.amount


def _parts(base: CTE, dimension: str, twice: bool) -> CTE:
    """What each project has allocated to each code, and last the rest of its budget: all together the budget.

    NONE is what is allocated to nothing, OVER what is too much. `twice`: with running sums and the code that follows.
    """
    table = ALLOCATIONS[Dimension(dimension)]
    no: Any = written("0").label("rest")
    of_base = (table.project_id.in_(select(base.c.id)), table.amount_usd > 0)
    # By project and code, as the key of the table has them in order: nothing is sorted for the running sums.
    columns: list[Any] = [table.project_id.label("id"), table.code.label("code"), table.amount_usd.label("amount")]
    if twice:
        within: dict[str, Any] = {"partition_by": table.project_id, "order_by": table.code}
        running = func.sum(table.amount_usd).over(**within, rows=(None, 0))
        columns += [running.label("upto"), cast(func.lead(table.code).over(**within), Text).label("next")]
    given: Any = select(*columns).where(*of_base).subquery(f"stated_{dimension}")
    sums: Any = (
        select(table.project_id.label("id"), func.sum(table.amount_usd).label("amount"))
        .where(*of_base)
        .group_by(table.project_id)
        .cte(f"sums_{dimension}")
    )
    nowhere: Any = UNSTATED
    more: list[Any] = []
    source: Any = base.outerjoin(sums, sums.c.id == base.c.id)
    left: Any = base.c.budget - func.coalesce(sums.c.amount, written("0"))
    if dimension == "country":
        covered = (
            select(Coverage.project_id, func.count().label("number"), func.min(Coverage.country_code).label("code"))
            .where(Coverage.project_id.in_(select(base.c.id)))
            .group_by(Coverage.project_id)
            .cte("covered")
        )
        source = source.outerjoin(covered, covered.c.project_id == base.c.id)
        alone = and_(sums.c.id.is_(None), func.coalesce(covered.c.number == 1, false()))
        whole = (base.c.budget, written("0"), cast(null(), Text)) if twice else ()
        more.append(select(base.c.id, covered.c.code, base.c.budget, no, *whole).select_from(source).where(alone))
        left = case((alone, 0), else_=left)
        nowhere = case((covered.c.number > 1, written(f"'{SEVERAL}'")), else_=UNSTATED)
    which = case((left < 0, TOO_MUCH), else_=nowhere)
    # A rest of nothing is left out, save where a budget of 0 has nothing else to stand for it.
    is_left = or_(left != 0, base.c.budget == 0)
    stated: list[Any] = [given.c.id, given.c.code, given.c.amount, no]
    rest: list[Any] = [base.c.id, which, left, written("1")]
    joined: Any = given
    if twice:
        following = func.coalesce(given.c.next, case((is_left, which)))
        stated += [given.c.upto, given.c.upto - given.c.amount, following]
        rest += [base.c.budget, base.c.budget - left, cast(null(), Text)]
        joined = source.join(given, given.c.id == base.c.id)
    names = ("id", "code", "amount", "rest", *(("upto", "before", "next") if twice else ()))
    arms = [select(*stated).select_from(joined), *more, select(*rest).select_from(source).where(is_left)]
    first = arms[0].with_only_columns(*(column.label(name) for column, name in zip(stated, names, strict=True)))
    return union_all(first, *arms[1:]).cte(f"parts_{dimension}")


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
READ: Mapping[Callable[[], Any], tuple[type[Model], ...]] = {
    _spent: (Expense,),
    _late: (Deadline,),
    _extended: (Extension,),
    _people: (Beneficiaries, Reached, Report, Deadline),
}
"""The tables of each source."""
