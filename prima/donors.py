"""The list of donors, kept by administrators: add, change, retire."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from prima import sessions
from prima.db import check_version, db
from prima.errors import Invalid
from prima.journal import record
from prima.lists import Donor
from prima.people.administrators import only_administrators
from prima.users import User, folded

NOT_STATED = "NOT_STATED"
"""Stands for the donor that a source does not name; PRIMA keeps it itself."""
KINDS = {
    "state": _l("State"),
    "eu": _l("European Union"),
    "un": _l("United Nations"),
    "private": _l("Private"),
    "other": _l("Other"),
}
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,19}")


def listed(q: str = "") -> list[Donor]:
    """Donors by name, those in use first; `q` is a part of the name or the code."""
    found = db.session.scalars(select(Donor).where(Donor.code != NOT_STATED))
    words = folded(q).split()
    chosen = (one for one in found if all(word in folded(f"{one.name} {one.code}") for word in words))
    return sorted(chosen, key=lambda one: (one.retired, folded(one.name), one.code))


def find(code: str) -> Donor | None:
    """A donor that administrators keep; codes are capital letters, so nothing odd reaches the database."""
    return db.session.get(Donor, code) if CODE.fullmatch(code) and code != NOT_STATED else None


def version_of(donor: Donor) -> int:
    """A number that differs when what the page changes differs."""
    facts = repr((donor.name, donor.kind, donor.eu_money))
    return int(sessions.hashed(facts)[:12], 16)


def add_donor(*, actor: User, code: str, name: str, kind: str, eu_money: bool) -> Donor:
    only_administrators(actor)
    code = code.strip().upper()
    if not CODE.fullmatch(code):
        raise Invalid("code", _("Use up to 20 capital letters, digits, hyphens or underscores."))
    values = _values(name, kind, eu_money)
    _name_is_free(values["name"], "")
    last = db.session.scalar(select(func.max(Donor.position)).where(Donor.code != NOT_STATED)) or 0
    new = insert(Donor).values(code=code, position=last + 1, retired=False, words=Donor.words_in(values), **values)
    if db.session.scalar(new.on_conflict_do_nothing().returning(Donor.code)) is None:
        raise Invalid("code", _("Another donor has this code already."))
    record(actor, "donor added", actor=actor, code=code, **values)
    return db.session.get_one(Donor, code)


def change_donor(donor: Donor, *, actor: User, name: str, kind: str, eu_money: bool, version: int) -> None:
    only_administrators(actor)
    donor = _locked(donor)
    values = _values(name, kind, eu_money)
    typed = {
        "name": (_("Name"), donor.name, str(values["name"])),
        "kind": (_("Kind"), str(KINDS[donor.kind]), str(KINDS[kind])),
        "eu_money": (_("Money of the European Union"), _yes(donor.eu_money), _yes(bool(values["eu_money"]))),
    }
    check_version(_Seen(donor), version, who=_("Another administrator"), typed=typed)
    before = {field: getattr(donor, field) for field in values}
    if before == values:
        return
    _name_is_free(values["name"], donor.code)
    for field, value in values.items():
        setattr(donor, field, value)
    record(actor, "donor changed", actor=actor, code=donor.code, name=donor.name, before=before, after=values)


def retire_donor(donor: Donor, *, actor: User) -> None:
    """Projects keep a retired donor; new ones cannot choose it."""
    _retire(donor, actor, retired=True)


def restore_donor(donor: Donor, *, actor: User) -> None:
    _retire(donor, actor, retired=False)


def _retire(donor: Donor, actor: User, *, retired: bool) -> None:
    only_administrators(actor)
    donor = _locked(donor)
    if donor.retired is not retired:
        donor.retired = retired
        event = "donor retired" if retired else "donor restored"
        record(actor, event, actor=actor, code=donor.code, name=donor.name)


class _Seen:
    def __init__(self, donor: Donor):
        self.version = version_of(donor)


def _locked(donor: Donor) -> Donor:
    query = select(Donor).where(Donor.code == donor.code).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _values(name: str, kind: str, eu_money: bool) -> dict[str, Any]:
    if kind not in KINDS:
        raise Invalid("kind", _("Please choose one."))
    return {"name": " ".join(name.split()), "kind": kind, "eu_money": eu_money or kind == "eu"}


def _name_is_free(name: object, code: str) -> None:
    """Two donors of one name could not be told apart where one chooses them."""
    if any(one.code != code and folded(one.name) == folded(str(name)) for one in listed()):
        raise Invalid("name", _("Another donor has this name already."))


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
