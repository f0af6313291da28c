"""A running project with its deadlines and versions, and the people who ask for its changes and decide on them."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import select

from prima.db import db
from prima.projects import changing, operations
from prima.projects.changes import ChangeKind
from prima.projects.models import Change, Project
from prima.projects.operations.effects import Terms
from prima.reporting import operations as reporting
from prima.reporting.models import Deadline
from prima.users import User
from tests.factories import a_project, a_user

START, END = date(2016, 9, 1), date(2017, 5, 31)
WHY = {"Reason": "Floods.", "Effect on results, time and money": "The courses are held later."}


class Crew:
    """One person a role; the manager and the alternate run the project, which the Fund or the RRMO activated."""

    def __init__(
        self,
        browser_of: Any = None,
        *,
        starts_on: date = START,
        ends_on: date = END,
        funding: str = "fund",
        **more: Any,
    ) -> None:
        self.browser_of = browser_of
        self.browsers: dict[str, Any] = {}
        self.people: dict[str, User] = {
            "manager": a_user("PM", "KEN", name="The manager"),
            "alternate": a_user("APM", "KEN", name="The alternate"),
            "RD": a_user("RD", "NBO", name="The regional director"),
            "RPDO": a_user("RPDO", "NBO", name="The project development officer"),
            "RRMO": a_user("RRMO", "NBO", name="The resource officer"),
            "FUND": a_user("FUND", name="The Fund officer"),
        }
        self.project = a_project(status="APPROVED", complete=True, funding=funding, **more)
        reporting.activate(
            self.project.id,
            actor=self["FUND" if funding == "fund" else "RRMO"],
            starts_on=starts_on,
            ends_on=ends_on,
            manager=self["manager"].email,
            alternate=self["alternate"].email,
            focal_point="Ministry of Labour",
        )
        db.session.commit()

    def __getitem__(self, who: str) -> User:
        return self.people[who]

    @property
    def path(self) -> str:
        return f"/projects/{self.project.reference}"

    def open(self, who: str, path: str = "") -> Any:
        return self.browser(who).open(f"{self.path}{path}")

    def browser(self, who: str) -> Any:
        db.session.commit()
        if who not in self.browsers:
            self.browsers[who] = self.browser_of(self[who])
        db.session.expire_all()
        return self.browsers[who]

    def take(self, who: str, number: int, move: str, note: str = "", letter: bool = False) -> Any:
        """Open the page of a step and press its button."""
        page = self.open(who, f"/changes/{number}/{move}").check()
        if note:
            page.fill(next(one for one in page.labels if one.startswith(("Re", "What"))), note)
        if letter:
            page.fill("Letter to upload", ("letter.pdf", b"%PDF-1.7 the donor's letter"))
        return page.press(page.buttons[0])

    def extension(self, ends_on: str, then: str = "Save and ask", who: str = "manager") -> Any:
        page = self.open(who, "/changes/new/no_cost_extension").check()
        return fill(page, **{"New end date": ends_on}).press(then)

    def ask(self, kind: ChangeKind, *, then: bool = True, **terms: Any) -> Change:
        """Ask without pages, where a test is about what follows."""
        change = operations.save_change(
            self.project,
            kind,
            actor=self["manager"],
            following=following(),
            terms=Terms(**terms),
            reason="Floods.",
            effect="Later.",
        )
        if then:
            self.move(change, "record" if change.free else "ask", "manager")
        return change

    def move(self, change: Change, name: str, who: str, **more: Any) -> None:
        current = changing.change(self.project.reference, change.number)
        assert current is not None
        operations.take_change(current, name, actor=self[who], following=following(), seen=current.version, **more)

    def approve(self, change: Change) -> None:
        self.move(change, "endorse", "RD")
        self.move(change, "approve", "FUND")


def fill(page: Any, **values: Any) -> Any:
    for label, value in {**values, **WHY}.items():
        page.fill(label, value)
    return page


def following() -> Any:
    return current_app.extensions["prima.following"]


def standing(project: Project) -> list[Deadline]:
    return list(
        db.session.scalars(
            select(Deadline)
            .where(Deadline.project_id == project.id, Deadline.fell_away_at.is_(None))
            .order_by(Deadline.due_on, Deadline.kind)
            .execution_options(populate_existing=True)
        )
    )


def days(project: Project, kind: str) -> list[str]:
    return [row.due_on.isoformat() for row in standing(project) if row.kind == kind]
