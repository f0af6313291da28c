"""What waits, and for whom: a person's desk, and everybody at whose desk a proposal lies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Date,
    FromClause,
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

from prima import clock
from prima.db import db
from prima.endorsement.models import Claim, Clearance, Decision, Round
from prima.endorsement.queries.asked import Near, Place, anybody, asked, authorities, endorser_of, head_of, takes
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
from prima.users import Role, Scope, User
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
    edition: HandbookEdition
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
    claimed_by_id: int | None
    claimed_by: str | None
    claimed_at: datetime | None

    @property
    def name(self) -> str:
        return self.code or self.reference

    @property
    def due_on(self) -> date | None:
        if self.status is Status.REVIEW:
            return self.clearance_due_on
        days = service_days(self.edition.handbook, self.status, self.funding)
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


def service_days(handbook: Edition, status: str, funding: Funding) -> int:
    """The working days that the edition gives a status; 0 where it gives none."""
    return max((desk.days or 0 for desk in handbook.desks_for(status, funding.value)), default=0)


def _near(user: User) -> Near:
    """A wide net of what may wait for the person, by their roles and where they are: only that is looked at closely."""
    by_place: dict[tuple[Scope, str | int | None], set[Role]] = {}
    for held in user.authorities(clock.today()):
        by_place.setdefault((held.scope, held.region_code or held.office_id), set()).add(held.role)

    def near(of: Callable[[Iterable[Role]], ColumnElement[bool]]) -> ColumnElement[bool]:
        ways: list[ColumnElement[bool]] = [Project.id.in_(select(Party.project_id).where(Party.user_id == user.id))]
        for (scope, place), roles in by_place.items():
            there: ColumnElement[bool] = true()
            if scope is Scope.OFFICE:
                there = Project.office_id == place
            elif scope is Scope.REGION:
                ever = select(OfficeLink.office_id).where(OfficeLink.region_code == place)
                called = [f"{role}@{place}" for role in sorted(roles)]
                there = or_(Project.office_id.in_(ever), Project.asked_elsewhere.overlap(called))
            ways.append(and_(of(sorted(roles)), there))
        return or_(*ways)

    return near


def since_of(lying: FromClause) -> ColumnElement[date]:
    return cast(func.timezone("UTC", lying.c.since_at), Date)


def key_of(lying: FromClause) -> ColumnElement[str]:
    """Names the desk for paging, in the order of the projects' ids."""
    return func.concat("e", func.lpad(cast(lying.c.project_id, Text), 12, "0"), ".", lying.c.seat).collate("C")


def _on_the_desk_of(user: User) -> tuple[FromClause, ColumnElement[bool], ColumnElement[bool]]:
    """Every desk near the person; whether the person may do it; whether it is on the desk at all."""
    is_administrator = administrator(user, None)
    lying = asked(near=None if is_administrator else _near(user)).subquery("lying")
    seat = Place.of(lying)
    mine = authorities(user).select().cte("mine")
    own = and_(takes(user.id, seat, mine), or_(~lying.c.naming, ~anybody(head_of(seat))))
    if not is_administrator:
        return lying, own, own
    unfilled = and_(
        ~lying.c.naming,
        ~anybody(seat),
        or_(lying.c.status != Status.OFFICE_CLEAR.value, ~anybody(endorser_of(seat))),
    )
    return lying, own, or_(own, unfilled)


def count_on_the_desk(user: User) -> int:
    lying, _own, here = _on_the_desk_of(user)
    return db.session.scalar(select(func.count()).select_from(lying).where(here)) or 0


def on_the_desk(user: User, *, after: tuple[date, str] | None = None, limit: int = 50) -> list[Lying]:
    """What waits for the person, the oldest first; for administrators also what waits for nobody."""
    lying, own, here = _on_the_desk_of(user)
    return shown(page_of(lying, own, [here], after, limit))


