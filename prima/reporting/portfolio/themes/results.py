"""Results: beneficiaries planned and reached, what projects contribute to, and indicators of the library summed up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from prima.db import db
from prima.lists import BeneficiaryType, CrossCuttingTheme, CuratedIndicator, MigrationGovernance, SdgTarget
from prima.projects.models import (
    Beneficiaries,
    Counting,
    GovernanceMark,
    Indicator,
    Measure,
    Project,
    Result,
    SdgMark,
    ThemeMark,
)
from prima.reporting.models import Deadline, IndicatorValue, Reached, Report
from prima.reporting.monitoring import Kind, share_of_target
from prima.reporting.portfolio.choosing import chosen
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.keeping import keeping
from prima.reporting.portfolio.themes.among import ACTIVATED, gone
from prima.reporting.queries.counted import reached_by_group
from prima.users import User

SUMMED = "sum"
"""How the library says that values of an indicator add up over projects."""


# -- beneficiaries ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Beneficiaries of a type that are counted alike, of all activated projects together."""

    kind: Kind
    name: str
    projects: int
    planned: int
    reached: int


@keeping(Beneficiaries, BeneficiaryType, Reached, Report, Deadline)
def beneficiaries(viewer: User | None, filters: Filters) -> list[Group]:
    """By how they are counted and by type, in the order of the list. Reached as everywhere (queries.counted)."""
    # Not put together beforehand: where few groups are planned, their projects are looked up one by one.
    ids = _activated(viewer, filters).prefix_with("NOT MATERIALIZED")
    reached = reached_by_group(Deadline.project_id.in_(select(ids.c.id)))
    counted = (Beneficiaries.counted, Beneficiaries.repeated)
    query = (
        select(
            *counted,
            BeneficiaryType.name,
            func.count(Beneficiaries.project_id.distinct()),
            func.sum(Beneficiaries.planned),
            func.coalesce(func.sum(reached.c.number), 0),
        )
        .select_from(ids)
        .join(Beneficiaries, Beneficiaries.project_id == ids.c.id)
        .join(BeneficiaryType, BeneficiaryType.code == Beneficiaries.type_code)
        .outerjoin(reached, reached.c.group_id == Beneficiaries.id)
        .group_by(*counted, BeneficiaryType.name, BeneficiaryType.position)
        .order_by(*(one.nulls_last() for one in counted), BeneficiaryType.position)
    )
    return [
        Group((kind, repeated), name, number, int(planned), int(came))
        for kind, repeated, name, number, planned, came in db.session.execute(query)
    ]


# -- what projects contribute to --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contribution:
    """The projects that serve a target, principle or theme. One that serves several stands in each of them."""

    kind: str
    """The filter that asks for it: sdg, migof or theme."""
    code: str
    name: str
    number: int
    budget: Decimal


MARKS: dict[str, tuple[Any, Any]] = {
    "sdg": (SdgMark, SdgTarget),
    "migof": (GovernanceMark, MigrationGovernance),
    "theme": (ThemeMark, CrossCuttingTheme),
}


@keeping(*(table for pair in MARKS.values() for table in pair))
def contributions(viewer: User | None, filters: Filters) -> list[Contribution]:
    """Of each kind in the order of its list, and last (NONE) the projects of which nothing is stated."""
    found = chosen(viewer, filters)
    ids = select(Project.id, Project.budget_usd).join(found, found.c.id == Project.id).cte("those")
    arms = [_contribution(ids, kind, mark, listed) for kind, (mark, listed) in MARKS.items()]
    rows = db.session.execute(union_all(*arms).order_by("kind", literal_column("position").nulls_last()))
    return [
        Contribution(kind, code or NONE, name or "", number, Decimal(budget))
        for kind, code, name, _position, number, budget in rows
    ]


def _contribution(ids: Any, kind: str, mark: Any, listed: Any) -> Select[Any]:
    found = (
        select(mark.code.label("code"), func.count().label("number"), func.sum(ids.c.budget_usd).label("budget"))
        .select_from(ids)
        .outerjoin(mark, mark.project_id == ids.c.id)
        .group_by(mark.code)
        .subquery(kind)
    )
    position = listed.position.label("position")
    return select(
        literal(kind).label("kind"), cast(found.c.code, Text), listed.name, position, found.c.number, found.c.budget
    ).outerjoin_from(found, listed, listed.code == found.c.code)


# -- indicators of the library ----------------------------------------------------------------------------------------


class LeftOut(StrEnum):
    """Why an indicator of a project is not summed with the others of its library indicator, first reason first."""

    RETIRED = "retired"
    NOT_SUMMED = "not_summed"
    MEASURE = "measure"
    UNIT = "unit"
    TARGET = "target"
    DOWNWARDS = "downwards"


