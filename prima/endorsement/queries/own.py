"""What lies on one person's desk: every way to a seat is asked by itself, from the few rows that it leads to.

The twin of `asked` with `takes`, which look at every desk of every project; here a person's authorities come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    literal,
    null,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased

from prima import clock
from prima.endorsement.models import Clearance, Round
from prima.endorsement.queries.asked import (
    HEADQUARTERS,
    SITTING,
    authorities,
    fallen,
    head_of,
    nobody,
    open_round,
    own_role,
    seat_of_clearance,
    seat_of_status,
    sitting_rows,
    where_held,
)
from prima.endorsement.rights import HEAD, TEAM
from prima.places import OfficeLink
from prima.projects.models import Party, Project
from prima.projects.stages import Status
from prima.projects.visibility import region_link
from prima.recordset import sent
from prima.users import TEAM_ROLES, Role, Scope, User

Values = dict[str, Any]


@dataclass(frozen=True)
class Ways:
    """What the question for a person is made of: the same for all whose roles are held in the same ways."""

    clearing: frozenset[Scope]
    """At which scopes they hold a role that clearances may be asked of."""
    deciding: frozenset[Scope]
    """At which they hold one that decides in a status."""
    naming: frozenset[Scope]
    """At which they hold one that names who clears for an office."""
    instead: bool
    """Whether they hold any role: it may be the one that answers while nobody can in the role asked."""


def lying_with(user: User) -> tuple[Ways, Values]:
    """What the question for a person is made of, and what is put into it."""
    held = list(_held(user))
    sits = list(_sits(held))
    ways = Ways(
        # Fund management answers its checks by its decision.
        clearing=frozenset(one["scope"] for one in held if one["role"] is not Role.FUND),
        deciding=frozenset(one["scope"] for one in sits if not one["naming"]),
        naming=frozenset(one["scope"] for one in sits if one["naming"]),
        instead=bool(held),
    )
    values = {
        "user_id": user.id,
        "held": held,
        "sits": sits,
        "people": sorted({person for one in held for person in one["people"]}),
        "barring": sorted({*TEAM, *(part for one in sits for part in one["barred"])}),
    }
    return ways, values


def _held(user: User) -> Iterator[Values]:
    """The authorities of the day, each with everybody whose part in a project bars from using it."""
    for one in user.authorities(clock.today()):
        yield {
            "role": one.role,
            "scope": one.scope,
            "region_code": one.region_code,
            "office_id": one.office_id,
            "areas": sorted(one.areas),
            "people": [user.id, *([one.absent.id] if one.absent else [])],
        }


def _sits(held: Sequence[Values]) -> Iterator[Values]:
    """Each row of the table of those who decide that an authority reaches."""
    for status, fundings, seat, _parts, naming in SITTING:
        for one in held:
            if seat is None or one["role"] is not seat.role:
                continue
            if seat.organization and one["scope"] is not Scope.ORGANIZATION:
                continue
            for funding in fundings:
                yield {
                    **one,
                    "status": status,
                    "funding": funding,
                    "seat": seat.role,
                    "naming": naming,
                    "barred": sorted(seat.barred),
                }


GIVING = sorted({str(part) for _status, _fundings, _seat, parts, _naming in SITTING for part in parts})
"""The parts in a project that give a seat."""
HELD: dict[str, Any] = {
    "role": Text,
    "scope": Text,
    "region_code": Text,
    "office_id": BigInteger,
    "areas": ARRAY(Text),
    "people": ARRAY(BigInteger),
}
SITS: dict[str, Any] = {
    **HELD,
    "status": Text,
    "funding": Text,
    "seat": Text,
    "naming": Boolean,
    "barred": ARRAY(Text),
    "organization": Boolean,
    "parts": ARRAY(Text),
}


@lru_cache(maxsize=8)
def deciders(_day: date) -> CTE:
    """What everybody may do on the day, but those who draft: nobody waits for these by their role."""
    everybody = authorities()
    return select(everybody).where(everybody.c.role.not_in(TEAM_ROLES)).cte("deciders")


@lru_cache(maxsize=128)
def question(ways: Ways, day: date) -> Select[Any]:
    """Each desk that waits for them: project_id, seat, since_at, clearance_id. Built once a day, which it holds."""
    held = select(sent("held", HELD)).cte("held_by_role")
    sits = select(sent("sits", SITS)).cte("sits_by_status")
    bars = (
        select(Party.project_id, Party.user_id, cast(Party.part, Text).label("part"))
        .where(Party.user_id == any_(bindparam("people", type_=ARRAY(BigInteger))))
        .where(cast(Party.part, Text) == any_(bindparam("barring", type_=ARRAY(Text))))
        .cte("bars")
        .prefix_with("MATERIALIZED")
    )
    others = deciders(day)
    heads = select(others).where(others.c.role == HEAD.role.value).cte("heads")
    asked = [_by_part()]
    asked += [_clearances(held, bars, others, scope) for scope in Scope if scope in ways.clearing]
    if ways.instead:
        asked.append(_instead(held, bars, others))
    if Scope.REGION in ways.clearing:
        asked.append(_elsewhere(held, bars, others))
    asked += [_decisions(sits, bars, scope) for scope in Scope if scope in ways.deciding]
    asked += [_namings(sits, bars, heads, scope) for scope in Scope if scope in ways.naming]
    return union(*asked)  # type: ignore[return-value]


def _key(seat: Any, since_at: Any, clearance_id: Any) -> Select[Any]:
    return select(
        Project.id.label("project_id"),
        cast(seat, Text).label("seat"),
        since_at.label("since_at"),
        clearance_id.label("clearance_id"),
    )


def _reached(held: FromClause, scope: Scope) -> FromClause:
    """The projects at the places where roles are held, with their Regional Offices."""
    if scope is Scope.REGION:
        return held.join(OfficeLink, OfficeLink.region_code == held.c.region_code).join(Project, region_link())
    there = Project.office_id == held.c.office_id if scope is Scope.OFFICE else true()
    return held.join(Project, there).outerjoin(OfficeLink, region_link())


def _clearances(held: FromClause, bars: FromClause, others: FromClause, scope: Scope) -> Select[Any]:
    """Open clearances of a role that is held: of all of the organization's by the role, else by the place."""
    h = held.c
    by_role = and_(Clearance.role == h.role, Clearance.verdict.is_(None), Clearance.role != Role.FUND)
    at_the_place: ColumnElement[bool] = true()
    if scope is Scope.ORGANIZATION:
        there = held.join(Clearance, by_role)
        newest = open_round(Round.id == Clearance.round_id)
        there = there.join(newest, true()).join(Project, Project.id == newest.c.project_id)
        there = there.outerjoin(OfficeLink, region_link())
    else:
        newest = open_round(Round.project_id == Project.id)
        there = _reached(held, scope).join(newest, true())
        there = there.join(Clearance, and_(Clearance.round_id == newest.c.id, by_role))
        at_the_place = and_(Clearance.place.is_(None), Clearance.scope != HEADQUARTERS)
    seat = seat_of_clearance()
    return (
        _key(Clearance.seat, Clearance.opened_at, Clearance.id)
        .select_from(there)
        .where(h.scope == scope.value, Project.status == Status.REVIEW, at_the_place)
        .where(or_(own_role(held, seat), fallen(seat, others)), _free(held, bars, TEAM))
    )


