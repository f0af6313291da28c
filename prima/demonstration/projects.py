"""The sixty Fund projects on their way: proposals, endorsement, approval, activation, extension, end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from prima.demonstration import (
    changes,
    classification,
    closing,
    comments,
    evaluations,
    monitoring,
    plans,
    plot,
    proposals,
    reports,
    results,
)
from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import YESTERDAY, moment
from prima.demonstration.endorsements import Endorsement
from prima.demonstration.offices import Site
from prima.demonstration.plot import SEATS
from prima.demonstration.proposals import Case
from prima.demonstration.stories import STORIES
from prima.lists import Country, ProjectType
from prima.projects import queries
from prima.projects.loading import PROPOSAL, load
from prima.projects.models import Closing, Extension, Part, Party, Project, Step
from prima.projects.operations.moves import number
from prima.projects.operations.versions import code_of
from prima.projects.stages import Status
from prima.reporting.models import Expense, SpendingImport
from prima.users import Role, User


def build(
    session: Session,
    sites: dict[str, Site],
    countries: dict[str, Country],
    documents: Path,
    chronicle: Chronicle,
    source: random.Random,
) -> list[Project]:
    """Make the sixty projects of the stories with everything that belongs to them."""
    cases = [proposals.case_of(story, sites, countries, source) for story in STORIES]
    by_age = sorted(cases, key=lambda case: case.created_at)
    born = {case.story: proposals.project_of(session, case) for case in by_age}
    session.add_all(born.values())
    session.flush()
    paid = results.build(session, [(born[case.story], case) for case in cases])
    for case in cases:
        project = born[case.story]
        session.add_all(proposals.parts_of(project, case, paid[project.id], documents, source))
        if case.story.status is not Status.CONCEPT:
            session.add_all(plans.partners_of(project, case))
            session.add_all(plans.risks_of(project, case))
            session.add_all(classification.marks_of(project, case))
            session.add_all(comments.comments_of(project, case))
        session.add(
            Step(
                project_id=project.id,
                move="create",
                target=Status.CONCEPT,
                actor_id=case.site.who(Role.PDEV).id,
                at=case.created_at,
            )
        )
    session.flush()
    whole = _loaded(session, [project.id for project in born.values()])
    prefixes = {row.code: row.id_prefix for row in session.scalars(select(ProjectType))}
    told = [(whole[born[case.story].id], case) for case in cases]
    for project, case in told:
        session.add_all(_road(session, project, case, documents, chronicle, source))
    for project, case in sorted(told, key=lambda pair: pair[1].created_at):
        if case.story.was_activated:
            assert project.project_type_code
            project.code = next_id(session, prefixes[project.project_type_code])
            _note_activation(project, case, chronicle)
            for place, line in enumerate(sorted(project.lines, key=lambda one: one.position), 1):
                line.code = code_of(place)
    statement = SpendingImport(
        file_name="spending.xlsx", sha256=sha256(b"demonstration").hexdigest(), rows=0, at=moment(YESTERDAY, source)
    )
    session.add(statement)
    session.flush()
    running = [(project, case) for project, case in told if case.story.was_activated]
    for place, (project, case) in enumerate(running):
        pace = monitoring.pace_of(case.story, place)
        extension = changes.extended(session, project, case, chronicle, source)
        session.add_all([extension] if extension else ())
        session.add_all(monitoring.recorded(project, case, pace, chronicle, source))
        session.add_all(_closed(session, project, case, chronicle, source))
        rows = list(_reports(project, case, statement.id, pace, extension, chronicle, source))
        statement.rows += sum(isinstance(row, Expense) for row in rows)
        session.add_all(rows)
    evaluated, case = next(pair for pair in told if pair[0].status is Status.OP_CLOSED)
    at = case.at("close")
    session.add(Party(project_id=evaluated.id, user_id=case.site.who(Role.EVAL).id, part=Part.EVALUATOR, since_at=at))
    session.flush()
    evaluations.build(session, told)
    return list(whole.values())


def next_id(session: Session, prefix: str) -> str:
    return f"{prefix}.{number(session, f'ID-{prefix}'):04d}"


def _loaded(session: Session, ids: list[int]) -> dict[int, Project]:
    """The projects with all that a version freezes."""
    rows = session.scalars(
        select(Project)
        .where(Project.id.in_(ids))
        .options(*queries.with_rights())
        .order_by(Project.id)
        .execution_options(populate_existing=True)
    ).all()
    load(session, rows, PROPOSAL)
    return {project.id: queries.judged(project) for project in rows}


def _road(
    session: Session, project: Project, case: Case, documents: Path, chronicle: Chronicle, source: random.Random
) -> Iterator[Any]:
    """Take the moves of the story one by one, with what each brings."""
    developer = case.site.who(Role.PDEV)
    chronicle.note(
        project,
        case.created_at,
        "created",
        developer,
        reference=project.reference,
        title=project.title,
        funding=project.funding,
        donor_code=None,
        office_id=project.office_id,
        countries=[country.code for country in case.countries],
    )
    parties = Parties(project.id)
    parties.take(developer, Part.DEVELOPER, case.created_at)
    endorsement = Endorsement(project, case, chronicle, source)
    for place, (name, at) in enumerate(case.moves):
        if name == "activate":
            _activate(project, case, parties, at)
            letter_at = at - timedelta(days=1)
            yield proposals.focal_point_letter(project, case, documents, case.site.who(Role.PM), letter_at)
        seat = SEATS[name]
        who = case.site.who(seat.role) if seat.role else None
        step = chronicle.move(session, project, name, at, who, seat.note)
        endorsement.follow(name, step, case.moves[place + 1 :])
    for one in sorted(endorsement.signed, key=lambda one: one.at):
        parties.take(case.site.who(one.role), one.part, one.at)
    yield from endorsement.rows
    yield from parties.rows


class Parties:
    """Who has a part in a project, each part noted once, from its first day."""

    def __init__(self, project_id: int) -> None:
        self.project_id = project_id
        self._taken: dict[tuple[int, Part], Party] = {}

    def take(self, user: User, part: Part, at: datetime) -> None:
        party = Party(project_id=self.project_id, user_id=user.id, part=part, since_at=at)
        if part is Part.CLEARED_OFFICE:
            party.until_at = at  # having cleared once gives no right to clear again
        self._taken.setdefault((user.id, part), party)

    @property
    def rows(self) -> list[Party]:
        return list(self._taken.values())


def _activate(project: Project, case: Case, parties: Parties, at: datetime) -> None:
    story = case.story
    project.starts_on = story.day
    project.first_ends_on = plot.first_end(story)
    project.ends_on = plot.last_end(story)
    project.focal_point = f"Director, {case.topic.ministry}"
    project.focal_point_contact = f"focal.point.{story.office.lower()}@government.example"
    parties.take(case.site.who(Role.PM), Part.MANAGER, at)
    parties.take(case.site.who(Role.APM), Part.ALTERNATE, at)


def _note_activation(project: Project, case: Case, chronicle: Chronicle) -> None:
    chronicle.note(
        project,
        case.at("activate"),
        "activated",
        case.site.who(Role.FUND),
        code=project.code,
        starts_on=project.starts_on,
        ends_on=project.first_ends_on,
        manager=case.site.who(Role.PM).id,
        alternate=case.site.who(Role.APM).id,
    )


def _closed(
    session: Session, project: Project, case: Case, chronicle: Chronicle, source: random.Random
) -> Iterator[Any]:
    """The checklists of closures that were taken, and the beginning of the one that comes next."""
    manager = case.site.who(Role.PM)
    taken = {name for name, _at in case.moves}
    if "close" in taken:
        yield from closing.confirmed(
            session, project, Closing.OPERATIONAL, case.at("close"), manager, chronicle, source
        )
    elif project.ends_on and project.ends_on <= YESTERDAY and case.story.status is Status.ACTIVE:
        at = moment(YESTERDAY, source)
        yield from closing.confirmed(session, project, Closing.OPERATIONAL, at, manager, chronicle, source, lines=2)
    if "settle" in taken:
        yield from closing.confirmed(session, project, Closing.FINANCIAL, case.at("settle"), manager, chronicle, source)


def _reports(
    project: Project,
    case: Case,
    statement: int,
    pace: monitoring.Pace,
    extension: Extension | None,
    chronicle: Chronicle,
    source: random.Random,
) -> Iterator[Any]:
    closed = case.story.status in (Status.OP_CLOSED, Status.FIN_CLOSED)
    return reports.told(
        reports.Subject(
            project=project,
            site=case.site,
            habit=case.story.habit,
            lines=[(line.id, line.category_code, line.amount) for line in project.lines],
            statement=statement,
            groups=[(group.id, group.planned) for group in project.beneficiaries],
            words=case.words,
            finished=case.at("close").date() if closed else None,
            evaluated=case.story.status is Status.FIN_CLOSED,
            stopped=case.story.ended_on,
            burn=reports.BURN * pace.spent,
            activated=reports.Decided(case.at("activate"), case.site.who(Role.FUND)),
            changed=_decided(extension, case),
        ),
        chronicle,
        source,
    )


def _decided(extension: Extension | None, case: Case) -> reports.Decided | None:
    if extension is None:
        cancelled = case.story.status is Status.CANCELLED
        return reports.Decided(case.at("cancel"), case.site.who(Role.FUND)) if cancelled else None
    at = datetime.combine(extension.decided_on, case.at("activate").timetz())
    return reports.Decided(at, case.site.who(Role.FUND), extension.change_id)
