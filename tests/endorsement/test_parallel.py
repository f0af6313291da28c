"""Two decisions at once, on a real database: exactly one wins, the others read what happened, nothing stands double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import make_url

from prima import clock, journal
from prima.cli import SUBJECTS
from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import CheckAnswer, Clearance, Decision, Round, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import checks
from prima.journal import Entry
from prima.outbox import Letter
from prima.projects.models import Project, Step
from prima.projects.queries import locked
from prima.projects.stages import Status
from prima.sessions import with_rights
from prima.users import Role, User
from tests.browser import Browser, Page
from tests.conftest import TODAY, make_app
from tests.endorsement.cast import PLACES, REVIEWERS, answer_comments
from tests.factories import PASSWORD, a_project, a_user

PRESSES = 20
WON, LOST = 200, 409


class Office:
    """The application on a database whose transactions really meet, with two people a role."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.emails: dict[Any, str] = {}
        self.ids: dict[Any, int] = {}
        self.cookies: dict[Any, Any] = {}
        with app.app_context():
            for role, place in PLACES.items():
                for key in (role, f"second {role}"):
                    person = a_user(role, place, name=f"{key} person", time_zone="UTC")
                    self.emails[key], self.ids[key] = person.email, person.id
            db.session.commit()

    def proposal(self, *, to: Status, answered: Sequence[Role] = ()) -> str:
        """A proposal that took the road up to a status by its operations; the reviewers named have cleared."""
        with self.app.test_request_context(method="POST"):
            developer = db.session.get_one(User, self.ids[Role.PDEV])
            project = a_project(developer=developer, complete=True)
            db.session.commit()
            reference, project_id = project.reference, project.id
            self.did(project_id, lambda it, one: operations.submit(it, "submit", actor=one), Role.PDEV)
            if to is Status.OFFICE_CLEAR:
                return reference
            self.did(project_id, self.decision("clear"), Role.COM)
            for role in REVIEWERS if to is not Status.REVIEW and to is not Status.RETURNED else answered:
                self.did(project_id, self.answer(role), role)
            if to is Status.RETURNED:
                self.did(project_id, self.decision("return"), Role.RPDO)
                self.answered(project_id)
            found = locked(project_id)
            assert found.status is to
            db.session.rollback()
            return reference

    def answered(self, project_id: int) -> None:
        self.did(project_id, lambda it, one: answer_comments(it, actor=one), Role.PDEV)

    def did(self, project_id: int, work: Callable[[Project, User], Any], role: Role) -> None:
        db.session.expire_all()
        actor = db.session.scalars(select(User).where(User.id == self.ids[role]).options(*with_rights())).one()
        work(locked(project_id), actor)
        db.session.commit()

    @staticmethod
    def decision(name: str) -> Callable[[Project, User], Any]:
        return lambda project, actor: operations.decide(
            project, name, actor=actor, seen=project.steps[-1].id, note="Because.", sections=["RAT"]
        )

    @staticmethod
    def answer(role: Role) -> Callable[[Project, User], Any]:
        def give(project: Project, actor: User) -> None:
            newest = queries.newest_round(project)
            seat = newest.clearance(role) if newest else None
            assert seat is not None
            typed = Typed({one.code: (CheckAnswer.YES, "") for one in checks(project, seat.reviewer)})
            operations.give(
                seat,
                actor=actor,
                seen=project.steps[-1].id,
                version=seat.version,
                verdict=Verdict.CLEAR,
                typed=typed,
            )

        return give

    def window(self, who: Any, url: str) -> Page:
        if who not in self.cookies:
            browser = Browser(self.app)
            page = browser.open("/sign-in").fill("E-mail address", self.emails[who]).fill("Password", PASSWORD)
            assert page.press("Sign in").status == WON
            self.cookies[who] = browser.client._cookies
        browser = Browser(self.app)
        browser.client._cookies = dict(self.cookies[who])
        page = browser.open(url)
        assert page.status == WON, page
        return page

    def decide(self, who: Any, reference: str, move: str, note: str = "") -> Callable[[], Page]:
        page = self.window(who, f"/projects/{reference}/decisions/{move}")
        if note:
            page.fill("Reason", note).fill("Sections to be changed", ["Rationale"])
        return lambda: page.press(page.buttons[0])

    def review(self, who: Any, reference: str, seat: str, button: str = "Clear") -> Callable[[], Page]:
        page = self.window(who, f"/projects/{reference}/clearances/{seat}")
        for group in page.soup.select("fieldset"):
            if group.legend.get_text().endswith("?"):
                page.fill(group.legend.get_text(), "Yes")
        return lambda: page.press(button)

    def take_back(self, who: Any, reference: str, seat: str) -> Callable[[], Page]:
        page = self.window(who, f"/projects/{reference}/clearances/{seat}")
        return lambda: page.press("Take this answer back")

    def recall(self, who: Any, reference: str) -> Callable[[], Page]:
        page = self.window(who, f"/projects/{reference}").press("Recall")
        return lambda: page.press("Recall")

    def submit(self, who: Any, reference: str, button: str) -> Callable[[], Page]:
        page = self.window(who, f"/projects/{reference}/submit/submit")
        return lambda: page.press(button)

    def id_of(self, reference: str) -> int:
        return db.session.scalars(select(Project.id).where(Project.reference == reference)).one()

    def moves(self, reference: str) -> list[str]:
        with self.app.app_context():
            steps = select(Step).join(Project, Project.id == Step.project_id).where(Project.reference == reference)
            return [one.move for one in db.session.scalars(steps.order_by(Step.id))]

    def nothing_double(self, reference: str) -> None:
        """Every step follows the one before, stands once in the journal, and nobody got the same letter twice."""
        with self.app.app_context():
            project = db.session.scalars(select(Project).where(Project.reference == reference)).one()
            steps = db.session.scalars(select(Step).where(Step.project_id == project.id).order_by(Step.id)).all()
            for before, after in pairwise(steps[1:]):
                assert after.source is before.target
            assert project.status is steps[-1].target
            entries = db.session.scalars(
                select(Entry)
                .where(Entry.subject_kind == "project", Entry.subject_id == project.id)
                .order_by(Entry.number)
            ).all()
            told = [(one.data["move"], one.data["target"]) for one in entries if one.event == "moved"]
            assert told == [(one.move, str(one.target)) for one in steps[1:]]
            given = Counter(
                one.data["seat"] if one.event == "clearance given" else f"-{one.data['seat']}"
                for one in entries
                if one.event in ("clearance given", "clearance taken back")
            )
            seats = db.session.execute(
                select(Clearance.seat, Clearance.decided_by_id)
                .join(Clearance.round)
                .where(Round.project_id == project.id, Clearance.stands_id.is_(None))
            ).all()
            assert (
                Counter(seat for seat, by in seats if by)
                == Counter(
                    {seat: times - given[f"-{seat}"] for seat, times in given.items() if not seat.startswith("-")}
                )
                + Counter()
            )
            rounds = db.session.scalars(select(Round.number).where(Round.project_id == project.id)).all()
            assert len(rounds) == sum(one.move == "submit" for one in steps)
            letters = db.session.execute(
                select(Letter.cause, Letter.recipient, Letter.kind).where(Letter.subject.contains(reference))
            ).all()
            assert max(Counter(letters).values()) == 1
            assert {cause for cause, *_ in letters if cause.startswith("step:")} <= {f"step:{one.id}" for one in steps}
            decided = db.session.scalars(select(Decision.step_id).join(Step).where(Step.project_id == project.id)).all()
            assert len(decided) == len(set(decided))
            assert list(journal.faults(db.session(), SUBJECTS)) == []


