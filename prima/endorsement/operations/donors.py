"""What is exchanged with the donor: the day a proposal was sent, and the answer with its letter on the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from prima import clock
from prima.endorsement.models import Exchange
from prima.errors import Invalid
from prima.journal import record
from prima.permissions import Action
from prima.projects.files import Stored
from prima.projects.models import Document, Project, Step
from prima.projects.models.documents import INTERNAL
from prima.projects.operations.documents import file_letter
from prima.projects.operations.drafting import session_of
from prima.projects.rules.calls import day_at
from prima.projects.stages import Status
from prima.users import User
from prima.workflow import Move

LETTER = "DLTR"
"""The type of document as which a donor's answer is filed. One chosen from the file keeps its own."""


@dataclass(frozen=True)
class Exchanged:
    """What was typed: the day on the letter, and the letter: uploaded now (`stored`), or filed before (its id)."""

    dated_on: date | None = None
    stored: Stored | None = None
    document_id: int | None = None


def is_answer(move: Move) -> bool:
    return move.action is Action.ANSWER_DONOR


def with_a_donor(move: Move) -> bool:
    """Whether something is exchanged with the donor by it."""
    return is_answer(move) or move.target is Status.DONOR_SUBMITTED


def sent_at(project: Project) -> Step | None:
    """The step by which the proposal went to the donor last."""
    return next((step for step in reversed(project.steps) if step.target is Status.DONOR_SUBMITTED), None)


def letters_since(project: Project) -> list[Document]:
    """The documents that somebody filed since the proposal went to the donor: one of them may be the answer."""
    sent = sent_at(project)
    filed = (one for one in project.documents if not one.generated and one.type_code not in INTERNAL)
    return [one for one in filed if sent is None or one.filed_at >= sent.at]


def letter_of(project: Project, move: Move, given: Exchanged | None, *, actor: User) -> Document | None:
    """The letter of an answer, filed now if it was uploaded. Refuses an answer without one."""
    dated_on = given.dated_on if given else None
    if dated_on and dated_on > max(clock.today(), day_at(project.office)):
        raise Invalid("dated_on", _("This day is still to come."))
    if not is_answer(move):
        return None
    if given and given.stored:
        title = _("The donor's letter: %(answer)s", answer=move.says)
        return file_letter(project, given.stored, actor=actor, type_code=LETTER, title=title)
    if given is None or given.document_id is None:
        says = _("Please upload the donor's letter, or choose it among the documents filed since the submission.")
        raise Invalid("file", says)
    found = next((one for one in letters_since(project) if one.id == given.document_id), None)
    if found is None:
        raise Invalid("document_id", _("This document is not on the file since the proposal was sent to the donor."))
    return found


def keep_exchange(
    project: Project, step: Step, given: Exchanged, letter: Document | None, *, actor: User
) -> Exchange | None:
    if letter is None and given.dated_on is None:
        return None
    session = session_of(project)
    session.flush()
    if letter:
        letter.correspondence = True
    kept = Exchange(step_id=step.id, dated_on=given.dated_on, document_id=letter.id if letter else None)
    session.add(kept)
    session.flush()
    filed = {"type_code": letter.type_code, "version": letter.version, "sha256": letter.sha256} if letter else None
    record(project, "exchanged with the donor", actor=actor, step=step.id, dated_on=given.dated_on, letter=filed)
    return kept
