"""How many questions the pages of everybody who decides ask: at most twenty, as many for much as for little.

Counted are whole pages with their frame, where there are colleagues at the desk, delegations and claims; for whoever
holds the role and has taken the proposal up, and for whoever stands in for somebody else there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import null, select, update

from prima import clock, sessions
from prima.db import db
from prima.endorsement.models import Claim, Verdict
from prima.lists import Donor
from prima.projects.models import BudgetLine, Comment, Project, Reply
from prima.projects.stages import Funding, Status
from prima.users import Role, User
from tests.endorsement.cast import PLACES
from tests.endorsement.test_return import change
from tests.endorsement.test_rights import stands_in
from tests.endorsement.test_segregation import Road
from tests.factories import a_user

MOST = 20
LITTLE, MUCH = 2, 3
DECISIONS = {
    Status.OFFICE_CLEAR: (Role.COM, ("clear",)),
    Status.REVIEW: (Role.RPDO, ("return",)),
    Status.ENDORSE: (Role.RD, ("endorse",)),
    Status.FUND_REVIEW: (Role.FUND, ("recommend", "retain")),
}
"""Who decides with a button of the project's page, by where the proposal is."""
ELSEWHERE = {"RPDO-BRU": (Role.RPDO, "BRU"), "LEG": (Role.LEG, None), "HQD": (Role.HQD, None), "RMO": (Role.RMO, "KEN")}
"""The further reviewers of a large project with money of the EU."""
Counts = dict[str, int]


class Pages:
    """A proposal on its road, and the pages of those on whose desks it lies; `many` rows of each kind."""

    def __init__(self, funding: Funding, many: int, browser_of: Callable, questions: list[str]) -> None:
        self.many, self.browser_of, self.questions = many, browser_of, questions
        self.counts: Counts = {}
        more = {"donor_code": "EU_FUND", "agreement": "EU-1", "budget": 6_000_000} if funding is Funding.DONOR else {}
        self.road = Road(funding=funding, **more)
        self.home = f"/projects/{self.road.project.reference}"
        chairs = {role.value: (role, place) for role, place in PLACES.items()}
        if funding is Funding.DONOR:
            chairs |= ELSEWHERE
            self.road.people |= {seat: a_user(*chair, name=f"{seat} person") for seat, chair in ELSEWHERE.items()}
        self.deputies = {seat: self.deputies_of(*chair) for seat, chair in chairs.items() if chair[0] is not Role.PDEV}
        paid = db.session.scalars(select(BudgetLine.result_id).where(BudgetLine.project_id == self.road.id)).first()
        for number in range(many):
            place = {"project_id": self.road.id, "position": 10 + number, "result_id": paid}
            costs = {"category_code": "STAFF.NAT", "unit": "month", "unit_cost": 0, "amount": 0}
            db.session.add(BudgetLine(**place, **costs, description=f"Further line {number}"))
        db.session.commit()

    def deputies_of(self, role: Role, place: str | None) -> list[User]:
        """Colleagues in the role who are away, each with somebody who stands in."""
        found = []
        for _number in range(self.many):
            found.append(a_user())
            stands_in(found[-1], a_user(role, place), role)
        return found

    def walked(self) -> None:
        """Round after round, with comments at every desk, back to the head of office."""
        project = db.session.get_one(Project, self.road.id)
        for number in range(self.many):
            self.road.submit()
            self.road.decide(self.road.people[Role.COM], "clear")
            self.said(project, number)
            self.road.clear(self.road.people[Role.RME], "RME", Verdict.COMMENTS)
            self.road.decide(self.road.people[Role.RPDO], "return")
            change(project, "MON", f"Better {number}.")
            db.session.execute(update(Project).values(title=f"Title {number}").where(Project.id == self.road.id))
            db.session.commit()
        self.road.submit()

    def said(self, project: Project, number: int) -> None:
        """Drafted and published at each seat, the latter with a reply."""
        seats = [one.seat for one in self.road.project.asked or []]
        for seat in seats:
            author = self.road.people[seat]
            about = {"project_id": self.road.id, "section_code": "MON", "author_id": author.id, "seat": seat}
            drafted = Comment(**about, text=f"Draft {number}", round_number=number + 1, published_at=null())
            published = Comment(**about, text=f"Said {number}", round_number=number + 1, needs_answer=True)
            db.session.add_all([drafted, published])
            db.session.flush()
            db.session.add(Reply(comment_id=published.id, author_id=self.road.people[Role.PDEV].id, text="Done."))
            published.answered_at = clock.now()
        db.session.commit()

    def count(self, seat: str, path: str) -> None:
        """For whoever has taken it up, and for somebody who stands in."""
        holder = self.road.people[seat]
        db.session.merge(Claim(project_id=self.road.id, seat=seat, user_id=holder.id))
        db.session.commit()
        sitting = {seat: holder, f"for {seat}": self.deputies[seat][0]}
        for who, person in sitting.items():
            if person is not holder and self.many == LITTLE:
                continue
            browser = self.browser_of(person)
            address = f"{self.home}/{path}"
            self.questions.clear()
            page = browser.open(address)
            assert (page.status, page.url) == (200, address), (who, page.text)
            self.counts[f"{who}: {path}"] = sum("sign_in" not in one for one in self.questions)

    def count_here(self) -> None:
        """What is open on the desks where the proposal lies now."""
        project = self.road.project
        seat, moves = DECISIONS[project.status]
        for open_one in [one.seat for one in project.asked or [] if one.is_open]:
            self.count(open_one, f"clearances/{open_one.lower()}")
        for move in moves:
            self.count(seat, f"decisions/{move}")

    def clear_all(self) -> None:
        for seat in [one.seat for one in self.road.project.asked or [] if one.is_open]:
            db.session.execute(update(Claim).values(user_id=self.road.people[seat].id).where(Claim.seat == seat))
            self.road.clear(self.road.people[seat], seat)


