"""Asking for a change of a running project, and deciding on it: each under the project's lock, with its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from prima import clock, outbox
from prima.db import check_version
from prima.errors import Invalid, Reason, Refused
from prima.filters import day, moment
from prima.following import Following
from prima.journal import record
from prima.languages import words
from prima.letters import DESK
from prima.permissions import Action, can
from prima.projects import changing
from prima.projects.changes import (
    ANSWERS,
    EXTENSIONS,
    IN_A_SENTENCE,
    KINDS,
    ROAD,
    TIMED,
    WRITABLE,
    ChangeKind,
    ChangeState,
    deciding_role,
    path,
    state_chip,
)
from prima.projects.files import Stored
from prima.projects.models import Change, ChangeStep, Document, Part, Project
from prima.projects.operations.documents import file_letter
from prima.projects.operations.drafting import session_of
from prima.projects.operations.effects import Terms, compared, is_free, stale, take_effect
from prima.projects.rights import change_rules, changing_authority, may_change
from prima.projects.rules.calls import day_at
from prima.projects.stages import RUNNING
from prima.users import User
from prima.workflow import Move

S = ChangeState
AGREEMENT, LETTER = "OTH", "DLTR"
"""The types of document as which the counterpart's letter and the donor's are filed, each with its title."""
TEAM = (Part.MANAGER, Part.ALTERNATE)


@dataclass(frozen=True)
class Answer:
    """The donor's letter: uploaded now, or one that is on the file since the change was asked for."""

    stored: Stored | None = None
    document_id: int | None = None


def save_change(
    project: Project,
    kind: ChangeKind,
    *,
    actor: User,
    following: Following,
    terms: Terms,
    reason: str,
    effect: str,
    counterpart_agreed_on: date | None = None,
    letter: Stored | None = None,
    number: int | None = None,
    version: int = 0,
    typed: Mapping[str, tuple[str, str, str]] | None = None,
) -> Change:
    """Begin a change, or write anew in one that is not with anybody; `letter` is the counterpart's agreement.

    `typed` maps a field to (label, now, typed), for the page that shows two people's versions side by side.
    """
    project = changing.locked(project.id)
    first = "ends_on" if kind in EXTENSIONS else "reason"
    if project.status not in RUNNING or project.starts_on is None or project.ends_on is None:
        raise Invalid(first, _("Only a project that runs can be changed, and this one does not run any more."))
    if not can(actor, Action.ASK_CHANGE, project):
        raise Refused(_("Only the manager and the alternate ask for changes."))
    change = _to_write(project, kind, number, version, typed or {})
    if counterpart_agreed_on and counterpart_agreed_on > max(clock.today(), day_at(project.office)):
        raise Invalid("counterpart_agreed_on", _("This day is still to come."))
    both = compared(project, kind, terms, following)
    session = session_of(project)
    if change is None:
        number = changing.last_number(project.id) + 1
        change = Change(project=project, number=number, kind=kind, made_by_id=actor.id, version=0, steps=[])
        session.add(change)
    change.reason, change.effect = reason.strip(), effect.strip()
    change.counterpart_agreed_on = counterpart_agreed_on
    change.before, change.after = both.before, both.after
    change.free = is_free(project, kind, both)
    change.made_by_id = actor.id
    change.version += 1
    session.flush()
    if letter:
        title = _("The counterpart's agreement to change %(number)s", number=change.number)
        filed = file_letter(project, letter, actor=actor, type_code=AGREEMENT, title=title)
        session.flush()
        change.agreement_id = filed.id
    record(
        project,
        "change saved",
        actor=actor,
        change=change.number,
        kind=kind,
        before=change.before,
        after=change.after,
        reason=change.reason,
        effect=change.effect,
        counterpart_agreed_on=counterpart_agreed_on,
        free=change.free,
    )
    return change


def _to_write(
    project: Project, kind: ChangeKind, number: int | None, version: int, typed: Mapping[str, tuple[str, str, str]]
) -> Change | None:
    """The draft that is written in; None for a new one."""
    if number is None:
        if there := changing.under_way(project, kind):
            says = _(
                "Change %(number)s, a %(kind)s, is under way already. Only one of a kind is.",
                number=there.number,
                kind=IN_A_SENTENCE[kind],
            )
            raise Refused([Reason(says, path(project.reference, there.number))])
        return None
    change = changing.change_of(project, number)
    if change is None or change.kind is not kind:
        raise Refused(_("There is no such change."))
    if change.state not in WRITABLE:
        raise Refused([what_happened(change)])
    check_version(change, version, who=change.made_by.name, typed=dict(typed))
    return change


