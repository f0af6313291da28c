"""Who was reminded of what, when and how; what is overdue where; and of what nobody was ever reminded, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import (
    FromClause,
    Integer,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from prima import clock
from prima.db import db
from prima.handbook.published import HandbookEdition
from prima.lists import RegionalOffice
from prima.outbox import Letter, LetterState
from prima.places import Office, OfficeLink
from prima.projects.models import Part, Party, Project
from prima.projects.stages import Status
from prima.projects.visibility import may_see, may_see_internal, region_link
from prima.reporting.evaluating import recommendation_path
from prima.reporting.models import About, Deadline, Reason, Reminder
from prima.reporting.queries import is_overdue
from prima.reporting.reminders.asked import AGES, NONE, Asked, managed, manager_of, places
from prima.reporting.reminders.climbing import EVERY_STATUS, SOURCES, reached
from prima.reporting.reminders.ladders import Ladders
from prima.reporting.reminders.reviews import seated
from prima.reporting.steps import deadline_name, report_path
from prima.users import User

SIZE = 50
COPIES = (Reason.REGION, Reason.FUND)
"""Who gets one of these does not owe it."""
KINDS: dict[About, Any] = {
    About.REPORT: _l("Report"),
    About.EVALUATION: _l("Evaluation"),
    About.EXTENSION: _l("Request for an extension"),
    About.MILESTONE: _l("Milestone"),
    About.RECOMMENDATION: _l("Recommendation"),
    About.REVIEW: _l("Review"),
}
HOW: dict[str, tuple[Any, str]] = {
    "waiting": (_l("Waiting"), "blue"),
    "sent": (_l("Sent"), "green"),
    "dead": (_l("Failed"), "red"),
    "replaced": (_l("Replaced by a later one"), "grey"),
    "held": (_l("Waits for a digest"), "blue"),
    "carried": (_l("In a digest"), "green"),
    "kept": (_l("Shown in PRIMA only"), "grey"),
}
"""By the state of the letter, the word and the colour."""


# -- who was reminded -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One reminder: of what, to whom and why, when, and how it went."""

    letter_id: int
    at: datetime
    project: str
    reference: str
    office: str
    region: str | None
    about: About
    subject: str
    path: str
    due_on: date
    step: str
    person: str
    reason: Reason | None
    state: LetterState
    sent_at: datetime | None
    tries: int
    problem: str

    @property
    def url(self) -> str:
        """Where its duty stands; the page of a review opens to its reviewer alone, so to others the project's."""
        return f"/projects/{self.reference}" if self.about is About.REVIEW else self.path

    @property
    def how(self) -> tuple[str, str]:
        if self.state is LetterState.WAITING and self.tries:
            return _("Put off"), "amber"
        word, tone = HOW.get(self.state.value, (self.state.value, "grey"))
        return str(word), tone


