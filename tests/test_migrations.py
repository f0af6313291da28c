"""Migrations with data in the tables: what stood there before stands there afterwards, in its new place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from prima import searched
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


BEFORE_SEATS = """
insert into user_account (email, name, sort_key, password_hash, active, staff, demonstration, locale, created_at,
    journal_count, journal_head)
    values ('a@prima.example', 'Officer', 'officer', '', true, true, false, 'en', now(), 0, '');
insert into role_grant (user_id, role, scope, granted_at) select id, 'RPDO', 'organization', now() from user_account;
insert into round (project_id, number, submitted_at, submitted_by_id, snapshot, sha256)
    select project.id, 1, now(), user_account.id, '{}', 'x' from project, user_account where reference = 'P-2016-00001';
insert into clearance (round_id, role, required, opened_at, note, sections, version)
    select round.id, role, true, now(), role, '[]', 1 from round, (values ('RPDO'), ('LEG')) as r (role);
insert into answer (clearance_id, check_code, answer, note) select id, 'LETTER', 'yes', '' from clearance;
insert into comment (project_id, section_code, author_id, text, at)
    select project.id, 'BUD', user_account.id, 'Too much', '2016-09-01 10:00+00' from project, user_account
    where reference = 'P-2016-00001';
update project set asked_at_headquarters = '{LEG}' where reference = 'P-2016-00001';
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


@pytest.fixture
def under_review(older):
    """The same at the revision before the seats of reviewers, one of the projects under review."""
    upgrade(revision="0003")
    db.session.execute(text(BEFORE_SEATS))
    db.session.commit()
    return older


def test_a_clearance_takes_the_seat_of_its_role(under_review):
    upgrade(revision="0004")
    assert rows("select seat, reviewer, role, scope, place, areas, specialist from clearance order by id") == [
        ("RPDO", "RPDO", "RPDO", "region", None, [], False),
        ("LEG", "LEG", "LEG", "headquarters", None, [], False),
    ]
    assert rows("select asked_elsewhere from project order by reference") == [(["LEG"],), ([],), ([],)]
    assert rows("select areas from role_grant") == [([],)]
    assert rows("select published_at = at, needs_answer, answered_at, seat from comment") == [(True, False, None, "")]


def test_the_way_back_keeps_one_clearance_a_role(under_review):
    upgrade(revision="0004")
    db.session.execute(
        text(
            "insert into clearance (round_id, seat, reviewer, role, required, opened_at, note, sections, version)"
            " select round_id, 'RPDO-BRU', 'RPDO-BRU', role, true, now(), 'Brussels', '[]', 1 from clearance"
            " where role = 'RPDO'"
        )
    )
    db.session.commit()
    downgrade(revision="0003")
    assert rows("select role, note from clearance order by id") == [("RPDO", "RPDO"), ("LEG", "LEG")]
    assert rows("select count(*) from answer") == [(2,)]
    assert rows("select asked_at_headquarters from project order by reference") == [(["LEG"],), ([],), ([],)]


RUNNING = """
insert into budget_category (code, name, position, retired, counts_towards_30pct)
    values ('STAFF', 'Staff', 1, false, true);
insert into budget_line (project_id, position, category_code, description, unit, quantity, units, unit_cost, amount,
    version)
    select project.id, number, 'STAFF', 'Line ' || number, '', 1, 1, 10, 10, 1
    from project, generate_series(1, 3) as number;
update project set code = 'LM.0001', status = 'ACTIVE', starts_on = '2016-01-01', ends_on = '2016-12-31'
    where reference = 'P-2016-00001';
insert into deadline (project_id, kind, due_on, first_due_on, why, ad_hoc, is_open)
    select id, 'FIN_F', '2017-03-31', '2017-03-31', '', false, true from project where code = 'LM.0001';
insert into report (deadline_id, state, state_since, reason, version, saved_at)
    select id, 'draft', now(), '', 1, now() from deadline;
insert into spending (report_id, category_code, spent, committed) select id, 'STAFF', 12.34, 1 from report;
"""


@pytest.fixture
def running(under_review):
    """The same at the revision before running a project, one of the projects active with a report begun."""
    upgrade(revision="0004")
    db.session.execute(text(RUNNING))
    db.session.commit()
    return under_review


