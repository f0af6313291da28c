"""Projects, loaded for the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.lists import CountryLink, Donor, RegionalOffice, RoleName, StatusName
from prima.people.holders import holders
from prima.places import Office
from prima.projects.models import (
    AreaAllocation,
    Bookmark,
    BudgetLine,
    Coverage,
    Document,
    Indicator,
    Part,
    Party,
    Project,
    Section,
    Step,
)
from prima.projects.stages import Status
from prima.projects.visibility import visible_projects
from prima.users import TEAM_ROLES, Delegation, Grant, Role, SignIn, User

KEPT = (User, Grant, Delegation, SignIn)


def with_rights() -> tuple[Any, ...]:
    """What permissions ask of a project: its office with links, and who has a part."""
    return (
        joinedload(Project.office, innerjoin=True).selectinload(Office.links),
        joinedload(Project.edition, innerjoin=True),
        selectinload(Project.parties).joinedload(Party.user, innerjoin=True),
    )


def with_proposal() -> tuple[Any, ...]:
    """What the rules of submitting read."""
    return (
        selectinload(Project.coverage).joinedload(Coverage.country, innerjoin=True),
        selectinload(Project.sections).joinedload(Section.saved_by),
        selectinload(Project.lines).joinedload(BudgetLine.category, innerjoin=True),
        selectinload(Project.areas),
        selectinload(Project.activities),
        selectinload(Project.country_shares),
        selectinload(Project.bases),
        selectinload(Project.beneficiaries),
        selectinload(Project.justifications),
        selectinload(Project.results),
        selectinload(Project.indicators).selectinload(Indicator.splits),
        selectinload(Project.plans),
        selectinload(Project.risks),
        selectinload(Project.partners),
        selectinload(Project.milestones),
        selectinload(Project.governance),
        selectinload(Project.sdgs),
        selectinload(Project.themes),
        joinedload(Project.gender_answers),
        selectinload(Project.documents).joinedload(Document.type, innerjoin=True),
        selectinload(Project.documents).joinedload(Document.filed_by, innerjoin=True),
    )


def with_story() -> tuple[Any, ...]:
    """What the project page tells: steps, milestones, extensions, type and donor."""
    return (
        selectinload(Project.coverage).joinedload(Coverage.country, innerjoin=True),
        selectinload(Project.steps).options(joinedload(Step.actor), joinedload(Step.behalf_of)),
        selectinload(Project.milestones),
        selectinload(Project.extensions),
        joinedload(Project.project_type),
        joinedload(Project.donor),
    )


def find(reference: str, *options: Any) -> Project | None:
    """The project of a reference (P-2026-00042) or a project ID (LM.0276)."""
    found = db.session.scalar(
        select(Project)
        .where((Project.reference == reference) | (Project.code == reference))
        .options(*with_rights(), *options)
    )
    return judged(found) if found else None


def judged(project: Project) -> Project:
    """The project with the facts that the conditions of its edition ask for; without a condition nothing is asked."""
    if project.edition.handbook.is_conditional:
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


def project(reference: str) -> Project | None:
    """For pages and moves that ask only for rights."""
    return find(reference)


def proposal(reference: str) -> Project | None:
    """For the pages of the proposal and everything that asks the submit rules."""
    return find(reference, *with_proposal())


def story(reference: str) -> Project | None:
    """For the project page."""
    return find(reference, *with_story())


def locked(project_id: int, *options: Any) -> Project:
    """The project under its row lock, freshly read: what an operation decides on.

    Whatever the request read before the lock is read again, save the people in it: their rights are loaded with them.
    """
    db.session.flush()
    for row in list(db.session):
        if not isinstance(row, KEPT):
            db.session.expire(row)
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    return judged(
        db.session.scalars(
            select(Project)
            .where(Project.id == project_id)
            .options(*with_rights(), *with_proposal(), *with_story(), *options)
        ).one()
    )


def statuses() -> dict[str, StatusName]:
    """The names and stages of statuses, by code, in order."""
    return {row.code: row for row in db.session.scalars(select(StatusName).order_by(StatusName.position))}


def page(reference: str) -> Project | None:
    """For the project page: while the proposal is open for writing, with what the submit rules ask."""
    found = story(reference)
    return proposal_with_story(reference) if found and found.is_editable else found


def proposal_with_story(reference: str) -> Project | None:
    return find(reference, *with_proposal(), *with_story())


def region_name(project: Project) -> str:
    """The name of the Regional Office its management site is linked to, or nothing for headquarters."""
    if project.region_code is None:
        return ""
    return db.session.scalar(select(RegionalOffice.name).where(RegionalOffice.code == project.region_code)) or ""


def roles() -> dict[str, RoleName]:
    return {row.code: row for row in db.session.scalars(select(RoleName).order_by(RoleName.position))}


def people_of(project: Project, roles: Iterable[str]) -> list[User]:
    """Everybody who has a part in the project or holds one of the roles over it today, with grants and delegations."""
    parties = {party.user_id for party in project.parties}
    held = {Role(role) for role in roles} - set(TEAM_ROLES)
    return holders(held, office_id=project.office_id, region_code=project.region_code, beside=parties)


def newest_edition() -> published.HandbookEdition:
    return published.newest(db.session())


def is_bookmarked(project: Project, user: User) -> bool:
    return db.session.get(Bookmark, (user.id, project.id)) is not None


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


def bookmarks_of(user: User) -> list[Project]:
    """The person's bookmarked projects that can still be seen, newest bookmark first."""
    return list(
        db.session.scalars(
            visible_projects(user)
            .join(Bookmark, (Bookmark.project_id == Project.id) & (Bookmark.user_id == user.id))
            .order_by(Bookmark.made_at.desc())
        )
    )
