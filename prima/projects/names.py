"""The names behind the codes of a proposal, for papers that show all of it: one question for all lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import literal, select, union_all

from prima.db import db
from prima.lists import (
    ActivityType,
    AreaOfWork,
    BeneficiaryDisaggregation,
    BeneficiaryType,
    BudgetCategory,
    Country,
    CrossCuttingTheme,
    DocumentType,
    FundFocusArea,
    FundingLine,
    GenderMarker,
    MigrationGovernance,
    ProjectType,
    RegionalOffice,
    RiskScale,
    SdgTarget,
)
from prima.projects.models import Project
from prima.projects.visibility import visible_projects
from prima.users import User

Names = Mapping[str, Mapping[str, str]]
"""By the name of the list, then by code, in the order of the list; retired ones too."""

LISTS: dict[str, Any] = {
    "activity_types": ActivityType,
    "areas": AreaOfWork,
    "beneficiary_types": BeneficiaryType,
    "budget_categories": BudgetCategory,
    "countries": Country,
    "disaggregation": BeneficiaryDisaggregation,
    "document_types": DocumentType,
    "focus_areas": FundFocusArea,
    "funding_lines": FundingLine,
    "gender_markers": GenderMarker,
    "governance": MigrationGovernance,
    "project_types": ProjectType,
    "regional_offices": RegionalOffice,
    "risk_scales": RiskScale,
    "sdg_targets": SdgTarget,
    "themes": CrossCuttingTheme,
}


def names() -> Names:
    found: dict[str, dict[str, str]] = {name: {} for name in LISTS}
    every = union_all(
        *(select(literal(name).label("list"), row.code, row.name, row.position) for name, row in LISTS.items())
    ).subquery()
    for row in db.session.execute(select(every).order_by(every.c.position, every.c.code)):
        found[row.list][row.code] = row.name
    return found


SPOKEN: dict[str, tuple[Any, Any]] = {
    "countries": (Country.code, Country.name),
    "areas_of_work": (AreaOfWork.code, AreaOfWork.name),
    "project_types": (ProjectType.code, ProjectType.name),
    "cities": (RegionalOffice.code, RegionalOffice.city),
}
"""What an edition names by code: the lists of its conditions, and the cities of Regional Offices."""


def spoken(wanted: Iterable[tuple[str, str]]) -> Callable[[str, str], str]:
    """A function from (list, code) to the name, for what an edition names; asks nothing where it names nothing."""
    codes: dict[str, set[str]] = {}
    for name, code in wanted:
        codes.setdefault(name, set()).add(code)
    every = [
        select(literal(name), SPOKEN[name][0], SPOKEN[name][1]).where(SPOKEN[name][0].in_(found))
        for name, found in codes.items()
    ]
    known = {(name, code): said for name, code, said in db.session.execute(union_all(*every))} if every else {}
    return lambda name, code: known.get((name, code), code)


def headings(user: User | None, references: Iterable[str]) -> dict[str, str]:
    """What stands above letters about projects, by reference, of those that the person may see."""
    rows = db.session.execute(
        visible_projects(user, Project.reference, Project.code, Project.title).where(Project.reference.in_(references))
    )
    return {row.reference: f"{row.code or row.reference}, {row.title}" for row in rows}
