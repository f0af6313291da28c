"""Changes of the demonstration's running projects: extensions as they were decided, versions, and what is under way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from prima import rooms, sessions
from prima.demonstration import plot
from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import moment, on, working_day
from prima.demonstration.offices import Site
from prima.demonstration.proposals import Case
from prima.demonstration.topics import ASKED
from prima.places import Office
from prima.projects import changing, queries
from prima.projects.changes import ChangeKind, ChangeState
from prima.projects.loading import PROPOSAL, load
from prima.projects.models import Change, ChangeStep, Extension, Project, Step, Version
from prima.projects.operations.changes import save_change, take_change
from prima.projects.operations.effects import NewAmount, Terms
from prima.projects.operations.versions import as_it_stands
from prima.projects.snapshot import seal
from prima.projects.stages import Funding, Status
from prima.reporting.calendar import INTERIM, add_months
from prima.reporting.models import Deadline
from prima.reporting.operations.due_dates import ask_report, move_due_date
from prima.users import Role, User

DECIDED_BEFORE = 52
"""Days before the old end on which an extension was decided."""
EFFECT = "The results stay as they were approved; the workplan's last activities move by as many months."
ROAD = (
    ("ask", ChangeState.ASKED, Role.PM, 20),
    ("endorse", ChangeState.ENDORSED, Role.RD, 13),
    ("approve", ChangeState.APPROVED, Role.FUND, 0),
)
"""The steps of an approved extension, each so many days before the decision."""
NUMBER = 1


# -- decided ----------------------------------------------------------------------------------------------------------


def extended(
    session: Session, project: Project, case: Case, chronicle: Chronicle, source: random.Random
) -> Extension | None:
    """The no-cost extension of a project that has one, with the change that asked for it."""
    if not case.story.extended_months:
        return None
    old, new = plot.first_end(case.story), plot.last_end(case.story)
    decided = working_day(old - timedelta(days=DECIDED_BEFORE))
    steps = [
        (move, target, case.site.who(role), moment(working_day(decided - timedelta(days=days)), source))
        for move, target, role, days in ROAD
    ]
    asked_at, decided_at = steps[0][3], steps[-1][3]
    manager, decider = steps[0][2], steps[-1][2]
    change = Change(
        project_id=project.id,
        number=NUMBER,
        kind=ChangeKind.NO_COST_EXTENSION,
        state=ChangeState.APPROVED,
        state_since=decided_at,
        reason=ASKED["EXTENDED"],
        effect=EFFECT,
        counterpart_agreed_on=asked_at.date() - timedelta(days=5),
        before={"ends_on": old.isoformat()},
        after={"ends_on": new.isoformat()},
        asked_on=asked_at.date(),
        decided_on=decided,
        made_by_id=manager.id,
        version=len(steps) + 1,
        steps=[
            ChangeStep(move=move, target=target, actor_id=actor.id, at=at, note="") for move, target, actor, at in steps
        ],
    )
    session.add(change)
    session.flush()
    facts = {"change": NUMBER, "kind": change.kind}
    saved_at = asked_at - timedelta(hours=2)
    both = {"before": change.before, "after": change.after}
    chronicle.note(project, saved_at, "change saved", manager, **facts, **both, reason=change.reason)
    for move, target, actor, at in steps:
        done = {"old_end": old, "new_end": new} if target is ChangeState.APPROVED else {}
        chronicle.note(project, at, f"change {target}", actor, **facts, move=move, note="", late_days=0, **done)
    return Extension(
        project_id=project.id,
        old_end=old,
        new_end=new,
        reason=ASKED["EXTENDED"],
        decided_by_id=decider.id,
        decided_on=decided,
        change_id=change.id,
    )


def versions(session: Session) -> Iterator[Version]:
    """Each activated project frozen on the day of its activation, and by the change that took effect since."""
    activated = select(Project).where(Project.starts_on.is_not(None)).options(*queries.with_rights())
    projects = list(session.scalars(activated.order_by(Project.id).execution_options(populate_existing=True)))
    load(session, projects, PROPOSAL)
    steps = {one.project_id: one for one in session.scalars(select(Step).where(Step.move == "activate"))}
    approved = select(Change).where(Change.state == ChangeState.APPROVED).options(selectinload(Change.steps))
    changes = {one.project_id: one for one in session.scalars(approved)}
    for project in projects:
        step, change = steps[project.id], changes.get(project.id)
        now = as_it_stands(queries.judged(project))
        dates = now["dates"]
        yield _version(
            project, 1, {**now, "dates": {**dates, "ends_on": dates["first_ends_on"]}}, step.at, step.actor_id
        )
        if change:
            yield _version(project, 2, now, change.state_since, change.steps[-1].actor_id, change.id)


def _version(
    project: Project,
    number: int,
    frozen: dict[str, object],
    at: datetime,
    by_id: int | None,
    change_id: int | None = None,
) -> Version:
    assert by_id is not None
    return Version(
        project_id=project.id,
        number=number,
        change_id=change_id,
        at=at,
        by_id=by_id,
        snapshot=frozen,
        sha256=seal(frozen),
    )


# -- under way --------------------------------------------------------------------------------------------------------

MOVED, MOVED_ON, MOVED_TO = "Tuberculosis among mine workers", date(2016, 9, 27), date(2016, 10, 21)
MOVED_BECAUSE = "The register of the counterpart is closed for its yearly count; its figures come in on 14 October."
ASKED_AT, ASKED_ON, ASKED_UNTIL, ASKED_FOR = "KEN", date(2016, 9, 20), date(2016, 9, 30), date(2016, 10, 28)
ASKED_NAME = "Note on the first nine months"
ASKED_BECAUSE = "The donor's board meets in November and asks for two pages on results and spending so far."


@dataclass(frozen=True)
class Asked:
    """A change that the people of a place asked for in September 2016, and how far it came."""

    title: str
    """How the project's title begins."""
    kind: ChangeKind
    reason: str
    effect: str
    moves: tuple[tuple[str, Role, date], ...]
    """(move, whose, day)"""
    months: int = 0
    """So many months later is the new end."""
    part: int = 0
    """So many per cent of travel go to consultants."""
    note: str = ""


