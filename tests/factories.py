"""People and projects for tests: each factory takes only what the test is about and flushes what it made."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import insert, select

from prima import clock
from prima.db import Model, db
from prima.handbook import published
from prima.places import Office, OfficeKind
from prima.projects.models import (
    ActivityAllocation,
    ActivityPlan,
    AllocationBasis,
    AreaAllocation,
    Basis,
    Beneficiaries,
    BudgetLine,
    Counted,
    CountryAllocation,
    Coverage,
    Dimension,
    Document,
    GovernanceMark,
    Indicator,
    Level,
    Measure,
    Part,
    Party,
    Project,
    Reach,
    Result,
    Risk,
    SdgMark,
    Section,
    Step,
)
from prima.projects.stages import Funding, Status
from prima.reporting.models import Deadline
from prima.sessions import HASHER
from prima.users import CONFIRMED_BY_ANOTHER, Grant, Role, Scope, User, folded

PASSWORD = "correct horse battery"
PASSWORD_HASH = HASHER.hash(PASSWORD)
_numbers = count(1)


def office(code: str = "KEN") -> Office:
    """A country office by ISO3 code, a Regional Office as RO-NBO, or HQ."""
    return db.session.scalars(select(Office).where(Office.code == code)).one()


def office_of(project: Project) -> Office:
    return db.session.get_one(Office, project.office_id)


def a_user(
    role: Role | str | None = None,
    at: str | None = None,
    *,
    name: str | None = None,
    staff: bool = True,
    confirmed: bool = True,
    **more: Any,
) -> User:
    """A person, with one role if given; `at` is an office code (KEN), a region (NBO), or None for the organization."""
    number = next(_numbers)
    name = name or f"Person {number}"
    user = User(
        email=f"person{number}@prima.example",
        name=name,
        sort_key=folded(name),
        password_hash=PASSWORD_HASH,
        staff=staff,
        **more,
    )
    db.session.add(user)
    db.session.flush()
    if role:
        put(Grant, given(user, role, at, confirmed=confirmed))
        db.session.expire(user)
    return user


def grant(
    user: User, role: Role | str, at: str | None = None, *, confirmed: bool = True, areas: tuple[str, ...] = ()
) -> Grant:
    """Give a role as two administrators would have; `areas` make a thematic specialist of these areas of work."""
    made = Grant(**given(user, role, at, confirmed=confirmed), areas=list(areas))
    db.session.add(made)
    db.session.flush()
    db.session.expire(user)
    return made


def given(user: User, role: Role | str, at: str | None, *, confirmed: bool) -> dict[str, Any]:
    """The columns of a grant but for its areas of work."""
    role = Role(role)
    place = at and db.session.scalar(select(Office.id).where(Office.code == at))
    return {
        "user_id": user.id,
        "role": role,
        "scope": Scope.OFFICE if place else Scope.REGION if at else Scope.ORGANIZATION,
        "office_id": place or None,
        "region_code": None if place else at,
        "confirmed_at": clock.now() if confirmed and role in CONFIRMED_BY_ANOTHER else None,
    }


def put(table: type[Model], *rows: dict[str, Any]) -> None:
    """Store rows that no test holds in hand, beside the session: several times as fast as through it."""
    if rows:
        db.session.connection().execute(insert(table.__table__), rows)


def a_project(
    *,
    developer: User | None = None,
    manager: User | None = None,
    alternate: User | None = None,
    office_code: str = "KEN",
    countries: tuple[str, ...] | None = None,
    funding: Funding | str = Funding.FUND,
    status: Status | str = Status.DRAFT,
    budget: int | str | Decimal = 0,
    title: str | None = None,
    year: int = 2016,
    complete: bool = False,
    starts_on: date | None = None,
    ends_on: date | None = None,
    **more: Any,
) -> Project:
    """A project as the operations would have left it. `complete`: all that submitting needs under no condition."""
    number = next(_numbers)
    place = office(office_code)
    funding = Funding(funding)
    countries = countries if countries is not None else ((place.country_code,) if place.country_code else ())
    project = Project(
        reference=f"P-{year}-{90000 + number:05d}",
        title=title or f"Project {number}",
        summary=more.pop("summary", "What it is about."),
        status=Status(status),
        edition_id=published.newest(db.session).id,
        project_type_code=more.pop("project_type_code", "LM"),
        office_id=place.id,
        funding=funding,
        funding_year=year,
        donor_code=more.pop("donor_code", "NOT_STATED" if funding is Funding.DONOR else None),
        starts_on=starts_on,
        ends_on=ends_on,
        first_ends_on=ends_on,
        **more,
    )
    db.session.add(project)
    db.session.flush()
    of = {"project_id": project.id}
    put(Coverage, *({**of, "country_code": code, "position": place} for place, code in enumerate(countries)))
    team = ((developer, Part.DEVELOPER), (manager, Part.MANAGER), (alternate, Part.ALTERNATE))
    put(Party, *({**of, "user_id": user.id, "part": part} for user, part in team if user is not None))
    put(Step, {**of, "move": "create", "source": None, "target": Status.CONCEPT})
    if complete:
        complete_proposal(project, budget or 100_000, letters=countries)
    elif budget:
        a_budget(project, budget)
    db.session.flush()
    db.session.expire(project)
    return project


def a_budget(
    project: Project, total: int | str | Decimal, *, result: Result | None = None, countries: tuple[str, ...] = ()
) -> None:
    """Lines that keep the Fund's shares (20 % staff, 5 % evaluation), allocated to one area and one activity type.

    `result` is the output that they pay for; the first of the countries gets everything.
    """
    total = Decimal(total)
    staff, evaluation = (total * 20 / 100).quantize(Decimal("0.01")), (total * 5 / 100).quantize(Decimal("0.01"))
    parts = (("STAFF.NAT", staff), ("OPER.EVAL", evaluation), ("OPER.TRAIN", total - staff - evaluation))
    of = {"project_id": project.id}
    lines = (
        {
            **of,
            "position": position,
            "category_code": category,
            "description": f"Line {position}",
            "unit": "lump sum",
            "unit_cost": amount,
            "amount": amount,
            "result_id": result.id if result else None,
        }
        for position, (category, amount) in enumerate(parts, 1)
    )
    put(BudgetLine, *lines)
    project.total(total)
    put(AreaAllocation, {**of, "code": "LHD", "amount": total})
    put(ActivityAllocation, {**of, "code": "TRN", "amount": total})
    put(CountryAllocation, *({**of, "code": code, "amount": total} for code in countries[:1]))
    allocated = (Dimension.AREA, Dimension.ACTIVITY, *([Dimension.COUNTRY] if countries else []))
    put(AllocationBasis, *({**of, "dimension": dimension, "basis": Basis.AMOUNT} for dimension in allocated))


def complete_proposal(project: Project, budget: int | str | Decimal, letters: tuple[str, ...]) -> None:
    edition = published.newest(db.session).handbook
    for section in edition.sections:
        if section.kind == "text" and project.funding in section.applies_to and section.needed_when is None:
            db.session.add(Section(project_id=project.id, code=section.code, text=f"Text of {section.title}."))
    project.duration_months = 18
    project.executing_agency = "IOM"
    project.gender_marker_code = "2a"
    if project.funding is Funding.FUND:
        project.fund_line_code = "L1"
        project.focus_area_code = "LAB"
    matrix = a_matrix(project)
    a_classification(project)
    a_risk(project)
    put(Beneficiaries, {"project_id": project.id, "type_code": "MIG", "reach": Reach.DIRECT, "planned": 500})
    output = next(row for row in matrix if row.level is Level.OUTPUT)
    is_regional = len(letters) > 1 or office_of(project).kind is OfficeKind.REGIONAL
    a_budget(project, budget, result=output, countries=letters if is_regional else ())
    filer = a_user()
    filed = (
        {
            "project_id": project.id,
            "type_code": "LTR" if version == 1 else "LSUP",
            "version": version,
            "title": "Request letter",
            "country_code": country,
            "file_name": "letter.pdf",
            "media_type": "application/pdf",
            "size": 1,
            "sha256": "0" * 64,
            "filed_by_id": filer.id,
        }
        for version, country in enumerate(letters, 1)
    )
    put(Document, *filed)


def a_matrix(project: Project, *, outputs: int = 1, activities: int = 1) -> list[Result]:
    """One outcome with outputs and activities, each with what the rules ask; the workplan goes with it."""
    rows = [_result(project, Level.OBJECTIVE, 1, "Migration is governed well."), _result(project, Level.OUTCOME, 1, "")]
    outcome = rows[1]
    outcome.text, outcome.assumption = "Institutions apply the new procedures.", "The law is passed."
    db.session.add_all(rows)
    db.session.flush()
    for number in range(1, outputs + 1):
        output = _result(project, Level.OUTPUT, number, f"Officials are trained in part {number}.", outcome.id)
        db.session.add(output)
        db.session.flush()
        rows.append(output)
        for place in range(1, activities + 1):
            activity = _result(project, Level.ACTIVITY, place, f"Hold course {place} of part {number}.", output.id)
            db.session.add(activity)
            db.session.flush()
            rows.append(activity)
            plan = {"project_id": project.id, "result_id": activity.id, "responsible": "IOM", "months": [1, 2, 3]}
            put(ActivityPlan, plan)
    for row in rows:
        if row.level is not Level.ACTIVITY:
            db.session.add(
                Indicator(
                    project_id=project.id,
                    result_id=row.id,
                    position=1,
                    text="Number of officials who apply the procedures",
                    measure=Measure.NUMBER,
                    unit="officials",
                    source="Attendance records",
                    baseline="0",
                    target="40",
                    baseline_value=Decimal(0),
                    target_value=Decimal(40),
                )
            )
    db.session.flush()
    return rows


def _result(project: Project, level: Level, position: int, text: str, parent_id: int | None = None) -> Result:
    return Result(
        project_id=project.id,
        parent_id=parent_id,
        level=level,
        position=position,
        text=text,
        assumption="" if level is Level.OBJECTIVE else "Counterparts take part.",
    )


def a_classification(project: Project) -> None:
    put(GovernanceMark, *({"project_id": project.id, "code": code} for code in ("P1", "O3")))
    put(SdgMark, {"project_id": project.id, "code": "10.7"})


def a_risk(project: Project) -> None:
    put(
        Risk,
        {
            "project_id": project.id,
            "position": 1,
            "factor": "Counterparts change.",
            "consequence_code": "C3",
            "likelihood_code": "L3",
            "timing": "First year",
            "treatment_code": "T2",
            "action": "Brief every newcomer.",
            "owner": "Project manager",
            "due_on": date(2017, 3, 1),
        },
    )


def a_deadline(project: Project, kind: str = "INT_N", due_on: date | None = None, **more: Any) -> Deadline:
    """Something due from a project; a report of a period of six months unless said otherwise."""
    due_on = due_on or clock.today()
    period = {"period_from": due_on - timedelta(days=222), "period_to": due_on - timedelta(days=42)}
    if kind in ("RMF", "WPL", "EXT_REQ", "EVA"):
        period = {}
    row = Deadline(project_id=project.id, kind=kind, due_on=due_on, first_due_on=due_on, **{**period, **more})
    db.session.add(row)
    db.session.flush()
    return row


def an_active_project(manager: User, alternate: User | None = None, **more: Any) -> Project:
    """A running project with a complete proposal, whose beneficiaries are counted as people, each once."""
    project = a_project(
        status=more.pop("status", Status.ACTIVE),
        complete=True,
        manager=manager,
        alternate=alternate,
        starts_on=more.pop("starts_on", date(2015, 10, 1)),
        ends_on=more.pop("ends_on", date(2017, 9, 30)),
        **more,
    )
    for group in db.session.scalars(select(Beneficiaries).where(Beneficiaries.project_id == project.id)):
        group.counted, group.repeated = Counted.PEOPLE, False
    db.session.flush()
    return project
