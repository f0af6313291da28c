"""Projects, loaded for the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.journal import Entry
from prima.lists import CountryLink, Donor, RegionalOffice, RoleName, StatusName
from prima.people.holders import holders
from prima.places import Office, OfficeLink
from prima.projects.loading import PLAN, PROPOSAL, SHAPE, STORY, Asked, Relations, asked
from prima.projects.models import (
    AreaAllocation,
    Bookmark,
    Comment,
    Confirmation,
    Coverage,
    FundingRound,
    Part,
    Party,
    Project,
    Reply,
    Section,
)
from prima.projects.rules import calls
from prima.projects.stages import EDITABLE, RUNNING, Funding, Status
from prima.projects.visibility import region_link
from prima.trees import as_text, parsed, paths_of
from prima.users import TEAM_ROLES, Delegation, Grant, Role, SignIn, User

GENDER_SET = "gender marker set by a reviewer"
"""The event of the journal: before, after, reason."""
KEPT = (User, Grant, Delegation, SignIn)
Sometimes = tuple[frozenset[Status], Relations]
"""Relations that are loaded in some statuses only."""
IN_WRITING: Relations = {name: along for name, along in PROPOSAL.items() if name not in STORY}


def with_rights() -> tuple[Any, ...]:
    """What permissions ask of a project: its office with links, and who has a part."""
    return (
        joinedload(Project.office, innerjoin=True).selectinload(Office.links),
        joinedload(Project.edition, innerjoin=True),
        selectinload(Project.parties).joinedload(Party.user, innerjoin=True),
    )


def find(reference: str, relations: Relations | None = None, *sometimes: Sometimes) -> Project | None:
    """The project of a reference (P-2026-00042) or a project ID (LM.0276), with what permissions ask of it.

    All of it is one question: what of it is loaded in some statuses only is named by them.
    """
    wanted = _by_name(paths_of(relations or {}), *((statuses, paths_of(more)) for statuses, more in sometimes))
    row = db.session.execute(wanted.statement, {"reference": reference, "today": clock.today()}).first()
    return _read(wanted, row) if row else None


@cache
def _by_name(*wanted: Any) -> Asked:
    table = Project.__table__
    return _asked((table.c.reference == bindparam("reference")) | (table.c.code == bindparam("reference")), *wanted)


@cache
def _by_id(*wanted: Any) -> Asked:
    return _asked(Project.__table__.c.id == bindparam("number"), *wanted)


def _asked(condition: ColumnElement[bool], *wanted: Any) -> Asked:
    """With the Fund's calls and what conditions may ask, in the last two columns."""
    found = asked(*wanted, beside=(as_text(_calls()), as_text(_facts())))
    return replace(found, statement=found.statement.where(condition))


def _read(wanted: Asked, row: Sequence[Any]) -> Project:
    project = wanted.stand(db.session(), row)
    *_row, fund_calls, facts = row
    project.calls = calls.read(parsed(fund_calls))
    if project.edition.handbook.is_conditional(project.funding.value):
        project.facts = _facts_read(project, project.donor, parsed(facts))
    return project


def judged(project: Project) -> Project:
    """The project with the facts that the conditions of its edition ask for; without a condition nothing is asked."""
    if project.edition.handbook.is_conditional(project.funding.value):
        project.facts = facts_of(project)
    return project


def facts_of(project: Project) -> dict[str, Any]:
    """What conditions may ask of a project (conditions.FIELDS), as it is now, in one question."""
    donor, found = db.session.execute(_facts_alone(), {"number": project.id, "today": clock.today()}).one()
    return _facts_read(project, donor, parsed(found))


@cache
def _facts_alone() -> Select[Any]:
    donor = aliased(Donor)
    return (
        select(donor, as_text(_facts()))
        .select_from(Project)
        .outerjoin(donor, donor.code == Project.donor_code)
        .where(Project.id == bindparam("number"))
    )


