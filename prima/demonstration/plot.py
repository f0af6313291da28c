"""From a story to its moves: which ones were taken, on which days, and by which role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from prima.demonstration.days import working_day
from prima.demonstration.stories import Story
from prima.demonstration.topics import ASKED
from prima.projects.models import Part
from prima.projects.stages import Status as S
from prima.reporting.calendar import add_months
from prima.users import Role

ROAD = ("develop", "submit", "clear", "pass", "endorse", "to-fund", "recommend", "approve", "activate")
AGAIN = ("return", "submit", "clear")
"""A first round that came back, before the second one went through."""
TAKEN: dict[S, tuple[str, ...]] = {
    S.CONCEPT: (),
    S.DRAFT: ROAD[:1],
    S.OFFICE_CLEAR: ROAD[:2],
    S.REVIEW: ROAD[:3],
    S.RETURNED: (*ROAD[:3], "return"),
    S.WITHDRAWN: (*ROAD[:3], "withdraw"),
    S.ENDORSE: ROAD[:4],
    S.ENDORSED: ROAD[:5],
    S.FUND_REVIEW: ROAD[:6],
    S.RETAINED: (*ROAD[:6], "retain"),
    S.REJECTED: (*ROAD[:6], "refuse"),
    S.APPROVER: ROAD[:7],
    S.APPROVED: ROAD[:8],
    S.ACTIVE: ROAD,
    S.SUSPENDED: (*ROAD, "suspend"),
    S.CANCELLED: (*ROAD, "cancel"),
    S.OP_CLOSED: (*ROAD, "close"),
    S.FIN_CLOSED: (*ROAD, "close", "settle"),
}
"""The moves that brought a Fund project to its status."""
AFTER = {
    "develop": 24, "submit": 47, "clear": 4, "pass": 12, "return": 9, "withdraw": 17, "endorse": 4, "to-fund": 3,
    "recommend": 10, "retain": 13, "refuse": 14, "approve": 5, "activate": 18,
}  # fmt: skip
"""Days since the move before it."""
BEFORE_THE_START = 8
CLOSED_AFTER, SETTLED_AFTER = 98, 290
"""Days from the project's end to its operational and its financial closure."""


@dataclass(frozen=True)
class Seat:
    """Who takes a move, which part in the project it gives, and what is written."""

    role: Role | None
    part: Part | None = None
    decides: bool = False
    note: str = ""


SEATS = {
    "develop": Seat(Role.PDEV),
    "submit": Seat(Role.PDEV),
    "clear": Seat(Role.COM, Part.CLEARED_OFFICE, True),
    "return": Seat(Role.RPDO, Part.REVIEWED, True, ASKED["RETURNED"]),
    "withdraw": Seat(Role.PDEV, note=ASKED["WITHDRAWN"]),
    "pass": Seat(None),
    "endorse": Seat(Role.RD, Part.ENDORSED, True),
    "to-fund": Seat(Role.FUND, None, True),
    "recommend": Seat(Role.FUND, Part.FUND_REVIEWED, True),
    "retain": Seat(Role.FUND, Part.FUND_REVIEWED, True, ASKED["RETAINED"]),
    "refuse": Seat(Role.FUND, Part.FUND_REVIEWED, True, ASKED["REJECTED"]),
    "approve": Seat(Role.DDG, Part.APPROVED, True),
    "activate": Seat(Role.FUND),
    "suspend": Seat(Role.FUND, note=ASKED["SUSPENDED"]),
    "cancel": Seat(Role.FUND, note=ASKED["CANCELLED"]),
    "close": Seat(Role.FUND, note=ASKED["CLOSED"]),
    "settle": Seat(Role.FUND, note=ASKED["SETTLED"]),
}


def taken(story: Story) -> tuple[str, ...]:
    moves = TAKEN[story.status]
    return (*moves[:3], *AGAIN, *moves[3:]) if story.returned_once else moves


def first_end(story: Story) -> date:
    """The last day agreed at activation."""
    return add_months(story.day, story.months) - timedelta(days=1)


def last_end(story: Story) -> date:
    """The last day after an extension or a cancellation."""
    if story.status is S.CANCELLED and story.ended_on:
        return story.ended_on
    return add_months(story.day, story.months + story.extended_months) - timedelta(days=1)


def dated(story: Story) -> tuple[date, list[tuple[str, date]]]:
    """The day of the first idea, and the moves with their days, each a working day."""
    moves = taken(story)
    known: dict[str, date] = {
        "suspend": story.ended_on or story.day,
        "cancel": story.ended_on or story.day,
        "close": last_end(story) + timedelta(days=CLOSED_AFTER),
        "settle": last_end(story) + timedelta(days=SETTLED_AFTER),
    }
    later = [(move, working_day(known[move])) for move in moves if move in known]
    day = story.day - timedelta(days=BEFORE_THE_START) if story.was_activated else story.day
    days: list[tuple[str, date]] = []
    for move in reversed(moves[: len(moves) - len(later)]):
        days.append((move, working_day(day)))
        day -= timedelta(days=AFTER[move])
    return working_day(day), [*reversed(days), *later]
