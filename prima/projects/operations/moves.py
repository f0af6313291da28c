"""Moving a project along its life cycle, and giving it its numbers."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, object_session

from prima import clock
from prima.errors import Reason, Refused
from prima.filters import moment
from prima.journal import record
from prima.permissions import can
from prima.projects import queries
from prima.projects.models import Bookmark, Counter, Part, Party, Project, Step
from prima.projects.stages import LIFECYCLE, Status
from prima.users import User
from prima.workflow import Move, Need


def number(session: Session, counter: str) -> int:
    """The next number of a counter, without gaps: the row stays locked until the transaction ends."""
    session.execute(insert(Counter).values(name=counter, last=0).on_conflict_do_nothing())
    row = session.scalars(
        select(Counter).where(Counter.name == counter).with_for_update().execution_options(populate_existing=True)
    ).one()
    row.last += 1
    session.flush()
    return row.last


def reference_of(session: Session, year: int) -> str:
    """P-2026-00042: our own reference, before and beside the project ID."""
    return f"P-{year}-{number(session, f'P-{year}'):05d}"


def take_part(project: Project, user: User, part: Part) -> Party:
    """Note a person's part; a part that ended begins again."""
    for party in project.parties:
        if party.user_id == user.id and party.part is part:
            party.until_at = None
            return party
    party = Party(project=project, user=user, user_id=user.id, part=part)
    session = object_session(project)
    assert session is not None
    session.add(party)
    return party


def advance(project: Project, name: str, *, actor: User | None, behalf_of: User | None = None, note: str = "") -> Step:
    """Take one move of the life cycle and leave a trace of it.

    The project was loaded under its row lock (`queries.locked`); raises Refused when the move does not start
    where the project is, or waits for something.
    """
    move = LIFECYCLE.find(project.status, name)
    if move is None or (move.only and not move.only(project)):
        raise Refused(_("This project has moved on meanwhile. Open its page to see where it is now."))
    if missing := move.missing(project):
        raise Refused([_reason(project, need) for need in missing])
    if move.note == "required" and not note.strip():
        raise Refused(_("Please write the reason."))
    return _go(project, move, actor=actor, behalf_of=behalf_of, note=note)


def _reason(project: Project, need: Need) -> Reason:
    return Reason(str(need.text), at=need.at, values=(("reference", project.reference), *need.values), field=need.field)


def _go(project: Project, move: Move, *, actor: User | None, behalf_of: User | None, note: str) -> Step:
    session = object_session(project)
    assert session is not None
    source = project.status
    project.status = Status(move.target)
    project.status_since = project.updated_at = clock.now()
    step = Step(
        project=project,
        move=move.name,
        source=source,
        target=project.status,
        actor_id=actor.id if actor else None,
        behalf_of_id=behalf_of.id if behalf_of else None,
        note=note.strip(),
    )
    session.add(step)
    record(
        project,
        "moved",
        actor=actor,
        behalf_of=behalf_of,
        move=move.name,
        source=source,
        target=project.status,
        note=note.strip(),
    )
    return step


def take(project_id: int, name: str, *, actor: User, note: str = "") -> Step:
    """Take a move by pressing its button: under the row lock the right is asked again, so one of many presses wins."""
    project = queries.locked(project_id)
    move = LIFECYCLE.find(project.status, name)
    if move is None:
        raise Refused([what_happened(project)])
    if not can(actor, move.action, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))
    return advance(project, name, actor=actor, note=note)


def what_happened(project: Project) -> Reason:
    """The sentence for the person who came too late: who did what, when, and where the project is now."""
    path = f"/projects/{project.reference}"
    if not project.steps:
        return Reason(_("This cannot be done in the project's present state."), path)
    step = project.steps[-1]
    move = LIFECYCLE.find(step.source, step.move) if step.source else None
    who = step.actor.name if step.actor else _("PRIMA")
    if step.actor and step.behalf_of:
        who = _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
    text = _(
        "%(who)s took the step “%(what)s” on %(when)s. %(reference)s is now: %(status)s.",
        who=who,
        what=move.says if move else step.move,
        when=moment(step.at),
        reference=project.name,
        status=queries.statuses()[project.status].name,
    )
    return Reason(text, path)


def toggle_bookmark(project: Project, *, actor: User) -> bool:
    """Set or remove the person's bookmark; True when it is set now."""
    session = object_session(project)
    assert session is not None
    there = session.get(Bookmark, (actor.id, project.id))
    if there:
        session.delete(there)
        return False
    session.add(Bookmark(user_id=actor.id, project_id=project.id))
    return True