def _facts() -> Any:
    """Of a project: the countries, of how many regions on the day that counts, and the areas of work, as JSON."""
    day = func.coalesce(Project.starts_on, bindparam("today", type_=Date))
    covered = Coverage.project_id == Project.id
    # What came before the oldest structure we know is not known: a country's first link has no first day.
    earlier = aliased(CountryLink)
    first = (
        select(func.min(earlier.valid_from)).where(earlier.country_code == CountryLink.country_code).scalar_subquery()
    )
    regions = (
        select(func.count(CountryLink.region_code.distinct()))
        .join(Coverage, Coverage.country_code == CountryLink.country_code)
        .where(
            covered,
            CountryLink.valid_from <= func.greatest(first, day),
            or_(CountryLink.valid_to.is_(None), CountryLink.valid_to >= day),
        )
    )
    areas = select(func.array_agg(AreaAllocation.code)).where(
        AreaAllocation.project_id == Project.id, AreaAllocation.amount > 0
    )
    countries = select(func.array_agg(Coverage.country_code)).where(covered)
    parts = (one.correlate(Project).scalar_subquery() for one in (countries, regions, areas))
    return func.json_build_array(*parts)


def _facts_read(project: Project, donor: Donor | None, found: list[Any]) -> dict[str, Any]:
    countries, region_count, area_codes = found
    return {
        "funding": project.funding.value,
        "donor.eu_money": donor.eu_money if donor else None,
        "donor.kind": donor.kind if donor else None,
        "budget_usd": project.budget_usd,
        "countries": frozenset(countries or ()),
        "countries.count": len(countries or ()),
        "regions.count": region_count,
        "areas": frozenset(area_codes or ()),
        "project_type": project.project_type_code,
        "agreement": bool(project.agreement.strip()),
    }


def _calls() -> Any:
    """The Fund's calls that fit a project's year, region and line, as JSON beside its row; none for a donor's."""
    today = bindparam("today", type_=Date)
    region = select(OfficeLink.region_code).where(region_link(today=today)).correlate(Project).scalar_subquery()
    names = ("code", "name", "region_code", "line_code", "opens_on", "cut_off_on", "closed_at")
    pairs = [part for name in names for part in (name, getattr(FundingRound, name))]
    return (
        select(func.json_agg(func.json_build_object(*pairs)))
        .where(
            Project.funding == Funding.FUND,
            FundingRound.funding_year == Project.funding_year,
            or_(FundingRound.region_code.is_(None), FundingRound.region_code == region),
            or_(FundingRound.line_code.is_(None), FundingRound.line_code == Project.fund_line_code),
        )
        .correlate(Project)
        .scalar_subquery()
    )


def project(reference: str) -> Project | None:
    """For pages and moves that ask only for rights."""
    return find(reference)


def proposal(reference: str) -> Project | None:
    """For the pages of the proposal and everything that asks the submit rules."""
    return find(reference, PROPOSAL)


def with_shape(reference: str) -> Project | None:
    """For what is beside the draft: rights, countries and areas of work."""
    return find(reference, SHAPE)


def story(reference: str) -> Project | None:
    """For the project page."""
    return find(reference, STORY)


def running(reference: str) -> Project | None:
    """For the pages of monitoring: its story, and what it is measured by."""
    return find(reference, STORY | PLAN)


def proposal_with_story(reference: str) -> Project | None:
    return find(reference, PROPOSAL | STORY)


def page(reference: str) -> Project | None:
    """For the project page: while the proposal is open for writing, with what the submit rules ask; while the project
    runs, with what it is measured by."""
    return find(reference, STORY, (EDITABLE, IN_WRITING), (RUNNING, PLAN))


def locked(project_id: int) -> Project:
    """The project under its row lock, freshly read: what an operation decides on.

    Whatever the request read before the lock is read again, save the people in it: their rights are loaded with them.
    """
    db.session.flush()
    for row in list(db.session):
        if not isinstance(row, KEPT):
            db.session.expire(row)
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    wanted = _by_id(paths_of(PROPOSAL | STORY))
    row = db.session.execute(wanted.statement, {"number": project_id, "today": clock.today()}).one()
    return _read(wanted, row)


