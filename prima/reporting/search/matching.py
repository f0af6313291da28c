"""Which projects hold the words that somebody types: conditions of SQL, the same for search, list, sums and export."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    intersect,
    literal,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB, TSQUERY

from prima.connections import there_of_each
from prima.handbook.published import HandbookEdition
from prima.lists import Country, Donor
from prima.places import Office
from prima.projects.models import Coverage, Indicator, Part, Party, Project, Section
from prima.reporting.models import Lesson
from prima.users import User
from prima.words import words_of

MOST_WORDS = 10
"""So many words are looked for; those after them are left out."""
BEGINNING = 3
"""From so many letters on, what is typed is the beginning of a word; shorter ones are whole words."""
NAMED_IN = (Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE)
"""Whose names find a project."""
PROJECT_ID = re.compile(r"([A-Z]{1,4})[\W_]{0,3}([0-9]{1,6})", re.ASCII)
TEXTS: tuple[Any, ...] = (Section, Indicator, Lesson)
REFERENCE = re.compile(r"P[\W_]{0,3}([0-9]{4})[\W_]{1,3}([0-9]{1,6})", re.ASCII)
LONGEST_ID = 20


@dataclass(frozen=True)
class Term:
    """A word that is looked for."""

    word: str

    @property
    def begins(self) -> bool:
        return len(self.word) >= BEGINNING

    def fits(self, word: str) -> bool:
        """Whether a folded word is one that the database finds."""
        return word.startswith(self.word) if self.begins else word == self.word

    def stands_in(self, words: Any, weight: str = "") -> ColumnElement[bool]:
        """Whether a text vector holds it, with that weight if one is given."""
        return _stands_in(words, bindparam(None, self.asked(weight), type_=Text(), literal_execute=True))

    def asked(self, weight: str = "") -> str:
        """As the database is asked for it. A word is letters and digits alone."""
        ending = ("*" if self.begins else "") + weight
        return f"'{self.word}'" + (f":{ending}" if ending else "")


@dataclass(frozen=True)
class Blank:
    """Where a word will stand in a statement that is made once, and asked for many words (`filled`)."""

    number: int

    def stands_in(self, words: Any, weight: str = "") -> ColumnElement[bool]:
        return _stands_in(words, bindparam(f"word{weight}_{self.number}", type_=Text(), literal_execute=True))


def _stands_in(words: Any, query: Any) -> ColumnElement[bool]:
    # Written into the statement: the plan for a word of every project is not that for a rare one.
    found: ColumnElement[bool] = words.bool_op("@@")(cast(query, TSQUERY))
    return found


def blanks(number: int) -> list[Blank]:
    return [Blank(place) for place in range(number)]


def filled(terms: Sequence[Term]) -> dict[str, str]:
    """The parameters of a statement with a blank for each word."""
    return {f"word{weight}_{at}": term.asked(weight) for at, term in enumerate(terms) for weight in ("", "A")}


def terms_of(q: str) -> list[Term]:
    return [Term(word) for word in words_of(q)[:MOST_WORDS]]


def mentions(q: str, project_id: Any = Project.id) -> list[ColumnElement[bool]]:
    """Conditions on a project, by its number: every word stands somewhere in what is searched of it.

    Without a word nothing is found.
    """
    terms = terms_of(q)
    if not terms:
        return [false()]
    # Looked up once, whatever else is asked: looked up for each project of a list in turn, they would take minutes.
    # Each project stands there once, so it is joined: of `in` the planner would think that it chooses a few hundred.
    held = [holding(term) for term in terms]
    all_of: Any = intersect  # its overloads are too many for the type checker
    found = all_of(*held) if len(held) > 1 else held[0]
    return [project_id == found.cte().prefix_with("materialized").c.id]


def mentions_one_by_one(q: str) -> list[ColumnElement[bool]]:
    """The same for a walk along projects that hold the words often enough for it to end soon."""
    return [or_(*_held_by_each(term)) for term in terms_of(q)] or [false()]


def _held_by_each(term: Term) -> list[ColumnElement[bool]]:
    """The ways of `holding`. Who and what is called so is looked up once, not for each project."""
    user, country = (any_(func.array(_named(key, term).scalar_subquery())) for key in (User.id, Country.code))
    return [
        term.stands_in(Project.words),
        Project.office_id.in_(_named(Office.id, term)),
        Project.donor_code.in_(_named(Donor.code, term)),
        there_of_each(Coverage.project_id == Project.id, Coverage.country_code == country),
        there_of_each(Party.project_id == Project.id, *team(), Party.user_id == user),
        *(there_of_each(table.project_id == Project.id, *texts(table), term.stands_in(table.words)) for table in TEXTS),
    ]


def holding(term: Term | Blank, *, among: Callable[[Any], ColumnElement[bool]] | None = None) -> Any:
    """The ids of the projects that hold a word, by every way; only of those `among` which they are looked for."""
    return union(*ways(term, among=among))


def ways(term: Term | Blank, *, among: Callable[[Any], ColumnElement[bool]] | None = None) -> list[Select[Any]]:
    """The same apart, by each way."""

    def of(project_id: Any, *conditions: Any) -> Select[Any]:
        return select(project_id.label("id")).where(*conditions, *([among(project_id)] if among else ()))

    return [
        of(Project.id, term.stands_in(Project.words)),
        *(of(table.project_id, *texts(table), term.stands_in(table.words)) for table in TEXTS),
        of(Project.id, Project.office_id.in_(_named(Office.id, term))),
        of(Project.id, Project.donor_code.in_(_named(Donor.code, term))),
        of(Coverage.project_id, Coverage.country_code.in_(_named(Country.code, term))),
        of(Party.project_id, *team(), Party.user_id.in_(_named(User.id, term))),
    ]


def _named(key: Any, term: Term | Blank) -> Select[Any]:
    return select(key).where(term.stands_in(key.class_.words))


def texts(table: Any) -> tuple[ColumnElement[bool], ...]:
    """Which rows of a table of texts are searched: no internal section, and nothing that was taken out."""
    if table is Section:
        return (Section.code.not_in(_internal()),)
    return (Indicator.retired_on.is_(None),) if table is Indicator else (Lesson.withdrawn_at.is_(None),)


def team() -> tuple[ColumnElement[bool], ...]:
    return Party.part.in_(NAMED_IN), Party.until_at.is_(None)


def _internal() -> Select[Any]:
    """The codes of the sections that some edition keeps from those who do not work on the proposal."""
    part = func.jsonb_array_elements(HandbookEdition.content["sections"]).table_valued("value")
    value: ColumnElement[Any] = cast(part.c.value, JSONB)
    return (
        select(value["code"].as_string())
        .select_from(HandbookEdition)
        .join(part, literal_column("true"))
        .where(value["internal"].as_boolean())
    )


# -- where: for the rank ----------------------------------------------------------------------------------------------

IN_NAME, IN_PLACE, IN_TEXT = 0, 1, 3


def rank(terms: Sequence[Term | Blank], ids: Any) -> ColumnElement[int]:
    """The less, the better: what is called so (`ids`), then title, then people and places, then texts."""
    found: ColumnElement[Any] = literal(0, Integer())
    for term in terms:
        called, placed = term.stands_in(Project.words, "A"), or_(*_placed(term))
        found = found + case((called, IN_NAME), (placed, IN_PLACE), else_=IN_TEXT)
    return case((is_called(ids), -1), else_=found) if ids is not None else found


def _placed(term: Term | Blank) -> tuple[ColumnElement[bool], ...]:
    return (
        Project.office_id.in_(_named(Office.id, term)),
        Project.donor_code.in_(_named(Donor.code, term)),
        exists().where(
            Coverage.project_id == Project.id, Coverage.country_code.in_(_named(Country.code, term))
        ),
        exists().where(Party.project_id == Project.id, *team(), Party.user_id.in_(_named(User.id, term))),
    )  # fmt: skip


# -- references and project IDs ---------------------------------------------------------------------------------------


def ids_of(q: str) -> list[str]:
    """The project ID or reference that somebody means: LM276, lm 0276 and LM-0276 are LM.0276."""
    text = q.strip().upper()
    if len(text) > LONGEST_ID or not text.isascii():
        return []
    if match := REFERENCE.fullmatch(text):
        return [f"P-{match[1]}-{int(match[2]):05d}"]
    if match := PROJECT_ID.fullmatch(text):
        return list(dict.fromkeys((f"{match[1]}.{int(match[2]):04d}", text)))
    return []


def is_called(ids: Any) -> ColumnElement[bool]:
    """`ids` is an array of the database, or a list."""
    some = cast(ids, ARRAY(Text)) if isinstance(ids, list) else ids
    return func.coalesce(or_(Project.reference == any_(some), Project.code == any_(some)), False)


def nearly(ids: Sequence[str]) -> list[str]:
    """The same with another digit in one place."""
    return [
        one[:place] + digit + one[place + 1 :]
        for one in ids
        for place, there in enumerate(one)
        if there.isdecimal()
        for digit in "0123456789"
        if digit != there
    ]
