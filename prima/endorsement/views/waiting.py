"""Everything that waits in the endorsement, by office and region, and how long it takes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from prima import clock
from prima.endorsement import queries
from prima.endorsement.forms import times_filter, waiting_filter
from prima.endorsement.overview import to_do
from prima.endorsement.queries import Wanted
from prima.permissions import Action, guard
from prima.users import viewer

bp = Blueprint("waiting", __name__, url_prefix="/waiting")
A_PAGE = 50
CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.(e[0-9]{12}\.[A-Z0-9.-]{1,60})")
YEARS = 10


@bp.get("")
@guard(Action.SEE_FIGURES)
def index() -> str:
    regions, offices, roles = queries.places()
    problems: list[str] = []
    wanted = Wanted(
        region=_known("region", regions, problems),
        office=_known("office", offices, problems),
        role=_known("role", roles, problems),
        late=request.args.get("late") == "yes",
    )
    after = _cursor(request.args.get("after", ""), problems)
    found = queries.everything(viewer(), wanted, after=after, limit=A_PAGE + 1)
    rows = found[:A_PAGE]
    names = queries.seat_names()
    here = {"region": wanted.region, "office": wanted.office, "role": wanted.role, "late": "yes" if wanted.late else ""}
    kept: dict[str, Any] = {name: value for name, value in here.items() if value}
    last = rows[-1][0] if len(found) > A_PAGE else None
    return render_template(
        "endorsement/waiting.html",
        rows=[(row, to_do(row, names), who) for row, who in rows],
        total=rows[0][0].total if rows else 0,
        form=waiting_filter(regions, offices, roles, here),
        problems=problems,
        first_url=url_for("waiting.index", **kept) if after else None,
        next_url=url_for("waiting.index", **kept, after=f"{last.since_on.isoformat()}.{last.key}") if last else None,
    )


@bp.get("/times")
@guard(Action.SEE_FIGURES)
def times() -> str:
    this_year = clock.today().year
    years = [str(year) for year in range(this_year, this_year - YEARS, -1)]
    problems: list[str] = []
    year = _known("year", [(one, one) for one in years], problems)
    asked = int(year) if year else None
    return render_template(
        "endorsement/times.html",
        form=times_filter(years, year),
        problems=problems,
        endorsed=queries.to_endorsement(viewer(), asked),
        answered=queries.to_answer(viewer(), asked),
    )


def _known(name: str, offered: list[tuple[str, str]], problems: list[str]) -> str:
    given = request.args.get(name, "")
    if given and given not in dict(offered):
        problems.append(_("There is no “%(value)s” to choose; all are shown.", value=given[:40]))
        return ""
    return given


def _cursor(given: str, problems: list[str]) -> tuple[date, str] | None:
    if not given:
        return None
    matched = CURSOR.fullmatch(given)
    try:
        if matched:
            return date.fromisoformat(matched[1]), matched[2]
    except ValueError:
        pass
    problems.append(_("This page of the list does not exist; the first is shown."))
    return None
