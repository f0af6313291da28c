"""The language of filters in a URL: read strictly, each wrong value named, the others applied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.projects.stages import Funding

NONE = "none"
"""The value that asks for what is not stated: no area of work, no type, no Regional Office."""
PAGING = ("after", "before")
SHOWING = ("sort", "columns", "figures")
"""How the list shows what is chosen; no filters."""
YES, MISSED = "yes", "missed"
LONGEST_WORDS = 200
LONGEST_QUOTE = 60
LONGEST_DAYS = 366
MOST_NAMED = 5
"""So many sentences about what was wrong; more of them are counted."""
YEAR = re.compile(r"(19|20)[0-9]{2}")
DAYS = re.compile(r"[1-9][0-9]{0,2}")
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?|[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{1,2})?")

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
    "sdg": _l("SDG target"),
    "migof": _l("Migration governance"),
    "theme": _l("Cross-cutting theme"),
    "person": _l("Person"),
    "min": _l("Budget from, USD"),
    "max": _l("Budget up to, USD"),
    "ending": _l("Ending within days"),
    "extended": _l("Extended"),
    "evaluation": _l("Evaluation open"),
    "milestones": _l("Milestones"),
    "due": _l("Report due within days"),
    "bookmarked": _l("Bookmarked"),
}
FUNDINGS: dict[str, Any] = {Funding.FUND.value: _l("Fund"), Funding.DONOR.value: _l("Donor")}
MAY_BE_NONE = frozenset({"region", "area", "activity", "type", "marker", "call", "sdg", "migof", "theme"})
TYPED = frozenset({"country", "office", "donor", "person"})
"""Lists too long to choose from: typed as a code or a name; a person by name or e-mail address."""
FLAGS = frozenset({"overdue", "extended", "evaluation", "bookmarked"})
"""Either "yes" or not asked for."""
AMOUNTS, SPANS = frozenset({"min", "max"}), frozenset({"ending", "due"})
WRITTEN = (*sorted(AMOUNTS), *sorted(SPANS), "q")
"""What is written freely: it stands in its field again, also when it was wrong."""


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
    sdg: str = ""
    migof: str = ""
    theme: str = ""
    person: str = ""
    """The e-mail address of who develops, manages or is alternate now."""
    min: Decimal | None = None
    max: Decimal | None = None
    ending: int | None = None
    """Running, and the agreed end is within so many days."""
    extended: bool = False
    """By at least one approved extension."""
    evaluation: bool = False
    """Its window is open or past, and nothing has been handed in."""
    milestones: str = ""
    """MISSED: a planned day has passed and the milestone is not reached."""
    due: int | None = None
    """A report is due within so many days and not handed in."""
    bookmarked: bool = False
    """By whoever looks."""

    def args(self, **more: Any) -> dict[str, Any]:
        """The arguments of a URL that asks for these filters; `more` are set beside or instead."""
        given = {one.name: getattr(self, one.name) for one in fields(self)} | more
        given |= {name: YES if given[name] else "" for name in FLAGS}
        given |= {name: f"{given[name]:f}" for name in AMOUNTS if isinstance(given[name], Decimal)}
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
    retired: bool = False


Choices = Mapping[str, Sequence[Choice]]
"""By the name of the filter."""


def parse(given: Mapping[str, Sequence[str]], choices: Choices) -> tuple[Filters, list[str]]:
    """The filters, and a sentence about everything that could not be one, or is no longer in use."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, values in given.items():
        wanted = [value.strip() for value in values if value.strip()]
        if name in (*PAGING, *SHOWING) or not wanted:
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
            problems.append(_wrong(name, wanted[0], choices))
            continue
        found[name] = value
        if retired := next((row for row in choices.get(name, ()) if row.code == value and row.retired), None):
            problems.append(
                _(
                    "%(label)s: “%(value)s” is no longer in use; these are the projects that still carry it.",
                    label=LABELS[name],
                    value=quoted(retired.name),
                )
            )
    if (low := found.get("min")) is not None and (high := found.get("max")) is not None and low > high:
        del found["min"], found["max"]
        problems.append(
            _(
                "No budget is from USD %(low)s up to USD %(high)s: the first is more than the second, "
                "so both were left out.",
                low=f"{low:,f}",
                high=f"{high:,f}",
            )
        )
    if len(problems) > MOST_NAMED:
        more = len(problems) - MOST_NAMED + 1
        problems[MOST_NAMED - 1 :] = [_("%(number)s more parts of the address could not be used.", number=more)]
    return Filters(**found), problems


def _value(name: str, text: str, choices: Choices) -> Any:
    """The value of a filter, or None when there is no such."""
    if name in FLAGS:
        return True if text == YES else None
    if name in AMOUNTS:
        return Decimal(text.replace(",", "")) if AMOUNT.fullmatch(text) else None
    if name in SPANS:
        return int(text) if DAYS.fullmatch(text) and int(text) <= LONGEST_DAYS else None
    match name:
        case "q":
            return text if len(text) <= LONGEST_WORDS and not _has_controls(text) else None
        case "year":
            return int(text) if YEAR.fullmatch(text) else None
        case "milestones":
            return text if text == MISSED else None
        case "funding":
            return text if text in FUNDINGS else None
    if text == NONE and name in MAY_BE_NONE:
        return NONE
    rows = choices.get(name, ())
    if name == "person":
        # Two people may share a name, but no address.
        people = {row.code for row in rows}
        return text.casefold() if text.casefold() in people else people.pop() if len(people) == 1 else None
    if name in TYPED:
        # One name can belong to one row only; a code goes before a name.
        return next((row.code for row in (*(r for r in rows if r.code == text), *rows)), None)
    return text if text in {row.code for row in rows} else None


def _wrong(name: str, text: str, choices: Choices) -> str:
    label, value = LABELS[name], quoted(text)
    if name in FLAGS:
        return _("%(label)s: “%(value)s” is not “yes”; this filter was left out.", label=label, value=value)
    if name in AMOUNTS:
        return _(
            "%(label)s: “%(value)s” is no amount such as 250000; this filter was left out.", label=label, value=value
        )
    if name in SPANS:
        return _(
            "%(label)s: “%(value)s” is no number of days from 1 to %(most)s; this filter was left out.",
            label=label,
            value=value,
            most=LONGEST_DAYS,
        )
    match name:
        case "milestones":
            return _("%(label)s: “%(value)s” is not “missed”; this filter was left out.", label=label, value=value)
        case "person" if choices.get(name):
            return _(
                "%(label)s: several people are called “%(value)s”; type an e-mail address. This filter was left out.",
                label=label,
                value=value,
            )
        case "year":
            return _(
                "%(label)s: “%(value)s” is no year such as 2016; this filter was left out.", label=label, value=value
            )
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