def test_lines_of_projects_with_an_id_get_codes_and_figures_of_categories_stay(running):
    upgrade(revision="0005")
    assert rows("select reference, array_agg(line.code order by line.position) from budget_line as line"
                " join project on project.id = project_id group by reference order by reference") == [
        ("P-2016-00001", ["B001", "B002", "B003"]),
        ("P-2016-00002", [None, None, None]),
        ("P-2016-00003", [None, None, None]),
    ]  # fmt: skip
    assert rows("select category_code, line_id, spent, committed from spending") == [
        ("STAFF", None, Decimal("12.34"), Decimal("1.00"))
    ]
    assert rows("select name from deadline") == [("",)]


def test_the_way_back_sums_the_figures_of_lines_by_category(running):
    upgrade(revision="0005")
    db.session.execute(
        text(
            "insert into spending (report_id, category_code, line_id, spent, committed)"
            " select report.id, 'STAFF', line.id, 1.01, 0 from report, budget_line as line where line.code is not null"
        )
    )
    db.session.commit()
    downgrade(revision="0004")
    assert rows("select category_code, spent, committed from spending") == [
        ("STAFF", Decimal("15.37"), Decimal("1.00"))
    ]


def test_calendars_come_and_go_and_leave_people_as_they_are(running):
    letter = (
        "insert into letter (cause, kind, recipient, user_id, subject, body, path, state, queued_at, next_try_at,"
        " tries, problem) select 'a', 'b', email, id, '', '', '', 'sent', now(), now(), 1, '' from user_account"
    )
    db.session.execute(text(letter))
    db.session.commit()
    upgrade(revision="0007")
    assert rows("select read_at = queued_at from letter") == [(True,)]  # came by mail, before one could read it here
    insert = (
        "insert into calendar_address (user_id, scope, project_id, region_code, token_hash, made_at)"
        " select id, '{}', {}, {}, '{}', now() from user_account limit 1"
    )
    project = "(select id from project where code = 'LM.0001')"
    db.session.execute(text(insert.format("person", "null", "null", "a")))
    db.session.execute(text(insert.format("project", project, "null", "b")))
    db.session.commit()
    for wrong in (("project", "null", "null", "c"), ("person", project, "null", "d"), ("region", "null", "null", "e")):
        with pytest.raises(IntegrityError):
            db.session.execute(text(insert.format(*wrong)))
        db.session.rollback()
    assert rows("select scope, revoked_at from calendar_address order by id") == [("person", None), ("project", None)]
    downgrade(revision="0005")
    assert rows("select to_regclass('calendar_address')") == [(None,)]
    assert rows("select count(*) from user_account") == [(1,)]


FORGETTING = """
insert into letter (cause, kind, recipient, subject, body, path, state, queued_at, next_try_at, tries, problem)
    values ('deadline:1', 'remind:day', 'a@prima.example', 'S', 'B', '', 'waiting', now(), now(), 0, '');
insert into job_run (name, started_at, finished_at, problem)
    values ('remind', '2016-09-01 10:00+00', '2016-09-01 10:01+00', ''),
        ('send mail', '2016-09-01 10:00+00', '2016-09-01 10:01+00', 'no server');
"""


def test_jobs_and_letters_stay_and_say_more_there_and_back(older):
    upgrade(revision="0005")
    db.session.execute(text(FORGETTING))
    db.session.commit()
    upgrade(revision="0006")
    assert rows("select name, result, took_ms, succeeded_at = finished_at, next_at from job_run order by name") == [
        ("remind", "", None, True, None),
        ("send mail", "", None, None, None),
    ]
    db.session.execute(text("insert into refused_address values ('a@prima.example', now(), now(), '550 No')"))
    replaced = FORGETTING.split("insert into job_run")[0].replace("waiting", "replaced").replace("day", "before-3")
    db.session.execute(text(replaced))
    db.session.commit()
    downgrade(revision="0005")
    assert rows("select state from letter") == [("waiting",)]
    assert rows("select name, problem from job_run order by name") == [("remind", ""), ("send mail", "no server")]


