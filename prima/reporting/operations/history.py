"""Brings in projects that ran before they came here: dates, budget by area of work, deadlines, and reports done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from prima import clock
from prima.handbook import published
from prima.journal import record
from prima.lists import ProjectType
from prima.places import Office
from prima.projects.models import (
    AllocationBasis,
    AreaAllocation,
    Basis,
    Counter,
    Coverage,
    Dimension,
    Extension,
    Part,
    Party,
    Project,
    Step,
)  # fmt: skip
from prima.projects.operations.moves import reference_of
from prima.projects.stages import Status
from prima.rates import USD, rate_on
from prima.reporting import queries
from prima.reporting.models import Deadline, Report
from prima.reporting.operations.activation import next_id
from prima.reporting.operations.deadlines import end, make_past, recompute
from prima.reporting.operations.history_file import BadHistory, Fault, Past, Told, read
from prima.users import User

MOVE, KEY = "import", "history|"
ENDED = frozenset({Status.OP_CLOSED, Status.FIN_CLOSED})
COMPARED = (
    "title", "summary", "office_id", "funding", "donor_code", "funding_year", "project_type_code", "status",
    "starts_on", "first_ends_on", "ends_on", "currency", "budget", "interim_every_months", "evaluation_agreed",
)  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """What the file states otherwise than the project does."""

    project: str
    what: str
    before: str
    after: str


@dataclass
class Outcome:
    """What an import did: names of projects added, what changed, how many stayed, and whom people have worked on."""

    added: list[str] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)
    reports: int = 0


def import_history(
    session: Session, data: bytes, name: str, *, reports: bytes | None = None, actor: User | None = None
) -> Outcome:
    """Take over a file whole or, raising BadHistory with every fault, nothing of it.

    A reference that is there already is brought to what the file states, unless people have worked on the project
    since: then it stays as it is.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("import_history"))))
    edition = published.newest(session)
    pasts = read(session, data, name, reports, edition.handbook)
    there = {
        project.import_key: project
        for project in session.scalars(
            select(Project)
            .where(Project.import_key.in_([KEY + past.key for past in pasts]))
            .options(
                joinedload(Project.edition, innerjoin=True),
                joinedload(Project.office, innerjoin=True).selectinload(Office.links),
                selectinload(Project.areas),
                selectinload(Project.coverage),
                selectinload(Project.parties),
                selectinload(Project.steps),
            )
            .with_for_update(of=Project)
            .execution_options(populate_existing=True)
        )
    }
    faults = [*_taken_ids(session, pasts, there), *_without_rate(session, pasts)]
    if faults:
        raise BadHistory(faults)
    outcome = Outcome()
    for past in pasts:
        project = there.get(KEY + past.key)
        if project is None:
            project = _added(session, past, edition, actor)
            outcome.added.append(project.name)
            outcome.reports += _reported(session, project, past.reports, faults)
        elif _worked_on(project):
            outcome.kept.append(project.name)
        else:
            changes = _compared(session, project, past, actor)
            done = _reported(session, project, past.reports, faults)
            outcome.reports += done
            outcome.changes += changes
            outcome.unchanged += not changes and not done
        if past.status in ENDED:
            end(project, actor=actor)
    if faults:
        raise BadHistory(faults)
    return outcome


def _taken_ids(session: Session, pasts: Iterable[Past], there: dict[str | None, Project]) -> list[Fault]:
    wanted = {past.code: past for past in pasts if past.code}
    rows = session.execute(select(Project.code, Project.import_key).where(Project.code.in_(wanted)))
    return [
        Fault(wanted[str(code)].place, "Project ID", str(code), "Another project has this ID.")
        for code, key in rows
        if code and key != KEY + wanted[str(code)].key
    ] + [
        Fault(past.place, "Project ID", past.code, f"The project has the ID {project.code}, which never changes.")
        for past in pasts
        if past.code and (project := there.get(KEY + past.key)) and project.code != past.code
    ]


def _without_rate(session: Session, pasts: Iterable[Past]) -> list[Fault]:
    return [
        Fault(past.place, "Currency", past.currency, f"There is no rate of {past.currency} on {past.starts_on}.")
        for past in pasts
        if past.currency != USD and rate_on(session, past.currency, past.starts_on) is None
    ]


