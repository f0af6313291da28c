"""Brings in a portfolio: each row of the file becomes a donor-funded project with its amounts by area of work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from prima import clock
from prima.handbook import published
from prima.journal import record
from prima.lists import AreaOfWork
from prima.projects.models import AllocationBasis, AreaAllocation, Basis, Coverage, Dimension, Project, Step
from prima.projects.operations.moves import reference_of
from prima.projects.operations.portfolio_file import Amounts, Row, read
from prima.projects.stages import Funding, Status
from prima.users import User

DONOR_NOT_STATED = "NOT_STATED"
MOVE = "import"


@dataclass(frozen=True)
class Change:
    """An amount that the file states otherwise than the project does."""

    line: int
    project: str
    name: str
    area: str
    before: Decimal
    after: Decimal


@dataclass
class Outcome:
    """What an import did. `changes` were made only if `updated`; `kept` are (project, name, why it stayed)."""

    updated: bool
    added: list[str] = field(default_factory=list)
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)
    kept: list[tuple[str, str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    """(project, title) of the same year that this file no longer names; they stay."""


def import_portfolio(session: Session, data: bytes, year: int, *, actor: User | None, update: bool = False) -> Outcome:
    """Add the projects of a file; changed amounts are taken over only with `update`.

    Raises BadTable with everything that is wrong; then nothing was added. A project that people edited or moved on
    is never overwritten.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("import_portfolio"))))
    areas = list(session.scalars(select(AreaOfWork).order_by(AreaOfWork.position)))
    rows = read(session, data, areas)
    there = {
        project.import_key: project
        for project in session.scalars(
            select(Project)
            .where(Project.import_key.startswith(f"{year}|", autoescape=True))
            .options(selectinload(Project.areas), selectinload(Project.bases))
            .order_by(Project.id)
            .with_for_update(of=Project)
            .execution_options(populate_existing=True)
        )
    }
    outcome = Outcome(updated=update)
    keys = {row.key(year): row for row in rows}
    outcome.missing = [(project.name, project.title) for key, project in there.items() if key not in keys]
    names = {area.code: area.name for area in areas}
    for key, row in keys.items():
        if project := there.get(key):
            _compare(session, project, row, names, outcome, actor)
    outcome.added = _add(session, {key: row for key, row in keys.items() if key not in there}, year, actor)
    return outcome


def _add(session: Session, rows: dict[str, Row], year: int, actor: User | None) -> list[str]:
    if not rows:
        return []
    edition = published.newest(session)
    now = clock.now()
    projects = {
        key: Project(
            reference=reference_of(session, now.year),
            title=f"Funding requirements {year}: {row.name}",
            status=row.status,
            edition_id=edition.id,
            office_id=row.office.id,
            funding=Funding.DONOR,
            funding_year=year,
            donor_code=DONOR_NOT_STATED,
            budget_usd=row.total,
            import_key=key,
            as_imported=True,
            status_since=now,
            created_at=now,
            updated_at=now,
        )
        for key, row in rows.items()
    }
    session.add_all(projects.values())
    session.flush()
    for key, project in projects.items():
        session.add_all(_parts(project, rows[key]))
        # On the same transaction as the rows themselves: an entry without its project cannot be left behind.
        record(
            project,
            "imported",
            actor=actor,
            key=key,
            title=project.title,
            status=project.status,
            budget=project.budget_usd,
            areas=rows[key].amounts,
        )
    return [project.name for project in projects.values()]


def _parts(project: Project, row: Row) -> Iterator[Any]:
    for position, country in enumerate(row.countries):
        yield Coverage(project_id=project.id, country_code=country, position=position)
    for code, value in row.amounts.items():
        yield AreaAllocation(project_id=project.id, code=code, amount=value)
    if row.amounts:
        yield AllocationBasis(project_id=project.id, dimension=Dimension.AREA, basis=Basis.AMOUNT)
    yield Step(project_id=project.id, move=MOVE, source=None, target=Status.CONCEPT)
    if row.status is not Status.CONCEPT:
        yield Step(project_id=project.id, move=MOVE, source=Status.CONCEPT, target=row.status)


def _compare(
    session: Session, project: Project, row: Row, names: dict[str, str], outcome: Outcome, actor: User | None
) -> None:
    stored = {one.code: one.amount for one in project.areas if one.amount}
    changes = [
        Change(row.line, project.name, row.name, names[code], stored.get(code, Decimal(0)), after)
        for code in names
        if (after := row.amounts.get(code, Decimal(0))) != stored.get(code, Decimal(0))
    ]
    if not changes:
        outcome.unchanged += 1
    elif not project.as_imported:
        outcome.kept.append((project.name, row.name, "somebody edited it after its import"))
    elif project.status not in (Status.CONCEPT, Status.ENDORSED):
        outcome.kept.append((project.name, row.name, "it has moved on since its import"))
    else:
        outcome.changes += changes
        if outcome.updated:
            _overwrite(session, project, row, stored, actor)


def _overwrite(session: Session, project: Project, row: Row, stored: Amounts, actor: User | None) -> None:
    for allocation in project.areas:
        if allocation.code not in row.amounts:
            session.delete(allocation)
        else:
            allocation.amount = allocation.amount_usd = row.amounts[allocation.code]
    known = {allocation.code for allocation in project.areas}
    for code, value in row.amounts.items():
        if code not in known:
            session.add(AreaAllocation(project_id=project.id, code=code, amount=value))
    if basis := next((one for one in project.bases if one.dimension is Dimension.AREA), None):
        basis.version += 1
    elif row.amounts:
        session.add(AllocationBasis(project_id=project.id, dimension=Dimension.AREA, basis=Basis.AMOUNT))
    before = project.budget_usd
    project.total(row.total)
    project.budget_version += 1
    project.updated_at = clock.now()
    if project.status is not row.status:
        session.add(Step(project_id=project.id, move=MOVE, source=project.status, target=row.status))
        project.status, project.status_since = row.status, project.updated_at
    record(
        project,
        "imported again",
        actor=actor,
        before={"budget": before, "areas": stored},
        after={"budget": row.total, "areas": row.amounts, "status": row.status},
    )
    session.expire(project, ["areas", "bases"])
