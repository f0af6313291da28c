"""How the rules of the workplan and of the risk plan are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.handbook.edition import Rule
from prima.projects.rules.needs import Measure, unmet
from prima.projects.workplan import Line, live
from prima.workflow import Need

WORKPLAN, RISKS = "workplan.edit", "risks.edit"


def _workplan_months(project: Any, rule: Rule) -> Need | None:
    planned = project.duration_months
    activities = _activities(project)
    none = [number for number, line in activities.items() if not line.months]
    late = [number for number, line in activities.items() if line.beyond(planned)]
    if not none and not late:
        return None
    words = [
        _("Without months: %(numbers)s.", numbers=", ".join(activities[one].number for one in none)) if none else "",
        _("After month %(last)s: %(numbers)s.", last=planned, numbers=", ".join(activities[one].number for one in late))
        if late
        else "",
    ]
    return unmet(rule, project, WORKPLAN, f"rows-{min(none + late)}-months", " ".join(filter(None, words)))


def _workplan_party(project: Any, rule: Rule) -> Need | None:
    activities = _activities(project)
    none = [number for number, line in activities.items() if not line.responsible.strip()]
    if not none:
        return None
    words = _("Not yet: %(numbers)s.", numbers=", ".join(activities[one].number for one in none))
    return unmet(rule, project, WORKPLAN, f"rows-{none[0]}-responsible", words)


def _activities(project: Any) -> dict[int, Line]:
    """Activities by their place, which is that of their row on the page."""
    return dict(enumerate(line for line in live(project) if line.is_activity))


def _risk_named(project: Any, rule: Rule) -> Need | None:
    assert isinstance(rule.value, Decimal)
    rated = _places(project, lambda risk: risk.factor.strip() and risk.consequence_code and risk.likelihood_code)
    if len(rated) >= rule.value:
        return None
    first = next((place for place in range(len(project.risks)) if place not in rated), 0)
    return unmet(rule, project, RISKS, f"risks-{first}-factor")


def _risk_treated(project: Any, rule: Rule) -> Need | None:
    untreated = _places(
        project,
        lambda risk: not (risk.treatment_code and risk.action.strip() and risk.owner.strip() and risk.due_on),
    )
    if not untreated:
        return None
    words = _("Not yet: %(numbers)s.", numbers=_numbers(untreated))
    return unmet(rule, project, RISKS, f"risks-{untreated[0]}-factor", words)


def _places(project: Any, wanted: Callable[[Any], Any]) -> list[int]:
    return [place for place, risk in enumerate(project.risks) if wanted(risk)]


def _numbers(places: Iterable[int]) -> str:
    return ", ".join(str(place + 1) for place in places)


MEASURES: dict[str, Measure] = {
    "WORKPLAN_MONTHS": _workplan_months,
    "WORKPLAN_PARTY": _workplan_party,
    "RISK_NAMED": _risk_named,
    "RISK_TREATED": _risk_treated,
}