def _added(session: Session, past: Past, edition: published.HandbookEdition, actor: User | None) -> Project:
    now = clock.now()
    project = Project(
        reference=reference_of(session, now.year),
        code=past.code or _next(session, past.project_type_code),
        edition=edition,
        import_key=KEY + past.key,
        as_imported=True,
        status_since=now,
        created_at=now,
        updated_at=now,
        parties=[],
        areas=[],
        coverage=[],
        steps=[],
    )
    _take_over(session, project, past)
    session.add(project)
    session.flush()
    _raise_counter(session, project.code or "")
    project.steps.append(Step(project_id=project.id, move=MOVE, source=None, target=past.status))
    _extended(session, project, past)
    first = past.first_ends_on
    make_past(project, first if first < past.ends_on else past.ends_on)
    session.flush()
    record(project, "imported", actor=actor, key=past.key, **_facts(past))
    return project


def _take_over(session: Session, project: Project, past: Past) -> None:
    """Write what the file states; its parts are made to agree."""
    project.office, project.office_id = past.office, past.office.id
    for name in COMPARED:
        if name not in ("office_id", "budget", "currency"):
            setattr(project, name, getattr(past, name))
    rate = rate_on(session, past.currency, past.starts_on) if past.currency != USD else None
    project.currency = past.currency
    project.rate, project.rate_from = (rate.usd_per_unit, rate.valid_from) if rate else (None, None)
    project.total(past.budget)
    areas = {one.code: one for one in project.areas}
    for code, one in areas.items():
        if code not in past.areas:
            project.areas.remove(one)
            session.delete(one)
    usd = _in_usd(project, past.areas)
    for code, value in past.areas.items():
        if code in areas:
            areas[code].amount, areas[code].amount_usd = value, usd[code]
        else:
            project.areas.append(AreaAllocation(code=code, amount=value, amount_usd=usd[code]))
    if past.areas and not areas:
        session.add(AllocationBasis(project=project, dimension=Dimension.AREA, basis=Basis.AMOUNT))
    if [one.country_code for one in project.coverage] != list(past.countries):
        project.coverage.clear()
        session.flush()
        project.coverage.extend(
            Coverage(country_code=code, position=place) for place, code in enumerate(past.countries)
        )
    for part, person in ((Part.MANAGER, past.manager), (Part.ALTERNATE, past.alternate)):
        for party in project.parties:
            if party.part is part and party.until_at is None and (person is None or party.user_id != person.id):
                party.until_at = clock.now()
        standing = [party for party in project.parties if person and (party.part, party.user_id) == (part, person.id)]
        if standing:
            standing[0].until_at = None
        elif person:
            project.parties.append(Party(user=person, user_id=person.id, part=part))


def _in_usd(project: Project, areas: dict[str, Decimal]) -> dict[str, Decimal]:
    """The amounts in USD, which sum to the project's total in USD: the last takes the cents that rounding leaves."""
    found = {code: project.in_usd(value) for code, value in areas.items()}
    if found:
        last = list(found)[-1]
        found[last] += project.budget_usd - sum(found.values(), Decimal(0))
    return found


def _extended(session: Session, project: Project, past: Past) -> None:
    if past.first_ends_on < past.ends_on:
        session.add(
            Extension(
                project_id=project.id,
                old_end=past.first_ends_on,
                new_end=past.ends_on,
                reason="As the file of the project's history states.",
                decided_on=past.first_ends_on,
            )
        )


