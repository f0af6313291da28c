"""What waits, and for whom: a person's desk, and everybody at whose desk a proposal lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from prima import clock, kept
from prima.db import Model, db
from prima.endorsement.models import Claim, Clearance, Decision, Round
from prima.endorsement.queries.asked import (
    SITTING,
    Place,
    asked,
    authorities,
    endorser_of,
    named,
    nobody,
    takes,
)
from prima.endorsement.queries.own import Ways, deciders, lying_with, question
from prima.endorsement.queries.people import holders, judge, seated, who_may
from prima.endorsement.steps import DESKS, OF_THE_TEAM, Desk
from prima.handbook.edition import Edition
from prima.handbook.published import HandbookEdition
from prima.lists import RegionalOffice
from prima.permissions import Action, administrator
from prima.places import Office, OfficeLink
from prima.projects.models import Party, Project
from prima.projects.snapshot import STRUCTURED
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link
from prima.recordset import sent
from prima.users import Delegation, Grant, Role, User
from prima.workdays import add_working_days, working_days_between


@dataclass(frozen=True)
class Lying:
    """A desk on which a project lies, as lists show it: on somebody's own desk, or among all that waits."""

    project_id: int
    reference: str
    code: str | None
    title: str
    office: str
    city: str | None
    """Of its Regional Office."""
    status: Status
    funding: Funding
    handbook: Edition
    seat: str
    role: str
    place: str | None
    areas: Sequence[str]
    specialist: bool
    naming: bool
    own: bool
    """Whether the person may do it; else an administrator is to grant the role."""
    since_at: datetime
    since_on: date
    clearance_due_on: date | None
    key: str
    total: int
    """How many there are in all, on every page."""
    sheet: bool
    """Whether Fund management has checks of its own open."""
    answered_id: int | None
    """The round that this seat answered last."""
    round_id: int | None
    claimed_by: str | None

    @property
    def name(self) -> str:
        return self.code or self.reference

    @property
    def due_on(self) -> date | None:
        if self.status is Status.REVIEW:
            return self.clearance_due_on
        days = service_days(self.handbook, self.status, self.funding)
        return add_working_days(self.since_on, days) if days else None

    @property
    def days(self) -> tuple[int, int] | None:
        """Working days gone, and those that the service level gives."""
        due_on = self.due_on
        if due_on is None:
            return None
        return (
            working_days_between(self.since_on, max(clock.today(), self.since_on)),
            working_days_between(self.since_on, due_on),
        )

    @property
    def is_late(self) -> bool:
        due_on = self.due_on
        return due_on is not None and due_on < clock.today()


DECIDING = {
    (status, key): (role, naming)
    for status, _fundings, seat, _parts, naming in SITTING
    for key, role, _organization, _barred in (named(seat),)
}
"""By the status and what the seat is called: the role of those who decide, and whether it names who clears."""


def service_days(handbook: Edition, status: str, funding: Funding) -> int:
    """The working days that the edition gives a status; 0 where it gives none."""
    return max((desk.days or 0 for desk in handbook.desks_for(status, funding.value)), default=0)


@dataclass(frozen=True)
class Key:
    """A desk that waits for somebody."""

    project_id: int
    seat: str
    since_at: datetime
    since_on: date
    clearance_id: int | None
    own: bool
    """Whether the person may do it; else an administrator is to grant the role."""

    @property
    def cursor(self) -> tuple[date, str]:
        return self.since_on, f"e{self.project_id:012}.{self.seat}"


ROW: dict[str, Any] = {
    "project_id": BigInteger,
    "seat": Text,
    "since_at": DateTime(timezone=True),
    "since_on": Date,
    "clearance_id": BigInteger,
    "own": Boolean,
    "key": Text,
    "total": Integer,
}
READ: tuple[type[Model], ...] = (Project, OfficeLink, Party, Clearance, Round, User, Grant, Delegation)


def count_on_the_desk(user: User) -> int:
    return len(_keys(user))


