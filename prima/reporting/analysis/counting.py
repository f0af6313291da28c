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
from prima.reporting.models.summary import CELLS, SEVERAL, AnyCell
from prima.reporting.portfolio import Filters
from prima.reporting.portfolio.choosing import projects
from prima.reporting.portfolio.keeping import keep
from prima.reporting.portfolio.sums import MOST_GROUPS, READ_AS, REGION, TOO_MUCH, UNSTATED, Wanted, together
from prima.reporting.queries import is_past_due, owes
from prima.reporting.queries.counted import added_months, reached_by_group
from prima.reporting.summary import Kept, answer
from prima.users import User

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
TOTALLED = {"marker": Kept.MARKER, "area": Kept.AREA, "activity": Kept.ACTIVITY}
"""Dimensions whose kept totals hold every project once or, divided, every part of it; of others some are missing."""
FIGURES = {"projects": 0, ALLOCATED: 1, "budget": 2}
"""Measures that the kept totals have, and their places."""
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
    found = _of_totals(viewer, filters, asked, measures) or keep(
        viewer, filters, ("counted", *of_it), tables, lambda: _counted(viewer, filters, *of_it)
    )
    whole = found | {
        arm: _added_up(next((more, found[more]) for more in asked if _adds_up(more, arm, measures, divided)), arm)
        for arm in arms
        if arm not in found
    }
    kept: Found = {arm: {key: row for key, row in whole[arm].items() if any(row) or not arm} for arm in arms}
    if () in kept and not kept[()]:
        kept[()] = {(): (0,) * len(measures)}
    return kept


def _of_totals(viewer: User | None, filters: Filters, arms: Sequence[Codes], measures: Sequence[str]) -> Found | None:
    """The same by the kept totals of the portfolio, where these answer every arm."""
    wanted: list[Wanted] = []
    for arm in arms:
        by = [TOTALLED[one] for one in arm if one in TOTALLED]
        groups = tuple("code" if one in TOTALLED else one for one in arm)
        known = len(groups) <= MOST_GROUPS and len(by) <= 1 and {"code", *READ_AS}.issuperset(groups)
        one = (by[0] if by else Kept.PLAIN, groups)
        if not known or not FIGURES.keys() >= set(measures) or not answer(viewer, filters, *one):
            return None
        wanted.append(one)
    found: Found = {}
    for arm, rows in zip(arms, together(viewer, filters, tuple(wanted)), strict=True):
        found[arm] = {tuple(map(str, key)): tuple(figures[FIGURES[name]] for name in measures) for key, figures in rows}
    return found


def _tables(arms: Iterable[Codes], measures: Iterable[str], divided: Collection[str]) -> set[type[Model]]:
    """What is read for them beside the projects."""
    wanted = {dimension for arm in arms for dimension in arm}
    found: set[type[Model]] = {cell for arm in arms if (cell := _cell(arm, divided))}
    found |= {ALLOCATIONS[Dimension(one)] for one in wanted & set(divided)}
    found |= {MARKED[one][0] for one in wanted & set(MARKED)}
    found |= {table for name in measures if name in MEASURED for table in READ[MEASURED[name][0]]}
    return found | ({StatusName} if "stage" in wanted else set())


def _cell(arm: Codes, divided: Collection[str]) -> type[AnyCell] | None:
    """Where it stands what of a project belongs to both of the divided dimensions of an arm."""
    first_and_second = set(arm) & set(divided)
    return next((cell for pair, cell in CELLS.items() if set(pair) == first_and_second), None)


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
    parts = {one: _parts(base, one) for one in sorted(wanted & shared)}
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
    of_two = _cell(arm, parts)
    alone = of_two is not None and list(measures) == [ALLOCATED]
    source, codes, divided = _joined(base, arm, {} if alone else parts, of_two)
    member = and_(*(part.c.amount != 0 for part in divided.values())) if divided else None
    values = []
    for name in measures:
        if name == ALLOCATED:
            value: Any = func.sum(of_two.amount if of_two else _amount(base, divided))
        elif name == "projects":
            value = func.count(base.c.id) if member is None else func.count().filter(member)
        else:
            value = func.sum(base.c.budget if name == "budget" else base.c[f"has_{name}"])
            value = value if member is None else value.filter(member)
        values.append(func.coalesce(value, written("0")))
    empty = [cast(null(), Text)] * (width - len(arm))
    query = select(written(str(place)), *codes.values(), *empty, *values).select_from(source)
    return query.group_by(*codes.values()) if codes else query


def _amount(base: CTE, divided: Mapping[str, Any]) -> Any:
    """What of a budget belongs to the codes of a divided dimension; the whole of it to none."""
    return next((part.c.amount for part in divided.values()), base.c.budget)


def _joined(
    base: CTE, arm: Codes, parts: Mapping[str, CTE], of_two: type[AnyCell] | None
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The projects with what an arm counts by; by dimension its codes, and the parts of the divided ones.

    Without parts the cells of two dimensions are the rows; with them they stand beside: the parts tell who counts.
    """
    codes: dict[str, Any] = {}
    divided: dict[str, Any] = {}
    code: Any
    source: Any = base
    if of_two is not None and not parts:
        source = source.join(of_two, of_two.project_id == base.c.id)
    for dimension in arm:
        if dimension in parts:
            part = parts[dimension].alias()
            source, code = source.join(part, part.c.id == base.c.id), cast(part.c.code, Text)
            divided[dimension] = part
        elif of_two is not None and dimension in of_two.__table__.c:
            code = of_two.__table__.c[dimension]
        elif dimension in MARKED:
            model, column = MARKED[dimension]
            mark = model.__table__.alias()
            source = source.outerjoin(mark, mark.c.project_id == base.c.id)
            code = cast(func.coalesce(mark.c[column.key], UNSTATED), Text)
        else:
            code = cast(base.c[dimension], Text)
        codes[dimension] = code
    if of_two is not None and parts:
        both = (of_two.__table__.c[dimension] == part.c.code for dimension, part in divided.items())
        source = source.outerjoin(of_two, and_(of_two.project_id == base.c.id, *both))
    return source, codes, divided


def _parts(base: CTE, dimension: str) -> CTE:
    """What each project has allocated to each code, and last the rest of its budget: all together the budget.

    NONE is what is allocated to nothing, OVER what is too much.
    """
    table = ALLOCATIONS[Dimension(dimension)]
    of_base = (table.project_id.in_(select(base.c.id)), table.amount_usd > 0)
    stated = select(table.project_id.label("id"), table.code.label("code"), table.amount_usd.label("amount"))
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
        more.append(select(base.c.id, covered.c.code, base.c.budget).select_from(source).where(alone))
        left = case((alone, 0), else_=left)
        nowhere = case((covered.c.number > 1, written(f"'{SEVERAL}'")), else_=UNSTATED)
    which = case((left < 0, TOO_MUCH), else_=nowhere)
    # A rest of nothing is left out, save where a budget of 0 has nothing else to stand for it.
    rest = select(base.c.id, which, left).select_from(source).where(or_(left != 0, base.c.budget == 0))
    return union_all(stated.where(*of_base), *more, rest).cte(f"parts_{dimension}")


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