REMINDED = """
insert into user_account (email, name, sort_key, password_hash, active, staff, demonstration, locale, created_at,
    journal_count, journal_head)
    values ('a@prima.example', 'Manager', 'manager', '', true, true, false, 'en', now(), 0, '');
insert into deadline (project_id, kind, due_on, first_due_on, why, ad_hoc, name, is_open)
    select project.id, kind, '2016-10-01', '2016-10-01', '', false, '', true
    from project, (values ('INT_N'), ('EVA'), ('EXT_REQ')) as k (kind) where reference = 'P-2016-00001';
insert into milestone (project_id, name, planned_on, evidence, version)
    select id, 'Study', '2016-10-01', '', 1 from project where reference = 'P-2016-00002';
insert into letter (cause, kind, due_on, recipient, subject, body, path, state, queued_at, next_try_at, tries, problem)
    select cause, kind, '2016-10-01', 'a@prima.example', '', '', '', 'sent', now(), now(), 1, ''
    from (
        select 'deadline:' || id, 'remind:after-7' from deadline
        union all select 'milestone:' || id, 'remind:day' from milestone
        union all select 'deadline:999999', 'remind:day'
        union all select 'deadline:1', 'moved'
        union all select 'step:1', 'desk'
    ) as l (cause, kind);
"""


def test_reminders_written_before_are_known_by_their_cause(older):
    upgrade(revision="0007")
    db.session.execute(text(REMINDED))
    db.session.commit()
    upgrade(revision="0009")
    assert rows(
        "select reference, about, step, reason from reminder join project on project.id = project_id order by 1, 2"
    ) == [
        ("P-2016-00001", "evaluation", "after-7", None),
        ("P-2016-00001", "extension", "after-7", None),
        ("P-2016-00001", "report", "after-7", None),
        ("P-2016-00002", "milestone", "day", None),
    ]
    downgrade(revision="0007")
    assert rows("select count(*) from letter") == [(7,)]


def test_the_projects_that_are_there_are_divided_between_two_codes(running):
    upgrade(revision="0019")
    db.session.execute(text("delete from activity_allocation"))
    db.session.execute(
        text("update area_allocation set amount_usd = 1000 where project_id = (select min(id) from project)")
    )
    db.session.commit()
    upgrade(revision="0020")
    there = Decimal("1234.56")
    asked = "select area, activity, sum(amount), count(*) from area_by_activity group by 1, 2 order by 1, 2"
    assert rows(asked) == [("LHD", "none", 1000 + 2 * there, 3), ("none", "none", there - 1000, 1)]
    assert rows("select count(distinct country), sum(amount) from activity_by_country") == [(1, 3 * there)]
    db.session.execute(text("update area_allocation set amount_usd = 2000 where amount_usd = 1000"))
    db.session.commit()
    assert rows(asked) == [("LHD", "none", 2000 + 2 * there, 3), ("over", "none", there - 2000, 1)]
    downgrade(revision="0019")
    assert rows("select to_regclass('area_by_activity')") == [(None,)]
    db.session.execute(text("update area_allocation set amount_usd = 1"))
    db.session.commit()


def test_the_titles_that_are_there_are_sorted_and_what_has_no_marks_is_known(running):
    upgrade(revision="0020")
    for statement in (
        "update project set title = 'Écoles ' || repeat('x', 200) where reference = 'P-2016-00001'",
        "insert into sdg_target (code, name, position, retired, goal) values ('8.8', 'Rights', 1, false, 8)",
        "insert into sdg_mark (project_id, code) select id, '8.8' from project where reference <> 'P-2016-00003'",
    ):
        db.session.execute(text(statement))
    db.session.commit()
    upgrade(revision="0021")
    assert rows("select title_key from project order by title_key") == [
        ("ecoles " + "x" * 93,), ("title",), ("title",),
    ]  # fmt: skip
    unmarked = "select kind, count(*) from unmarked group by 1 order by 1"
    assert rows(unmarked) == [("migof", 3), ("sdg", 1), ("theme", 3)]
    db.session.execute(text("delete from sdg_mark"))
    db.session.execute(text("update project set title = 'Another' where reference = 'P-2016-00001'"))
    db.session.commit()
    assert rows(unmarked) == [("migof", 3), ("sdg", 3), ("theme", 3)]
    assert rows("select min(title_key) from project") == [("another",)]
    downgrade(revision="0020")
    assert rows("select to_regclass('unmarked')") == [(None,)]
    db.session.execute(text("insert into sdg_mark (project_id, code) select id, '8.8' from project"))
    db.session.commit()


