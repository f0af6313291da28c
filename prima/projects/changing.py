"""Changes of running projects, loaded for the page that shows them; and what of them waits for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, exists, false, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock
from prima.db import db
from prima.filters import money
from prima.handbook import published
from prima.lists import BudgetCategory
from prima.people.holders import holders
from prima.places import OfficeLink
from prima.projects import queries
from prima.projects.changes import ROAD, UNDER_WAY, ChangeKind, ChangeState
from prima.projects.gauges import afterwards, gauges, kept
from prima.projects.models import Change, ChangeStep, Document, Part, Party, Project, Version
from prima.projects.models.project import TEAM
from prima.projects.rights import change_authority
from prima.projects.visibility import region_link
from prima.users import Role, Scope, User
from prima.workflow import Move


@dataclass(frozen=True)
class Asked:
    """A move of a change by its name; none where the change has left that place."""

    change: Change
    move: Move | None

    @property
    def project(self) -> Project:
        return self.change.project


@dataclass(frozen=True)
class Kind:
    """A kind of change that somebody comes to ask for, and the one of it that is under way."""

    project: Project
    kind: ChangeKind
    under_way: Change | None


def with_rules(project: Project) -> Project:
    """The project with what the Handbook says of changes; Refused where no edition in force speaks of them."""
    project.change_rules = published.part(db.session(), project.edition, "changes")
    return project


def project(reference: str) -> Project | None:
    """The project with its proposal and its extensions, for the pages of its changes."""
    found = queries.proposal_with_story(reference)
    return with_rules(found) if found else None


def locked(project_id: int) -> Project:
    """The project under its row lock, freshly read."""
    return with_rules(queries.locked(project_id))


def with_steps() -> tuple[Any, ...]:
    return (
        joinedload(Change.made_by, innerjoin=True),
        joinedload(Change.agreement).joinedload(Document.type),
        selectinload(Change.steps).options(
            joinedload(ChangeStep.actor, innerjoin=True),
            joinedload(ChangeStep.behalf_of),
            joinedload(ChangeStep.letter).joinedload(Document.type),
        ),
    )


def change_of(found: Project, number: int) -> Change | None:
    """A change of a loaded project by its number; read freshly where the project was locked before."""
    change = db.session.scalar(
        select(Change).where(Change.project_id == found.id, Change.number == number).options(*with_steps())
    )
    if change is not None:
        set_committed_value(change, "project", found)
    return change


def change(reference: str, number: int) -> Change | None:
    found = project(reference)
    return change_of(found, number) if found else None


def asked(reference: str, number: int, move: str) -> Asked | None:
    found = change(reference, number)
    return Asked(found, ROAD.find(found.state, move)) if found else None


def kind(reference: str, kind: str) -> Kind | None:
    found = project(reference)
    if found is None:
        return None
    chosen = ChangeKind(kind)
    return Kind(found, chosen, under_way(found, chosen))


def under_way(found: Project, kind: ChangeKind) -> Change | None:
    """The one of its kind that is not decided yet; there is at most one."""
    return db.session.scalar(
        select(Change).where(Change.project_id == found.id, Change.kind == kind, Change.state.in_(UNDER_WAY))
    )


def changes_of(found: Project) -> list[Change]:
    """The newest first, each with who made it."""
    rows = list(
        db.session.scalars(
            select(Change)
            .where(Change.project_id == found.id)
            .options(joinedload(Change.made_by, innerjoin=True))
            .order_by(Change.number.desc())
        )
    )
    for one in rows:
        set_committed_value(one, "project", found)
    return rows


def last_number(project_id: int) -> int:
    return db.session.scalar(select(func.max(Change.number)).where(Change.project_id == project_id)) or 0


def approved_amounts(found: Project) -> dict[str, Decimal] | None:
    """The amounts of the lines by their codes as somebody decided on them last; None where no version was kept.

    What the team may move without a request does not count, so that many small moves never make a large one.
    """
    free = select(Change.id).where(Change.project_id == found.id, Change.free)
    version = db.session.scalar(
        select(Version)
        .where(Version.project_id == found.id, or_(Version.change_id.is_(None), Version.change_id.not_in(free)))
        .order_by(Version.number.desc())
        .limit(1)
        .options(undefer(Version.snapshot))
    )
    if version is None:
        return None
    lines = zip(version.snapshot["line_codes"], version.snapshot["lines"], strict=True)
    return {code: Decimal(line["amount"]) for code, line in lines if code}


def budget_rules(change: Change) -> list[dict[str, Any]]:
    """How the budget as the change would leave it keeps each rule of the edition; of a decided one as it was then.

    An imported project is exempt from them, as its proposal is.
    """
    if change.state not in UNDER_WAY:
        return list(change.after.get("rules", ()))
    project = change.project
    if "total" not in change.after or project.as_imported:
        return []
    codes = {one["category_code"] for one in change.after["added"]}
    rows = db.session.scalars(select(BudgetCategory).where(BudgetCategory.code.in_(codes))) if codes else ()
    found = afterwards(project, change.after, {row.code: row for row in rows})
    return [kept(one) for one in gauges(found, money)]


def version_of(change_id: int) -> int | None:
    """The number of the version that an approved change led to."""
    return db.session.scalar(select(Version.number).where(Version.change_id == change_id))


def account(email: str) -> User | None:
    """The member of staff with an active account of this address."""
    return db.session.scalar(select(User).where(User.email == email.strip().casefold(), User.active, User.staff))


def has_decided(found: Project, person: User) -> bool:
    """Whether the person endorsed or decided one of the project's changes, in their own name or for somebody else."""
    decided = exists().where(
        ChangeStep.change_id == Change.id,
        Change.project_id == found.id,
        or_(ChangeStep.actor_id == person.id, ChangeStep.behalf_of_id == person.id),
        ChangeStep.move.not_in(("ask", "record", "withdraw")),
    )
    return bool(db.session.scalar(select(decided)))


