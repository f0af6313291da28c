"""Comments on a version: drafted at a seat, published with its answer; reasons as comments; versions read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import null
from sqlalchemy.orm import Session, object_session

from prima import clock
from prima.endorsement import queries
from prima.endorsement.models import Clearance, Reading, Round
from prima.endorsement.operations.asking import Held, hold, permit, what_happened
from prima.endorsement.queries import Sat
from prima.endorsement.reading import parts, quoted
from prima.endorsement.rights import seat_of, sitting
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.permissions import Action
from prima.projects.models import Comment, Project
from prima.projects.operations.drafting import seal
from prima.users import Role, User

WHOLE = "COV"
"""The section that a remark on the whole proposal stands with."""


Place = Clearance | Sat
"""Where a version is answered: a reviewer's clearance, or the desk of who decides."""


@dataclass(frozen=True)
class _Seat:
    """A place as it is now, under the project's lock, with the newest round."""

    project: Project
    round: Round
    name: str


def draft_comment(place: Place, *, actor: User, section: str, line: str, text: str) -> Comment:
    """Note down what only this seat sees until it answers; sent twice it is noted once."""
    seat = _held(place, actor)
    project, there = seat.project, seat.round
    handbook = project.edition.handbook
    known = {one.code for one in handbook.sections_for(project.funding.value, project.facts)}
    if section not in known:
        raise Invalid("section", _("Please choose a section of this proposal."))
    quote = ""
    if line:
        frozen = queries.frozen(project, [there.number])[there.number]
        read = parts(frozen, handbook, queries.names(), internal=True)
        found = quoted(read, section, line)
        if found is None:
            raise Invalid("section", _("This line is not in the version under review. Comment on the whole section."))
        quote = found
    for one in queries.drafted(project, seat.name):
        if (one.section_code, one.anchor, one.text) == (section, line, text):
            return one
    comment = Comment(
        project_id=project.id,
        section_code=section,
        anchor=line,
        quote=quote,
        text=text,
        author_id=actor.id,
        seat=seat.name,
        round_number=there.number,
        needs_answer=True,
        published_at=null(),
    )
    session = _session(project)
    session.add(comment)
    session.flush()
    return comment


def reword_comment(place: Place, number: int, *, actor: User, text: str) -> Comment:
    comment = _drafted(_held(place, actor), number)
    comment.text, comment.author_id, comment.at = text, actor.id, clock.now()
    return comment


def discard_comment(place: Place, number: int, *, actor: User) -> None:
    seat = _held(place, actor)
    comment = _drafted(seat, number)
    session = _session(seat.project)
    session.delete(comment)
    session.flush()


def publish_comments(project: Project, there: Round, seat: str, *, actor: User) -> list[Comment]:
    """With the seat's answer everything it drafted becomes the developers' to answer."""
    found = queries.drafted(project, seat)
    for comment in found:
        comment.published_at, comment.round_number = clock.now(), there.number
        _published(project, comment, actor)
    return found


def carry_drafts(project: Project, newest: Round, earlier: Sequence[Round]) -> None:
    """Where a seat is not asked any more, its drafts go along to the seat that its author has in the same review now.

    Of others only the author knows, who finds them with the comments of the project.
    """
    seats = {one.seat: one for one in newest.clearances}
    reviewers = {one.seat: one.reviewer for there in reversed(earlier) for one in there.clearances}
    for draft in queries.drafted_elsewhere(project, [*seats, Role.FUND]):
        author = queries.known(draft.author)
        for one in seats.values():
            alike = one.is_open and one.reviewer == reviewers.get(draft.seat)
            if alike and sitting(author, project, seat_of(one)):
                draft.seat = one.seat
                break


def say_why(
    project: Project, there: Round, *, actor: User, text: str, sections: Sequence[str], seat: str = ""
) -> Comment:
    """The reason of a return, or the comments of a clearance, as a comment that is answered; said again it is one."""
    first, *further = list(sections) or [WHOLE]
    text = text.strip()
    session = _session(project)
    session.flush()
    for one in queries.remarks(project, seat):
        same = (one.seat, one.round_number, one.section_code, one.sections, one.text)
        if one.published_at and one.resolved_at is None and same == (seat, there.number, first, further, text):
            return one
    comment = Comment(
        project_id=project.id,
        section_code=first,
        sections=further,
        text=text,
        author_id=actor.id,
        seat=seat,
        round_number=there.number,
        needs_answer=True,
    )
    session.add(comment)
    _published(project, comment, actor)
    return comment


def mark_read(place: Place, *, actor: User, number: int) -> None:
    """Note that the person has read the version of a round: what changes later is measured from there."""
    held = hold(place.project, actor, seen=None)
    if held.newest is None or not 1 <= number <= held.newest.number:
        raise Refused([what_happened(held.project)])
    if isinstance(place, Sat):
        _at_desk(held, place)
    else:
        permit(actor, Action.REVIEW, place)
    if note_read(held.project, actor=actor, number=number):
        record(held.project, "version read", actor=actor, round=number)


def note_read(project: Project, *, actor: User, number: int) -> bool:
    """Whether it is news: a newer version was not read before."""
    there = queries.reading(project, actor)
    if there is None:
        _session(project).add(Reading(project_id=project.id, user_id=actor.id, round_number=number))
        return True
    if there.round_number >= number:
        return False
    there.round_number, there.at = number, clock.now()
    return True


def _published(project: Project, comment: Comment, actor: User) -> None:
    _session(project).flush()
    record(
        project,
        "comment",
        actor=actor,
        comment=comment.id,
        code=comment.section_code,
        round=comment.round_number,
        seat=comment.seat,
        **seal(comment.text),
    )


def _held(place: Place, actor: User) -> _Seat:
    """The desk on which the proposal still lies, or the clearance, which is still open."""
    held = hold(place.project, actor, seen=None)
    if held.newest is None:
        raise Refused([what_happened(held.project)])
    if isinstance(place, Sat):
        return _Seat(held.project, held.newest, _at_desk(held, place).seat)
    found = held.newest.clearance(place.seat)
    if found is None or found.id != place.id:
        raise Refused([what_happened(held.project)])
    permit(actor, Action.REVIEW, found)
    if not found.is_open:
        raise Refused(_("This role has answered. Take the answer back before you comment further."))
    return _Seat(held.project, held.newest, found.seat)


def _at_desk(held: Held, place: Sat) -> Sat:
    found = queries.deciding_desk(held.project)
    if found is None or found.seat != place.seat:
        raise Refused([what_happened(held.project)])
    permit(held.actor, found.action, found.project)
    return found


def _drafted(seat: _Seat, number: int) -> Comment:
    found = next((one for one in queries.drafted(seat.project, seat.name) if one.id == number), None)
    if found is None:
        raise Refused(_("This draft of a comment is not there any more."))
    return found


def _session(project: Project) -> Session:
    session = object_session(project)
    assert session is not None
    return session
