"""The desk in SQL says what the table of rights says in Python, over random people, parts, places and states."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.endorsement import queries, routing
from prima.endorsement.models import Clearance, Round, Verdict
from prima.endorsement.overview import desk
from prima.endorsement.rights import seat_of, sitting
from prima.endorsement.steps import DESKS
from prima.permissions import Action, can
from prima.projects.models import Part, Party, Project
from prima.projects.queries import with_rights as with_project_rights
from prima.projects.stages import Funding, Status
from prima.sessions import with_rights
from prima.users import Delegation, Role, User
from tests.factories import a_project, a_user, grant

ROLES = (Role.COM, Role.RPDO, Role.RTS, Role.RRMO, Role.RME, Role.RD, Role.LEG, Role.HQD, Role.FUND, Role.DDG)
AREAS = (["MHD"], ["LHD"], ["LHD", "MHD"], [])
AT = ("KEN", "SEN", "NBO", "DKR", "BRU", None)
STATES = sorted(DESKS)


def some_people(pick: random.Random) -> list[User]:
    people = [a_user(active=pick.random() > 0.15) for _ in range(9)]
    for user in people:
        for _ in range(pick.randint(0, 3)):
            made = grant(user, pick.choice(ROLES), pick.choice(AT), confirmed=pick.random() > 0.1)
            if made.role is Role.RTS:
                made.areas = pick.choice(AREAS)
            if pick.random() < 0.1:
                made.revoked_at = clock.now()
    for _ in range(6):
        absent, delegate = pick.sample(people, 2)
        begins = clock.today() + timedelta(days=pick.choice((-9, -9, -9, 0, 1)))
        db.session.add(
            Delegation(
                absent_id=absent.id, delegate_id=delegate.id, made_by_id=absent.id, from_on=begins,
                until_on=begins + timedelta(days=pick.choice((9, 9, 30, 5))), role=pick.choice((None, None, *ROLES)),
                ended_at=clock.now() if pick.random() < 0.1 else None,
            )
        )  # fmt: skip
    return people


def some_clearances(pick: random.Random, project: Project, people: list[User]) -> None:
    newest = Round(project_id=project.id, number=1, submitted_by_id=people[0].id, snapshot={}, sha256="0")
    if pick.random() < 0.1:
        newest.closed_at = clock.now()
    db.session.add(newest)
    db.session.flush()
    for number, role in enumerate(pick.sample((*ROLES[1:5], Role.LEG, Role.HQD), 4)):
        headquarters = role in (Role.LEG, Role.HQD)
        specialist = role is Role.RTS and pick.random() < 0.6
        areas = pick.choice(AREAS) if role is Role.RTS else []
        clearance = Clearance(
                round_id=newest.id, seat=f"{role}-{number}", reviewer=str(role), role=role, areas=areas,
                scope="headquarters" if headquarters else "region", specialist=specialist,
                place=None if headquarters else pick.choice((None, None, "BRU", "DKR")),
                fallback=pick.choice((None, Role.RPDO, Role.FUND)), required=pick.random() < 0.8,
                verdict=pick.choice((None, None, None, Verdict.CLEAR)),
        )  # fmt: skip
        db.session.add(clearance)
        project.asked_elsewhere = sorted({*project.asked_elsewhere, *routing.elsewhere(clearance)})


def some_projects(pick: random.Random, people: list[User]) -> list[Project]:
    made = []
    for _ in range(14):
        status = Status.REVIEW if pick.random() < 0.4 else Status(pick.choice(STATES))
        funding = pick.choice(tuple(Funding))
        if status in (Status.FUND_REVIEW, Status.RETAINED, Status.APPROVER):
            funding = Funding.FUND
        if status in (Status.DONOR_SUBMITTED, Status.DONOR_CHANGES):
            funding = Funding.DONOR
        project = a_project(status=status, funding=funding, office_code=pick.choice(("KEN", "SEN", "HQ", "RO-NBO")))
        for user in pick.sample(people, pick.randint(0, 4)):
            part = pick.choice((Part.DEVELOPER, *Part))
            ended = clock.now() if pick.random() < 0.3 else None
            db.session.add(Party(project_id=project.id, user_id=user.id, part=part, until_at=ended))
        if status is Status.REVIEW:
            some_clearances(pick, project, people)
        made.append(project)
    db.session.commit()
    return made


def by_the_rules(user: User, project: Project, everybody: list[User]) -> set[tuple[int, str, bool]]:
    """(project, seat or what is done, whether to name who clears) as rights.py decides, asked one by one."""
    if project.status is Status.REVIEW:
        newest = queries.newest_round(project)
        queries.judge(project, newest)
        asked = [one for one in newest.clearances if one.is_open] if newest and newest.closed_at is None else []
        found = {(project.id, one.seat, False) for one in asked if user.active and sitting(user, project, seat_of(one))}
        assert found == {
            (project.id, one.seat, False) for one in asked if can(user, Action.REVIEW, with_project(one, project))
        }
        return found
    action = DESKS[project.status].action
    if can(user, action, project):
        return {(project.id, str(action), False)}
    may_name = project.status is Status.OFFICE_CLEAR and can(user, Action.ENDORSE, project)
    if may_name and not any(can(one, action, project) for one in everybody):
        return {(project.id, "name", True)}
    return set()


def with_project(clearance: Clearance, project: Project) -> Clearance:
    assert clearance.round.project is project
    return clearance


def as_told(user: User) -> set[tuple[int, str, bool]]:
    rows = queries.on_the_desk(user, limit=500)
    assert queries.count_on_the_desk(user) == len(rows) == (rows[0].total if rows else 0)
    told = set()
    for row in rows:
        what = row.seat if row.status is Status.REVIEW else "name" if row.naming else str(DESKS[row.status].action)
        told.add((row.project_id, what, row.naming))
    return told


@pytest.mark.parametrize("seed", range(10))
def test_the_desk_is_what_the_rights_say(app, seed):
    pick = random.Random(seed)
    ids = [one.id for one in some_projects(pick, some_people(pick))]
    db.session.expunge_all()
    everybody = list(db.session.scalars(select(User).order_by(User.id).options(*with_rights())))
    projects = list(
        db.session.scalars(
            select(Project).where(Project.id.in_(ids)).options(*with_project_rights()).order_by(Project.id)
        )
    )
    queries.people_again()
    found = 0
    for user in everybody:
        ruled = set().union(*(by_the_rules(user, project, everybody) for project in projects))
        queries.people_again()
        told = as_told(user) if user.active else set()
        assert told == ruled, (seed, user.id)
        found += len(told)
    assert found


@pytest.mark.parametrize("seed", range(10, 13))
def test_every_open_proposal_is_on_a_desk(app, seed):
    """On somebody's own, or on the administrators', who learn the reference and the office alone."""
    pick = random.Random(seed)
    projects = some_projects(pick, some_people(pick))
    administrator = a_user(Role.ADMIN)
    ids = {one.id for one in projects}
    rows = {row.key for user in db.session.scalars(select(User).where(User.active).options(*with_rights()))
            for row in queries.on_the_desk(user, limit=500)}  # fmt: skip
    open_rounds = select(Round.project_id).join(Clearance).where(Round.closed_at.is_(None), Clearance.verdict.is_(None))
    asked = set(db.session.scalars(open_rounds))
    waiting = {one.id for one in projects if one.status is not Status.REVIEW or one.id in asked}
    assert {int(key[1:13]) for key in rows} & ids == waiting
    admin = db.session.scalars(select(User).where(User.id == administrator.id).options(*with_rights())).one()
    with app.test_request_context(method="POST"):
        duties = desk(admin, None, 500).duties
    assert duties
    assert all(not duty.title and duty.what.startswith(("Grant the role", "Find a developer")) for duty in duties)


def test_pages_of_a_desk_hold_each_thing_once(app):
    director = a_user(Role.RD, "NBO")
    for number in range(23):
        project = a_project(status=Status.ENDORSE)
        project.status_since = clock.now() - timedelta(days=number % 5)
    db.session.commit()
    person = db.session.scalars(select(User).where(User.id == director.id).options(*with_rights())).one()
    after, seen = None, []
    while rows := queries.on_the_desk(person, after=after, limit=5):
        assert {row.total for row in rows} == {23}
        seen += [(row.since_on, row.key) for row in rows]
        after = seen[-1]
    assert len(seen) == 23 and seen == sorted(set(seen))
    assert seen[0][0] == clock.today() - timedelta(days=4) and isinstance(seen[0][0], date)
