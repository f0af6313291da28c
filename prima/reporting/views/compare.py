"""Two regions, years, offices or projects compared."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from prima.filters import day
from prima.permissions import Action, can, guard
from prima.projects import queries as project_queries
from prima.projects.models import Project
from prima.projects.stages import RUNNING
from prima.reporting import portfolio, queries
from prima.reporting.analysis import comparing
from prima.reporting.overview import lights_of, today_at
from prima.reporting.portfolio.filters import quoted
from prima.reporting.views.analysis import frame
from prima.users import viewer

bp = Blueprint("compare", __name__)
OWN = ("what", "a", "b")
LONGEST = 100


@bp.get("/compare")
@guard(Action.SEE_FIGURES)
def show() -> str:
    what, problems = request.args.get("what", "").strip() or "region", []
    if what not in comparing.WHAT:
        problems.append(_("“%(value)s” cannot be compared; regions are.", value=quoted(what)))
        what = "region"
    typed = {name: request.args.get(name, "").strip() for name in ("a", "b")}
    given = request.args.to_dict(flat=False)
    if request.args.get(what, "").strip():
        problems.append(_("%(label)s is what is compared; as a filter it was left out.", label=comparing.WHAT[what]))
    reading = portfolio.read(viewer(), {name: row for name, row in given.items() if name not in (*OWN, what)})
    found: Any = _projects(typed, problems) if what == "project" else _sides(what, typed, problems)
    told: dict[str, Any] = {"sides": [], "facts": [], "tables": [], "lights": []}
    same = len(found) == len(typed) and len({_identity(one) for one in found}) == 1
    if len(found) == len(typed) and not same:
        told = _of_projects(found) if what == "project" else _of_sides(reading.filters, what, found)
    return render_template(
        "reporting/compare.html",
        **frame(reading, problems),
        **told,
        what=what,
        kinds=comparing.WHAT,
        typed={name: quoted(text) for name, text in typed.items()},
        wrong={"b": _("Both are the same. Choose another one to compare with.")} if same else {},
        offered=[*reading.choices.get(what, ())] if what in ("region", "year") else [],
        plain_url=url_for("compare.show", what=what),
    )


def _identity(one: comparing.Side | Project) -> str | int:
    """A project has two names, and an office may be named by its code or its name."""
    return one.code if isinstance(one, comparing.Side) else one.id


def _sides(what: str, typed: dict[str, str], problems: list[str]) -> list[Any]:
    found = []
    for text in typed.values():
        one, wrong = comparing.side(viewer(), what, text)
        problems += wrong
        found += [one] if one else []
    return found


def _of_sides(filters: portfolio.Filters, what: str, found: list[comparing.Side]) -> dict[str, Any]:
    rows = comparing.figures(viewer(), filters, what, found)
    return {"sides": [one.name for one in found], "facts": [], "tables": [(_("Key figures"), rows)], "lights": []}


def _projects(typed: dict[str, str], problems: list[str]) -> list[Project]:
    """Only those that the viewer may see: of another it is not said whether there is such a project."""
    found = []
    for text in filter(None, typed.values()):
        known = project_queries.page(text) if len(text) <= LONGEST and text.isprintable() else None
        if known is not None and can(viewer(), Action.VIEW_PROJECT, known):
            found.append(known)
        else:
            problems.append(_("There is no project “%(value)s” that you may see.", value=quoted(text)))
    return found


def _of_projects(found: list[Project]) -> dict[str, Any]:
    user, statuses = viewer(), project_queries.statuses()
    assert user is not None
    reports = [(one, queries.deadlines_of(one.id), today_at(one)) for one in found]
    lights = [lights_of(one, user) if one.status in RUNNING else [] for one in found]
    names = list(dict.fromkeys(light.name for row in lights for light in row))
    facts: list[tuple[str, list[Any]]] = [
        (_("Title"), [one.title for one in found]),
        (_("Status"), [statuses[one.status].name for one in found]),
        (_("Office"), [one.office.name for one in found]),
        (_("Project type"), [one.project_type.name if one.project_type else None for one in found]),
        (_("Funding year"), [one.funding_year for one in found]),
        (_("Start"), [day(one.starts_on) for one in found]),
        (_("End as first agreed"), [day(one.first_ends_on) for one in found]),
        (_("End"), [day(one.ends_on) for one in found]),
        (_("Extensions"), [len(one.extensions) for one in found]),
    ]
    by_name = [{light.name: light for light in row} for row in lights]
    return {
        "sides": [one.name for one in found],
        "facts": facts,
        "tables": [(_("Budget and spending"), comparing.budgets(found)), (_("Reports"), comparing.reports(reports))],
        "lights": [(name, [row.get(name) for row in by_name]) for name in names],
    }