def _compared(session: Session, project: Project, past: Past, actor: User | None) -> list[Changed]:
    before = {name: getattr(project, name) for name in COMPARED}
    wanted = {**{name: getattr(past, name) for name in COMPARED if name != "office_id"}, "office_id": past.office.id}
    changes = [
        Changed(project.name, name, _said(before[name]), _said(wanted[name]))
        for name in COMPARED
        if before[name] != wanted[name]
    ]
    areas = {one.code: one.amount for one in project.areas}
    changes += [
        Changed(project.name, f"area of work {code}", _said(areas.get(code)), _said(past.areas.get(code)))
        for code in sorted(areas.keys() | past.areas.keys())
        if areas.get(code) != past.areas.get(code)
    ]
    covered = [one.country_code for one in project.coverage]
    if covered != list(past.countries):
        changes.append(Changed(project.name, "countries", ", ".join(covered), ", ".join(past.countries)))
    now = {party.part: party.user_id for party in project.parties if party.until_at is None}
    for part, person in ((Part.MANAGER, past.manager), (Part.ALTERNATE, past.alternate)):
        if now.get(part) != (person.id if person else None):
            changes.append(Changed(project.name, part.value, "", person.email if person else ""))
    if not changes:
        return []
    if project.status is not past.status:
        project.steps.append(Step(project_id=project.id, move=MOVE, source=project.status, target=past.status))
        project.status_since = clock.now()
    _take_over(session, project, past)
    project.updated_at = clock.now()
    session.flush()
    dates = (before["starts_on"], before["ends_on"])
    if dates != (past.starts_on, past.ends_on) and before["ends_on"] and before["starts_on"]:
        _dates_corrected(session, project, past, before, actor)
    record(project, "imported again", actor=actor, key=past.key, before=before, **_facts(past))
    return changes


def _dates_corrected(
    session: Session, project: Project, past: Past, before: dict[str, Any], actor: User | None
) -> None:
    for one in session.scalars(select(Extension).where(Extension.project_id == project.id)):
        session.delete(one)
    session.flush()
    _extended(session, project, past)
    recompute(
        project,
        was_end=before["ends_on"],
        was_start=before["starts_on"],
        actor=actor,
        decided_on=past.starts_on,
        cancelled=past.status is Status.CANCELLED,
    )


def _worked_on(project: Project) -> bool:
    """Somebody has taken a step with it, or written in it, since it came here."""
    return not project.as_imported or any(step.actor_id is not None for step in project.steps)


def _reported(session: Session, project: Project, told: Iterable[Told], faults: list[Fault]) -> int:
    """Note the reports that were handed in; the number of new ones. Reports people wrote here stay as they are."""
    rows = {(row.kind, row.period_to): row for row in queries.deadlines_of(project.id) if row.fell_away_at is None}
    kinds = {kind for kind, _period in rows}
    done = 0
    zone = ZoneInfo(project.office.time_zone)
    for one in told:
        alone = [key for key in rows if key[0] == one.kind]
        row = rows.get((one.kind, one.period_to)) or (rows[alone[0]] if len(alone) == 1 and not one.period_to else None)
        if row is None:
            faults.append(Fault(one.place, "Report", one.kind, _no_such_report(one, rows, kinds)))
            continue
        if row.report is not None:
            continue
        at = datetime.combine(one.accepted_on or one.submitted_on, time(12), zone)
        session.add(
            Report(
                deadline_id=row.id,
                state="accepted" if one.accepted_on else "submitted",
                state_since=at,
                saved_at=at,
                first_submitted_on=one.submitted_on,
            )
        )
        row.is_open, row.done_at = False, at if one.accepted_on else None
        done += 1
    session.flush()
    return done


def _no_such_report(one: Told, rows: dict[tuple[str, date | None], Deadline], kinds: set[str]) -> str:
    if one.kind not in kinds:
        return "By its dates the project does not owe such a report."
    days = ", ".join(sorted(period.isoformat() for kind, period in rows if kind == one.kind and period))
    return f"The project owes it for the periods that end on {days}: give one of these days as “Period end”."


def _next(session: Session, project_type: str) -> str:
    prefix = session.scalar(select(ProjectType.id_prefix).where(ProjectType.code == project_type))
    return next_id(str(prefix))


def _raise_counter(session: Session, code: str) -> None:
    """The next ID of a prefix comes after the highest that was brought in (Handbook, project IDs)."""
    prefix, _point, digits = code.partition(".")
    statement = insert(Counter).values(name=f"ID-{prefix}", last=int(digits))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Counter.name], set_={"last": func.greatest(Counter.last, statement.excluded.last)}
        )
    )


def _facts(past: Past) -> dict[str, Any]:
    return {
        "code": past.code, "title": past.title, "status": past.status, "starts_on": past.starts_on,
        "ends_on": past.ends_on, "budget": past.budget, "currency": past.currency, "areas": past.areas,
    }  # fmt: skip


def _said(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, Decimal) else str(getattr(value, "value", value))
