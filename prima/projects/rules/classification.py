"""What a proposal must say of its classification: governance framework, SDG targets, gender marker."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from prima.handbook.edition import Rule
from prima.projects.rules.gender import NOT_APPLICABLE
from prima.projects.rules.needs import Measure, unmet
from prima.workflow import Need

AT = "classification.edit"
PRINCIPLE, OBJECTIVE = "principle", "objective"


def marked(project: Any, kind: str) -> list[str]:
    """The codes of the principles or of the objectives that the project serves."""
    return sorted(mark.code for mark in project.governance if mark.listed.kind == kind)


def _at_least(rule: Rule, project: Any, codes: Sequence[str], field: str) -> Need | None:
    wanted = rule.value if isinstance(rule.value, Decimal) else Decimal(1)
    return unmet(rule, project, AT, field) if len(codes) < wanted else None


def _principles(project: Any, rule: Rule) -> Need | None:
    return _at_least(rule, project, marked(project, PRINCIPLE), "principles")


def _objectives(project: Any, rule: Rule) -> Need | None:
    return _at_least(rule, project, marked(project, OBJECTIVE), "objectives")


def _targets(project: Any, rule: Rule) -> Need | None:
    return _at_least(rule, project, [mark.code for mark in project.sdgs], "sdgs")


def _gender_code(project: Any, rule: Rule) -> Need | None:
    edition = project.edition.handbook
    code = project.gender_marker_code
    if code and (code != NOT_APPLICABLE or project.project_type_code in edition.gender_not_applicable_types):
        return None
    return unmet(rule, project, AT, "gender_marker_code")


MEASURES: dict[str, Measure] = {
    "MIGOF_PRINCIPLES": _principles,
    "MIGOF_OBJECTIVES": _objectives,
    "SDG_TARGETS": _targets,
    "GENDER_CODE": _gender_code,
}
