"""What every decision asks first, under the project's lock: is it still here, and may the person still do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from prima.endorsement import queries
from prima.endorsement.models import Round
from prima.errors import Refused
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.projects.operations.moves import what_happened
from prima.projects.queries import locked
from prima.users import User

__all__ = ["Held", "hold", "path", "permit", "what_happened"]


@dataclass(frozen=True)
class Held:
    """A project under its row lock, its rounds with the newest first, and the person: all as they are now."""

    project: Project
    rounds: Sequence[Round]
    actor: User

    @property
    def newest(self) -> Round | None:
        """None for what was imported as endorsed: nothing was submitted here."""
        return self.rounds[0] if self.rounds else None


def hold(project: Project, actor: User, *, seen: int | None) -> Held:
    """Lock the project; refuse what was decided on an older state of it than it has now."""
    fresh = locked(project.id)
    if seen is not None and fresh.steps and fresh.steps[-1].id != seen:
        raise Refused([what_happened(fresh)])
    held = Held(fresh, queries.rounds(fresh, fresh=True), actor)
    queries.judge(fresh, held.newest)
    queries.people_again()
    return held


def path(project: Project, *rest: str) -> str:
    """The address of a page for a letter, which knows no request."""
    return "/".join(("/projects", project.reference, *rest))


def permit(actor: User, action: Action, subject: object) -> None:
    if not can(actor, action, subject):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))
