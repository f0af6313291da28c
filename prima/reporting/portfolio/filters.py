"""The language of filters in a URL: read strictly, each wrong value named, the others applied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.projects.stages import Funding

NONE = "none"
"""The value that asks for what is not stated: no area of work, no type, no Regional Office."""
PAGING = ("after", "before")
YES = "yes"
LONGEST_WORDS = 200
LONGEST_QUOTE = 60
YEAR = re.compile(r"(19|20)[0-9]{2}")

LABELS: dict[str, Any] = {
    "q": _l("Words"),
    "region": _l("Regional Office"),
    "year": _l("Funding year"),
    "status": _l("Status"),
    "stage": _l("Stage"),
    "funding": _l("Funding"),
    "area": _l("Area of work"),
    "activity": _l("Activity type"),
    "country": _l("Country"),
    "office": _l("Office"),
    "donor": _l("Donor"),
    "type": _l("Project type"),
    "marker": _l("Gender marker"),
    "call": _l("Call for proposals"),
    "overdue": _l("Overdue reports"),
}
FUNDINGS: dict[str, Any] = {Funding.FUND.value: _l("Fund"), Funding.DONOR.value: _l("Donor")}
MAY_BE_NONE = frozenset({"region", "area", "activity", "type", "marker", "call"})
TYPED = frozenset({"country", "office", "donor"})
"""Lists too long to choose from: typed as a code or a name."""


@dataclass(frozen=True)
class Filters:
    """Which projects are meant. Every value is a code; empty means all."""

    q: str = ""
    region: str = ""
    year: int | None = None
    status: str = ""
    stage: str = ""
    funding: str = ""
    area: str = ""
    activity: str = ""
    country: str = ""
    office: str = ""
    donor: str = ""
    type: str = ""
    marker: str = ""
    call: str = ""
    overdue: bool = False

    def args(self, **more: Any) -> dict[str, Any]:
        """The arguments of a URL that asks for these filters; `more` are set beside or instead."""
        given = {one.name: getattr(self, one.name) for one in fields(self)} | more
        given["overdue"] = YES if given["overdue"] else ""
        return {name: value for name, value in given.items() if value not in (None, "")}

    def __bool__(self) -> bool:
        return self != Filters()

    @property
    def further(self) -> bool:
        """Whether one of the filters is set that are asked for less often."""
        return bool(replace(self, q="", region="", year=None, status=""))


@dataclass(frozen=True)
class Choice:
    """A value that a filter can have. `more` is the stage of a status."""

    code: str
    name: str
    more: str = ""


Choices = Mapping[str, Sequence[Choice]]
"""By the name of the filter."""


def parse(given: Mapping[str, Sequence[str]], choices: Choices) -> tuple[Filters, list[str]]:
    """The filters, and a sentence about everything that could not be one."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, values in given.items():
        wanted = [value.strip() for value in values if value.strip()]
        if name in PAGING or not wanted:
            continue
        if name not in LABELS:
            problems.append(_("“%(name)s” is no filter of this list; it was left out.", name=quoted(name)))
            continue
        if len(set(wanted)) > 1:
            problems.append(
                _(
                    "%(label)s is given more than once; only “%(value)s” is used.",
                    label=LABELS[name],
                    value=quoted(wanted[0]),
                )
            )
        value = _value(name, wanted[0], choices)
        if value is None:
            problems.append(_wrong(name, wanted[0]))
        else:
            found[name] = value
    return Filters(**found), problems


def _value(name: str, text: str, choices: Choices) -> Any:
    """The value of a filter, or None when there is no such."""
    match name:
        case "q":
            return text if len(text) <= LONGEST_WORDS and not _has_controls(text) else None
        case "year":
            return int(text) if YEAR.fullmatch(text) else None
        case "overdue":
            return True if text == YES else None
        case "funding":
            return text if text in FUNDINGS else None
    if text == NONE and name in MAY_BE_NONE:
        return NONE
    if name in TYPED:
        # One name can belong to one row only; a code goes before a name.
        rows = choices.get(name, ())
        return next((row.code for row in (*(r for r in rows if r.code == text), *rows)), None)
    return text if text in {row.code for row in choices.get(name, ())} else None


def _wrong(name: str, text: str) -> str:
    label, value = LABELS[name], quoted(text)
    match name:
        case "year":
            return _(
                "%(label)s: “%(value)s” is no year such as 2016; this filter was left out.", label=label, value=value
            )
        case "overdue":
            return _("%(label)s: “%(value)s” is not “yes”; this filter was left out.", label=label, value=value)
        case "q":
            return _(
                "%(label)s: “%(value)s” cannot be searched for; use at most %(most)s characters of text.",
                label=label,
                value=value,
                most=LONGEST_WORDS,
            )
    return _("%(label)s: “%(value)s” is not known; this filter was left out.", label=label, value=value)


def quoted(text: str) -> str:
    """What was asked for, short and printable, to be repeated in a sentence."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= LONGEST_QUOTE else shown[: LONGEST_QUOTE - 1] + "…"


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def stages(statuses: Iterable[Choice]) -> list[Choice]:
    """The stages that statuses belong to, in order."""
    return [Choice(stage, capital(stage)) for stage in dict.fromkeys(status.more for status in statuses)]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
