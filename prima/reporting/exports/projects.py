"""The sheet `Projects`: one row a project, with its facts, people, dates, money, counts, and amounts by allocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Subquery, case, cast, func, null, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from prima.lists import Country, Donor, ProjectType, RegionalOffice, RiskScale, StatusName
from prima.places import Office, OfficeLink
from prima.projects.models import (
    ALLOCATIONS,
    Beneficiaries,
    Coverage,
    Dimension,
    Extension,
    GovernanceMark,
    Milestone,
    Part,
    Party,
    Project,
    Risk,
    SdgMark,
    ThemeMark,
)
from prima.projects.stages import Funding
from prima.projects.visibility import region_link
from prima.reporting.exports import lights
from prima.reporting.exports.columns import NEWEST_FIRST, Asked, Field, Table, joined
from prima.reporting.models import (
    Deadline,
    Expense,
    ExpenseKind,
    RiskReview,
    RiskState,
)
from prima.reporting.queries import is_missed, is_overdue
from prima.reporting.queries.counted import added_months, reached_by_group
from prima.spreadsheets import Kind
from prima.users import User

NAME = "Projects"
FUNDINGS = {Funding.FUND.value: "Fund", Funding.DONOR.value: "Donor"}
SECONDARY = aliased(ProjectType)


def table(asked: Asked) -> Table:
    people, spent, groups, extended, late, steps, risks = (
        make(asked) for make in (_people, _spent, _beneficiaries, _extensions, _overdue, _milestones, _risks)
    )
    by_area = _amounts(asked, Dimension.AREA)
    by_activity = _amounts(asked, Dimension.ACTIVITY)
    marks = {model: _codes(asked, model) for model in (SdgMark, GovernanceMark, ThemeMark)}
    rate = func.coalesce(Project.rate, 1)
    fields = [
        *_facts(),
        Field("In this status since", _day(Project.status_since), "The day (UTC) of the last move.", Kind.DAY),
        Field("Secondary type", SECONDARY.name, "The secondary project type, where one is chosen."),
        Field("Executing agency", Project.executing_agency, "Who executes the project, as the proposal says."),
        Field("Developer", people.c.developer, "Who develops the proposal now."),
        Field("Manager", people.c.manager, "Who manages the project now."),
        Field("Alternate", people.c.alternate, "The manager's alternate now."),
        Field("Gender marker", Project.gender_marker_code, "The code of the gender marker."),
        Field("SDG targets", marks[SdgMark].c.codes, "Codes of the targets that the project serves."),
        Field("MiGOF", marks[GovernanceMark].c.codes, "Codes of the principles and objectives that it serves."),
        Field("Cross-cutting themes", marks[ThemeMark].c.codes, "Codes of the cross-cutting themes it handles."),
        Field("Duration (months)", Project.duration_months, "As planned in the proposal; the dates rule.", Kind.NUMBER),
        Field("First end", Project.first_ends_on, "The end agreed at activation, before any extension.", Kind.DAY),
        Field("Extensions", func.coalesce(extended.c.number, 0), "How many extensions were approved.", Kind.NUMBER),
        Field("Months added", func.coalesce(extended.c.months, 0), "Whole months of all extensions.", Kind.NUMBER),
        Field("Currency", Project.currency, "In which the budget is written."),
        Field("Budget", Project.budget, "The total in the budget's currency.", Kind.MONEY),
        Field("USD for one unit", Project.rate, "The rate of the budget's currency; blank for USD.", Kind.NUMBER),
        Field("Spent", spent.c.spent, "As finance states, in that currency; blank: nothing stated.", Kind.MONEY),
        Field("Committed", spent.c.committed, "As finance states and not yet spent, likewise.", Kind.MONEY),
        Field("Balance", Project.budget - spent.c.spent - spent.c.committed,
              "Budget less spent and committed, likewise.", Kind.MONEY),
        Field("Spent (USD)", func.round(spent.c.spent * rate, 2), "Spent at the rate of the budget.", Kind.MONEY),
        Field("Spent of the budget", func.round(spent.c.spent / func.nullif(Project.budget, 0), 6),
              "Spent as a share of the budget.", Kind.PERCENT),
        Field("Beneficiaries planned", func.coalesce(groups.c.planned, 0),
              "Of all groups, direct and indirect; see the sheet Beneficiaries.", Kind.NUMBER),
        Field("Beneficiaries reached", func.coalesce(groups.c.reached, 0),
              "Of all groups, as reports handed in tell; a final one stands for all before it.", Kind.NUMBER),
        Field("Reports overdue", func.coalesce(late.c.number, 0),
              "Past their day at the office and not handed in, or returned.", Kind.NUMBER),
        Field("Milestones", func.coalesce(steps.c.number, 0), "How many there are.", Kind.NUMBER),
        Field("Milestones done", func.coalesce(steps.c.done, 0), "How many were done.", Kind.NUMBER),
        Field("Milestones overdue", func.coalesce(steps.c.overdue, 0),
              "Past their day at the office and not done.", Kind.NUMBER),
        Field("Highest risk level", asked.internal(risks.c.level),
              "Consequence times likelihood of the highest risk that is not closed.", Kind.NUMBER, internal=True),
        *lights.fields(),
        Field("Last change", _day(Project.updated_at), "The day (UTC) on which it was changed last.", Kind.DAY),
        *_parts(asked, by_area, "area", "area of work"),
        *_parts(asked, by_activity, "activity", "activity type"),
    ]  # fmt: skip
    fields = asked.visible(fields)
    number, judged = len(fields), lights.judge(asked)
    first = [one.heading for one in fields].index(lights.FIRST)
    joins = (people, spent, groups, extended, late, steps, by_area, by_activity, *marks.values())

    def query(*columns: Any) -> Any:
        found = (
            asked.projects(*columns)
            .join(Office, Office.id == Project.office_id)
            .join(StatusName, StatusName.code == Project.status)
            .outerjoin(OfficeLink, region_link())
            .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
            .outerjoin(ProjectType, ProjectType.code == Project.project_type_code)
            .outerjoin(SECONDARY, SECONDARY.code == Project.secondary_type_code)
            .outerjoin(Donor, Donor.code == Project.donor_code)
            .order_by(*NEWEST_FIRST)
        )
        for one in (*joins, risks) if asked.sees_internal else joins:
            found = found.outerjoin(one, one.c.project_id == Project.id)
        return found

    def read(row: Sequence[Any]) -> Sequence[Any]:
        found = judged(row[number:])
        return (*row[:first], *found, *row[first + len(found) : number])

    says = "One row for each project, in the order of the list: the newest change first."
    rows = select(func.count()).select_from(asked.ids)
    return Table(NAME, says, fields, query, rows, lights.more(asked), read)


def _facts() -> list[Field]:
    return [
        Field("Reference", Project.reference, "The project's reference, given when it was begun; never changes."),
        Field("Project ID", Project.code, "Given at activation; blank before it."),
        Field("Title", Project.title, "The project's title."),
        Field("Status", StatusName.name, "Where the project stands."),
        Field("Stage", StatusName.stage, "The stage of the project cycle that the status belongs to."),
        Field("Regional Office", RegionalOffice.region,
              "The region of the management site on the start date (before activation: today)."),
        Field("Country", _countries(), "The countries covered, in the order given."),
        Field("Office", Office.name, "The management site."),
        Field("Project type", ProjectType.name, "Blank where the source of an imported project states none."),
        Field("Funding", case(FUNDINGS, value=Project.__table__.c.funding), "The Fund, or a donor."),
        Field("Donor", case((Donor.kind == "not_stated", null()), else_=Donor.name), "Blank where it is not stated."),
        Field("Funding year", Project.funding_year, "The funding year.", Kind.NUMBER),
        Field("Call for proposals", Project.funding_round_code, "The code of the Fund's call, where there is one."),
        Field("Start", Project.starts_on, "The agreed first day.", Kind.DAY),
        Field("End", Project.ends_on, "The agreed last day, extensions included.", Kind.DAY),
        Field("Budget (USD)", Project.budget_usd, "The total in USD, at the rate of the budget.", Kind.MONEY),
    ]  # fmt: skip


def _day(moment: Any) -> Any:
    return cast(func.timezone("UTC", moment), Date)


def _countries() -> Any:
    """Of one project: asked of those alone that are exported."""
    covered = aliased(Coverage)
    query = select(joined(Country.name, by=covered.position)).join_from(
        covered, Country, Country.code == covered.country_code
    )
    return query.where(covered.project_id == Project.id).correlate(Project).scalar_subquery()


def _parts(asked: Asked, amounts: Subquery, kind: str, words: str) -> list[Field]:
    says = f"What the budget has for this {words}; the columns of all {words}s sum to what is allocated."
    return [
        Field(f"{one.name} (USD)", amounts.c[f"amount_{place}"], says, Kind.MONEY)
        for place, one in enumerate(asked.reading.choices[kind])
    ]


def _amounts(asked: Asked, dimension: Dimension) -> Subquery:
    """Per project one column for each code; empty where nothing is allocated."""
    table = ALLOCATIONS[dimension]
    columns = [
        func.sum(table.amount_usd).filter(table.code == one.code).label(f"amount_{place}")
        for place, one in enumerate(asked.reading.choices[dimension.value])
    ]
    return (
        select(table.project_id, *columns)
        .where(table.amount_usd > 0, asked.within(table.project_id))
        .group_by(table.project_id)
        .subquery(f"by_{dimension}")
    )


def _people(asked: Asked) -> Subquery:
    parts = (Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE)
    names = [joined(User.name, by=Party.id).filter(Party.part == one).label(one.value) for one in parts]
    return (
        select(Party.project_id, *names)
        .join(User, User.id == Party.user_id)
        .where(Party.until_at.is_(None), Party.part.in_(parts), asked.within(Party.project_id))
        .group_by(Party.project_id)
        .subquery("people")
    )


def _codes(asked: Asked, model: Any) -> Subquery:
    return (
        select(model.project_id, joined(model.code, by=model.code).label("codes"))
        .where(asked.within(model.project_id))
        .group_by(model.project_id)
        .subquery(model.__tablename__ + "s")
    )


def _spent(asked: Asked) -> Subquery:
    sums = [
        func.coalesce(func.sum(Expense.amount).filter(Expense.kind == kind), 0).label(name)
        for kind, name in ((ExpenseKind.EXPENDITURE, "spent"), (ExpenseKind.COMMITMENT, "committed"))
    ]
    return (
        select(Expense.project_id, *sums)
        .where(Expense.superseded_id.is_(None), asked.within(Expense.project_id))
        .group_by(Expense.project_id)
        .subquery("stated")
    )


def _beneficiaries(asked: Asked) -> Subquery:
    told = reached_by_group(asked.within(Deadline.project_id))
    sums = (func.sum(Beneficiaries.planned).label("planned"), func.sum(told.c.number).label("reached"))
    return (
        select(Beneficiaries.project_id, *sums)
        .outerjoin(told, told.c.group_id == Beneficiaries.id)
        .where(asked.within(Beneficiaries.project_id))
        .group_by(Beneficiaries.project_id)
        .subquery("planned_groups")
    )


def _extensions(asked: Asked) -> Subquery:
    months = func.sum(added_months())
    return (
        select(Extension.project_id, func.count().label("number"), months.label("months"))
        .where(asked.within(Extension.project_id))
        .group_by(Extension.project_id)
        .subquery("extended")
    )


def _overdue(asked: Asked) -> Subquery:
    return (
        select(Deadline.project_id, func.count().label("number"))
        .join(Project, Project.id == Deadline.project_id)
        .where(is_overdue(), asked.within(Deadline.project_id))
        .group_by(Deadline.project_id)
        .subquery("late")
    )


def _milestones(asked: Asked) -> Subquery:
    done = Milestone.done_on.is_not(None)
    return (
        select(
            Milestone.project_id,
            func.count().label("number"),
            func.count().filter(done).label("done"),
            func.count().filter(is_missed()).label("overdue"),
        )
        .where(asked.within(Milestone.project_id))
        .group_by(Milestone.project_id)
        .subquery("steps")
    )


def _risks(asked: Asked) -> Subquery:
    """By project the highest level of a risk that is not closed: of its newest review where that rates, else plan."""
    newest = (
        select(RiskReview.risk_id, RiskReview.state, RiskReview.consequence_code, RiskReview.likelihood_code)
        .where(asked.within(RiskReview.project_id))
        .ext(distinct_on(RiskReview.risk_id))
        .order_by(RiskReview.risk_id, RiskReview.id.desc())
        .subquery("reviewed")
    )
    grave, likely = aliased(RiskScale), aliased(RiskScale)
    return (
        select(Risk.project_id, func.max(grave.value * likely.value).label("level"))
        .outerjoin(newest, newest.c.risk_id == Risk.id)
        .join(grave, grave.code == func.coalesce(newest.c.consequence_code, Risk.consequence_code))
        .join(likely, likely.code == func.coalesce(newest.c.likelihood_code, Risk.likelihood_code))
        .where(asked.within(Risk.project_id), or_(newest.c.state.is_(None), newest.c.state != RiskState.CLOSED))
        .group_by(Risk.project_id)
        .subquery("risks")
    )


def totals(asked: Asked) -> Table:
    """By Regional Office in the order of the list, then all of them: what the areas of work have."""
    areas: Sequence[Any] = asked.reading.choices["area"]
    amounts = _amounts(asked, Dimension.AREA)
    sums = [func.coalesce(func.sum(amounts.c[f"amount_{place}"]), 0) for place in range(len(areas))]
    total: Any = sum(sums[1:], sums[0])
    everything = func.grouping(RegionalOffice.code) == 1
    fields = [
        Field("Regional Office",
              case((everything, "All"), else_=func.coalesce(func.max(RegionalOffice.region), "No Regional Office")),
              "The region of the management site; All is the whole export."),
        *(Field(one.name, value, "USD allocated to this area of work.", Kind.MONEY)
          for one, value in zip(areas, sums, strict=True)),
        Field("Total", total, "USD allocated to all areas of work.", Kind.MONEY),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .outerjoin(OfficeLink, region_link())
            .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
            .outerjoin(amounts, amounts.c.project_id == Project.id)
            .group_by(func.grouping_sets(RegionalOffice.code, tuple_()))
            .order_by(everything, func.max(RegionalOffice.position).nulls_last())
        )

    regions = (
        asked.projects(func.coalesce(OfficeLink.region_code, "").label("region"))
        .outerjoin(OfficeLink, region_link())
        .distinct()
        .subquery()
    )
    number = select(func.count() + 1).select_from(regions)
    says = "What the areas of work have, in USD, by the region of the management site."
    return Table("Totals", says, fields, query, number)
