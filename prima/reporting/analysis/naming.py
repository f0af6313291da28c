"""What the codes of a dimension are called, in the order of their list, and which list of projects is behind one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import literal, select, union_all

from prima.db import db
from prima.lists import Country, Donor
from prima.places import Office
from prima.projects.stages import Funding
from prima.reporting.models.summary import SEVERAL
from prima.reporting.portfolio import LABELS, NONE, OVER, Filters, Reading

DIMENSIONS: dict[str, Any] = {
    name: LABELS[name]
    for name in (
        "region", "office", "country", "stage", "status", "funding", "year", "type", "area", "activity", "donor",
        "marker", "call", "sdg", "migof", "theme",
    )
}  # fmt: skip
"""What projects can be counted by: the names are those of the filters."""
PLACES: dict[str, tuple[Any, Any]] = {
    "office": (Office, Office.sort_key),
    "country": (Country, Country.sort_key),
    "donor": (Donor, Donor.name),
}
UNSTATED: dict[str, Any] = {
    "region": _l("No Regional Office"),
    "country": _l("No country stated"),
    "donor": _l("No donor: the Fund"),
    "call": _l("In no call"),
}
BEYOND = _l("Allocated beyond the budget")
Names = dict[str, dict[str, str]]
"""By dimension and code, in the order shown."""


def names(reading: Reading, found: Mapping[str, Iterable[str]]) -> Names:
    """What the codes found are called; one question, and none where no office, country or donor is among them."""
    known: Names = {one: {} for one in found}
    wanted = {one: set(codes) for one, codes in found.items()}
    places = [
        select(literal(one).label("kind"), table.code, table.name.label("name"), order.label("position")).where(
            table.code.in_(wanted[one])
        )
        for one, (table, order) in PLACES.items()
        if wanted.get(one)
    ]
    if places:
        for kind, code, name, _order in db.session.execute(union_all(*places).order_by("kind", "position")):
            known[kind][code] = name
    for one, codes in wanted.items():
        if one == "year":
            known[one] = {code: code for code in sorted(codes)}
        else:
            listed = {choice.code: choice.name for choice in reading.choices[one]} if one not in PLACES else known[one]
            known[one] = {code: name for code, name in listed.items() if code in codes}
            known[one] |= {code: code for code in sorted(codes - set(listed) - {NONE, OVER, SEVERAL})}
        last = {
            SEVERAL: _("Several countries, no shares stated"),
            NONE: str(UNSTATED.get(one, _l("Not stated"))),
            OVER: str(BEYOND),
        }
        known[one] |= {code: name for code, name in last.items() if code in codes}
    return known


def behind(filters: Filters, codes: Mapping[str, str], **more: Any) -> dict[str, Any] | None:
    """The filters of the list that shows just these projects; None where no filter can say it."""
    args: dict[str, Any] = {}
    for name, code in codes.items():
        if code in (OVER, SEVERAL) or (name == "country" and code == NONE):
            return None
        if name == "donor" and code == NONE:
            name, code = "funding", Funding.FUND.value
        chosen = getattr(filters, name)
        if chosen not in ("", None) and str(chosen) != code:
            return None
        args[name] = code
    return args | more
