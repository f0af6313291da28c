"""A new project that begins as a copy of a former one: what was written, without its people, dates and documents."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.handbook.edition import Edition
from prima.journal import record
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import (
    ALLOCATIONS,
    ActivityPlan,
    AllocationBasis,
    Beneficiaries,
    BudgetLine,
    Coverage,
    GenderAnswers,
    GovernanceMark,
    Indicator,
    IndicatorSplit,
    Level,
    Part,
    Partner,
    Party,
    Project,
    Result,
    Risk,
    SdgMark,
    Section,
    Step,
    ThemeMark,
)
from prima.projects.numbering import live
from prima.projects.operations.allocation import rows_of
from prima.projects.operations.budget import total
from prima.projects.operations.moves import reference_of
from prima.projects.rules import is_of_staff
from prima.projects.rules.gender import NOT_APPLICABLE
from prima.projects.stages import Status
from prima.rates import USD, rate_on
from prima.users import User

COVER = (
    "summary", "project_type_code", "secondary_type_code", "funding", "fund_line_code", "focus_area_code", "donor_code",
    "overhead_percent", "executing_agency", "duration_months", "gender_marker_code", "currency",
)  # fmt: skip
LINE = (
    "position", "category_code", "description", "unit", "quantity", "units", "unit_cost", "amount", "area_code",
    "activity_type_code", "country_code",
)  # fmt: skip
INDICATOR = (
    "position", "text", "measure", "unit", "source", "baseline", "target", "baseline_value", "target_value", "by_sex",
    "by_age", "library_code",
)  # fmt: skip
RISK = (
    "position", "factor", "consequence_code", "likelihood_code", "timing", "treatment_code", "action", "owner",
)  # fmt: skip
LEVELS = ((Level.OBJECTIVE, Level.OUTCOME), (Level.OUTPUT,), (Level.ACTIVITY,))
"""In this order a row's parent is there before it."""


def copy(source: Project, *, actor: User, title: str, office_id: int) -> Project:
    """A concept of the actor's on the newest edition, with what of `source` that edition has a place for.

    Left behind: documents, comments, people, dates, milestones, justifications, agreements, who asked for it. Without
    the right to see internal parts also risks, internal sections and how costs of staff were worked out. The number
    of statements does not depend on the size of the project.
    """
    session = db.session()
    internal = can(actor, Action.VIEW_INTERNAL, source)
    edition = published.newest(session)
    project = _concept(session, source, actor=actor, title=title, office_id=office_id, edition=edition)
    facts = queries.facts_of(source) if edition.handbook.is_conditional(source.funding.value) else None
    offered = edition.handbook.sections_for(source.funding.value, facts)
    asked = {one.code: one for one in offered if internal or not one.internal}
    _describe(session, source, project, edition.handbook)
    session.add_all(
        Section(project_id=project.id, code=one.code, text=one.text, saved_by_id=actor.id)
        for one in source.sections
        if one.text.strip() and one.code in asked and asked[one.code].kind == "text"
    )
    rows = _results(session, source, project) if "MAT" in asked else {}
    if "WPL" in asked:
        session.add_all(
            ActivityPlan(
                result_id=rows[one.result_id].id,
                project_id=project.id,
                responsible=one.responsible,
                months=list(one.months),
            )
            for one in source.plans
            if one.result_id in rows
        )
    if "RSK" in asked and internal:
        session.add_all(Risk(project_id=project.id, **_values(one, RISK)) for one in source.risks)
    record(
        project,
        "created",
        actor=actor,
        reference=project.reference,
        title=title,
        funding=project.funding,
        donor_code=project.donor_code,
        office_id=office_id,
        countries=[one.country_code for one in source.coverage],
        copied_from=source.reference,
    )
    if "BUD" in asked and source.lines:
        return _budget(session, source, project, rows, internal=internal)
    return project


