"""The deadlines of a portfolio: due when the Handbook edition says, and an exact number of them open and due soon."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from prima.demonstration.portfolio.plans import Plan
from prima.handbook.edition import Edition
from prima.projects.stages import Funding
from prima.projects.stages import Status as S
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST, Due, deadlines

A_PROJECT, OPEN, SOON, LATE = 10, 4, 0.07, 0.03
"""For each project of the portfolio: deadlines, open ones, and of these due within the reminders' days, or late."""
AD_HOC = "MON"
"""Asked in between; these bring the deadlines to their exact number."""


class Fate(StrEnum):
    NOT_BEGUN = "not begun"
    DRAFT = "draft"
    RETURNED = "returned"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    ACCEPTED = "accepted"
    PASSED = "passed"
    """A last day to ask that nobody used, or that no longer matters."""
    FELL_AWAY = "fell away"


OPEN_FATES = frozenset({Fate.NOT_BEGUN, Fate.DRAFT, Fate.RETURNED})


@dataclass(slots=True)
class Item:
    plan: Plan
    due: Due
    fate: Fate
    ad_hoc: bool = False


def schedule(plans: Sequence[Plan], edition: Edition, today: date) -> list[Item]:
    """Every deadline, project by project, the ad-hoc ones last."""
    source = random.Random(42)  # nosec B311
    announced = today + timedelta(days=max(edition.ladder.before_days, default=0))
    by_rule = _by_rule(edition)
    items: list[Item] = []
    late, soon, ahead = [], [], 0
    for plan in plans:
        if plan.starts_on is None or plan.first_ends_on is None:
            continue
        for due in by_rule(plan.starts_on, plan.first_ends_on, plan.funding):
            item = Item(plan, due, _fate(plan, due, today))
            if item.fate is Fate.NOT_BEGUN:
                if due.due_on > announced:
                    ahead += 1
                else:
                    (late if due.due_on < today else soon).append(item)
                    item.fate = Fate.PASSED if due.kind == EXTENSION_REQUEST else Fate.ACCEPTED
            items.append(item)
    number = len(plans)
    owed = _some(late, round(LATE * number), source) + _some(soon, round(SOON * number), source)
    for item in owed:
        item.fate = Fate.NOT_BEGUN if item.due.kind == EXTENSION_REQUEST else _begun(source)
    for item in _some([one for one in soon if one.fate is Fate.ACCEPTED], len(soon) // 4, source):
        item.fate = source.choice((Fate.SUBMITTED, Fate.CHECKED))
    missing = OPEN * number - len(owed) - ahead
    if missing < 0:
        _answered_early(items, announced, -missing, source)
    rest = max(0, A_PROJECT * number - len(items))
    items += _ad_hoc(plans, today, announced, min(max(missing, 0), rest), rest, source)
    return items


def _by_rule(edition: Edition) -> Callable[[date, date, Funding], tuple[Due, ...]]:
    @cache
    def by_rule(start: date, end: date, funding: Funding) -> tuple[Due, ...]:
        return deadlines(start, end, edition.deadlines, funding=funding.value)

    return by_rule


def _fate(plan: Plan, due: Due, today: date) -> Fate:
    """What became of it by the project's status alone; NOT_BEGUN where it is still owed, or may be."""
    if plan.status is S.CANCELLED and due.due_on > plan.since_on:
        return Fate.FELL_AWAY
    if due.kind == EXTENSION_REQUEST and (due.due_on < today or plan.status is not S.ACTIVE):
        return Fate.PASSED
    owed = plan.status is S.ACTIVE or (
        due.due_on > today if plan.status is S.SUSPENDED else plan.status is S.OP_CLOSED and due.kind == EVALUATION
    )
    return Fate.NOT_BEGUN if owed else Fate.ACCEPTED


def _some(items: list[Item], number: int, source: random.Random) -> list[Item]:
    return source.sample(items, min(number, len(items)))


def _begun(source: random.Random) -> Fate:
    return source.choices((Fate.NOT_BEGUN, Fate.DRAFT, Fate.RETURNED), (6, 3, 1))[0]


def _answered_early(items: list[Item], announced: date, number: int, source: random.Random) -> None:
    ahead = [one for one in items if one.fate is Fate.NOT_BEGUN and one.due.due_on > announced]
    for item in _some(ahead, number, source):
        item.fate = Fate.PASSED if item.due.kind == EXTENSION_REQUEST else Fate.ACCEPTED


def _ad_hoc(
    plans: Sequence[Plan], today: date, announced: date, open_ones: int, total: int, source: random.Random
) -> Iterator[Item]:
    """So many more, of which so many open and due later than the reminders look."""
    running = [plan for plan in plans if plan.status is S.ACTIVE and plan.ends_on and plan.starts_on]
    for number in range(total if running else 0):
        plan = running[number % len(running)]
        assert plan.starts_on
        if number < open_ones:
            due_on = announced + timedelta(days=source.randrange(1, 365))
            fate = Fate.NOT_BEGUN
        else:
            due_on = plan.starts_on + timedelta(days=source.randrange(1, 1 + max(1, (today - plan.starts_on).days)))
            fate = Fate.ACCEPTED
        yield Item(plan, Due(kind=AD_HOC, due_on=due_on, why="Asked by the donor."), fate, ad_hoc=True)
