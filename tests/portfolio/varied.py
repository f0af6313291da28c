"""A random portfolio in which everything differs: places, states, shares, what was spent, reached and is late."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from prima.db import db
from prima.lists import CrossCuttingTheme
from prima.projects.models import (
    ActivityAllocation,
    AreaAllocation,
    Beneficiaries,
    BudgetLine,
    Counted,
    CountryAllocation,
    Extension,
    GovernanceMark,
    Project,
    Reach,
    SdgMark,
    ThemeMark,
)
from prima.reporting.calendar import ReportState
from prima.reporting.models import Expense, ExpenseKind, Reached, Report, SpendingImport
from tests.factories import a_deadline, a_project, a_user

STATUSES = ("DRAFT", "REVIEW", "ENDORSED", "APPROVED", "ACTIVE", "ACTIVE", "SUSPENDED", "OP_CLOSED", "CANCELLED")
OFFICES = ("KEN", "SEN", "COL", "HQ", "RO-NBO")
COUNTRIES = ("KEN", "UGA", "SEN", "COL")
AREAS, ACTIVITIES = ("LHD", "MHD", "IBM", "EPC"), ("TRN", "AWR", "RES")


def cents(dice: Random, most: int = 9_000_000) -> Decimal:
    return Decimal(dice.randint(1, most)).scaleb(-2)


def a_varied_portfolio(dice: Random, number: int = 30) -> list[Project]:
    """Roles see different parts of it: some is in draft, and no two projects are alike."""
    source = SpendingImport(file_name="finance.xlsx", sha256="0" * 64, rows=1, by_id=a_user().id)
    db.session.add(source)
    db.session.flush()
    made = [_a_project(dice, source) for _ in range(number)]
    db.session.commit()
    return made


def _a_project(dice: Random, source: SpendingImport) -> Project:
    funding = dice.choice(("fund", "donor"))
    start = date(2014, dice.randint(1, 12), dice.randint(1, 28))
    end = start + timedelta(dice.randint(200, 900))
    euro = funding == "donor" and dice.random() < 0.5
    covered = tuple(dice.sample(COUNTRIES, dice.randint(0, 3)))
    project = a_project(
        office_code=dice.choice(OFFICES),
        countries=covered,
        funding=funding,
        status=dice.choice(STATUSES),
        year=dice.choice((2014, 2015, 2016)),
        starts_on=start,
        ends_on=end,
        gender_marker_code=dice.choice((None, "1", "2a")),
        project_type_code=dice.choice((None, "LM", "CT")),
        **({"currency": "EUR", "rate": Decimal("1.23456789"), "rate_from": start} if euro else {}),
    )
    budget = Decimal(0) if dice.random() < 0.1 else cents(dice)
    project.total(budget)
    _allocate(dice, project, covered)
    for model, codes in (
        (SdgMark, ("10.7", "8.8", "16.2")),
        (GovernanceMark, ("P1", "P2", "O1", "O3")),
        (ThemeMark, tuple(db.session.scalars(select(CrossCuttingTheme.code).order_by(CrossCuttingTheme.code)))),
    ):
        for code in dice.sample(codes, dice.randint(0, 2)):
            db.session.add(model(project_id=project.id, code=code))
    for _ in range(dice.randint(0, 2)):
        new = end + timedelta(dice.randint(1, 300))
        db.session.add(
            Extension(project_id=project.id, old_end=end, new_end=new, reason="=Delays at the port", decided_on=end)
        )
        end = new
    _spend(dice, project, source)
    _reach(dice, project)
    for _ in range(dice.randint(0, 2)):
        a_deadline(project, dice.choice(("FIN_N", "RMF", "WPL")), date(2016, 10, 1) - timedelta(dice.randint(-60, 500)),
                   ad_hoc=True)  # fmt: skip
    db.session.flush()
    return project


def _allocate(dice: Random, project: Project, covered: tuple[str, ...]) -> None:
    """Now and then less or more than the budget is allocated, or nothing at all."""
    budget = project.budget_usd
    for model, codes in ((AreaAllocation, AREAS), (ActivityAllocation, ACTIVITIES)):
        left = budget * dice.choice((0, 1, 1, 1, Decimal("0.5"), Decimal("1.5")))
        if not budget and dice.random() < 0.5:
            left = Decimal(100)
        _divide(dice, project, model, dice.sample(codes, dice.randint(1, len(codes))), left)
    if len(covered) > 1 and dice.random() < 0.6:
        _divide(dice, project, CountryAllocation, covered, budget)


def _divide(dice: Random, project: Project, model, codes, left: Decimal) -> None:
    for place, code in enumerate(codes, 1):
        part = left if place == len(codes) else (left * dice.randint(0, 100) / 100)
        part = part.quantize(Decimal("0.01"), "ROUND_DOWN")
        left -= part
        if part:
            db.session.add(model(project_id=project.id, code=code, amount=part, amount_usd=part))


def _spend(dice: Random, project: Project, source: SpendingImport) -> None:
    for position in range(1, dice.randint(1, 3)):
        line = BudgetLine(
            project_id=project.id, position=position, category_code="OPER.TRAIN", description="Course",
            unit_cost=Decimal(1), amount=Decimal(1),
        )  # fmt: skip
        db.session.add(line)
        db.session.flush()
        for kind, superseded in ((ExpenseKind.EXPENDITURE, None), (ExpenseKind.COMMITMENT, None),
                                 (ExpenseKind.EXPENDITURE, source.id)):  # fmt: skip
            amount = cents(dice)
            db.session.add(
                Expense(
                    project_id=project.id, line_id=line.id, import_id=source.id, superseded_id=superseded,
                    on_day=date(2016, 1, 1), kind=kind, currency=project.currency, stated=amount, amount=amount,
                )
            )  # fmt: skip


def _reach(dice: Random, project: Project) -> None:
    groups = []
    for code in dice.sample(("GOV", "INS", "MIG"), dice.randint(0, 3)):
        counted = dice.choice((None, Counted.PEOPLE, Counted.PEOPLE, Counted.SERVICES))
        group = Beneficiaries(
            project_id=project.id, type_code=code, reach=dice.choice(list(Reach)), planned=dice.randint(1, 900),
            counted=counted, repeated=None if counted is None else dice.random() < 0.3,
        )  # fmt: skip
        db.session.add(group)
        groups.append(group)
    db.session.flush()
    for month, kind in ((1, "INT_N"), (3, "FIN_N"), (5, "INT_N"), (7, "INT_N")):
        if dice.random() < 0.6:
            state = dice.choice((ReportState.DRAFT, ReportState.SUBMITTED, ReportState.ACCEPTED))
            deadline = a_deadline(project, kind, date(2016, month, 12), is_open=state is ReportState.DRAFT)
            report = Report(deadline_id=deadline.id, state=state)
            db.session.add(report)
            db.session.flush()
            for group in groups:
                if dice.random() < 0.8:
                    db.session.add(Reached(report_id=report.id, beneficiaries_id=group.id, number=dice.randint(0, 400)))
