"""The figures of each Regional Office, and which of them are somebody's own: for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select

from prima import clock
from prima.db import db
from prima.lists import RegionalOffice
from prima.places import OfficeLink
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.sums import by_region_and_year, overdue_by_region
from prima.users import User

ENDING = 90
"""Soon is within so many days."""


@dataclass(frozen=True)
class ByRegion:
    """Of the projects that the viewer may see; `code` is NONE for those of no Regional Office. `name` is the region's,
    `overdue` counts reports."""

    code: str
    name: str
    projects: int
    budget: Decimal
    overdue: int
    own: bool


def by_region(viewer: User) -> list[ByRegion]:
    """Each Regional Office that has projects or is the viewer's own, by name; what belongs to none comes last."""
    numbers: dict[str, int] = {}
    budgets: dict[str, Decimal] = {}
    for row in by_region_and_year(viewer, Filters()):
        numbers[row.region] = numbers.get(row.region, 0) + row.number
        budgets[row.region] = budgets.get(row.region, Decimal(0)) + row.budget
    overdue = {row.region: row.reports for row in overdue_by_region(viewer, Filters())}
    named = [*db.session.execute(_named(viewer)), (NONE, _("No Regional Office"), False)]
    return [
        ByRegion(code, name, numbers.get(code, 0), budgets.get(code, Decimal(0)), overdue.get(code, 0), own)
        for code, name, own in named
        if code in numbers or own
    ]


def ending_by_region(viewer: User, days: int = ENDING) -> dict[str, int]:
    """How many running projects end within so many days."""
    numbers: dict[str, int] = {}
    for row in by_region_and_year(viewer, Filters(ending=days)):
        numbers[row.region] = numbers.get(row.region, 0) + row.number
    return numbers


def _named(viewer: User) -> Select[str, str, bool]:
    today = clock.today()
    held = [one for one in viewer.authorities(today) if one.absent is None]
    linked = select(OfficeLink.region_code).where(
        OfficeLink.office_id.in_({one.office_id for one in held if one.office_id}),
        or_(OfficeLink.valid_from.is_(None), OfficeLink.valid_from <= today),
        or_(OfficeLink.valid_to.is_(None), OfficeLink.valid_to >= today),
    )
    own = or_(
        RegionalOffice.code.in_({one.region_code for one in held if one.region_code}), RegionalOffice.code.in_(linked)
    )
    return select(RegionalOffice.code, RegionalOffice.region, own).order_by(RegionalOffice.region)