def _values(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _concept(
    session: Session,
    source: Project,
    *,
    actor: User,
    title: str,
    office_id: int,
    edition: published.HandbookEdition,
) -> Project:
    today = clock.today()
    project = Project(
        reference=reference_of(session, today.year),
        edition_id=edition.id,
        title=title,
        office_id=office_id,
        funding_year=today.year,
        copied_from_id=source.id,
        rate=source.rate,
        rate_from=source.rate_from,
        **_values(source, COVER),
    )
    if source.currency != USD and (rate := rate_on(session, source.currency, today)):
        project.rate, project.rate_from = rate.usd_per_unit, rate.valid_from
    session.add(project)
    session.flush()
    session.add(Party(project_id=project.id, user_id=actor.id, part=Part.DEVELOPER))
    session.add(Step(project_id=project.id, move="create", source=None, target=Status.CONCEPT, actor_id=actor.id))
    return project


def _describe(session: Session, source: Project, project: Project, edition: Edition) -> None:
    """Countries, partners, beneficiaries and classification, which the pages of every edition ask."""
    kept = {"project_id": project.id}
    session.add_all(Coverage(**kept, **_values(one, ("country_code", "position"))) for one in source.coverage)
    session.add_all(Partner(**kept, **_values(one, ("position", "name", "role"))) for one in source.partners)
    session.add_all(
        Beneficiaries(**kept, **_values(one, ("type_code", "reach", "sex_code", "age_code", "planned")))
        for one in source.beneficiaries
    )
    session.add_all(GovernanceMark(**kept, code=one.code) for one in source.governance)
    session.add_all(SdgMark(**kept, code=one.code) for one in source.sdgs)
    session.add_all(ThemeMark(**kept, code=one.code, note=one.note) for one in source.themes)
    if source.gender_answers and edition.gender:
        names = ("needs_analysis", "outputs", "activities", "main_aim", "reason")
        session.add(GenderAnswers(**kept, **_values(source.gender_answers, names)))
    if (
        project.gender_marker_code == NOT_APPLICABLE
        and project.project_type_code not in edition.gender_not_applicable_types
    ):
        project.gender_marker_code = None


def _results(session: Session, source: Project, project: Project) -> dict[int, Result]:
    """The rows of the matrix that stand, with their indicators; the new rows by the ids of those they came from."""
    standing = live(source.results)
    made: dict[int, Result] = {}
    for levels in LEVELS:
        fresh = {
            one.id: Result(
                project_id=project.id,
                parent_id=made[one.parent_id].id if one.parent_id else None,
                **_values(one, ("level", "position", "text", "assumption")),
            )
            for one in source.results
            if one.id in standing and one.level in levels and (one.parent_id is None or one.parent_id in made)
        }
        session.add_all(fresh.values())
        session.flush()
        made |= fresh
    session.add_all(
        Indicator(
            project_id=project.id,
            result_id=made[one.result_id].id,
            copied_from_id=one.id,
            splits=[IndicatorSplit(**_values(part, ("sex_code", "age_code", "target"))) for part in one.splits],
            **_values(one, INDICATOR),
        )
        for one in source.indicators
        if one.result_id in made and one.retired_on is None
    )
    return made


def _budget(session: Session, source: Project, project: Project, rows: dict[int, Result], *, internal: bool) -> Project:
    """Lines and allocations; the total and what follows from it are computed anew."""
    for line in source.lines:
        values = _values(line, LINE)
        if is_of_staff(line.category_code) and not internal:
            values |= {"unit": "", "quantity": Decimal(1), "units": Decimal(1), "unit_cost": line.amount}
        row = rows.get(line.result_id) if line.result_id else None
        session.add(BudgetLine(project_id=project.id, result_id=row.id if row else None, **values))
    for held in source.bases:
        session.add(AllocationBasis(project_id=project.id, dimension=held.dimension, basis=held.basis))
        session.add_all(
            ALLOCATIONS[held.dimension](project_id=project.id, **_values(one, ("code", "amount", "share")))
            for one in rows_of(source, held.dimension)
        )
    fresh = queries.locked(project.id)
    total(fresh)
    return fresh
