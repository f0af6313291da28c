"""What the journal holds of an account, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.journal import Entry
from prima.people.names import Names
from prima.users import Role

EVENTS = {
    "account created": _l("Account created"),
    "account changed": _l("Name or address changed"),
    "address changed": _l("Old address told of the new one"),
    "account disabled": _l("Account disabled"),
    "account enabled": _l("Account enabled"),
    "password changed": _l("Password changed"),
    "password chosen by link": _l("Password chosen by a mailed link"),
    "password link sent": _l("Password link sent"),
    "password link asked for": _l("Forgotten password: link sent"),
    "role granted": _l("Role granted"),
    "grant confirmed": _l("Role confirmed"),
    "grant revoked": _l("Role revoked"),
    "delegation made": _l("Colleague stands in"),
    "delegation ended": _l("Standing in ended"),
    "letters chosen": _l("Chose how letters come"),
    "calendar address made": _l("Calendar address made"),
    "calendar address revoked": _l("Calendar address revoked"),
    "donor added": _l("Donor added"),
    "donor changed": _l("Donor changed"),
    "donor retired": _l("Donor retired"),
    "donor restored": _l("Donor restored"),
}


@dataclass(frozen=True)
class Told:
    at: datetime
    who: str
    what: str
    detail: str


def tell(entries: list[Entry], names: Names) -> list[Told]:
    return [
        Told(entry.at, _who(entry), str(EVENTS.get(entry.event, entry.event)), _detail(entry, names))
        for entry in entries
    ]


def _who(entry: Entry) -> str:
    if entry.actor:
        return entry.actor.name
    return _("Operator") if entry.data.get("by") == "operator" else _("Somebody who gave the address")


def _detail(entry: Entry, names: Names) -> str:
    data = entry.data
    parts = []
    if data.get("role") in names.roles:
        parts.append(names.role(Role(data["role"])))
    if data.get("areas"):
        parts.append(names.areas_of(data["areas"]))
    parts += [str(data[name]) for name in ("at", "code", "name", "email", "reason") if data.get(name)]
    if "from_on" in data:
        parts.insert(0, _("%(from_on)s to %(until_on)s", from_on=data["from_on"], until_on=data["until_on"]))
    before, after = data.get("before") or {}, data.get("after") or {}
    parts += [f"{before.get(field)} → {value}" for field, value in after.items() if before.get(field) != value]
    return ", ".join(parts)
