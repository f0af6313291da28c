"""Which projects hold words, asked at once and not as a condition: for the longest word first, often the rarest."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from sqlalchemy import Select, intersect, select

from prima.db import db
from prima.idlist import among_named, braced, writing
from prima.reporting.search.matching import blanks, filled, holding, terms_of

RARE = 500
"""Among so many projects the other words are looked for; otherwise what holds them is found by itself."""


def holders(q: str) -> str:
    """The ids of all projects in which every word stands somewhere, whoever may see them (prima.idlist)."""
    terms = sorted(terms_of(q), key=lambda term: -len(term.word))
    if not terms:
        return ""
    first, *others = terms
    number, found = db.session.execute(_of_one(), filled([first])).one()
    if found and others:
        asked = filled(others) | {"ids": braced(found)}
        _number, found = db.session.execute(_of_them(len(others), rare=number <= RARE), asked).one()
    return found or ""


@cache
def _of_one() -> Select[Any]:
    return writing(holding(*blanks(1)))


@cache
def _of_them(number: int, *, rare: bool) -> Select[Any]:
    """Among the given ids those of the projects that hold so many words more."""
    given = partial(among_named, "ids")
    held = [holding(blank, among=given if rare else None) for blank in blanks(number)]
    all_of: Any = intersect  # its overloads are too many for the type checker
    # Materialized: else the database would look for thousands of ids in each of the ways to hold a word.
    found = (all_of(*held) if number > 1 else held[0]).cte().prefix_with("materialized")
    return writing(select(found.c.id) if rare else select(found.c.id).where(given(found.c.id)))
