"""What waits, and for whom: a person's desk, and everybody at whose desk a proposal lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from prima import clock
from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.endorsement.queries.people import holders, judge, seated, who_may
from prima.endorsement.rights import TEAM
from prima.endorsement.steps import DESKS, OF_THE_TEAM, SEARCHED, Desk
from prima.permissions import Action
from prima.places import OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.queries import with_rights
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link
from prima.users import Authority, Grant, Role, Scope, User
from prima.workdays import add_working_days


def _within(held: Authority) -> ColumnElement[bool]:
    if held.scope is Scope.ORGANIZATION:
        return true()
    if held.scope is Scope.OFFICE:
        return Project.office_id == held.office_id
    return exists().where(region_link(), OfficeLink.region_code == held.region_code)


def _has_part(user: User, *parts: Part) -> ColumnElement[bool]:
    return exists().where(
        Party.project_id == Project.id, Party.user_id == user.id, Party.part.in_(parts), Party.until_at.is_(None)
    )


def _open(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Round.project_id == Project.id,
        Round.closed_at.is_(None),
        Clearance.round_id == Round.id,
        Clearance.verdict.is_(None),
        *conditions,
    )


def _with_a_head(projects: Iterable[Project]) -> set[int]:
    """Of those that wait for their office: where a head of office who is not on the team has an account."""
    here = [project for project in projects if project.status is Status.OFFICE_CLEAR]
    if not here:
        return set()
    held = db.session.execute(
        select(Grant.user_id, Grant.scope, Grant.office_id, Grant.region_code)
        .join(User, User.id == Grant.user_id)
        .where(
            User.active,
            Grant.role == Role.COM,
            Grant.revoked_at.is_(None),
            Grant.confirmed_at.is_not(None),
            or_(
                Grant.scope == Scope.ORGANIZATION,
                Grant.office_id.in_({project.office_id for project in here}),
                Grant.region_code.in_({project.region_code for project in here}),
            ),
        )
    ).all()
    found = set()
    for project in here:
        team = {party.user_id for party in project.parties if party.part in TEAM}
        over = (
            one.user_id
            for one in held
            if one.scope is Scope.ORGANIZATION
            or one.office_id == project.office_id
            or (one.scope is Scope.REGION and one.region_code == project.region_code)
        )
        if any(user_id not in team for user_id in over):
            found.add(project.id)
    return found


def on_the_desk(user: User) -> list[tuple[Project, bool]]:
    """Projects that may wait for the person, oldest first, each with whether its head of office may clear it.

    A wide net: whether the person may act is asked of each by the table of rights.
    """
    held = list(user.authorities(clock.today()))
    ways = [and_(Project.status == Status.REVIEW, _within(one), _open(Clearance.role == one.role)) for one in held]
    ways += [and_(Project.status.in_(SEARCHED[one.role]), _within(one)) for one in held if one.role in SEARCHED]
    ways += [
        and_(Project.status.in_(OF_THE_TEAM), _has_part(user, Part.DEVELOPER)),
        and_(Project.status == Status.OFFICE_CLEAR, _has_part(user, Part.CLEARED_OFFICE)),
        and_(
            Project.status.in_((Status.ENDORSED, Status.DONOR_SUBMITTED)),
            Project.funding == Funding.DONOR,
            _has_part(user, Part.MANAGER, Part.ALTERNATE),
        ),
    ]
    projects = db.session.scalars(
        select(Project).where(or_(*ways)).options(*with_rights()).order_by(Project.status_since)
    ).all()
    headed = _with_a_head(projects)
    return [(project, project.id in headed) for project in projects]


def open_clearances(projects: Iterable[Project]) -> dict[int, list[Clearance]]:
    """The open clearances of projects in review, by project, without their rounds."""
    ids = [project.id for project in projects if project.status in (Status.REVIEW, Status.FUND_REVIEW)]
    found: dict[int, list[Clearance]] = {}
    if ids:
        for project_id, clearance in db.session.execute(
            select(Round.project_id, Clearance)
            .join(Clearance.round)
            .where(Round.project_id.in_(ids), Round.closed_at.is_(None), Clearance.verdict.is_(None))
            .order_by(Clearance.id)
        ):
            found.setdefault(project_id, []).append(clearance)
    return found


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
    desks = project.edition.handbook.desks_for(project.status, project.funding.value)
    days = [desk.days for desk in desks if desk.days]
    return add_working_days(project.status_since.date(), max(days)) if days else None


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
    everybody = {user.id: user for user in holders(project, roles)} | parties
    people = sorted(who_may(everybody.values(), desk.action, project), key=lambda user: (user.sort_key, user.id))
    if project.status is Status.OFFICE_CLEAR and not people:
        endorsers = who_may(everybody.values(), Action.ENDORSE, project)
        return [Waiting(desk, endorsers, since, due_on(project), naming=True)]
    sheet = newest.clearance(Role.FUND) if newest and project.status is Status.FUND_REVIEW else None
    return [Waiting(desk, people, since, due_on(project), seat=sheet)]