def with_comments() -> tuple[Any, ...]:
    return (
        joinedload(Comment.author, innerjoin=True),
        joinedload(Comment.resolved_by),
        joinedload(Comment.replies).joinedload(Reply.author),
    )


def comments(project: Project, section_code: str | None = None) -> list[Comment]:
    """What was said about a section, or about all: unanswered ones first, then open ones, the oldest of them first.

    What a reviewer drafts is nobody else's (endorsement.queries.remarks).
    """
    return _in_turn(project, Comment.published_at.is_not(None), section_code)


def comments_and_drafts(project: Project, author: User) -> tuple[list[Comment], list[Comment]]:
    """All comments, and what this person alone drafts as a reviewer, in one question."""
    drafted = and_(Comment.published_at.is_(None), Comment.author_id == author.id)
    found = _in_turn(project, or_(Comment.published_at.is_not(None), drafted))
    return [one for one in found if one.published_at], [one for one in found if not one.published_at]


def draft(project: Project, comment_id: int, author: User) -> Comment | None:
    """What a person drafted as a reviewer, by its number."""
    found = next((one for one in comments_and_drafts(project, author)[1] if one.id == comment_id), None)
    if found is not None:
        set_committed_value(found, "project", project)
    return found


def _in_turn(project: Project, wanted: ColumnElement[bool], section_code: str | None = None) -> list[Comment]:
    asked = select(Comment).where(Comment.project_id == project.id, wanted)
    if section_code is not None:
        about = Comment.sections.contains([section_code])
        asked = asked.where(or_(Comment.section_code == section_code, about))
    found = db.session.scalars(asked.options(*with_comments()).order_by(Comment.id)).unique()
    return sorted(found, key=lambda one: (not one.is_unanswered, one.resolved_at is not None, one.id))


def comment(project: Project, comment_id: int) -> Comment | None:
    """A comment by its number, unless somebody only drafts it."""
    asked = select(Comment).where(
        Comment.project_id == project.id, Comment.id == comment_id, Comment.published_at.is_not(None)
    )
    found = db.session.scalars(asked.options(*with_comments())).unique().one_or_none()
    if found is not None:
        set_committed_value(found, "project", project)
    return found


def open_comments(project: Project) -> dict[str, int]:
    """How many comments are open, by the code of their section."""
    counted = db.session.execute(
        select(Comment.section_code, func.count().label("open"))
        .where(Comment.project_id == project.id, Comment.published_at.is_not(None), Comment.resolved_at.is_(None))
        .group_by(Comment.section_code)
    )
    return {row.section_code: row.open for row in counted}


@dataclass(frozen=True)
class Writing:
    """When a person wrote in a part last. `code` is the section's or the dimension's, where an event has several."""

    user_id: int
    event: str
    code: str
    at: datetime


def writings(project: Project) -> list[Writing]:
    """Who wrote where, the newest first: from the journal, and from the texts that saved themselves since."""
    code = func.coalesce(Entry.data["code"].as_string(), Entry.data["dimension"].as_string(), "").label("part_code")
    noted = db.session.execute(
        select(Entry.actor_id, Entry.event, code, func.max(Entry.at).label("last"))
        .where(
            Entry.subject_kind == Project.__tablename__,
            Entry.subject_id == project.id,
            Entry.actor_id.is_not(None),
        )
        .group_by(Entry.actor_id, Entry.event, "part_code")
    )
    found = {(row.actor_id, row.event, row.part_code): row.last for row in noted}
    saved = db.session.execute(
        select(Section.saved_by_id, Section.code, Section.saved_at).where(
            Section.project_id == project.id, Section.saved_by_id.is_not(None)
        )
    )
    for row in saved:
        key = (row.saved_by_id, "section", row.code)
        found[key] = max(row.saved_at, found.get(key, row.saved_at))
    return sorted((Writing(*key, at) for key, at in found.items()), key=lambda one: one.at, reverse=True)


