"""What has reached a step of its ladder, and of that what has no letter yet: asked in SQL, so that a scan composes
letters only for what is new. The twin of calendar.reminder_step and of the recipients in letters.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from prima.endorsement.models import Clearance, Round
from prima.outbox import Letter
from prima.places import Office, OfficeLink
from prima.projects.models import Milestone, Part, Party, Project
from prima.projects.stages import RUNNING, Funding, Status
from prima.projects.visibility import region_link
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST, OPENING
from prima.reporting.evaluating import TAKEN_ON, TO_DO
from prima.reporting.models import About, Deadline, Evaluation, Recommendation
from prima.reporting.models.deadlines import OPEN_UNTIL
from prima.reporting.queries import holding
from prima.reporting.reminders.ladders import FOLLOW_UPS, MILESTONES, REPORTS, REQUESTS, REVIEWS, WINDOWS, Ladders
from prima.reporting.steps import OWING, REMINDED
from prima.users import Grant, Role, Scope, User

KIND = "remind:"
"""Begins the kind of every letter that reminds; the step's code follows."""


@dataclass(frozen=True)
class Source:
    """One kind of duty. `arms` are the rows whose day may have come, each found by a range of an index."""

    prefix: str
    """Of the cause of its letters; the number of the row follows."""
    arms: Callable[[Ladders, date, Collection[Status]], Sequence[Select[Any]]]
    lacking: Callable[[FromClause], ColumnElement[bool]]
    """Whether somebody who is to get a letter at the step reached has none."""


# -- what may have come -----------------------------------------------------------------------------------------------


def _row(
    source: Any,
    *,
    about: Any,
    ladder: str,
    due_on: Any,
    kind: Any = "",
    name: Any = "",
    opens_on: Any = None,
    owner: Any = None,
) -> Select[Any]:
    return select(
        source.id.label("id"),
        cast(about, Text).label("about"),
        literal(ladder, Text).label("ladder"),
        due_on.label("due_on"),
        (literal(kind, Text) if isinstance(kind, str) else kind).label("kind"),
        (literal(name, Text) if isinstance(name, str) else name).label("name"),
        (cast(null(), Date) if opens_on is None else opens_on).label("opens_on"),
        (cast(null(), User.id.type) if owner is None else owner).label("owner_id"),
        Project.id.label("project_id"),
        Project.edition_id.label("edition_id"),
        Project.funding.label("funding"),
        OfficeLink.region_code.label("region_code"),
    )


def _deadlines(ladders: Ladders, on: date, statuses: Collection[Status]) -> list[Select[Any]]:
    """Open ones: reports, evaluations by the end of their window or since it opened; the last day to ask for an
    extension is not mourned."""
    reports, requests, windows = (ladders.first(name) for name in (REPORTS, REQUESTS, WINDOWS))

    def arm(about: About, ladder: str, *conditions: ColumnElement[bool], opens_on: Any = None) -> Select[Any]:
        row = _row(
            Deadline,
            about=literal(about.value),
            ladder=ladder,
            due_on=Deadline.due_on,
            kind=Deadline.kind,
            name=Deadline.name,
            opens_on=opens_on,
        )
        joined = row.join_from(Deadline, Project, Project.id == Deadline.project_id).outerjoin(
            OfficeLink, region_link()
        )
        return joined.where(Deadline.is_open, Project.status.in_(statuses), *conditions)

    # Of what is open the database counts the days, and so knows how few are due; of all days, and of what is open,
    # apart from each other it would expect many more, and read every project.
    until: ColumnElement[date] = literal_column(OPEN_UNTIL)
    closing = on + timedelta(days=windows)
    return [
        arm(
            About.REPORT,
            REPORTS,
            until <= on + timedelta(days=reports),
            Deadline.due_on <= on + timedelta(days=reports),
            Deadline.kind.not_in((EXTENSION_REQUEST, EVALUATION)),
        ),
        arm(
            About.EXTENSION,
            REQUESTS,
            until.between(on, on + timedelta(days=requests)),
            Deadline.due_on.between(on, on + timedelta(days=requests)),
            Deadline.kind == EXTENSION_REQUEST,
        ),
        arm(
            About.EVALUATION,
            WINDOWS,
            until <= closing,
            Deadline.due_on <= closing,
            Deadline.kind == EVALUATION,
            opens_on=Deadline.from_on,
        ),
        arm(
            About.EVALUATION,
            WINDOWS,
            Deadline.from_on <= on,
            Deadline.due_on > closing,
            Deadline.kind == EVALUATION,
            opens_on=Deadline.from_on,
        ),
    ]


