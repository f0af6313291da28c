"""The figures of the world, of each country and Regional Office, and which are somebody's own: for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import Integer, Text, cast, literal, null, or_, select, union_all

from prima import clock, kept
from prima.db import db
from prima.lists import Country, RegionalOffice
from prima.places import OfficeLink
from prima.reporting.models import Deadline
from prima.reporting.portfolio import keeping, late
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.portfolio.sums import ZERO, Wanted, grouped, together
from prima.reporting.summary import SOURCES, Kept
from prima.users import User

ENDING = 90
"""Soon is within so many days."""
WANTED: tuple[Wanted, ...] = ((Kept.PLAIN, ("region",)), (Kept.COUNTRY, ("code",)))
NAMED = (Country, RegionalOffice, OfficeLink)


@dataclass(frozen=True)
class ByCountry:
    """The projects that cover a country. One that covers several counts, with its whole budget, in each of them."""

    code: str
    name: str
    projects: int
    budget: Decimal
    overdue: int


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


@dataclass(frozen=True)
class World:
    """`countries` that a visible project covers, and `regions` that have projects or are the viewer's own, by name;
    what belongs to no region comes last."""

    headline: late.Headline
    countries: tuple[ByCountry, ...]
    regions: tuple[ByRegion, ...]


def world(viewer: User | None) -> World:
    """Of an active viewer; None is the operator."""
    own, language = _own(viewer), str(get_locale())
    name = ("world", *keeping.sight_of(viewer), own, language, keeping.moment())
    return kept.answer(name, (*SOURCES, Deadline, *NAMED), lambda: _world(viewer, own), for_many=True)


def _world(viewer: User | None, own: frozenset[str]) -> World:
    by_region, by_country = together(viewer, Filters(), WANTED)
    overdue = late.overdue_by_region(viewer, Filters())
    late_there = late.overdue_by_country(viewer, Filters())
    numbers = {region: (number, budget) for (region,), (number, _amount, budget) in by_region}
    covered = {code: (number, budget) for (code,), (number, _amount, budget) in by_country}
    reports = {row.region: row.reports for row in overdue}
    names = _names()
    return World(
        late.Headline(
            sum(number for number, _budget in numbers.values()),
            sum((budget for _number, budget in numbers.values()), ZERO),
            sum(reports.values()),
        ),
        tuple(
            ByCountry(code, name, *covered[code], late_there.get(code, 0))
            for code, name in names.countries
            if code in covered
        ),
        tuple(
            ByRegion(code, name, *numbers.get(code, (0, ZERO)), reports.get(code, 0), code in own)
            for code, name in (*names.regions, (NONE, _("No Regional Office")))
            if code in numbers or code in own
        ),
    )


def ending_by_region(viewer: User, days: int = ENDING) -> dict[str, int]:
    """How many running projects end within so many days."""
    rows = grouped(viewer, Filters(ending=days), Kept.PLAIN, "region")
    return {region: number for (region,), (number, _amount, _budget) in rows}


@dataclass(frozen=True)
class Names:
    """Codes and names of the countries and the regions, by name; and the regions of today of each office."""

    countries: tuple[tuple[str, str], ...]
    regions: tuple[tuple[str, str], ...]
    links: tuple[tuple[int, str], ...]


def _names() -> Names:
    return kept.answer("names of places", NAMED, _asked_names)


def _asked_names() -> Names:
    day = clock.today()
    nobody = cast(null(), Integer)
    rows = db.session.execute(
        union_all(
            select(literal("country").label("kind"), Country.code, Country.name, Country.sort_key.label("at"), nobody),
            select(literal("region"), RegionalOffice.code, RegionalOffice.region, RegionalOffice.region, nobody),
            select(
                literal("link"), OfficeLink.region_code, cast(null(), Text), literal(""), OfficeLink.office_id
            ).where(
                or_(OfficeLink.valid_from.is_(None), OfficeLink.valid_from <= day),
                or_(OfficeLink.valid_to.is_(None), OfficeLink.valid_to >= day),
            ),
        ).order_by("kind", "at")
    ).all()
    return Names(
        tuple((code, name) for kind, code, name, _at, _office in rows if kind == "country"),
        tuple((code, name) for kind, code, name, _at, _office in rows if kind == "region"),
        tuple((office, code) for kind, code, _name, _at, office in rows if kind == "link"),
    )


def _own(viewer: User | None) -> frozenset[str]:
    """The regions that the viewer has a role in, or in one of their offices."""
    held = [] if viewer is None else [one for one in viewer.authorities(clock.today()) if one.absent is None]
    offices = {one.office_id for one in held if one.office_id}
    linked = {code for office, code in _names().links if office in offices} if offices else set()
    return frozenset(linked | {one.region_code for one in held if one.region_code})