def deciders(found: Project, role: str) -> list[User]:
    """Everybody who may decide in a role on the project's changes today, themselves or standing in."""
    people = holders({Role(role)}, office_id=found.office_id, region_code=found.region_code)
    return [person for person in people if change_authority(person, found, role)]


# -- on the desk ------------------------------------------------------------------------------------------------------


def waiting_for(user: User) -> list[Change]:
    """Changes that are in the hands of a role that the person holds, and the person's own that came back.

    Whether the person may decide on one is asked of the rights; here is only where it can be at all.
    """
    held = frozenset((one.scope, one.region_code, one.office_id) for one in user.authorities(clock.today()))
    rows = list(db.session.scalars(_in_hands(held, clock.today()), {"user_id": user.id}))
    rules: dict[int, Any] = {}
    for one in rows:
        edition = one.project.edition_id
        one.project.change_rules = rules[edition] = rules.get(edition) or with_rules(one.project).change_rules
    return rows


Held = tuple[Scope, str | None, int | None]
"""Where a role is held: the scope, the region's code, the office's id."""


@lru_cache(maxsize=256)
def _in_hands(held: frozenset[Held], _day: date) -> Any:
    """Built once a day, which it holds, for all who hold roles over the same places."""
    me = bindparam("user_id", type_=BigInteger)
    mine = exists().where(
        Party.project_id == Project.id,
        Party.user_id == me,
        Party.part.in_((Part.MANAGER, Part.ALTERNATE)),
        Party.until_at.is_(None),
    )
    ways: list[ColumnElement[bool]] = [and_(Change.state == ChangeState.RETURNED, mine)]
    if held:
        of_team = exists().where(Party.project_id == Project.id, Party.user_id == me, Party.part.in_(TEAM))
        decided = Change.state.in_((ChangeState.ASKED, ChangeState.ENDORSED))
        ways.append(and_(decided, or_(*_places(held)), ~of_team))
    return (
        select(Change)
        .join(Change.project)
        .where(or_(*ways))
        .options(contains_eager(Change.project).options(*queries.with_rights()), selectinload(Change.steps))
        .order_by(Change.state_since, Change.id)
    )


def _places(held: Iterable[Held]) -> list[ColumnElement[bool]]:
    """The projects over which roles are held."""
    found: list[ColumnElement[bool]] = []
    for scope, region_code, office_id in held:
        if scope is Scope.ORGANIZATION:
            return [true()]
        if scope is Scope.REGION:
            found.append(exists().where(region_link(), OfficeLink.region_code == region_code))
        elif office_id:
            found.append(Project.office_id == office_id)
    return found or [false()]


def on_the_way(found: Project) -> list[Change]:
    """The changes of a project that are not decided yet, out of its story."""
    rows = [one for one in found.changes if one.state in UNDER_WAY]
    for one in rows:
        set_committed_value(one, "project", with_rules(found))
    return rows