def test_the_projects_that_are_there_are_summed_and_their_changes_noted(running):
    upgrade(revision="0007")
    place = "(select id from office where code = 'KEN')"
    for statement in (
        "insert into regional_office (code, name, position, retired, region, city, host_iso3, valid_from)"
        " values ('NBO', 'Nairobi', 1, false, 'East', 'Nairobi', 'KEN', '2010-01-01'),"
        " ('DKR', 'Dakar', 2, false, 'West', 'Dakar', 'KEN', '2010-01-01')",
        "insert into office_link (office_id, region_code, valid_from, valid_to) values"
        f" ({place}, 'NBO', null, '2015-12-31'), ({place}, 'DKR', '2016-01-01', null)",
        "update project set status = 'ACTIVE', starts_on = '2015-07-01' where reference = 'P-2016-00002'",
        "update area_allocation set amount_usd = 2000 where project_id = (select min(id) from project)",
        "delete from area_allocation where project_id = (select max(id) from project)",
    ):
        db.session.execute(text(statement))
    db.session.commit()
    upgrade(revision="0010")
    there = Decimal("1234.56")
    by = "region, status, number, amount, budget from portfolio_sum where dimension"
    assert rows(f"select {by} = 'plain' order by 1") == [
        ("", "DRAFT", 1, there, there), ("DKR", "ACTIVE", 1, there, there), ("NBO", "ACTIVE", 1, there, there),
    ]  # fmt: skip
    assert rows(f"select code, {by} = 'area' and region = 'NBO'") == [("LHD", "NBO", "ACTIVE", 1, there, there)]
    assert dict(rows("select code, sum(amount) from portfolio_sum where dimension = 'area' group by 1")) == {
        "LHD": there + 2000, "none": there, "over": there - 2000,
    }  # fmt: skip
    for dimension in ("plain", "year", "status", "activity", "country"):
        asked = "select sum(number), sum(amount), sum(budget) from portfolio_{} where dimension = '{}'"
        assert rows(asked.format("rollup", dimension)) == [(3, 3 * there, 3 * there)]
    assert rows("select office_id from portfolio_rollup where region = 'NBO' group by 1") == [(0,)]
    db.session.execute(text("update project set status = 'SUSPENDED' where status = 'ACTIVE'"))
    db.session.commit()
    noted = (
        "select status, sum(number), sum(amount) from portfolio_change where dimension = 'plain' group by 1 order by 1"
    )
    assert rows(noted) == [("ACTIVE", -2, -2 * there), ("SUSPENDED", 2, 2 * there)]
    db.session.execute(text(f"update office_link set region_code = 'DKR' where office_id = {place}"))
    db.session.commit()
    assert rows("select sum(number) from portfolio_change where dimension = 'plain' and region = 'DKR'") == [(1,)]
    downgrade(revision="0007")
    assert rows("select to_regclass('portfolio_sum')") == [(None,)]
    db.session.execute(text("update project set status = 'ACTIVE'"))
    db.session.execute(text("delete from coverage"))
    db.session.commit()


REGIONS = """
insert into regional_office (code, name, position, retired, region, city, host_iso3, valid_from)
    values ('NBO', 'Nairobi', 1, false, 'East', 'Nairobi', 'KEN', '2010-01-01'),
    ('DKR', 'Dakar', 2, false, 'West', 'Dakar', 'KEN', '2010-01-01');
insert into office (code, name, sort_key, kind, country_code, time_zone, retired)
    values ('KIS', 'Kisumu', 'kisumu', 'sub', 'KEN', 'Africa/Nairobi', false);
insert into office_link (office_id, region_code, valid_from, valid_to) select id, 'NBO', null::date, null::date
    from office where code = 'KEN' union all select id, 'NBO', null, '2015-12-31' from office where code = 'KIS'
    union all select id, 'DKR', '2016-01-01', null from office where code = 'KIS';
update project set office_id = (select id from office where code = 'KIS') where reference = 'P-2016-00003';
update project set status = 'APPROVED' where status = 'DRAFT';
"""