def _elsewhere(held: FromClause, bars: FromClause, others: FromClause) -> Select[Any]:
    """Those asked of a Regional Office by its name, which need not be the project's."""
    h = held.c
    newest = open_round(Round.id == Clearance.round_id)
    called = and_(Clearance.place == h.region_code, Clearance.role == h.role, Clearance.verdict.is_(None))
    there = held.join(Clearance, and_(called, Clearance.role != Role.FUND, Clearance.scope != HEADQUARTERS))
    there = there.join(newest, true()).join(Project, Project.id == newest.c.project_id)
    seat = seat_of_clearance()
    return (
        _key(Clearance.seat, Clearance.opened_at, Clearance.id)
        .select_from(there.outerjoin(OfficeLink, region_link()))
        .where(h.scope == Scope.REGION.value, Project.status == Status.REVIEW)
        .where(or_(own_role(held, seat), fallen(seat, others)), _free(held, bars, TEAM))
    )


def _instead(held: FromClause, bars: FromClause, others: FromClause) -> Select[Any]:
    """Those that another role answers while nobody can in the role itself."""
    h = held.c
    newest = open_round(Round.id == Clearance.round_id)
    by_fallback = and_(Clearance.fallback == h.role, Clearance.fallback.is_not(None), Clearance.role != h.role)
    there = held.join(Clearance, and_(by_fallback, Clearance.verdict.is_(None), Clearance.role != Role.FUND))
    there = there.join(newest, true()).join(Project, Project.id == newest.c.project_id)
    seat = seat_of_clearance()
    return (
        _key(Clearance.seat, Clearance.opened_at, Clearance.id)
        .select_from(there.outerjoin(OfficeLink, region_link()))
        .where(
            Project.status == Status.REVIEW, or_(*where_held(seat, held)), _free(held, bars, TEAM), fallen(seat, others)
        )
    )


