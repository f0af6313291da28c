"""Rounds, clearances and decisions, loaded for pages and operations; people who may decide; desks."""

from prima.endorsement.queries.cases import Case, case, comparing, deciding, reviewing, round_of, submitting
from prima.endorsement.queries.desks import Waiting, desk_roles, due_on, on_the_desk, open_clearances, waiting
from prima.endorsement.queries.naming import Names, seat_names
from prima.endorsement.queries.people import (
    administrators,
    colleague,
    holders,
    is_vacant,
    judge,
    known,
    may_be_named,
    people_again,
    seated,
    stops,
    who_may,
)
from prima.endorsement.queries.rounds import answers_journaled, frozen, names, newest_round, rounds, versions
from prima.projects.queries import roles, statuses

__all__ = [
    "Case",
    "Names",
    "Waiting",
    "administrators",
    "answers_journaled",
    "case",
    "colleague",
    "comparing",
    "deciding",
    "desk_roles",
    "due_on",
    "frozen",
    "holders",
    "is_vacant",
    "judge",
    "known",
    "may_be_named",
    "names",
    "newest_round",
    "on_the_desk",
    "open_clearances",
    "people_again",
    "reviewing",
    "roles",
    "round_of",
    "rounds",
    "seat_names",
    "seated",
    "statuses",
    "stops",
    "submitting",
    "versions",
    "waiting",
    "who_may",
]
