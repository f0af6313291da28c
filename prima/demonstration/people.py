"""The demonstration's people: an account for each role at each place, named by both, with confirmed grants."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from prima import passwords
from prima.lists import RegionalOffice
from prima.places import Office
from prima.users import CONFIRMED_BY_ANOTHER, Grant, Role, Scope, User, folded

SINCE = datetime(2013, 9, 2, 8, 0, tzinfo=UTC)
"""The day on which the demonstration's accounts were made."""
HEADQUARTERS = "Geneva"


@dataclass(frozen=True)
class Post:
    """A role as an account is named after it: the first part of its address, and the words before the place."""

    role: Role
    address: str
    title: str


REGIONAL = (
    Post(Role.RPDO, "rpdo", "Regional project development officer"),
    Post(Role.RTS, "rts", "Regional thematic specialist"),
    Post(Role.RRMO, "rrmo", "Regional resource management officer"),
    Post(Role.RME, "rme", "Regional M&E officer"),
    Post(Role.RD, "director", "Regional director"),
    Post(Role.RAS, "accounting", "Regional accounting support"),
)
TEAM = (
    Post(Role.PDEV, "developer", "Project developer"),
    Post(Role.COM, "head", "Head of office"),
    Post(Role.PM, "manager", "Project manager"),
    Post(Role.APM, "alternate", "Alternate project manager"),
)
COUNTRY = (*TEAM, Post(Role.RMO, "resources", "Resource management officer"))
ORGANIZATION = (
    Post(Role.ADMIN, "administrator", "System administrator"),
    Post(Role.ADMIN, "administrator.second", "Second system administrator"),
    Post(Role.FUND, "fund", "Fund management"),
    Post(Role.DDG, "approver", "Approver"),
    Post(Role.FIN, "finance", "Finance officer"),
    Post(Role.HQD, "specialist", "Headquarters specialist"),
    Post(Role.LEG, "legal", "Legal officer"),
    Post(Role.VIEW, "viewer", "Read-only viewer"),
    Post(Role.MGT, "portfolio", "Portfolio manager"),
)
EVALUATOR = Post(Role.EVAL, "evaluator", "External evaluator")

COUNTRIES = (
    "KEN", "UGA", "SOM", "ETH", "TZA", "GHA", "NER", "SEN", "MLI", "ZMB", "MOZ", "MUS", "MAR", "EGY", "TUN",
    "CRI", "DOM", "MEX", "PER", "COL", "BGD", "NPL", "PHL", "VNM", "GEO", "MDA", "UKR", "PRT",
)  # fmt: skip
"""Country offices with accounts of their own."""
SHOWN = ("Kenya", "Nairobi", HEADQUARTERS)
"""The places whose accounts are printed."""


class People:
    """Who holds which role where, by the code of the office (`KEN`, `RO-NBO`, `HQ`)."""

    def __init__(self) -> None:
        self._held: dict[tuple[Role, str], User] = {}
        self.all: list[User] = []

    def add(self, role: Role, at: str, user: User) -> None:
        self._held.setdefault((role, at), user)
        self.all.append(user)

    def at(self, role: Role, office: str) -> User:
        return self._held[role, office]

    def team_office(self, office: str, region: str) -> str:
        """The office whose team works for an office: its own, else that of the Regional Office."""
        return office if (Role.PDEV, office) in self._held else f"RO-{region}"

    @property
    def administrator(self) -> User:
        return self._held[Role.ADMIN, "HQ"]


@dataclass(frozen=True)
class Accounts:
    """What one needs to look around: a person per role, and the password of all of them."""

    password: str
    people: tuple[tuple[str, str], ...]
    """(name, address)"""

    def text(self) -> str:
        width = max(len(name) for name, _ in self.people)
        lines = [f"  {name:<{width}}  {email}" for name, email in self.people]
        return "\n".join([f"Demonstration accounts, all with the password {self.password}", *lines])