def page_of(
    lying: FromClause,
    own: ColumnElement[bool],
    conditions: Iterable[ColumnElement[bool]],
    after: tuple[date, str] | None,
    limit: int,
) -> CTE:
    """A page of desks, the oldest first, behind a cursor. What each is about is looked up for the page alone."""
    found = (
        select(
            lying,
            own.label("own"),
            since_of(lying).label("since_on"),
            key_of(lying).label("key"),
            func.count().over().label("total"),
        )
        .where(*conditions)
        .subquery("found")
    )
    newest = (
        select(Round.id)
        .where(Round.project_id == found.c.project_id)
        .order_by(Round.number.desc())
        .limit(1)
        .correlate(found)
        .scalar_subquery()
    )
    columns = (one for one in found.c if one.name != "round_id")
    page = select(*columns, func.coalesce(found.c.round_id, newest).label("round_id"))
    if after:
        page = page.where(tuple_(found.c.since_on, found.c.key) > after)
    return page.order_by(found.c.since_on, found.c.key).limit(limit).cte("page")


def shown(page: CTE) -> list[Lying]:
    """The rows of a page with what is told of each: names, who has claimed it, what its seat answered last."""
    answered, earlier = aliased(Clearance), aliased(Round)
    last_clearance = (
        select(func.max(earlier.id))
        .join(answered, answered.round_id == earlier.id)
        .where(
            earlier.project_id == page.c.project_id,
            earlier.id < page.c.round_id,
            answered.seat == page.c.seat,
            answered.verdict.is_not(None),
        )
        .correlate(page)
        .scalar_subquery()
    )
    decided = (
        select(func.max(Decision.round_id))
        .join(Round, Round.id == Decision.round_id)
        .where(
            Round.project_id == page.c.project_id,
            Decision.round_id < page.c.round_id,
            cast(Decision.role, Text) == page.c.role,
        )
        .correlate(page)
        .scalar_subquery()
    )
    sheet = exists().where(
        page.c.status == Status.FUND_REVIEW.value,
        Clearance.round_id == page.c.round_id,
        Clearance.seat == Role.FUND,
        Clearance.verdict.is_(None),
    )
    claims = and_(
        Claim.project_id == page.c.project_id,
        Claim.seat == page.c.seat,
        Claim.since_at >= page.c.since_at,
        takes(Claim.user_id, Place.of(page), authorities()),
    )
    claimed = aliased(User)
    rows = db.session.execute(
        select(
            page.c.project_id,
            Project.reference,
            Project.code,
            Project.title,
            Office.name,
            RegionalOffice.city,
            Project.status,
            Project.funding,
            HandbookEdition,
            page.c.seat,
            page.c.role,
            page.c.place,
            page.c.looks_at,
            page.c.specialist,
            page.c.naming,
            page.c.own,
            page.c.since_at,
            page.c.since_on,
            page.c.due_on,
            page.c.key,
            page.c.total,
            sheet,
            func.coalesce(last_clearance, decided),
            page.c.round_id,
            claimed.id,
            claimed.name,
            Claim.since_at,
        )
        .select_from(page)
        .join(Project, Project.id == page.c.project_id)
        .join(Office, Office.id == Project.office_id)
        .join(HandbookEdition, HandbookEdition.id == Project.edition_id)
        .outerjoin(RegionalOffice, RegionalOffice.code == page.c.region_code)
        .outerjoin(Claim, claims)
        .outerjoin(claimed, claimed.id == Claim.user_id)
        .order_by(page.c.since_on, page.c.key)
    )
    return [Lying(*row) for row in rows]


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
    since: date
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
    since = project.status_since.date()
    parties = {party.user_id: party.user for party in project.parties if party.until_at is None and party.user.active}
    if project.status in OF_THE_TEAM:
        return [Waiting(desk, who_may(parties.values(), desk.action, project), since, due_on(project))]
    roles = desk_roles(project)
    if project.status is Status.REVIEW:
        open_ones = [one for one in newest.clearances if one.is_open] if newest else []
        people = seated(project, newest.clearances if newest else (), roles)
        judge(project, newest, people)
        return [
            Waiting(desk, who_may(people, desk.action, one), one.opened_at.date(), one.due_on, seat=one)
            for one in open_ones
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