def on_the_desk(user: User, *, after: tuple[date, str] | None = None, limit: int = 50) -> list[Lying]:
    """What waits for the person, the oldest first; for administrators also what waits for nobody."""
    keys = _keys(user)
    begin = bisect_right(keys, after, key=attrgetter("cursor")) if after else 0
    return told_of(keys[begin : begin + limit], len(keys))


def told_of(keys: Sequence[Key], total: int) -> list[Lying]:
    """What is told of these desks, of `total` in all; of those who claimed one, who still may do what waits there."""
    if not keys:
        return []
    page = [
        {
            **vars(one),
            "since_at": one.since_at.isoformat(),
            "since_on": one.since_on.isoformat(),
            "key": one.cursor[1],
            "total": total,
        }
        for one in keys
    ]
    rows: Sequence[Any] = db.session.execute(_told(clock.today()), {"page": page}).all()
    claimed = _claimed({row.project_id for row in rows if row.claimed_by})
    still = (row for row in rows if row.role or (row.status, row.seat) in DECIDING)  # it may have moved on meanwhile
    return [_shown(row, (row.project_id, row.seat) in claimed) for row in still]


def _keys(user: User) -> tuple[Key, ...]:
    """Everything that waits for the person, in order; kept until what it is read from changes."""
    if not user.active:
        return ()
    today, administers = clock.today(), administrator(user, None)
    ways, values = lying_with(user)
    name = ("on the desk", user.id, administers, *(held.name for held in user.authorities(today)))
    return kept.answer(
        name, READ, lambda: tuple(Key(*row) for row in db.session.execute(_all(ways, administers, today), values))
    )


@lru_cache(maxsize=128)
def _all(ways: Ways, administers: bool, day: date) -> Select[Any]:
    lying = _lying(ways, administers, day)
    since_on = cast(func.timezone("UTC", lying.c.since_at), Date)
    columns = (lying.c.project_id, lying.c.seat, lying.c.since_at, since_on, lying.c.clearance_id, lying.c.own)
    return select(*columns).order_by(since_on, lying.c.project_id, lying.c.seat.collate("C"))


def _lying(ways: Ways, administers: bool, day: date) -> FromClause:
    """What waits for the person; of administrators also what waits for nobody, so that they grant the role."""
    own = question(ways, day).subquery("waiting")
    if not administers:
        return select(own, true().label("own")).subquery("lying")
    others = deciders(day)
    every = asked().subquery("every")
    seat = Place.of(every)
    unfilled = select(every.c.project_id, every.c.seat, every.c.since_at, every.c.clearance_id, false()).where(
        ~every.c.naming,
        nobody(seat, others),
        or_(every.c.status != Status.OFFICE_CLEAR.value, nobody(endorser_of(seat), others)),
    )
    return union_all(select(own, true().label("own")), unfilled).subquery("lying")


