"""The process map: stages, statuses, who acts and for how long, and where a project stands on it."""

from __future__ import annotations

from collections.abc import Mapping

from prima.handbook.edition import Edition, Funding
from prima.lists import RoleName, StatusName
from prima.processmap import Map, Stage, Status, lay_out
from prima.projects.models import Project
from prima.projects.stages import Status as Code

BESIDE = frozenset(
    {Code.RETURNED, Code.RETAINED, Code.DONOR_CHANGES, Code.REJECTED, Code.WITHDRAWN, Code.SUSPENDED, Code.CANCELLED}
)
"""Statuses beside the straight road."""


def process_map(
    edition: Edition,
    statuses: Mapping[str, StatusName],
    roles: Mapping[str, RoleName],
    funding: Funding,
    project: Project | None = None,
) -> Map:
    """The map for one kind of funding; with a project, what is done, where it is and what lies ahead."""
    been = _been(project) if project else {}
    stages = []
    for stage in edition.stages:
        boxes = [
            Status(
                code,
                row.name,
                who=_who(edition, roles, code, funding),
                days=max((desk.days or 0 for desk in edition.desks_for(code, funding)), default=0) or None,
                state=_state(Code(code), project, been),
                when=been.get(code, ""),
            )
            for code, row in statuses.items()
            if row.stage == str(stage.name) and row.funding in ("both", funding)
        ]
        stages.append(Stage(stage.name.say(), boxes, note="" if boxes else stage.holds.say()))
    return lay_out(stages)


def _who(edition: Edition, roles: Mapping[str, RoleName], code: str, funding: Funding) -> str:
    named = {role: roles[role].name for desk in edition.desks_for(code, funding) for role in desk.roles}
    return ", ".join(named.values())


def _been(project: Project) -> dict[str, str]:
    """When the project came into each status, and by whom; the last time counts."""
    told = {}
    for step in project.steps:
        who = f", {step.actor.name}" if step.actor else ""
        told[step.target.value] = f"{step.at:%-d %b %Y}{who}"
    return told


def _state(code: Code, project: Project | None, been: Mapping[str, str]) -> str:
    if project is None:
        return "off" if code in BESIDE else "ahead"
    if code is project.status:
        return "here"
    if code in been:
        return "done"
    return "off" if code in BESIDE else "ahead"
