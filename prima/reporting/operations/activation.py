"""Activating a project: its ID, dates, people and deadlines; and ending it, by closing or by cancelling."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from prima import outbox
from prima.db import db
from prima.errors import Invalid, Reason, Refused
from prima.filters import day
from prima.journal import record
from prima.languages import words
from prima.lists import ProjectType
from prima.permissions import Action, can
from prima.projects.models import Part, Project
from prima.projects.models.project import TEAM
from prima.projects.operations import advance, freeze, give_codes, number, take_part
from prima.projects.rights import running_authority
from prima.projects.stages import Funding, Status
from prima.reporting import queries
from prima.reporting.operations.deadlines import make
from prima.reporting.rules import to_activate
from prima.users import User

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""The years that a project of the organization can have, as for its funding year."""


def activate(
    project_id: int,
    *,
    actor: User,
    starts_on: date,
    ends_on: date,
    manager: str,
    alternate: str,
    focal_point: str,
    focal_point_contact: str = "",
    interim_every_months: int | None = None,
    evaluation_agreed: bool = False,
    project_type_code: str | None = None,
) -> Project:
    """Give the project its ID, its people and its deadlines. `manager` and `alternate` are e-mail addresses.

    `project_type_code` counts only where the project has no type yet, as when its source stated none.
    """
    project = queries.locked_project(project_id, actor)
    may_still(actor, Action.ACTIVATE, project)
    if project.status is not Status.APPROVED:
        raise Refused(_("This project has moved on meanwhile. Open its page to see where it is now."))
    if unmet := to_activate(project):
        raise Refused([Reason(str(need.text)) for need in unmet])
    check_dates(starts_on, ends_on)
    people = {
        Part.MANAGER: _person(project, manager, "manager", actor),
        Part.ALTERNATE: _person(project, alternate, "alternate", actor),
    }
    if people[Part.MANAGER].id == people[Part.ALTERNATE].id:
        raise Invalid("alternate", _("The manager and the alternate must be two people."))
    if not focal_point.strip():
        raise Invalid("focal_point", _("Please name the government's focal point."))
    prefix = _prefix(project, project_type_code)

    project.starts_on, project.ends_on, project.first_ends_on = starts_on, ends_on, ends_on
    project.focal_point, project.focal_point_contact = focal_point.strip(), focal_point_contact.strip()
    if project.funding is Funding.DONOR:
        project.interim_every_months, project.evaluation_agreed = interim_every_months, evaluation_agreed
    for part, person in people.items():
        take_part(project, person, part)
    authority = running_authority(actor, project)
    advance(project, "activate", actor=actor, behalf_of=authority.absent if authority else None)
    project.code = next_id(prefix)
    give_codes(project)
    make(project, actor=actor)
    version = freeze(project, actor=actor)
    record(
        project,
        "activated",
        actor=actor,
        code=project.code,
        starts_on=starts_on,
        ends_on=ends_on,
        version=version.sha256,
        manager=people[Part.MANAGER].id,
        alternate=people[Part.ALTERNATE].id,
    )
    for part, person in people.items():
        _tell_appointed(project, person, part)
    return project


def _prefix(project: Project, chosen: str | None) -> str:
    """The prefix of the project's type, which is set here when the project had none."""
    if project.project_type_code is None:
        project.project_type_code = chosen
    kind = db.session.get(ProjectType, project.project_type_code) if project.project_type_code else None
    if kind is None or not kind.id_prefix:
        raise Invalid("project_type_code", _("Please choose a project type: the project ID begins with its prefix."))
    return kind.id_prefix


def may_still(actor: User, action: Action, project: Project) -> None:
    """The right is asked again under the lock, so that of many presses one wins."""
    if not can(actor, action, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))


def next_id(prefix: str) -> str:
    """LM.0276: the next ID of a prefix, never one that was given before, by whatever way."""
    while True:
        code = f"{prefix}.{number(db.session(), f'ID-{prefix}'):04d}"
        if db.session.scalar(select(Project.id).where(Project.code == code)) is None:
            return code


def check_dates(starts_on: date, ends_on: date) -> None:
    for field, value in (("starts_on", starts_on), ("ends_on", ends_on)):
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise Invalid(
                field,
                _("Please check the year: it must lie between %(first)s and %(last)s.", first="1990", last="2100"),
            )
    if ends_on < starts_on:
        raise Invalid("ends_on", _("The end must not come before the start."))


def _person(project: Project, email: str, field: str, actor: User) -> User:
    person = queries.account(email)
    if person is None:
        raise Invalid(
            field,
            _("Nobody with this address has an active account. Check the address, or ask an administrator."),
        )
    if person.id == actor.id:
        raise Invalid(field, _("Whoever activates a project does not run it. Please name somebody else."))
    if any(party.user_id == person.id and party.part not in TEAM for party in project.parties):
        raise Invalid(field, _("%(name)s has decided on this project, and cannot join its team.", name=person.name))
    return person


def _tell_appointed(project: Project, person: User, part: Part) -> None:
    subject, body = words(_appointed, project, part)
    outbox.queue(
        db.session(),
        to=person,
        cause=f"project:{project.id}",
        kind=f"appointed:{part.value}",
        subject=subject,
        body=body,
        path=f"/projects/{project.reference}",
    )


def _appointed(project: Project, part: Part) -> tuple[str, str]:
    name = _("manager") if part is Part.MANAGER else _("alternate manager")
    body = _(
        "The project %(id)s, %(title)s, has been activated. It runs from %(start)s to %(end)s, "
        "and you are its %(part)s.\n\nIts page shows what is due and when. "
        "You will be reminded before each report.",
        id=project.code,
        title=project.title,
        start=day(project.starts_on),
        end=day(project.ends_on),
        part=name,
    )
    return _("%(id)s is active: you are its %(part)s", id=project.code, part=name), body