def _decisions(sits: FromClause, bars: FromClause, scope: Scope) -> Select[Any]:
    """What a role that is held decides in the status of the project."""
    s = sits.c
    return (
        _key(s.seat, Project.status_since, cast(null(), Clearance.id.type))
        .select_from(_reached(sits, scope))
        .where(
            s.scope == scope.value,
            ~s.naming,
            cast(Project.status, Text) == s.status,
            cast(Project.funding, Text) == s.funding,
            _free(sits, bars, s.barred),
        )
    )


def _namings(sits: FromClause, bars: FromClause, heads: FromClause, scope: Scope) -> Select[Any]:
    """Where nobody may clear for the office, who does is to be named."""
    s = sits.c
    return (
        _key(s.seat, Project.status_since, cast(null(), Clearance.id.type))
        .select_from(_reached(sits, scope))
        .where(
            s.scope == scope.value,
            s.naming,
            cast(Project.status, Text) == s.status,
            cast(Project.funding, Text) == s.funding,
            _free(sits, bars, s.barred),
            nobody(head_of(seat_of_status(sits)), heads),
        )
    )


def _by_part() -> Select[Any]:
    """What a part in the project gives: to draft, to take it to the donor, to clear for the office by being named."""
    table = sitting_rows(with_parts=True)
    t = table.c
    mine = Party.user_id == bindparam("user_id", type_=BigInteger)
    other = aliased(Party)
    barred = exists().where(
        other.project_id == Project.id, other.user_id == Party.user_id, cast(other.part, Text) == any_(t.barred)
    )
    return (
        _key(t.seat, Project.status_since, cast(null(), Clearance.id.type))
        .select_from(Party)
        .join(Project, Project.id == Party.project_id)
        .join(table, and_(t.status == cast(Project.status, Text), t.funding == cast(Project.funding, Text)))
        # Said twice, for the index: who endorses has had a part in thousands.
        .where(mine, Party.part.in_(GIVING), Party.until_at.is_(None), cast(Party.part, Text) == any_(t.parts))
        .where(or_(t.status != Status.OFFICE_CLEAR.value, ~barred))
    )


def _free(held: FromClause, bars: FromClause, barred: Any) -> ColumnElement[bool]:
    """Neither the person nor the one they stand in for has a part that bars."""
    parts = literal(sorted(barred), ARRAY(Text)) if isinstance(barred, frozenset) else barred
    return ~exists(
        select(literal(1)).where(
            bars.c.project_id == Project.id, bars.c.user_id == any_(held.c.people), bars.c.part == any_(parts)
        )
    )
