"""A new project: an idea with a title, a place and who might pay for it."""

from __future__ import annotations

from collections.abc import Sequence

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.journal import record
from prima.projects.models import Coverage, Part, Party, Project, Step
from prima.projects.operations.cover import check_funding
from prima.projects.operations.moves import reference_of
from prima.projects.stages import Funding, Status
from prima.users import User


def propose(
    *,
    actor: User,
    title: str,
    summary: str,
    project_type_code: str,
    countries: Sequence[str],
    funding: Funding,
    donor_code: str | None,
    funding_year: int,
    office_id: int,
) -> Project:
    """Begin a concept on the newest edition, with a reference of its own; the actor develops it."""
    session = db.session()
    check_funding(session, funding, donor_code, project_type_code)
    project = Project(
        reference=reference_of(session, clock.today().year),
        edition_id=published.newest(session).id,
        title=title,
        summary=summary,
        project_type_code=project_type_code,
        funding=funding,
        donor_code=donor_code if funding is Funding.DONOR else None,
        funding_year=funding_year,
        office_id=office_id,
    )
    session.add(project)
    session.flush()
    session.add_all(
        Coverage(project_id=project.id, country_code=code, position=position)
        for position, code in enumerate(dict.fromkeys(countries))
    )
    session.add(Party(project_id=project.id, user_id=actor.id, part=Part.DEVELOPER))
    session.add(Step(project_id=project.id, move="create", source=None, target=Status.CONCEPT, actor_id=actor.id))
    record(
        project,
        "created",
        actor=actor,
        reference=project.reference,
        title=title,
        funding=funding,
        donor_code=project.donor_code,
        office_id=office_id,
        countries=list(countries),
    )
    return project
