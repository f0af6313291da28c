"""Migrations with data in the tables: what stood there before stands there afterwards, in its new place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from prima.db import db
from tests.conftest import make_app

BEFORE = """
insert into country (code, name, position, retired, iso2, fund_line_2_eligible, sort_key)
    values ('KEN', 'Kenya', 1, false, 'KE', 'yes', 'kenya');
insert into area_of_work (code, name, position, retired, funding_column) values ('LHD', 'Labour', 1, false, '');
insert into activity_type (code, name, position, retired) values ('TRN', 'Training', 1, false);
insert into office (code, name, sort_key, kind, country_code, time_zone, retired)
    values ('KEN', 'Kenya', 'kenya', 'country', 'KEN', 'Africa/Nairobi', false);
insert into handbook_edition (code, title, valid_from, checksum, published_at, content, journal_count, journal_head)
    values ('e', 'Edition', '2014-01-01', 'x', now(), '{}', 0, '');
insert into project (reference, status, status_since, edition_id, title, summary, office_id, funding, funding_year,
    agreement, executing_agency, partners, version, budget_usd, budget_version, focal_point, focal_point_contact,
    evaluation_agreed, as_imported, created_at, updated_at, journal_count, journal_head)
    select 'P-2016-0000' || number, 'DRAFT', now(), edition.id, 'Title', '', office.id, 'fund', 2016, '', 'IOM', told,
        1, 1234.56, 1, '', '', false, false, now(), now(), 0, ''
    from office, handbook_edition as edition,
        (values (1, ''), (2, 'Ministry of Labour'),
            (3, E'Ministry; Union of workers\n\n University ')) as p (number, told);
insert into coverage (project_id, country_code, position) select id, 'KEN', 0 from project;
insert into area_allocation (project_id, code, amount, share) select id, 'LHD', 1234.56, 100 from project;
insert into activity_allocation (project_id, code, amount) select id, 'TRN', 1234.56 from project;
"""


@pytest.fixture
def older(databases):
    """A database at the revision before the drafting desk, with three projects in it."""
    app = make_app(databases("prima_older"))
    with app.app_context():
        upgrade(revision="0002")
        db.session.execute(text(BEFORE))
        db.session.commit()
        yield app
        db.session.remove()
        db.engine.dispose()


def rows(statement: str) -> list[tuple]:
    found = [tuple(row) for row in db.session.execute(text(statement))]
    db.session.rollback()
    return found


def test_the_drafting_desk_keeps_budgets_allocations_and_partners(older):
    upgrade(revision="0003")
    amount = Decimal("1234.56")
    assert set(rows("select currency, budget, budget_usd, rate from project")) == {("USD", amount, amount, None)}
    for table in ("area_allocation", "activity_allocation"):
        assert set(rows(f"select amount, amount_usd from {table}")) == {(amount, amount)}
    assert rows("select requesting from coverage") == [(False,)] * 3
    assert rows(
        "select reference, partner.position, name, role from partner join project on project.id = project_id"
        " order by reference, partner.position"
    ) == [
        ("P-2016-00002", 1, "Ministry of Labour", ""),
        ("P-2016-00003", 1, "Ministry", ""),
        ("P-2016-00003", 2, "Union of workers", ""),
        ("P-2016-00003", 3, "University", ""),
    ]


def test_the_way_back_keeps_the_names_of_partners(older):
    upgrade(revision="0003")
    downgrade(revision="0002")
    assert rows("select partners from project order by reference") == [
        ("",),
        ("Ministry of Labour",),
        ("Ministry\nUnion of workers\nUniversity",),
    ]