@pytest.fixture(scope="module")
def office(databases: Callable[..., str], template_url: str, tmp_path_factory: Any) -> Iterator[Office]:
    clock.fix(TODAY)
    app = make_app(
        databases("prima_parallel", template=make_url(template_url).database),
        DOCUMENTS_DIR=tmp_path_factory.mktemp("parallel") / "documents",
    )
    yield Office(app)
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)


def together(*presses: Callable[[], Page]) -> list[Page]:
    """All at the same moment."""
    start = Barrier(len(presses))

    def press(one: Callable[[], Page]) -> Page:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(presses)) as pool:
        return list(pool.map(press, presses))


def one_wins(pages: Sequence[Page], *said: str) -> int:
    """One was done, everybody else reads who did what, when, and where it is now; which one won."""
    won = [number for number, page in enumerate(pages) if page.status == WON]
    assert len(won) == 1, [(page.status, page.messages or page.errors) for page in pages]
    for page in pages:
        if page.status != WON:
            assert page.status in (LOST, 422), page
            assert any(each in page.text for each in said), page.text
    return won[0]


def test_twenty_clearings_by_two_heads_of_office_leave_one(office):
    reference = office.proposal(to=Status.OFFICE_CLEAR)
    heads = (Role.COM, "second COM")
    pages = together(*(office.decide(heads[number % 2], reference, "clear") for number in range(PRESSES)))
    winner = one_wins(pages, "took the step “Clear for review” on 1 Oct 2016")
    name = f"{heads[winner % 2]} person took the step"
    assert all(name in page.text and "is now: " in page.text for page in pages if page.status == LOST)
    assert Counter(page.status for page in pages) == {WON: 1, LOST: PRESSES - 1}
    assert office.moves(reference) == ["create", "submit", "clear"]
    office.nothing_double(reference)


