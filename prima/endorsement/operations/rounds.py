"""Submitting: freeze the version, open the review, keep what still stands, and move on when everybody has answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session, object_session

from prima import clock
from prima.endorsement import queries, routing
from prima.endorsement.models import RETURNED_IT, Answer, Clearance, Decision, Round, Verdict
from prima.endorsement.operations import letters
from prima.endorsement.operations.asking import hold, permit, what_happened
from prima.endorsement.operations.gender import as_passed, carried_on, drafted_again, set_gender_marker
from prima.endorsement.operations.remarks import carry_drafts
from prima.endorsement.record import asked as seat_asked
from prima.endorsement.record import decided, given
from prima.endorsement.record import frozen as frozen_version
from prima.endorsement.routing import Stop
from prima.errors import Refused
from prima.journal import record
from prima.permissions import Action
from prima.projects.files import Arrivals
from prima.projects.models import Project, Step
from prima.projects.operations import advance, file_papers
from prima.projects.operations.funding_rounds import put_into_call
from prima.projects.snapshot import changed_sections, seal, snapshot, submitted_facts
from prima.projects.stages import LIFECYCLE, Status
from prima.users import Role, User
from prima.workdays import add_working_days


def submit(
    project: Project,
    name: str,
    *,
    actor: User,
    seen: int | None = None,
    note: str = "",
    papers: Sequence[Any] = (),
    arrivals: Arrivals | None = None,
) -> Step:
    """Freeze the proposal and send it to the head of office; on a resubmission only to whom the changes concern.

    `papers` are written of it and filed by way of `arrivals`, in the same transaction.
    """
    held = hold(project, actor, seen=seen)
    project, earlier = held.project, held.rounds
    move = LIFECYCLE.find(project.status, name)
    if move is None:
        raise Refused([what_happened(project)])
    permit(actor, Action.SUBMIT, project)
    step = advance(project, name, actor=actor, note=note)
    put_into_call(project, actor=actor)
    newest = freeze(project, earlier, actor)
    if arrivals:
        file_papers(project, papers, arrivals, actor=actor, number=newest.number)
    if cleared := office_clearance(earlier, newest):
        remark = _("The office's clearance of round %(number)s stands.", number=cleared.number)
        stands = advance(project, "stand", actor=None, note=remark)
        decision = Decision(step=stands, round=newest, role=Role.COM, sections=[])
        _session(project).add(decision)
        _session(project).flush()
        record(project, "decided", actor=None, round=newest.number, **decided(decision))
        open_review(project, newest, earlier)
    letters.moved(project, project.steps[-1], newest, actor=actor)
    return step


def freeze(project: Project, earlier: Sequence[Round], actor: User) -> Round:
    now = clock.now()
    for one in earlier:
        one.closed_at = one.closed_at or now
    frozen = snapshot(project)
    newest = Round(
        project=project,
        number=earlier[0].number + 1 if earlier else 1,
        submitted_at=now,
        submitted_by_id=actor.id,
        snapshot=frozen,
        sha256=seal(frozen),
        clearances=[],
        decisions=[],
    )
    _session(project).add(newest)
    record(project, "version frozen", actor=actor, **frozen_version(newest))
    return newest


def office_clearance(earlier: Sequence[Round], newest: Round) -> Round | None:
    """The round whose office clearance still stands: cleared last, and nothing material changed since."""
    handbook = newest.project.edition.handbook
    material = {section.code for section in handbook.sections if section.material}
    for one in earlier:
        decisions = [decision.step for decision in one.decisions if decision.role is Role.COM]
        if decisions:
            cleared = decisions[-1].target is not Status.RETURNED
            changed = changed_sections(as_passed(one), newest.snapshot) & material
            return one if cleared and not changed else None
    return None


def open_review(project: Project, newest: Round, earlier: Sequence[Round]) -> None:
    """Open the clearances that the edition asks, or let an earlier one stand where its sections did not change.

    Whom a condition concerns is judged by what was submitted, though a list may have changed meanwhile.
    """
    facts, areas = submitted_facts(newest.snapshot), newest.snapshot["areas"]
    asked = queries.stops(project, facts, areas, beside=standing_specialists(earlier, newest))
    elsewhere = {called for stop in asked for called in routing.elsewhere(stop)}
    project.asked_elsewhere = sorted(elsewhere.union(project.asked_elsewhere))
    for stop in asked:
        before = last_word(stop, earlier)
        if before and _covers(before, stop) and not concerned(before, newest):
            clearance = _standing(before, stop)
        else:
            clearance = _opened(before, stop, newest)
        newest.clearances.append(clearance)
    _session(project).flush()
    carry_drafts(project, newest, earlier)
    seats = [{**seat_asked(one), **given(one)} for one in newest.clearances]
    record(project, "review opened", actor=None, round=newest.number, seats=seats)
    settle(project, newest)


def last_word(stop: Stop, earlier: Sequence[Round]) -> Clearance | None:
    """The newest earlier clearance of the seat; for areas of work, else the answer of whoever looked at all of them.

    What somebody else only drafted is theirs.
    """
    for one in earlier:
        if found := one.clearance(stop.seat):
            return found
        alike = (each for each in one.clearances if each.reviewer == stop.reviewer and not each.is_open)
        if stop.areas and (found := next((each for each in alike if set(stop.areas) <= set(each.areas)), None)):
            return found
    return None


def standing_specialists(earlier: Sequence[Round], newest: Round) -> dict[Role, set[str]]:
    """By role, the areas of work that a specialist cleared and that still stand, though nobody may be one any more."""
    found: dict[Role, set[str]] = {}
    reviewed = next((one for one in earlier if one.clearances), None)
    for before in reviewed.clearances if reviewed else ():
        if before.specialist and before.is_given and not concerned(before, newest):
            found.setdefault(before.role, set()).update(before.areas)
    return found


def _covers(before: Clearance, stop: Stop) -> bool:
    """Whether a clearance was given, and for all the areas of work that are asked now."""
    return before.is_given and set(stop.areas) <= set(before.areas)


def concerned(before: Clearance, newest: Round) -> set[str]:
    """The changed sections that the edition gives to the reviewer of an earlier clearance."""
    handbook = newest.project.edition.handbook
    concern = {section.code for section in handbook.sections if before.reviewer in section.roles}
    return changed_sections(as_passed(before.round), newest.snapshot) & concern


def _asked(stop: Stop) -> dict[str, Any]:
    return {
        "seat": stop.seat,
        "reviewer": stop.reviewer,
        "role": stop.role,
        "scope": stop.scope,
        "place": stop.place,
        "areas": list(stop.areas),
        "specialist": stop.specialist,
        "fallback": stop.fallback,
        "required": stop.required,
        "sections": [],
    }


def _standing(before: Clearance, stop: Stop) -> Clearance:
    return Clearance(
        **_asked(stop),
        opened_at=before.opened_at,
        due_on=before.due_on,
        verdict=before.verdict,
        note=before.note,
        **carried_on(before),
        decided_by=before.decided_by,
        behalf_of=before.behalf_of,
        decided_at=before.decided_at,
        stands=before.stands or before,
        answers=_copies(before),
        version=before.version + 1,
    )


def _opened(before: Clearance | None, stop: Stop, newest: Round) -> Clearance:
    """Open, with the answers given or drafted before as its draft.

    Versions count on, so that a page of the round before, still open somewhere, overwrites nothing here.
    """
    continued = before is not None and before.is_open
    return Clearance(
        **_asked(stop),
        due_on=add_working_days(clock.today(), stop.days),
        again=_again(before, newest),
        note=before.note if before and continued else "",
        **drafted_again(before, newest.project),
        stands=None,
        answers=_copies(before) if before else [],
        version=before.version + 1 if before else 1,
    )


def _again(before: Clearance | None, newest: Round) -> list[str]:
    """Why it is asked again (Clearance.again); nothing where it is asked for the first time, or was not answered."""
    if before is None or before.is_open:
        return []
    if before.verdict is Verdict.RETURN:
        return [RETURNED_IT]
    return sorted(concerned(before, newest))


def _copies(before: Clearance) -> list[Answer]:
    return [Answer(check_code=one.check_code, answer=one.answer, note=one.note) for one in before.answers]


def settle(project: Project, newest: Round) -> Step | None:
    """Move on by itself when every required clearance of the round has been given: forward, or back if any returns."""
    required = [one for one in newest.clearances if one.required]
    if project.status is not Status.REVIEW or any(one.is_open for one in required):
        return None
    returned = [one for one in newest.clearances if one.verdict is Verdict.RETURN]
    if not returned:
        set_gender_marker(project, newest)
        return advance(project, "pass", actor=None)
    names = queries.seat_names()
    by = ", ".join(names.seat(one) for one in returned)
    step = advance(project, "return", actor=None, note=_("All reviewers have answered. Returned by: %(by)s.", by=by))
    newest.closed_at = clock.now()
    return step


def _session(project: Project) -> Session:
    session = object_session(project)
    assert session is not None
    return session
