"""The Fund's calls for proposals, as a project meets them: which is open on a day at its office, which comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from prima import clock
from prima.handbook.edition import Rule
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need


@dataclass(frozen=True)
class Call:
    """A funding round that fits a project's year, region and line."""

    code: str
    name: str
    region_code: str | None
    line_code: str | None
    opens_on: date
    cut_off_on: date
    closed: bool

    def is_open(self, day: date) -> bool:
        return not self.closed and self.opens_on <= day <= self.cut_off_on


def read(rows: Iterable[Mapping[str, Any]]) -> list[Call]:
    """Calls as the database tells them in JSON, those made for the region or the line before those open to all."""
    found = [
        Call(
            row["code"],
            row["name"],
            row["region_code"],
            row["line_code"],
            date.fromisoformat(row["opens_on"]),
            date.fromisoformat(row["cut_off_on"]),
            row["closed_at"] is not None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (not one.region_code, not one.line_code, one.cut_off_on, one.code))


def day_at(office: Any) -> date:
    """Today at an office: a cut-off is a date there."""
    return clock.today_at(office.time_zone)


def day_there(office: Any, moment: datetime) -> date:
    """The day that a moment falls on at an office: what is handed over is handed over on a date there."""
    return moment.astimezone(ZoneInfo(office.time_zone)).date()


def open_call(project: Any) -> Call | None:
    """The call that a proposal submitted now goes into."""
    day = day_at(project.office)
    return next((one for one in project.calls or () if one.is_open(day)), None)


def next_call(project: Any) -> Call | None:
    day = day_at(project.office)
    coming = [one for one in project.calls or () if not one.closed and one.opens_on > day]
    return min(coming, key=lambda one: one.opens_on, default=None)


def last_call(project: Any) -> Call | None:
    """The call whose cut-off passed last, or that was closed."""
    day = day_at(project.office)
    gone = [one for one in project.calls or () if one.opens_on <= day and not one.is_open(day)]
    return max(gone, key=lambda one: one.cut_off_on, default=None)


def said(project: Any) -> str:
    """Which call a proposal goes into when it is submitted now, in sentences; nothing where there are no calls."""
    if project.funding != "fund" or project.calls is None:
        return ""
    if project.funding_round_code:
        return _("This proposal is in the call %(code)s and stays in it.", code=project.funding_round_code)
    if not project.calls:
        return _("No call for proposals is known for this funding year, region and line.")
    if here := open_call(project):
        left = (here.cut_off_on - day_at(project.office)).days
        until = (
            ngettext("%(num)s day is left.", "%(num)s days are left.", left) if left else _("Today is the last day.")
        )
        return _(
            "Submitted now, it goes into the call %(call)s, open until %(day)s. %(until)s",
            call=named(here),
            day=format_date(here.cut_off_on, "d MMM y"),
            until=until,
        )
    parts = []
    if gone := last_call(project):
        over = _("The call %(call)s has been closed.") if gone.closed else _("The cut-off of %(call)s was on %(day)s.")
        parts.append(over % {"call": named(gone), "day": format_date(gone.cut_off_on, "d MMM y")})
    else:
        parts.append(_("No call is open now."))
    if coming := next_call(project):
        day = format_date(coming.opens_on, "d MMM y")
        parts.append(_("The next call is %(call)s, from %(day)s.", call=named(coming), day=day))
    else:
        parts.append(_("No further call is known yet."))
    return " ".join(parts)


def named(call: Any) -> str:
    return _("%(code)s (%(name)s)", code=call.code, name=call.name)


def is_up(one: Any, day: date) -> bool:
    """Whether a retained proposal can be taken up in it: it has opened, and the Fund has not closed it."""
    return one.closed_at is None and one.opens_on <= day


def overlapping(rounds: Sequence[Any], one: Mapping[str, Any]) -> Any:
    """Another round for the same year, region and line whose days meet those given."""
    same = ("funding_year", "region_code", "line_code")
    for other in rounds:
        alike = all(getattr(other, name) == one[name] for name in same)
        if alike and other.opens_on <= one["cut_off_on"] and one["opens_on"] <= other.cut_off_on:
            return other
    return None


def _open_call(project: Any, rule: Rule) -> Need | None:
    """Asked once: what is in a call stays in it. Where no call is known for the year, region and line nothing is."""
    if project.funding_round_code or not project.calls or project.status != "DRAFT" or open_call(project):
        return None
    return unmet(rule, project, "readiness.show", "", said(project))


MEASURES: dict[str, Measure] = {"OPEN_CALL": _open_call}
