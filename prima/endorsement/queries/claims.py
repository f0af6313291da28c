"""Who has taken up what lies on a desk of a project, and among whom it may go from hand to hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from prima.db import db
from prima.endorsement.models import Claim, Round
from prima.endorsement.queries.asked import SITTING
from prima.endorsement.queries.cases import case
from prima.endorsement.queries.desks import Waiting, desk_roles
from prima.endorsement.queries.people import holders, known, people_known, seated
from prima.endorsement.steps import DESKS, OF_THE_TEAM
from prima.people.holders import rights_of_user
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import Role, User


@dataclass(frozen=True)
class Sat:
    """A desk of a project that one of several people may take up; `seat` is a clearance's, or the deciding role."""

    project: Project
    seat: str
    action: Action
    subject: Any
    since_at: datetime

    def may(self, user: User) -> bool:
        return can(user, self.action, self.subject)


@dataclass(frozen=True)
class Asked:
    """What a URL names: a desk of a project, which the proposal may have left meanwhile."""

    project: Project
    seat: str


def at_desk(reference: str, seat: str) -> Asked | None:
    found = case(reference) if seat == seat.lower() else None
    return Asked(found.project, seat.upper()) if found else None


def sats(project: Project, newest: Round | None) -> list[Sat]:
    """The desks on which a project lies and that can be taken up; its team works together."""
    if project.status not in DESKS or project.status in OF_THE_TEAM:
        return []
    action = DESKS[project.status].action
    if project.status is Status.REVIEW:
        open_ones = [one for one in newest.clearances if one.is_open] if newest else []
        return [Sat(project, one.seat, action, one, one.opened_at) for one in open_ones]
    return [
        Sat(project, seat.role.value, Action.ENDORSE if naming else action, project, project.status_since)
        for status, funding, seat, _parts, naming in SITTING
        if status is project.status and project.funding in funding and seat
    ]


READS = frozenset({Status.OFFICE_CLEAR, Status.ENDORSE, Status.FUND_REVIEW, Status.APPROVER})
"""Where whoever decides reads the version as a reviewer does, and comments on it."""


def deciding_desk(project: Project) -> Sat | None:
    """The desk at which the proposal is decided on by one role, with comments of its own."""
    here = sats(project, None) if project.status in READS else []
    return next((one for one in here if one.action is DESKS[project.status].action), None)


def sat_of(project: Project, waiting: Waiting) -> str:
    """The seat under which a desk of the project page is taken up; empty where it is not."""
    if waiting.naming:
        return Role.RD.value
    if project.status is Status.REVIEW and waiting.seat:
        return waiting.seat.seat
    here = [one for one in sats(project, None) if one.action is waiting.desk.action]
    return here[0].seat if here else ""


def claims(project: Project) -> dict[str, Claim]:
    """Every claim on the project by seat, each with the person and their rights."""
    asked = select(Claim).where(Claim.project_id == project.id)
    found = {one.seat: one for one in db.session.scalars(asked.execution_options(populate_existing=True))}
    if found:
        # Read along with the claim, people would be read afresh, and those they stand in for forget their own rights.
        by_id = people_known()
        if ids := {one.user_id for one in found.values()} - set(by_id):
            people = db.session.scalars(select(User).where(User.id.in_(ids)).options(*rights_of_user()))
            by_id |= {person.id: person for person in people}
        for one in found.values():
            set_committed_value(one, "user", by_id[one.user_id])
    return found


def in_force(sat: Sat, claim: Claim | None) -> Claim | None:
    """A claim counts since the proposal came to the desk, and while the person may still do it."""
    if claim is None or claim.since_at < sat.since_at or not sat.may(claim.user):
        return None
    return claim


def claim_on(sat: Sat) -> Claim | None:
    return in_force(sat, claims(sat.project).get(sat.seat))


BY_PART = frozenset({Status.OFFICE_CLEAR, Status.ENDORSED, Status.DONOR_SUBMITTED})
"""Where somebody may act by a part in the project: named to clear, or its manager."""


def colleagues(sat: Sat) -> list[User]:
    """Everybody who may do it, by name."""
    project = sat.project
    if project.status is Status.REVIEW:
        people = seated(project, [sat.subject]) if project.seated is None else project.seated
    else:
        roles = desk_roles(project) | ({Role.RD} if project.status is Status.OFFICE_CLEAR else set())
        found = {one.id: one for one in holders(project, roles)}
        if project.status in BY_PART:
            parties = [party for party in project.parties if party.until_at is None and party.user.active]
            found |= {party.user_id: known(party.user) for party in parties}
        people = sorted(found.values(), key=lambda user: (user.sort_key, user.id))
    return [user for user in people if sat.may(user)]
