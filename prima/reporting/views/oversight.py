"""Oversight of reminders: on one project and on all that one may see; what is overdue where; what nobody was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import clock, downloads
from prima.notifications import number
from prima.permissions import Action, guard
from prima.projects import visibility
from prima.projects.models import Project
from prima.reporting import queries, workbooks
from prima.reporting.forms import OversightFilter, oversight_filter
from prima.reporting.operations.exports import ROWS_AT_ONCE
from prima.reporting.reminders import REASONS, oversight, step_words
from prima.reporting.reminders import asked as asking
from prima.reporting.reminders.oversight import KINDS, SIZE, Share, Told
from prima.users import viewer

bp = Blueprint("reminders", __name__)
OF_LETTERS = ("region", "office", "person", "about", "days")
OF_LATE = ("region", "office", "person", "age")
OF_NEVER = ("region", "office", "person", "about")
MOST_ROWS = 25
"""Offices and managers shown; the others are counted together, and stand in the workbook."""
NO_SUCH_PAGE = "This page of the list does not exist; the first is shown."


@bp.get("/reminders")
@guard(Action.SEE_FIGURES)
def index() -> str:
    asked, problems = asking.read(request.args, OF_LETTERS)
    before, beyond = edge()
    found = oversight.told(viewer(), asked, before=before)
    rows = found[:SIZE]
    return render_template(
        "reporting/reminders/index.html",
        **frame("reminders.index", asked, problems + beyond, OF_LETTERS),
        rows=lines(rows),
        count=oversight.count_never(viewer(), asked),
        first_url=url_for("reminders.index", **asked.args()) if before else None,
        next_url=url_for("reminders.index", **asked.args(before=rows[-1].letter_id)) if len(found) > SIZE else None,
    )


@bp.get("/reminders/overdue")
@guard(Action.SEE_FIGURES)
def overdue() -> str:
    asked, problems = asking.read(request.args, OF_LATE)
    late = oversight.late(viewer(), asked)
    cuts = (
        (_("Overdue by Regional Office"), _("Regional Office"), "region", late.regions),
        (_("Overdue by age"), _("How late"), "age", late.ages),
        (_("Overdue by office"), _("Office"), "office", late.offices),
        (_("Overdue by manager"), _("Manager"), "person", late.managers),
    )
    return render_template(
        "reporting/reminders/overdue.html",
        **frame("reminders.overdue", asked, problems, OF_LATE),
        late=late,
        cuts=[(*words, rows[:MOST_ROWS], _sum(rows[MOST_ROWS:])) for *words, rows in cuts],
    )


@bp.get("/reminders/never")
@guard(Action.SEE_FIGURES)
def never() -> str:
    asked, problems = asking.read(request.args, OF_NEVER)
    given = request.args.get("after", "")
    after = place(given)
    if given and after is None:
        problems.append(_(NO_SUCH_PAGE))
    found = oversight.never(viewer(), asked, after=after)
    rows = found[:SIZE]
    last = f"{rows[-1].due_on.isoformat()}.{rows[-1].cause}" if len(found) > SIZE else ""
    return render_template(
        "reporting/reminders/never.html",
        **frame("reminders.never", asked, problems, OF_NEVER),
        rows=rows,
        count=oversight.count_never(viewer(), asked),
        first_url=url_for("reminders.never", **asked.args()) if after else None,
        next_url=url_for("reminders.never", **asked.args(after=last)) if last else None,
    )


@bp.get("/reminders.xlsx")
@guard(Action.SEE_FIGURES)
def workbook() -> Response:
    """With the filters of the page it was asked from; what a part of it cannot be asked is left to the others."""
    asked, _problems = asking.read(request.args)
    most = ROWS_AT_ONCE + 1  # one more, to know whether there are more
    sheets = workbooks.oversight(
        [(*line, str(line[0].how[0])) for line in lines(oversight.told(viewer(), asked, limit=most))],
        oversight.late(viewer(), asked),
        queries.overdue(viewer(), conditions=oversight.of(asked), limit=most),
        oversight.never(viewer(), asked, limit=most),
        {about: str(word) for about, word in KINDS.items()},
        most=ROWS_AT_ONCE,
    )
    return downloads.workbook(sheets, f"prima-reminders-{clock.today().isoformat()}.xlsx")


@bp.get("/projects/<reference>/reminders")
@guard(Action.VIEW_INTERNAL, queries.project)
def project(project: Project) -> str:
    before, beyond = edge()
    found = oversight.told(viewer(), project_id=project.id, before=before)
    rows = found[:SIZE]
    here = url_for("reminders.project", reference=project.reference)
    return render_template(
        "reporting/reminders/project.html",
        project=project,
        rows=lines(rows),
        problem=beyond[0] if beyond else "",
        first_url=here if before else None,
        next_url=f"{here}?before={rows[-1].letter_id}" if len(found) > SIZE else None,
    )


def lines(rows: Sequence[Told]) -> list[tuple[Told, str, str, str]]:
    """Each with its words: what kind it is, at which step, and why this person."""
    return [
        (row, str(KINDS[row.about]), step_words(row.step), str(REASONS[row.reason]) if row.reason else "")
        for row in rows
    ]


def frame(here: str, asked: asking.Asked, problems: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """What every part of oversight shows around its own."""
    return {
        "here": here,
        "tabs": tabs(here, asked),
        "asked": asked,
        "problems": problems,
        "form": filters(names, asked),
        "most": ROWS_AT_ONCE,
    }


def filters(names: Sequence[str], asked: asking.Asked) -> OversightFilter:
    return oversight_filter(
        names,
        vars(asked),
        regions=queries.regions(),
        kinds=[(about.value, str(word)) for about, word in KINDS.items()],
        ages=[(code, oversight.age_name(code)) for code in asking.AGES],
    )


def tabs(here: str, asked: asking.Asked) -> list[tuple[str, str, bool, None]]:
    """The parts of oversight, at the same places and of the same people."""
    same: dict[str, Any] = asked.args(about=None, days=None, age=None)
    parts = (
        ("reminders.index", _("Reminders")),
        ("reminders.overdue", _("Overdue")),
        ("reminders.never", _("Never reminded")),
    )
    # What is overdue is everybody's to read; of letters only who reads of a place finds any, or who has a project.
    all_of_them = visibility.reads_of_places(viewer())
    offered = [part for part in parts if all_of_them or part[0] in ("reminders.overdue", here)]
    shown = offered if len(offered) > 1 else []
    return [(label, url_for(endpoint, **same), endpoint == here, None) for endpoint, label in shown]


def edge() -> tuple[int | None, list[str]]:
    """The letter before which the page begins; what is none begins at the newest, and says so."""
    given = request.args.get("before", "")
    found = number(given)
    return found, [_(NO_SUCH_PAGE)] if given and found is None else []


def place(text: str) -> tuple[date, str] | None:
    """Where the page before ended: a day and a cause."""
    day, _dot, cause = text.partition(".")
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return (found, cause) if cause.isascii() and cause.isprintable() and len(cause) < 40 else None


def _sum(rows: Sequence[Share]) -> int:
    return sum(row.count for row in rows)
