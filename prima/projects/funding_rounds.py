"""The Fund's rounds for their pages, and the proposals in each that the viewer may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from prima import clock
from prima.db import db
from prima.lists import FundingLine, RegionalOffice
from prima.permissions import Action, can
from prima.places import Office, OfficeKind
from prima.projects.models import FundingRound, Project, Step
from prima.projects.queries import with_rights
from prima.projects.rules import calls
from prima.projects.stages import Funding, Status
from prima.projects.visibility import visible_projects
from prima.users import User

CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,29}")


def find(code: str) -> FundingRound | None:
    if not CODE.fullmatch(code):
        return None
    return db.session.scalar(_with_names().where(FundingRound.code == code))


class Days:
    """Today, for each round: at its Regional Office, or at headquarters where it is for all regions."""

    def __init__(self) -> None:
        offices = db.session.scalars(select(Office).where(Office.kind != OfficeKind.COUNTRY))
        self._at = {one.code: calls.day_at(one) for one in offices}

    def of(self, one: FundingRound) -> date:
        return self._at.get(f"RO-{one.region_code}" if one.region_code else "HQ", clock.today())


def every(days: Days) -> list[FundingRound]:
    """Those to come and open first, by cut-off; then the ones that are over, the latest first."""
    found = db.session.scalars(_with_names().order_by(FundingRound.cut_off_on, FundingRound.code)).all()
    over = [one for one in found if one.closed_at or one.cut_off_on < days.of(one)]
    return [one for one in found if one not in over] + over[::-1]


def _with_names() -> Select[FundingRound]:
    return select(FundingRound).options(joinedload(FundingRound.region), joinedload(FundingRound.line))


def regions() -> list[RegionalOffice]:
    return list(db.session.scalars(select(RegionalOffice).order_by(RegionalOffice.name)))


def lines() -> list[FundingLine]:
    return list(db.session.scalars(select(FundingLine).order_by(FundingLine.position)))


def counts(viewer: User) -> dict[str | None, int]:
    """How many proposals of each round the viewer may see; under None the retained ones of the pool."""
    code = Project.funding_round_code
    inside = or_(code.is_not(None), _is_retained())
    return dict(db.session.execute(visible_projects(viewer, code, func.count()).where(inside).group_by(code)).all())


def to_wait_for(project: Project) -> list[FundingRound]:
    """Rounds for which the proposal can be retained: those of its region and line that are not over, nor its own."""
    asked = select(FundingRound).where(
        FundingRound.closed_at.is_(None),
        FundingRound.cut_off_on >= calls.day_at(project.office),
        or_(FundingRound.region_code.is_(None), FundingRound.region_code == project.region_code),
        or_(FundingRound.line_code.is_(None), FundingRound.line_code == project.fund_line_code),
    )
    found = db.session.scalars(asked.order_by(FundingRound.opens_on, FundingRound.code))
    here = None if project.status is Status.RETAINED else project.funding_round_code
    return [one for one in found if one.code != here]


@dataclass(frozen=True)
class Waiting:
    """A retained proposal; the reason is for those who see what is internal."""

    project: Project
    reason: str


@dataclass(frozen=True)
class Inside:
    """The proposals of a round, or of the pool, that the viewer may see."""

    submitted: Sequence[Project]
    retained: Sequence[Waiting]

    @property
    def sum_submitted(self) -> Decimal:
        return sum((one.budget_usd for one in self.submitted), Decimal(0))

    @property
    def sum_retained(self) -> Decimal:
        return sum((one.project.budget_usd for one in self.retained), Decimal(0))


def inside(viewer: User, code: str | None) -> Inside:
    """Of a round by its code; of the pool (None) what is retained for no round."""
    where = Project.funding_round_code == code if code else _is_retained() & Project.funding_round_code.is_(None)
    asked = visible_projects(viewer).where(where, Project.funding == Funding.FUND)
    found = db.session.scalars(asked.options(*with_rights()).order_by(Project.status_since, Project.id)).all()
    retained = [one for one in found if one.status is Status.RETAINED]
    reasons = _reasons(retained)
    return Inside(
        [one for one in found if one.status is not Status.RETAINED],
        [Waiting(one, reasons.get(one.id, "") if can(viewer, Action.VIEW_INTERNAL, one) else "") for one in retained],
    )


def _is_retained() -> ColumnElement[bool]:
    return Project.status == Status.RETAINED


def _reasons(projects: Sequence[Project]) -> dict[int, str]:
    if not projects:
        return {}
    asked = select(Step.project_id, Step.note).where(
        Step.project_id.in_([one.id for one in projects]), Step.target == Status.RETAINED
    )
    return {row.project_id: row.note for row in db.session.execute(asked.order_by(Step.id))}