@pytest.fixture
def pages_of(app, browser_of, questions, monkeypatch):
    # The desk is counted once a minute, on whichever page that falls.
    monkeypatch.setattr(sessions, "kept_count", lambda: 0)
    db.session.add(Donor(code="EU_FUND", name="A fund of the European Union", kind="eu", eu_money=True))
    db.session.commit()
    return lambda funding, many: Pages(funding, many, browser_of, questions)


def for_the_fund(pages: Pages) -> Counts:
    pages.walked()
    road = pages.road
    pages.count_here()
    road.decide(road.people[Role.COM], "clear")
    pages.count_here()
    pages.clear_all()
    pages.count_here()
    road.decide(road.people[Role.RD], "endorse")
    road.decide(road.people[Role.FUND], "to-fund")
    pages.count_here()
    return pages.counts


def for_a_donor(pages: Pages) -> Counts:
    pages.walked()
    road = pages.road
    road.decide(road.people[Role.COM], "clear")
    pages.count_here()
    return pages.counts


@pytest.mark.parametrize(
    ("funding", "walk", "seats"),
    [
        (Funding.FUND, for_the_fund, {"COM", "RPDO", "RTS", "RRMO", "RME", "RD", "FUND"}),
        pytest.param(
            Funding.DONOR,
            for_a_donor,
            {"RPDO", "RTS", "RRMO", "RME", "RPDO-BRU", "LEG", "HQD", "RMO"},
            marks=pytest.mark.soak,
        ),
    ],
    ids=["fund", "donor"],
)
def test_every_role_has_its_page_in_twenty_questions(pages_of, funding, walk, seats):
    little, much = walk(pages_of(funding, LITTLE)), walk(pages_of(funding, MUCH))
    assert {who.partition(":")[0].removeprefix("for ") for who in much} == seats
    assert {who: number for who, number in much.items() if number > MOST} == {}
    assert {who: much[who] for who in little} == little
