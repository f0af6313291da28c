"""What roles and places are called on screen and in letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CompoundSelect, literal, select, union_all

from prima.db import db
from prima.lists import AreaOfWork, RegionalOffice, RoleName
from prima.places import Office, OfficeKind
from prima.users import Grant, Role, Scope


@dataclass(frozen=True)
class Names:
    """The lists' own names, by code."""

    roles: dict[str, str]
    cities: dict[str, str]
    levels: dict[str, str]
    """Where in the organization a role belongs: country, regional, headquarters or any."""
    areas: dict[str, str]
    """Areas of work, in the order of their list."""

    def role(self, role: Role) -> str:
        return self.roles[role.value]

    def held(self, grant: Grant) -> str:
        """The role of a grant, for a specialist with the areas of work for which it counts."""
        role = self.role(grant.role)
        if not grant.areas:
            return role
        return _("%(role)s for %(areas)s", role=role, areas=self.areas_of(grant.areas))

    def areas_of(self, codes: Iterable[str]) -> str:
        """Names of areas of work, in the list's order; a code that the list lost stays a code."""
        order = list(self.areas)
        known = sorted(codes, key=lambda code: order.index(code) if code in order else len(order))
        return "; ".join(self.areas.get(code, code) for code in known)

    def region(self, code: str) -> str:
        return _("Regional Office %(city)s", city=self.cities[code])

    def office(self, office: Office) -> str:
        """A country office by its country; a Regional Office as a site of its own is told from its region."""
        if office.kind is OfficeKind.REGIONAL and office.code.removeprefix("RO-") in self.cities:
            return _("%(office)s, own projects only", office=self.region(office.code.removeprefix("RO-")))
        return office.name

    def place(self, grant: Grant) -> str:
        """Where a grant counts; its office is loaded."""
        if grant.scope is Scope.REGION and grant.region_code:
            return self.region(grant.region_code)
        if grant.scope is Scope.OFFICE and grant.office:
            return self.office(grant.office)
        return _("Organization")

    def scopes(self, role: Role) -> tuple[Scope, ...]:
        """At which scopes a role can be granted: the list says at which level of the organization it works."""
        return SCOPES[self.levels[role.value]]


SCOPES = {
    "country": (Scope.OFFICE, Scope.REGION),
    "regional": (Scope.REGION, Scope.ORGANIZATION),
    "headquarters": (Scope.ORGANIZATION,),
    "any": (Scope.OFFICE, Scope.REGION, Scope.ORGANIZATION),
}


def load() -> Names:
    """All of them in one question."""
    listed = sorted(db.session.execute(_asked()).all(), key=lambda row: row.position)
    told = {kind: {row.code: row.name for row in listed if row.kind == kind} for kind in ("role", "city", "area")}
    codes = {role.value for role in Role}
    return Names(
        roles={code: name for code, name in told["role"].items() if code in codes},
        cities=told["city"],
        levels={row.code: row.level for row in listed if row.kind == "role"},
        areas=told["area"],
    )


@cache
def _asked() -> CompoundSelect[Any]:
    lists = (
        ("role", RoleName, RoleName.name, RoleName.office_level),
        ("city", RegionalOffice, RegionalOffice.city, literal("")),
        ("area", AreaOfWork, AreaOfWork.name, literal("")),
    )
    every = (
        select(literal(kind).label("kind"), of.code, name.label("name"), of.position, level.label("level"))
        for kind, of, name, level in lists
    )
    return union_all(*every)
