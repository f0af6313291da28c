"""Former projects for those who draft: found by their words, similar to a project at hand, copied from or to it.

Every question starts from what the viewer may see: nothing else is shown, counted or ranked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    any_,
    desc,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from prima.db import db
from prima.lists import AreaOfWork, Country, StatusName
from prima.projects.models import AreaAllocation, Coverage, Indicator, Project, Section
from prima.projects.stages import CLOSE_HELD, Status
from prima.projects.visibility import visible_projects
from prima.users import User

WORD = re.compile(r"\w+")
TELLING, LONGEST = 4, 100
"""Shorter words tell nothing of a project, and longer ones are none."""
SMALL = frozenset(
    WORD.findall(
        """
        about also among because been before being between both during each from have into more most only other over
        same some such than that their them then there these they this those through under until were what when where
        which while whom will with within without would your
        ainsi aussi avec avant cette comme dans depuis dont elle elles entre leur leurs mais meme nous pour sans selon
        sont sous tous tout toute toutes vers vous
        ante como cual cuando desde donde durante esta este estos hacia hasta ella ellos mediante para pero porque
        segun sobre todo todos
        """
    )
)
"""Words of English, French and Spanish that stand in every text."""
MOST_WORDS = 30
MOST_KIN = 20
MOST_COMPARED = 2000


@dataclass(frozen=True)
class Found:
    """A project in a list: enough to name it and to link to it."""

    id: int
    reference: str
    code: str | None
    title: str
    status: Status
    status_name: str

    @property
    def name(self) -> str:
        return self.code or self.reference


@dataclass(frozen=True)
class Alike(Found):
    """A project similar to the one at hand, and in what."""

    same_type: bool = False
    countries: Sequence[str] = ()
    areas: Sequence[str] = ()
    words: Sequence[str] = field(default=())


@dataclass(frozen=True)
class PastIndicator:
    text: str
    unit: str
    project_id: int


FOUND = (Project.id, Project.reference, Project.code, Project.title, Project.status, StatusName.name)


def words_of(text: str) -> list[str]:
    """The words as the search column holds them, each once: without accents and case."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text).lower() if not "\u0300" <= letter <= "\u036f"
    )
    return list(dict.fromkeys(WORD.findall(plain)))


def telling_words(text: str) -> list[str]:
    return [word for word in words_of(text) if TELLING <= len(word) <= LONGEST and word not in SMALL]


def former(viewer: User, asked: str, limit: int = 20) -> list[Found]:
    """Projects whose reference or project ID is `asked`, or whose title and summary hold words that begin so."""
    asked = asked.strip()
    words = words_of(asked)[:MOST_WORDS]
    if not words:
        return []
    query = func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in words))
    named = func.coalesce(or_(Project.reference == asked.upper(), Project.code == asked.upper()), False)
    rows = db.session.execute(
        visible_projects(viewer, *FOUND)
        .join(StatusName, StatusName.code == Project.status)
        .where(or_(Project.reference == asked.upper(), Project.code == asked.upper(), Project.search.op("@@")(query)))
        .order_by(named.desc(), _endorsed().desc(), Project.id.desc())
        .limit(limit)
    )
    return [Found(*row) for row in rows]


def kin(project: Project, viewer: User) -> tuple[list[Found], list[Found]]:
    """The project that it began as a copy of, and those that began as copies of it."""
    rows = db.session.execute(
        visible_projects(viewer, *FOUND)
        .join(StatusName, StatusName.code == Project.status)
        .where(or_(Project.id == project.copied_from_id, Project.copied_from_id == project.id))
        .order_by(Project.id)
        .limit(MOST_KIN)
    )
    found = [Found(*row) for row in rows]
    return (
        [one for one in found if one.id == project.copied_from_id],
        [one for one in found if one.id != project.copied_from_id],
    )


