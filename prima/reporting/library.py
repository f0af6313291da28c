"""The library of lessons: those of projects that the viewer may see, and the curated ones, found by their words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, exists, false, func, literal, literal_column, or_, select

from prima.db import db
from prima.handbook import published
from prima.lists import AreaOfWork, Country, RegionalOffice
from prima.places import Office, OfficeLink
from prima.projects.models import Project
from prima.projects.visibility import may_see, region_link
from prima.reporting.models import Lesson
from prima.reporting.models.lessons import WORDS
from prima.users import User

SIZE = 20
LONGEST_WORDS = 200
MOST_WORDS = 12
WORD = re.compile(r"\w+")
SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")


@dataclass(frozen=True)
class Wanted:
    """What is looked for: every word, or its beginning, whatever its case and accents; empty means any."""

    words: str = ""
    theme: str = ""
    country: str = ""
    region: str = ""
    stage: str = ""
    kind: str = ""
    tag: str = ""
    curated: bool = False
    before: int | None = None
    """The page that begins after this one."""

    @property
    def query(self) -> str:
        """For to_tsquery; empty when nothing that is a word is looked for."""
        found = WORD.findall(unicodedata.normalize("NFC", self.words[:LONGEST_WORDS]))
        return " & ".join(f"'{word}':*" for word in found[:MOST_WORDS])

    def args(self, **more: Any) -> dict[str, Any]:
        """The arguments of a URL that asks for it; `more` are set beside or instead."""
        given: dict[str, Any] = {
            "q": self.words, "theme": self.theme, "country": self.country, "region": self.region, "stage": self.stage,
            "kind": self.kind, "tag": self.tag, "curated": "yes" if self.curated else "", **more,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Found:
    """A lesson as lists show it."""

    id: int
    kind: str
    title: str
    happened: str
    why: str
    advice: str
    stage: str
    tags: Sequence[str]
    curated: bool
    made_at: Any
    reference: str
    project: str
    project_title: str
    theme: str
    country: str
    office: str


@dataclass(frozen=True)
class Choices:
    """What the filters choose from, names by code."""

    themes: dict[str, str]
    countries: dict[str, str]
    regions: dict[str, str]


def reads(user: User) -> ColumnElement[bool]:
    """A condition on Lesson joined to its Project: curated, for all staff, or of a project that the person may see."""
    curated = Lesson.curated_at.is_not(None) if user.staff and user.active else false()
    return and_(Lesson.withdrawn_at.is_(None), or_(curated, may_see(user)))


def page(viewer: User, wanted: Wanted) -> tuple[list[Found], int | None]:
    """The newest that fit, and where the next page begins, if there is one."""
    asked = _asked(viewer, wanted).limit(SIZE + 1)
    if wanted.before is not None:
        asked = asked.where(Lesson.id < wanted.before)
    rows = [Found(*row) for row in db.session.execute(asked)]
    return rows[:SIZE], rows[SIZE - 1].id if len(rows) > SIZE else None


def everything(viewer: User, wanted: Wanted) -> Iterator[Found]:
    """All that fit, in the order of the list, read as they pass."""
    for row in db.session.execute(_asked(viewer, wanted), execution_options={"yield_per": 1000}):
        yield Found(*row)


def choices() -> Choices:
    """Areas of work, countries that lessons are from, and Regional Offices, in one question."""
    arms = [
        select(literal("theme").label("kind"), AreaOfWork.code, AreaOfWork.name, AreaOfWork.position.label("place")),
        select(literal("region"), RegionalOffice.code, RegionalOffice.name, RegionalOffice.position),
        select(literal("country"), Country.code, Country.name, literal(0)).where(
            exists().where(Lesson.country_code == Country.code)
        ),
    ]
    first, *others = arms
    rows = db.session.execute(first.union_all(*others).order_by("kind", "place", "name"))
    found: dict[str, dict[str, str]] = {"theme": {}, "region": {}, "country": {}}
    for kind, code, name, _place in rows:
        found[kind][code] = name
    return Choices(found["theme"], found["country"], found["region"])


def stage_names() -> dict[str, str]:
    """The stages of the newest edition, names by code."""
    return {one.code: one.name.say() for one in published.newest(db.session()).handbook.stages}


def _asked(viewer: User, wanted: Wanted) -> Any:
    asked: Any = (
        select(
            Lesson.id,
            Lesson.kind,
            Lesson.title,
            Lesson.happened,
            Lesson.why,
            Lesson.advice,
            Lesson.stage,
            Lesson.tags,
            Lesson.curated_at.is_not(None),
            Lesson.made_at,
            Project.reference,
            func.coalesce(Project.code, Project.reference),
            Project.title,
            func.coalesce(AreaOfWork.name, ""),
            func.coalesce(Country.name, ""),
            Office.name,
        )
        .join(Project, Project.id == Lesson.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(AreaOfWork, AreaOfWork.code == Lesson.area_code)
        .outerjoin(Country, Country.code == Lesson.country_code)
        .where(reads(viewer))
        .order_by(Lesson.id.desc())
    )
    same = {Lesson.area_code: wanted.theme, Lesson.country_code: wanted.country, Lesson.stage: wanted.stage}
    same |= {Lesson.kind: wanted.kind}
    asked = asked.where(*(column == value for column, value in same.items() if value))
    if wanted.region:
        linked = exists().where(region_link(), OfficeLink.region_code == wanted.region).correlate(Project)
        asked = asked.where(linked)
    if wanted.tag:
        asked = asked.where(Lesson.tags.contains([wanted.tag]))
    if wanted.curated:
        asked = asked.where(Lesson.curated_at.is_not(None))
    if wanted.query:
        asked = asked.where(Lesson.id.in_(select(_matching(wanted).c.id)))
    return asked


def _matching(wanted: Wanted) -> Any:
    """The words are looked up apart, by their index: read in the order of ids, every text would be taken apart."""
    query = func.to_tsquery(SIMPLE, func.folded(literal(wanted.query, Text())))
    said: ColumnElement[Any] = literal_column(WORDS)
    return select(Lesson.id).where(said.bool_op("@@")(query)).cte("matching").prefix_with("materialized")
