"""The indicator library: curated indicators and those of projects that the viewer may see, found by their words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    any_,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from prima.db import db
from prima.lists import AreaOfWork, CuratedIndicator
from prima.projects.models import AreaAllocation, Indicator, Level, Project, Result
from prima.projects.visibility import visible_projects
from prima.users import User

MOST_CURATED = 50
SIZE = 20
REACHES = (2_000, 50_000, 5_000_000)
"""How many of the newest indicators with the words are asked whether the viewer may see them, until a page is full."""
NAMED = 3
"""So many projects are named where an indicator is used; the others are counted."""
LONGEST_WORDS = 200
MOST_WORDS = 12
WORD = re.compile(r"\w+")
SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")


@dataclass(frozen=True)
class Wanted:
    """What is looked for: every word, or its beginning, whatever its case and accents; empty means any."""

    words: str = ""
    level: str = ""
    area: str = ""
    before: int | None = None
    """The page of past indicators that begins after this one."""

    @property
    def query(self) -> str:
        """For to_tsquery; empty when nothing that is a word is looked for."""
        found = WORD.findall(unicodedata.normalize("NFC", self.words[:LONGEST_WORDS]))
        return " & ".join(f"'{word}':*" for word in found[:MOST_WORDS])


@dataclass
class Use:
    """Where an indicator is used among the projects that the viewer may see, the newest first."""

    count: int = 0
    projects: list[tuple[str, str]] = field(default_factory=list)
    """Reference and name of the first few."""


@dataclass(frozen=True)
class Found:
    """An indicator that can be taken over. `key` names it in a form."""

    key: str
    text: str
    level: str
    measure: str
    unit: str
    source: str
    area: str
    """The area of work it is meant for; empty where it fits all."""
    adds_up: bool
    by_sex: bool
    by_age: bool
    use: Use


@dataclass(frozen=True)
class Page:
    curated: Sequence[Found]
    more_curated: bool
    past: Sequence[Found]
    before: int | None
    """Where the next page of past indicators begins, if there is one."""


def page(viewer: User, wanted: Wanted, *, leave_out: Project | None = None) -> Page:
    """The first curated indicators that fit, and a page of those of other projects, the newest first."""
    curated, more = _curated(viewer, wanted)
    past, before = _past(viewer, wanted, leave_out)
    return Page(curated, more, past, before)


def curated_indicator(code: str) -> CuratedIndicator | None:
    """One of the library that can still be taken."""
    return db.session.scalar(
        select(CuratedIndicator).where(CuratedIndicator.code == code, CuratedIndicator.retired.is_(False))
    )


def past_indicator(viewer: User, number: int) -> Indicator | None:
    """One of a project that the viewer may see."""
    return db.session.scalar(
        select(Indicator).where(Indicator.id == number, Indicator.project_id.in_(visible_projects(viewer, Project.id)))
    )


def _curated(viewer: User, wanted: Wanted) -> tuple[list[Found], bool]:
    query = (
        select(CuratedIndicator, AreaOfWork.name)
        .outerjoin(AreaOfWork, AreaOfWork.code == CuratedIndicator.area_code)
        .where(CuratedIndicator.retired.is_(False))
        .order_by(CuratedIndicator.position)
        .limit(MOST_CURATED + 1)
    )
    if wanted.query:
        said = func.concat_ws(" ", CuratedIndicator.name, CuratedIndicator.unit, CuratedIndicator.source)
        query = query.where(func.to_tsvector(SIMPLE, func.folded(said)).bool_op("@@")(_asked(wanted)))
    if wanted.level:
        query = query.where(CuratedIndicator.level == wanted.level)
    if wanted.area:
        query = query.where(CuratedIndicator.area_code.is_(None) | (CuratedIndicator.area_code == wanted.area))
    rows = db.session.execute(query).all()
    used = _used(viewer, Indicator.library_code, [row.code for row, _area in rows[:MOST_CURATED]])
    found = [
        Found(
            f"library-{row.code}", row.name, row.level, row.measure, row.unit, row.source, area or "",
            row.aggregation == "sum", row.by_sex, row.by_age, used[row.code],
        )
        for row, area in rows[:MOST_CURATED]
    ]  # fmt: skip
    return found, len(rows) > MOST_CURATED


def _past(viewer: User, wanted: Wanted, leave_out: Project | None) -> tuple[list[Found], int | None]:
    query = (
        visible_projects(viewer, Indicator, Result.level, Project.reference, Project.code)
        .join_from(Indicator, Project, Project.id == Indicator.project_id)
        .join(Result, Result.id == Indicator.result_id)
        .where(Indicator.retired_on.is_(None))
        .order_by(Indicator.id.desc())
        .limit(SIZE + 1)
    )
    if wanted.level:
        query = query.where(Result.level == Level(wanted.level))
    if wanted.area:
        query = query.where(
            exists().where(
                AreaAllocation.project_id == Project.id, AreaAllocation.code == wanted.area, AreaAllocation.amount > 0
            )
        )
    if wanted.before is not None:
        query = query.where(Indicator.id < wanted.before)
    if leave_out is not None:
        query = query.where(Indicator.project_id != leave_out.id)
    rows = _found(query, wanted)
    copies = _used(viewer, Indicator.copied_from_id, [row.id for row, *_more in rows[:SIZE]])
    found = []
    for row, level, reference, code in rows[:SIZE]:
        copied = copies[row.id]
        use = Use(copied.count + 1, [(reference, code or reference), *copied.projects][:NAMED])
        found.append(
            Found(
                f"past-{row.id}", row.text, level, row.measure, row.unit, row.source, "",
                False, row.by_sex, row.by_age, use,
            )
        )  # fmt: skip
    return found, rows[SIZE - 1][0].id if len(rows) > SIZE else None


def _found(query: Select[Any], wanted: Wanted) -> Sequence[Any]:
    """The page's rows: of the newest that hold the words, and of more of them where too few of those may be seen."""
    if not wanted.query:
        return db.session.execute(query).all()
    rows: Sequence[Any] = []
    for reach in REACHES:
        ids = _matching(wanted, reach)
        rows = db.session.execute(query.where(Indicator.id == any_(literal(ids, ARRAY(BigInteger))))).all()
        if len(rows) > SIZE or len(ids) < reach:
            break
    return rows


