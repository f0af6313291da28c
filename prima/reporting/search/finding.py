"""What is found: the projects that hold the words, ranked, and where in each of them the words stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from prima import clock
from prima.connections import planned_anew
from prima.db import db
from prima.handbook.edition import Edition
from prima.handbook.published import HandbookEdition
from prima.idlist import among
from prima.lists import Country, Donor, RegionalOffice, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import Coverage, Indicator, Party, Project, Section
from prima.projects.stages import Funding, Status
from prima.projects.visibility import region_link, visible_projects
from prima.reporting.models import Lesson
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import Filters
from prima.reporting.search.holding import holders
from prima.reporting.search.matching import Term, blanks, filled, ids_of, is_called, nearly, rank, team, terms_of, texts
from prima.reporting.search.snippets import Pieces, held, marked, snippet
from prima.users import User

MOST = 2_000
"""Of the projects that hold the words so many are ranked: the newest."""
SHOWN, SIZE = 100, 20
"""So many of them are shown, and so many on a page."""
PLACES = 3
"""So many texts of a project are shown with the words in them."""
MOST_NEAR = 5


@dataclass(frozen=True)
class Place:
    """Where in a project words were found. `kind` is section, indicator, lesson, summary or what a name is of it."""

    kind: str
    pieces: Pieces
    title: str = ""
    """Of the section, or of the lesson."""
    code: str = ""
    """Of the section; empty where the proposal shows it on no page of its own."""
    id: int = 0


@dataclass(frozen=True)
class Hit:
    """A project that was found."""

    reference: str
    name: Pieces
    title: Pieces
    status: Status
    status_name: str
    office: str
    city: str | None
    year: int
    places: Sequence[Place]


@dataclass(frozen=True)
class Found:
    hits: Sequence[Hit]
    number: int
    """How many projects hold the words, at most MOST."""
    more: bool
    """Whether there are more than MOST."""
    page: int
    pages: int


def exact(viewer: User, q: str) -> str | None:
    """The reference of the project that is called so, if the viewer may see it."""
    ids = ids_of(q)
    if not ids:
        return None
    asked = visible_projects(viewer, Project.reference).where(is_called(ids)).order_by(Project.id).limit(1)
    return db.session.scalar(asked)


def missed(viewer: User, q: str) -> str:
    """The project ID or reference that is looked for, as it is written, if the viewer may see none of that name."""
    ids = ids_of(q)
    return ids[0] if ids and exact(viewer, q) is None else ""


def near(viewer: User, q: str) -> list[tuple[str, str]]:
    """(reference, name) of projects that are called so but for one digit."""
    ids = nearly(ids_of(q))
    if not ids:
        return []
    name = func.coalesce(Project.code, Project.reference)
    asked = visible_projects(viewer, Project.reference, name).where(is_called(ids)).order_by(name).limit(MOST_NEAR)
    return [(reference, called) for reference, called in db.session.execute(asked)]


def find(viewer: User, filters: Filters, page: int = 1) -> Found:
    """A page of the projects that the filters choose, among them words, the best first."""
    terms = terms_of(filters.q)
    ids, number = _ranked(viewer, filters, terms)
    pages = max(1, -(-len(ids) // SIZE))
    page = min(page, pages)
    here = ids[(page - 1) * SIZE : page * SIZE]
    return Found(_hits(here, terms), min(number, MOST), number > MOST, page, pages)


def _ranked(viewer: User, filters: Filters, terms: Sequence[Term]) -> tuple[list[int], int]:
    """The ids of the best SHOWN of the newest MOST, and how many there are, counted to one more than MOST."""
    ids, called = holders(filters.q), ids_of(filters.q)
    if not ids:
        return [], 0
    of_them = visible_projects(viewer, Project.id).where(among(ids, Project.id))
    chosen = of_them.where(*conditions(viewer, replace(filters, q="")))
    newest = chosen.order_by(Project.id.desc()).limit(MOST + 1).cte("newest").prefix_with("materialized")
    ranked = (
        select(newest.c.id, func.count().over().label("number"))
        .join(Project, Project.id == newest.c.id)
        .order_by(_rank(len(terms), called=bool(called)), newest.c.id.desc())
        .limit(SHOWN)
    )
    rows = db.session.execute(planned_anew(ranked), {**filled(terms), "called": called}).all()
    return [row.id for row in rows], rows[0].number if rows else 0


def _hits(ids: Sequence[int], terms: Sequence[Term]) -> list[Hit]:
    if not ids:
        return []
    rows = {row[0]: row for row in db.session.execute(_shown(clock.today()), {"ids": ids})}
    names, found = _names(ids, terms), _texts(ids, terms)
    sections = {id for id in ids if any(row.kind == "section" for row in found[id])}
    editions = _editions({rows[id].edition_id for id in sections}) if sections else {}
    hits = []
    for id in ids:
        _id, reference, code, title, summary, status, funding, year, edition_id, status_name, office, city = rows[id]
        places = [Place(kind, marked(name, terms)) for kind, name in names[id]]
        written = [_place(editions.get(edition_id), funding, row, terms) for row in found[id]]
        if held(summary, terms):
            written.append(Place("summary", snippet(summary, terms)))
        hits.append(
            Hit(
                reference, marked(code or reference, terms), marked(title, terms), status, status_name, office, city,
                year, [*places, *written[:PLACES]],
            )
        )  # fmt: skip
    return hits


@lru_cache(maxsize=1)
def _shown(_on: date) -> Select[Any]:
    """What is shown of projects, as of a day."""
    shown: Any = (
        select(
            Project.id, Project.reference, Project.code, Project.title, Project.summary, Project.status,
            Project.funding, Project.funding_year, Project.edition_id, StatusName.name, Office.name,
            RegionalOffice.city,
        )
        .join(StatusName, StatusName.code == Project.status)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .where(of_ids(Project.id))
    )  # fmt: skip
    found: Select[Any] = shown
    return found


def of_ids(project_id: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = project_id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    return found


def _editions(ids: Collection[int]) -> dict[int, Edition]:
    return {
        one.id: one.handbook for one in db.session.scalars(select(HandbookEdition).where(HandbookEdition.id.in_(ids)))
    }


@cache
def _rank(number: int, *, called: bool) -> ColumnElement[int]:
    ids: Any = bindparam("called", type_=ARRAY(Text)) if called else None
    return rank(blanks(number), ids)


def _place(edition: Edition | None, funding: Funding, row: Any, terms: Sequence[Term]) -> Place:
    pieces = snippet(row.said, terms)
    if edition is None or row.kind != "section":
        return Place(row.kind, pieces, title=row.called, id=row.id)
    rule = next((one for one in edition.sections if one.code == row.called), None)
    title = rule.title.say() if rule else row.called
    has_page = (
        rule is not None and rule.kind == "text" and funding.value in rule.applies_to and rule.needed_when is None
    )
    return Place(row.kind, pieces, title=title, code=row.called.lower() if has_page else "")


def _names(ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[tuple[str, str]]]:
    """(of what, name) of the people and places in which a word stands, by project."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for id, kind, name, *_order in db.session.execute(_naming(len(terms)), {**filled(terms), "ids": ids}):
        found[id].append((kind, name))
    return found