UNDER_WAY = (
    Asked(
        "National referral of victims", ChangeKind.NO_COST_EXTENSION,
        "The second round of training had to wait for the new curriculum of the police academy.",
        "The courses are held from January to March, and the handover follows in May.",
        (("ask", Role.PM, date(2016, 9, 21)),), months=3,
    ),
    Asked(
        "Drought and mobility", ChangeKind.BUDGET,
        "Flights to the northern counties were joined with those of other agencies; the plans need more advice.",
        "Each county has its own adviser for a month; the number of missions falls from twelve to eight.",
        (("ask", Role.PM, date(2016, 9, 20)), ("endorse", Role.RD, date(2016, 9, 26))), part=40,
    ),
    Asked(
        "Safe houses and referral", ChangeKind.NO_COST_EXTENSION,
        "The rainy season closed the roads to two of the provinces.",
        "Two of the four courses are held in the next dry season.",
        (("ask", Role.PM, date(2016, 9, 19)), ("return", Role.RD, date(2016, 9, 23))), months=6,
        note="Please say what the two courses left would cost in the extended period, and attach the agreement of "
        "the counterpart.",
    ),
    Asked(
        "Seasonal mobility and land", ChangeKind.BUDGET,
        "The consultants' contract was signed at a higher rate than estimated; travel costs less.",
        "None for the results.",
        (("record", Role.PM, date(2016, 9, 22)),), part=8,
    ),
)  # fmt: skip


def under_way(session: Session, sites: dict[str, Site]) -> None:
    """What was asked for in the last weeks, by the operations that people use, each on its day."""
    for asked in UNDER_WAY:
        _ask(session, sites, asked)
    _move_a_due_date(session, sites)
    _ask_a_report(session, sites)


def _ask(session: Session, sites: dict[str, Site], asked: Asked) -> None:
    number = session.scalars(select(Project.id).where(Project.title.startswith(asked.title))).one()
    with on(asked.moves[0][-1] - timedelta(days=1)):
        project = changing.locked(number)
        change = save_change(
            project,
            asked.kind,
            actor=_person(session, sites, project, Role.PM),
            following=rooms.FOLLOWING,
            terms=_terms(project, asked),
            reason=asked.reason,
            effect=asked.effect,
        )
    for move, role, day in asked.moves:
        with on(day):
            actor, note = _person(session, sites, project, role), asked.note if move == "return" else ""
            take_change(change, move, actor=actor, following=rooms.FOLLOWING, seen=change.version, note=note)


def _terms(project: Project, asked: Asked) -> Terms:
    if asked.kind is not ChangeKind.BUDGET:
        assert project.ends_on
        return Terms(ends_on=add_months(project.ends_on + timedelta(days=1), asked.months) - timedelta(days=1))
    lines = {line.category_code: line for line in project.lines}
    travel, advice = lines["OPER.TRAVEL"], lines["OPER.CONS"]
    moved = Decimal(int(min(travel.amount, advice.amount) * asked.part / 100))
    return Terms(
        amounts=[
            NewAmount(travel.id, travel.amount - moved, "lines-0-amount"),
            NewAmount(advice.id, advice.amount + moved, "lines-1-amount"),
        ]
    )


def _person(session: Session, sites: dict[str, Site], project: Project, role: Role) -> User:
    """Who holds the role for the project, with all that rights are asked of."""
    who = sites[project.office.code].who(role)
    return session.scalars(select(User).where(User.id == who.id).options(*sessions.with_rights())).one()


def _move_a_due_date(session: Session, sites: dict[str, Site]) -> None:
    """An interim report has a week more."""
    number, project_id = session.execute(
        select(Deadline.id, Project.id)
        .join(Project, Project.id == Deadline.project_id)
        .where(Project.title.startswith(MOVED), Deadline.kind == INTERIM[0], Deadline.is_open)
        .order_by(Deadline.due_on)
        .limit(1)
    ).one()
    with on(MOVED_ON):
        actor = _person(session, sites, changing.locked(project_id), Role.FUND)
        move_due_date(number, actor=actor, due_on=MOVED_TO, reason=MOVED_BECAUSE)


def _ask_a_report(session: Session, sites: dict[str, Site]) -> None:
    """A donor's project owes its donor a note outside the schedule."""
    number = session.scalars(
        select(Project.id)
        .join(Office, Office.id == Project.office_id)
        .where(Project.funding == Funding.DONOR, Project.status == Status.ACTIVE, Office.code == ASKED_AT)
        .order_by(Project.id)
        .limit(1)
    ).one()
    with on(ASKED_ON):
        project = changing.locked(number)
        ask_report(
            number,
            actor=_person(session, sites, project, Role.RRMO),
            kind=INTERIM[0],
            name=ASKED_NAME,
            period_from=project.starts_on,
            period_to=ASKED_UNTIL,
            due_on=ASKED_FOR,
            reason=ASKED_BECAUSE,
        )