def _matching(wanted: Wanted, reach: int) -> list[int]:
    """The newest indicators that hold the words, whoever may see them.

    The words are looked up apart, by their index: read in the order of ids, every text would be taken apart.
    """
    said = func.to_tsvector(SIMPLE, func.folded(Indicator.text)).bool_op("@@")(_asked(wanted))
    matching = select(Indicator.id).where(said).cte("matching").prefix_with("materialized")
    query = select(matching.c.id).order_by(matching.c.id.desc()).limit(reach)
    if wanted.before is not None:
        query = query.where(matching.c.id < wanted.before)
    return list(db.session.scalars(query))


def _asked(wanted: Wanted) -> ColumnElement[Any]:
    return func.to_tsquery(SIMPLE, func.folded(literal(wanted.query, Text())))


def _used(viewer: User, by: Any, keys: Sequence[Any]) -> Mapping[Any, Use]:
    """By what an indicator was taken from: how many visible projects have it, and the newest of them."""
    found: dict[Any, Use] = defaultdict(Use)
    if not keys:
        return found
    has = (
        visible_projects(viewer, by.label("key"), Project.id)
        .join_from(Indicator, Project, Project.id == Indicator.project_id)
        .where(by.in_(keys))
        .distinct()
        .subquery()
    )
    newest = func.array_agg(aggregate_order_by(has.c.id, has.c.id.desc()), type_=ARRAY(BigInteger))[1:NAMED]
    rows = db.session.execute(select(has.c.key, func.count(), newest).group_by(has.c.key)).all()
    ids = {id for _key, _count, first in rows for id in first}
    named = select(Project.id, Project.reference, func.coalesce(Project.code, Project.reference))
    names = {id: (reference, name) for id, reference, name in db.session.execute(named.where(Project.id.in_(ids)))}
    for key, count, first in rows:
        found[key] = Use(count, [names[id] for id in first])
    return found
