"""The cover of a proposal: what it is called, where, with whom, for how long, and who is to pay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from prima.db import check_version
from prima.errors import Invalid
from prima.lists import ProjectType
from prima.projects.models import Coverage, Part, Project
from prima.projects.operations.drafting import last_writer, opened, seal, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.stages import Funding, Status
from prima.users import User

FIELDS = (
    "title", "summary", "project_type_code", "secondary_type_code", "office_id", "funding", "funding_year",
    "fund_line_code", "focus_area_code", "donor_code", "agreement", "overhead_percent", "executing_agency",
    "duration_months",
)  # fmt: skip
LONG = frozenset({"summary"})
FOR_THE_FUND = ("fund_line_code", "focus_area_code")
FOR_A_DONOR = ("donor_code", "agreement", "overhead_percent")
FUNDING_IS_OPEN = frozenset({Status.CONCEPT, Status.DRAFT})
"""Before it is first submitted a project may still go to another kind of funding."""


def describe(
    project: Project,
    *,
    actor: User,
    version: int,
    countries: Sequence[str],
    requesting: Collection[str],
    offices: Collection[int],
    **values: Any,
) -> bool:
    """Save the cover; False when nothing changed. `offices` are those the actor may choose; raises Conflict.

    A State that asked for the project is one that it covers: who takes its country away takes it away too.
    """
    project = opened(project, actor=actor)
    now = {
        **{name: getattr(project, name) for name in FIELDS},
        "countries": covered(project),
        "requesting": requested(project),
    }
    asked = [code for code in dict.fromkeys(countries) if code in requesting]
    typed = {**_settled(project, values), "countries": list(dict.fromkeys(countries)), "requesting": asked}
    changed = {name: value for name, value in typed.items() if value != now[name]}
    if not changed:
        return False
    check_version(
        project,
        version,
        who=last_writer(project, "cover"),
        typed={name: (name, _text(now[name]), _text(value)) for name, value in typed.items()},
    )
    if set(requesting) - set(countries) - set(now["countries"]):
        raise Invalid("requesting", _("Only a country that the project covers can have asked for it."))
    session = session_of(project)
    if typed["office_id"] != project.office_id and typed["office_id"] not in offices:
        raise Invalid("office_id", _("Please choose one of your own offices."))
    if {"funding", "donor_code", "project_type_code"} & changed.keys():
        check_funding(session, typed["funding"], typed["donor_code"], typed["project_type_code"])
    if typed["secondary_type_code"] == typed["project_type_code"]:
        raise Invalid("secondary_type_code", _("This is the project type already. Choose another one, or none."))
    for name in FIELDS:
        setattr(project, name, typed[name])
    if {"countries", "requesting"} & changed.keys():
        _cover_countries(project, typed["countries"], typed["requesting"])
    project.version += 1
    take_part(project, actor, Part.AUTHOR)
    written(project, "cover", actor=actor, version=project.version, changed={
        name: [seal(now[name]), seal(value)] if name in LONG else [now[name], value] for name, value in changed.items()
    })  # fmt: skip
    return True


def covered(project: Project) -> list[str]:
    return [covered.country_code for covered in project.coverage]


def requested(project: Project) -> list[str]:
    return [covered.country_code for covered in project.coverage if covered.requesting]


def check_funding(session: Session, funding: Funding, donor_code: str | None, project_type_code: str) -> None:
    """A donor where a donor pays; a project type that the Fund takes where the Fund pays."""
    if funding is Funding.DONOR:
        if not donor_code:
            raise Invalid("donor_code", _("Please choose the donor."))
        return
    chosen = session.get(ProjectType, project_type_code)
    if chosen is None or not chosen.fund_selectable:
        raise Invalid("project_type_code", _("The Fund does not finance this project type. Please choose another."))


def _settled(project: Project, values: dict[str, Any]) -> dict[str, Any]:
    """What was typed, without what belongs to the other kind of funding."""
    typed = {name: values.get(name, getattr(project, name)) for name in FIELDS}
    if project.status not in FUNDING_IS_OPEN:
        typed["funding"] = project.funding
    for name in FOR_A_DONOR if typed["funding"] is Funding.FUND else FOR_THE_FUND:
        typed[name] = "" if name == "agreement" else None
    return typed


def _cover_countries(project: Project, codes: Sequence[str], requesting: Collection[str]) -> None:
    there = {one.country_code: one for one in project.coverage}
    kept = [there.get(code) or Coverage(country_code=code) for code in codes]
    for position, one in enumerate(kept):
        one.position = position
        one.requesting = one.country_code in requesting
    project.coverage = kept


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
