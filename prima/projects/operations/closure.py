"""Suspending and resuming, cancelling, and closing a project: operationally, then financially."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from prima import clock, outbox
from prima.errors import Invalid, Reason, Refused
from prima.following import Following
from prima.handbook import published
from prima.handbook.edition import Item
from prima.journal import record
from prima.languages import words
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import Change, ChangeState, Closing, Confirmation, Part, Project, Step
from prima.projects.operations.drafting import session_of
from prima.projects.operations.moves import advance, what_happened
from prima.projects.rights import running_authority
from prima.projects.stages import RUNNING, Status
from prima.users import User
from prima.workflow import Need

STEPS = {Closing.OPERATIONAL: (Status.ACTIVE, "close"), Closing.FINANCIAL: (Status.OP_CLOSED, "settle")}
"""From which status a closure starts, and the move that takes it."""
CONFIRMED_IN = {
    Closing.OPERATIONAL: frozenset({*RUNNING}),
    Closing.FINANCIAL: frozenset({*RUNNING, Status.OP_CLOSED}),
}
"""In which statuses the lines of a checklist are confirmed."""
UNDER_WAY = (ChangeState.DRAFT, ChangeState.ASKED, ChangeState.ENDORSED, ChangeState.RETURNED)


def checklist(project: Project, closing: Closing) -> Sequence[Item]:
    """The edition's lines for a closure."""
    if closing is Closing.OPERATIONAL:
        return project.edition.handbook.closure
    found: Sequence[Item] = published.part(session_of(project), project.edition, "settlement")
    return found


def confirmations(project: Project) -> dict[tuple[Closing, str], Confirmation]:
    rows = session_of(project).scalars(queries.confirmed(project))
    return {(row.closing, row.code): row for row in rows}


def unmet(project: Project, closing: Closing, following: Following) -> list[Need]:
    """Everything that stands in the way of a closure, each with its link."""
    found = list(following.open_duties(project, closing.value))
    if closing is Closing.OPERATIONAL:
        numbers = session_of(project).scalars(
            select(Change.number)
            .where(Change.project_id == project.id, Change.state.in_(UNDER_WAY))
            .order_by(Change.number)
        )
        for number in numbers:
            where = (("number", str(number)),)
            found.append(Need(_("change %(number)s decided or withdrawn", number=number), "changes.show", values=where))
    there = confirmations(project)
    found += [
        Need(_("confirmed: %(line)s", line=item.text.say()), "closure.show", field=field_of(closing, item.code))
        for item in checklist(project, closing)
        if (closing, item.code) not in there
    ]
    return found


def field_of(closing: Closing, code: str) -> str:
    return f"{closing.value}_{code.lower()}"


def may_confirm(user: User, project: Project, closing: Closing) -> bool:
    """The manager and the alternate, and whoever closes the project."""
    return project.status in CONFIRMED_IN[closing] and any(
        can(user, action, project) for action in (Action.WRITE_REPORT, Action.RUN)
    )


def confirm(
    project_id: int,
    closing: Closing,
    *,
    actor: User,
    ticked: Mapping[str, bool],
    notes: Mapping[str, str],
    seen: frozenset[str],
) -> Project:
    """Confirm lines of a checklist, or take that back. `seen`: the codes that were confirmed on the person's page.

    Only what the person changed is written, so that two people with one page do not undo each other's lines.
    """
    project = queries.locked(project_id)
    if not may_confirm(actor, project, closing):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))
    session, there = session_of(project), confirmations(project)
    changed = []
    for item in checklist(project, closing):
        row, wanted = there.get((closing, item.code)), ticked.get(item.code, False)
        note = notes.get(item.code, "").strip()
        if wanted and row is None and item.code not in seen:
            session.add(Confirmation(project_id=project.id, closing=closing, code=item.code, by_id=actor.id, note=note))
            changed.append(item.code)
        elif wanted and row is not None and row.note != note and item.code in seen:
            row.note, row.by_id, row.at = note, actor.id, clock.now()
            changed.append(item.code)
        elif not wanted and row is not None and item.code in seen:
            session.delete(row)
            changed.append(f"-{item.code}")
    session.flush()
    if changed:
        record(project, "closing checklist", actor=actor, closing=closing.value, changed=changed)
    return project