def gender_set(project: Project) -> Entry | None:
    """Who among the reviewers set the gender marker that the project has now, and why."""
    asked = (
        select(Entry)
        .where(Entry.subject_kind == Project.__tablename__, Entry.subject_id == project.id, Entry.event == GENDER_SET)
        .order_by(Entry.number.desc())
        .limit(1)
        .options(joinedload(Entry.actor))
    )
    found = db.session.scalar(asked)
    return found if found and found.data["after"] == project.gender_marker_code else None


def confirmed(project: Project) -> Any:
    """The lines of its closure checklists that somebody confirmed, each with who did."""
    return select(Confirmation).where(Confirmation.project_id == project.id).options(joinedload(Confirmation.by))


def statuses() -> dict[str, StatusName]:
    """The names and stages of statuses, by code, in order."""
    return {row.code: row for row in db.session.scalars(select(StatusName).order_by(StatusName.position))}


def roles() -> dict[str, RoleName]:
    return {row.code: row for row in db.session.scalars(select(RoleName).order_by(RoleName.position))}


def people_of(project: Project, roles: Iterable[str]) -> list[User]:
    """Everybody who has a part in the project or holds one of the roles over it today, with grants and delegations."""
    parties = {party.user_id for party in project.parties}
    held = {Role(role) for role in roles} - set(TEAM_ROLES)
    return holders(held, office_id=project.office_id, region_code=project.region_code, beside=parties)


def newest_edition() -> published.HandbookEdition:
    return published.newest(db.session())


class Called(NamedTuple):
    """What a status is called, and the stage it belongs to."""

    name: str
    stage: str


@dataclass(frozen=True)
class Beside:
    """What stands beside the project on its page, and what its statuses are called."""

    region: str
    bookmarked: bool
    """By the viewer."""
    comments: int
    """How many wait."""
    copied: bool
    """Whether it began as a copy, or others began as copies of it."""
    statuses: Mapping[str, Called]


def beside(project: Project, viewer: User) -> Beside:
    """All of it in one question."""
    values = {"number": project.id, "viewer": viewer.id, "region": project.region_code}
    region, marked, comments, copied, called = db.session.execute(_beside(), values).one()
    statuses = {code: Called(name, stage) for code, name, stage in parsed(called)}
    return Beside(region or "", marked, comments, copied or project.copied_from_id is not None, statuses)


@cache
def _beside() -> Select[Any]:
    number: BindParameter[int] = bindparam("number")
    return select(
        select(RegionalOffice.name).where(RegionalOffice.code == bindparam("region")).scalar_subquery(),
        exists().where(Bookmark.user_id == bindparam("viewer"), Bookmark.project_id == number),
        select(func.count())
        .where(Comment.project_id == number, Comment.published_at.is_not(None), Comment.resolved_at.is_(None))
        .scalar_subquery(),
        exists().where(Project.copied_from_id == number),
        as_text(
            select(
                func.json_agg(func.json_build_array(StatusName.code, StatusName.name, StatusName.stage))
            ).scalar_subquery()
        ),
    )


def drafts_of(user: User) -> list[Project]:
    """Concepts and drafts that the person develops, oldest first."""
    return list(db.session.scalars(_drafts(), {"user_id": user.id}))


@cache
def _drafts() -> Any:
    mine = select(Party.project_id).where(
        Party.user_id == bindparam("user_id", type_=BigInteger),
        Party.part == Part.DEVELOPER,
        Party.until_at.is_(None),
    )
    return (
        select(Project)
        .where(Project.id.in_(mine), Project.status.in_((Status.CONCEPT, Status.DRAFT)))
        .options(joinedload(Project.office, innerjoin=True), selectinload(Project.parties).joinedload(Party.user))
        .order_by(Project.status_since)
    )
