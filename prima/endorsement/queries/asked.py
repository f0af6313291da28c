"""Who may do what waits, as SQL: the twin of rights.sitting, over every desk of every project at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased
from sqlalchemy.orm import join as joined

from prima import clock
from prima.endorsement.models import Clearance, Round
from prima.endorsement.rights import APPROVER, COORDINATOR, ENDORSER, FUND, HEAD, NAMED, TEAM, Seat
from prima.endorsement.steps import DESKS
from prima.places import OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.rights import ALTERNATE, MANAGER
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link
from prima.users import CONFIRMED_BY_ANOTHER, Delegation, Grant, Role, Scope, User

S = Status
HEADQUARTERS = "headquarters"
"""The scope of a clearance that is asked of the organization."""
EVERY, FOR_FUND, FOR_DONOR = tuple(Funding), (Funding.FUND,), (Funding.DONOR,)
RUNNING_FOR_FUND, RUNNING_FOR_DONOR = Seat(Role.FUND, organization=True), Seat(Role.RRMO)
MESSENGERS = (MANAGER, ALTERNATE)

SITTING: tuple[tuple[Status, tuple[Funding, ...], Seat | None, tuple[str, ...], bool], ...] = (
    # status, funding, the seat that decides, parts whose people may as well, whether it names who clears
    (S.OFFICE_CLEAR, EVERY, HEAD, (NAMED,), False),
    (S.OFFICE_CLEAR, EVERY, ENDORSER, (), True),
    (S.RETURNED, EVERY, None, (Part.DEVELOPER,), False),
    (S.DONOR_CHANGES, EVERY, None, (Part.DEVELOPER,), False),
    (S.ENDORSE, EVERY, ENDORSER, (), False),
    (S.ENDORSED, FOR_FUND, FUND, (), False),
    (S.ENDORSED, FOR_DONOR, COORDINATOR, MESSENGERS, False),
    (S.FUND_REVIEW, FOR_FUND, FUND, (), False),
    (S.RETAINED, FOR_FUND, FUND, (), False),
    (S.APPROVER, FOR_FUND, APPROVER, (), False),
    (S.DONOR_SUBMITTED, FOR_DONOR, COORDINATOR, MESSENGERS, False),
    (S.APPROVED, FOR_FUND, RUNNING_FOR_FUND, (), False),
    (S.APPROVED, FOR_DONOR, RUNNING_FOR_DONOR, (), False),
)
"""Every desk but those of the clearances; the property test holds it to the table of rights."""


def authorities(user: User | None = None) -> FromClause:
    """What active people may do today: own grants in force, and those lent by delegations in force."""
    day = clock.today()
    held = (Grant.role, Grant.scope, Grant.region_code, Grant.office_id, Grant.areas)
    in_force = and_(
        Grant.revoked_at.is_(None), or_(Grant.role.not_in(CONFIRMED_BY_ANOTHER), Grant.confirmed_at.is_not(None))
    )
    own = (
        select(User.id.label("user_id"), cast(null(), User.id.type).label("absent_id"), *held)
        .join(Grant, Grant.user_id == User.id)
        .where(User.active, in_force)
    )
    lent = (
        select(User.id, Delegation.absent_id, *held)
        .join(Delegation, Delegation.delegate_id == User.id)
        .join(Grant, Grant.user_id == Delegation.absent_id)
        .where(
            User.active,
            in_force,
            Delegation.ended_at.is_(None),
            Delegation.from_on <= day,
            Delegation.until_on >= day,
            or_(Delegation.role.is_(None), Delegation.role == Grant.role),
        )
    )
    if user is not None:
        own, lent = own.where(User.id == user.id), lent.where(User.id == user.id)
    return union_all(own, lent).subquery()


@dataclass(frozen=True)
class Place:
    """A seat on a project as columns; what `authorities` and parts are held to."""

    project_id: Any
    office_id: Any
    region_code: Any
    status: Any
    role: Any
    organization: Any
    place: Any
    areas: Any
    specialist: Any
    fallback: Any
    is_clearance: Any
    barred: Any
    parts: Any

    @classmethod
    def of(cls, rows: FromClause) -> Place:
        return cls(*(rows.c[name] for name in cls.__dataclass_fields__))

    def columns(self) -> list[Any]:
        return [getattr(self, name).label(name) for name in self.__dataclass_fields__]


def asked(*conditions: ColumnElement[bool], by_region: bool = True) -> Select[Any]:
    """One row for each desk that each project lies on; `conditions` are on Project.

    Who does not choose by region has it looked up for what is shown in the end: a database that expects few projects
    would go through all links for each of thousands.
    """
    projects = joined(Project, OfficeLink, region_link(), isouter=True) if by_region else Project
    there = (projects, OfficeLink.region_code if by_region else _region())
    return union_all(_clearances(conditions, *there), _desks(conditions, *there))  # type: ignore[return-value]


def seat_of_clearance(region: Any = OfficeLink.region_code) -> Place:
    """Of the rows of Clearance, with their Project and its OfficeLink, or `region` in its place."""
    by_area = or_(Clearance.specialist, func.cardinality(Clearance.areas) > 0)
    return Place(
        **_of_project(region),
        role=cast(Clearance.role, Text),
        organization=Clearance.scope == HEADQUARTERS,
        place=Clearance.place,
        # Of a thematic review: exactly those areas; where there are none, who is a specialist of nothing.
        areas=case((and_(by_area, ~Clearance.specialist), _texts(())), (by_area, Clearance.areas), else_=null()),
        specialist=Clearance.specialist,
        fallback=cast(Clearance.fallback, Text),
        is_clearance=true(),
        barred=_texts(TEAM),
        parts=_texts(()),
    )


def seat_of_status(table: FromClause, region: Any = OfficeLink.region_code) -> Place:
    """Of a row of the table of those who decide, with the Project and its OfficeLink, or `region` in its place."""
    return Place(
        **_of_project(region),
        role=table.c.role,
        organization=table.c.organization,
        place=cast(null(), Text),
        areas=cast(null(), ARRAY(Text)),
        specialist=false(),
        fallback=cast(null(), Text),
        is_clearance=false(),
        barred=table.c.barred,
        parts=table.c.parts,
    )


def open_round(condition: ColumnElement[bool]) -> FromClause:
    """The open round of one row: looked up for each, as there are tens of thousands of open rounds at rest."""
    found = select(Round.id, Round.project_id).where(condition, Round.closed_at.is_(None))
    return found.correlate_except(Round).offset(literal_column("0")).lateral("open_round")


def _clearances(conditions: Iterable[ColumnElement[bool]], projects: Any, region: Any) -> Select[Any]:
    newest = open_round(Round.project_id == Project.id)
    return (
        select(
            *seat_of_clearance(region).columns(),
            Clearance.seat.label("seat"),
            Clearance.areas.label("looks_at"),
            false().label("naming"),
            Clearance.opened_at.label("since_at"),
            Clearance.due_on.label("due_on"),
            Clearance.round_id.label("round_id"),
            Clearance.id.label("clearance_id"),
        )
        .select_from(projects)
        .join(newest, true())
        .join(Clearance, and_(Clearance.round_id == newest.c.id, Clearance.verdict.is_(None)))
        .where(Project.status == Status.REVIEW, Clearance.role != Role.FUND, *conditions)
    )


def _desks(conditions: Iterable[ColumnElement[bool]], projects: Any, region: Any) -> Select[Any]:
    table = sitting_rows()
    return (
        select(
            *seat_of_status(table, region).columns(),
            table.c.seat,
            _texts(()),
            table.c.naming,
            Project.status_since,
            cast(null(), Clearance.due_on.type),
            cast(null(), Round.id.type),
            cast(null(), Clearance.id.type),
        )
        .select_from(projects)
        .join(table, and_(table.c.status == cast(Project.status, Text), table.c.funding == cast(Project.funding, Text)))
        .where(Project.status.in_(set(DESKS) - {Status.REVIEW}), *conditions)
    )


def sitting_rows(*, with_parts: bool = False) -> FromClause:
    """The table above as rows, one for each kind of funding; `with_parts`: only where a part gives the seat.

    Sent as one value: VALUES would be compiled every time.
    """
    names = ("status", "funding", "seat", "role", "organization", "barred", "parts", "naming")
    rows = [
        dict(zip(names, (status.value, funding.value, *named(seat), _codes(parts), naming), strict=True))
        for status, fundings, seat, parts, naming in SITTING
        for funding in fundings
        if parts or not with_parts
    ]
    types: tuple[Any, ...] = (Text, Text, Text, Text, Boolean, ARRAY(Text), ARRAY(Text), Boolean)
    columns = (column(name, of_type) for name, of_type in zip(names, types, strict=True))
    told = func.jsonb_to_recordset(cast(literal(rows, JSONB), JSONB)).table_valued(*columns)
    return told.render_derived(name="desk", with_types=True)


def _region() -> Any:
    return select(OfficeLink.region_code).where(region_link()).correlate(Project).limit(1).scalar_subquery()


def _of_project(region: Any) -> dict[str, Any]:
    return {
        "project_id": Project.id,
        "office_id": Project.office_id,
        "region_code": region,
        "status": cast(Project.status, Text),
    }


def takes(user_id: Any, seat: Place, held: FromClause) -> ColumnElement[bool]:
    """Whether a person may sit there, by an authority or by a part in the project; of an active person."""
    in_the_role = or_(own_role(held, seat), and_(_instead(held, seat), fallen(seat)))
    by_right = _sits(seat, held, held.c.user_id == user_id, in_the_role, or_(*where_held(seat, held)))
    return or_(by_right, _has_part(seat, user_id))


def fallen(seat: Place, among: FromClause | None = None) -> ColumnElement[bool]:
    """Whether nobody may sit at a clearance in the role itself; `among` are all authorities, where they were asked."""
    held = authorities() if among is None else among.alias()
    return and_(seat.is_clearance, ~_sits(seat, held, own_role(held, seat), or_(*where_held(seat, held))))


def nobody(seat: Place, among: FromClause) -> ColumnElement[bool]:
    """Whether nobody may sit there, the fallback included, of all seats at once: `among` are all authorities.

    Most places have somebody, and few of those are on a team: only then each is asked by itself.
    """
    held = among.alias()
    in_the_role = or_(held.c.role == seat.role, and_(seat.is_clearance, held.c.role == seat.fallback))
    somebody = _sits(seat, held, in_the_role, or_(*where_held(seat, held)))
    is_peopled = or_(
        _is_peopled(seat, seat.role, among), and_(seat.is_clearance, _is_peopled(seat, seat.fallback, among))
    )
    alone = or_(~func.coalesce(is_peopled, false()), and_(seat.project_id.in_(_deciders_on_teams(among)), ~somebody))
    return and_(alone, ~_has_part(seat, None))


def _is_peopled(seat: Place, role: Any, among: FromClause) -> ColumnElement[bool]:
    """Whether anybody holds the role over the place, barred or not."""
    c = among.c
    at_the_project = func.coalesce(seat.place, seat.region_code)
    regions = select(c.role, c.region_code).where(c.scope == Scope.REGION)
    offices = select(c.role, c.office_id).where(c.scope == Scope.OFFICE)
    return or_(
        role.in_(select(c.role).where(c.scope == Scope.ORGANIZATION)),
        and_(~seat.organization, tuple_(role, at_the_project).in_(regions)),
        and_(~seat.organization, seat.place.is_(None), tuple_(role, seat.office_id).in_(offices)),
    )


def _deciders_on_teams(among: FromClause) -> Any:
    """The ids of the projects in which somebody has a part that bars them from a role that they hold."""
    c = among.c
    people = union_all(select(c.user_id, c.role), select(c.absent_id, c.role)).subquery("deciders")
    there = select(Party.project_id).join(people, people.c.user_id == Party.user_id)
    seats = {seat for _status, _fundings, seat, _parts, _naming in SITTING if seat}
    further = {seat.role: seat.barred - TEAM for seat in seats if seat.barred - TEAM}
    return union_all(
        there.where(Party.part.in_(_codes(TEAM))),
        *(
            there.where(people.c.role == role.value, Party.part.in_(_codes(parts)))
            for role, parts in sorted(further.items())
        ),
    )


def _sits(seat: Place, held: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(literal(1)).select_from(held).where(*conditions, _free(seat, held)).correlate_except(held))


def where_held(seat: Place, held: FromClause) -> tuple[ColumnElement[bool], ...]:
    """At the region, the office, or anywhere."""
    at_the_project = func.coalesce(seat.place, seat.region_code)
    return (
        and_(held.c.scope == Scope.REGION, held.c.region_code == at_the_project, ~seat.organization),
        and_(
            held.c.scope == Scope.OFFICE,
            held.c.office_id == seat.office_id,
            ~seat.organization,
            seat.place.is_(None),
        ),
        held.c.scope == Scope.ORGANIZATION,
    )


def _free(seat: Place, held: FromClause) -> ColumnElement[bool]:
    return ~_bars(seat, or_(Party.user_id == held.c.user_id, Party.user_id == held.c.absent_id))


def _instead(held: FromClause, seat: Place) -> ColumnElement[bool]:
    """Of the role for other areas of work, or of the fallback; never unknown, so that nothing more need be asked."""
    return or_(held.c.role == seat.role, held.c.role == func.coalesce(seat.fallback, ""))


def own_role(held: FromClause, seat: Place) -> ColumnElement[bool]:
    """Of the role itself, for the areas of work that the seat is about."""
    areas = case(
        (seat.areas.is_(None), true()),
        (func.cardinality(seat.areas) == 0, func.cardinality(held.c.areas) == 0),
        else_=held.c.areas.op("@>")(seat.areas),
    )
    return and_(held.c.role == seat.role, areas)


def _bars(seat: Place, who: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .where(Party.project_id == seat.project_id, cast(Party.part, Text) == any_(seat.barred), who)
        .correlate_except(Party)
    )


def _has_part(seat: Place, user_id: Any) -> ColumnElement[bool]:
    """Has one of the parts now; who clears for the office by being named is not on the team."""
    party, person = aliased(Party), aliased(User)
    there = exists(
        select(literal(1))
        .select_from(party)
        .join(person, person.id == party.user_id)
        .where(
            party.project_id == seat.project_id,
            cast(party.part, Text) == any_(seat.parts),
            party.until_at.is_(None),
            person.active,
            true() if user_id is None else party.user_id == user_id,
            or_(seat.status != Status.OFFICE_CLEAR.value, ~_bars(seat, Party.user_id == party.user_id)),
        )
        .correlate_except(party, person)
    )
    return and_(func.cardinality(seat.parts) > 0, there)


def takers(seat: Place) -> Select[Any]:
    """The ids of everybody who may sit there; to be correlated to the seat."""
    held = authorities()
    in_the_role = or_(own_role(held, seat), and_(_instead(held, seat), fallen(seat)))
    by_right = select(held.c.user_id).where(in_the_role, or_(*where_held(seat, held)), _free(seat, held))
    party = aliased(Party)
    by_part = select(party.user_id).where(_has_part(seat, party.user_id), party.project_id == seat.project_id)
    return union_all(by_right.correlate_except(held), by_part.correlate_except(party))  # type: ignore[return-value]


def head_of(seat: Place) -> Place:
    """The seat of the head of office on the same project."""
    return replace(
        seat,
        role=literal(HEAD.role.value),
        organization=false(),
        barred=_texts(HEAD.barred),
        parts=_texts((NAMED,)),
    )


def endorser_of(seat: Place) -> Place:
    return replace(
        seat,
        role=literal(ENDORSER.role.value),
        organization=false(),
        barred=_texts(ENDORSER.barred),
        parts=_texts(()),
    )


def named(seat: Seat | None) -> tuple[str, str, bool, list[str]]:
    """Its key, role, whether it is held for the organization only, and who is barred; developers have it by no role."""
    if seat is None:
        return Role.PDEV.value, "", False, []
    return seat.role.value, seat.role.value, seat.organization, _codes(seat.barred)


def _codes(parts: Iterable[str]) -> list[str]:
    return sorted(str(part) for part in parts)


def _texts(parts: Iterable[str]) -> Any:
    return cast(literal(_codes(parts), ARRAY(Text)), ARRAY(Text))
