"""Deadlines and reports, loaded for the page that shows them; and what of them waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    desc,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload, selectinload

from prima import clock
from prima.db import db
from prima.desk import Cursor, Duty, Found
from prima.handbook.edition import ReportType
from prima.handbook.published import HandbookEdition
from prima.lessons import Lesson as Known
from prima.lists import BeneficiaryDisaggregation, BeneficiaryType, BudgetCategory, RegionalOffice, RoleName
from prima.months import add_months
from prima.places import Office, OfficeLink
from prima.projects import queries as projects
from prima.projects.models import (
    ActivityPlan,
    BudgetLine,
    Coverage,
    Indicator,
    Level,
    Milestone,
    Part,
    Party,
    Project,
    Result,
)
from prima.projects.numbering import numbered
from prima.projects.rules.facts import EVALUATION as EVALUATION_MONEY
from prima.projects.visibility import may_see, region_link
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST, ReportState
from prima.reporting.models import (
    ActivityProgress,
    Deadline,
    DeadlineChange,
    Expense,
    ExpenseKind,
    IndicatorValue,
    Lesson,
    Report,
    ReportStep,
    ReportText,
    Spending,
)
from prima.reporting.models.deadlines import OPEN_UNTIL
from prima.reporting.monitoring import Reading, figure
from prima.reporting.queries.deciding import count_to_decide, to_decide
from prima.reporting.queries.evaluation import to_follow, with_evaluation
from prima.reporting.queries.recorded import lesson_path
from prima.reporting.queries.spending import spent_by_line
from prima.reporting.rules import PROGRESS, asks_extent
from prima.reporting.standing import (
    Standing,
    activity_row,
    indicator_row,
    is_per_line,
    key_of,
    milestone_row,
    money_rows,
    thawed,
)
from prima.reporting.steps import IN, OWING, deadline_name, in_a_sentence, report_path, report_type
from prima.sessions import with_rights as with_roles
from prima.users import DECIDING, Grant, Role, Scope, User

# -- one project ------------------------------------------------------------------------------------------------------


def with_report() -> tuple[Any, ...]:
    """A deadline's report with all that is written in it."""
    return (
        joinedload(Deadline.report).options(
            selectinload(Report.texts),
            selectinload(Report.reached),
            selectinload(Report.spending),
            selectinload(Report.steps).options(
                joinedload(ReportStep.actor), joinedload(ReportStep.behalf_of), joinedload(ReportStep.remarks)
            ),
            joinedload(Report.saved_by),
        ),
        selectinload(Deadline.lessons),
    )


def with_project() -> tuple[Any, ...]:
    """A deadline's project with what rights and completeness ask."""
    return (
        joinedload(Deadline.project, innerjoin=True).options(
            *projects.with_rights(),
            selectinload(Project.lines).joinedload(BudgetLine.category, innerjoin=True),
            selectinload(Project.beneficiaries),
        ),
    )


def deadline(reference: str, deadline: int) -> Deadline | None:
    """The deadline of a project, with its report, for the report's page."""
    found = db.session.scalar(
        select(Deadline)
        .join(Deadline.project)
        .where(Deadline.id == deadline, (Project.reference == reference) | (Project.code == reference))
        .options(*with_project(), *with_report())
    )
    return with_evaluation(_judged(found)) if found else None


def locked(deadline_id: int, actor: User) -> Deadline:
    """The deadline under the lock of its project's row, freshly read: what an operation decides on."""
    project_id = select(Deadline.project_id).where(Deadline.id == deadline_id).scalar_subquery()
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    found = db.session.scalars(
        select(Deadline)
        .where(Deadline.id == deadline_id)
        .options(*with_project(), *with_report())
        .execution_options(populate_existing=True)
    ).one()
    with_evaluation(found, fresh=True)
    _rights_of(actor)
    return _judged(found)


def locked_project(project_id: int, actor: User) -> Project:
    """The project under its row lock, freshly read."""
    project = projects.locked(project_id)
    _rights_of(actor)
    return project


def _rights_of(person: User) -> None:
    """Load the roles again: reading everybody of the project afresh has dropped those of a person among them."""
    db.session.scalars(select(User).where(User.id == person.id).options(*with_roles())).one()


