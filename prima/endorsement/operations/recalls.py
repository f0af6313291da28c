"""Recalling: the developer takes a proposal back before anybody has decided; its round ends, drafts of answers stay."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.endorsement import queries
from prima.endorsement.models import Decision
from prima.endorsement.operations import letters
from prima.endorsement.operations.asking import hold, path, permit, what_happened
from prima.endorsement.operations.claims import end_claims
from prima.errors import Reason, Refused
from prima.permissions import Action
from prima.projects.models import Project, Step
from prima.projects.operations import advance
from prima.projects.operations.drafting import session_of
from prima.projects.operations.funding_rounds import leave_call
from prima.projects.stages import LIFECYCLE, RECALL, Status
from prima.users import Role, User


def recall(project: Project, name: str, *, actor: User, seen: int, note: str = "") -> Step:
    """Take it back to where it was submitted from; those on whose desk it lay are told.

    What reviewers drafted stays with the round that ends here and goes on with the next version.
    """
    held = hold(project, actor, seen=seen)
    project, there = held.project, held.newest
    move = LIFECYCLE.find(project.status, name)
    if move is None or move.via != RECALL or move.only is None or not move.only(project):
        raise Refused([no_recall(project)])
    permit(actor, Action.SUBMIT, project)
    left = [user for one in queries.waiting(project, there) for user in one.people]
    step = advance(project, name, actor=actor, note=note)
    end_claims(project)
    if there:
        there.closed_at = clock.now()
        session_of(project).add(Decision(step=step, round=there, role=Role.PDEV, sections=[]))
        session_of(project).flush()
    if project.status is Status.DRAFT:
        leave_call(project, actor=actor)
    letters.recalled(project, step, left, actor=actor)
    letters.moved(project, step, there, actor=actor)
    return step


def no_recall(project: Project) -> Reason:
    """Why it cannot be recalled."""
    if project.status in (Status.OFFICE_CLEAR, Status.REVIEW):
        says = _("Somebody has decided on this version already. It can be recalled only before the first decision.")
        return Reason(f"{says} {what_happened(project).text}", path(project))
    return what_happened(project)
