"""Projects, loaded for the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.journal import Entry
from prima.lists import CountryLink, Donor, RegionalOffice, RoleName, StatusName
from prima.people.holders import holders
from prima.places import Office, OfficeLink
from prima.projects.loading import PLAN, PROPOSAL, STORY, load
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
from prima.projects.stages import RUNNING, Funding, Status
from prima.projects.visibility import region_link
from prima.users import TEAM_ROLES, Delegation, Grant, Role, SignIn, User

GENDER_SET = "gender marker set by a reviewer"
"""The event of the journal: before, after, reason."""
KEPT = (User, Grant, Delegation, SignIn)


def with_rights() -> tuple[Any, ...]:
    """What permissions ask of a project: its office with links, and who has a part."""
    return (
        joinedload(Project.office, innerjoin=True).selectinload(Office.links),
        joinedload(Project.edition, innerjoin=True),
        selectinload(Project.parties).joinedload(Party.user, innerjoin=True),
    )


def named() -> tuple[Any, ...]:
    """What names the project's type and donor."""
    return joinedload(Project.project_type), joinedload(Project.donor)


def find(reference: str, *options: Any) -> Project | None:
    """The project of a reference (P-2026-00042) or a project ID (LM.0276)."""
    found = db.session.execute(
        select(Project, _calls())
        .where((Project.reference == reference) | (Project.code == reference))
        .options(*with_rights(), *options)
    ).first()
    return judged(_with_calls(*found)) if found else None


def _with_calls(project: Project, found: list[dict[str, Any]] | None) -> Project:
    project.calls = calls.read(found or [])
    return project


def judged(project: Project) -> Project:
    """The project with the facts that the conditions of its edition ask for; without a condition nothing is asked."""
    if project.edition.handbook.is_conditional(project.funding.value):
        project.facts = facts_of(project)
    return project


def facts_of(project: Project) -> dict[str, Any]:
    """What conditions may ask of a project (conditions.FIELDS), as it is now, in one question."""
    day = project.starts_on or clock.today()
    covered = Coverage.project_id == project.id
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
        AreaAllocation.project_id == project.id, AreaAllocation.amount > 0
    )
    asked = select(
        select(func.array_agg(Coverage.country_code)).where(covered).scalar_subquery(),
        regions.scalar_subquery(),
        areas.scalar_subquery(),
        select(Donor.kind).where(Donor.code == project.donor_code).scalar_subquery(),
        select(Donor.eu_money).where(Donor.code == project.donor_code).scalar_subquery(),
    )
    countries, region_count, area_codes, donor_kind, eu_money = db.session.execute(asked).one()
    return {
        "funding": project.funding.value,
        "donor.eu_money": eu_money,
        "donor.kind": donor_kind,
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
    region = select(OfficeLink.region_code).where(region_link()).correlate(Project).scalar_subquery()
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
    return _loaded(find(reference), PROPOSAL)


def with_shape(reference: str) -> Project | None:
    """For what is beside the draft: rights, countries and areas of work."""
    return find(reference, selectinload(Project.coverage), selectinload(Project.areas))


def story(reference: str) -> Project | None:
    """For the project page."""
    return _loaded(find(reference, *named()), STORY)


def running(reference: str) -> Project | None:
    """For the pages of monitoring: its story, and what it is measured by."""
    return _loaded(find(reference, *named()), STORY | PLAN)


def proposal_with_story(reference: str) -> Project | None:
    return _loaded(find(reference, *named()), PROPOSAL | STORY)


def page(reference: str) -> Project | None:
    """For the project page: while the proposal is open for writing, with what the submit rules ask; while the project
    runs, with what it is measured by."""
    found = find(reference, *named())
    asked = {} if found is None else PROPOSAL if found.is_editable else PLAN if found.status in RUNNING else {}
    return _loaded(found, STORY | asked)


def locked(project_id: int, *options: Any) -> Project:
    """The project under its row lock, freshly read: what an operation decides on.

    Whatever the request read before the lock is read again, save the people in it: their rights are loaded with them.
    """
    db.session.flush()
    for row in list(db.session):
        if not isinstance(row, KEPT):
            db.session.expire(row)
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    row = db.session.execute(
        select(Project, _calls()).where(Project.id == project_id).options(*with_rights(), *named(), *options)
    ).one()
    project = _with_calls(*row)
    load(db.session(), [project], PROPOSAL | STORY)
    return judged(project)


def _loaded(project: Project | None, relations: dict[str, tuple[str, ...]]) -> Project | None:
    if project is not None:
        load(db.session(), [project], relations)
    return project


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


@dataclass(frozen=True)
class Beside:
    """What stands beside the project on its page: its region, whether the viewer marked it, how many comments wait."""

    region: str
    bookmarked: bool
    comments: int


def beside(project: Project, viewer: User) -> Beside:
    """All of it in one question."""
    region = select(RegionalOffice.name).where(RegionalOffice.code == project.region_code)
    marked = select(Bookmark.user_id).where(Bookmark.user_id == viewer.id, Bookmark.project_id == project.id)
    waiting = select(func.count()).where(
        Comment.project_id == project.id, Comment.published_at.is_not(None), Comment.resolved_at.is_(None)
    )
    row = db.session.execute(select(region.scalar_subquery(), marked.exists(), waiting.scalar_subquery())).one()
    return Beside(row[0] or "", row[1], row[2])


def drafts_of(user: User) -> list[Project]:
    """Concepts and drafts that the person develops, oldest first."""
    mine = select(Party.project_id).where(
        Party.user_id == user.id, Party.part == Part.DEVELOPER, Party.until_at.is_(None)
    )
    return list(
        db.session.scalars(
            select(Project)
            .where(Project.id.in_(mine), Project.status.in_((Status.CONCEPT, Status.DRAFT)))
            .options(joinedload(Project.office, innerjoin=True), selectinload(Project.parties).joinedload(Party.user))
            .order_by(Project.status_since)
        )
    )