@cache
def _naming(number: int) -> Any:

    def has(table: Any) -> ColumnElement[bool]:
        return or_(*(term.stands_in(table.words) for term in blanks(number)))

    def arm(kind: Any, name: Any, place: int, position: Any = None) -> Any:
        position = literal(0) if position is None else position
        return select(Project.id.label("id"), kind.label("kind"), name.label("name"), literal(place).label("place"),
            position.label("position")).where(of_ids(Project.id))  # fmt: skip

    arms = (
        arm(literal("office"), Office.name, 1).join(Office, Office.id == Project.office_id).where(has(Office)),
        arm(literal("country"), Country.name, 2, Coverage.position)
        .join(Coverage, Coverage.project_id == Project.id)
        .join(Country, Country.code == Coverage.country_code)
        .where(has(Country)),
        arm(literal("donor"), Donor.name, 3).join(Donor, Donor.code == Project.donor_code).where(has(Donor)),
        arm(cast(Party.part, User.name.type), User.name, 4, Party.id)
        .join(Party, Party.project_id == Project.id)
        .join(User, User.id == Party.user_id)
        .where(*team(), has(User)),
    )
    return union_all(*arms).order_by("id", "place", "position")


def _texts(ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[Any]]:
    """The texts in which most of the words stand, by project."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(_texts_of(len(terms)), {**filled(terms), "ids": ids}):
        found[row.project_id].append(row)
    return found


@cache
def _texts_of(number: int) -> Select[Any]:
    lesson = func.concat_ws(" · ", *map(Lesson.__table__.c.get, Lesson.FOUND_BY))
    read: tuple[tuple[str, Any, Any, Any], ...] = (
        ("section", Section, Section.code, Section.text),
        ("lesson", Lesson, Lesson.title, lesson),
        ("indicator", Indicator, literal(""), Indicator.text),
    )
    arms: list[Any] = []
    for place, (kind, table, called, said) in enumerate(read):
        stand = [term.stands_in(table.words) for term in blanks(number)]
        arms.append(
            select(
                table.project_id.label("project_id"), literal(kind).label("kind"), table.id.label("id"),
                called.label("called"), said.label("said"), literal(place).label("place"),
                sum((cast(one, Integer()) for one in stand), literal(0)).label("most"),
            ).where(of_ids(table.project_id), *texts(table), or_(*stand))
        )  # fmt: skip
    every = union_all(*arms).subquery()
    order = (every.c.most.desc(), every.c.place, every.c.id)
    numbered = select(every, func.row_number().over(partition_by=every.c.project_id, order_by=order).label("at"))
    first = numbered.subquery()
    return select(first).where(first.c.at <= PLACES).order_by(first.c.project_id, first.c.at)