def take_change(
    change: Change,
    name: str,
    *,
    actor: User,
    following: Following,
    seen: int,
    note: str = "",
    answer: Answer | None = None,
    handed_over: Sequence[str] = (),
) -> ChangeStep:
    """Take one move of a change. `seen` is the version that the person has read; of two at once one wins.

    `handed_over` are the open duties that go to somebody else, where the manager or the alternate changes.
    """
    project = changing.locked(change.project_id)
    found = changing.change_of(project, change.number)
    assert found is not None
    move = ROAD.find(found.state, name)
    if move is None or found.version != seen:
        raise Refused([what_happened(found)])
    if project.status not in RUNNING and move.target is not S.WITHDRAWN:
        raise Refused(_("This project does not run any more: nothing of it is changed. Withdraw the request."))
    if not may_change(actor, move, found):
        raise Refused(_("This is for somebody else to do: nobody decides on what they ask for or endorsed themselves."))
    if move.note == "required" and not note.strip():
        raise Invalid("note", _("Please write the reason."))
    if move.name in ("ask", "record"):
        _ask(found, move, following)
    letter = _letter(found, move, answer, actor) if name in ANSWERS else None
    if rules := changing.budget_rules(found):
        found.after = {**found.after, "rules": rules}
    done = take_effect(found, actor=actor, following=following) if move.target is S.APPROVED else {}
    if done and handed_over and found.kind is ChangeKind.MANAGER:
        done["handed_over"] = list(handed_over)
        found.after = {**found.after, "handed_over": list(handed_over)}
    return _go(found, move, actor=actor, note=note.strip(), letter=letter, done=done)


def _ask(change: Change, move: Move, following: Following) -> None:
    """The first asking counts for whether it is in time; a late request is flagged and goes its way all the same."""
    project = change.project
    if reasons := stale(change):
        raise Refused([*reasons[:-1], Reason(_("Open the form and save it again, with this in view."))])
    _keep_rules(change)
    if change.asked_on is None:
        change.asked_on = day_at(project.office)
        last = following.last_day(project) if change.kind in TIMED and not change.free else None
        change.late_days = max((change.asked_on - last).days, 0) if last else 0


def _keep_rules(change: Change) -> None:
    """The budget that would come of it keeps the edition's rules: without those that stop a step it is not asked for.

    The others are passed with a word on them under the change's effect.
    """
    missed = [one for one in changing.budget_rules(change) if one["beyond"]]
    for severity, field in (("block", "lines"), ("warn", "effect")):
        broken = [broken_rule(one) for one in missed if one["severity"] == severity]
        if broken and (severity == "block" or not change.effect):
            raise Invalid(field, " ".join(broken))


def broken_rule(rule: Mapping[str, Any]) -> str:
    """A rule of the budget in the edition's words, and how far off the budget would be."""
    how_far = {"amount": rule["beyond"]}
    far = _("It would be over by %(amount)s.", **how_far)
    return f"{rule['text']} {far if rule['at_most'] else _('It would be short by %(amount)s.', **how_far)}"


def _letter(change: Change, move: Move, answer: Answer | None, actor: User) -> Document:
    """The donor's letter, filed now if it was uploaded. No answer is written down without one."""
    project = change.project
    if answer and answer.stored:
        title = _("The donor's letter on change %(number)s: %(answer)s", number=change.number, answer=move.says)
        letter = file_letter(project, answer.stored, actor=actor, type_code=LETTER, title=title)
        session_of(project).flush()
    elif answer and answer.document_id is not None:
        letter = next((one for one in letters_since(change) if one.id == answer.document_id), None)  # type: ignore[assignment]
        if letter is None:
            raise Invalid("document_id", _("This document is not on the file since the change was endorsed."))
    else:
        says = _("Please upload the donor's letter, or choose it among the documents filed since the endorsement.")
        raise Invalid("file", says)
    letter.correspondence = True
    return letter


def letters_since(change: Change) -> list[Document]:
    """What somebody filed since the change was endorsed: one of these may be the donor's answer."""
    endorsed = next((step for step in reversed(change.steps) if step.target is S.ENDORSED), None)
    filed = (one for one in change.project.documents if not one.generated)
    return [one for one in filed if endorsed and one.filed_at >= endorsed.at]


def _go(
    change: Change, move: Move, *, actor: User, note: str, letter: Document | None, done: dict[str, Any]
) -> ChangeStep:
    project, session = change.project, session_of(change.project)
    held = changing_authority(actor, move, change)
    behalf_of = held.absent if held else None
    change.state, change.state_since = ChangeState(move.target), clock.now()
    change.version += 1
    if change.state in (S.APPROVED, S.REFUSED):
        change.decided_on = day_at(project.office)
    step = ChangeStep(
        change=change,
        move=move.name,
        target=change.state,
        actor_id=actor.id,
        actor=actor,
        behalf_of_id=behalf_of.id if behalf_of else None,
        note=note,
        letter_id=letter.id if letter else None,
    )
    session.add(step)
    session.flush()
    record(
        project,
        f"change {move.target}",
        actor=actor,
        behalf_of=behalf_of,
        change=change.number,
        kind=change.kind,
        move=move.name,
        note=note,
        late_days=change.late_days,
        letter={"type_code": letter.type_code, "version": letter.version, "sha256": letter.sha256} if letter else None,
        **done,
    )
    _tell(change, step, actor, done)
    return step