def deadlines_of(project_id: int) -> list[Deadline]:
    """All of a project's deadlines, those that fell away too, with the states of their reports."""
    return list(
        db.session.scalars(
            select(Deadline)
            .where(Deadline.project_id == project_id)
            .options(joinedload(Deadline.report))
            .order_by(Deadline.due_on, Deadline.kind, Deadline.id)
            .execution_options(populate_existing=True)
        )
    )


def history_of(deadline_id: int) -> list[DeadlineChange]:
    """Every date that a deadline had, oldest first."""
    return list(
        db.session.scalars(
            select(DeadlineChange)
            .where(DeadlineChange.deadline_id == deadline_id)
            .options(joinedload(DeadlineChange.by))
            .order_by(DeadlineChange.id)
        )
    )


def project(reference: str, move: str = "") -> Project | None:
    """The project with what its activation, extension and closing ask, and with its extensions."""
    return projects.proposal_with_story(reference)


def previous(deadline: Deadline) -> Report | None:
    """The last report of the same part that was handed in before this one."""
    statement = _before(deadline).options(selectinload(Report.texts), selectinload(Report.spending))
    return db.session.scalars(statement).first()


def _before(deadline: Deadline) -> Select[Report]:
    edition = deadline.project.edition.handbook
    part = next((kind.part for kind in edition.reports if kind.code == deadline.kind), None)
    kinds = [kind.code for kind in edition.reports if kind.part == part]
    return (
        select(Report)
        .join(Report.deadline)
        .where(
            Deadline.project_id == deadline.project_id,
            Deadline.kind.in_(kinds),
            Report.state.in_(IN),
            tuple_(Deadline.due_on, Deadline.id) < (deadline.due_on, deadline.id),
        )
        .order_by(Deadline.due_on.desc(), Deadline.id.desc())
        .limit(1)
    )


def _judged(row: Deadline) -> Deadline:
    """With what finance states and what the report before it said, which a financial report is held against."""
    with_finance([row])
    kind = report_type(row)
    if kind and kind.part == "financial" and row.report:
        last = _before(row).with_only_columns(Report.id).scalar_subquery()
        rows = db.session.scalars(select(Spending).where(Spending.report_id == last))
        row.earlier = {key_of(one.category_code, one.line_id): one.spent for one in rows}
    return row


def with_finance(rows: Sequence[Deadline]) -> Sequence[Deadline]:
    """Look up, in one question for all of them, what finance states up to the last day of each financial report.

    A project of which finance says nothing at all has None.
    """
    wanted = {row.id: row for row in rows if (kind := report_type(row)) and kind.part == "financial"}
    for row in wanted.values():
        row.finance = None
        if asks_extent(row.project.edition.handbook):
            whole = select(Project).where(Project.id == row.project_id).options(selectinload(Project.coverage))
            db.session.scalars(whole).one()
        if row.project.facts is None and any(
            rule.when == "report" and rule.needed_when for rule in row.project.edition.handbook.rules
        ):
            projects.judged(row.project)
    if not wanted:
        return rows

    def total(kind: ExpenseKind) -> Any:
        day = func.coalesce(Deadline.period_to, Deadline.due_on)
        return func.coalesce(func.sum(Expense.amount).filter(Expense.kind == kind, Expense.on_day <= day), Decimal(0))

    stated = db.session.execute(
        select(Deadline.id, Expense.line_id, total(ExpenseKind.EXPENDITURE), total(ExpenseKind.COMMITMENT))
        .join(Expense, Expense.project_id == Deadline.project_id)
        .where(Deadline.id.in_(wanted), Expense.superseded_id.is_(None))
        .group_by(Deadline.id, Expense.line_id)
    )
    for number, line, spent, committed in stated:
        row = wanted[number]
        row.finance = {**(row.finance or {}), line: (spent, committed)}
    return rows


def standing(deadline: Deadline, kind: ReportType) -> Standing:
    """What stands beside the report: as it was handed in, else as it is now."""
    report = deadline.report
    if report and report.shown is not None and report.state in IN:
        return thawed(report.shown)
    return live(deadline, kind)