@dataclass(frozen=True)
class Shared:
    """Indicators of activated projects that were taken from one of the library: those summed, or left out alike."""

    code: str
    name: str
    unit: str
    why: LeftOut | None
    """None: these are summed."""
    number: int
    projects: int
    measured: int
    """Of how many a value was recorded; the others stand at their baseline."""
    baseline: Decimal
    target: Decimal
    level: Decimal

    @property
    def share(self) -> Decimal | None:
        """How much of the way from the baselines to the targets is done."""
        return share_of_target(self.level, self.baseline, self.target)


@keeping(Indicator, IndicatorValue, CuratedIndicator, Result)
def indicators(viewer: User | None, filters: Filters) -> list[Shared]:
    """By library indicator in the order of the library; a figure as `monitoring.achieved` tells it of each project."""
    ids = _activated(viewer, filters)
    of_library = (
        select(Indicator.id)
        .join(ids, ids.c.id == Indicator.project_id)
        .where(Indicator.library_code.is_not(None))
        .subquery("of_library")
    )
    newest = func.array_agg(
        aggregate_order_by(IndicatorValue.value, IndicatorValue.on_day.desc()), type_=ARRAY(Numeric)
    )[1]
    read = (
        select(IndicatorValue.indicator_id, func.sum(IndicatorValue.value).label("whole"), newest.label("newest"))
        .join(of_library, of_library.c.id == IndicatorValue.indicator_id)
        .group_by(IndicatorValue.indicator_id)
        .subquery("read")
    )
    baseline = func.coalesce(Indicator.baseline_value, 0)
    level = case(
        (read.c.indicator_id.is_(None), baseline),
        (Indicator.counting == Counting.INCREMENT, func.coalesce(read.c.whole, 0) + baseline),
        else_=func.coalesce(read.c.newest, 0),
    )
    # Numbered in their order, with room for the reasons: what is sorted to count projects is one number, not texts.
    library = select(
        CuratedIndicator.code,
        CuratedIndicator.name,
        CuratedIndicator.unit,
        CuratedIndicator.measure,
        _bare(CuratedIndicator.unit).label("bare"),
        or_(CuratedIndicator.aggregation != SUMMED, CuratedIndicator.measure != Measure.NUMBER.value).label("apart"),
        (func.row_number().over(order_by=(CuratedIndicator.position, CuratedIndicator.code)) * ROOM).label("place"),
    ).cte("library")
    of = library.c
    why = case(
        (Indicator.result_id.in_(gone()), _place(LeftOut.RETIRED)),
        (Indicator.retired_on.is_not(None), _place(LeftOut.RETIRED)),
        (of.apart, _place(LeftOut.NOT_SUMMED)),
        (cast(Indicator.measure, Text) != of.measure, _place(LeftOut.MEASURE)),
        (and_(Indicator.unit != of.unit, _bare(Indicator.unit) != of.bare), _place(LeftOut.UNIT)),
        (Indicator.target_value.is_(None), _place(LeftOut.TARGET)),
        (Indicator.target_value < baseline, _place(LeftOut.DOWNWARDS)),
        else_=_place(None),
    )
    judged = (
        select(
            (of.place + why).label("place"),
            Indicator.project_id,
            read.c.indicator_id.label("measured"),
            baseline.label("baseline"),
            Indicator.target_value.label("target"),
            level.label("level"),
        )
        .select_from(ids)
        .join(Indicator, Indicator.project_id == ids.c.id)
        .join(library, of.code == Indicator.library_code)
        .outerjoin(read, read.c.indicator_id == Indicator.id)
        .subquery("judged")
    )
    c = judged.c
    summed = (
        select(
            c.place,
            func.count().label("number"),
            func.count(c.project_id.distinct()).label("projects"),
            func.count(c.measured).label("measured"),
            func.sum(c.baseline).label("baseline"),
            func.coalesce(func.sum(c.target), 0).label("target"),
            func.sum(c.level).label("level"),
        )
        .group_by(c.place)
        .subquery("summed")
    )
    reason = (summed.c.place - of.place).label("reason")
    query = (
        select(of.code, of.name, of.unit, reason, *list(summed.c)[1:])
        .join_from(library, summed, reason.element.between(0, ROOM - 1))
        .order_by(of.place, reason)
    )
    return [
        Shared(code, name, unit, WHY[reason], *numbers)
        for code, name, unit, reason, *numbers in db.session.execute(query)
    ]


WHY: tuple[LeftOut | None, ...] = (None, *sorted(LeftOut))
"""The reasons, each at its number."""
ROOM = len(WHY)
"""Numbers kept free for each indicator of the library."""


def _place(why: LeftOut | None) -> ColumnElement[int]:
    return literal_column(str(WHY.index(why)))


def _bare(unit: Any) -> Any:
    return func.lower(func.btrim(unit))


def _activated(viewer: User | None, filters: Filters) -> Any:
    ids = chosen(viewer, filters)
    return select(ids.c.id).join(Project, Project.id == ids.c.id).where(Project.status.in_(ACTIVATED)).cte("activated")
