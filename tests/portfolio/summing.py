"""A portfolio written at random, by operations and past them, and every question about it answered in three ways."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import selectinload

from prima.db import db
from prima.places import Office, OfficeLink
from prima.projects import operations, queries
from prima.projects.models import (
    ActivityAllocation,
    AreaAllocation,
    Basis,
    BudgetLine,
    Coverage,
    Dimension,
    GovernanceMark,
    Part,
    Project,
    SdgMark,
)
from prima.projects.operations.budget import values_of
from prima.projects.operations.classification import standing
from prima.projects.operations.cover import FIELDS
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.importing import import_portfolio
from prima.projects.operations.rows import Row
from prima.projects.stages import Funding, Status
from prima.reference import reader
from prima.reporting import portfolio
from prima.reporting.portfolio import choosing
from prima.reporting.portfolio.filters import NONE, Filters
from prima.reporting.summary import OVER
from prima.users import User
from tests.factories import a_deadline, a_project, office

OFFICES = ("KEN", "SOM", "SEN", "COL", "HQ")
AREAS, ACTIVITIES, SDGS = ("LHD", "MHD", "IBM"), ("TRN", "RES"), ("10.7", "8.7")
COUNTRIES = ("KEN", "SOM", "COL", "SEN")
YEARS = (2014, 2015, 2016)
MARKERS = (None, "0", "1", "2a")
HEADINGS = (reader.FOLDER / "funding_requirements_2016.csv").read_text("utf-8").splitlines()[0].split(",")
STARTS = (None, None, date(2013, 5, 1), date(2016, 2, 1))
Sums = dict[tuple[Any, ...], tuple[int, Decimal]]


class Writer:
    """Does something to the portfolio, by the dice."""

    def __init__(self, dice: Random, developer: User) -> None:
        self.dice, self.developer = dice, developer

    def write(self) -> None:
        ways = (
            self.make, self.make, self.propose, self.lines, self.allocate, self.describe, self.classify, self.withdraw,
            self.move, self.late, self.bring_in, self.past_everybody, self.remove,
        )  # fmt: skip
        self.dice.choice(ways)()
        db.session.flush()

    def cents(self) -> Decimal:
        return Decimal(self.dice.randint(0, 10**9)).scaleb(-2)

    def make(self) -> None:
        funding = self.dice.choice(list(Funding))
        made = a_project(
            developer=self.developer if self.dice.random() < 0.3 else None,
            office_code=self.dice.choice(OFFICES),
            status=self.dice.choice(list(Status)),
            funding=funding,
            year=self.dice.choice(YEARS),
            budget=self.dice.choice((0, self.cents())),
            gender_marker_code=self.dice.choice(MARKERS),
            starts_on=self.dice.choice(STARTS),
            countries=tuple(self.dice.sample(COUNTRIES, self.dice.randint(0, 3))),
            asked_elsewhere=self.dice.choice(([], [], ["LEG"], ["RPDO@BRU", "LEG"])),
        )
        for code in self.dice.sample(SDGS, self.dice.randint(0, 2)):
            db.session.add(SdgMark(project_id=made.id, code=code))

    def propose(self) -> None:
        operations.propose(
            actor=self.developer,
            title="A concept",
            summary="What it is about.",
            project_type_code="LM",
            countries=["KEN"],
            funding=Funding.FUND,
            donor_code=None,
            funding_year=2016,
            office_id=office("KEN").id,
        )

    def draft(self) -> Project | None:
        """One that its developer may write in."""
        rows = select(Project.id).where(Project.status == Status.DRAFT, Project.as_imported.is_(False))
        numbers = list(db.session.scalars(rows.order_by(Project.id)))
        if not numbers:
            return None
        project = queries.locked(self.dice.choice(numbers))
        operations.take_part(project, self.developer, Part.DEVELOPER)
        db.session.flush()
        return queries.locked(project.id)

    def lines(self) -> None:
        """A line more, and perhaps all others away."""
        project = self.draft()
        if project is None:
            return
        amount = self.cents()
        values = dict.fromkeys(values_of(BudgetLine())) | {
            "category_code": "STAFF.NAT", "description": "More", "unit": "", "quantity": Decimal(1),
            "units": Decimal(1), "unit_cost": amount,
        }  # fmt: skip
        rows = [Row("lines-new", "New", None, 0, "", False, values)]
        if self.dice.random() < 0.5:
            stored = db.session.scalars(select(BudgetLine).where(BudgetLine.project_id == project.id))
            rows += [
                Row(f"lines-{one.id}", "Line", one.id, one.version, fingerprint(values_of(one)), True, values_of(one))
                for one in stored
            ]
        operations.revise_budget(project, actor=self.developer, rows=rows)

    def allocate(self) -> None:
        project = self.draft()
        if project is None:
            return
        dimension, codes = self.dice.choice(((Dimension.AREA, AREAS), (Dimension.ACTIVITY, ACTIVITIES)))
        amounts = {code: self.dice.choice((None, project.budget / 4, project.budget)) for code in codes}
        held = next((one for one in project.bases if one.dimension is dimension), None)
        operations.allocate(
            project,
            dimension,
            actor=self.developer,
            version=held.version if held else 0,
            basis=Basis.AMOUNT,
            amounts={code: amount and amount.quantize(Decimal("0.01")) for code, amount in amounts.items()},
            shares={},
        )

    def describe(self) -> None:
        """Another office, type, year and other countries."""
        project = self.draft()
        if project is None:
            return
        there = {name: getattr(project, name) for name in FIELDS}
        place = office(self.dice.choice(OFFICES)).id
        countries = self.dice.sample(COUNTRIES, self.dice.randint(1, 3))
        changed = {"office_id": place, "project_type_code": self.dice.choice(("LM", "CT"))}
        operations.describe(
            project,
            actor=self.developer,
            version=project.version,
            countries=countries,
            requesting=(),
            offices=[place],
            **there | changed | {"funding_year": self.dice.choice(YEARS)},
        )

    def classify(self) -> None:
        project = self.draft()
        if project is not None:
            operations.classify(
                project,
                actor=self.developer,
                version=standing(project),
                principles=(),
                objectives=(),
                sdgs=self.dice.sample(SDGS, self.dice.randint(0, 2)),
                themes={},
                gender_marker_code=self.dice.choice(("0", "1", "2a")),
                reason="So it is.",
            )

    def withdraw(self) -> None:
        project = self.draft()
        if project is not None:
            operations.advance(project, "withdraw", actor=self.developer, note="No more.")

    def move(self) -> None:
        """Any project to any status, as an importer of history would."""
        if numbers := list(db.session.scalars(select(Project.id).order_by(Project.id))):
            project = db.session.get_one(Project, self.dice.choice(numbers))
            project.status, project.starts_on = self.dice.choice(list(Status)), self.dice.choice(STARTS)

    def late(self) -> None:
        """A report that was due a month ago."""
        numbers = list(db.session.scalars(select(Project.id).order_by(Project.id)))
        for number in self.dice.sample(numbers, min(3, len(numbers))):
            a_deadline(db.session.get_one(Project, number), "INT_N", date(2016, 9, 1), ad_hoc=True)

    def bring_in(self) -> None:
        """The same row with other amounts."""
        amounts = [self.dice.randint(0, 10**6) for _area in range(7)]
        rows = [("East and Horn of Africa", "Kenya", *amounts, sum(amounts))]
        file = io.StringIO()
        csv.writer(file).writerows([HEADINGS, *rows])
        import_portfolio(db.session(), file.getvalue().encode(), 2016, actor=None, update=True)

    def past_everybody(self) -> None:
        """With SQL, many at once, past all operations; one of them moves an office to another region."""
        year = self.dice.choice(YEARS)
        region = self.dice.choice(("NBO", "DKR", "PRY"))
        statement = self.dice.choice(
            (
                update(Project).values(funding_year=year).where(Project.id % 3 == 0),
                update(Project).values(budget=Project.budget + 1, budget_usd=Project.budget_usd + 1),
                update(Project)
                .values(starts_on=date(2015, 1, 1))
                .where(Project.ends_on.is_(None), Project.id % 2 == 0),
                update(AreaAllocation)
                .values(amount_usd=AreaAllocation.amount_usd / 2)
                .where(AreaAllocation.project_id % 2 == 0),
                update(OfficeLink).values(region_code=region).where(OfficeLink.office_id == office("SOM").id),
                text(
                    "insert into activity_allocation (project_id, code, amount, amount_usd)"
                    " select id, 'RES', 10.01, 10.01 from project on conflict do nothing"
                ),
            )
        )
        db.session.execute(statement, execution_options={"synchronize_session": False})
        db.session.expire_all()

    def remove(self) -> None:
        table = self.dice.choice((AreaAllocation, ActivityAllocation, Coverage, SdgMark, GovernanceMark))
        db.session.execute(
            delete(table).where(table.project_id % 4 == self.dice.randint(0, 3)),
            execution_options={"synchronize_session": False},
        )
        db.session.expire_all()


# -- every question ---------------------------------------------------------------------------------------------------


def some_filters(dice: Random) -> Filters:
    """None, one or a few, of those that kept totals answer and of others."""
    possible: dict[str, Any] = {
        "region": dice.choice(("NBO", "DKR", "BOG", NONE)),
        "office": dice.choice(OFFICES),
        "year": dice.choice(YEARS),
        "funding": dice.choice([one.value for one in Funding]),
        "status": dice.choice([one.value for one in Status]),
        "stage": dice.choice(("implementation and monitoring", "approval", "development")),
        "area": dice.choice((*AREAS, NONE)),
        "activity": dice.choice((*ACTIVITIES, NONE)),
        "marker": dice.choice(("1", NONE)),
        "country": dice.choice(COUNTRIES),
        "type": "LM",
        "overdue": True,
    }
    chosen = dice.sample(sorted(possible), dice.choice((0, 1, 1, 1, 2, 3)))
    return Filters(**{name: possible[name] for name in chosen})


def answers(viewer: User | None, filters: Filters) -> dict[str, Any]:
    """Everything that is asked of the portfolio, in an order of its own."""
    found: dict[str, Any] = {
        name: sorted(getattr(portfolio, name)(viewer, filters), key=repr)
        for name in (
            "by_region_and_year",
            "by_status",
            "by_marker",
            "by_area",
            "by_activity",
            "by_sdg",
            "by_migof",
            "overdue_by_region",
        )
    }
    found["headline"] = portfolio.headline(viewer, filters)
    found["total"] = portfolio.total(viewer, filters)
    found["overview"] = sorted(portfolio.overview(viewer, filters).years, key=repr)
    assert found["overview"] == found["by_region_and_year"]
    if not filters:
        found["world"] = world = portfolio.world(viewer)
        assert sum(row.projects for row in world.regions) == world.headline.projects == found["total"].number
        found["years"] = [one.code for one in choosing.read(viewer, {}).choices["year"]]
    return found


def added_up(viewer: User | None, filters: Filters) -> dict[str, Any]:
    """The same, one project after the other, without a sum of SQL."""
    ids = choosing.chosen(viewer, filters)
    options = [
        selectinload(getattr(Project, name)) for name in ("areas", "activities", "coverage", "sdgs", "governance")
    ]
    query = select(Project).where(Project.id.in_(select(ids.c.id)))
    projects = db.session.scalars(
        query.options(*options, selectinload(Project.office).selectinload(Office.links)).execution_options(
            populate_existing=True
        )
    ).all()
    found: dict[str, dict[tuple[Any, ...], list[Any]]] = defaultdict(lambda: defaultdict(lambda: [0, Decimal(0)]))
    for one in projects:
        region = one.region_code or NONE
        for name, key, amount in _parts(one, region):
            found[name][key][0] += 1
            found[name][key][1] += amount
    return {name: sorted((*key, *figures) for key, figures in rows.items()) for name, rows in found.items()}


def _parts(project: Project, region: str) -> Iterator[tuple[str, tuple[Any, ...], Decimal]]:
    budget = project.budget_usd
    yield "by_region_and_year", (region, project.funding_year), budget
    yield "by_status", (project.status,), budget
    yield "by_marker", (project.gender_marker_code or NONE,), budget
    for name, marks in (("by_sdg", project.sdgs), ("by_migof", project.governance)):
        for mark in marks:
            yield name, (mark.code,), budget
    for name, rows in (("by_area", project.areas), ("by_activity", project.activities)):
        for row in rows:
            if row.amount_usd > 0:
                yield name, (region, row.code), row.amount_usd
        rest = budget - sum((row.amount_usd for row in rows), Decimal(0))
        if rest:
            yield name, (region, NONE if rest > 0 else OVER), rest


def shortened(found: dict[str, Any]) -> dict[str, Any]:
    """What `answers` says, as `added_up` says it."""
    keys = {"by_region_and_year": ("region", "year"), "by_area": ("region", "code"), "by_activity": ("region", "code")}
    short = {}
    for name in ("by_region_and_year", "by_status", "by_marker", "by_area", "by_activity", "by_sdg", "by_migof"):
        rows = [
            (*(getattr(row, key) for key in keys.get(name, ("code",))), row.number,
             row.amount if hasattr(row, "amount") else row.budget)
            for row in found[name]
        ]  # fmt: skip
        if rows:
            short[name] = sorted(rows)
    return short
