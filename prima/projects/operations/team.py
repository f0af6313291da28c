"""Who develops the project: people join by their e-mail address, and what they had a part in is never forgotten."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.permissions import Action
from prima.projects.models import Part, Project
from prima.projects.models.project import TEAM
from prima.projects.operations.drafting import opened
from prima.projects.operations.moves import take_part
from prima.users import User


def add_developer(project: Project, *, actor: User, person: User | None) -> User:
    """Let a colleague develop the project too. Nobody who decided on it joins its team (Handbook, segregation)."""
    project = opened(project, actor=actor, action=Action.EDIT_TEAM)
    if person is None or not person.active or not person.staff:
        raise Invalid("email", _("No colleague with this address has an account. An administrator can make one."))
    if person.id in {one.id for one in project.people(Part.DEVELOPER)}:
        raise Invalid("email", _("%(name)s develops this project already.", name=person.name))
    if any(party.user_id == person.id and party.part not in TEAM for party in project.parties):
        raise Invalid("email", _("%(name)s has decided on this project, and cannot join its team.", name=person.name))
    take_part(project, person, Part.DEVELOPER)
    record(project, "team", actor=actor, added=person.id, name=person.name)
    return person


def remove_developer(project: Project, *, actor: User, user_id: int) -> User:
    """End a developer's part; one always stays."""
    project = opened(project, actor=actor, action=Action.EDIT_TEAM)
    held = [party for party in project.parties if party.part is Part.DEVELOPER and party.until_at is None]
    leaving = next((party for party in held if party.user_id == user_id), None)
    if leaving is None:
        raise Refused(_("This person does not develop the project any more."))
    if len(held) == 1:
        raise Refused(_("A project has at least one developer. Add another before this one leaves."))
    leaving.until_at = clock.now()
    record(project, "team", actor=actor, removed=leaving.user_id, name=leaving.user.name)
    return leaving.user
