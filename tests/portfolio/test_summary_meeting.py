"""Kept totals, and what is missing, where transactions really meet: writers, the fold, a rebuild, the comparison."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from random import Random
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from prima import clock, jobs
from prima.db import db
from prima.outbox import Letter
from prima.reporting.portfolio import Filters, sums
from prima.reporting.summary import verifying
from prima.reporting.summary.folding import fold, rebuild
from prima.scheduler import JobRun, perform
from tests.conftest import TODAY, make_app
from tests.factories import a_project, a_user

WRITERS, EACH = 3, 25
STATEMENTS = (
    "update project set status = (array['ACTIVE', 'DRAFT', 'REJECTED'])[1 + (:n % 3)] where id = :project",
    "update project set budget = budget + 1.01, budget_usd = budget_usd + 1.01 where id = :project",
    "update project set starts_on = case when starts_on is null then date '2015-01-01' end where id % 2 = :n % 2",
    "update area_allocation set amount_usd = amount_usd + 0.07 where project_id = :project",
    "delete from activity_allocation where project_id = :project",
    "insert into activity_allocation (project_id, code, amount, amount_usd) values (:project, 'RES', :n, :n)"
    " on conflict (project_id, code) do update set amount_usd = activity_allocation.amount_usd + 1",
    "delete from coverage where project_id = :project",
    "insert into coverage (project_id, country_code, position, requesting) values (:project, 'KEN', 0, false)"
    " on conflict do nothing",
    "delete from sdg_mark where project_id = :project",
    "insert into sdg_mark (project_id, code) select :project, min(code) from sdg_target on conflict do nothing",
    "delete from theme_mark where project_id = :project",
    "insert into theme_mark (project_id, code, note) select :project, min(code), '' from cross_cutting_theme"
    " on conflict do nothing",
    "update office_link set region_code = (array['NBO', 'DKR'])[1 + (:n % 2)]"
    " where office_id = (select id from office where code = 'KEN')",
)


@pytest.fixture
def meeting(databases, template_url):
    """The application on a database of its own, and a few projects in it."""
    clock.fix(TODAY)
    app = make_app(databases("prima_meeting", template=make_url(template_url).database))
    with app.app_context():
        for number in range(4):
            a_project(status="ACTIVE", budget=100 + number, starts_on=date(2016, 1, 1) if number % 2 else None)
        db.session.commit()
        yield app
        db.session.remove()
        db.engine.dispose()
    clock.fix(None)


def told():
    db.session.rollback()
    db.session.execute(verifying.SNAPSHOT)
    found = [str(one) for one in verifying.differences()]
    db.session.rollback()
    return found


def test_whoever_writes_at_once_the_totals_hold(meeting):
    numbers = list(db.session.scalars(text("select id from project order by id")))
    db.session.rollback()
    together = Barrier(WRITERS + 2)

    def write(seed):
        """Two statements a transaction; one that the database ends because of another counts as never written."""
        dice = Random(seed)
        together.wait()
        with meeting.app_context():
            for number in range(EACH):
                try:
                    for _time in range(2):
                        given = {"project": dice.choice(numbers), "n": number}
                        db.session.execute(text(dice.choice(STATEMENTS)), given)
                    db.session.commit()
                except OperationalError as error:
                    assert "deadlock detected" in str(error), error
                    db.session.rollback()
            db.session.remove()

    def again(work):
        together.wait()
        done = 0
        with meeting.app_context():
            for _time in range(EACH):
                done += work(db.session())
                db.session.commit()
            db.session.remove()
        return done

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        writing = [pool.submit(write, seed) for seed in range(WRITERS)]
        folding, renewing = pool.submit(again, lambda s: fold(s, batch=3)), pool.submit(again, rebuild)
        for one in (*writing, folding, renewing):
            one.result(timeout=120)
    assert folding.result() > 0
    assert told() == []
    fold(db.session())
    assert told() == []


def test_a_change_is_seen_with_its_transaction_and_not_before(meeting):
    before = sums.total(None, Filters())
    with db.engine.connect() as other:
        other.execute(text("update project set budget = budget + 1, budget_usd = budget_usd + 1"))
        assert sums.total(None, Filters()) == before
        fold(db.session())
        other.commit()
    db.session.rollback()
    assert sums.total(None, Filters()).budget == before.budget + 4


# -- holding them against everything ----------------------------------------------------------------------------------


def spoil():
    fold(db.session())
    db.session.execute(text("update portfolio_sum set amount = amount + 0.01 where dimension = 'area'"))
    db.session.execute(text("update portfolio_rollup set number = number + 1 where dimension = 'plain'"))
    db.session.commit()


def run(app, *words):
    return app.test_cli_runner().invoke(args=["figures", *words])


def test_the_command_says_each_difference_and_makes_them_anew(meeting):
    result = run(meeting, "verify")
    assert (result.exit_code, result.output) == (0, "Kept totals, live figures and the export say the same.\n")
    assert run(meeting, "fold").output.endswith("changes added up.\n")
    spoil()
    result = run(meeting, "verify")
    assert result.exit_code == 1
    assert "totals, dimension area, code LHD, office_id" in result.output
    assert (
        "region NBO, funding fund, funding_year 2016, status ACTIVE: kept 4 projects, USD 406.01 of 406.00"
        in result.output
    )
    assert "rollup, dimension plain" in result.output
    assert "plain by nothing, all: kept 5 projects, USD 406.00 of 406.00; live 4 projects" in result.output
    assert "flask figures rebuild makes the kept totals anew." in result.output
    assert "totals made anew" in run(meeting, "rebuild").output
    assert run(meeting, "verify").exit_code == 0


def test_an_export_that_says_otherwise_is_found(meeting, monkeypatch):
    export = verifying.rows_of_projects

    def less():
        (first, *amounts), *rows = list(export())[1:]
        return iter([({**first, verifying.BUDGET: first[verifying.BUDGET] - Decimal("0.01")}, *amounts), *rows])

    monkeypatch.setattr(verifying, "rows_of_projects", less)
    found = told()
    assert any(one.startswith("plain by nothing of the export, all: exported 3 projects") for one in found)
    assert any(one.startswith("area by region, code of the export") and "over" in one for one in found)


def test_the_nightly_comparison_alarms_and_mends_nothing(meeting):
    administrator = a_user("ADMIN")
    a_user("FUND")
    db.session.commit()
    [job] = [one for one in jobs.JOBS if one.name == "compare totals"]

    def performed():
        perform(meeting, job, lambda: True, lambda: False)
        db.session.expire_all()
        return db.session.get_one(JobRun, job.name).problem

    assert performed() == ""
    spoil()
    assert "totals are not those of the projects; the first: totals, dimension area" in performed()
    assert performed()
    [letter] = db.session.scalars(select(Letter))
    assert (letter.user_id, letter.subject) == (administrator.id, "The totals of the portfolio are wrong")
    assert "flask figures rebuild" in letter.body
    assert told()
