"""Everything that waits in the endorsement, by office and region, and how long it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import clock, downloads
from prima.endorsement import queries, workbooks
from prima.endorsement.forms import times_filter, waiting_filter
from prima.endorsement.overview import to_do
from prima.endorsement.queries import Lying, Wanted
from prima.endorsement.steps import NAME_CLEARER
from prima.endorsement.workbooks import Told
from prima.permissions import Action, guard
from prima.projects import visibility
from prima.projects.stages import Status
from prima.spreadsheets.workbook import MOST_ROWS
from prima.users import viewer

bp = Blueprint("waiting", __name__, url_prefix="/waiting")
A_PAGE = 50
Choices = list[tuple[str, str]]
CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.(e[0-9]{12}\.[A-Z0-9.-]{1,60})")
YEARS = 10


@bp.get("")
@guard(Action.SEE_FIGURES)
def index() -> str:
    problems: list[str] = []
    wanted, offered = _wanted(problems)
    after = _cursor(request.args.get("after", ""), problems)
    found = queries.everything(viewer(), wanted, after=after, limit=A_PAGE + 1)
    rows = found[:A_PAGE]
    here = {"region": wanted.region, "office": wanted.office, "role": wanted.role, "late": "yes" if wanted.late else ""}
    kept: dict[str, Any] = {name: value for name, value in here.items() if value}
    last = rows[-1][0] if len(found) > A_PAGE else None
    return render_template(
        "endorsement/waiting.html",
        rows=_told(rows),
        total=rows[0][0].total if rows else 0,
        form=waiting_filter(*offered, here),
        problems=problems,
        reads_reminders=visibility.reads_of_places(viewer()),
        workbook_url=url_for("waiting.workbook", **kept) if rows else None,
        first_url=url_for("waiting.index", **kept) if after else None,
        next_url=url_for("waiting.index", **kept, after=f"{last.since_on.isoformat()}.{last.key}") if last else None,
    )


@bp.get("/list.xlsx")
@guard(Action.SEE_FIGURES)
def workbook() -> Response:
    """All of the list, as it is filtered."""
    problems: list[str] = []
    wanted, _offered = _wanted(problems)
    if problems:
        # A file cannot say that a filter was left out; the list does.
        return redirect(f"{url_for('waiting.index')}?{urlencode(request.args.to_dict())}", 303)
    rows = _told(queries.everything(viewer(), wanted, limit=MOST_ROWS))
    return downloads.workbook(workbooks.waiting(rows), f"prima-waiting-{clock.today().isoformat()}.xlsx")


def _wanted(problems: list[str]) -> tuple[Wanted, tuple[Choices, Choices, Choices]]:
    """The filters in the URL, and what there is to choose."""
    regions, offices, roles = queries.places()
    wanted = Wanted(
        region=_known("region", regions, problems),
        office=_known("office", offices, problems),
        role=_known("role", roles, problems),
        late=request.args.get("late") == "yes",
    )
    return wanted, (regions, offices, roles)


def _told(found: Sequence[tuple[Lying, Sequence[str]]]) -> list[Told]:
    """In words. Where no head of office may clear, it is the endorser's move: to name who does."""
    names = queries.seat_names()
    stuck = {row.project_id for row, who in found if not who and row.status is Status.OFFICE_CLEAR}
    namers = queries.namers(stuck)
    return [
        Told(row, str(NAME_CLEARER), namers[row.project_id])
        if not who and row.project_id in namers
        else Told(row, to_do(row, names), who)
        for row, who in found
    ]


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
        answered=queries.answered(viewer(), asked),
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