def alike(project: Project, viewer: User, limit: int = 10) -> list[Alike]:
    """Projects of the same type, country or area of work, those endorsed first, then by the words they share.

    The newest ones of each are compared, so that the answer comes at once among a hundred thousand too.
    """
    countries = [one.country_code for one in project.coverage]
    areas = [one.code for one in project.areas if one.amount]
    words = telling_words(f"{project.title} {project.summary}")[:MOST_WORDS]
    same_type = func.coalesce(Project.project_type_code == project.project_type_code, False)
    rank: ColumnElement[Any] = literal(0.0)
    if words:
        rank = func.ts_rank(Project.search, func.to_tsquery("simple", " | ".join(f"'{word}'" for word in words)))
    rows = db.session.execute(
        visible_projects(viewer, *FOUND, same_type, Project.summary)
        .join(StatusName, StatusName.code == Project.status)
        .where(Project.id == any_(literal(compared(project, countries, areas), ARRAY(BigInteger))))
        .order_by(_endorsed().desc(), rank.desc(), Project.id.desc())
        .limit(limit)
    ).all()
    ids = [row[0] for row in rows]
    in_countries = _shared(Coverage.project_id, Coverage.country_code, Country, ids, countries)
    in_areas = _shared(AreaAllocation.project_id, AreaAllocation.code, AreaOfWork, ids, areas)
    return [
        Alike(
            number,
            reference,
            code,
            title,
            status,
            status_name,
            same_type=is_same,
            countries=in_countries.get(number, ()),
            areas=in_areas.get(number, ()),
            words=[word for word in telling_words(f"{title} {summary}") if word in words],
        )
        for number, reference, code, title, status, status_name, is_same, summary in rows
    ]


def compared(project: Project, countries: Sequence[str], areas: Sequence[str]) -> list[int]:
    """The newest projects of the same type, country and area, whoever may see them.

    Areas are asked one by one: each is read from its index, the newest first, where all of them together are sorted.
    """
    share = AreaAllocation
    arms = [
        _newest(select(Project.id.label("id")).where(Project.project_type_code == project.project_type_code)),
        _newest(select(Coverage.project_id.label("id")).where(Coverage.country_code.in_(countries))),
    ]
    if areas:
        each = [
            _newest(select(share.project_id.label("id")).where(share.code == one, share.amount > 0)) for one in areas
        ]
        together = union_all(*(select(one.c.id) for one in each)).subquery()
        arms.append(_newest(select(together.c.id)))
    found = db.session.scalars(union(*(select(arm.c.id).where(arm.c.id != project.id) for arm in arms)))
    return list(found)


def _newest(asked: Select[Any]) -> Subquery:
    return asked.order_by(desc("id")).limit(MOST_COMPARED).subquery()


def _shared(
    owner: Any, code: Any, table: type[Country] | type[AreaOfWork], ids: Sequence[int], codes: Sequence[str]
) -> dict[int, list[str]]:
    """The names of the codes that each of the projects has too."""
    rows = db.session.execute(
        select(owner, table.name)
        .join(table, table.code == code)
        .where(owner.in_(ids), code.in_(codes))
        .order_by(table.position, table.name)
    )
    found: dict[int, list[str]] = {}
    for number, name in rows:
        found.setdefault(number, []).append(name)
    return found


def _endorsed() -> ColumnElement[bool]:
    return Project.status.not_in(CLOSE_HELD)


def indicators_of(ids: Collection[int], limit: int = 40) -> list[PastIndicator]:
    """Indicators of these projects, each text once: the first project that has it."""
    rows = db.session.execute(
        select(Indicator.text, Indicator.unit, Indicator.project_id)
        .where(Indicator.project_id.in_(ids), Indicator.retired_on.is_(None))
        .ext(distinct_on(func.lower(Indicator.text)))
        .order_by(func.lower(Indicator.text), Indicator.id)
        .limit(limit)
    )
    return [PastIndicator(*row) for row in rows]


def having(ids: Collection[int], section_code: str) -> set[int]:
    """Which of these projects have a text in a section."""
    return set(
        db.session.scalars(
            select(Section.project_id).where(
                Section.project_id.in_(ids), Section.code == section_code, func.btrim(Section.text) != ""
            )
        )
    )
