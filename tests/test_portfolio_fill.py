"""The large portfolio for measuring: exact numbers, sums to the cent, and the same rows every time."""

from __future__ import annotations

import pytest
from click.testing import Result
from sqlalchemy import select, text, update

from prima import searched
from prima.db import db
from prima.demonstration.portfolio import fill
from prima.demonstration.portfolio.full import TITLE
from prima.errors import Refused
from prima.lists import CuratedIndicator
from prima.projects import queries, rules
from prima.projects.models import Part, Project
from prima.projects.stages import Funding, Status
from prima.reporting.summary import verifying
from tests.factories import a_project

PROJECTS = 200
LINES, RISKS = 300, 12
"""Of the full proposal."""


def ask(question: str) -> list[tuple]:
    return [tuple(row) for row in db.session.execute(text(question))]


@pytest.fixture
def counts(app):
    return fill(db.session(), PROJECTS)


def test_the_numbers_grow_with_the_projects(counts):
    assert counts["project"] == PROJECTS
    assert counts["area_allocation"] + counts["activity_allocation"] == 7 * PROJECTS
    assert counts["deadline"] == 10 * PROJECTS
    assert counts["budget_line"] == 10 * (PROJECTS - 1) + LINES
    assert counts["risk"] == 2 * (PROJECTS - 1) + RISKS
    for table, number in counts.items():
        assert ask(f"select count(*) from {table} where {OURS.get(table, 'true')}") == [(number,)]


OURS = {
    "user_account": "email like '%@portfolio.example'",
    "role_grant": "user_id in (select id from user_account where email like '%@portfolio.example')",
    "donor": "code like 'PORT-%'",
}


def test_lines_and_allocations_add_up_to_the_budget(counts):
    for table in ("budget_line", "area_allocation", "activity_allocation", "country_allocation"):
        wrong = (
            f"select id from project p where budget_usd <> (select sum(amount) from {table} where project_id = p.id)"
        )
        assert ask(wrong) == []
    assert ask("select id from budget_line where amount <> quantity * units * unit_cost") == []


def test_it_is_found_by_its_words(counts):
    for table in searched.tables():
        assert sum(searched.rebuild(db.session(), table)) == 0, table


def test_exactly_the_regional_projects_are_allocated_by_country(counts):
    covered = "select project_id, country_code from coverage where project_id in"
    regional = "select project_id from coverage group by 1 having count(*) > 1"
    there = ask("select project_id, code from country_allocation order by 1, 2")
    assert there and there == ask(f"{covered} ({regional}) order by 1, 2")
    assert ask("select count(*) from allocation_basis where dimension = 'country'") == ask(
        f"select count(*) from ({regional}) r"
    )


def test_every_project_has_a_small_matrix_with_its_workplan(counts):
    shapes = (
        "select objective, outcome, output, activity, count(*) from (select project_id,"
        " count(*) filter (where level = 'objective') objective, count(*) filter (where level = 'outcome') outcome,"
        " count(*) filter (where level = 'output') output, count(*) filter (where level = 'activity') activity"
        " from result group by 1) s group by 1, 2, 3, 4 order by 5"
    )
    assert ask(shapes) == [(1, 4, 16, 64, 1), (1, 1, 2, 3, PROJECTS - 1)]
    order = "case level when 'outcome' then 'objective' when 'output' then 'outcome' when 'activity' then 'output' end"
    assert (
        ask(
            f"select r.id from (select *, {order} above from result) r left join result u on u.id = r.parent_id"
            " where r.parent_id is not null and (u.project_id <> r.project_id or u.level <> r.above)"
        )
        == []
    )
    assert (
        ask(
            "select r.id from result r left join activity_plan a on a.result_id = r.id"
            " where (r.level = 'activity') <> (a.result_id is not null) or a.project_id <> r.project_id"
        )
        == []
    )
    assert (
        ask(
            "select a.result_id from activity_plan a join project p on p.id = a.project_id,"
            " jsonb_array_elements(a.months) m where m::int not between 1 and p.duration_months"
        )
        == []
    )
    assert ask("select count(*) from activity_plan where jsonb_array_length(months) = 0 or responsible = ''") == [(0,)]


