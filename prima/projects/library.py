"""The indicator library: curated indicators and those of projects that the viewer may see, found by their words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, exists, func, literal, literal_column, select

from prima.db import db
from prima.lists import AreaOfWork, CuratedIndicator
from prima.projects.models import AreaAllocation, Indicator, Level, Project, Result
from prima.projects.visibility import visible_projects
from prima.users import User

MOST_CURATED = 50
SIZE = 20
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
        .order_by(Indicator.id.desc())
        .limit(SIZE + 1)
    )
    if wanted.query:
        query = query.where(func.to_tsvector(SIMPLE, func.folded(Indicator.text)).bool_op("@@")(_asked(wanted)))
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
    rows = db.session.execute(query).all()
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


def _asked(wanted: Wanted) -> ColumnElement[Any]:
    return func.to_tsquery(SIMPLE, func.folded(literal(wanted.query, Text())))


def _used(viewer: User, by: Any, keys: Sequence[Any]) -> Mapping[Any, Use]:
    """By what an indicator was taken from: how many visible projects have it, and the newest of them."""
    found: dict[Any, Use] = defaultdict(Use)
    if not keys:
        return found
    has = (
        visible_projects(viewer, by.label("key"), Project.id, Project.reference, Project.code)
        .join_from(Indicator, Project, Project.id == Indicator.project_id)
        .where(by.in_(keys))
        .distinct()
        .subquery()
    )
    place = func.row_number().over(partition_by=has.c.key, order_by=has.c.id.desc()).label("place")
    ranked = select(has, place, func.count().over(partition_by=has.c.key).label("uses")).subquery()
    for row in db.session.execute(select(ranked).where(ranked.c.place <= NAMED).order_by(ranked.c.key, ranked.c.place)):
        found[row.key].count = row.uses
        found[row.key].projects.append((row.reference, row.code or row.reference))
    return found
