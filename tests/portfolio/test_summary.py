"""The kept totals: whatever is written, by whomever, they say what the projects themselves say, to the cent."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import delete, func, select, text, update

from prima.db import db
from prima.projects.models import ActivityAllocation, Project
from prima.projects.stages import Status
from prima.reporting import portfolio
from prima.reporting.models import PortfolioChange, PortfolioRollup, PortfolioSum
from prima.reporting.portfolio import Filters, filters, sums
from prima.reporting.summary import NONE, OVER, Kept, answer
from prima.reporting.summary.folding import fold, rebuild
from prima.users import Role
from tests.chance import seeds
from tests.factories import a_project, a_user, grant
from tests.portfolio.summing import Writer, added_up, answers, shortened, some_filters

WRITES, EVERY, LOOKS = 45, 15, 6
ALL_ROLES = sorted(Role)


def place_of(role):
    """Where a role is held: one at an office, one at a region, one everywhere."""
    return {Role.COM: "KEN", Role.PDEV: "KEN", Role.PM: "SEN", Role.RPDO: "NBO", Role.RD: "DKR", Role.RTS: "BRU"}.get(
        role
    )


@pytest.fixture
def live(monkeypatch):
    """Ask the projects themselves, whatever is kept."""

    def ask(viewer, filters):
        with monkeypatch.context() as instead:
            instead.setattr(sums, "answer_to", lambda *_: None)
            instead.setattr(sums, "_in_sight", sums._in_sight.__wrapped__)  # no question from before
            return answers(viewer, filters)

    return ask


@pytest.fixture
def people(seen_by):
    """Somebody of every role, somebody of none, a former colleague and somebody who is no staff."""
    found = [a_user(role, place_of(role)) for role in ALL_ROLES]
    found += [a_user("RPDO", "BRU"), a_user("COM", "KEN", staff=False), a_user(), a_user("FUND", active=False)]
    grant(found[0], "COM", "SEN")
    db.session.commit()
    return lambda: [None, *(seen_by(one) for one in found)]


@pytest.mark.parametrize("seed", seeds(2))
def test_kept_totals_say_what_the_projects_say(app, people, live, seed):
    dice = Random(seed)
    writer, viewers = Writer(dice, a_user("PDEV", "KEN")), people()
    waiting = list(viewers)
    for number in range(1, WRITES + 1):
        writer.write()
        if number % EVERY == 0:
            for viewer in waiting[: len(viewers) * EVERY // WRITES + 1]:
                compare(viewer, Filters(), live)
                waiting.remove(viewer)
            for look in range(LOOKS):
                if look == LOOKS // 2:
                    assert fold(db.session(), batch=7) > 7
                    assert fold(db.session()) == 0
                compare(dice.choice(viewers), some_filters(dice), live)
    assert waiting == []
    for budget in (80, 120):
        a_project(status="ACTIVE", budget=100).total(Decimal(budget))
    db.session.flush()
    assert {row.code for row in compare(None, Filters(), live)["by_area"]} >= {NONE, OVER}


def compare(viewer, chosen, live):
    kept = answers(viewer, chosen)
    assert kept == live(viewer, chosen), chosen
    assert shortened(kept) == added_up(viewer, chosen), chosen
    return kept


def test_one_place_decides_what_kept_totals_answer(app, seen_by):
    staff, outside, gone = (seen_by(a_user(staff=staff, active=active)) for staff, active in ((1, 1), (0, 1), (1, 0)))
    assert answer(staff, Filters(), Kept.AREA, ["region", "code"]).rollup is Kept.AREA
    assert answer(staff, Filters(region="NBO"), Kept.PLAIN, ["year"]).rollup is Kept.YEAR
    assert answer(outside, Filters(), Kept.AREA, ["code"]).rollup is None
    assert answer(staff, Filters(area="LHD"), Kept.PLAIN, ["year"]).dimension is Kept.AREA
    assert answer(staff, Filters(marker=NONE), Kept.MARKER, ["code"]).code == NONE
    assert answer(gone, Filters(), Kept.PLAIN, []) is None
    for chosen in ({"q": "x"}, {"donor": "EU"}, {"type": "LM"}, {"overdue": True}, {"area": "LHD", "marker": "1"}):
        assert answer(staff, Filters(**chosen), Kept.PLAIN, []) is None
    assert answer(staff, Filters(area="LHD"), Kept.AREA, ["code"]) is None
    assert answer(staff, Filters(marker="1"), Kept.AREA, ["code"]) is None
    assert NONE == filters.NONE


def test_who_saves_twice_changes_no_total(app):
    project = a_project(status="ACTIVE", budget=100)
    fold(db.session())
    project.title, project.version = "Another", 7
    db.session.flush()
    db.session.execute(update(Project).values(status=Status.ACTIVE, updated_at=func.clock_timestamp()))
    db.session.execute(update(ActivityAllocation).values(amount=ActivityAllocation.amount))
    assert db.session.scalar(select(func.count()).select_from(PortfolioChange)) == 0


def test_what_is_gone_leaves_no_empty_totals(app):
    project = a_project(status="ACTIVE", budget=100, countries=())
    fold(db.session())
    assert sums.total(None, Filters()) == portfolio.Summed("", 1, Decimal(100))
    for table in ("step", "budget_line", "area_allocation", "activity_allocation", "allocation_basis"):
        db.session.execute(text(f"delete from {table} where project_id = {project.id}"))
    db.session.execute(delete(Project).where(Project.id == project.id))
    fold(db.session())
    for table in (PortfolioSum, PortfolioRollup, PortfolioChange):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    assert sums.total(None, Filters()) == portfolio.Summed("", 0, Decimal(0))


def test_made_anew_they_are_the_same(app):
    dice = Random(7)
    writer = Writer(dice, a_user("PDEV", "KEN"))
    for _number in range(20):
        writer.write()
    fold(db.session())
    kept = [kept_rows(table) for table in (PortfolioSum, PortfolioRollup)]
    assert all(kept)
    db.session.execute(update(PortfolioSum).values(number=9, amount=1))
    db.session.execute(delete(PortfolioRollup))
    rebuild(db.session())
    assert [kept_rows(table) for table in (PortfolioSum, PortfolioRollup)] == kept
    assert kept_rows(PortfolioChange) == set()


def test_made_anew_they_hold_what_was_not_added_up_yet(app):
    a_project(status="ACTIVE", budget=5, countries=())
    assert rebuild(db.session()) == 4
    assert fold(db.session()) == 0
    assert sums.total(None, Filters()).budget == 5


def kept_rows(table):
    return {tuple(row) for row in db.session.execute(select(table.__table__))}
