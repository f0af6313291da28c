"""What a list of reminders or of overdue reports is asked for in its address: read strictly, each wrong value named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, or_, select

from prima.db import db
from prima.lists import RegionalOffice
from prima.places import Office, OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.visibility import region_link
from prima.reporting.models import About
from prima.users import User, folded

NONE = "none"
"""Asks for what belongs to no Regional Office, or has no manager."""
LONGEST = 200
MOST_DAYS = 366
NAMES = ("region", "office", "person", "about", "days", "age")
PAGING = ("before", "after")

AGES: dict[str, tuple[int, int | None]] = {
    "1-7": (0, 7), "8-30": (8, 30), "31-90": (31, 90), "91-180": (91, 180), "181-365": (181, 365), "366": (366, None),
}  # fmt: skip
"""By their code, from how many days to how many something is late; where the day ends earlier, a day more."""


@dataclass(frozen=True)
class Asked:
    region: str = ""
    office: str = ""
    person: str = ""
    """A manager, alternate or recipient, as typed: a name or an e-mail address."""
    about: str = ""
    days: int | None = None
    age: str = ""
    people: tuple[int, ...] = field(default=(), compare=False)
    """The accounts that are meant by `person`."""

    def args(self, **more: Any) -> dict[str, Any]:
        """The arguments of an address that asks for the same; `more` are set beside or instead."""
        given: dict[str, Any] = {name: getattr(self, name) for name in NAMES} | more
        return {name: value for name, value in given.items() if value not in (None, "")}

    def __bool__(self) -> bool:
        return self != Asked()


def read(given: Mapping[str, str], names: tuple[str, ...] = NAMES) -> tuple[Asked, list[str]]:
    """What is asked, and a sentence about everything that could not be; `names` are those that the list knows."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in ((name, text.strip()) for name, text in given.items()):
        if name in PAGING or not text:
            continue
        if name not in names:
            problems.append(_("“%(name)s” is no filter of this list; it was left out.", name=shown(name)))
            continue
        value = _value(name, text)
        if value is None:
            problems.append(_wrong(name, text))
        elif name == "person":
            found |= {"person": text, "people": value}
        else:
            found[name] = value
    return Asked(**found), problems


def shown(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:60])
    return printable if len(text) <= 60 else printable + "…"


def _value(name: str, text: str) -> Any:
    if len(text) > LONGEST or not text.isprintable():
        return None
    session = db.session()
    match name:
        case "days":
            return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_DAYS else None
        case "age":
            return text if text in AGES else None
        case "about":
            return text if text in set(About) else None
        case "region":
            code = session.scalar(select(RegionalOffice.code).where(RegionalOffice.code == text))
            return NONE if text == NONE else code
        case "office":
            named = or_(Office.code == text, Office.sort_key == folded(text))
            return session.scalar(select(Office.code).where(named).order_by(Office.code != text, Office.id).limit(1))
    if text == NONE:
        return ()
    named = or_(User.email == text.casefold(), User.sort_key == folded(text))
    return tuple(session.scalars(select(User.id).where(named).order_by(User.id))) or None


def _wrong(name: str, text: str) -> str:
    if name == "days":
        return _("“%(text)s” is no number of days from 1 to 366; all are shown.", text=shown(text))
    if name == "person":
        return _("Nobody is called “%(text)s” or has that address; everybody is shown.", text=shown(text))
    if name == "office":
        return _("There is no office “%(text)s”; all are shown.", text=shown(text))
    if name == "region":
        return _("There is no Regional Office “%(code)s”; all are shown.", code=shown(text))
    return _("“%(text)s” is not known; this filter was left out.", text=shown(text))


def places(asked: Asked) -> list[ColumnElement[bool]]:
    """Conditions on Project, whatever it is joined to: its Regional Office and its office."""
    found: list[ColumnElement[bool]] = []
    linked = select(OfficeLink.id).where(region_link())
    if asked.region == NONE:
        found.append(~linked.correlate(Project).exists())
    elif asked.region:
        found.append(linked.where(OfficeLink.region_code == asked.region).correlate(Project).exists())
    if asked.office:
        found.append(Project.office_id.in_(select(Office.id).where(Office.code == asked.office)))
    return found


def managed(asked: Asked) -> ColumnElement[bool]:
    """A condition on Project: the person is the one it is counted for as manager, or it has none."""
    if asked.person == NONE:
        return ~exists().where(*_manages())
    return manager_of().in_(asked.people)


def _manages() -> tuple[ColumnElement[bool], ...]:
    return Party.project_id == Project.id, Party.part == Part.MANAGER, Party.until_at.is_(None)


def manager_of() -> Any:
    """The manager of a project; of several the first, so that sums by manager are those of the whole."""
    return select(func.min(Party.user_id)).where(*_manages()).correlate(Project).scalar_subquery()