def hire(session: Session, password: str) -> People:
    """Make every account with its grant; the second administrator confirms the grants of deciding roles."""
    people = People()
    sealed = passwords.hashed(password)
    rows: list[tuple[User, Post, Office | None, str | None]] = []

    def account(post: Post, place: str, office: Office | None, region: str | None) -> None:
        name = f"{post.title}, {place}"
        user = User(
            email=f"{post.address}.{_address(place)}@prima.example",
            name=name,
            sort_key=folded(name),
            password_hash=sealed,
            demonstration=True,
            staff=post.role is not Role.EVAL,
            created_at=SINCE,
        )
        rows.append((user, post, office, region))
        people.add(post.role, office.code if office else f"RO-{region}" if region else "HQ", user)

    for post in (*ORGANIZATION, EVALUATOR):
        account(post, HEADQUARTERS, None, None)
    for region, place in _regions(session):
        for post in REGIONAL:
            account(post, place, None, region)
        for post in TEAM:
            account(post, place, _office(session, f"RO-{region}"), None)
    for code in COUNTRIES:
        office = _office(session, code)
        for post in COUNTRY:
            account(post, office.name, office, None)
    session.add_all(user for user, *_ in rows)
    session.flush()
    _grant(session, rows)
    return people


def _grant(session: Session, rows: list[tuple[User, Post, Office | None, str | None]]) -> None:
    """The operator made the administrators; the first of them grants, the second confirms."""
    first, second = (user for user, post, *_ in rows if post.role is Role.ADMIN)
    grants = []
    for user, post, office, region in rows:
        by_operator = post.role is Role.ADMIN
        deciding = post.role in CONFIRMED_BY_ANOTHER
        grants.append(
            Grant(
                user_id=user.id,
                role=post.role,
                scope=Scope.OFFICE if office else Scope.REGION if region else Scope.ORGANIZATION,
                office_id=office.id if office else None,
                region_code=region,
                granted_by_id=None if by_operator else first.id,
                granted_at=SINCE + timedelta(hours=1),
                confirmed_by_id=second.id if deciding and not by_operator else None,
                confirmed_at=SINCE + timedelta(hours=2) if deciding else None,
            )
        )
    session.add_all(grants)
    session.flush()


def _regions(session: Session) -> Iterator[tuple[str, str]]:
    for row in session.scalars(select(RegionalOffice).order_by(RegionalOffice.position)):
        yield row.code, row.city


def _office(session: Session, code: str) -> Office:
    return session.scalars(select(Office).where(Office.code == code)).one()


def _address(place: str) -> str:
    return re.sub(r"[^a-z]+", "-", folded(place)).strip("-")


def new_password(source: random.Random) -> str:
    """Four short words and two digits; the source is the system's own randomness."""
    return "-".join(source.choice(WORDS) for _ in range(4)) + f"-{source.randrange(10, 100)}"


WORDS = (
    "amber", "anchor", "apple", "arrow", "basil", "beacon", "birch", "bridge", "candle", "canyon", "cedar", "chalk",
    "cherry", "cliff", "cloud", "clover", "cobalt", "copper", "coral", "cotton", "crane", "dawn", "delta", "dune",
    "eagle", "ember", "falcon", "fern", "field", "flint", "forest", "garden", "ginger", "granite", "harbour", "hazel",
    "heron", "indigo", "island", "ivory", "jasmine", "juniper", "kettle", "ladder", "lagoon", "lantern", "lemon",
    "linen", "maple", "marble", "meadow", "mint", "mosaic", "nectar", "oasis", "olive", "orchid", "otter", "paper",
    "pearl", "pebble", "pepper", "pine", "plum", "quartz", "raven", "reed", "river", "saffron", "sail", "sand",
    "silver", "sparrow", "spruce", "stone", "summit", "sunset", "thistle", "timber", "topaz", "valley", "velvet",
    "walnut", "willow", "window", "winter", "zephyr",
)  # fmt: skip


def accounts(people: People, password: str) -> Accounts:
    """One account per role, where the shown places have it."""
    found = [user for user in people.all if user.name.rpartition(", ")[2] in SHOWN]
    regional_team = {post.title for post in TEAM}
    shown = [
        user
        for user in found
        if not (user.name.endswith(", Nairobi") and user.name.removesuffix(", Nairobi") in regional_team)
    ]
    return Accounts(password, tuple((user.name, user.email) for user in shown))
