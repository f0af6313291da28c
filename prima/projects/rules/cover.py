"""What the cover still needs, and how its rules are measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from prima.handbook.edition import Rule
from prima.projects.rules.facts import is_fund
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need


def cover(project: Any) -> Iterator[Need]:
    if not project.coverage:
        yield Need(_("at least one country"), "cover.edit", "countries")
    if not project.duration_months:
        yield Need(_("the planned duration in months"), "cover.edit", "duration_months")
    if not project.executing_agency.strip():
        yield Need(_("the executing agency"), "cover.edit", "executing_agency")
    if is_fund(project):
        if not project.fund_line_code:
            yield Need(_("the funding line of the Fund"), "cover.edit", "fund_line_code")
        if not project.focus_area_code:
            yield Need(_("a focus area of the Fund"), "cover.edit", "focus_area_code")


def _gender_code(project: Any, rule: Rule) -> Need | None:
    edition = project.edition.handbook
    code = project.gender_marker_code
    if code and (code != "N/A" or project.project_type_code in edition.gender_not_applicable_types):
        return None
    return unmet(rule, project, "cover.edit", "gender_marker_code")


MEASURES: dict[str, Measure] = {
    "GENDER_CODE": _gender_code,
}
