"""What stands in a person's calendar: deadlines, and recommendations to follow, of what the person may see now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, and_, case, exists, false, func, null, or_, select, true
from sqlalchemy.orm import joinedload

from prima import clock
from prima.db import db
from prima.filters import day
from prima.handbook.edition import Edition
from prima.handbook.published import HandbookEdition
from prima.languages import speaking
from prima.lists import RegionalOffice
from prima.permissions import authority
from prima.places import Office, OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.rights import OFFICE_ROLES
from prima.projects.visibility import may_see, region_link, visible_projects
from prima.reporting.calendar import ReportState
from prima.reporting.models import (
    CalendarAddress,
    CalendarScope,
    Deadline,
    DeadlineChange,
    Evaluation,
    FollowUp,
    Recommendation,
    Report,
    ReportStep,
)
from prima.reporting.steps import OWING, deadline_name, report_path, report_type_of
from prima.sessions import hashed, with_rights
from prima.users import User

PAST = timedelta(days=60)
"""So far back a calendar reaches; ahead it has no end."""
GONE = timedelta(days=30)
"""So long what is done or fell away stays as cancelled, so that every program has taken it out."""


@dataclass(frozen=True)
class Event:
    """One day in a calendar. `key` is the same as long as the thing is; `sequence` rises whenever it changes."""

    key: str
    on: date
    sequence: int
    cancelled: bool
    changed_at: datetime
    summary: str
    description: str
    path: str


# -- addresses --------------------------------------------------------------------------------------------------------


def by_token(token: str) -> CalendarAddress | None:
    """The address in force with this secret; None if nobody has it, it was revoked, or the account is disabled.

    It is found by its hash: how long that takes tells nothing of the secret.
    """
    return db.session.scalar(
        select(CalendarAddress)
        .join(CalendarAddress.user)
        .where(CalendarAddress.token_hash == hashed(token), CalendarAddress.revoked_at.is_(None), User.active)
        .options(
            joinedload(CalendarAddress.user, innerjoin=True).options(*with_rights()),
            joinedload(CalendarAddress.project),
            joinedload(CalendarAddress.region),
        )
    )


def addresses_of(user: User) -> list[CalendarAddress]:
    """The person's addresses in force, the newest first."""
    return list(db.session.scalars(_own(user).order_by(CalendarAddress.id.desc())))


def address_of(user: User, address_id: int) -> CalendarAddress | None:
    return db.session.scalar(_own(user).where(CalendarAddress.id == address_id)) if address_id < 2**63 else None


def _own(user: User) -> Any:
    return (
        select(CalendarAddress)
        .where(CalendarAddress.user_id == user.id, CalendarAddress.revoked_at.is_(None))
        .options(joinedload(CalendarAddress.project), joinedload(CalendarAddress.region))
    )


def project_called(user: User, name: str) -> Project | None:
    """The project with this project ID or reference, if the person may see it."""
    called = name.strip().upper()
    return db.session.scalar(
        visible_projects(user).where(or_(func.upper(Project.code) == called, Project.reference == called))
    )


def regions_of(user: User) -> list[tuple[str, str]]:
    """Codes and names of the Regional Offices where the person holds a role in their own name."""
    rows = db.session.execute(select(RegionalOffice.code, RegionalOffice.name).order_by(RegionalOffice.position))
    return [(code, name) for code, name in rows if holds_a_role(user, code)]


def holds_a_role(user: User, region: str) -> bool:
    held = authority(user, OFFICE_ROLES, region=region)
    return held is not None and held.absent is None


def name_of(address: CalendarAddress) -> str:
    """How the calendar is called."""
    if address.project is not None:
        return _("Deadlines of %(project)s", project=address.project.name)
    if address.region is not None:
        return _("Deadlines of %(office)s", office=address.region.name)
    return _("My deadlines")


# -- what stands in it ------------------------------------------------------------------------------------------------


def calendar(address: CalendarAddress) -> tuple[str, list[Event]]:
    """The name of the calendar and what stands in it, in its owner's language, the earliest first."""
    user, scope = address.user, CalendarScope(address.scope)
    if scope is CalendarScope.PERSON:
        here, followed = _managed_by(user), Recommendation.owner_id == user.id
    elif scope is CalendarScope.PROJECT:
        here = followed = Project.id == address.project_id
    elif address.region_code and holds_a_role(user, address.region_code):
        here = followed = exists().where(region_link(), OfficeLink.region_code == address.region_code)
    else:
        here = followed = false()
    with speaking(user.locale):
        found = [*_deadlines(user, here), *_recommendations(user, followed)]
        return name_of(address), sorted(found, key=lambda one: (one.on, one.key))


def _managed_by(user: User) -> ColumnElement[bool]:
    return exists().where(
        Party.project_id == Project.id,
        Party.user_id == user.id,
        Party.part.in_((Part.MANAGER, Part.ALTERNATE)),
        Party.until_at.is_(None),
    )


def _lately() -> datetime:
    """Since when what is gone still stands as cancelled."""
    return datetime.combine(clock.today() - GONE, time.min, UTC)


