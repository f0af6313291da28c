"""The published figures of 2016, imported, and a way to make a report overdue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.projects.models import Project
from prima.projects.operations.importing import import_portfolio
from prima.reference import reader
from prima.reporting.models import Deadline
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY, make_app, watch

FILE = "funding_requirements_2016.csv"


@pytest.fixture(scope="session")
def app_of_2016(databases: Callable[..., str], template_url: str) -> Iterator[Flask]:
    """An application whose database holds the figures of 2016, once for all tests that read them."""
    made = make_app(databases("prima_2016", template=make_url(template_url).database))
    clock.fix(TODAY)
    with made.app_context():
        import_portfolio(db.session(), (reader.FOLDER / FILE).read_bytes(), 2016, actor=None)
        db.session.commit()
        db.session.remove()
        watch(made, db.engine)
    clock.fix(None)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def imported(app: Flask) -> Flask:
    """Of those who name it, the database is that of `app_of_2016`."""
    return app


@pytest.fixture(scope="session")
def source() -> dict[str, list[Decimal]]:
    """The sums of the file by region, "All" for the whole of it: seven areas and the total."""
    columns = [line["funding_column"] for line in reader.rows("areas_of_work.csv")]
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 8)
    for line in reader.rows(FILE):
        amounts = [Decimal(line[column]) for column in [*columns, "stated_total"]]
        for name in (line["region"], "All"):
            sums[name] = [one + more for one, more in zip(sums[name], amounts, strict=True)]
    return dict(sums)


@pytest.fixture
def seen_by(app: Flask) -> Callable[[User], User]:
    """A person as the sign-in loads them, with grants and delegations."""

    def load(user: User) -> User:
        query = select(User).where(User.id == user.id).options(*with_rights())
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    return load


@pytest.fixture
def overdue(app: Flask) -> Callable[..., Deadline]:
    def make(project: Project, due_on: date = date(2016, 9, 1), kind: str = "FIN_N", **more: object) -> Deadline:
        deadline = Deadline(project_id=project.id, kind=kind, due_on=due_on, first_due_on=due_on, **more)
        db.session.add(deadline)
        db.session.flush()
        return deadline

    return make
