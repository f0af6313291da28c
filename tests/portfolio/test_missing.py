"""Filters for what is missing: whatever is written, they find the projects that their own tables know nothing of."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import delete, func, select, text, update

from prima.db import db
from prima.lists import CrossCuttingTheme, MigrationGovernance, SdgTarget
from prima.projects.models import ALLOCATIONS, Dimension, GovernanceMark, Project, SdgMark, ThemeMark
from prima.reporting.models import Unmarked
from prima.reporting.portfolio.choosing import conditions
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.summary import verifying
from prima.reporting.summary.folding import rebuild
from tests.factories import a_project
from tests.portfolio.varied import a_varied_portfolio

MARKS = {
    "sdg": (SdgMark, SdgTarget),
    "migof": (GovernanceMark, MigrationGovernance),
    "theme": (ThemeMark, CrossCuttingTheme),
}
CODES = {"area": ("LHD", "MHD"), "activity": ("TRN", "AWR")}
WRITES, EVERY = 60, 10


def missing(name):
    """The ids of the projects without it, from the tables that say so."""
    if name in MARKS:
        marked = set(db.session.scalars(select(MARKS[name][0].project_id)))
        return set(db.session.scalars(select(Project.id))) - marked
    table = ALLOCATIONS[Dimension(name)]
    given = dict(
        db.session.execute(select(table.project_id, func.sum(table.amount_usd)).group_by(table.project_id)).all()
    )
    budgets = db.session.execute(select(Project.id, Project.budget_usd))
    return {number for number, budget in budgets if budget > given.get(number, 0)}


def compare():
    for name in (*MARKS, *CODES):
        for one_by_one in (False, True):
            those = conditions(None, Filters(**{name: NONE}), one_by_one=one_by_one)
            assert set(db.session.scalars(select(Project.id).where(*those))) == missing(name), name


def a_write(dice, ids):
    """Of one project or of a few at once, past every operation."""
    which = dice.sample(ids, dice.choice((1, 1, 4)))
    mark, of = MARKS[dice.choice(list(MARKS))]
    codes = db.session.scalars(select(of.code).order_by(of.code).limit(2)).all()
    name = dice.choice(list(CODES))
    table, amount = ALLOCATIONS[Dimension(name)], Decimal(dice.randint(0, 3) * 100)
    match dice.randrange(5):
        case 0:
            db.session.execute(delete(mark).where(mark.project_id.in_(which), mark.code == dice.choice(codes)))
        case 1:
            db.session.execute(delete(mark).where(mark.project_id.in_(which)))
            db.session.add_all(mark(project_id=id, code=code) for id in which for code in dice.sample(codes, 1))
        case 2:
            budget = dice.choice((Decimal(0), amount))
            db.session.execute(update(Project).where(Project.id.in_(which)).values(budget=budget, budget_usd=budget))
        case 3:
            of_them = table.project_id.in_(which)
            db.session.execute(update(table).where(of_them).values(amount_usd=amount, amount=amount))
        case 4:
            db.session.execute(delete(table).where(table.project_id.in_(which)))
            for id in which:
                db.session.add(table(project_id=id, code=dice.choice(CODES[name]), amount=amount))
    db.session.flush()


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_missing_is_found(app, seed):
    dice = Random(seed)
    ids = [one.id for one in a_varied_portfolio(dice, 12)]
    compare()
    for number in range(1, WRITES + 1):
        a_write(dice, ids)
        if number % EVERY == 0:
            compare()
    assert not [str(one) for one in verifying.differences() if str(one).startswith("unmarked")]


def test_a_mark_that_moves_to_another_project_leaves_the_first_without(app):
    first, other = a_project().id, a_project().id
    code = db.session.scalar(select(SdgTarget.code).limit(1))
    db.session.add(SdgMark(project_id=first, code=code))
    db.session.flush()
    assert (first in missing("sdg"), other in missing("sdg")) == (False, True)
    db.session.execute(update(SdgMark).where(SdgMark.project_id == first).values(project_id=other))
    compare()
    assert set(db.session.scalars(select(Unmarked.project_id).where(Unmarked.kind == "sdg"))) == missing("sdg")


def test_what_is_spoilt_is_told_and_made_anew(app):
    lost, wrong = a_project().id, a_project().id
    code = db.session.scalar(select(SdgTarget.code).limit(1))
    db.session.add(SdgMark(project_id=wrong, code=code))
    db.session.flush()
    db.session.execute(delete(Unmarked).where(Unmarked.kind == "sdg"))
    db.session.execute(text("insert into unmarked (kind, project_id) values ('sdg', :id)"), {"id": wrong})
    told = [str(one) for one in verifying.differences() if str(one).startswith("unmarked")]
    assert [any(f"project_id {id}:" in one and "sdg" in one for one in told) for id in (lost, wrong)] == [True, True]
    rebuild(db.session())
    compare()
