"""Taking a proposal up among those who have it, giving it back, handing it over; nobody answers past a claim."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.orm import object_session

from prima import clock
from prima.endorsement import queries
from prima.endorsement.models import Claim, Round
from prima.endorsement.operations import letters
from prima.endorsement.operations.asking import hold, path, permit, what_happened
from prima.endorsement.queries import Sat
from prima.errors import Reason, Refused
from prima.filters import moment
from prima.journal import record
from prima.permissions import Action
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import User


def claim(project: Project, seat: str, *, actor: User, seen: int) -> None:
    """Take it up; over the head of a colleague, who gets a letter."""
    sat = _held(project, seat, actor, seen)
    there = queries.claim_on(sat)
    if there is not None and there.user_id == actor.id:
        return
    before = there.user if there else None
    _write(sat, actor)
    record(sat.project, "taken up", actor=actor, seat=seat, over=before.id if before else None)
    if before:
        letters.taken_over(sat.project, before, actor=actor)


def release(project: Project, seat: str, *, actor: User, seen: int) -> None:
    """Give back what one has taken up: it is everybody's again who may do it."""
    sat = _held(project, seat, actor, seen)
    there = queries.claim_on(sat)
    if there is None or there.user_id != actor.id:
        raise Refused(_("You have not taken this up; there is nothing to give back."))
    end_claims(sat.project, seat)
    record(sat.project, "given back", actor=actor, seat=seat)


def hand_over(project: Project, seat: str, *, to: int | None, actor: User, seen: int) -> User:
    """Leave it to a colleague who may do it as well, who gets a letter; not past a third one's claim."""
    sat = _held(project, seat, actor, seen)
    _must_be_free(sat, actor)
    colleague = next((one for one in queries.colleagues(sat) if one.id == to and one.id != actor.id), None)
    if colleague is None:
        raise Refused(_("Please choose a colleague of the list: only they have this on their desk."))
    _write(sat, colleague)
    record(sat.project, "handed over", actor=actor, seat=seat, to=colleague.id)
    letters.handed_over(sat.project, colleague, seat=sat.seat if sat.subject is not sat.project else "", actor=actor)
    return colleague


def must_be_free(project: Project, newest: Round | None, actor: User, action: Action, seat: str | None = None) -> None:
    """Refuse what somebody else at the same desk has taken up; whoever has nothing on that desk passes by it."""
    for sat in queries.sats(project, newest):
        if sat.action is action and seat in (None, sat.seat) and (seat or project.status is not Status.REVIEW):
            _must_be_free(sat, actor)


def _must_be_free(sat: Sat, actor: User) -> None:
    there = queries.claim_on(sat)
    if there is None or there.user_id == actor.id:
        return
    text = _(
        "%(who)s took this up on %(when)s. Nothing was recorded. If you are to do it, press “Take over” first.",
        who=there.user.name,
        when=moment(there.since_at),
    )
    raise Refused([Reason(text, path(sat.project))])


def end_claims(project: Project, seat: str | None = None) -> None:
    """The answer is given, or the proposal leaves the desk."""
    session = object_session(project)
    assert session is not None
    ended = delete(Claim).where(Claim.project_id == project.id)
    session.execute(ended if seat is None else ended.where(Claim.seat == seat))


def _held(project: Project, seat: str, actor: User, seen: int) -> Sat:
    held = hold(project, actor, seen=seen)
    sat = next((one for one in queries.sats(held.project, held.newest) if one.seat == seat), None)
    if sat is None:
        raise Refused([what_happened(held.project)])
    permit(actor, sat.action, sat.subject)
    return sat


def _write(sat: Sat, user: User) -> None:
    end_claims(sat.project, sat.seat)
    session = object_session(sat.project)
    assert session is not None
    session.add(Claim(project_id=sat.project.id, seat=sat.seat, user_id=user.id, since_at=clock.now()))
    session.flush()