def _milestones(ladders: Ladders, on: date, statuses: Collection[Status]) -> list[Select[Any]]:
    about = literal(About.MILESTONE.value)
    row = _row(Milestone, about=about, ladder=MILESTONES, due_on=Milestone.planned_on, name=Milestone.name)
    joined = row.join_from(Milestone, Project, Project.id == Milestone.project_id).outerjoin(OfficeLink, region_link())
    return [
        joined.where(
            Milestone.done_on.is_(None),
            Milestone.planned_on <= on + timedelta(days=ladders.first(MILESTONES)),
            Project.status.in_(RUNNING & set(statuses)),
        )
    ]


def _recommendations(ladders: Ladders, on: date, statuses: Collection[Status]) -> list[Select[Any]]:
    row = _row(
        Recommendation,
        about=literal(About.RECOMMENDATION.value),
        ladder=FOLLOW_UPS,
        due_on=Recommendation.due_on,
        name=cast(Recommendation.position, Text),
        owner=Recommendation.owner_id,
    )
    joined = row.join_from(Recommendation, Evaluation, Evaluation.id == Recommendation.evaluation_id)
    silent = () if Status.SUSPENDED in statuses else (Project.status != Status.SUSPENDED,)
    return [
        joined.join(Project, Project.id == Evaluation.project_id)
        .outerjoin(OfficeLink, region_link())
        .where(
            Recommendation.follow_up.in_(TO_DO),
            Recommendation.response.in_(TAKEN_ON),
            Recommendation.owner_id.is_not(None),
            Recommendation.due_on <= on + timedelta(days=ladders.first(FOLLOW_UPS)),
            *silent,
        )
    ]


def _reviews(ladders: Ladders, on: date, _statuses: Collection[Status]) -> list[Select[Any]]:
    """Clearances asked in the open round of a proposal that is in review, or before Fund management."""
    about = literal(About.REVIEW.value)
    row = _row(Clearance, about=about, ladder=REVIEWS, due_on=Clearance.due_on, name=Clearance.seat)
    joined = row.join_from(Clearance, Round, Round.id == Clearance.round_id)
    return [
        joined.join(Project, Project.id == Round.project_id)
        .outerjoin(OfficeLink, region_link())
        .where(
            Clearance.verdict.is_(None),
            Clearance.due_on <= on + timedelta(days=ladders.first(REVIEWS)),
            Round.closed_at.is_(None),
            or_(
                and_(Project.status == Status.REVIEW, Clearance.role != Role.FUND),
                and_(Project.status == Status.FUND_REVIEW, Clearance.role == Role.FUND),
            ),
        )
    ]


# -- which step -------------------------------------------------------------------------------------------------------


def reached(source: Source, ladders: Ladders, on: date, statuses: Collection[Status] = REMINDED) -> FromClause:
    """The rows of a source that some step has reached, each with the code of the latest and the day of the first."""
    arms = source.arms(ladders, on, statuses)
    rows = (union_all(*arms) if len(arms) > 1 else arms[0]).subquery("open")
    rung = ladders.rows()
    passed = type_coerce(literal(on, Date) - rows.c.due_on, Integer)
    opening = case(
        (and_(rung.c.on_opening, rows.c.opens_on <= on), type_coerce(rows.c.opens_on - rows.c.due_on, Integer))
    )
    before = func.unnest(rung.c.before).table_valued(column("days", Integer)).render_derived(name="before")
    step = -before.c.days
    others = func.greatest(
        select(func.max(step)).select_from(before).where(step <= passed).correlate_except(before).scalar_subquery(),
        case((and_(rung.c.on_day, passed >= 0), 0)),
        case((and_(rung.c.every > 0, passed >= rung.c.every), passed - passed % func.nullif(rung.c.every, 0))),
    )
    steps = select(opening.label("opening"), others.label("others")).correlate(rows, rung).lateral("steps")
    opens = and_(steps.c.opening.is_not(None), or_(steps.c.others.is_(None), steps.c.opening > steps.c.others))
    days = type_coerce(func.coalesce(func.greatest(steps.c.opening, steps.c.others), 0), Integer)
    # The first step: the earliest day before, or the first day of the window, or the day, or the first repetition.
    furthest = func.unnest(rung.c.before).table_valued(column("days", Integer)).render_derived(name="furthest")
    first = func.least(
        opening,
        select(func.min(-furthest.c.days)).select_from(furthest).correlate_except(furthest).scalar_subquery(),
        case((rung.c.on_day, 0)),
        case((rung.c.every > 0, rung.c.every)),
    )
    return (
        select(
            *rows.c,
            literal(source.prefix, Text).op("||")(cast(rows.c.id, Text)).label("cause"),
            case(
                (opens, OPENING),
                (days == 0, "day"),
                (days < 0, literal("before-", Text).op("||")(cast(-days, Text))),
                else_=literal("after-", Text).op("||")(cast(days, Text)),
            ).label("code"),
            days.label("days"),
            type_coerce(rows.c.due_on + type_coerce(first, Integer), Date).label("first_on"),
            rung.c.region_from,
            rung.c.fund_from,
        )
        .select_from(rows)
        .join(rung, and_(rung.c.edition_id == rows.c.edition_id, rung.c.name == rows.c.ladder))
        .join(steps, true())
        .where(or_(steps.c.opening.is_not(None), steps.c.others.is_not(None)))
        .subquery("reached")
    )


