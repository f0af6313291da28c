"""The desks of the endorsement as one table: in each status, who does what with the proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.permissions import Action
from prima.projects.stages import Status

S = Status


@dataclass(frozen=True)
class Desk:
    """What is to be done in a status, by whoever may do the action. `says` begins with a verb."""

    action: Action
    says: Any
    at: str = "projects.show"
    """The endpoint of the page where it is done."""


DESKS = {
    S.OFFICE_CLEAR: Desk(Action.CLEAR_OFFICE, _l("Clear for the office")),
    S.REVIEW: Desk(Action.REVIEW, _l("Review as %(role)s"), "clearances.show"),
    S.RETURNED: Desk(Action.SUBMIT, _l("Change the proposal and submit it again")),
    S.ENDORSE: Desk(Action.ENDORSE, _l("Endorse or return")),
    S.ENDORSED: Desk(Action.ROUTE_ENDORSED, _l("Take the endorsed proposal on")),
    S.FUND_REVIEW: Desk(Action.FUND_REVIEW, _l("Review for the Fund"), "clearances.show"),
    S.RETAINED: Desk(Action.FUND_REVIEW, _l("Take up the retained proposal")),
    S.APPROVER: Desk(Action.APPROVE, _l("Approve or refuse")),
    S.DONOR_SUBMITTED: Desk(Action.ANSWER_DONOR, _l("Record the donor's answer")),
    S.DONOR_CHANGES: Desk(Action.SUBMIT, _l("Change the proposal as the donor asks and submit it again")),
    S.APPROVED: Desk(Action.ACTIVATE, _l("Activate the approved project")),
}

OF_THE_TEAM = frozenset({S.RETURNED, S.DONOR_CHANGES})
"""Statuses in which the proposal lies with its developers."""

ANSWERED = {
    "clear": _l("cleared for review"),
    "return": _l("returned for changes"),
    "stand": _l("office clearance stands"),
    "recall": _l("recalled"),
    "recall-changes": _l("recalled"),
    "recall-donor": _l("recalled"),
    "pass": _l("all clearances given"),
    "endorse": _l("endorsed"),
    "to-fund": _l("taken up for Fund review"),
    "to-donor": _l("submitted to the donor"),
    "recommend": _l("recommended for approval"),
    "retain": _l("retained for a later round"),
    "refuse": _l("refused"),
    "take-up": _l("taken up again"),
    "approve": _l("approved"),
    "back": _l("sent back to Fund management"),
    "approved": _l("the donor approved"),
    "changes": _l("the donor asks for changes"),
    "refused": _l("the donor refused"),
    "withdraw": _l("withdrawn"),
}
"""What was decided by a move, by its name, as the record says it beside the answers of reviewers."""

NAME_CLEARER = _l("Name who clears for the office")
NOBODY = _l("nobody holds this role: an administrator must grant it")


def answered(move: str) -> str:
    """What a move of this name decided, in words; the name itself for a move that no longer exists."""
    return str(ANSWERED.get(move, move))


def signed(actor: Any, behalf_of: Any) -> str:
    """How a decision is signed: "A for B" when A acts for B; what moves by itself is PRIMA's."""
    if actor is None:
        return _("PRIMA")
    if behalf_of is not None:
        return _("%(actor)s for %(absent)s", actor=actor.name, absent=behalf_of.name)
    return str(actor.name)
