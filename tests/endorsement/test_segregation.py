"""Segregation of duties, the hard cases: whoever is bound stays bound, on every road to a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import CheckAnswer, Clearance, Decision, Round, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import checks
from prima.errors import Invalid, Refused
from prima.handbook import published
from prima.outbox import Letter
from prima.people import accounts, delegations, grants
from prima.people import queries as people
from prima.permissions import Action, can
from prima.projects.models import Part, Party, Project, Section
from prima.projects.operations import add_developer, remove_developer, write_section
from prima.projects.queries import locked
from prima.projects.stages import Status
from prima.sessions import with_rights
from prima.users import Grant, Role, Scope, User
from tests.endorsement.cast import PLACES, REVIEWERS, answer_comments
from tests.endorsement.test_rights import stands_in
from tests.factories import a_project, a_user, grant

BEYOND = "may not do this any more"


class Road:
    """A proposal on its way through the operations, with one person a role; refusals undo all they began."""

    def __init__(self, **project: Any) -> None:
        self.people = {role: a_user(role, place, name=f"{role} person") for role, place in PLACES.items()}
        self.id = a_project(**{"developer": self.people[Role.PDEV], "complete": True, **project}).id
        db.session.commit()

    @property
    def project(self) -> Project:
        db.session.commit()
        db.session.expire_all()
        project = locked(self.id)
        queries.judge(project, queries.newest_round(project))
        queries.people_again()
        return project

    @staticmethod
    def read(user: User) -> User:
        return db.session.scalars(
            select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
        ).one()

    def may(self, user: User, action: Action, seat: str = "") -> bool:
        project = self.project
        newest = queries.newest_round(project)
        subject = next(one for one in project.asked or [] if one.seat == seat) if seat and newest else project
        return can(self.read(user), action, subject)

    def submit(self, by: User | None = None) -> None:
        answer_comments(self.project, actor=self.read(by or self.people[Role.PDEV]))
        operations.submit(self.project, "submit", actor=self.read(by or self.people[Role.PDEV]))

    def decide(self, user: User, move: str) -> Any:
        project = self.project
        return operations.decide(
            project, move, actor=self.read(user), seen=project.steps[-1].id, note="Because.", sections=["RAT"]
        )

    def clear(self, user: User, seat: str, verdict: Verdict = Verdict.CLEAR) -> Clearance:
        project = self.project
        asked = next(one for one in project.asked or [] if one.seat == seat)
        typed = Typed({one.code: (CheckAnswer.YES, "") for one in checks(project, asked.reviewer)}, "Said.", ["MON"])
        return operations.give(
            asked,
            actor=self.read(user),
            seen=project.steps[-1].id,
            version=asked.version,
            verdict=verdict,
            typed=typed,
        )

    def take_back(self, user: User, seat: str) -> None:
        project = self.project
        asked = next(one for one in project.asked or [] if one.seat == seat)
        operations.take_back(asked, actor=self.read(user), seen=project.steps[-1].id)

    def to_review(self) -> None:
        self.submit()
        self.decide(self.people[Role.COM], "clear")

    def to_endorser(self, *, but: tuple[Role, ...] = ()) -> None:
        self.to_review()
        for role in REVIEWERS:
            if role not in but:
                self.clear(self.people[role], role)

    def to_approver(self) -> None:
        self.to_endorser()
        self.decide(self.people[Role.RD], "endorse")
        self.decide(self.people[Role.FUND], "to-fund")
        project = self.project
        sheet = next(one for one in project.asked or [] if one.seat == Role.FUND)
        answers = {one.code: (CheckAnswer.YES, "") for one in checks(project, sheet.reviewer)}
        actor = self.read(self.people[Role.FUND])
        operations.save_draft(sheet, actor=actor, version=sheet.version, typed=Typed(answers))
        self.decide(self.people[Role.FUND], "recommend")

    @property
    def status(self) -> Status:
        return self.project.status


def refused(work: Callable[..., Any], *arguments: Any, says: str = BEYOND, **named: Any) -> None:
    db.session.commit()
    with pytest.raises(Refused, match=says):
        work(*arguments, **named)
    db.session.rollback()
    db.session.expire_all()


@pytest.fixture
def strict_edition(app: Any) -> None:
    """The newest edition asks for one person a clearance; new projects stand on it."""
    text = (published.EDITIONS / "fund_current.toml").read_text(encoding="utf-8")
    for old, new in (
        ('code = "fund-current-3"', 'code = "strict"'),
        ("valid_from = 2014-01-01", "valid_from = 2016-09-01"),
        ("one_person_two_clearances = true", "one_person_two_clearances = false"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = app.config["DOCUMENTS_DIR"].parent / "strict.toml"
    file.write_text(text, encoding="utf-8")
    published.publish(db.session, file)
    db.session.flush()


def test_one_person_gives_two_clearances_where_the_edition_allows_it(app):
    road = Road()
    road.to_review()
    both = road.people[Role.RTS]
    grant(both, Role.RME, "NBO")
    road.clear(both, "RTS")
    road.clear(both, "RME")
    assert {one.seat for one in road.project.asked or [] if one.decided_by_id == both.id} == {"RTS", "RME"}


def test_one_person_gives_one_clearance_where_the_edition_asks_for_two_people(strict_edition):
    road = Road()
    road.to_review()
    both = road.people[Role.RTS]
    grant(both, Role.RME, "NBO")
    road.clear(both, "RTS")
    refused(road.clear, both, "RME", says="asks for a further person")
    road.clear(road.people[Role.RME], "RME")


def test_an_answer_for_an_absent_person_counts_as_that_persons(strict_edition):
    road = Road()
    road.to_review()
    absent, delegate, other = road.people[Role.RTS], a_user(), a_user()
    grant(absent, Role.RME, "NBO")
    stands_in(delegate, absent, Role.RTS)
    stands_in(other, absent, Role.RME)
    road.clear(delegate, "RTS")
    refused(road.clear, absent, "RME", says="asks for a further person")
    refused(road.clear, other, "RME", says="asks for a further person")
    road.clear(road.people[Role.RME], "RME")


def test_when_the_head_of_office_drafts_the_endorser_names_who_clears_and_that_person_is_bound(app):
    road = Road()
    project = road.project
    named, endorser = a_user(), road.people[Role.RD]
    db.session.add(Party(project_id=project.id, user_id=road.people[Role.COM].id, part=Part.AUTHOR))
    road.submit()
    refused(road.decide, road.people[Role.COM], "clear")
    refused(road.decide, named, "clear")

    def name(who: User, by: User) -> None:
        it = road.project
        operations.name_clearer(it, email=who.email, actor=road.read(by), seen=it.steps[-1].id)

    refused(name, named, road.people[Role.RPDO])
    refused(name, road.people[Role.PDEV], endorser, says="on the team")
    refused(name, endorser, endorser, says="name somebody else")
    name(named, endorser)
    with pytest.raises(Invalid, match="has decided"):
        add_developer(road.project, actor=road.read(road.people[Role.PDEV]), person=named)
    db.session.rollback()
    road.decide(named, "clear")
    grant(named, Role.RD, "NBO")
    grant(named, Role.DDG)
    for role in REVIEWERS:
        road.clear(road.people[role], role)
    refused(road.decide, named, "endorse")
    assert not road.may(named, Action.APPROVE)
    road.decide(endorser, "return")
    road.project.title += " again"
    road.submit()
    refused(road.decide, named, "clear")


@pytest.mark.parametrize("part", [Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE])
@pytest.mark.parametrize("role", [Role.COM, Role.RTS, Role.RD])
def test_a_former_team_member_decides_nothing_in_no_name(app, part, role):
    road = Road()
    former, absent = a_user(role, PLACES[role]), road.people[role]
    db.session.add(Party(project_id=road.id, user_id=former.id, part=part, until_at=road.project.created_at))
    stands_in(former, absent)
    {Role.COM: road.submit, Role.RTS: road.to_review, Role.RD: road.to_endorser}[role]()
    if role is Role.RTS:
        refused(road.clear, former, "RTS")
    else:
        refused(road.decide, former, "clear" if role is Role.COM else "endorse")


def test_who_wrote_a_section_and_was_removed_stays_bound(app):
    road = Road()
    writer = a_user(Role.RTS, "NBO")
    developer = road.people[Role.PDEV]
    add_developer(road.project, actor=road.read(developer), person=road.read(writer))
    project = road.project
    write_section(project, "RAT", actor=road.read(writer), version=_version(project, "RAT"), text="Mine.")
    remove_developer(road.project, actor=road.read(developer), user_id=writer.id)
    assert not road.may(writer, Action.EDIT_PROPOSAL)
    db.session.execute(
        update(Party).where(Party.user_id == writer.id, Party.part == Part.AUTHOR).values(until_at=project.created_at)
    )
    road.to_review()
    refused(road.clear, writer, "RTS")
    assert writer.id not in {
        user.id for desk in queries.waiting(road.project, queries.newest_round(road.project)) for user in desk.people
    }


def _version(project: Project, code: str) -> int:
    return next(one.version for one in project.sections if one.code == code)


def test_a_delegate_on_the_team_and_an_absent_person_on_the_team_sign_nothing(app):
    road = Road()
    delegate, absent = a_user(), a_user(Role.RME, "NBO")
    stands_in(road.people[Role.PDEV], road.people[Role.RTS])
    stands_in(delegate, absent)
    db.session.add(Party(project_id=road.id, user_id=absent.id, part=Part.AUTHOR))
    road.to_review()
    refused(road.clear, road.people[Role.PDEV], "RTS")
    refused(road.clear, delegate, "RME")


def test_a_delegate_who_cleared_for_another_neither_endorses_nor_does_the_absent_person(app):
    road = Road()
    delegate, absent = a_user(Role.RD, "NBO"), road.people[Role.RME]
    grant(absent, Role.RD, "NBO")
    stands_in(delegate, absent, Role.RME)
    road.to_endorser(but=(Role.RME,))
    given = road.clear(delegate, "RME")
    assert (given.decided_by_id, given.behalf_of_id) == (delegate.id, absent.id)
    assert road.status is Status.ENDORSE
    refused(road.decide, delegate, "endorse")
    refused(road.decide, absent, "endorse")
    road.decide(road.people[Role.RD], "endorse")


def test_a_chain_of_delegations_gives_nothing_at_its_end(app):
    road = Road()
    first, second, third = road.people[Role.RTS], a_user(), a_user()
    stands_in(second, first)
    stands_in(third, second)
    road.to_review()
    refused(road.clear, third, "RTS")
    assert road.may(second, Action.REVIEW, "RTS")


def test_own_authority_is_used_before_a_lent_one(app):
    road = Road()
    own, absent = a_user(Role.RTS, "NBO"), road.people[Role.RTS]
    stands_in(own, absent)
    road.to_review()
    given = road.clear(own, "RTS")
    assert (given.decided_by_id, given.behalf_of_id) == (own.id, None)
    bound = set(db.session.scalars(select(Party.user_id).where(Party.project_id == road.id)))
    assert absent.id not in bound


def test_an_administrator_grants_nothing_to_themselves_and_a_second_one_confirms(app):
    road = Road()
    first, second = road.people[Role.ADMIN], a_user(Role.ADMIN)
    new = a_user()
    road.to_endorser()
    place = {"role": Role.RD, "scope": Scope.REGION, "region_code": "NBO"}
    refused(grants.grant_role, road.read(first), actor=road.read(first), says="to themselves", **place)
    made = grants.grant_role(road.read(new), actor=road.read(first), **place)
    assert made.waits_for_confirmation
    refused(road.decide, new, "endorse")
    made = db.session.scalars(select(Grant).where(Grant.user_id == new.id)).one()
    refused(grants.confirm_grant, made, actor=road.read(first), says="second administrator")
    refused(grants.confirm_grant, made, actor=road.read(new), says="only administrators|administrator")
    grants.confirm_grant(made, actor=road.read(second))
    road.decide(new, "endorse")


def test_an_administrator_with_an_unconfirmed_deciding_role_decides_nothing(app):
    road = Road()
    administrator = road.people[Role.ADMIN]
    grant(administrator, Role.RD, "NBO", confirmed=False)
    road.to_endorser()
    assert not road.may(administrator, Action.VIEW_PROJECT)
    refused(road.decide, administrator, "endorse")


@pytest.mark.parametrize("later", [Role.RD, Role.DDG])
def test_who_cleared_becomes_neither_endorser_nor_approver(app, later):
    road = Road()
    reviewer = road.people[Role.RTS]
    road.to_endorser() if later is Role.RD else road.to_approver()
    grant(reviewer, later, PLACES[later])
    refused(road.decide, reviewer, "endorse" if later is Role.RD else "approve")


def test_the_endorser_is_not_the_approver_nor_in_anybodys_name(app):
    road = Road()
    endorser = road.people[Role.RD]
    grant(endorser, Role.DDG)
    other = a_user()
    stands_in(other, endorser)
    road.to_approver()
    refused(road.decide, endorser, "approve")
    refused(road.decide, other, "approve")
    stands_in(endorser, road.people[Role.DDG])
    refused(road.decide, endorser, "approve")
    road.decide(road.people[Role.DDG], "approve")


def test_whoever_holds_the_fallback_and_is_on_the_team_does_not_answer(app):
    road = Road()
    drafter = a_user(Role.RPDO, "NBO")
    db.session.add(Party(project_id=road.id, user_id=drafter.id, part=Part.AUTHOR))
    road.to_review()
    db.session.execute(update(User).where(User.id == road.people[Role.RME].id).values(active=False))
    refused(road.clear, drafter, "RME")
    assert road.may(road.people[Role.RPDO], Action.REVIEW, "RME")


def test_whoever_answered_as_the_fallback_may_take_it_back(app):
    road = Road()
    fallback = road.people[Role.RPDO]
    road.to_review()
    db.session.execute(update(User).where(User.id == road.people[Role.RME].id).values(active=False))
    road.clear(fallback, "RME")
    road.take_back(fallback, "RME")
    assert next(one for one in road.project.asked or [] if one.seat == "RME").is_open


def test_the_fallback_answers_no_more_once_somebody_holds_the_role(app):
    road = Road()
    road.to_review()
    db.session.execute(update(User).where(User.id == road.people[Role.RME].id).values(active=False))
    assert road.may(road.people[Role.RPDO], Action.REVIEW, "RME")
    a_user(Role.RME, "NBO")
    refused(road.clear, road.people[Role.RPDO], "RME")


def test_a_reviewer_who_answered_joins_no_team_and_the_answer_stands(app):
    road = Road()
    reviewer = road.people[Role.RTS]
    road.to_review()
    road.clear(reviewer, "RTS")
    with pytest.raises(Invalid, match="has decided"):
        add_developer(road.project, actor=road.read(road.people[Role.PDEV]), person=road.read(reviewer))
    db.session.rollback()
    road.take_back(reviewer, "RTS")
    with pytest.raises(Invalid, match="has decided"):
        add_developer(road.project, actor=road.read(road.people[Role.PDEV]), person=road.read(reviewer))
    db.session.rollback()
    road.clear(reviewer, "RTS")


def test_a_reviewer_who_only_drafted_may_join_the_team_and_then_answers_no_more(app):
    road = Road()
    reviewer = a_user(Role.RTS, "NBO")
    road.to_review()
    project = road.project
    asked = next(one for one in project.asked or [] if one.seat == "RTS")
    typed = Typed({}, "Half way.")
    operations.save_draft(asked, actor=road.read(reviewer), version=asked.version, typed=typed)
    add_developer(road.project, actor=road.read(road.people[Role.PDEV]), person=road.read(reviewer))
    refused(road.clear, reviewer, "RTS")
    road.clear(road.people[Role.RTS], "RTS")
    refused(road.take_back, reviewer, "RTS")


def test_who_joined_the_team_by_writing_neither_decides_nor_takes_back(app):
    """However a person came to the team after answering: the answer stands, and nothing further is theirs."""
    road = Road()
    reviewer = road.people[Role.RTS]
    road.to_review()
    road.clear(reviewer, "RTS")
    db.session.add(Party(project_id=road.id, user_id=reviewer.id, part=Part.AUTHOR))
    refused(road.take_back, reviewer, "RTS")
    given = next(one for one in road.project.asked or [] if one.seat == "RTS")
    assert given.is_given
    assert given.decided_by_id == reviewer.id


def test_a_disabled_account_decides_nothing_and_lends_nothing(app):
    road = Road()
    absent, delegate = road.people[Role.RTS], a_user()
    administrator = road.people[Role.ADMIN]
    stands_in(delegate, absent)
    road.to_review()
    assert road.may(delegate, Action.REVIEW, "RTS")
    accounts.disable(road.read(absent), actor=road.read(administrator), reason="Left.")
    refused(road.clear, absent, "RTS")
    refused(road.clear, delegate, "RTS")


def test_a_delegation_that_ends_within_a_round_leaves_what_was_signed_and_gives_no_more(app):
    road = Road()
    absent, delegate = road.people[Role.RTS], a_user()
    grant(absent, Role.RME, "NBO")
    stands_in(delegate, absent)
    road.to_review()
    road.clear(delegate, "RTS")
    lent = people.delegation(road.read(delegate).stands_in_for[0].id)
    assert lent is not None
    delegations.end_delegation(lent, actor=road.read(absent))
    refused(road.clear, delegate, "RME")
    refused(road.take_back, delegate, "RTS")
    given = next(one for one in road.project.asked or [] if one.seat == "RTS")
    assert (given.decided_by_id, given.behalf_of_id) == (delegate.id, absent.id)
    road.take_back(absent, "RTS")
    road.clear(absent, "RTS")


def test_the_last_word_of_each_role_is_kept_when_later_rounds_are_decided(app):
    road = Road()
    road.to_review()
    road.clear(road.people[Role.RME], "RME", Verdict.RETURN)
    for role in (Role.RPDO, Role.RTS, Role.RRMO):
        road.clear(road.people[role], role)
    assert road.status is Status.RETURNED
    db.session.execute(
        update(Section).where(Section.project_id == road.id, Section.code == "MON").values(text="Better.")
    )
    road.submit()
    before = rows(road.id, 1)
    again = [one.seat for one in road.project.asked or [] if one.is_open]
    assert again == ["RME"]
    standing = next(one for one in road.project.asked or [] if one.seat == "RTS")
    assert standing.stands_id
    road.take_back(road.people[Role.RTS], "RTS")
    road.clear(road.people[Role.RTS], "RTS", Verdict.COMMENTS)
    road.clear(road.people[Role.RME], "RME")
    road.decide(road.people[Role.RD], "return")
    db.session.execute(
        update(Section).where(Section.project_id == road.id, Section.code == "RAT").values(text="Better too.")
    )
    second = rows(road.id, 2)
    road.submit()
    assert rows(road.id, 1) == before
    assert rows(road.id, 2) == second


def rows(project_id: int, number: int) -> list[Any]:
    """All of a round: itself, its answers and its decisions."""
    db.session.commit()
    found = db.session.execute(
        select(Round.id, Round.number, Round.sha256, Round.submitted_by_id, Round.submitted_at, Round.closed_at).where(
            Round.project_id == project_id, Round.number == number
        )
    ).one()
    answers = db.session.execute(
        select(*Clearance.__table__.columns).where(Clearance.round_id == found.id).order_by(Clearance.id)
    ).all()
    decided = db.session.execute(
        select(*Decision.__table__.columns).where(Decision.round_id == found.id).order_by(Decision.step_id)
    ).all()
    return [tuple(found), answers, decided]


def test_a_returned_proposal_whose_developers_left_is_told_to_administrators(app):
    road = Road()
    road.submit()
    accounts.disable(
        road.read(road.people[Role.PDEV]), actor=road.read(road.people[Role.ADMIN]), reason="Left the office."
    )
    step = road.decide(road.people[Role.COM], "return")
    letters = db.session.scalars(
        select(Letter).where(Letter.cause == f"step:{step.id}", Letter.user_id == road.people[Role.ADMIN].id)
    ).all()
    assert [one.kind for one in letters] == ["nobody"]
    assert "ask the head of office to add a developer" in letters[0].body