def _deadlines(user: User, here: ColumnElement[bool]) -> list[Event]:
    """Open deadlines, and for a while those that fell away or were handed in.

    The sequence is the number of times that the history tells of it: a date moved or taken away, a report handed in
    or returned. Nothing is kept for the calendar alone, so every program reads the same.
    """
    moves = (
        select(
            func.count().filter(DeadlineChange.old_due_on.is_not(None)).label("number"),
            func.max(DeadlineChange.at).label("last_at"),
        )
        .where(DeadlineChange.deadline_id == Deadline.id)
        .lateral()
    )
    turns = (
        select(
            func.count().label("number"),
            func.max(ReportStep.at).label("last_at"),
        )
        .where(
            ReportStep.report_id == Report.id,
            ReportStep.target.in_((ReportState.SUBMITTED, ReportState.RETURNED)),
        )
        .lateral()
    )
    gone_at = case(
        (Deadline.is_open, null()),
        else_=func.coalesce(Deadline.fell_away_at, turns.c.last_at, Report.state_since, Deadline.done_at),
    )
    rows = db.session.execute(
        select(
            Deadline.id,
            Deadline.kind,
            Deadline.name,
            Deadline.due_on,
            Deadline.first_due_on,
            Deadline.from_on,
            Deadline.period_from,
            Deadline.period_to,
            Deadline.is_open,
            (func.coalesce(moves.c.number, 0) + func.coalesce(turns.c.number, 0)).label("sequence"),
            func.greatest(moves.c.last_at, turns.c.last_at, gone_at, Project.created_at).label("changed_at"),
            Project.reference,
            func.coalesce(Project.code, Project.reference).label("project"),
            Project.title,
            Project.edition_id,
            Office.name.label("office"),
        )
        .join(Project, Project.id == Deadline.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(Report, Report.deadline_id == Deadline.id)
        .outerjoin(moves, true())
        .outerjoin(turns, true())
        .where(
            Deadline.due_on >= clock.today() - PAST,
            or_(and_(Deadline.is_open, Project.status.in_(OWING)), gone_at >= _lately()),
            here,
            may_see(user),
        )
    ).all()
    editions = {row.id: row.handbook for row in db.session.scalars(select(HandbookEdition))}
    return [_deadline(row, editions[row.edition_id]) for row in rows]


def _deadline(row: Row[Any], edition: Edition) -> Event:
    name = deadline_name(edition, row.kind, row.name)
    lines = [_("%(report)s of %(project)s, %(title)s.", report=name, project=row.project, title=row.title)]
    if row.period_from and row.period_to:
        lines.append(_("Period: %(first)s to %(last)s.", first=day(row.period_from), last=day(row.period_to)))
    if row.from_on:
        lines.append(_("It can be done from %(first)s on.", first=day(row.from_on)))
    lines.append(_("Due on %(day)s, by the date at the office: %(office)s.", day=day(row.due_on), office=row.office))
    if row.first_due_on != row.due_on:
        lines.append(_("At first it was due on %(day)s.", day=day(row.first_due_on)))
    is_report = report_type_of(edition, row.kind) is not None
    return Event(
        key=f"deadline-{row.id}",
        on=row.due_on,
        sequence=row.sequence,
        cancelled=not row.is_open,
        changed_at=row.changed_at,
        summary=f"{row.project}: {name}",
        description="\n".join(lines),
        path=report_path(row.reference, row.id) if is_report else f"/projects/{row.reference}/reports",
    )


FOLLOWED = (FollowUp.OPEN, FollowUp.UNDER_WAY)


def _recommendations(user: User, followed: ColumnElement[bool]) -> list[Event]:
    """Recommendations of evaluations that are to be followed by a day; their text only for who follows them."""
    rows = db.session.execute(
        select(
            Recommendation.id,
            Recommendation.due_on,
            Recommendation.version,
            Recommendation.follow_up,
            Recommendation.followed_at,
            Recommendation.text,
            (Recommendation.owner_id == user.id).label("own"),
            Project.reference,
            func.coalesce(Project.code, Project.reference).label("project"),
            Project.title,
        )
        .join(Evaluation, Evaluation.id == Recommendation.evaluation_id)
        .join(Project, Project.id == Evaluation.project_id)
        .where(
            Recommendation.due_on >= clock.today() - PAST,
            or_(Recommendation.follow_up.in_(FOLLOWED), Recommendation.followed_at >= _lately()),
            followed,
            may_see(user),
        )
    ).all()
    return [
        Event(
            key=f"recommendation-{row.id}",
            on=row.due_on,
            sequence=row.version - 1,
            cancelled=row.follow_up not in FOLLOWED,
            changed_at=row.followed_at,
            summary=_("%(project)s: follow a recommendation of the evaluation", project=row.project),
            description="\n".join([f"{row.project}, {row.title}.", *([row.text] if row.own else [])]),
            path=f"/projects/{row.reference}",
        )
        for row in rows
    ]
