"""Everything that waits, by office and region, and how long things took: of what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import literal as said
from sqlalchemy.orm import aliased

from prima import clock, kept
from prima.db import Model, db
from prima.endorsement.models import Clearance, Round
from prima.endorsement.queries.asked import Place, asked, takers
from prima.endorsement.queries.desks import READ, Key, Lying, service_days, told_of
from prima.endorsement.steps import DESKS
from prima.handbook.published import HandbookEdition
from prima.lists import RegionalOffice, RoleName
from prima.places import Office, OfficeLink
from prima.projects.models import Party, Project, Step
from prima.projects.stages import Funding, Status
from prima.projects.visibility import may_see, region_link, sight, told_apart
from prima.users import Role, User
from prima.workdays import add_working_days

_BY_ROLE, _BY_REGION = 0b01, 0b10
"""How grouping() of role and region tells what a row is of."""


@dataclass(frozen=True)
class Wanted:
    """Filters of the view; empty is all."""

    region: str = ""
    office: str = ""
    role: str = ""
    late: bool = False


Row = tuple[Lying, Sequence[str]]
MOST_KEPT = 100
"""Rows of a page; of more, as a workbook has, nothing is kept."""


def everything(viewer: User, wanted: Wanted, *, after: tuple[date, str] | None = None, limit: int = 50) -> list[Row]:
    """Each desk that something lies on, the oldest first, with the names of those who have it.

    Which they are and who has them is kept until it changes; what is told of each is asked every time.
    """

    def make() -> Page:
        return _page(viewer, wanted, after, limit)

    name = ("everything that waits", told_apart(viewer), wanted, after, limit)
    tables: tuple[type[Model], ...] = (*READ, Office, HandbookEdition)
    found = kept.answer(name, tables, make) if limit <= MOST_KEPT else make()
    return [(row, found.names.get((row.project_id, row.seat), ())) for row in told_of(found.keys, found.total)]


@dataclass(frozen=True)
class Page:
    """Some of what waits, in order: how much there is in all, and who may do each."""

    keys: tuple[Key, ...]
    total: int
    names: Mapping[tuple[int, str], tuple[str, ...]]
    """By the project's id and the seat."""


def _page(viewer: User, wanted: Wanted, after: tuple[date, str] | None, limit: int) -> Page:
    places: list[ColumnElement[bool]] = [may_see(viewer)]
    if wanted.office:
        places.append(Project.office_id.in_(select(Office.id).where(Office.code == wanted.office)))
    lying = asked(*places, by_region=bool(wanted.region)).subquery("lying")
    conditions: list[ColumnElement[bool]] = [~lying.c.naming]
    if wanted.region:
        conditions.append(lying.c.region_code == wanted.region)
    if wanted.role:
        conditions.append(lying.c.role == wanted.role)
    if wanted.late:
        conditions.append(_is_late(lying))
    rows = db.session.execute(_in_order(lying, conditions, bool(after)), _paged(after, limit)).all()
    keys = tuple(Key(*row[:-1]) for row in rows)
    return Page(keys, rows[0].total if rows else 0, _names(keys))


def _paged(after: tuple[date, str] | None, limit: int) -> dict[str, Any]:
    """What is put into a page: how long it is, and behind what it begins."""
    return {"limit": limit, **({"day": after[0], "key": after[1]} if after else {})}


def _in_order(lying: FromClause, conditions: Iterable[ColumnElement[bool]], goes_on: bool) -> Select[Any]:
    """A page of desks, each as Key has it and with how many there are in all; behind a cursor if it `goes_on`."""
    found = (
        select(
            lying.c.project_id,
            lying.c.seat,
            lying.c.since_at,
            cast(func.timezone("UTC", lying.c.since_at), Date).label("since_on"),
            lying.c.clearance_id,
            false().label("own"),
            func.count().over().label("total"),
        )
        .where(*conditions)
        .subquery("found")
    )
    page = select(found)
    if goes_on:
        # As Key.cursor says it.
        key = func.concat("e", func.lpad(cast(found.c.project_id, Text), 12, "0"), ".", found.c.seat).collate("C")
        page = page.where(
            tuple_(found.c.since_on, key) > tuple_(bindparam("day", type_=Date), bindparam("key", type_=Text))
        )
    order = (found.c.since_on, found.c.project_id, found.c.seat.collate("C"))
    return page.order_by(*order).limit(bindparam("limit", type_=Integer))


def waiting_by_region(viewer: User, regions: Sequence[str]) -> dict[str, int]:
    """How many desks something lies on in each of the Regional Offices: as many rows as `everything` has there."""
    codes = tuple(regions)
    # Whoever sees all of a region by its place sees there what everybody does who sees it.
    is_theirs = viewer.active and sight(viewer).regions.issuperset(codes)
    name = ("waiting by region", codes, None if is_theirs else told_apart(viewer))
    asks = kept.question(name, lambda: _by_region(None if is_theirs else viewer, codes))
    tables = (Project, OfficeLink, Round, Clearance, Party)
    return kept.answer(name, tables, lambda: dict(map(tuple, db.session.execute(asks))))


