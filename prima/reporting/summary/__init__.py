"""The kept totals of the portfolio: whether a question about projects is answered by them, and the SQL that asks them.

What a viewer may see is a condition on them, as they are by office, region, funding and status; only the projects seen
for another reason (visibility.out_of_sight) are added live. Readers add what statements changed since the last fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from prima import clock
from prima.lists import StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import ALLOCATIONS, Coverage, GovernanceMark, Project, SdgMark
from prima.projects.stages import CLOSE_HELD, Funding
from prima.projects.visibility import Sight, sight
from prima.reporting.models import PortfolioChange, PortfolioRollup, PortfolioSum
from prima.reporting.models.summary import NONE, OF_TODAY, OVER, Kept
from prima.users import User

if TYPE_CHECKING:
    from prima.reporting.portfolio.filters import Filters

__all__ = ["NONE", "OVER", "SOURCES", "Answer", "Kept", "answer", "answer_to", "visible"]

PLACES = {"region": "", "office": "", "year": None, "funding": "", "status": "", "stage": ""}
"""The filters that every total can be chosen by; empty as Filters has them."""
CODES = {
    "marker": Kept.MARKER,
    "area": Kept.AREA,
    "activity": Kept.ACTIVITY,
    "country": Kept.COUNTRY,
    "sdg": Kept.SDG,
    "migof": Kept.MIGOF,
}
"""The filters that are codes of a dimension."""
UNCOUNTED = frozenset({Kept.SDG, Kept.MIGOF})
"""Dimensions without a total of the projects that have no code of it."""
SOURCES = (
    Project,
    OfficeLink,
    *ALLOCATIONS.values(),
    Coverage,
    SdgMark,
    GovernanceMark,
    StatusName,
    Office,
)
"""The tables that the totals are made of, and those that they are chosen by."""
KEPT = {"year": Kept.YEAR, "status": Kept.STATUS}
"""What plain totals may be grouped by, beside the region, as dimensions of the rollup."""
Table = type[PortfolioSum] | type[PortfolioRollup] | type[PortfolioChange]
UNSTATED: ColumnElement[str] = literal_column(f"'{NONE}'")
REGION = func.coalesce(OfficeLink.region_code, UNSTATED)


@dataclass(frozen=True)
class Answer:
    """Which totals answer a question: those of a dimension, of one code of it or all."""

    dimension: Kept
    code: str
    rollup: Kept | None
    """The dimension of the rollup, where that is enough."""

    def arms(self, seen: Sight | None, filters: Filters, groups: Sequence[str]) -> list[Select[Any]]:
        """Selects of the groups, then number, amount and budget: of what is added up, and of the changes since."""
        whole: Table = PortfolioRollup if self.rollup else PortfolioSum
        return [self._arm(table, seen, filters, groups) for table in (whole, PortfolioChange)]

    def _arm(self, table: Table, seen: Sight | None, filters: Filters, groups: Sequence[str]) -> Select[Any]:
        by_region = "region" in groups or filters.region or (seen and seen.regions)
        region: Any = case((table.region != OF_TODAY, table.region), else_=REGION) if by_region else table.region
        columns = [region if one == "region" else _column(table, one) for one in groups]
        figures = (func.sum(one) for one in (table.number, table.amount, table.budget))
        query = select(*columns, *figures).where(*_conditions(table, filters, region))
        if by_region:
            query = query.outerjoin(OfficeLink, and_(table.region == OF_TODAY, _of_today(table)))
        query = query.where(table.dimension == ((table is PortfolioRollup and self.rollup) or self.dimension))
        if self.code:
            query = query.where(table.code == self.code)
        if seen is not None:
            query = query.where(visible(seen, table, region))
        # What there is none of has no row, and the sum of no rows is not stated.
        return query.group_by(*columns).having(func.count() > 0)


def _column(table: Any, group: str) -> Any:
    if group == "code":
        return table.code
    if table is PortfolioRollup:
        return cast(table.code, BigInteger) if group == "year" else type_coerce(table.code, PortfolioSum.status.type)
    return table.funding_year if group == "year" else table.status


def answer(viewer: User | None, filters: Filters, by: Kept, groups: Sequence[str]) -> Answer | None:
    """`answer_to` of a viewer; None is the operator."""
    if viewer is not None and not viewer.active:
        return None
    return answer_to(None if viewer is None else sight(viewer), filters, by, groups)


def answer_to(seen: Sight | None, filters: Filters, by: Kept, groups: Sequence[str]) -> Answer | None:
    """The one place that decides whether kept totals answer, or live SQL does (None).

    They answer filters by place, year, funding and status; and one of a code, where that is not crossed with another
    dimension. A project has one gender marker, so totals by marker can be of one; it may have several areas, and totals
    by area of the projects that have a certain one are not kept.
    """
    codes = {name: code for name in CODES if (code := getattr(filters, name, ""))}
    others: dict[str, Any] = PLACES | dict.fromkeys(codes, "")
    if replace(filters, **others):
        return None
    dimension, code = by, ""
    if codes:
        [(name, code), *more] = codes.items()
        dimension = CODES[name]
        if code == NONE and dimension in UNCOUNTED:
            return None
        if more or (by is not Kept.PLAIN and not by is dimension is Kept.MARKER):
            return None
    fine = filters.office or filters.year or filters.status or filters.stage
    if fine or (seen is not None and not seen.staff and not seen.held):  # who sees by office what others see by status
        return Answer(dimension, code, None)
    crossed = [KEPT[one] for one in groups if one in KEPT]
    if not crossed:
        return Answer(dimension, code, dimension)
    return Answer(dimension, code, crossed[0] if dimension is Kept.PLAIN and len(crossed) == 1 else None)


def visible(seen: Sight, table: Table, region: ColumnElement[str]) -> ColumnElement[bool]:
    """The twin of visibility.in_sight."""
    ways: list[ColumnElement[bool]] = []
    if seen.staff:
        ways.append(_held(table, held=False))
    if seen.offices:
        ways.append(table.office_id.in_(seen.offices))
    if seen.regions:
        ways.append(_in_regions(table, region, seen.regions))
    if seen.fund:
        ways.append(table.funding == Funding.FUND)
    there = or_(false(), *ways)
    return and_(_held(table), there) if seen.held else there


def _held(table: Table, held: bool = True) -> ColumnElement[bool]:
    if table is PortfolioRollup:
        return table.held.is_(held)
    status: Any = table.status  # type: ignore[union-attr]
    return status.in_(CLOSE_HELD) if held else status.not_in(CLOSE_HELD)


def _in_regions(table: Table, region: ColumnElement[str], codes: Iterable[Any]) -> ColumnElement[bool]:
    """Said of the column too, which an index begins with."""
    codes = [code for code in codes if code is not None]
    return and_(table.region.in_([*codes, OF_TODAY]), region.in_(codes))


def _conditions(table: Any, filters: Filters, region: ColumnElement[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.region:
        found.append(_in_regions(table, region, [filters.region]))
    if filters.funding:
        found.append(table.funding == filters.funding)
    if filters.year is not None:
        found.append(table.funding_year == filters.year)
    if filters.status:
        found.append(table.status == filters.status)
    if filters.stage:
        found.append(table.status.in_(select(StatusName.code).where(StatusName.stage == filters.stage)))
    if filters.office:
        found.append(table.office_id.in_(select(Office.id).where(Office.code == filters.office)))
    return found


def _of_today(table: Table) -> ColumnElement[bool]:
    """The link of the office as it is today (visibility.region_link of a project without a start)."""
    day = clock.today()
    return and_(
        OfficeLink.office_id == table.office_id,
        or_(OfficeLink.valid_from.is_(None), OfficeLink.valid_from <= day),
        or_(OfficeLink.valid_to.is_(None), OfficeLink.valid_to >= day),
    )