def test_indicators_and_lines_belong_to_the_matrix_of_their_project(counts):
    assert (
        ask(
            "select i.id from indicator i join result r on r.id = i.result_id"
            " where r.project_id <> i.project_id or r.level = 'activity' or i.baseline = i.target"
            " or i.baseline <> i.baseline_value::int::text or i.target <> i.target_value::int::text"
        )
        == []
    )
    assert (
        ask(
            "select l.id from budget_line l left join result r on r.id = l.result_id"
            " where r.id is null or r.project_id <> l.project_id or r.level not in ('output', 'activity')"
        )
        == []
    )
    assert (
        ask(
            "select i.id from indicator i join indicator_split s on s.indicator_id = i.id"
            " group by i.id, i.target_value having sum(s.target) <> i.target_value"
        )
        == []
    )


def test_one_draft_is_a_full_proposal_that_lacks_only_its_letters(counts):
    found = db.session.scalars(select(Project).where(Project.title == TITLE)).one()
    project = queries.proposal(found.reference)
    assert project.status is Status.DRAFT and project.funding is Funding.FUND
    busiest = "select office_id from project where office_id in (select office_id from project where status = 'DRAFT'"
    assert ask(f"{busiest} and funding = 'fund') group by 1 order by count(*) desc limit 1") == [(project.office_id,)]
    limits = {one.code: one.words for one in project.edition.handbook.sections_for("fund") if one.kind == "text"}
    assert {one.code: rules.count_words(one.text) for one in project.sections} == limits
    assert (len(project.lines), len(project.risks), len(project.indicators)) == (LINES, RISKS, 42)
    assert [str(need.at) for need in rules.to_submit(project) if need.severity == "block"] == ["documents.index"]
    assert [user.email for user in project.people(Part.DEVELOPER)] == [
        f"pdev1.{project.office.code}@portfolio.example".lower()
    ]


def test_some_indicators_come_from_the_library_where_there_is_one(app):
    db.session.execute(update(CuratedIndicator).values(retired=True))
    shelf = CuratedIndicator(
        code="LIB-1", name="Officials trained", level="output", measure="number", unit="officials",
        source="Attendance lists", aggregation="sum", by_sex=True, by_age=False,
    )  # fmt: skip
    db.session.add(shelf)
    db.session.flush()
    fill(db.session(), 9)
    taken = "select project_id, text, unit from indicator where library_code = 'LIB-1'"
    assert ask(taken) == [(number, "Officials trained", "officials") for number in (3, 3, 6, 6, 9, 9)]


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
    "select id, project_id, parent_id, level, position, text from result order by id",
    "select id, result_id, text, target from indicator order by id",
    "select result_id, responsible, months from activity_plan order by 1",
    "select project_id, position, factor, due_on from risk order by 1, 2",
    "select project_id, code, text from section order by 1, 2",
    "select round_id, role, verdict, due_on, decided_at from clearance order by 1, 2",
)


def test_what_triggers_keep_is_there(counts):
    assert list(verifying.differences()) == []
    assert ask("select count(*) > 0 from portfolio_sum") == ask("select count(*) > 0 from area_by_country") == [(True,)]
    for table in ("step", "report"):
        columns = "project_id, id, days" if table == "step" else "id, project_id, handed_in_on"
        kept_in = "step" if table == "step" else "deadline"
        before = ask(f"select {columns} from {kept_in} order by 1, 2")
        forgotten = "days" if table == "step" else "handed_in_on"
        db.session.execute(text(f"update {kept_in} set {forgotten} = null"))
        # Leave and come back: the triggers look at what was touched.
        touched = "at = at + interval '1 day'" if table == "step" else "first_submitted_on = first_submitted_on + 1"
        db.session.execute(text(f"update {table} set {touched}"))
        db.session.execute(text(f"update {table} set {touched.replace('+', '-')}"))
        assert ask(f"select {columns} from {kept_in} order by 1, 2") == before
        assert any(row[-1] is not None for row in before)


def test_keys_indexes_and_triggers_are_put_back(app):
    definitions = (
        "select conname, pg_get_constraintdef(oid), convalidated from pg_constraint order by 1, 2",
        "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
        "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2",
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
