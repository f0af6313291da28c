"""Deciding: one move of the life cycle, taken by whoever the table of rights names, with its reason and its trace."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from prima import clock
from prima.endorsement import queries
from prima.endorsement.models import Clearance, Decision, Round, Verdict
from prima.endorsement.operations import letters
from prima.endorsement.operations.asking import hold, permit, what_happened
from prima.endorsement.operations.claims import end_claims, must_be_free
from prima.endorsement.operations.clearances import checks, must_pass, must_say_why, sign
from prima.endorsement.operations.donors import Exchanged, keep_exchange, letter_of, with_a_donor
from prima.endorsement.operations.remarks import publish_comments, say_why
from prima.endorsement.operations.rounds import open_review
from prima.endorsement.record import asked, decided, given
from prima.endorsement.rights import chair
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.permissions import Action
from prima.projects.models import Part, Project, Step
from prima.projects.operations import advance, take_part
from prima.projects.operations.funding_rounds import may_be_taken_up, wait_for
from prima.projects.stages import DECIDE, LIFECYCLE, Status
from prima.users import Role, User
from prima.workflow import Move

PARTS = {
    Action.CLEAR_OFFICE: Part.CLEARED_OFFICE,
    Action.SEND_BACK: Part.REVIEWED,
    Action.ENDORSE: Part.ENDORSED,
    Action.FUND_REVIEW: Part.FUND_REVIEWED,
    Action.APPROVE: Part.APPROVED,
}
"""The part that deciding gives, whatever was decided: it bars from later seats."""
BACK = frozenset({Status.RETURNED, Status.DONOR_CHANGES, Status.REJECTED})


def decide(
    project: Project,
    name: str,
    *,
    actor: User,
    seen: int,
    note: str = "",
    sections: Sequence[str] = (),
    funding_round: str | None = None,
    exchanged: Exchanged | None = None,
) -> Step:
    """Take a deciding move. Of many presses at once the first wins; the others are told what happened.

    `funding_round`: what a retained proposal waits for; `exchanged`: what went to the donor, or came back.
    """
    held = hold(project, actor, seen=seen)
    project, there = held.project, held.newest
    move = LIFECYCLE.find(project.status, name)
    if move is None or move.via != DECIDE:
        raise Refused([what_happened(project)])
    permit(actor, move.action, project)
    must_be_free(project, there, actor, move.action)
    if move.note == "required" and not note.strip():
        raise Invalid("note", _("Please write the reason."))
    if returns(move):
        must_say_why(project, note, sections)
    if move.action is Action.FUND_REVIEW and there:
        _answer_for_the_fund(there, move, note, actor)
    desk = queries.deciding_desk(project)
    authority = chair(actor, move.action, project)
    absent = authority.absent if authority else None
    if project.status is Status.RETAINED and move.target is Status.FUND_REVIEW:
        may_be_taken_up(project)
    letter = letter_of(project, move, exchanged, actor=actor) if with_a_donor(move) else None
    step = advance(project, name, actor=actor, behalf_of=absent, note=note)
    if project.status is Status.RETAINED:
        wait_for(project, funding_round, actor=actor, behalf_of=absent)
    if exchanged and with_a_donor(move):
        keep_exchange(project, step, exchanged, letter, actor=actor)
    end_claims(project)
    if part := PARTS.get(move.action):
        sign(project, actor, authority, part)
        _end_naming(project)
    if there:
        role = authority.role if authority else Role.COM if move.action is Action.CLEAR_OFFICE else Role.PM
        decision = Decision(step=step, round=there, role=role, sections=list(sections) if returns(move) else [])
        _add(project, decision)
        if move.target in (Status.RETURNED, Status.DONOR_CHANGES):
            say_why(project, there, actor=actor, text=note, sections=sections)
        record(project, "decided", actor=actor, behalf_of=absent, round=there.number, **decided(decision))
        _consequences(project, there, held.rounds[1:])
    said = publish_comments(project, there, desk.seat, actor=actor) if there and desk else []
    letters.moved(project, step, there, actor=actor, said=said)
    return step


def returns(move: Move) -> bool:
    """Whether a move sends the proposal back for changes of sections."""
    return move.target is Status.RETURNED


def _consequences(project: Project, there: Round, earlier: Sequence[Round]) -> None:
    if project.status in BACK:
        there.closed_at = clock.now()
    elif project.status is Status.REVIEW:
        open_review(project, there, earlier)
    elif project.status is Status.FUND_REVIEW:
        _open_for_the_fund(project, there)


def _open_for_the_fund(project: Project, there: Round) -> None:
    """Fund management answers checks of its own; coming back, it finds its answers as it left them."""
    if not checks(project, Role.FUND):
        return
    sheet = there.clearance(Role.FUND)
    if sheet is None:
        sheet = Clearance(role=Role.FUND, scope="headquarters", required=False, sections=[], note="", answers=[])
        sheet.stands = None
        there.clearances.append(sheet)
    sheet.opened_at, sheet.due_on = clock.now(), queries.due_on(project)
    sheet.verdict = sheet.decided_by = sheet.behalf_of = sheet.decided_at = None
    _add(project, sheet)
    seats = [{**asked(sheet), **given(sheet)}]
    record(project, "review opened", actor=None, round=there.number, seats=seats)


def _answer_for_the_fund(there: Round, move: Move, note: str, actor: User) -> None:
    sheet = there.clearance(Role.FUND)
    if sheet is None or move.source is not Status.FUND_REVIEW:
        return
    if move.name == "recommend":
        must_pass(sheet, _("This cannot be recommended yet."))
    sheet.verdict = Verdict.CLEAR if move.name == "recommend" else Verdict.RETURN
    sheet.note = note.strip()
    answer = {**asked(sheet), **given(sheet)}
    record(there.project, "clearance given", actor=actor, round=there.number, **answer)


def move_retained(project: Project, *, actor: User, seen: int, funding_round: str | None) -> None:
    """Fund management lets a retained proposal wait for another round, or in the pool."""
    project = hold(project, actor, seen=seen).project
    if project.status is not Status.RETAINED:
        raise Refused([what_happened(project)])
    permit(actor, Action.FUND_REVIEW, project)
    authority = chair(actor, Action.FUND_REVIEW, project)
    wait_for(project, funding_round, actor=actor, behalf_of=authority.absent if authority else None)


def name_clearer(project: Project, *, email: str, actor: User, seen: int) -> User:
    """The endorser names who clears for the office, when no head of office may: on the team, or there is none."""
    person = queries.colleague(email)
    if person is None:
        raise Invalid("email", _("No colleague has an account under this address. Please check it."))
    project = hold(project, actor, seen=seen).project
    if project.status is not Status.OFFICE_CLEAR:
        raise Refused([what_happened(project)])
    permit(actor, Action.ENDORSE, project)
    must_be_free(project, None, actor, Action.ENDORSE)
    if not queries.may_be_named(project):
        raise Refused(_("The head of office can clear this proposal; nobody else needs to be named."))
    if project.on_the_team(person):
        raise Invalid("email", _("This person is on the team of the project. Nobody on the team decides."))
    if person.id == actor.id:
        raise Invalid("email", _("You will endorse this proposal. Please name somebody else."))
    take_part(project, person, Part.CLEARED_OFFICE)
    record(project, "named to clear for the office", actor=actor, person=person.id, name=person.name)
    letters.named(project, person, actor=actor)
    return person


def _end_naming(project: Project) -> None:
    """Having cleared once for the office gives no right to clear again."""
    for party in project.parties:
        if party.part is Part.CLEARED_OFFICE:
            party.until_at = party.until_at or clock.now()


def _add(project: Project, row: object) -> None:
    session = object_session(project)
    assert session is not None
    session.add(row)
    session.flush()