@lru_cache(maxsize=8)
def _told(_day: date) -> Select[Any]:
    """The rows of a page with what is told of each: names, who has claimed it, what its seat answered last.

    Built once a day, which it holds.
    """
    page = sent("page", ROW)
    newest = (
        select(Round.id)
        .where(Round.project_id == page.c.project_id)
        .order_by(Round.number.desc())
        .limit(1)
        .correlate(page)
        .scalar_subquery()
    )
    here = (
        select(
            page,
            Clearance.place,
            Clearance.areas,
            Clearance.specialist,
            Clearance.due_on,
            cast(Clearance.role, Text).label("role"),
            func.coalesce(Clearance.round_id, newest).label("round_id"),
        )
        .select_from(page)
        .outerjoin(Clearance, Clearance.id == page.c.clearance_id)
        .subquery("here")
    )
    h = here.c
    answered, earlier = aliased(Clearance), aliased(Round)
    last_clearance = (
        select(func.max(earlier.id))
        .join(answered, answered.round_id == earlier.id)
        .where(
            earlier.project_id == h.project_id,
            earlier.id < h.round_id,
            answered.seat == h.seat,
            answered.verdict.is_not(None),
        )
        .correlate(here)
        .scalar_subquery()
    )
    decided = (
        select(func.max(Decision.round_id))
        .join(Round, Round.id == Decision.round_id)
        .where(
            Round.project_id == h.project_id,
            Decision.round_id < h.round_id,
            cast(Decision.role, Text) == func.coalesce(h.role, func.nullif(h.seat, Role.PDEV.value)),
        )
        .correlate(here)
        .scalar_subquery()
    )
    sheet = (
        exists()
        .where(
            Project.status == Status.FUND_REVIEW,
            Clearance.round_id == h.round_id,
            Clearance.seat == Role.FUND,
            Clearance.verdict.is_(None),
        )
        .correlate(here, Project)
    )
    claimed = aliased(User)
    claims = and_(Claim.project_id == h.project_id, Claim.seat == h.seat, Claim.since_at >= h.since_at)
    return (
        select(
            h.project_id,
            Project.reference,
            Project.code,
            Project.title,
            Office.name.label("office"),
            RegionalOffice.city,
            Project.status,
            Project.funding,
            HandbookEdition,
            h.seat,
            h.role,
            h.place,
            h.areas,
            h.specialist,
            h.own,
            h.since_at,
            h.since_on,
            h.due_on,
            h.key,
            h.total,
            sheet.label("sheet"),
            func.coalesce(last_clearance, decided).label("answered_id"),
            h.round_id,
            claimed.name.label("claimed_by"),
        )
        .select_from(here)
        .join(Project, Project.id == h.project_id)
        .join(Office, Office.id == Project.office_id)
        .join(HandbookEdition, HandbookEdition.id == Project.edition_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(Claim, claims)
        .outerjoin(claimed, claimed.id == Claim.user_id)
        .order_by(h.since_on, h.key)
    )


def _shown(row: Any, is_claimed: bool) -> Lying:
    role, naming = (row.role, False) if row.role else DECIDING[row.status, row.seat]
    return Lying(
        project_id=row.project_id,
        reference=row.reference,
        code=row.code,
        title=row.title,
        office=row.office,
        city=row.city,
        status=row.status,
        funding=row.funding,
        handbook=row.HandbookEdition.handbook,
        seat=row.seat,
        role=role,
        place=row.place,
        areas=row.areas or (),
        specialist=bool(row.specialist),
        naming=naming,
        own=row.own,
        since_at=row.since_at,
        since_on=row.since_on,
        clearance_due_on=row.due_on,
        key=row.key,
        total=row.total,
        sheet=row.sheet,
        answered_id=row.answered_id,
        round_id=row.round_id,
        claimed_by=row.claimed_by if is_claimed else None,
    )


def _claimed(project_ids: Collection[int]) -> set[tuple[int, str]]:
    """The desks of these projects that somebody claimed who still may do what waits there."""
    if not project_ids:
        return set()
    lying = asked(Project.id.in_(project_ids)).subquery("lying")
    claims = and_(Claim.project_id == lying.c.project_id, Claim.seat == lying.c.seat)
    rows = db.session.execute(
        select(lying.c.project_id, lying.c.seat)
        .join(Claim, claims)
        .where(takes(Claim.user_id, Place.of(lying), authorities()))
    )
    return {(project_id, seat) for project_id, seat in rows}


def changed_since(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], set[str]]:
    """The codes of the sections in which rounds differ, by (id of the earlier, id of the later): in one question.

    The database compares, as `snapshot.changed_sections` would: two frozen versions a row are too much to send.
    """
    if not pairs:
        return {}
    before, after = aliased(Round), aliased(Round)
    texts = func.jsonb_object_keys(before.snapshot["sections"].op("||")(after.snapshot["sections"]))
    parts = sorted({part for structured in STRUCTURED.values() for part in structured})
    listed = cast(literal(parts, ARRAY(Text)), ARRAY(Text))
    text_code, part = (
        texts.table_valued("code").render_derived("texts").lateral("texts"),
        func.unnest(listed).table_valued("code").render_derived("parts").lateral("parts"),
    )
    joined = tuple_(before.id, after.id).in_(sorted(pairs))
    changed_texts = (
        select(before.id.label("before"), after.id.label("after"), text_code.c.code, false().label("is_part"))
        .join(after, after.project_id == before.project_id)
        .join(text_code, true())
        .where(
            joined,
            before.snapshot["sections"][text_code.c.code].is_distinct_from(
                after.snapshot["sections"][text_code.c.code]
            ),
        )
    )
    was, became = before.snapshot[part.c.code], after.snapshot[part.c.code]
    changed_parts = (
        select(before.id, after.id, part.c.code, true())
        .join(after, after.project_id == before.project_id)
        .join(part, true())
        .where(joined, was.is_distinct_from(became), or_(_is_something(was), _is_something(became)))
    )
    found: dict[tuple[int, int], set[str]] = {pair: set() for pair in pairs}
    for first, second, code, is_part in db.session.execute(union_all(changed_texts, changed_parts)):
        codes = {section for section, of_it in STRUCTURED.items() if code in of_it} if is_part else {code}
        found[first, second] |= codes
    return found


