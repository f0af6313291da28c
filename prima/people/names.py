"""What roles and places are called on screen and in letters."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from prima.db import db
from prima.lists import RegionalOffice, RoleName
from prima.places import Office, OfficeKind
from prima.users import Grant, Role, Scope


@dataclass(frozen=True)
class Names:
    """The lists' own names, by code."""

    roles: dict[str, str]
    cities: dict[str, str]
    levels: dict[str, str]
    """Where in the organization a role belongs: country, regional, headquarters or any."""

    def role(self, role: Role) -> str:
        return self.roles[role.value]

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
    rows = db.session.scalars(select(RoleName).order_by(RoleName.position)).all()
    regions = db.session.scalars(select(RegionalOffice)).all()
    codes = {role.value for role in Role}
    return Names(
        roles={row.code: row.name for row in rows if row.code in codes},
        cities={row.code: row.city for row in regions},
        levels={row.code: row.office_level for row in rows},
    )
