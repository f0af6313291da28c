"""Which projects hold words, asked at once and not as a condition: for the longest word first, often the rarest."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from sqlalchemy import Select, intersect, select, union_all

from prima.db import db
from prima.idlist import among_named, braced, writing
from prima.reporting.search.matching import Term, blanks, filled, holding, terms_of, ways

RARE = 500
"""Among so many projects the other words are looked for; otherwise what holds them is found by itself."""
COMMON = 4_000
"""What stands in more places is common: a walk along the projects finds it soon, unless other words are rare."""


def few_holders(q: str) -> str | None:
    """The same as `holders`; None if the longest word is common."""
    terms = _longest_first(q)
    if not terms:
        return ""
    number, found = db.session.execute(_of_one_if_few(COMMON), filled(terms[:1])).one()
    return _of_all(number, found, terms[1:]) if number <= COMMON else None


def holders(q: str) -> str:
    """The ids of all projects in which every word stands somewhere, whoever may see them (prima.idlist)."""
    terms = _longest_first(q)
    if not terms:
        return ""
    number, found = db.session.execute(_of_one(), filled(terms[:1])).one()
    return _of_all(number, found, terms[1:])


def _longest_first(q: str) -> list[Term]:
    return sorted(terms_of(q), key=lambda term: -len(term.word))


def _of_all(number: int, found: str | None, others: list[Term]) -> str:
    """Of the ids that hold the first word those that hold the others too."""
    if found and others:
        asked = filled(others) | {"ids": braced(found)}
        _number, found = db.session.execute(_of_them(len(others), rare=number <= RARE), asked).one()
    return found or ""


@cache
def _of_one() -> Select[Any]:
    return writing(holding(*blanks(1)))


@cache
def _of_one_if_few(most: int) -> Select[Any]:
    """By each way until it is known to be more. A project that holds it twice is written twice."""
    return writing(union_all(*(way.limit(most + 1) for way in ways(*blanks(1)))), most)


@cache
def _of_them(number: int, *, rare: bool) -> Select[Any]:
    """Among the given ids those of the projects that hold so many words more."""
    given = partial(among_named, "ids")
    held = [holding(blank, among=given if rare else None) for blank in blanks(number)]
    all_of: Any = intersect  # its overloads are too many for the type checker
    # Materialized: else the database would look for thousands of ids in each of the ways to hold a word.
    found = (all_of(*held) if number > 1 else held[0]).cte().prefix_with("materialized")
    return writing(select(found.c.id) if rare else select(found.c.id).where(given(found.c.id)))
