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
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

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


def asked(*conditions: ColumnElement[bool]) -> Select[Any]:
    """One row for each desk that each project lies on; `conditions` are on Project."""
    return union_all(_clearances(conditions), _desks(conditions))  # type: ignore[return-value]


def _clearances(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    by_area = or_(Clearance.specialist, func.cardinality(Clearance.areas) > 0)
    return (
        select(
            *_of_project(),
            Clearance.seat.label("seat"),
            cast(Clearance.role, Text).label("role"),
            (Clearance.scope == "headquarters").label("organization"),
            Clearance.place.label("place"),
            # Of a thematic review: exactly those areas; where there are none, who is a specialist of nothing.
            case((and_(by_area, ~Clearance.specialist), _texts(())), (by_area, Clearance.areas), else_=null()).label(
                "areas"
            ),
            Clearance.specialist.label("specialist"),
            Clearance.areas.label("looks_at"),
            cast(Clearance.fallback, Text).label("fallback"),
            true().label("is_clearance"),
            _texts(TEAM).label("barred"),
            _texts(()).label("parts"),
            false().label("naming"),
            Clearance.opened_at.label("since_at"),
            Clearance.due_on.label("due_on"),
            Clearance.round_id.label("round_id"),
        )
        .select_from(Project)
        .outerjoin(OfficeLink, region_link())
        .join(Round, and_(Round.project_id == Project.id, Round.closed_at.is_(None)))
        .join(Clearance, and_(Clearance.round_id == Round.id, Clearance.verdict.is_(None)))
        .where(Project.status == Status.REVIEW, Clearance.role != Role.FUND, *conditions)
    )


def _desks(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    table = _table()
    newest = (
        select(Round.id)
        .where(Round.project_id == Project.id)
        .order_by(Round.number.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    return (
        select(
            *_of_project(),
            table.c.seat,
            table.c.role,
            table.c.organization,
            cast(null(), Text),
            cast(null(), ARRAY(Text)),
            false(),
            _texts(()),
            cast(null(), Text),
            false(),
            table.c.barred,
            table.c.parts,
            table.c.naming,
            Project.status_since,
            cast(null(), Clearance.due_on.type),
            newest,
        )
        .select_from(Project)
        .outerjoin(OfficeLink, region_link())
        .join(table, and_(table.c.status == cast(Project.status, Text), table.c.funding == cast(Project.funding, Text)))
        .where(Project.status.in_(set(DESKS) - {Status.REVIEW}), *conditions)
    )


def _table() -> FromClause:
    """SITTING as rows. Not as VALUES: a statement with them is never kept, and compiling this one takes long."""
    rows = []
    for status, fundings, seat, parts, naming in SITTING:
        key, role, organization, barred = _seat(seat)
        rows += [
            select(
                literal(status.value, Text).label("status"),
                literal(funding.value, Text).label("funding"),
                literal(key, Text).label("seat"),
                literal(role, Text).label("role"),
                literal(organization, Boolean).label("organization"),
                _texts(barred).label("barred"),
                _texts(parts).label("parts"),
                literal(naming, Boolean).label("naming"),
            )
            for funding in fundings
        ]
    return union_all(*rows).subquery("desk")


def _of_project() -> tuple[Any, ...]:
    return (
        Project.id.label("project_id"),
        Project.office_id.label("office_id"),
        OfficeLink.region_code.label("region_code"),
        cast(Project.status, Text).label("status"),
    )


def takes(user_id: Any, seat: Place, held: FromClause) -> ColumnElement[bool]:
    """Whether a person may sit there, by an authority or by a part in the project; of an active person."""
    nobody = ~_sits(seat, aliased_authorities(), lambda one: own_role(one, seat))
    fallen = and_(seat.is_clearance, nobody)
    by_right = _sits(
        seat,
        held,
        lambda one: and_(
            one.c.user_id == user_id,
            or_(own_role(one, seat), and_(or_(one.c.role == seat.role, one.c.role == seat.fallback), fallen)),
        ),
    )
    return or_(by_right, _has_part(seat, user_id))


def anybody(seat: Place) -> ColumnElement[bool]:
    """Whether somebody may sit there, the fallback included."""
    instead = lambda one: and_(seat.is_clearance, or_(one.c.role == seat.role, one.c.role == seat.fallback))  # noqa: E731
    by_right = _sits(seat, aliased_authorities(), lambda one: or_(own_role(one, seat), instead(one)))
    return or_(by_right, _has_part(seat, None))


def aliased_authorities() -> FromClause:
    """Everybody's, under a name of its own, to be asked beside others."""
    return authorities()


def _sits(seat: Place, held: FromClause, who: Any) -> ColumnElement[bool]:
    return exists(
        select(literal(1)).select_from(held).where(who(held), *_there_and_free(seat, held)).correlate_except(held)
    )


def _there_and_free(seat: Place, held: FromClause) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    at_the_project = func.coalesce(seat.place, seat.region_code)
    there = or_(
        held.c.scope == Scope.ORGANIZATION,
        and_(~seat.organization, held.c.scope == Scope.REGION, held.c.region_code == at_the_project),
        and_(
            ~seat.organization,
            seat.place.is_(None),
            held.c.scope == Scope.OFFICE,
            held.c.office_id == seat.office_id,
        ),
    )
    free = ~_bars(seat, or_(Party.user_id == held.c.user_id, Party.user_id == held.c.absent_id))
    return there, free


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
    return exists(
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


def takers(seat: Place) -> Select[Any]:
    """The ids of everybody who may sit there; to be correlated to the seat."""
    held, other = authorities(), authorities()
    nobody = ~_sits(seat, other, lambda one: own_role(one, seat))
    in_the_role = or_(
        own_role(held, seat),
        and_(seat.is_clearance, or_(held.c.role == seat.role, held.c.role == seat.fallback), nobody),
    )
    by_right = select(held.c.user_id).where(in_the_role, *_there_and_free(seat, held)).correlate_except(held)
    party = aliased(Party)
    by_part = select(party.user_id).where(_has_part(seat, party.user_id), party.project_id == seat.project_id)
    return union_all(by_right, by_part.correlate_except(party))  # type: ignore[return-value]


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


def _seat(seat: Seat | None) -> tuple[str, str, bool, list[str]]:
    """Its key, role, whether it is held for the organization only, and who is barred; developers have it by no role."""
    if seat is None:
        return Role.PDEV.value, "", False, []
    return seat.role.value, seat.role.value, seat.organization, _codes(seat.barred)


def _codes(parts: Iterable[str]) -> list[str]:
    return sorted(str(part) for part in parts)


def _texts(parts: Iterable[str]) -> Any:
    return cast(literal(_codes(parts), ARRAY(Text)), ARRAY(Text))
