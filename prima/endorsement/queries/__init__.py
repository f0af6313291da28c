"""Rounds, clearances and decisions, loaded for pages and operations; people who may decide; desks."""

from prima.endorsement.queries.cases import Case, case, comparing, deciding, reviewing, round_of, submitting
from prima.endorsement.queries.desks import Open, Waiting, desk_roles, due_on, on_the_desk, open_clearances, waiting
from prima.endorsement.queries.people import (
    administrators,
    colleague,
    holders,
    known,
    may_be_named,
    people_again,
    who_may,
)
from prima.endorsement.queries.rounds import frozen, names, newest_round, rounds, versions
from prima.projects.queries import roles, statuses

__all__ = [
    "Case",
    "Open",
    "Waiting",
    "administrators",
    "case",
    "colleague",
    "comparing",
    "deciding",
    "desk_roles",
    "due_on",
    "frozen",
    "holders",
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
    "statuses",
    "submitting",
    "versions",
    "waiting",
    "who_may",
]