def test_before_a_start_a_project_is_summed_where_its_office_always_was(running):
    upgrade(revision="0022")
    db.session.execute(text(REGIONS))
    db.session.commit()
    upgrade(revision="0023")
    plain = "select region, status, sum(number) from {} where dimension = 'plain' group by 1, 2 order by 1, 2"
    assert rows(plain.format("portfolio_sum")) == [
        ("", "APPROVED", 1), ("NBO", "ACTIVE", 1), ("NBO", "APPROVED", 1),
    ]  # fmt: skip
    asked = "select region, office_id = 0, number from portfolio_rollup where dimension = 'plain' order by 1"
    assert rows(asked) == [("", False, 1), ("NBO", True, 2)]
    db.session.execute(text("update project set status = 'DONOR_SUBMITTED' where status = 'APPROVED'"))
    db.session.execute(text("update coverage set country_code = country_code"))
    db.session.commit()
    noted = "portfolio_change where dimension = 'plain' and number <> 0"
    assert rows(f"select region, status, number from {noted} order by 1, 2") == [
        ("", "APPROVED", -1), ("", "DONOR_SUBMITTED", 1), ("NBO", "APPROVED", -1), ("NBO", "DONOR_SUBMITTED", 1),
    ]  # fmt: skip
    for mended in ("valid_to = '2030-12-31' where region_code = 'NBO' and valid_to is null", "region_code = 'NBO'"):
        db.session.execute(text("delete from portfolio_change"))
        db.session.execute(text(f"update office_link set {mended}"))
        db.session.commit()
        found = rows(f"select region, status, number from {noted} order by 1, 2")
        # With a last day it depends on the day again. Where the days are told, the region alone is another.
        assert found == ([("", "DONOR_SUBMITTED", 1), ("NBO", "DONOR_SUBMITTED", -1)] if "2030" in mended else [])
    downgrade(revision="0022")
    assert rows(plain.format("portfolio_sum")) == [("", "DONOR_SUBMITTED", 2), ("NBO", "ACTIVE", 1)]
    db.session.execute(text("update project set status = 'APPROVED' where status = 'DONOR_SUBMITTED'"))
    db.session.commit()
    assert rows(f"select region, status, sum(number) from {noted} group by 1, 2 order by 1, 2") == [
        ("", "APPROVED", 2), ("", "DONOR_SUBMITTED", -2),
    ]  # fmt: skip


WRITTEN = """
insert into section (project_id, code, text, version, saved_at)
    select id, 'RAT', 'Men/women of the Café', 1, now() from project where code = 'LM.0001';
insert into donor (code, name, position, retired, kind, eu_money)
    values ('AU', 'Fondation d''Été', 1, false, 'other', false);
"""


def test_words_of_what_stands_there_are_found_and_the_way_back_takes_them_away(running):
    upgrade(revision="0007")
    db.session.execute(text(WRITTEN))
    db.session.commit()
    upgrade(revision="0013")
    assert rows("select words::text from section") == [("'cafe' 'men' 'of' 'the' 'women'",)]
    assert rows("select words::text from donor") == [("'d' 'ete' 'fondation'",)]
    assert rows("select words::text from country union all select words::text from office") == [("'kenya'",)] * 2
    assert rows(r"select code from project where words @@ '''lm1''\:A & ''title''\:A'::tsquery") == [("LM.0001",)]
    for table in searched.tables():
        assert sum(searched.rebuild(db.session(), table)) == 0, table
    db.session.commit()
    downgrade()
    columns = "select count(*) from information_schema.columns where udt_name = 'tsvector' and table_schema = 'public'"
    assert rows(columns) == [(1,)]  # the one that was there before


STEPS = """
insert into step (project_id, move, source, target, at, note)
    select id, move, source, target, timestamptz '2016-01-01 00:00+00' + span, '' from project, (values
        (1, 'create', null, 'CONCEPT', interval '0 days'), (2, 'go', 'CONCEPT', 'DRAFT', interval '3 days 23:59'),
        (3, 'go', 'DRAFT', 'ACTIVE', interval '14 days'))
        as m (number, move, source, target, span) order by number, id;
update report set state = 'submitted', first_submitted_on = '2017-03-30';
"""


def test_stays_and_days_are_kept_of_what_stands_there_and_of_what_comes(running):
    upgrade(revision="0017")
    db.session.execute(text(STEPS))
    db.session.commit()
    upgrade(revision="0018")
    assert rows("select source, days, count(*) from step group by 1, 2 order by 2") == [
        ("CONCEPT", 3, 3), ("DRAFT", 10, 3), (None, None, 3),
    ]  # fmt: skip
    assert rows("select handed_in_on::text from deadline") == [("2017-03-30",)]
    db.session.execute(text("update report set state = 'returned'"))
    db.session.execute(text("delete from step where source = 'CONCEPT'"))
    db.session.commit()
    assert rows("select days, count(*) from step where source is not null group by 1") == [(14, 3)]
    assert rows("select handed_in_on from deadline") == [(None,)]
    downgrade(revision="0017")
    db.session.execute(text("update report set state = 'accepted'"))
    db.session.execute(text("delete from step"))
    db.session.commit()
