"""Of the whole list: its count and sum, and how its projects divide by what they can be filtered by. One question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)

from prima import clock, kept
from prima.db import db
from prima.lists import Country, Donor
from prima.places import Office, OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, Party, Project, SdgMark
from prima.projects.models.project import CENT
from prima.projects.stages import RUNNING
from prima.projects.visibility import region_link, visible_projects
from prima.reporting.models import Deadline
from prima.reporting.models.deadlines import OPEN_UNTIL
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.keeping import moment, tables, whose
from prima.reporting.portfolio.sums import total
from prima.reporting.queries import is_past_due, owes
from prima.reporting.summary import Kept, answer
from prima.users import User

ENDING_SOON = 90
STEPS = (50_000, 250_000, 1_000_000, 5_000_000)
"""Between the budget ranges: a range begins with its step and ends a cent before the next."""
RANGES: tuple[tuple[Decimal | None, Decimal | None], ...] = tuple(
    (
        Decimal(low) if low is not None else None,
        Decimal(high) - CENT if high is not None else None,
    )
    for low, high in zip((None, *STEPS), (*STEPS, None), strict=True)
)
SCALARS = ("region", "office", "status", "funding", "year", "type", "donor", "marker", "range", "overdue", "ending")
COUNTED = (*ALLOCATIONS.values(), Coverage, SdgMark, Deadline, Party, Office, Country, Donor)
"""What facets are read from, beside what the filters read."""
YES: Any = literal_column("'yes'")


@dataclass(frozen=True)
class Counted:
    """How many projects of the list have a value. `name` only of what is no short list."""

    code: str
    number: int
    name: str = ""


@dataclass(frozen=True)
class Totals:
    """The whole list: how many projects, their budgets, and what of it the area or activity type asked for has."""

    number: int
    budget: Decimal
    part: Decimal | None


@dataclass(frozen=True)
class Whole:
    totals: Totals
    facets: Mapping[str, Sequence[Counted]]
    """By the name of what can be filtered by, the most frequent first."""


def totals(viewer: User | None, filters: Filters) -> Totals:
    """The totals alone, of what is kept if that answers."""
    if answer(viewer, filters, Kept.PLAIN, ()) and not (filters.area or filters.activity):
        kept = total(viewer, filters)
        return Totals(kept.number, kept.budget, None)
    part, joined = _part(filters)
    query = visible_projects(viewer, func.count(), func.coalesce(func.sum(Project.budget_usd), 0), func.sum(part))
    if joined is not None:
        query = query.select_from(Project).outerjoin(*joined)
    number, budget, of_it = db.session.execute(query.where(*conditions(viewer, filters))).one()
    return Totals(number, Decimal(budget), of_it)


def whole(viewer: User | None, filters: Filters) -> Whole:
    """A project with several countries, areas, activity types or SDG targets counts in each of them."""
    uses = tables(filters)
    if uses is None:
        return _whole(viewer, filters)
    name = ("whole", filters, whose(viewer), moment())
    return kept.answer(name, (*uses, *COUNTED), lambda: _whole(viewer, filters), for_many=True)


def _whole(viewer: User | None, filters: Filters) -> Whole:
    seen = _seen(viewer, filters)
    grouped = [seen.c[name] for name in SCALARS]
    arms = [
        select(
            func.grouping(*grouped).label("kind"),
            func.coalesce(*grouped).label("code"),
            null().label("name"),
            func.count().label("number"),
            func.coalesce(func.sum(seen.c.budget), 0).label("budget"),
            func.sum(seen.c.part).label("part"),
        ).group_by(func.grouping_sets(tuple_(), *(tuple_(column) for column in grouped)))
    ]
    several: dict[str, Any] = {
        "country": Coverage,
        "area": ALLOCATIONS[Dimension.AREA],
        "activity": ALLOCATIONS[Dimension.ACTIVITY],
        "sdg": SdgMark,
    }
    for number, table in enumerate(several.values(), 1):
        code = Coverage.country_code if table is Coverage else table.code
        divided = select(literal_column(f"{-number}"), code, null(), func.count(), null(), null()).join_from(
            seen, table, table.project_id == seen.c.id
        )
        if hasattr(table, "amount_usd"):
            divided = divided.where(table.amount_usd > 0)
        arms.append(divided.group_by(code))
    found = union_all(*arms).subquery("found")
    place: dict[str, tuple[Any, Any]] = {
        "office": (Office, cast(Office.id, Text)),
        "donor": (Donor, Donor.code),
        "country": (Country, Country.code),
    }
    masks = {name: _mask(name) for name in SCALARS} | {name: -number for number, name in enumerate(several, 1)}
    query = select(found.c.kind, found.c.code, found.c.number, found.c.budget, found.c.part)
    for name, (named, code) in place.items():
        query = query.add_columns(named.name, named.code).outerjoin(
            named, and_(found.c.kind == literal(masks[name]), code == found.c.code)
        )
    return _read(db.session.execute(query.select_from(found)), {mask: name for name, mask in masks.items()})


def _read(rows: Any, kinds: dict[int, str]) -> Whole:
    number, total, of_it = 0, Decimal(0), None
    facets: dict[str, list[Counted]] = {name: [] for name in kinds.values()}
    for kind, code, count, budget, part, *names in rows:
        if kind == 2 ** len(SCALARS) - 1:
            number, total, of_it = count, Decimal(budget), part
        elif code is not None:
            name, known = next(
                ((name, known) for name, known in zip(names[::2], names[1::2], strict=True) if known), ("", code)
            )
            facets[kinds[kind]].append(Counted(known, count, name))
    in_order = {
        name: tuple(sorted(counted, key=lambda one: (-one.number, one.name, one.code)))
        for name, counted in facets.items()
    }
    return Whole(Totals(number, total, of_it), in_order)


def _mask(name: str) -> int:
    """What GROUPING() says of the rows that are grouped by this one: a bit for each that they are not grouped by."""
    return sum(2**place for place, other in enumerate(reversed(SCALARS)) if other != name)


def _seen(viewer: User | None, filters: Filters) -> CTE:
    """A row a project that the filters choose, with its value of each facet; "none" where it has none."""
    late = (
        select(Deadline.project_id)
        .where(literal_column(OPEN_UNTIL) <= clock.today(), is_past_due())
        .distinct()
        .subquery("late")
    )
    today = clock.today()
    soon = and_(Project.status.in_(RUNNING), Project.ends_on.between(today, today + timedelta(days=ENDING_SOON)))
    ranges = case(
        *(
            (Project.budget_usd < literal_column(str(step)), literal_column(f"'{place}'"))
            for place, step in enumerate(STEPS)
        ),
        else_=literal_column(f"'{len(STEPS)}'"),
    )
    part, joined = _part(filters)
    query = (
        visible_projects(
            viewer,
            Project.id,
            Project.budget_usd.label("budget"),
            func.coalesce(OfficeLink.region_code, literal_column(f"'{NONE}'")).label("region"),
            cast(Project.office_id, Text).label("office"),
            cast(Project.status, Text).label("status"),
            cast(Project.funding, Text).label("funding"),
            cast(Project.funding_year, Text).label("year"),
            func.coalesce(Project.project_type_code, literal_column(f"'{NONE}'")).label("type"),
            func.coalesce(Project.donor_code, literal_column(f"'{NONE}'")).label("donor"),
            func.coalesce(Project.gender_marker_code, literal_column(f"'{NONE}'")).label("marker"),
            ranges.label("range"),
            case((and_(owes(), late.c.project_id.is_not(None)), YES), else_=literal_column("'no'")).label("overdue"),
            case((soon, YES), else_=literal_column("'no'")).label("ending"),
            part.label("part"),
        )
        .outerjoin(OfficeLink, region_link())
        .outerjoin(late, late.c.project_id == Project.id)
        .where(*conditions(viewer, filters))
    )
    if joined is not None:
        query = query.outerjoin(*joined)
    return query.cte("seen").prefix_with("MATERIALIZED")


def _part(filters: Filters) -> tuple[Any, Any]:
    """What a project's budget has for the area or activity type asked for, or for nothing stated; and its table."""
    for dimension, code in ((Dimension.AREA, filters.area), (Dimension.ACTIVITY, filters.activity)):
        if code:
            table = ALLOCATIONS[dimension]
            amounts = select(table.project_id, func.sum(table.amount_usd).label("amount")).group_by(table.project_id)
            if code != NONE:
                amounts = amounts.where(table.code == code)
            allocated = amounts.subquery("allocated")
            amount = func.coalesce(allocated.c.amount, 0)
            whole_or_rest = Project.budget_usd - amount if code == NONE else amount
            return whole_or_rest, (allocated, allocated.c.project_id == Project.id)
    return cast(null(), Project.budget_usd.type), None
