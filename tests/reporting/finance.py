"""Spreadsheets of finance for tests, and projects that they can state."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
from sqlalchemy import select

from prima.db import db
from prima.projects.models import BudgetLine, Project
from prima.projects.operations import give_codes
from prima.projects.stages import Status
from prima.reporting import operations, statement
from prima.reporting.models import Expense
from prima.sessions import with_rights
from prima.users import User
from tests.factories import a_project, a_user

HEADINGS = ("Project ID", "Budget line code", "Date", "Currency", "Amount", "Commitment or expenditure")
DAY = date(2016, 3, 1)


def a_running_project(code: str = "LM.0276", **more) -> Project:
    """Active since October 2015, 100,000 USD: B001 staff 20,000, B002 evaluation 5,000, B003 trainings 75,000."""
    project = a_project(
        manager=more.pop("manager", None) or a_user("PM", "KEN"),
        code=code,
        status=more.pop("status", Status.ACTIVE),
        budget=100_000,
        starts_on=date(2015, 10, 1),
        ends_on=date(2017, 9, 30),
        **more,
    )
    db.session.refresh(project, ["lines"])
    give_codes(project)
    db.session.commit()
    return project


def a_row(project="LM.0276", line="B001", day=DAY, currency="USD", amount=100, kind="expenditure"):
    return [project, line, day, currency, amount, kind]


def a_workbook(*rows, headings=HEADINGS, title="Spending", change=None) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for values in (headings, *rows):
        book.active.append(list(values))
    if change:
        change(book.active)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def a_csv(*rows, headings=HEADINGS, encoding="utf-8") -> bytes:
    return "\n".join(";".join(map(str, row)) for row in (headings, *rows)).encode(encoding)


def prepared(data: bytes, *, actor=None, name="finance.xlsx", sha256="", lock=True):
    return operations.prepare(
        statement.read(data), actor=actor, file_name=name, sha256=sha256 or str(hash(data)), lock=lock
    )


def take_over(data: bytes, **more):
    return operations.take_over(prepared(data, **more), actor=more.get("actor"))


def signed_in(person: User) -> User:
    """The person with what their rights are asked of."""
    return db.session.scalars(select(User).where(User.id == person.id).options(*with_rights())).one()


def standing(project: Project) -> list[Expense]:
    asked = select(Expense).where(Expense.project_id == project.id, Expense.superseded_id.is_(None))
    return list(db.session.scalars(asked.order_by(Expense.id)))


def line_ids(project: Project) -> dict[str, int]:
    rows = db.session.execute(select(BudgetLine.code, BudgetLine.id).where(BudgetLine.project_id == project.id))
    return {row.code: row.id for row in rows}
