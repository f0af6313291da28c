"""What the cover still needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from prima.projects.rules.facts import is_fund
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
