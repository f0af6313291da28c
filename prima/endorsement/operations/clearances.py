"""A reviewer's work: saving draft answers, giving a clearance or a return, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from prima import clock
from prima.db import check_version
from prima.endorsement.models import Answer, CheckAnswer, Clearance, Verdict
from prima.endorsement.operations import letters
from prima.endorsement.operations.asking import Held, hold, permit, what_happened
from prima.endorsement.operations.claims import end_claims, must_be_free
from prima.endorsement.operations.gender import must_be_reasoned
from prima.endorsement.operations.remarks import note_read, publish_comments, say_why
from prima.endorsement.operations.rounds import settle
from prima.endorsement.record import asked, given
from prima.endorsement.rights import chair
from prima.endorsement.steps import signed
from prima.errors import Invalid, Reason, Refused
from prima.handbook.edition import Check
from prima.journal import record
from prima.permissions import Action
from prima.projects.models import Part, Project
from prima.projects.operations import take_part
from prima.projects.rules import is_regional
from prima.projects.stages import Status
from prima.users import Authority, Role, User

REVIEWED_IN = {Role.FUND: Status.FUND_REVIEW}
"""Where a role answers its checks; all others in review."""


@dataclass(frozen=True)
class Typed:
    """What a reviewer typed: answers and notes by code of the check, a note on the whole, sections to change."""

    answers: Mapping[str, tuple[CheckAnswer | None, str]] = field(default_factory=dict)
    note: str = ""
    sections: Sequence[str] = ()
    gender_marker_code: str | None = None
    """As the reviewer sees it, where that is not the developer's, and why."""
    gender_marker_reason: str = ""


def checks(project: Project, reviewer: str) -> tuple[Check, ...]:
    """The edition's checks of a reviewer for this project."""
    handbook = project.edition.handbook
    return handbook.checks_for(reviewer, project.funding.value, regional=is_regional(project))


def save_draft(clearance: Clearance, *, actor: User, version: int, typed: Typed) -> Clearance:
    """Keep what was typed, though the proposal went back meanwhile; nobody but those who hold the role sees it."""
    clearance = _open(clearance, hold(clearance.project, actor, seen=None))
    _take_over(clearance, typed, version)
    note_read(clearance.project, actor=actor, number=clearance.round.number)
    return clearance


def give(clearance: Clearance, *, actor: User, seen: int, version: int, verdict: Verdict, typed: Typed) -> Clearance:
    """Clear, clear with comments, or return; the proposal moves on when this was the last answer of the round."""
    held = hold(clearance.project, actor, seen=seen)
    project = held.project
    if project.status is not REVIEWED_IN.get(clearance.role, Status.REVIEW):
        raise Refused([what_happened(project)])
    clearance = _open(clearance, held)
    if clearance.role is Role.FUND:
        raise Refused(_("Fund management decides with the buttons of the project's page."))
    _take_over(clearance, typed, version)
    must_be_reasoned(typed.gender_marker_code, typed.gender_marker_reason)
    if verdict is Verdict.RETURN:
        must_say_why(project, typed.note, typed.sections)
    else:
        clearance.sections = []
        _of_this_proposal(project, typed.sections)
        must_pass(clearance, _("This cannot be cleared yet."))
        if verdict is Verdict.COMMENTS and not typed.note.strip():
            raise Invalid("note", _("Please write the comments."))
    authority = chair(actor, Action.REVIEW, clearance)
    assert authority is not None
    _one_person_one_clearance(clearance, actor, authority)
    clearance.verdict = verdict
    clearance.decided_by, clearance.behalf_of = actor, authority.absent
    clearance.decided_at = clock.now()
    sign(project, actor, authority, Part.REVIEWED)
    end_claims(project, clearance.seat)
    _journal(clearance, "clearance given", actor, authority)
    note_read(project, actor=actor, number=clearance.round.number)
    said = publish_comments(project, clearance.round, clearance.seat, actor=actor)
    if verdict is not Verdict.CLEAR:
        say_why(
            project,
            clearance.round,
            actor=actor,
            text=typed.note,
            sections=typed.sections,
            seat=clearance.seat,
        )
    letters.cleared(clearance, actor=actor, said=said)
    if step := settle(project, clearance.round):
        letters.moved(project, step, clearance.round, actor=actor)
    return clearance


def take_back(clearance: Clearance, *, actor: User, seen: int) -> Clearance:
    """Open a given clearance again, answers kept, while the proposal has not moved."""
    held = hold(clearance.project, actor, seen=seen)
    project, clearance = held.project, _fresh(held, clearance)
    permit(actor, Action.REVIEW, clearance)
    if clearance.is_open or project.status is not Status.REVIEW:
        raise Refused(_("There is no answer to take back."))
    authority = chair(actor, Action.REVIEW, clearance)
    _journal(clearance, "clearance taken back", actor, authority)
    clearance.verdict = clearance.decided_by = clearance.behalf_of = clearance.decided_at = None
    clearance.stands = None
    clearance.version += 1
    letters.cleared(clearance, actor=actor)
    return clearance