def _by_region(viewer: User | None, regions: Sequence[str]) -> Select[Any]:
    ever = select(OfficeLink.office_id).where(OfficeLink.region_code.in_(regions))
    lying = asked(may_see(viewer), Project.office_id.in_(ever)).subquery("lying")
    query = select(lying.c.region_code, func.count()).where(~lying.c.naming, lying.c.region_code.in_(regions))
    return query.group_by(lying.c.region_code)


def _names(keys: Sequence[Key]) -> dict[tuple[int, str], tuple[str, ...]]:
    """Who may do what waits at each of the desks."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    if keys:
        ids = sorted({one.project_id for one in keys})
        for project_id, seat, name in db.session.execute(_who_has(clock.today()), {"project_ids": ids}):
            found[project_id, seat] = (*found.get((project_id, seat), ()), name)
    return found


@lru_cache(maxsize=8)
def _who_has(_day: date) -> Select[Any]:
    """Everybody who may do what waits on the desks of projects. Built once a day, which it holds."""
    among = Project.id == any_(bindparam("project_ids", type_=ARRAY(BigInteger)))
    lying = asked(among).subquery("lying")
    person = aliased(User)
    return (
        select(lying.c.project_id, lying.c.seat, person.name)
        .select_from(lying)
        .join(person, person.id.in_(takers(Place.of(lying))))
        .order_by(person.sort_key, person.id)
    )


def _is_late(lying: FromClause) -> ColumnElement[bool]:
    """Past the reviewer's date, or in its status for more working days than the edition gives."""
    today = clock.today()
    ways: list[ColumnElement[bool]] = [lying.c.due_on < today]
    for edition in db.session.scalars(select(HandbookEdition)):
        for status in set(DESKS) - {Status.REVIEW}:
            for funding in Funding:
                if days := service_days(edition.handbook, status, funding):
                    of_it = select(Project.id).where(Project.edition_id == edition.id, Project.funding == funding)
                    ways.append(
                        and_(
                            lying.c.status == status.value,
                            lying.c.since_at < _begun_too_early(today, days),
                            lying.c.project_id.in_(of_it.where(Project.status == status)),
                        )
                    )
    return or_(*ways)


def _begun_too_early(today: date, days: int) -> datetime:
    """What came before this moment is late today."""
    first = today
    while add_working_days(first - timedelta(days=1), days) >= today:
        first -= timedelta(days=1)
    return datetime.combine(first, time(), UTC)


def places() -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    """Codes and names of Regional Offices, offices and roles, for the filters; in one question."""
    kinds = (
        select(said("region"), RegionalOffice.code, RegionalOffice.name, RegionalOffice.name.label("ordered")),
        select(said("office"), Office.code, Office.name, Office.sort_key).where(~Office.retired),
        select(said("role"), RoleName.code, RoleName.name, RoleName.name),
    )
    rows: Iterable[Any] = db.session.execute(kinds[0].union_all(*kinds[1:]).order_by("ordered"))
    found: dict[str, list[tuple[str, str]]] = {"region": [], "office": [], "role": []}
    for kind, code, name, _ordered in rows:
        found[kind].append((code, name))
    return found["region"], found["office"], found["role"]


@dataclass(frozen=True)
class Heap:
    """What lies with a role, or in a region (empty: no Regional Office), of how many projects, and since when."""

    code: str
    name: str
    number: int
    projects: int
    half_since: float
    """Half of it came at this moment or later, in seconds since 1970."""
    oldest: datetime

    @property
    def median(self) -> float:
        """Days that half of it have waited at most."""
        return (clock.now().timestamp() - self.half_since) / 86400


def heaps(viewer: User, *among: ColumnElement[bool]) -> tuple[list[Heap], list[Heap], list[Heap]]:
    """Where proposals wait: by role, by region, and all together (none or one). `among` are conditions on Project."""
    lying = asked(may_see(viewer), *among).subquery("lying")
    c = lying.c
    since = func.date_part("epoch", c.since_at, type_=Double)
    columns = (func.count(), func.count(c.project_id.distinct()), func.percentile_cont(0.5).within_group(since))
    grouped = (
        select(
            func.grouping(c.role, c.region_code).label("dimension"),
            c.role,
            c.region_code,
            *columns,
            func.min(c.since_at).label("oldest"),
        )
        .where(~c.naming)
        .group_by(func.grouping_sets(tuple_(c.role), tuple_(c.region_code), tuple_()))
        .subquery("heaps")
    )
    found: tuple[list[Heap], list[Heap], list[Heap]] = ([], [], [])
    # What lies with a project's developers lies with no role: they have it as its team.
    role = func.coalesce(func.nullif(grouped.c.role, ""), Role.PDEV.value)
    query = (
        select(grouped, RoleName.name, RegionalOffice.name)
        .outerjoin(RoleName, and_(RoleName.code == role, grouped.c.dimension == _BY_ROLE))
        .outerjoin(RegionalOffice, RegionalOffice.code == grouped.c.region_code)
        .order_by(RoleName.position, RegionalOffice.position)
    )
    for dimension, code, region, number, projects, since, oldest, role_name, region_name in db.session.execute(query):
        place = (_BY_ROLE, _BY_REGION).index(dimension) if dimension in (_BY_ROLE, _BY_REGION) else 2
        name, key = (role_name, code) if place == 0 else (region_name, region)
        if number:
            found[place].append(Heap(key or "", name or "", number, projects, since, oldest))
    return found


