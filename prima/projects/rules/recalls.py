"""Whether the developer may recall a proposal: until the first decision, to where it was submitted from."""

from __future__ import annotations

from typing import Any

STAND = "stand"
"""The move by which an office's clearance of an earlier round opens the review at once."""


def submitted_from(project: Any) -> str:
    """The status that the newest submission left; nothing for what was never submitted here."""
    steps = reversed(getattr(project, "steps", ()))
    return next((str(step.source) for step in steps if step.move == "submit"), "")


def from_draft(project: Any) -> bool:
    return submitted_from(project) in ("", "DRAFT")


def from_returned(project: Any) -> bool:
    return submitted_from(project) == "RETURNED"


def from_donor_changes(project: Any) -> bool:
    return submitted_from(project) == "DONOR_CHANGES"


def unanswered(project: Any) -> bool:
    """Nobody has answered in this round: the office's clearance stands, and no reviewer gave one but those that stand.

    Told only where the page has read the clearances of the round (`project.asked`).
    """
    if not project.steps or project.steps[-1].move != STAND or project.asked is None:
        return False
    return all(one.verdict is None or one.stands_id is not None for one in project.asked)


def unanswered_from_returned(project: Any) -> bool:
    return from_returned(project) and unanswered(project)


def unanswered_from_donor_changes(project: Any) -> bool:
    return from_donor_changes(project) and unanswered(project)
