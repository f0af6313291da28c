"""The large portfolio for measuring: exact numbers, sums to the cent, and the same rows every time."""

from __future__ import annotations

import pytest
from click.testing import Result
from sqlalchemy import text

from prima.db import db
from prima.demonstration.portfolio import fill
from prima.errors import Refused
from prima.projects.stages import Funding, Status
from tests.factories import a_project

PROJECTS = 200


def ask(question: str) -> list[tuple]:
    return [tuple(row) for row in db.session.execute(text(question))]


@pytest.fixture
def counts(app):
    return fill(db.session(), PROJECTS)


def test_the_numbers_grow_with_the_projects(counts):
    assert counts["project"] == PROJECTS
    assert counts["area_allocation"] + counts["activity_allocation"] == 7 * PROJECTS
    assert counts["budget_line"] == counts["deadline"] == 10 * PROJECTS
    for table, number in counts.items():
        assert ask(f"select count(*) from {table} where {OURS.get(table, 'true')}") == [(number,)]


OURS = {
    "user_account": "email like '%@portfolio.example'",
    "role_grant": "user_id in (select id from user_account where email like '%@portfolio.example')",
    "donor": "code like 'PORT-%'",
}


def test_lines_and_allocations_add_up_to_the_budget(counts):
    for table in ("budget_line", "area_allocation", "activity_allocation"):
        wrong = (
            f"select id from project p where budget_usd <> (select sum(amount) from {table} where project_id = p.id)"
        )
        assert ask(wrong) == []
    assert ask("select id from budget_line where amount <> quantity * units * unit_cost") == []


def test_of_ten_deadlines_four_are_open_and_a_hundredth_is_due(counts):
    due = "count(*) filter (where is_open and due_on <= date '2016-10-31')"
    assert ask(f"select count(*) filter (where is_open), {due} from deadline") == [(4 * PROJECTS, PROJECTS // 10)]
    assert ask("select count(*) from deadline where is_open and (done_at is not null or fell_away_at is not null)") == [
        (0,)
    ]


def test_open_clearances_belong_to_proposals_in_review(counts):
    found = ask(
        "select p.status, count(*) from clearance c join round r on r.id = c.round_id"
        " join project p on p.id = r.project_id where c.verdict is null group by 1"
    )
    assert found == [("REVIEW", PROJECTS // 20)]


def test_a_report_is_handed_in_exactly_where_the_deadline_is_closed_by_it(counts):
    both = "select d.id from deadline d join report r on r.deadline_id = d.id"
    assert ask(f"{both} where d.is_open <> (r.state in ('draft', 'returned'))") == []
    assert ask("select id from report where (first_submitted_on is null) <> (state = 'draft')") == []


def test_every_status_and_both_kinds_of_funding_occur(counts):
    assert {status for (status,) in ask("select distinct status from project")} == set(Status)
    assert {funding for (funding,) in ask("select distinct funding from project")} == set(Funding)
    assert ask("select count(distinct office_id) > 50, count(distinct funding_year) > 4 from project") == [(True, True)]


def test_the_last_step_leads_to_the_status(counts):
    last = "select distinct on (project_id) project_id, target from step order by project_id, at desc, id desc"
    assert ask(f"select p.id from project p join ({last}) s on s.project_id = p.id where p.status <> s.target") == []


def test_twice_the_same(app):
    def filled() -> list[list[tuple]]:
        try:
            with db.session.begin_nested() as point:
                fill(db.session(), PROJECTS)
                found = [ask(question) for question in CONTENT]
                point.rollback()
        finally:
            db.session.expire_all()
        return found

    assert filled() == filled()


CONTENT = (
    "select to_jsonb(p) - 'office_id' - 'edition_id' from project p order by id",
    "select project_id, position, category_code, amount from budget_line order by 1, 2",
    "select project_id, code, amount from area_allocation order by 1, 2",
    "select project_id, code, amount from activity_allocation order by 1, 2",
    "select id, project_id, kind, due_on, is_open, done_at, fell_away_at from deadline order by id",
    "select deadline_id, state, state_since, first_submitted_on from report order by 1",
    "select project_id, move, target, at from step order by 1, at, 2",
    "select round_id, role, verdict, due_on, decided_at from clearance order by 1, 2",
)


def test_keys_and_indexes_are_put_back(app):
    definitions = (
        "select conname, pg_get_constraintdef(oid), convalidated from pg_constraint order by 1, 2",
        "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
    )
    before = [ask(question) for question in definitions]
    fill(db.session(), 20)
    assert [ask(question) for question in definitions] == before


def test_references_and_project_ids_go_on_where_the_portfolio_ends(counts):
    for name, last in ask("select name, last from counter"):
        year_or_prefix = name.split("-")[1]
        column, pattern = (
            ("reference", f"P-{year_or_prefix}-%") if name.startswith("P-") else ("code", f"{year_or_prefix}.%")
        )
        assert ask(f"select count(*) from project where {column} like '{pattern}'") == [(last,)]
    assert a_project().id > PROJECTS


def test_a_database_with_projects_is_refused(app):
    a_project()
    with pytest.raises(Refused, match="already holds projects"):
        fill(db.session(), 1)


@pytest.mark.parametrize("number", [1, 7, 33])
def test_small_numbers_keep_the_proportions(app, number):
    counts = fill(db.session(), number)
    assert (counts["project"], counts["budget_line"]) == (number, 10 * number)


def test_the_command_makes_a_portfolio_once(app):
    def typed() -> Result:
        return app.test_cli_runner().invoke(args=["demo", "--projects", "3"])

    first = typed()
    assert first.exit_code == 0
    assert "3  project\n" in first.output
    second = typed()
    assert second.exit_code == 1
    assert "already holds projects" in second.output


def test_a_production_makes_no_portfolio(app, monkeypatch):
    monkeypatch.setitem(app.config, "PRIMA_ENV", "production")
    refused = app.test_cli_runner().invoke(args=["demo", "--projects", "3"])
    assert refused.exit_code == 1
    assert ask("select count(*) from project") == [(0,)]