def close(project_id: int, closing: Closing, *, actor: User, following: Following, note: str = "") -> Project:
    """Close operationally or financially: nothing is owed any more, and every line of the checklist is confirmed."""
    project = queries.locked(project_id)
    status, move = STEPS[closing]
    if project.status is not status:
        raise Refused([what_happened(project)])
    _still(actor, project)
    if missing := unmet(project, closing, following):
        raise Refused([_reason(project, need) for need in missing])
    _go(project, move, actor=actor, note=note)
    if closing is Closing.OPERATIONAL:
        following.end(project, actor=actor)
    confirmed = [item.code for item in checklist(project, closing)]
    record(project, "closed", actor=actor, closing=closing.value, confirmed=confirmed)
    _tell_managers(project, f"closed:{closing.value}", note)
    return project


def suspend(project_id: int, *, actor: User, note: str) -> Project:
    """Suspend: what is due stays due, and nobody is reminded until the project is resumed."""
    project = _taken(project_id, "suspend", actor=actor, note=note)
    _tell_managers(project, _since("suspended", project), note)
    return project


def resume(project_id: int, *, actor: User, note: str) -> Project:
    project = _taken(project_id, "resume", actor=actor, note=note)
    _tell_managers(project, _since("resumed", project), note)
    return project


def cancel(project_id: int, *, actor: User, note: str, following: Following) -> Project:
    """Cancel: what is due after today falls away, the final reports count from today."""
    project = _taken(project_id, "cancel", actor=actor, note=note)
    if project.starts_on and project.ends_on:
        was_end = project.ends_on
        project.ends_on = max(min(clock.today_at(project.office.time_zone), was_end), project.starts_on)
        following.recompute(project, was_end=was_end, actor=actor, cancelled=True)
        record(project, "cancelled", actor=actor, old_end=was_end, new_end=project.ends_on)
    _tell_managers(project, "cancelled", note)
    return project


def _taken(project_id: int, move: str, *, actor: User, note: str) -> Project:
    project = queries.locked(project_id)
    _still(actor, project)
    if not note.strip():
        raise Invalid("note", _("Please write the reason."))
    _go(project, move, actor=actor, note=note)
    return project


def _still(actor: User, project: Project) -> None:
    """The right is asked again under the lock, so that of many presses one wins."""
    if not can(actor, Action.RUN, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))


def _go(project: Project, move: str, *, actor: User, note: str) -> Step:
    authority = running_authority(actor, project)
    return advance(project, move, actor=actor, behalf_of=authority.absent if authority else None, note=note)


def _reason(project: Project, need: Need) -> Reason:
    return Reason(str(need.text), at=need.at, values=(("reference", project.reference), *need.values), field=need.field)


def _since(what: str, project: Project) -> str:
    """A project may be suspended more than once; each time its people get a letter."""
    return f"{what}:{project.status_since.isoformat()}"


def _tell_managers(project: Project, kind: str, note: str) -> None:
    subject, body = words(_moved, project, kind.partition(":")[0], note.strip())
    for person in project.people(Part.MANAGER, Part.ALTERNATE):
        outbox.queue(
            session_of(project),
            to=person,
            cause=f"project:{project.id}",
            kind=kind,
            subject=subject,
            body=body,
            path=f"/projects/{project.reference}",
        )


def _moved(project: Project, what: str, note: str) -> tuple[str, str]:
    """What has happened to the project, why, and what follows."""
    name = project.name
    if what == "suspended":
        subject = _("%(id)s is suspended", id=name)
        effect = _("Its deadlines stay as they are; you will not be reminded of them until it is resumed.")
    elif what == "resumed":
        subject = _("%(id)s goes on", id=name)
        effect = _("Its deadlines stand as before; if it needs more time, ask for an extension.")
    elif what == "cancelled":
        subject = _("%(id)s is cancelled", id=name)
        effect = _("What would have been due later falls away; the final reports count from today.")
    elif project.status is Status.FIN_CLOSED:
        subject, effect = _("%(id)s is closed", id=name), ""
    else:
        subject, effect = _("%(id)s is operationally closed", id=name), ""
    remark = _("Remark: %(note)s", note=note) if note else ""
    return subject, "\n\n".join(filter(None, (f"{subject}: {project.title}.", remark, effect)))