def test_twenty_answers_of_one_seat_by_two_people_leave_one(office):
    reference = office.proposal(to=Status.REVIEW)
    people = (Role.RTS, "second RTS")
    pages = together(*(office.review(people[number % 2], reference, "rts") for number in range(PRESSES)))
    winner = one_wins(pages, "has answered already. Take the answer back first.")
    name = f"{people[winner % 2]} person has answered already."
    assert all(name in page.text for page in pages if page.status != WON)
    office.nothing_double(reference)


def test_endorse_against_return(office):
    reference = office.proposal(to=Status.ENDORSE)
    pages = together(
        office.decide(Role.RD, reference, "endorse"), office.decide("second RD", reference, "return", "Not yet.")
    )
    winner = one_wins(pages, "took the step “Endorse”", "took the step “Return for changes”")
    assert office.moves(reference)[-1] == ("endorse", "return")[winner]
    assert ("Endorsed", "Returned for changes")[winner].casefold() in pages[1 - winner].text.casefold()
    office.nothing_double(reference)


@pytest.mark.parametrize("move", ["clear", "return"])
def test_the_head_of_office_against_a_recall(office, move):
    reference = office.proposal(to=Status.OFFICE_CLEAR)
    note = "Not yet." if move == "return" else ""
    pages = together(office.decide(Role.COM, reference, move, note), office.recall(Role.PDEV, reference))
    winner = one_wins(pages, "took the step")
    assert office.moves(reference)[-1] == (move, "recall")[winner]
    assert "person took the step “" in pages[1 - winner].text
    assert "is now: " in pages[1 - winner].text
    office.nothing_double(reference)


def test_a_withdrawal_against_the_endorsement(office):
    reference = office.proposal(to=Status.ENDORSE)
    page = office.window(Role.PDEV, f"/projects/{reference}").press("Withdraw")
    page.fill("Reason", "No longer needed.")
    pages = together(office.decide(Role.RD, reference, "endorse"), lambda: page.press("Withdraw"))
    # An endorsed proposal can still be withdrawn, so both may be done: then in this order.
    assert [one.status for one in pages] in ([WON, WON], [LOST, WON]), pages
    assert office.moves(reference)[-1] == "withdraw"
    if pages[0].status == LOST:
        assert "PDEV person took the step “Withdraw”" in pages[0].text
    office.nothing_double(reference)


def test_resubmitting_twice_and_against_a_decision(office):
    reference = office.proposal(to=Status.RETURNED)
    pages = together(*(office.submit(Role.PDEV, reference, "Submit again") for _ in range(6)))
    one_wins(pages, "took the step", "is now: ")
    assert office.moves(reference).count("submit") == 2
    office.nothing_double(reference)


def test_resubmit_against_a_reviewers_decision_on_the_round_before(office):
    reference = office.proposal(to=Status.REVIEW, answered=[Role.RTS, Role.RRMO])
    late = office.review(Role.RME, reference, "rme")
    back = office.decide("second RPDO", reference, "return", "Early.")
    assert back().status == WON
    with office.app.test_request_context(method="POST"):
        office.answered(office.id_of(reference))
    pages = together(late, office.submit(Role.PDEV, reference, "Submit again"))
    assert one_wins(pages, "took the step") == 1
    assert "is now: " in pages[0].text
    assert office.moves(reference)[-2:] == ["submit", "stand"]
    office.nothing_double(reference)


def test_a_clearance_against_sending_back(office):
    reference = office.proposal(to=Status.REVIEW, answered=[Role.RTS, Role.RRMO, Role.RME])
    pages = together(
        office.review(Role.RPDO, reference, "rpdo"), office.decide("second RPDO", reference, "return", "Early.")
    )
    winner = one_wins(pages, "took the step “All clearances given”", "took the step “Send back now”")
    assert office.moves(reference)[-1] == ("pass", "return")[winner]
    office.nothing_double(reference)


def test_taking_back_against_the_last_clearance(office):
    reference = office.proposal(to=Status.REVIEW, answered=[Role.RTS, Role.RRMO, Role.RME])
    pages = together(office.take_back(Role.RTS, reference, "rts"), office.review(Role.RPDO, reference, "rpdo"))
    moved = office.moves(reference)[-1] == "pass"
    if moved:
        assert [page.status for page in pages] == [LOST, WON]
        assert "PRIMA took the step “All clearances given” on 1 Oct 2016" in pages[0].text
    else:
        assert [page.status for page in pages] == [WON, WON]
    office.nothing_double(reference)


def test_four_last_answers_at_once_move_it_once(office):
    reference = office.proposal(to=Status.REVIEW)
    pages = together(*(office.review(role, reference, role.lower()) for role in REVIEWERS))
    assert [page.status for page in pages] == [WON] * len(REVIEWERS)
    assert office.moves(reference) == ["create", "submit", "clear", "pass"]
    office.nothing_double(reference)
