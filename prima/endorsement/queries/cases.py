"""What a page of the endorsement is about: the project, its newest round, and the move or clearance asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.endorsement.queries.people import judge, people_again
from prima.endorsement.queries.rounds import newest_round, read_rounds, rounds
from prima.permissions import Action
from prima.projects.loading import load
from prima.projects.models import Project
from prima.projects.queries import proposal_with_story, story
from prima.projects.stages import DECIDE, LIFECYCLE, RECALL, SUBMIT
from prima.workflow import Move


@dataclass(frozen=True)
class Case:
    """What a page of the endorsement is about: the project, its newest round, and the move or the clearance asked."""

    project: Project
    round: Round | None
    move: Move | None = None
    clearance: Clearance | None = None
    comment: int | None = None
    """The number of a draft of a comment."""
    rounds: Sequence[Round] = ()
    """All of them, newest first, without their versions; read for the page on which a version is answered."""
    seat: str = ""
    """The desk of whoever decides."""

    @property
    def seen(self) -> int:
        """The last step there is: a decision taken on an older state is refused."""
        return self.project.steps[-1].id if self.project.steps else 0


def _read(project: Project | None) -> tuple[Project, Round | None] | None:
    if project is None:
        return None
    newest = newest_round(project)
    judge(project, newest)
    people_again()
    return project, newest


def submitting(reference: str, move: str) -> Case | None:
    offered = any(one.name == move and one.via == SUBMIT for one in LIFECYCLE)
    found = _read(proposal_with_story(reference)) if offered else None
    return Case(*found, LIFECYCLE.find(found[0].status, move)) if found else None


def deciding(reference: str, move: str) -> Case | None:
    """The move may be gone by now (`move` is None then): the page says what happened."""
    offered = any(one.name == move and one.via == DECIDE for one in LIFECYCLE)
    found = _read(story(reference)) if offered else None
    if found is None:
        return None
    here = LIFECYCLE.find(found[0].status, move)
    if here and here.action is Action.ANSWER_DONOR:
        load(db.session(), [found[0]], {"documents": ("type",)})
    return Case(*found, here if here and here.via == DECIDE else None)


def recalling(reference: str, move: str) -> Case | None:
    """The move is None where it cannot be taken any more."""
    offered = any(one.name == move and one.via == RECALL for one in LIFECYCLE)
    found = _read(story(reference)) if offered else None
    if found is None:
        return None
    here = LIFECYCLE.find(found[0].status, move)
    return Case(*found, here if here and here.only and here.only(found[0]) else None)


def case(reference: str) -> Case | None:
    found = _read(story(reference))
    return Case(*found) if found else None


def comparing(reference: str) -> Project | None:
    """The proposal as it is now, to be held against what was frozen."""
    return proposal_with_story(reference)


def reviewing(reference: str, seat: str) -> Case | None:
    """The clearance of a seat (in lower case in the URL) on the newest round."""
    project = story(reference) if seat == seat.lower() else None
    there = read_rounds(project) if project else []
    clearance = there[0].clearance(seat.upper()) if there else None
    if project is None or clearance is None:
        return None
    judge(project, there[0])
    return Case(project, there[0], clearance=clearance, rounds=there)


def drafting(reference: str, seat: str, number: int) -> Case | None:
    """A reviewer's page for one of its drafts of comments."""
    found = reviewing(reference, seat)
    return replace(found, comment=number) if found else None


def deciding_at(reference: str, seat: str, number: int | None = None) -> Case | None:
    """The page of whoever decides, by the desk's seat; `number`: of one of its drafts of comments."""
    project = story(reference) if seat == seat.lower() else None
    there = read_rounds(project) if project else []
    if project is None or not there:
        return None
    judge(project, there[0])
    people_again()
    return Case(project, there[0], comment=number, rounds=there, seat=seat.upper())


def round_of(reference: str, number: int) -> Case | None:
    found = _read(story(reference))
    chosen = next((one for one in rounds(found[0]) if one.number == number), None) if found else None
    return Case(found[0], chosen) if found and chosen else None