def what_happened(change: Change) -> Reason:
    """The sentence for the person who came too late: who did what, when, and where the change is now."""
    where = path(change.project.reference, change.number)
    if not change.steps or change.state in WRITABLE:
        says = _("Change %(number)s was changed after you opened it. Please read it again.", number=change.number)
        return Reason(says, where)
    step = change.steps[-1]
    source = change.steps[-2].target if len(change.steps) > 1 else S.DRAFT
    move = ROAD.find(source, step.move)
    who = step.actor.name
    if step.behalf_of:
        who = _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
    says = _(
        "%(who)s took the step “%(what)s” on %(when)s. Change %(number)s is now: %(state)s.",
        who=who,
        what=move.says if move else step.move,
        when=moment(step.at),
        number=change.number,
        state=state_chip(change)[0],
    )
    return Reason(says, where)


# -- letters ----------------------------------------------------------------------------------------------------------


def _tell(change: Change, step: ChangeStep, actor: User, done: Mapping[str, Any]) -> None:
    """One letter to each: those whose turn it is now, or the team that is told of the decision."""
    project, topic = change.project, ""
    if change.state is S.WITHDRAWN:
        return
    if change.state in (S.ASKED, S.ENDORSED):
        subject, body = words(_waits, change)
        role = deciding_role(change_rules(project), project, change.state)
        move = next(one for one in ROAD.moves_from(change.state, change) if one.action is not Action.ASK_CHANGE)
        people = [one for one in changing.deciders(project, role) if changing_authority(one, move, change)]
        topic = DESK
    else:
        subject, body = words(_decided, change, step, done)
        people = [one for one in project.people(*TEAM) if change.free is False or one.id != actor.id]
        if "joined" in done:
            left = set(done["left"])
            people += [party.user for party in project.parties if party.user_id in left]
    for person in {one.id: one for one in people}.values():
        outbox.queue(
            session_of(project),
            to=person,
            cause=f"change-step:{step.id}",
            kind=f"change:{step.move}",
            subject=subject,
            body=body,
            path=path(project.reference, change.number),
            topic=topic,
        )


def _told(change: Change) -> dict[str, Any]:
    project = change.project
    return {"id": project.name, "number": change.number, "kind": IN_A_SENTENCE[change.kind]}


def _waits(change: Change) -> tuple[str, str]:
    told, title = _told(change), change.project.title
    subject = _("%(id)s: a %(kind)s waits for you", id=told["id"], kind=told["kind"])
    body = _("Change %(number)s of %(id)s, %(title)s, a %(kind)s, waits for you.", title=title, **told)
    body += _reasons(change)
    if change.late_days:
        body += "\n\n" + _("It was asked for %(days)s days after the last day to ask.", days=change.late_days)
    return subject, body


def _decided(change: Change, step: ChangeStep, done: Mapping[str, Any]) -> tuple[str, str]:
    told, title, state = _told(change), change.project.title, state_chip(change)[0]
    subject = _("%(id)s, %(kind)s: %(state)s", id=told["id"], kind=told["kind"], state=state)
    body = _("Change %(number)s of %(id)s, %(title)s, a %(kind)s: %(state)s.", title=title, state=state, **told)
    if step.note:
        body += "\n\n" + _("Remark: %(note)s", note=step.note)
    if "new_end" in done:
        body += "\n\n" + _(
            "The end has been moved from %(old)s to %(new)s. The deadlines that were still open have been "
            "recomputed; the project's reports show the new dates.",
            old=day(done["old_end"]),
            new=day(done["new_end"]),
        )
    return subject, body + _handed_over(change, done) if "joined" in done else body


def _reasons(change: Change) -> str:
    return "\n\n" + _("Reason: %(reason)s", reason=change.reason)


def _handed_over(change: Change, done: Mapping[str, Any]) -> str:
    text = "\n\n" + _("From %(day)s it is %(name)s.", day=day(done["from_on"]), name=change.after["name"])
    if open_duties := done.get("handed_over"):
        text += "\n\n" + _("Still open, and handed over:") + "".join(f"\n- {duty}" for duty in open_duties)
    return text


def named(change: Change) -> str:
    """Change 2: budget revision."""
    return _("Change %(number)s: %(kind)s", number=change.number, kind=KINDS[change.kind])
