"""What of a project belongs to two codes at once: whatever is written, the kept cells are those worked out here."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import product
from random import Random

import pytest
from sqlalchemy import delete, func, select, text, update

from prima.db import db
from prima.projects.models import ALLOCATIONS, Coverage, Dimension, Project
from prima.reporting.models import AreaByActivity
from prima.reporting.models.summary import CELLS, NONE, OVER, SEVERAL
from prima.reporting.summary import verifying
from prima.reporting.summary.folding import rebuild
from tests.chance import seeds
from tests.factories import a_project
from tests.portfolio.varied import a_varied_portfolio

CODES = {"area": ("LHD", "MHD", "IBM"), "activity": ("TRN", "AWR", "RES"), "country": ("KEN", "UGA", "SEN")}
WRITES, EVERY = 60, 10
CENT = Decimal("0.01")


def parts(project, dimension):
    """(code, amount, sum before it, sum up to it, whether it is the rest)."""
    table = ALLOCATIONS[Dimension(dimension)]
    asked = select(table.code, table.amount_usd).where(table.project_id == project.id, table.amount_usd > 0)
    given = sorted(tuple(row) for row in db.session.execute(asked))
    nowhere = NONE
    if dimension == "country":
        covered = list(
            db.session.scalars(select(Coverage.country_code).where(Coverage.project_id == project.id)),
        )
        given = [(covered[0], project.budget_usd)] if len(covered) == 1 and not given else given
        nowhere = SEVERAL if len(covered) > 1 else NONE
    found, before = [], Decimal(0)
    for code, amount in given:
        found.append((code, amount, before, before + amount, 0))
        before += amount
    rest = project.budget_usd - before
    if rest or not project.budget_usd:
        found.append((OVER if rest < 0 else nowhere, rest, before, project.budget_usd, 1))
    return found


def cells(project, first, second):
    budget = project.budget_usd

    def corner(one, other):
        with localcontext(prec=60):
            return (one * other / budget).quantize(CENT, ROUND_HALF_UP)

    found = {}
    for one, other in product(parts(project, first), parts(project, second)):
        (code, amount, before, upto, rest), (code_2, amount_2, before_2, upto_2, rest_2) = one, other
        if budget:
            value = corner(upto, upto_2) - corner(before, upto_2) - corner(upto, before_2) + corner(before, before_2)
        else:
            value = rest_2 * amount + rest * amount_2
        if value:
            found[project.id, code, code_2] = value
    return found


def compare():
    projects = db.session.scalars(select(Project).execution_options(populate_existing=True)).all()
    for (first, second), model in CELLS.items():
        columns = [model.__table__.c[name] for name in ("project_id", first, second, "amount")]
        kept = {tuple(row[:3]): row[3] for row in db.session.execute(select(*columns))}
        assert kept == {key: value for one in projects for key, value in cells(one, first, second).items()}
    assert [str(one) for one in verifying.differences() if " by " in str(one).split(",")[0]] == []


def a_write(dice, ids):
    """Of one project or of a few at once, past every operation."""
    which = dice.sample(ids, dice.choice((1, 1, 4)))
    name = dice.choice(list(CODES))
    table, amount = ALLOCATIONS[Dimension(name)], Decimal(dice.randint(1, 10**7)).scaleb(-2)
    of_them = table.project_id.in_(which)
    match dice.randrange(6):
        case 0:
            budget = dice.choice((Decimal(0), amount))
            db.session.execute(update(Project).where(Project.id.in_(which)).values(budget=budget, budget_usd=budget))
        case 1:
            db.session.execute(update(table).where(of_them).values(amount_usd=amount, amount=amount))
        case 2:
            db.session.execute(delete(table).where(of_them, table.code == dice.choice(CODES[name])))
        case 3:
            there = db.session.scalars(select(table.project_id).where(of_them, table.code == CODES[name][0])).all()
            db.session.add_all(
                table(project_id=id, code=CODES[name][0], amount=amount) for id in which if id not in there
            )
        case 4:
            db.session.execute(delete(Coverage).where(Coverage.project_id.in_(which)))
        case 5:
            db.session.execute(delete(Coverage).where(Coverage.project_id.in_(which)))
            some = dice.sample(CODES["country"], dice.randint(1, 2))
            db.session.add_all(Coverage(project_id=id, country_code=code) for id in which for code in some)
    db.session.flush()


@pytest.mark.parametrize("seed", seeds(2))
def test_kept_cells_are_those_of_the_projects(app, seed):
    dice = Random(seed)
    ids = [one.id for one in a_varied_portfolio(dice, 20)]
    compare()
    for number in range(1, WRITES + 1):
        a_write(dice, ids)
        if number % EVERY == 0:
            compare()


def test_a_project_that_is_gone_has_no_cells(app):
    project = a_project(status="ACTIVE", budget=100, countries=())
    assert db.session.scalar(select(func.sum(AreaByActivity.amount))) == 100
    for table in ("step", "budget_line", "area_allocation", "activity_allocation", "allocation_basis"):
        db.session.execute(text(f"delete from {table} where project_id = {project.id}"))
    db.session.execute(delete(Project).where(Project.id == project.id))
    assert db.session.scalar(select(func.count()).select_from(AreaByActivity)) == 0


def test_what_is_spoilt_is_told_and_made_anew(app):
    right, wrong, lost = (a_project(status="ACTIVE", budget=100) for _ in range(3))
    of = AreaByActivity.project_id
    stamp = text("select xmin::text from area_by_activity where project_id = :id")
    untouched = db.session.scalars(stamp, {"id": right.id}).all()
    db.session.commit()
    db.session.execute(update(AreaByActivity).where(of == wrong.id).values(amount=AreaByActivity.amount + CENT))
    db.session.execute(delete(AreaByActivity).where(of == lost.id))
    told = [str(one) for one in verifying.differences() if str(one).startswith("area by activity")]
    assert len(told) == db.session.scalar(
        text("select count(*) from area_by_activity_part where project_id <> :id"), {"id": right.id}
    )
    assert any(f"project_id {wrong.id}, " in one and "kept 1 projects" in one for one in told)
    assert any(f"project_id {lost.id}, " in one and "kept 0 projects" in one for one in told)
    rebuild(db.session())
    compare()
    assert db.session.scalars(stamp, {"id": right.id}).all() == untouched
