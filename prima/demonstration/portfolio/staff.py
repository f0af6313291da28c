"""The people of a portfolio: at each office and Regional Office, in each role, with grants that two have confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from prima.places import Office, OfficeKind
from prima.users import CONFIRMED_BY_ANOTHER, Role, Scope, folded

PROJECTS_PER_TEAM = 25_000
"""Each office has a team, and one more for so many projects of the portfolio."""
TEAM = (Role.PDEV, Role.PM, Role.APM)
OF_AN_OFFICE = (Role.COM, Role.RMO)
OF_A_REGION = (Role.RPDO, Role.RTS, Role.RRMO, Role.RME, Role.RD, Role.RAS)
OF_THE_ORGANIZATION = (
    Role.ADMIN, Role.ADMIN, Role.FUND, Role.FUND, Role.DDG, Role.FIN, Role.HQD, Role.LEG, Role.VIEW, Role.MGT,
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    email: str
    role: Role
    scope: Scope
    region: str | None = None
    office: int | None = None


@dataclass(frozen=True)
class Post:
    role: Role
    title: str
    place: str
    code: str
    scope: Scope
    where: int | str | None


@dataclass
class Staff:
    """Everybody, and who holds a role where: by office number, by region code, or by nothing."""

    people: list[Person] = field(default_factory=list)
    holders: dict[tuple[Role, int | str | None], list[int]] = field(default_factory=dict)

    def of(self, role: Role, where: int | str | None = None) -> list[int]:
        return self.holders[role, where]

    def add(self, post: Post, number: int) -> None:
        role, where = post.role, post.where
        here = self.holders.setdefault((role, where), [])
        here.append(number)
        self.people.append(
            Person(
                number,
                f"{post.title} {len(here)}, {post.place}",
                f"{role}{len(here)}.{post.code}@portfolio.example".lower(),
                role,
                post.scope,
                where if isinstance(where, str) else None,
                where if isinstance(where, int) else None,
            )
        )


def staff(offices: list[Office], regions: dict[str, str], titles: dict[str, str], projects: int, first: int) -> Staff:
    """`regions` maps the code of a Regional Office to its city, `titles` the code of a role to its name."""
    found = Staff()
    for number, post in enumerate(_posts(offices, regions, titles, projects), first):
        found.add(post, number)
    return found


def _posts(offices: list[Office], regions: dict[str, str], titles: dict[str, str], projects: int) -> Iterator[Post]:
    for role in OF_THE_ORGANIZATION:
        yield Post(role, titles[role], "Geneva", "hq", Scope.ORGANIZATION, None)
    for region, city in regions.items():
        for role in OF_A_REGION:
            yield Post(role, titles[role], f"{city} region", f"region-{region}", Scope.REGION, region)
    for office in offices:
        place = office.name if office.kind is OfficeKind.COUNTRY else f"{office.code} office"
        for role in (*OF_AN_OFFICE, *TEAM * (1 + projects // PROJECTS_PER_TEAM)):
            yield Post(role, titles[role], place, office.code, Scope.OFFICE, office.id)


USER_COLUMNS = ("id", "email", "name", "sort_key", "demonstration")
GRANT_COLUMNS = (
    "user_id", "role", "scope", "region_code", "office_id", "granted_by_id", "confirmed_by_id", "confirmed_at",
)  # fmt: skip


def user_rows(found: Staff) -> Iterator[tuple[Any, ...]]:
    """Nobody has a password; production refuses the accounts of a demonstration."""
    for one in found.people:
        yield one.id, one.email, one.name, folded(one.name), True


def grant_rows(found: Staff, moment: Any) -> Iterator[tuple[Any, ...]]:
    administrators = found.of(Role.ADMIN)
    for one in found.people:
        # Nobody grants to themselves, and the operator granted to the administrators.
        by, second = (None, None) if one.role is Role.ADMIN else administrators
        confirmed = one.role in CONFIRMED_BY_ANOTHER
        yield (
            one.id, one.role.value, one.scope.value, one.region, one.office, by,
            second if confirmed else None, moment if confirmed else None,
        )  # fmt: skip