def live(deadline: Deadline, kind: ReportType) -> Standing:
    project, until = deadline.project, deadline.until
    if kind.part == "financial":
        told = deadline.report.spending if deadline.report else []
        listed = {line.category_code: line.category for line in project.lines}
        if is_per_line(project.lines, told):
            listed = dict(sorted(listed.items(), key=lambda pair: pair[1].position))
        else:
            listed = categories()
        return Standing(money=tuple(money_rows(project, listed, told, deadline.finance)))
    planned = tuple((group.id, group.planned) for group in project.beneficiaries) if kind.part == "narrative" else ()
    if not any(section.code == PROGRESS for section in kind.sections):
        return Standing(planned=planned)
    results, months, progress = _activities(project.id)
    measured, values = _measured(project.id, until)
    today = clock.today_at(project.office.time_zone)
    judged_on = today if until >= today else until + timedelta(days=1)
    standing = numbered(results, measured)
    return Standing(
        indicators=tuple(
            indicator_row(one, indicator, values[indicator.id]) for one in standing for indicator in one.indicators
        ),
        activities=tuple(
            activity_row(one, months.get(one.id, ()), progress.get(one.id), project.starts_on, judged_on)
            for one in standing
            if one.level == Level.ACTIVITY
        ),
        milestones=tuple(
            milestone_row(name, planned_on, done_on, until, judged_on)
            for name, planned_on, done_on in db.session.execute(
                select(Milestone.name, Milestone.planned_on, Milestone.done_on)
                .where(Milestone.project_id == project.id)
                .order_by(Milestone.planned_on, Milestone.id)
            )
        ),
        planned=planned,
    )


def _activities(project_id: int) -> tuple[list[Result], dict[int, list[int]], dict[int, ActivityProgress]]:
    """All rows of the matrix; by activity its planned months, and how far it is."""
    rows = db.session.execute(
        select(Result, ActivityPlan.months, ActivityProgress)
        .outerjoin(ActivityPlan, ActivityPlan.result_id == Result.id)
        .outerjoin(ActivityProgress, ActivityProgress.result_id == Result.id)
        .where(Result.project_id == project_id)
    ).all()
    return (
        [result for result, _months, _progress in rows],
        {result.id: months for result, months, _progress in rows if months},
        {result.id: progress for result, _months, progress in rows if progress},
    )


def _measured(project_id: int, until: date) -> tuple[list[Indicator], dict[int, list[Reading]]]:
    """The indicators, and the values of each up to the day."""
    until_then = and_(IndicatorValue.indicator_id == Indicator.id, IndicatorValue.on_day <= until)
    found: dict[int, Indicator] = {}
    values: dict[int, list[Reading]] = defaultdict(list)
    for indicator, value in db.session.execute(
        select(Indicator, IndicatorValue)
        .outerjoin(IndicatorValue, until_then)
        .where(Indicator.project_id == project_id)
        .order_by(Indicator.position, Indicator.id, IndicatorValue.on_day)
    ):
        found[indicator.id] = indicator
        if value:
            values[indicator.id].append(figure(value))
    return list(found.values()), values


def narratives_handed_in(project_id: int, but: int | None = None) -> list[Report]:
    """The project's reports that tell of beneficiaries reached, oldest first, each with its deadline."""
    return list(
        db.session.scalars(
            select(Report)
            .join(Report.deadline)
            .where(Deadline.project_id == project_id, Report.state.in_(IN), Report.reached.any(), Deadline.id != but)
            .options(joinedload(Report.deadline), selectinload(Report.reached))
            .order_by(Deadline.due_on, Deadline.id)
        )
    )