def _is_something(value: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.coalesce(cast(value, Text), "null").not_in(("null", '""', "[]", "{}", "0", "false"))


@dataclass(frozen=True)
class Waiting:
    """A desk on which a proposal lies. `seat` is a clearance's; `naming`: the endorser is to name who clears."""

    desk: Desk
    people: list[User]
    since_at: datetime
    due_on: date | None
    seat: Clearance | None = None
    naming: bool = False

    @property
    def is_vacant(self) -> bool:
        """Nobody can do it in the role itself, or somebody must be named to do it."""
        return self.naming or not self.people or self.has_fallen

    @property
    def has_fallen(self) -> bool:
        """Whether those who have it stand in for a role that nobody holds."""
        return self.seat is not None and self.seat.fallen


def due_on(project: Project) -> date | None:
    """When the status is due by the edition's working days; None where it gives none."""
    days = service_days(project.edition.handbook, project.status, project.funding)
    return add_working_days(project.status_since.date(), days) if days else None


def desk_roles(project: Project) -> set[Role]:
    desks = project.edition.handbook.desks_for(project.status, project.funding.value)
    return {Role(role) for desk in desks for role in desk.roles}


def waiting(project: Project, newest: Round | None) -> list[Waiting]:
    """Every desk the proposal lies on; one without people is a role that nobody holds (or may use) here.

    The project was read with the people who have a part in it (`with_people`).
    """
    desk = DESKS.get(project.status)
    if desk is None:
        return []
    since = project.status_since
    parties = {party.user_id: party.user for party in project.parties if party.until_at is None and party.user.active}
    if project.status in OF_THE_TEAM:
        return [Waiting(desk, who_may(parties.values(), desk.action, project), since, due_on(project))]
    roles = desk_roles(project)
    if project.status is Status.REVIEW:
        open_ones = [one for one in newest.clearances if one.is_open] if newest else []
        people = seated(project, newest.clearances if newest else (), roles)
        judge(project, newest, people)
        return [
            Waiting(desk, who_may(people, desk.action, one), one.opened_at, one.due_on, seat=one) for one in open_ones
        ]
    if project.status is Status.OFFICE_CLEAR:
        roles |= {Role.RD}
    everybody = holders(project, roles, beside=parties)
    people = who_may(everybody, desk.action, project)
    if project.status is Status.OFFICE_CLEAR and not people:
        endorsers = who_may(everybody, Action.ENDORSE, project)
        return [Waiting(desk, endorsers, since, due_on(project), naming=True)]
    sheet = newest.clearance(Role.FUND) if newest and project.status is Status.FUND_REVIEW else None
    return [Waiting(desk, people, since, due_on(project), seat=sheet)]