@dataclass(frozen=True)
class Took:
    """How long something took in days: of so many half by the median, nine of ten by the 90th percentile."""

    name: str
    number: int
    median: float
    ninth: float
    within: int | None = None
    """How many kept to their service days."""


def to_endorsement(viewer: User, year: int | None) -> list[Took]:
    """Days from the first submission to the endorsement, by Regional Office; the last row is all of them."""
    tables = (Step, Project, Party, OfficeLink, RegionalOffice)
    return kept.answer(("to endorsement", told_apart(viewer), year), tables, lambda: _to_endorsement(viewer, year))


def _to_endorsement(viewer: User, year: int | None) -> list[Took]:
    # One look at the steps: joined to themselves, they would be read again by each process that takes part.
    submitted = func.min(Step.at).filter(Step.move == "submit").over(partition_by=Step.project_id)
    moves = (
        select(Step.project_id, Step.move, Step.at, submitted.label("first"))
        .where(Step.move.in_(("submit", "endorse")))
        .subquery("moves")
    )
    asked_for = (
        select(
            RegionalOffice.name, func.grouping(RegionalOffice.name), *_percentiles(_days(moves.c.at - moves.c.first))
        )
        .select_from(moves)
        .join(Project, Project.id == moves.c.project_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .where(moves.c.move == "endorse", moves.c.first.is_not(None), may_see(viewer), *_in_year(moves.c.at, year))
        .group_by(func.grouping_sets(tuple_(RegionalOffice.name), tuple_()))
        .order_by(func.grouping(RegionalOffice.name), RegionalOffice.name)
    )
    return [
        Took("" if is_all else name or "HQ", number, median, ninth)
        for name, is_all, number, median, ninth in db.session.execute(asked_for)
        if number
    ]


def to_answer(viewer: User, year: int | None, *among: ColumnElement[bool]) -> list[Took]:
    """Days from the opening of a clearance to its answer, by role, with how many kept to their service days.

    `among` are conditions on Project.
    """
    in_time = cast(func.timezone("UTC", Clearance.decided_at), Date) <= Clearance.due_on
    # Worked out before they are sorted by role, and named last: what is sorted stays narrow, and in memory.
    each = (
        select(
            cast(Clearance.role, Text).label("role"),
            _days(Clearance.decided_at - Clearance.opened_at).label("days"),
            in_time.label("in_time"),
        )
        .select_from(Clearance)
        .join(Round, Round.id == Clearance.round_id)
        .join(Project, Project.id == Round.project_id)
        .where(
            Clearance.decided_at.is_not(None),
            Clearance.stands_id.is_(None),
            may_see(viewer),
            *among,
            *_in_year(Clearance.decided_at, year),
        )
        .offset(literal_column("0"))
        .subquery("each_answer")
    )
    kept_to = func.count().filter(each.c.in_time).label("in_time")
    by_role = select(each.c.role, *_percentiles(each.c.days), kept_to).group_by(each.c.role).subquery("by_role")
    asked_for = (
        select(RoleName.name, *list(by_role.c)[1:])
        .join(by_role, by_role.c.role == RoleName.code)
        .order_by(RoleName.position, RoleName.code)
    )
    return [Took(*row) for row in db.session.execute(asked_for)]


def answered(viewer: User, year: int | None) -> list[Took]:
    """`to_answer` of all projects."""
    tables = (Clearance, Round, RoleName, Project, Party, OfficeLink)
    return kept.answer(("answered", told_apart(viewer), year), tables, lambda: to_answer(viewer, year))


def _days(span: ColumnElement[Any]) -> ColumnElement[Any]:
    """As floating numbers: exact ones take three times as long."""
    return func.date_part("epoch", span, type_=Double) / 86400.0


def _percentiles(days: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    return (
        func.count(),
        func.percentile_cont(0.5).within_group(days),
        func.percentile_cont(0.9).within_group(days),
    )


def _in_year(moment: Any, year: int | None) -> list[ColumnElement[bool]]:
    if year is None:
        return []
    return [moment >= datetime(year, 1, 1, tzinfo=UTC), moment < datetime(year + 1, 1, 1, tzinfo=UTC)]