def evaluation_money(project: Project) -> tuple[Decimal, Decimal]:
    """What is kept for the ex-post evaluation, approved and spent, in the budget's currency.

    Spent is what finance states; where it states nothing of the project, what the newest financial report tells.
    """
    lines = [one for one in project.lines if one.category_code == EVALUATION_MONEY]
    approved = sum((one.amount for one in lines), Decimal(0))
    if stated := spent_by_line(project.id):
        return approved, sum((stated[one.id].spent for one in lines if one.id in stated), Decimal(0))
    newest = (
        select(Report.id)
        .join(Report.deadline)
        .where(Deadline.project_id == project.id, Report.state.in_(IN), Report.spending.any())
        .order_by(Deadline.due_on.desc(), Deadline.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    spent = db.session.scalar(
        select(func.sum(Spending.spent)).where(Spending.report_id == newest, Spending.category_code == EVALUATION_MONEY)
    )
    return approved, spent or Decimal(0)


def last_day_to_ask(project: Project) -> date | None:
    """The last day on which a request is in time: the deadline's, else by the edition from the project's end."""
    standing = (Deadline.kind == EXTENSION_REQUEST, Deadline.fell_away_at.is_(None))
    found = db.session.scalar(select(func.max(Deadline.due_on)).where(Deadline.project_id == project.id, *standing))
    if found is None and project.ends_on is not None:
        return add_months(project.ends_on, -project.edition.handbook.deadlines.extension_request_months)
    return found


def most_spent_by_line(project_id: int) -> dict[int, Decimal]:
    """What was spent on each budget line: as finance states it, or as a report handed in said, whichever is more."""
    stated = (
        select(Expense.line_id, func.sum(Expense.amount).label("spent"))
        .where(
            Expense.project_id == project_id,
            Expense.superseded_id.is_(None),
            Expense.kind == ExpenseKind.EXPENDITURE,
        )
        .group_by(Expense.line_id)
    )
    reported = (
        select(Spending.line_id, func.max(Spending.spent).label("spent"))
        .join(Report, Report.id == Spending.report_id)
        .join(Deadline, Deadline.id == Report.deadline_id)
        .where(Deadline.project_id == project_id, Report.state.in_(IN), Spending.line_id.is_not(None))
        .group_by(Spending.line_id)
    )
    both = union_all(stated, reported).subquery()
    rows = db.session.execute(select(both.c.line_id, func.max(both.c.spent)).group_by(both.c.line_id))
    return {line: Decimal(spent) for line, spent in rows}


def group_names(project: Project) -> dict[int, str]:
    """How each planned group of beneficiaries is called: type, sex, age, direct or indirect."""
    types: dict[str, str] = {}
    values: dict[str, str] = {}
    both = union_all(
        select(true(), BeneficiaryType.code, BeneficiaryType.name),
        select(false(), BeneficiaryDisaggregation.code, BeneficiaryDisaggregation.name),
    )
    for is_type, code, name in db.session.execute(both):
        (types if is_type else values)[code] = name
    reach = {"direct": _("direct"), "indirect": _("indirect")}
    return {
        group.id: ", ".join(
            [
                types[group.type_code],
                *([values[group.sex_code]] if group.sex_code != "SEX_OTHER" else []),
                *([values[group.age_code]] if group.age_code != "AGE_NOT" else []),
                reach[group.reach],
            ]
        )
        for group in project.beneficiaries
    }


def categories() -> dict[str, BudgetCategory]:
    """The budget categories by code, in the order of the list."""
    rows = db.session.scalars(select(BudgetCategory).order_by(BudgetCategory.position))
    return {row.code: row for row in rows}


def covered(project_id: int) -> list[Coverage]:
    return list(db.session.scalars(select(Coverage).where(Coverage.project_id == project_id)))


# -- people -----------------------------------------------------------------------------------------------------------


def account(email: str) -> User | None:
    """The member of staff with an active account of this address."""
    return db.session.scalar(select(User).where(User.email == email.strip().casefold(), User.active, User.staff))


def holders(roles: Iterable[str], region: str | None, office_id: int | None = None) -> list[User]:
    """The active people who hold one of the roles at a region or an office; without either, for the organization."""
    places: list[ColumnElement[bool]] = []
    if region is not None:
        places.append(Grant.region_code == region)
    if office_id is not None:
        places.append(Grant.office_id == office_id)
    held = exists().where(
        Grant.user_id == User.id, holding(roles), or_(*places) if places else Grant.scope == Scope.ORGANIZATION
    )
    return list(db.session.scalars(select(User).where(User.active, held).order_by(User.sort_key, User.id)))


def holding(roles: Iterable[str]) -> ColumnElement[bool]:
    """A condition on Grant: one of the roles, in force."""
    return and_(
        Grant.role.in_([Role(role) for role in roles]),
        Grant.revoked_at.is_(None),
        or_(Grant.role.not_in(DECIDING), Grant.confirmed_at.is_not(None)),
    )


# -- what is late -----------------------------------------------------------------------------------------------------


def is_overdue() -> ColumnElement[bool]:
    """A condition on Deadline joined to Project: past its day, and not handed in or returned."""
    return and_(is_past_due(), owes())


def is_past_due() -> ColumnElement[bool]:
    """Of an overdue report, what its deadline says: it is past its day at the office.

    Only of a day that is not over everywhere the office is asked.
    """
    return and_(Deadline.is_open, Deadline.kind != EXTENSION_REQUEST, *_is_over(Deadline.due_on, Deadline))


def is_missed() -> ColumnElement[bool]:
    """A condition on Milestone: it is not done, and past its day at the office, which is asked as for a report.

    Of a row that was read with its project, rules.milestones.is_missed says the same.
    """
    return and_(Milestone.done_on.is_(None), *_is_over(Milestone.planned_on, Milestone))


def owes() -> ColumnElement[bool]:
    """Of an overdue report, what its project says."""
    return Project.status.in_(OWING)


def _is_over(day: Any, of: type[Deadline] | type[Milestone]) -> tuple[ColumnElement[bool], ...]:
    """A day of a deadline or a milestone is past at the office; first a bound that an index knows."""
    today = clock.today()
    if clock.fixed_day() is not None:
        return day <= today, day < today
    here = and_(day <= today, day < _today_at_the_office(of))
    return day <= today, or_(day < today - timedelta(days=1), here)


def _today_at_the_office(of: type[Deadline] | type[Milestone]) -> Any:
    """The date at the office of the project of a deadline or a milestone."""
    there, whose = Office.__table__.alias("site"), Project.__table__.alias("whose")
    local = func.timezone(there.c.time_zone, literal(clock.now()))
    at = and_(whose.c.id == of.project_id, there.c.id == whose.c.office_id)
    return select(cast(local, Date)).where(at).correlate(of).scalar_subquery()


@dataclass(frozen=True)
class OverdueRow:
    deadline_id: int
    url: str
    report: str
    project: str
    title: str
    region: str
    office: str
    manager: str
    due_on: date
    days_late: int
    state: ReportState | None


def overdue(
    viewer: User | None,
    *,
    conditions: Iterable[ColumnElement[bool]] = (),
    after: tuple[date, int] | None = None,
    limit: int | None = 100,
) -> list[OverdueRow]:
    """Overdue reports of the projects that the viewer may see, the longest overdue first.

    `conditions` are on Deadline and Project.
    """
    # The page is chosen first, one report after the other in their order; the rest is looked up for its rows alone.
    columns = (Project.reference, Project.code, Project.title, Project.edition_id, Project.office_id, Project.starts_on)
    whose = select(Project.id, *columns).where(Project.id == Deadline.project_id, owes(), may_see(viewer), *conditions)
    project = whose.correlate(Deadline).offset(0).lateral("whose")
    late = select(Deadline.id, Deadline.kind, Deadline.name, Deadline.due_on, *(project.c[one.name] for one in columns))
    late = late.add_columns(project.c.id.label("project_id")).join_from(Deadline, project, true()).where(is_past_due())
    late = late.where(literal_column(OPEN_UNTIL) <= clock.today())  # said twice: so the database knows how few they are
    if after:
        late = late.where(tuple_(Deadline.due_on, Deadline.id) > after)
    page = late.order_by(Deadline.due_on, Deadline.id).limit(limit).cte("page").prefix_with("MATERIALIZED")
    manager = (
        select(func.string_agg(User.name, ", "))
        .join(Party, Party.user_id == User.id)
        .where(Party.project_id == page.c.project_id, Party.part == Part.MANAGER, Party.until_at.is_(None))
        .scalar_subquery()
    )
    statement = (
        select(
            page.c.id,
            page.c.kind,
            page.c.name,
            page.c.due_on,
            page.c.reference,
            func.coalesce(page.c.code, page.c.reference),
            page.c.title,
            page.c.edition_id,
            RegionalOffice.name,
            Office.name,
            Office.time_zone,
            manager,
            Report.state,
        )
        .select_from(page)
        .join(Office, Office.id == page.c.office_id)
        .outerjoin(OfficeLink, region_link(page.c))
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
        .outerjoin(Report, Report.deadline_id == page.c.id)
        .order_by(page.c.due_on, page.c.id)
    )
    editions, found = _editions(), db.session.execute(statement)
    return [
        OverdueRow(
            number,
            report_path(reference, number),
            deadline_name(editions[edition].handbook, kind, own),
            name,
            title,
            place or "",
            office,
            who or "",
            due_on,
            (clock.today_at(zone) - due_on).days,
            state,
        )
        for number, kind, own, due_on, reference, name, title, edition, place, office, zone, who, state in found
    ]


def count_overdue(_session: Any, viewer: User | None, conditions: Iterable[ColumnElement[bool]] = ()) -> int:
    # The few reports past their day come first and the project of each is looked up, which the offset sees to.
    whose = select(Project.id).where(Project.id == Deadline.project_id, owes(), may_see(viewer), *conditions)
    project = whose.correlate(Deadline).offset(0).lateral("whose")
    late = select(func.count()).select_from(Deadline).join(project, true()).where(is_past_due())
    return db.session.scalar(late) or 0


def regions() -> list[tuple[str, str]]:
    """Codes and names of the Regional Offices, in order."""
    rows = db.session.execute(select(RegionalOffice.code, RegionalOffice.name).order_by(RegionalOffice.position))
    return [(code, name) for code, name in rows]


# -- on the desk ------------------------------------------------------------------------------------------------------


def desk(user: User, after: Cursor | None = None, limit: int = 50) -> Found:
    """Reports that the person owes or is to check or accept, and recommendations that the person follows up."""
    editions = _editions()
    own = _own(user, editions)
    rows, number = to_decide(user, editions, after, limit)
    duties = [one for one in own if after is None or one.cursor > after]
    duties += [_to_decide(row, editions[row.edition_id]) for row in rows]
    return Found(sorted(duties, key=lambda one: one.cursor)[:limit], len(own) + number)


def count_on_the_desk(user: User) -> int:
    editions = _editions()
    return len(_own(user, editions)) + count_to_decide(user, editions)


def _own(user: User, editions: dict[int, HandbookEdition]) -> list[Duty]:
    """What lies with the person and nobody else: of the projects they have a part in, so these are few."""
    owed = db.session.execute(*_owed_by(user, editions, clock.days_on_earth()[1]))
    return [*(duty for row in owed if (duty := _owed(row, editions[row.edition_id]))), *to_follow(user)]


def _owed(row: Any, edition: HandbookEdition) -> Duty | None:
    """A report to be written; nothing as long as it is not announced."""
    today = clock.today_at(row.time_zone)
    if row.due_on > today + timedelta(days=announced_days(edition)) and not has_opened(row, today):
        return None
    name = deadline_name(edition.handbook, row.kind, row.name)
    return Duty(
        what=writing(name, row.state),
        reference=row.code or row.reference,
        title=row.title,
        place=row.office,
        url=report_path(row.reference, row.id),
        since_on=since(row.state, row.state_since, row.period_to or row.from_on, today),
        since_at=row.state_since if row.state is ReportState.RETURNED else None,
        due_on=row.due_on,
        today=today,
    )


def _to_decide(row: Any, edition: HandbookEdition) -> Duty:
    """A report to be checked or accepted."""
    name = deadline_name(edition.handbook, row.kind, row.name)
    return Duty(
        what=deciding(name, row.state),
        reference=row.code or row.reference,
        title=row.title,
        place=row.office,
        url=report_path(row.reference, row.id),
        since_on=row.since_on,
        since_at=row.state_since,
        today=clock.today_at(row.time_zone),
        key=row.key,
    )


def announced_days(edition: HandbookEdition) -> int:
    """So many days before its due date a report comes on the desk: with the first reminder."""
    return max(edition.handbook.ladder.before_days, default=0)


def _editions() -> dict[int, HandbookEdition]:
    return {row.id: row for row in db.session.scalars(select(HandbookEdition))}


def _asked(*conditions: Any) -> Any:
    return (
        select(
            Deadline.id,
            Deadline.kind,
            Deadline.name,
            Deadline.due_on,
            Deadline.period_to,
            Deadline.from_on,
            Report.state,
            Report.state_since,
            Project.reference,
            Project.code,
            Project.title,
            Project.edition_id,
            Office.name.label("office"),
            Office.time_zone,
        )
        .join(Project, Project.id == Deadline.project_id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(Report, Report.deadline_id == Deadline.id)
        .where(*conditions)
    )


def _owed_by(user: User, editions: dict[int, HandbookEdition], today: date) -> tuple[Any, dict[str, Any]]:
    """What the person owes as manager, alternate or evaluator, from the first reminder's day or its window on.

    The question, and what is put into it.
    """
    furthest = max((announced_days(one) for one in editions.values()), default=0)
    return _owed_on_desks(), {"user_id": user.id, "today": today, "last": today + timedelta(days=furthest)}


@cache
def _owed_on_desks() -> Any:
    me, today, last = (
        bindparam("user_id", type_=BigInteger),
        bindparam("today", type_=Date),
        bindparam("last", type_=Date),
    )
    now = (Party.project_id == Project.id, Party.until_at.is_(None))
    runs = exists().where(*now, Party.user_id == me, Party.part.in_((Part.MANAGER, Part.ALTERNATE)))
    evaluates = exists().where(*now, Party.user_id == me, Party.part == Part.EVALUATOR)
    named = exists().where(*now, Party.part == Part.EVALUATOR)
    mine = case((Deadline.kind == EVALUATION, evaluates | (~named & runs)), else_=runs)
    # The projects of the person come first, by an index: of all others nothing is read.
    parts = Party.part.in_((Part.MANAGER, Part.ALTERNATE, Part.EVALUATOR))
    theirs = select(Party.project_id).where(Party.user_id == me, parts, Party.until_at.is_(None))
    return _asked(
        Deadline.project_id.in_(theirs),
        Deadline.is_open,
        Deadline.kind != EXTENSION_REQUEST,
        or_(Deadline.due_on <= last, Deadline.from_on <= today),
        Project.status.in_(OWING),
        mine,
    )


def has_opened(row: Any, today: date) -> bool:
    """Whether its window is open: an evaluation can begin on its first day."""
    return row.from_on is not None and row.from_on <= today


def writing(name: str, state: ReportState | None) -> str:
    report = in_a_sentence(name)
    if state is ReportState.RETURNED:
        return _("Mend the returned %(report)s", report=report)
    return _("Write the %(report)s", report=report)


def deciding(name: str, state: ReportState) -> str:
    report = in_a_sentence(name)
    if state is ReportState.SUBMITTED:
        return _("Check the %(report)s", report=report)
    return _("Accept the %(report)s", report=report)


def since(state: ReportState | None, state_since: Any, period_to: date | None, today: date) -> date | None:
    """From when it has waited: the return, else the last day of its period."""
    if state is ReportState.RETURNED:
        return state_since.date()
    return period_to if period_to and period_to <= today else None


def role_names() -> dict[str, str]:
    return dict(db.session.execute(select(RoleName.code, RoleName.name)).all())


# -- lessons ----------------------------------------------------------------------------------------------------------

LESSONS = "LESSONS"
"""The part of a narrative report in which a project says what it learned."""
TAKEN = (ReportState.ACCEPTED, ReportState.SENT)


def lessons(
    project_ids: Collection[int], areas: Collection[str] = (), countries: Collection[str] = (), limit: int = 20
) -> list[Known]:
    """What these projects recorded, what fits the areas of work and countries first; then what accepted reports say."""
    fits = func.coalesce(Lesson.area_code.in_(areas), False).cast(Integer) + func.coalesce(
        Lesson.country_code.in_(countries), False
    ).cast(Integer)
    recorded = (
        select(
            Lesson.project_id,
            func.concat_ws("\n", Lesson.happened, func.nullif(Lesson.advice, "")).label("text"),
            cast(func.timezone("UTC", Lesson.made_at), Date).label("day"),
            literal("").label("reference"),
            Lesson.id.label("key"),
            Lesson.title.label("title"),
            (fits + 1).label("rank"),
        )
        .where(Lesson.project_id.in_(project_ids), Lesson.withdrawn_at.is_(None))
        .order_by(desc("rank"), Lesson.id.desc())
        .limit(limit)
    )
    day = func.coalesce(Deadline.period_to, Deadline.due_on)
    told = (
        select(Deadline.project_id, ReportText.text, day, Project.reference, Deadline.id, literal(""), literal(0))
        .join(Report, Report.id == ReportText.report_id)
        .join(Deadline, Deadline.id == Report.deadline_id)
        .join(Project, Project.id == Deadline.project_id)
        .where(
            Deadline.project_id.in_(project_ids),
            Report.state.in_(TAKEN),
            ReportText.code == LESSONS,
            func.btrim(ReportText.text) != "",
        )
        .order_by(day.desc(), Deadline.id)
        .limit(limit)
    )
    both = union_all(select(recorded.subquery()), select(told.subquery())).subquery()
    rows = db.session.execute(
        select(both).order_by(both.c.rank.desc(), both.c.day.desc(), both.c.key.desc()).limit(limit)
    )
    return [
        Known(number, text, on, report_path(reference, key) if reference else lesson_path(key), title)
        for number, text, on, reference, key, title, _rank in rows
    ]
