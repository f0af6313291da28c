"""A running project for journeys: its people, a clock that goes on, and reports that need no browser to be accepted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.handbook.published import HandbookEdition
from prima.projects.models import Beneficiaries, BudgetLine, Project
from prima.reporting import operations
from prima.reporting.models import Deadline
from prima.reporting.steps import deciding_roles, report_type_of
from prima.users import Role
from tests.journeys.people import Cast, Person
from tests.reporting.finance import signed_in

PLACES = {
    "manager": (Role.PM, "KEN", "Project manager, Kenya"),
    "alternate": (Role.APM, "KEN", "Alternate manager, Kenya"),
    "rpdo": (Role.RPDO, "NBO", "Project development officer, Nairobi"),
    "rme": (Role.RME, "NBO", "M&E officer, Nairobi"),
    "ras": (Role.RAS, "NBO", "Accounting support, Nairobi"),
    "rrmo": (Role.RRMO, "NBO", "Resource management officer, Nairobi"),
    "rd": (Role.RD, "NBO", "Regional director, Nairobi"),
    "fund": (Role.FUND, None, "Fund management"),
}
NARROW = ("manager", "rd")
"""They are on their phones."""
Row = tuple[str, str]


def a_cast(browser_page: Any) -> Cast:
    cast = Cast(browser_page, {})
    for key, (role, at, name) in PLACES.items():
        cast.add(key, role, at, name)
    for key in NARROW:
        user = cast.people[key]
        cast.seated[key] = Person(user.name, user.email, browser_page(width=390))
    return cast


def go_to(day: date) -> None:
    """The day goes on for everybody; nothing that was read before is taken for what stands now."""
    db.session.rollback()
    clock.fix(day)


def look(person: Person, axe: Any) -> Person:
    """The page fits its window, and axe finds nothing."""
    axe(person.fits().page)
    return person


def deadlines(project: Project, *kinds: str) -> list[Deadline]:
    """What is asked now, by the day on which it is due."""
    asked = select(Deadline).where(Deadline.project_id == project.id, Deadline.fell_away_at.is_(None))
    if kinds:
        asked = asked.where(Deadline.kind.in_(kinds))
    return list(db.session.scalars(asked.order_by(Deadline.due_on, Deadline.kind)))


def hand_in(project: Project, cast: Cast, *kinds: str, until: date, spent: int = 1000) -> None:
    """The open reports of these kinds that are due until a day: written by the manager, checked and accepted."""
    db.session.expire_all()
    edition = db.session.get_one(HandbookEdition, project.edition_id).handbook
    for deadline in deadlines(project, *kinds):
        if not deadline.is_open or deadline.due_on > until:
            continue
        kind = report_type_of(edition, deadline.kind)
        assert kind is not None
        manager = signed_in(cast.people["manager"])
        operations.save(
            deadline.id,
            actor=manager,
            version=0,
            texts={section.code: f"The words of {section.title.say()}." for section in kind.sections},
            reached=dict.fromkeys(of(project, Beneficiaries), 100) if kind.part == "narrative" else {},
            spending=figures(project, spent) if kind.part == "financial" else {},
        )
        operations.submit(deadline.id, actor=manager)
        assert deadline.report is not None
        for move in ("check", "accept"):
            [role, *_others] = deciding_roles(kind, deadline.report.state)
            operations.decide(deadline.id, move, actor=signed_in(cast.people[role.lower()]))
    db.session.commit()


def of(project: Project, model: Any) -> list[int]:
    return list(db.session.scalars(select(model.id).where(model.project_id == project.id)))


def figures(project: Project, spent: int) -> dict[Any, Any]:
    lines = db.session.scalars(select(BudgetLine).where(BudgetLine.project_id == project.id))
    return {(line.category_code, line.id): (Decimal(spent), Decimal(0)) for line in lines}


def due(person: Person, caption: str = "Deadlines") -> list[Row]:
    """What a table of deadlines says: the report and its day."""
    return [(row[0], row[2].split(",")[0]) for row in person.rows(caption)]
