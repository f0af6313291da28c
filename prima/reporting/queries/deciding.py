"""Reports handed in that a person is to check or accept: which, is kept, and a page asks for its own alone.

The twin of reporting.rights, over every report at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
)

from prima import clock, kept
from prima.connections import planned_anew
from prima.db import Model, db
from prima.desk import Cursor
from prima.handbook.published import HandbookEdition
from prima.places import Office, OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.models.project import TEAM
from prima.projects.visibility import region_link
from prima.recordset import sent
from prima.reporting.calendar import ReportState
from prima.reporting.models import Deadline, Report
from prima.users import Authority, Scope, User

Values = dict[str, Any]
BARRING = sorted({*TEAM, Part.EVALUATOR})
"""Whoever is or was on the team, or evaluates, decides on no report of the project (rights.barred)."""
TURNS: dict[str, Any] = {
    "kind": Text,
    "state": Text,
    "edition_id": BigInteger,
    "region_code": Text,
    "office_id": BigInteger,
    "people": ARRAY(BigInteger),
}


@dataclass(frozen=True)
class Ways:
    """What the question for a person is made of."""

    scopes: frozenset[Scope]
    by_edition: bool
    """Whether it matters on which edition a project is: mostly all have the same kinds checked by the same roles."""


Waiting = tuple[tuple[date, int], ...]
"""Since when each waits, and the id of its deadline; the longest first."""
READ: tuple[type[Model], ...] = (Report, Deadline, Project, Party, OfficeLink, HandbookEdition)


def to_decide(
    user: User, editions: Mapping[int, HandbookEdition], after: Cursor | None, limit: int
) -> tuple[Sequence[Any], int]:
    """What waits longest, behind a cursor; and how many there are in all."""
    waiting = _waiting(user, editions)
    begin = bisect_right(waiting, after, key=_cursor) if after else 0
    ids = [number for _since, number in waiting[begin : begin + limit]]
    return db.session.execute(_told(), {"ids": ids}).all() if ids else (), len(waiting)


def count_to_decide(user: User, editions: Mapping[int, HandbookEdition]) -> int:
    return len(_waiting(user, editions))


def _waiting(user: User, editions: Mapping[int, HandbookEdition]) -> Waiting:
    """Kept until a report is handed in or decided on, or what is read beside it changes."""
    ways, values = _ways_of(user, editions)
    if not ways.scopes:
        return ()
    today = clock.today()
    name = ("reports to decide", user.id, *(held.name for held in user.authorities(today)))
    return kept.answer(
        name, READ, lambda: tuple((since, number) for since, number in db.session.execute(_all(ways, today), values))
    )


def _cursor(one: tuple[date, int]) -> Cursor:
    since_on, number = one
    return since_on, f"r{number:012}"


def _ways_of(user: User, editions: Mapping[int, HandbookEdition]) -> tuple[Ways, Values]:
    held = [(one, [user.id, *([one.absent.id] if one.absent else [])]) for one in user.authorities(clock.today())]
    by_edition: dict[int, list[Values]] = {
        number: [
            {
                "kind": kind,
                "state": state,
                "scope": one.scope,
                "region_code": one.region_code,
                "office_id": one.office_id,
                "people": people,
            }
            for one, people in held
            for kind, state in _turns(one, edition)
        ]
        for number, edition in editions.items()
    }
    is_one = all(turns == next(iter(by_edition.values())) for turns in by_edition.values())
    if is_one:
        turns = next(iter(by_edition.values()), [])
    else:
        turns = [{**turn, "edition_id": number} for number, turns in by_edition.items() for turn in turns]
    ways = Ways(frozenset(turn["scope"] for turn in turns), not is_one)
    values = {
        # Sent by scope: the database cannot know how few of them a condition leaves.
        **{str(scope): [turn for turn in turns if turn["scope"] is scope] for scope in Scope},
        "kinds": sorted({turn["kind"] for turn in turns}),
        "people": sorted({person for _one, people in held for person in people}),
    }
    return ways, values


def _turns(held: Authority, edition: HandbookEdition) -> Iterator[tuple[str, ReportState]]:
    """Which reports, and in which state, it is the turn of the role to decide on."""
    for kind in edition.handbook.reports:
        if held.role in kind.checked_by:
            yield kind.code, ReportState.SUBMITTED
        if held.role == kind.accepted_by:
            yield kind.code, ReportState.CHECKED


@lru_cache(maxsize=64)
def _found(ways: Ways, _day: date) -> Select[Any]:
    """Ids of the deadlines whose reports wait for the person, each with since when."""
    bars = (
        select(Party.project_id, Party.user_id)
        .where(Party.user_id == any_(bindparam("people", type_=ARRAY(BigInteger))), Party.part.in_(BARRING))
        .cte("bars")
        .prefix_with("MATERIALIZED")
    )
    # First what is handed in: the projects of a place are many, and most have nothing to decide on.
    handed_in = (
        select(Report.deadline_id, cast(Report.state, Text).label("state"), Report.state_since)
        .where(_is_handed_in())
        .cte("handed_in")
        .prefix_with("MATERIALIZED")
    )
    # Each by its id: all of a kind are far more than are handed in.
    due = (
        select(Deadline.id, Deadline.project_id, Deadline.kind)
        .where(Deadline.id == handed_in.c.deadline_id)
        .where(Deadline.kind == any_(bindparam("kinds", type_=ARRAY(Text))))
        .correlate(handed_in)
        .offset(literal_column("0"))
        .lateral("due")
    )
    edition = (Project.edition_id,) if ways.by_edition else ()
    reports = (
        select(due, handed_in.c.state, handed_in.c.state_since, Project.office_id, Project.starts_on, *edition)
        .select_from(handed_in)
        .join(due, true())
        .join(Project, Project.id == due.c.project_id)
        .cte("reports")
        .prefix_with("MATERIALIZED")
    )
    asked = [_at(reports, bars, scope, ways.by_edition) for scope in Scope if scope in ways.scopes]
    return union(*asked)  # type: ignore[return-value]


def _at(reports: FromClause, bars: FromClause, scope: Scope, by_edition: bool) -> Select[Any]:
    turns = sent(str(scope), TURNS)
    r, t = reports.c, turns.c
    there = reports.join(turns, and_(t.kind == r.kind, t.state == r.state))
    conditions = []
    if scope is Scope.OFFICE:
        conditions.append(r.office_id == t.office_id)
    if scope is Scope.REGION:
        there = there.join(OfficeLink, and_(region_link(r), OfficeLink.region_code == t.region_code))
    if by_edition:
        conditions.append(r.edition_id == t.edition_id)
    barred = exists(select(literal(1)).where(bars.c.project_id == r.project_id, bars.c.user_id == any_(t.people)))
    return select(r.id, r.state_since).select_from(there).where(*conditions, ~barred)


@lru_cache(maxsize=64)
def _all(ways: Ways, day: date) -> Select[Any]:
    found = _found(ways, day).subquery("found")
    since_on = _utc_day(found.c.state_since)
    return planned_anew(select(since_on, found.c.id).order_by(since_on, found.c.id))


@cache
def _told() -> Select[Any]:
    """What a page tells of each; of who decided meanwhile nothing."""
    return (
        select(  # type: ignore[return-value]
            Deadline.id,
            func.concat("r", func.lpad(cast(Deadline.id, Text), 12, "0")).label("key"),
            Report.state_since,
            _utc_day(Report.state_since).label("since_on"),
            Deadline.kind,
            Deadline.name,
            Report.state,
            Project.reference,
            Project.code,
            Project.title,
            Project.edition_id,
            Office.name.label("office"),
            Office.time_zone,
        )
        .select_from(Deadline)
        .join(Report, Report.deadline_id == Deadline.id)
        .join(Project, Project.id == Deadline.project_id)
        .join(Office, Office.id == Project.office_id)
        .where(Deadline.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
        .where(_is_handed_in())
    )


def _is_handed_in() -> ColumnElement[bool]:
    """Said as the index says it, not by values: a plan that is made for all values cannot know that it may use it."""
    states = (ReportState.SUBMITTED, ReportState.CHECKED)
    return or_(*(cast(Report.state, Text) == literal_column(f"'{state}'") for state in states))


def _utc_day(moment: Any) -> ColumnElement[date]:
    return cast(func.timezone("UTC", moment), Date)
