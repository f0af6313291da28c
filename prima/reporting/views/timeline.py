"""The timeline of many projects: those that the filters choose, by Regional Office or manager, over some years."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from prima import clock
from prima.permissions import Action, guard
from prima.projects.stages import RUNNING
from prima.reporting import portfolio
from prima.reporting.portfolio import running
from prima.reporting.portfolio.filters import YEAR, quoted
from prima.reporting.views.dashboards import tabs
from prima.users import viewer
from prima.yearline import Line, Sign, Span, draw

bp = Blueprint("timeline", __name__)
OWN = ("by", "from", "years", "after", "before")
YEARS = (1, 2, 3, 5)
USUAL = 3
NUMBER = re.compile(r"[0-9]{1,18}")


@bp.get("/timeline")
@guard(Action.SEE_FIGURES)
def show() -> str:
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), {name: values for name, values in given.items() if name not in OWN})
    asked = {name: request.args.get(name, "").strip() for name in OWN}
    by, first, years, way, at, problems = _asked(asked)
    last = first + years - 1
    found = running.running(viewer(), reading.filters, by, date(first, 1, 1), date(last, 12, 31), way=way, at=at)
    if not found.is_found:
        problems.append(_("This page of the timeline does not exist; the first is shown."))

    chosen: dict[str, Any] = {"by": by, "from": first, "years": years}

    def address(**more: Any) -> str:
        return url_for("timeline.show", **reading.filters.args(**chosen | more))

    empty = {running.REGION: _("No Regional Office"), running.MANAGER: _("No manager")}[by]
    groups = [(name or empty, rows) for name, rows in running.groups(found.rows)]
    return render_template(
        "reporting/timeline.html",
        reading=reading,
        filters=reading.filters,
        tabs=tabs(reading.filters, "timeline"),
        shown={name: value for name, value in chosen.items() if asked[name]},
        labels=portfolio.LABELS,
        warnings=[("warning", problem) for problem in (*reading.problems, *problems)],
        found=found,
        groups=groups,
        drawing=draw([(name, list(map(_line, rows))) for name, rows in groups], first, last, clock.today()),
        by=by,
        years=years,
        ways=[(name, words, address(by=name)) for name, words in _ways().items()],
        spans=[(number, address(years=number)) for number in YEARS],
        earlier_url=address(**{"from": first - 1}) if first > 1900 else None,
        later_url=address(**{"from": first + 1}) if last < 2099 else None,
        now_url=address(**{"from": None}),
        previous_url=address(before=found.previous) if found.previous else None,
        next_url=address(after=found.next) if found.next else None,
    )


def _ways() -> dict[str, str]:
    return {running.REGION: _("Regional Office"), running.MANAGER: _("Manager")}


def _asked(asked: Mapping[str, str]) -> tuple[str, int, int, str, int, list[str]]:
    """(grouped by, first year, how many, which way, from which project, what is wrong)."""
    problems = []
    by = asked["by"] or running.REGION
    if by not in _ways():
        problems.append(_("The timeline is not grouped by “%(value)s”; it stands by region.", value=quoted(by)))
        by = running.REGION
    years = int(asked["years"]) if asked["years"] in map(str, YEARS) else USUAL
    if asked["years"] and asked["years"] != str(years):
        problems.append(_("“%(value)s” is no number of years shown here; three are.", value=quoted(asked["years"])))
    first = clock.today().year - years // 2
    if YEAR.fullmatch(asked["from"]):
        first = int(asked["from"])
    elif asked["from"]:
        problems.append(_("“%(value)s” is no year such as 2016; today's is shown.", value=quoted(asked["from"])))
    way = next((name for name in ("after", "before") if asked[name]), "")
    if way and not NUMBER.fullmatch(asked[way]):
        problems.append(_("This page of the timeline does not exist; the first is shown."))
        way = ""
    return by, first, years, way, int(asked[way]) if way else 0, problems


def _line(row: running.Running) -> Line:
    spans = [Span(row.starts_on, row.first_ends_on, "planned")]
    spans += [Span(one.old_end + timedelta(days=1), one.new_end, "extension") for one in row.extensions]
    signs = [Sign(one.name, one.done_on or one.planned_on, "milestone", state(one)) for one in row.milestones]
    signs += [Sign(_("Report overdue"), day, "report", "late") for day in row.overdue]
    url = url_for("projects.show", reference=row.reference)
    return Line(row.name, row.title, url, spans, signs, row.status not in RUNNING)


def state(one: running.Planned) -> str:
    """Of a milestone, as the list and the dashboard count them: done, missed, or ahead."""
    if one.done_on:
        return "done"
    return "late" if one.is_missed else "ahead"
