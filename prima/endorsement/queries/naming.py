"""What people call the desks of an endorsement: a role, for some with its area of work or its Regional Office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CompoundSelect, func, literal, select, union_all

from prima.db import db
from prima.lists import AreaOfWork, RegionalOffice, RoleName
from prima.trees import as_text, parsed


@dataclass(frozen=True)
class Names:
    """Names by (list, code): roles, areas of work, and the cities of Regional Offices."""

    known: Mapping[tuple[str, str], str]

    def role(self, code: str) -> str:
        return _(self.known["role", str(code)])

    def area(self, code: str) -> str:
        return self.known.get(("area", code), code)

    def city(self, code: str) -> str:
        return self.known.get(("city", code), code)

    def seat(self, asked: Any) -> str:
        """Of a clearance, or of a stop of the routing: Regional thematic specialist (Migration health)."""
        role = self.role(asked.role)
        if asked.place:
            return _("%(role)s (%(where)s)", role=role, where=self.city(asked.place))
        if asked.specialist:
            return _("%(role)s (%(where)s)", role=role, where=", ".join(self.area(code) for code in asked.areas))
        return role


def seat_names() -> Names:
    """All of them in one question."""
    return Names({(kind, code): name for kind, code, name in db.session.execute(_asked())})


@cache
def _asked() -> CompoundSelect[Any]:
    columns = (("role", RoleName.code, RoleName.name), ("area", AreaOfWork.code, AreaOfWork.name))
    every = [select(literal(kind), code, name) for kind, code, name in columns]
    every.append(select(literal("city"), RegionalOffice.code, RegionalOffice.city))
    return union_all(*every)


def names_as_text() -> Any:
    """The same as a column of JSON, to be asked beside something else and read by `names_of`."""
    rows = _asked().subquery()
    return as_text(select(func.json_agg(func.json_build_array(*rows.c))).scalar_subquery())


def names_of(text: str | None) -> Names:
    return Names({(kind, code): name for kind, code, name in parsed(text)})
