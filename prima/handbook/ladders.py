"""Which reminders an edition leaves to others, or to nobody: told to whoever publishes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prima.handbook.edition import Edition, Ladder

LADDERS = {
    "evaluation_ladder": "of evaluations by the general ladder",
    "review_ladder": "of clearances not given in time not at all",
    "follow_up_ladder": "of promised follow-up not at all",
}
"""What editions did not always have, and how its projects are reminded if no edition has it."""
ALONE = {"milestone_ladder": "of milestones not at all"}
"""What no other edition answers for."""


def silent(edition: Edition, others: Callable[[str], Ladder | None] | None = None) -> Iterator[str]:
    """A sentence for each ladder that the edition lacks; `others` finds the one that is followed instead."""
    for name, otherwise in (ALONE | LADDERS).items():
        if getattr(edition, name) is not None:
            continue
        if name in ALONE:
            yield f"[{name}] is missing: its projects are reminded {otherwise}."
        elif others is None:
            followed = "the newest edition that has one is followed"
            yield f"[{name}] is missing: {followed}; without any, its projects are reminded {otherwise}."
        elif others(name) is None:
            yield f"[{name}] is missing here and in every edition in force: its projects are reminded {otherwise}."
        else:
            yield f"[{name}] is missing: that of the newest edition that has one is followed."