# -- what has no letter -----------------------------------------------------------------------------------------------


def unwritten(
    session: Session, source: Source, ladders: Ladders, on: date, zones: Collection[str] | None = None
) -> Sequence[int]:
    """The numbers of the rows about which somebody has no letter for the step reached, the earliest due first.

    `zones`: only of projects whose office keeps one of these times.
    """
    return session.scalars(query(source, ladders, on, zones)).all()


def query(source: Source, ladders: Ladders, on: date, zones: Collection[str] | None = None) -> Select[Any]:
    rows = reached(source, ladders, on)
    found = select(rows.c.id).where(source.lacking(rows)).order_by(rows.c.due_on, rows.c.id)
    if zones is None:
        return found
    there = exists().where(
        Project.id == rows.c.project_id, Office.id == Project.office_id, Office.time_zone.in_(sorted(zones))
    )
    return found.where(there.correlate_except(Project, Office))


def _written(rows: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """By the unique key of letters."""
    kind = literal(KIND, Text).op("||")(rows.c.code)
    return exists(
        select(literal(1))
        .where(Letter.cause == rows.c.cause, Letter.kind == kind, Letter.due_on == rows.c.due_on, *conditions)
        .correlate_except(Letter)
    )


def _any(people: Select[Any], rows: FromClause, email: Any, *of: FromClause) -> ColumnElement[bool]:
    missing = ~_written(rows, Letter.recipient == email)
    return exists(people.where(missing).correlate_except(*of))


def _copies(rows: FromClause) -> ColumnElement[bool]:
    regional, fund = _holders(Role.RPDO, regional=True), _holders(Role.FUND, regional=False)
    of_the_region = select(literal(1)).select_from(regional).where(regional.c.region_code == rows.c.region_code)
    of_the_fund = select(literal(1)).select_from(fund)
    return or_(
        and_(rows.c.days >= rows.c.region_from, _any(of_the_region, rows, regional.c.email, regional)),
        and_(
            rows.c.days >= rows.c.fund_from,
            rows.c.funding == Funding.FUND,
            _any(of_the_fund, rows, fund.c.email, fund),
        ),
    )


def _holders(role: Role, *, regional: bool) -> CTE:
    """Who is copied: read once, not for each row."""
    query = select(Grant.region_code, User.email).distinct().join_from(Grant, User, Grant.user_id == User.id)
    place = Grant.region_code.is_not(None) if regional else Grant.scope == Scope.ORGANIZATION
    held = query.where(User.active, holding([role]), place)
    return held.cte(f"copied_{role.value.lower()}").prefix_with("materialized", dialect="postgresql")


def _team_lacks(rows: FromClause) -> ColumnElement[bool]:
    """The manager or an alternate; of an evaluation the evaluators, if there are any."""
    evaluator = aliased(Party)
    evaluated = exists(
        select(literal(1))
        .where(
            evaluator.project_id == rows.c.project_id, evaluator.part == Part.EVALUATOR, evaluator.until_at.is_(None)
        )
        .correlate_except(evaluator)
    )
    parts = case(
        (and_(rows.c.about == About.EVALUATION.value, evaluated), Party.part == Part.EVALUATOR),
        else_=Party.part.in_((Part.MANAGER, Part.ALTERNATE)),
    )
    team = (
        select(literal(1))
        .select_from(Party)
        .join(User, User.id == Party.user_id)
        .where(Party.project_id == rows.c.project_id, Party.until_at.is_(None), parts, User.active)
    )
    return or_(_any(team, rows, User.email, Party.__table__, User.__table__), _copies(rows))


def _owner_lacks(rows: FromClause) -> ColumnElement[bool]:
    owner = select(literal(1)).select_from(User).where(User.id == rows.c.owner_id, User.active)
    return or_(_any(owner, rows, User.email, User.__table__), _copies(rows))


def _nobody_has(rows: FromClause) -> ColumnElement[bool]:
    """A clearance reminds once a step: its round has it on the desk of everybody who may give it."""
    return ~_written(rows)


DEADLINES = Source("deadline:", _deadlines, _team_lacks)
MILES = Source("milestone:", _milestones, _team_lacks)
PROMISES = Source("recommendation:", _recommendations, _owner_lacks)
CLEARANCES = Source("review:", _reviews, _nobody_has)
SOURCES = (DEADLINES, MILES, PROMISES, CLEARANCES)
EVERY_STATUS = OWING
"""With the projects that are suspended."""
