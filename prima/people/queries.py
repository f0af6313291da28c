"""People, their grants and delegations, loaded for the page that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from prima import clock, sessions
from prima.db import db
from prima.handbook import published
from prima.journal import Entry
from prima.lists import RegionalOffice
from prima.people.holders import RIGHTS
from prima.places import Office, OfficeLink
from prima.trees import as_text, parsed, tree_of
from prima.users import CONFIRMED_BY_ANOTHER, Delegation, Grant, PasswordLink, Role, User, folded

ON_A_PAGE = 50
ENTRIES_SHOWN = 100
HIGHEST_ID = 2**63 - 1


def person(person_id: int) -> User | None:
    """A person with everything their page shows of grants."""
    return _one("id", person_id) if person_id <= HIGHEST_ID else None


def by_email(email: str) -> User | None:
    return _one("email", sessions.account_of(email))


def locked(user: User) -> User:
    """The person under the row lock, freshly read: what an operation decides on."""
    this_one = select(User).where(User.id == user.id)
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
    # Only the person and the grants are read afresh: whoever gave these may be the one who is signed in.
    db.session.scalars(this_one.options(selectinload(User.grants)).execution_options(populate_existing=True)).one()
    found = _one("id", user.id)
    assert found is not None, "accounts are disabled, never deleted"
    return found


GRANTS = ("grants.user", "grants.office", "grants.granted_by", "grants.confirmed_by")


def _one(column: str, value: int | str) -> User | None:
    text = db.session.scalar(_asked(column), {"value": value})
    found: User | None = tree_of(User, *RIGHTS, *GRANTS).stand(db.session(), parsed(text)) if text else None
    return found


@cache
def _asked(column: str) -> Select[Any]:
    """A person by the column, with rights and what is shown of grants."""
    table = User.__table__
    return select(as_text(tree_of(User, *RIGHTS, *GRANTS).row(table))).where(table.c[column] == bindparam("value"))


def other_administrators(user: User) -> int:
    """How many active administrators there are beside the person."""
    return db.session.scalars(
        select(func.count(User.id.distinct()))
        .join(Grant, Grant.user_id == User.id)
        .where(User.active, User.id != user.id, Grant.role == Role.ADMIN, Grant.revoked_at.is_(None))
    ).one()


@dataclass(frozen=True)
class Page:
    """Some people of a list, and the ids between which the pages before and after them begin."""

    people: list[User]
    before: int | None
    after: int | None
    total: int


def listed(
    *, q: str = "", role: Role | None = None, active: bool | None = None, after: int | None = None,
    before: int | None = None,
) -> Page:  # fmt: skip
    """A page of the people found, by name; it begins after, or ends before, the person named by id."""
    conditions = _conditions(q, role, active)
    total = db.session.scalars(select(func.count(User.id)).where(*conditions)).one()
    key = tuple_(User.sort_key, User.id)
    query = select(User).where(*conditions).options(selectinload(User.grants).joinedload(Grant.office))
    edge = None
    if begin := before or after:
        edge = db.session.execute(select(User.sort_key, User.id).where(User.id == begin)).one_or_none()
    back = before is not None and edge is not None
    if edge is not None:
        query = query.where(key < tuple_(*edge) if back else key > tuple_(*edge))
    order = (User.sort_key.desc(), User.id.desc()) if back else (User.sort_key, User.id)
    found = list(db.session.scalars(query.order_by(*order).limit(ON_A_PAGE + 1)))
    more, found = len(found) > ON_A_PAGE, found[:ON_A_PAGE]
    if back:
        found.reverse()
    earlier, later = (more, True) if back else (edge is not None, more)
    return Page(
        people=found,
        before=found[0].id if found and earlier else None,
        after=found[-1].id if found and later else None,
        total=total,
    )


def _conditions(q: str, role: Role | None, active: bool | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for word in folded(q).split():
        conditions.append(
            or_(User.sort_key.contains(word, autoescape=True), User.email.contains(word, autoescape=True))
        )
    if role is not None:
        conditions.append(User.grants.any((Grant.role == role) & Grant.revoked_at.is_(None)))
    if active is not None:
        conditions.append(User.active.is_(active))
    return conditions


def exists(person_id: int) -> bool:
    """Whether an id names a person (a page of the list begins there)."""
    return person_id <= HIGHEST_ID and db.session.scalar(select(User.id).where(User.id == person_id)) is not None


def everybody() -> list[User]:
    """All accounts by name, with their grants."""
    return list(
        db.session.scalars(
            select(User).order_by(User.sort_key, User.id).options(selectinload(User.grants).joinedload(Grant.office))
        )
    )


def grant(grant_id: int) -> Grant | None:
    """A grant with its person, who gave it, and its office."""
    if grant_id > HIGHEST_ID:
        return None
    return db.session.scalar(
        select(Grant)
        .where(Grant.id == grant_id)
        .options(
            joinedload(Grant.user, innerjoin=True),
            joinedload(Grant.office),
            joinedload(Grant.granted_by),
            joinedload(Grant.confirmed_by),
        )
    )


def _waits() -> ColumnElement[bool]:
    return Grant.role.in_(CONFIRMED_BY_ANOTHER) & Grant.confirmed_at.is_(None) & Grant.revoked_at.is_(None)


def waiting_grants() -> list[Grant]:
    """Grants of deciding roles that a second administrator has yet to confirm, the oldest first."""
    return list(
        db.session.scalars(
            select(Grant)
            .join(Grant.user)
            .where(_waits(), User.active)
            .order_by(Grant.granted_at, Grant.id)
            .options(joinedload(Grant.user, innerjoin=True), joinedload(Grant.granted_by), joinedload(Grant.office))
        )
    )


def waiting_count() -> int:
    return db.session.scalars(select(func.count(Grant.id)).join(Grant.user).where(_waits(), User.active)).one()


def delegation(delegation_id: int) -> Delegation | None:
    if delegation_id > HIGHEST_ID:
        return None
    return db.session.scalar(select(Delegation).where(Delegation.id == delegation_id).options(*_with_people()))


def delegations_of(user: User) -> list[Delegation]:
    """Delegations by which the person is stood in for, or stands in, the latest first."""
    return list(db.session.scalars(_delegations(), {"person": user.id}))


@cache
def _delegations() -> Select[Any]:
    person = bindparam("person")
    return (
        select(Delegation)
        .where((Delegation.absent_id == person) | (Delegation.delegate_id == person))
        .order_by(Delegation.from_on.desc(), Delegation.id.desc())
        .options(*_with_people())
    )


def open_delegations_of(user: User) -> list[Delegation]:
    """Those that count today or will."""
    return [one for one in delegations_of(user) if one.ended_at is None and one.until_on >= clock.today()]


def _with_people() -> tuple[Any, ...]:
    return (
        joinedload(Delegation.absent, innerjoin=True),
        joinedload(Delegation.delegate, innerjoin=True),
        joinedload(Delegation.made_by, innerjoin=True),
    )


def entries_of(user: User) -> list[Entry]:
    """What the journal holds of the account, the latest first."""
    return list(
        db.session.scalars(
            select(Entry)
            .where(Entry.subject_kind == User.__tablename__, Entry.subject_id == user.id)
            .order_by(Entry.number.desc())
            .limit(ENTRIES_SHOWN)
            .options(joinedload(Entry.actor))
        )
    )


def link(token: str) -> PasswordLink | None:
    """A password link that still works, with its person."""
    return db.session.scalar(
        select(PasswordLink)
        .join(PasswordLink.user)
        .where(
            PasswordLink.token_hash == sessions.hashed(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > clock.now(),
            User.active,
        )
        .options(joinedload(PasswordLink.user, innerjoin=True))
    )


def regions() -> list[RegionalOffice]:
    return list(
        db.session.scalars(
            select(RegionalOffice).where(RegionalOffice.retired.is_(False)).order_by(RegionalOffice.position)
        )
    )


def region(code: str) -> RegionalOffice | None:
    return db.session.get(RegionalOffice, code)


def roles_by_area() -> set[Role]:
    """The roles whose reviewers the Handbook's edition in force chooses by area of work."""
    row = published.in_force(db.session())
    return {Role(one.role) for one in row.handbook.reviewers if one.areas} if row else set()


def offices() -> list[Office]:
    """Offices in use, by name, with the regions they belong to."""
    return list(
        db.session.scalars(
            select(Office)
            .where(Office.retired.is_(False))
            .order_by(Office.sort_key, Office.code)
            .options(selectinload(Office.links).joinedload(OfficeLink.region, innerjoin=True))
        )
    )


def office(office_id: int) -> Office | None:
    return db.session.scalar(select(Office).where(Office.id == office_id, Office.retired.is_(False)))


def office_by_code(code: str) -> Office | None:
    return db.session.scalar(select(Office).where(Office.code == code, Office.retired.is_(False)))
