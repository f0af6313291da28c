"""Who decides in the endorsement: which role sits where, and who is barred from it (segregation of duties)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prima import clock
from prima.permissions import Action, whole
from prima.projects.rights import manager
from prima.projects.rules import is_donor, is_fund
from prima.users import Authority, Role, Scope, User

TEAM = frozenset({"developer", "manager", "alternate", "author"})
CLEARED = frozenset({"cleared_office", "reviewed"})
NAMED = "cleared_office"
"""The part of a person named to clear for the office; it ends with the clearing."""


@dataclass(frozen=True)
class Seat:
    """A role that decides, and the parts in the project that bar from it, at any time."""

    role: Role
    barred: frozenset[str] = TEAM
    organization: bool = False
    """Held for the whole organization only."""
    place: str | None = None
    """Held at this Regional Office, not at the project's own."""
    areas: frozenset[str] | None = None
    """Of a thematic review: held by specialists of all these areas, where there are none (an empty set) by those who
    are specialists of nothing; None: by anybody in the role."""
    fallback: Role | None = None
    fallen: bool = False
    """Whether nobody can in the role itself: then any thematic specialist there, and whoever has the fallback, may."""

    def bars(self, user: User, project: Any) -> bool:
        return any(party.user_id == user.id and party.part in self.barred for party in project.parties)

    def reached_by(self, held: Authority, project: Any) -> bool:
        if not (self._is_own(held) or (self.fallen and held.role in (self.role, self.fallback))):
            return False
        if held.scope is Scope.ORGANIZATION or self.organization:
            return held.scope is Scope.ORGANIZATION
        if held.scope is Scope.REGION:
            return held.region_code is not None and held.region_code == (self.place or project.region_code)
        return self.place is None and held.office_id == project.office_id

    def _is_own(self, held: Authority) -> bool:
        if held.role is not self.role:
            return False
        if self.areas is None:
            return True
        return self.areas <= held.areas if self.areas else not held.areas


HEAD = Seat(Role.COM)
COORDINATOR = Seat(Role.RPDO)
ENDORSER = Seat(Role.RD, TEAM | CLEARED | {"fund_reviewed"})
FUND = Seat(Role.FUND, TEAM | {"endorsed"}, organization=True)
APPROVER = Seat(Role.DDG, TEAM | CLEARED | {"endorsed", "fund_reviewed"}, organization=True)


def reviewing(project: Any) -> Iterator[Seat]:
    """The seats of the edition's reviewers, and of Fund management, which answers checks of its own.

    Whom a round asks was judged when the proposal was submitted: where the page has read its clearances
    (`project.asked`), these are the seats.
    """
    if project.asked is not None:
        yield from (seat_of(clearance) for clearance in project.asked)
        return
    for reviewer in project.edition.handbook.reviewers:
        if project.funding.value not in reviewer.funding:
            continue
        yield Seat(Role(reviewer.role), organization=reviewer.scope == "headquarters", place=reviewer.place)
    if is_fund(project):
        yield FUND


def seat_of(asked: Any) -> Seat:
    """The seat of a clearance, or of a stop of the routing."""
    if asked.role is Role.FUND:
        return FUND
    by_area = asked.specialist or bool(asked.areas)
    return Seat(
        asked.role,
        organization=asked.scope == "headquarters",
        place=asked.place,
        areas=frozenset(asked.areas if asked.specialist else ()) if by_area else None,
        fallback=asked.fallback,
        fallen=getattr(asked, "fallen", False),
    )


def seats(action: Action, subject: Any) -> list[Seat]:
    """Who decides an action on a project; of a clearance, only its own role."""
    project = whole(subject)
    if action is Action.REVIEW:
        return list(reviewing(project)) if subject is project else [seat_of(subject)]
    if action in (Action.ROUTE_ENDORSED, Action.ANSWER_DONOR):
        return [FUND if is_fund(project) else COORDINATOR]
    return {
        Action.CLEAR_OFFICE: [HEAD],
        Action.SEND_BACK: [COORDINATOR],
        Action.ENDORSE: [ENDORSER],
        Action.FUND_REVIEW: [FUND],
        Action.APPROVE: [APPROVER],
    }.get(action, [])


def sitting(user: User, project: Any, seat: Seat) -> Authority | None:
    """The authority with which a person takes a seat, an own one before a lent one.

    A delegation gives nothing that the delegate is barred from, nor what the absent person is barred from.
    """
    held = sorted(user.authorities(clock.today()), key=lambda one: one.absent is not None)
    for one in held:
        people = [user] if one.absent is None else [user, one.absent]
        if seat.reached_by(one, project) and not any(seat.bars(person, project) for person in people):
            return one
    return None


def chair(user: User, action: Action, subject: Any) -> Authority | None:
    """The authority with which a person decides."""
    project = whole(subject)
    return next((found for seat in seats(action, subject) if (found := sitting(user, project, seat))), None)


def head_of_office(user: User, subject: Any) -> bool:
    return chair(user, Action.CLEAR_OFFICE, subject) is not None


def named_to_clear(user: User, subject: Any) -> bool:
    """Named by the endorser, when no head of office may clear."""
    project = whole(subject)
    named = (party.user_id == user.id and party.part == NAMED and party.until_at is None for party in project.parties)
    return any(named) and not HEAD.bars(user, project)


def reviewer(user: User, subject: Any) -> bool:
    return chair(user, Action.REVIEW, subject) is not None


def coordinator(user: User, subject: Any) -> bool:
    return chair(user, Action.SEND_BACK, subject) is not None


def endorser(user: User, subject: Any) -> bool:
    return chair(user, Action.ENDORSE, subject) is not None


def who_takes_it_on(user: User, subject: Any) -> bool:
    """Fund management for its projects, the coordinator for a donor's."""
    return chair(user, Action.ROUTE_ENDORSED, subject) is not None


def manager_for_a_donor(user: User, subject: Any) -> bool:
    """Takes the endorsed proposal to the donor and writes down the answer: both are messengers' work."""
    project = whole(subject)
    return is_donor(project) and manager(user, project)


def coordinator_for_a_donor(user: User, subject: Any) -> bool:
    return is_donor(whole(subject)) and chair(user, Action.ANSWER_DONOR, subject) is not None


def fund_management(user: User, subject: Any) -> bool:
    return is_fund(whole(subject)) and chair(user, Action.FUND_REVIEW, subject) is not None


def approver(user: User, subject: Any) -> bool:
    return is_fund(whole(subject)) and chair(user, Action.APPROVE, subject) is not None


RIGHTS = {
    Action.CLEAR_OFFICE: (head_of_office, named_to_clear),
    Action.REVIEW: (reviewer,),
    Action.SEND_BACK: (coordinator,),
    Action.ENDORSE: (endorser,),
    Action.ROUTE_ENDORSED: (who_takes_it_on, manager_for_a_donor),
    Action.FUND_REVIEW: (fund_management,),
    Action.APPROVE: (approver,),
    Action.ANSWER_DONOR: (coordinator_for_a_donor, manager_for_a_donor),
}
