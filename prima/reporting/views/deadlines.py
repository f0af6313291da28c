"""Overdue reports of all projects that one may see, the longest overdue first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from prima.permissions import Action, guard
from prima.reporting import portfolio, queries
from prima.reporting.forms import oversight_filter
from prima.reporting.reminders import asked as asking
from prima.reporting.reminders import oversight
from prima.reporting.steps import state_chip
from prima.users import viewer

bp = Blueprint("deadlines", __name__, url_prefix="/reports")
A_PAGE = 100
FILTERS = ("region", "office", "person", "age")


@bp.get("/overdue")
@guard(Action.SEE_FIGURES)
def overdue() -> str:
    asked, problems = asking.read(request.args, FILTERS)
    after = cursor(request.args.get("after", ""))
    if request.args.get("after") and after is None:
        problems.append(_("This page of the list does not exist; the first is shown."))
    conditions = oversight.of(asked)
    found = queries.overdue(viewer(), conditions=conditions, after=after, limit=A_PAGE + 1)
    rows = found[:A_PAGE]
    last = f"{rows[-1].due_on.isoformat()}.{rows[-1].deadline_id}" if len(found) > A_PAGE else ""
    ages = [(code, oversight.age_name(code)) for code in asking.AGES]
    return render_template(
        "reporting/overdue.html",
        rows=[(row, state_chip(row.state)) for row in rows],
        count=_count(asked, conditions),
        form=oversight_filter(FILTERS, vars(asked), regions=queries.regions(), ages=ages),
        asked=asked,
        problems=problems,
        first_url=url_for("deadlines.overdue", **asked.args()) if after else None,
        next_url=url_for("deadlines.overdue", **asked.args(after=last)) if last else None,
    )


def _count(asked: asking.Asked, conditions: Sequence[Any]) -> int:
    """By place alone it is kept, and the same figure as on the first page and the dashboard."""
    if asked.person or asked.age:
        return queries.count_overdue(None, viewer(), conditions)
    found = portfolio.overdue_by_region(viewer(), portfolio.Filters(region=asked.region, office=asked.office))
    return sum(row.reports for row in found)


def cursor(text: str) -> tuple[date, int] | None:
    """Where the page before ended: a date and a number."""
    day, _dot, number = text.partition(".")
    try:
        found = date.fromisoformat(day), int(number)
    except ValueError:
        return None
    return found if 0 <= found[1] < 2**63 else None
