"""Overdue reports by region and country: the same whoever looks, by whichever filters, read once or asked anew."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from prima import clock, kept
from prima.db import db
from prima.places import Office, OfficeLink
from prima.projects.models import Project
from prima.projects.stages import Funding, Status
from prima.reporting import portfolio
from prima.reporting.calendar import EXTENSION_REQUEST
from prima.reporting.models import Deadline
from prima.reporting.portfolio import NONE, Filters, choosing, keeping
from prima.reporting.steps import OWING
from tests.chance import seeds
from tests.conftest import TODAY
from tests.factories import a_project, a_user, grant, office
from tests.portfolio.summing import COUNTRIES, OFFICES, STARTS, YEARS, some_filters

PROJECTS, LOOKS = 60, 12


@pytest.fixture
def people(seen_by):
    """Who sees by each of the ways in which projects are seen, and the operator."""
    developer = a_user("PDEV", "KEN")
    away = a_user("RPDO", "NBO")
    grant(away, "COM", "SEN")
    found = [developer, away, a_user("FUND"), a_user("VIEW"), a_user("COM", "COL", staff=False)]
    found += [a_user(staff=False), a_user("RPDO", "BRU"), a_user("FUND", active=False)]
    db.session.flush()
    return developer, lambda: [None, *(seen_by(one) for one in found)]


def some_projects(dice: Random, developer, overdue) -> None:
    for _number in range(PROJECTS):
        made = a_project(
            developer=developer if dice.random() < 0.2 else None,
            office_code=dice.choice(OFFICES),
            status=dice.choice((*sorted(OWING), *Status)),
            funding=dice.choice(list(Funding)),
            year=dice.choice(YEARS),
            starts_on=dice.choice(STARTS),
            countries=tuple(dice.sample(COUNTRIES, dice.randint(0, 3))),
            asked_elsewhere=dice.choice(([], [], ["RPDO@BRU"])),
        )
        for _more in range(dice.randint(0, 3)):
            due_on = TODAY + timedelta(days=dice.randint(-60, 5))
            overdue(
                made, due_on, dice.choice(("FIN_N", "RMF", EXTENSION_REQUEST)), is_open=dice.random() < 0.8, ad_hoc=True
            )


def plainly(viewer, filters) -> tuple[Counter, Counter, Counter]:
    """One project after the other: reports and projects by region, reports by country."""
    ids = choosing.chosen(viewer, filters)
    query = select(Project).where(Project.id.in_(select(ids.c.id)), Project.status.in_(OWING))
    reports, projects, countries = Counter(), Counter(), Counter()
    for one in db.session.scalars(
        query.options(selectinload(Project.coverage), selectinload(Project.office).selectinload(Office.links))
    ):
        rows = select(Deadline).where(Deadline.project_id == one.id, Deadline.is_open)
        found = [row for row in db.session.scalars(rows) if row.kind != EXTENSION_REQUEST and row.due_on < TODAY]
        if found:
            reports[one.region_code or NONE] += len(found)
            projects[one.region_code or NONE] += 1
            countries.update({row.country_code: len(found) for row in one.coverage})
    return reports, projects, countries


@pytest.mark.parametrize("seed", seeds(3))
def test_what_is_overdue_is_the_same_however_it_is_asked(app, people, overdue, monkeypatch, seed):
    dice, (developer, seen) = Random(seed), people
    some_projects(dice, developer, overdue)
    db.session.add(OfficeLink(office_id=office("HQ").id, region_code="NBO", valid_to=date(2015, 1, 1)))
    db.session.commit()
    for viewer in seen():
        for filters in (Filters(), Filters(country="KEN"), *(some_filters(dice) for _look in range(LOOKS))):
            reports, projects, countries = plainly(viewer, filters)
            found = portfolio.overdue_by_region(viewer, filters)
            assert {row.region: row.reports for row in found} == reports, filters
            assert {row.region: row.projects for row in found} == projects, filters
            assert portfolio.headline(viewer, filters).overdue == reports.total()
            assert portfolio.overdue_by_country(viewer, filters) == countries
        if viewer is None or viewer.active:
            world = portfolio.world(viewer)
            assert world.headline == portfolio.headline(viewer)
            assert Counter({row.code: row.overdue for row in world.regions}) == plainly(viewer, Filters())[0]
            assert Counter({row.code: row.overdue for row in world.countries}) == plainly(viewer, Filters())[2]


def test_who_sees_the_same_shares_an_answer_and_sees_what_is_theirs_beside(app, browser_of, overdue, monkeypatch):
    """A draft shows in the figures of its developer alone, though everybody else's are kept."""
    asked: list[object] = []
    worked_out = kept.worked_out
    monkeypatch.setattr(kept, "worked_out", lambda uses, make: (asked.append(uses), worked_out(uses, make))[1])
    developer, colleague, other = (a_user(*role) for role in (("VIEW",), ("VIEW",), ("VIEW",)))
    overdue(a_project(status="ACTIVE", budget=100))
    a_project(status="DRAFT", budget=11, developer=developer)

    def in_full(user) -> str:
        asked.clear()
        return browser_of(user).open("/").soup.select_one("#world .key-figures").get_text(" ", strip=True)

    assert "1 project" in in_full(colleague) and len(asked) > 2
    assert "1 project" in in_full(other) and len(list(filter(None, asked))) == 2, "beside and desk are of each of them"
    assert "2 projects" in in_full(developer)
    assert "1 report overdue" in in_full(developer) and asked == []
    a_project(status="ACTIVE", budget=1000)
    db.session.flush()
    assert "2 projects" in in_full(colleague)
    assert "3 projects" in in_full(developer)


def test_a_day_ends_within_the_day_at_an_office_and_what_is_kept_with_it(app, overdue, monkeypatch):
    """At midnight in Nairobi a report is late, while it is still the same day in UTC and no row has changed."""
    overdue(a_project(status="ACTIVE"), date(2016, 10, 3))  # the office of Kenya
    clock.fix(None)
    found = []
    with app.test_request_context():
        kept.use({})
        for hour, minute in ((20, 59), (21, 0), (21, 14)):
            monkeypatch.setattr(clock, "now", lambda at=(hour, minute): datetime(2016, 10, 3, *at, tzinfo=UTC))
            found.append((keeping.moment(), portfolio.headline(None).overdue))
    assert [late for _moment, late in found] == [0, 1, 1]
    assert found[0][0] != found[1][0] == found[2][0]