def told(
    viewer: User | None,
    asked: Asked = Asked(),
    *,
    project_id: int | None = None,
    before: int | None = None,
    limit: int | None = SIZE + 1,
) -> list[Told]:
    """The newest first, of projects that the viewer may see."""
    query: Any = (
        select(
            Reminder.letter_id,
            Letter.queued_at,
            func.coalesce(Project.code, Project.reference),
            Project.reference,
            Office.name,
            RegionalOffice.name,
            Reminder.about,
            Letter.subject,
            Letter.path,
            Letter.due_on,
            Reminder.step,
            func.coalesce(User.name, Letter.recipient),
            Reminder.reason,
            Letter.state,
            Letter.sent_at,
            Letter.tries,
            Letter.problem,
        )
        .join(Letter, Letter.id == Reminder.letter_id)
        .join(Project, Project.id == Reminder.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(User, User.id == Letter.user_id)
        .order_by(Reminder.letter_id.desc())
        .limit(limit)
    )
    query = query.where(may_see_internal(viewer), *places(asked))
    if project_id is not None:
        query = query.where(Reminder.project_id == project_id)
    if before is not None:
        query = query.where(Reminder.letter_id < before)
    if asked.about:
        query = query.where(Reminder.about == About(asked.about))
    if asked.days:
        query = query.where(Letter.queued_at > clock.ago(days=asked.days))
    if asked.person:
        query = query.where(or_(Letter.user_id.in_(asked.people), managed(asked)))
    return [Told(*row) for row in db.session.execute(query)]


# -- what is overdue --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """So many overdue reports of one region, office, manager or age; `code` asks for them."""

    code: str
    name: str
    count: int


@dataclass(frozen=True)
class Late:
    """Overdue reports, cut four ways: each adds up to the whole."""

    total: int
    regions: Sequence[Share]
    offices: Sequence[Share]
    managers: Sequence[Share]
    ages: Sequence[Share]


def late(viewer: User | None, asked: Asked = Asked()) -> Late:
    """In one question; ages in their order, the others the most first."""
    rows = (
        select(
            func.coalesce(OfficeLink.region_code, NONE).label("region"),
            RegionalOffice.region.label("region_name"),
            Office.code.label("office"),
            Office.name.label("office_name"),
            manager_of().label("manager"),
            age_of(clock.today()).label("age"),
        )
        .select_from(Deadline)
        .join(Project, Project.id == Deadline.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .where(is_overdue(), may_see(viewer), *of(asked))
    )
    found = rows.cte("late")

    def by(way: str, code: Any, name: Any, *groups: Any, source: Any = found) -> Select[Any]:
        counted = select(literal(way).label("way"), code.label("code"), name.label("name"), func.count().label("count"))
        return counted.select_from(source).group_by(*groups)

    people = found.outerjoin(User, User.id == found.c.manager)
    cuts = union_all(
        by("region", found.c.region, found.c.region_name, found.c.region, found.c.region_name),
        by("office", found.c.office, found.c.office_name, found.c.office, found.c.office_name),
        by("manager", func.coalesce(User.email, NONE), User.name, User.email, User.name, source=people),
        by("age", found.c.age, cast(null(), Text), found.c.age),
    ).subquery()
    shares: dict[str, list[Share]] = {"region": [], "office": [], "manager": [], "age": []}
    for way, code, name, count in db.session.execute(
        select(cuts).order_by(cuts.c.way, cuts.c.count.desc(), cuts.c.name, cuts.c.code)
    ):
        shares[way].append(Share(code, name or _nameless(way, code), count))
    ages = sorted(shares["age"], key=lambda one: list(AGES).index(one.code))
    total = sum(one.count for one in ages)
    return Late(total, shares["region"], shares["office"], shares["manager"], ages)


def of(asked: Asked) -> list[Any]:
    """Conditions on Deadline and Project: where, whose, and how late."""
    found: list[Any] = [*places(asked), *([managed(asked)] if asked.person else [])]
    return found + ([age_of(clock.today()) == asked.age] if asked.age else [])


def age_of(today: date) -> Any:
    days = type_coerce(literal(today) - Deadline.due_on, Integer)
    *bands, last = AGES
    return case(*((days <= AGES[code][1], code) for code in bands), else_=last)


def age_name(code: str) -> str:
    first, last = AGES[code]
    if last is None:
        return _("more than a year")
    return _("%(first)s to %(last)s days", first=max(first, 1), last=last)


def _nameless(way: str, code: str) -> str:
    if way == "age":
        return age_name(code)
    return _("No manager") if way == "manager" else _("headquarters")


# -- what nobody was reminded of --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Never:
    """An open duty past the first step of its ladder, of which nobody who owes it has a letter; and why."""

    cause: str
    about: About
    name: str
    project: str
    reference: str
    title: str
    office: str
    region: str | None
    due_on: date
    url: str
    suspended: bool
    why: str


def _silent(viewer: User | None, asked: Asked) -> FromClause:
    """Duties of which none who owes them has a letter about the day that stands, a day after the first step.

    A letter that was given up reached nobody. Copies are not counted: who gets one does not owe it.
    """
    ladders, today = Ladders(db.session()), clock.days_on_earth()[0]
    arms = []
    for source in SOURCES:
        rows = reached(source, ladders, today, EVERY_STATUS)
        letter = (
            select(literal(1))
            .select_from(Letter)
            .join(Reminder, Reminder.letter_id == Letter.id)
            .where(
                Letter.cause == rows.c.cause,
                Letter.due_on == rows.c.due_on,
                Letter.state != LetterState.DEAD,
                or_(Reminder.reason.is_(None), Reminder.reason.not_in(COPIES)),
            )
            .correlate(rows)
        )
        names = ("cause", "id", "about", "kind", "name", "due_on", "project_id", "owner_id")
        arms.append(select(*(rows.c[name] for name in names)).where(rows.c.first_on < today, ~letter.exists()))
    silent = union_all(*arms).subquery("silent")
    query = (
        select(
            *silent.c,
            func.coalesce(Project.code, Project.reference).label("project"),
            Project.reference,
            Project.title,
            Project.edition_id,
            (Project.status == Status.SUSPENDED).label("suspended"),
            Office.name.label("office"),
            RegionalOffice.name.label("region"),
        )
        .select_from(silent)
        .join(Project, Project.id == silent.c.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
    )
    query = query.where(may_see_internal(viewer), *places(asked))
    if asked.about:
        query = query.where(silent.c.about == asked.about)
    if asked.person:
        query = query.where(managed(asked))
    return query.subquery("never")


@dataclass(frozen=True)
class Count:
    """How many duties nobody was reminded of, and how many more lie with suspended projects."""

    never: int
    suspended: int


def count_never(viewer: User | None, asked: Asked = Asked()) -> Count:
    never = _silent(viewer, asked)
    counted = select(func.count().filter(~never.c.suspended), func.count().filter(never.c.suspended))
    return Count(*db.session.execute(counted.select_from(never)).one())


def never(
    viewer: User | None,
    asked: Asked = Asked(),
    *,
    after: tuple[date, str] | None = None,
    limit: int | None = SIZE + 1,
) -> list[Never]:
    """The longest due first, each with its reason; the number of questions is that of one page, whatever it holds."""
    found = _silent(viewer, asked)
    query = select(found).order_by(found.c.due_on, found.c.cause).limit(limit)
    if after:
        query = query.where(tuple_(found.c.due_on, found.c.cause) > after)
    rows = db.session.execute(query).all()
    reasons = _Reasons(db.session(), rows)
    editions = {row.id: row.handbook for row in db.session.scalars(select(HandbookEdition))}
    return [
        Never(
            cause=row.cause,
            about=About(row.about),
            name=_name(row, editions[row.edition_id]),
            project=row.project,
            reference=row.reference,
            title=row.title,
            office=row.office,
            region=row.region,
            due_on=row.due_on,
            url=_path(row),
            suspended=row.suspended,
            why=reasons.of(row),
        )
        for row in rows
    ]


MOST_READ = 200
"""Of so many duties the reasons are counted for whoever runs PRIMA."""


def sentence() -> str:
    """For whoever runs PRIMA: of how many duties nobody was ever reminded, and why; empty when there is none."""
    found = count_never(None)
    if not found.never:
        return ""
    read = [row.why for row in never(None, limit=MOST_READ) if not row.suspended]
    reasons = "; ".join(f"{why.rstrip('.')} ({count})" for why, count in Counter(read).most_common(5))
    begin = ngettext(
        "Of %(num)s open duty nobody was ever reminded.",
        "Of %(num)s open duties nobody was ever reminded.",
        found.never,
    )
    return f"{begin} {reasons}."


def _name(row: Any, edition: Any) -> str:
    match About(row.about):
        case About.MILESTONE:
            return _("Milestone: %(name)s", name=row.name)
        case About.RECOMMENDATION:
            return _("Recommendation %(number)s", number=row.name)
        case About.REVIEW:
            return _("Review as %(role)s", role=row.name)
    return deadline_name(edition, row.kind, row.name)


def _path(row: Any) -> str:
    match About(row.about):
        case About.MILESTONE:
            return f"/projects/{row.reference}/milestones"
        case About.RECOMMENDATION:
            return recommendation_path(row.reference, row.id)
        case About.REVIEW:
            return f"/projects/{row.reference}"
        case About.EXTENSION:
            return f"/projects/{row.reference}/reports"
    return report_path(row.reference, row.id)


class _Reasons:
    """Why nobody was reminded, of the rows of a page: looked up for all of them at once."""

    def __init__(self, session: Session, rows: Sequence[Any]) -> None:
        projects = {row.project_id for row in rows}
        parties = session.execute(
            select(Party.project_id, Party.part, User.active)
            .join(User, User.id == Party.user_id)
            .where(Party.project_id.in_(projects), Party.until_at.is_(None))
        )
        self.parties: dict[int, list[tuple[Part, bool]]] = {}
        for project_id, part, active in parties:
            self.parties.setdefault(project_id, []).append((part, active))
        owners = {row.owner_id for row in rows if row.owner_id is not None}
        still_open = select(User.id).where(User.id.in_(owners), User.active)
        self.open = set(session.scalars(still_open))
        self.seats = seated(session, {row.project_id for row in rows if row.about == About.REVIEW.value})
        dead = session.execute(
            select(Letter.cause, Letter.due_on, Letter.recipient, Letter.problem)
            .where(Letter.cause.in_({row.cause for row in rows}), Letter.state == LetterState.DEAD)
            .order_by(Letter.id)
        )
        self.dead = {(cause, due_on): (recipient, problem) for cause, due_on, recipient, problem in dead}

    def of(self, row: Any) -> str:
        if row.suspended:
            return _("The project is suspended; reminders go on when it does.")
        if given_up := self.dead.get((row.cause, row.due_on)):
            return _("The letter to %(address)s failed: %(problem)s", address=given_up[0], problem=given_up[1])
        return self._nobody(row) or _("The reminders have not run since. Look at the scheduler.")

    def _nobody(self, row: Any) -> str:
        if row.about == About.REVIEW.value:
            return "" if self.seats.get((row.project_id, row.name)) else _("Nobody holds the role that reviews here.")
        if row.about == About.RECOMMENDATION.value:
            return "" if row.owner_id in self.open else _("The account of its owner is closed.")
        parties = self.parties.get(row.project_id, [])
        who = [active for part, active in parties if part == Part.EVALUATOR and row.about == About.EVALUATION.value]
        who = who or [active for part, active in parties if part in (Part.MANAGER, Part.ALTERNATE)]
        if not who:
            return _("The project has neither a manager nor an alternate.")
        return "" if any(who) else _("The accounts of those who owe it are closed.")