def must_say_why(project: Project, note: str, sections: Sequence[str]) -> None:
    """A return needs a reason tied to at least one section (Handbook)."""
    if not note.strip():
        raise Invalid("note", _("Please write the reason, so that the developer knows what to change."))
    if not sections:
        raise Invalid("sections", _("Please tick at least one section that the reason is about."))
    _of_this_proposal(project, sections)


def _of_this_proposal(project: Project, sections: Sequence[str]) -> None:
    asked = project.edition.handbook.sections_for(project.funding.value, project.facts)
    if set(sections) - {section.code for section in asked}:
        raise Invalid("sections", _("Please tick sections of this proposal only."))


def must_pass(clearance: Clearance, opening: str) -> None:
    """Refuse while a check that must pass is answered "no" or not at all."""
    given = {one.check_code: one.answer for one in clearance.answers}
    reasons = []
    for check in checks(clearance.project, clearance.reviewer):
        if check.must_pass and given.get(check.code) is None:
            says = _("Please answer: %(question)s", question=check.question.say())
            reasons.append(Reason(says, field=f"{check.code}-answer"))
        elif check.must_pass and given[check.code] is CheckAnswer.NO:
            says = _("Answered “no”, and it must pass: %(question)s", question=check.question.say())
            reasons.append(Reason(says, field=f"{check.code}-answer"))
    if reasons:
        raise Refused([Reason(opening), *reasons])


def sign(project: Project, actor: User, authority: Authority | None, part: Part) -> None:
    """Note who took part. What is decided for an absent person also binds that person: nobody decides twice over."""
    take_part(project, actor, part)
    if authority is not None and authority.absent is not None:
        take_part(project, authority.absent, part)


def _open(clearance: Clearance, held: Held) -> Clearance:
    clearance = _fresh(held, clearance)
    permit(held.actor, Action.REVIEW, clearance)
    if not clearance.is_open:
        raise Refused(
            _(
                "%(who)s has answered already. Take the answer back first.",
                who=signed(clearance.decided_by, clearance.behalf_of),
            )
        )
    fund = clearance.role is Role.FUND
    must_be_free(held.project, held.newest, held.actor, Action.FUND_REVIEW if fund else Action.REVIEW, clearance.seat)
    return clearance


def _fresh(held: Held, clearance: Clearance) -> Clearance:
    found = held.newest.clearance(clearance.seat) if held.newest else None
    if found is None or found.id != clearance.id:
        raise Refused([what_happened(held.project)])
    return found


def _take_over(clearance: Clearance, typed: Typed, version: int) -> None:
    """Write what was typed, unless a colleague with the same role saved something meanwhile."""
    given = {one.check_code: one for one in clearance.answers}
    stated = {"note": (_("Note"), clearance.note, typed.note)}
    known = checks(clearance.project, clearance.reviewer)
    for check in known:
        answer, note = typed.answers.get(check.code, (None, ""))
        there = given.get(check.code)
        question = check.question.say()
        stated[f"{check.code}-answer"] = (question, _said(there.answer if there else None), _said(answer))
        stated[f"{check.code}-note"] = (_("Note: %(question)s", question=question), there.note if there else "", note)
    if sets := any(check.sets == "gender_marker" for check in known):
        code, reason = typed.gender_marker_code or "", typed.gender_marker_reason.strip()
        stated["gender_marker_code"] = (_("Gender marker"), clearance.gender_marker_code or "", code)
        stated["gender_marker_reason"] = (_("Reason"), clearance.gender_marker_reason, reason)
    check_version(clearance, version, who=_("A colleague with the same role"), typed=stated)
    for check in known:
        answer, note = typed.answers.get(check.code, (None, ""))
        if (there := given.get(check.code)) is None:
            there = Answer(check_code=check.code)
            clearance.answers.append(there)
        there.answer, there.note = answer, note.strip()
    if sets:
        clearance.gender_marker_code, clearance.gender_marker_reason = code or None, reason
    clearance.note, clearance.sections = typed.note.strip(), list(typed.sections)
    clearance.version += 1


def _said(answer: CheckAnswer | None) -> str:
    return {
        CheckAnswer.YES: _("yes"),
        CheckAnswer.NO: _("no"),
        CheckAnswer.NOT_APPLICABLE: _("not applicable"),
        None: _("not answered"),
    }[answer]


def _one_person_one_clearance(clearance: Clearance, actor: User, authority: Authority) -> None:
    """What is answered for an absent person counts as that person's answer too."""
    if clearance.project.edition.handbook.one_person_two_clearances:
        return
    signers = {actor.id} | ({authority.absent.id} if authority.absent else set())
    given = [one for one in clearance.round.clearances if not one.is_open]
    if any(signers & {one.decided_by_id, one.behalf_of_id} for one in given):
        raise Refused(_("You have given another clearance of this round; the Handbook asks for a further person."))


def _journal(clearance: Clearance, event: str, actor: User, authority: Authority | None) -> None:
    """All of the answer, and in which role it was given when nobody held the one that was asked."""
    record(
        clearance.project,
        event,
        actor=actor,
        behalf_of=authority.absent if authority else None,
        round=clearance.round.number,
        **asked(clearance),
        **given(clearance),
        held=authority.role if authority else None,
        fallen=clearance.fallen,
    )
