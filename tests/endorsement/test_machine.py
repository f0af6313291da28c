"""Random people make random moves, right and wrong ones, and the law of the endorsement holds after each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from prima import journal
from prima.cli import SUBJECTS
from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import CheckAnswer, Clearance, Decision, Round, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import checks
from prima.endorsement.steps import DESKS, OF_THE_TEAM
from prima.errors import Conflict, Refused
from prima.lists import Donor
from prima.outbox import Letter
from prima.people import accounts, delegations, grants
from prima.people.queries import delegation as lent
from prima.permissions import Action, can
from prima.projects.models import Part, Party, Project, Step
from prima.projects.operations import add_developer, remove_developer, take, write_section
from prima.projects.queries import locked
from prima.projects.snapshot import changed_sections, seal, snapshot, submitted_facts
from prima.projects.stages import LIFECYCLE, Funding, Status
from prima.sessions import with_rights
from prima.users import Delegation, Grant, Role, Scope, User
from tests.endorsement.cast import answer_comments
from tests.factories import a_project, a_user, grant

TEAM = {Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE, Part.AUTHOR}
MESSENGERS = {Action.ROUTE_ENDORSED, Action.ANSWER_DONOR}
"""Moves that the manager of a donor's project takes too: both only tell what others decided."""
AFTER_CLEARANCES = {
    Status.ENDORSE, Status.ENDORSED, Status.FUND_REVIEW, Status.APPROVER, Status.RETAINED, Status.DONOR_SUBMITTED,
    Status.APPROVED,
}  # fmt: skip
TEXTS = ("RAT", "MON", "SUM", "EVA")
PLACES: tuple[tuple[Role, str | None], ...] = (
    (Role.COM, "KEN"), (Role.RPDO, "NBO"), (Role.RTS, "NBO"), (Role.RRMO, "NBO"), (Role.RME, "NBO"), (Role.RD, "NBO"),
    (Role.RPDO, "BRU"), (Role.FUND, None), (Role.DDG, None),
)  # fmt: skip
GRANTED = [*PLACES, (Role.RAS, "NBO"), (Role.RD, "BRU"), (Role.ADMIN, None)]
ANY = st.integers(0, 10_000)


def pick(several: Any, number: int) -> Any:
    ordered = list(several)
    return ordered[number % len(ordered)] if ordered else None


class Stage:
    """Everybody and everything there is when an example begins; made once, rolled back to after each."""

    def __init__(self) -> None:
        self.people: list[int] = []
        for role, place in PLACES:
            self.people += [a_user(role, place, name=f"{role} {place} {number}").id for number in (1, 2)]
        both = a_user(Role.RTS, "NBO", name="Two reviewers")
        grant(both, Role.RME, "NBO")
        upward = a_user(Role.RME, "NBO", name="Reviewer and endorser")
        grant(upward, Role.RD, "NBO")
        highest = a_user(Role.RD, "NBO", name="Endorser, Fund and approver")
        grant(highest, Role.FUND)
        grant(highest, Role.DDG)
        head = a_user(Role.COM, "UGA", name="Head who drafts")
        developers = [a_user(Role.PDEV, "KEN", name=f"Developer {number}") for number in (1, 2)]
        manager = a_user(name="Manager")
        staff = [a_user(name=f"Staff {number}") for number in (1, 2)]
        self.administrators = [a_user(Role.ADMIN, name=f"Administrator {number}").id for number in (1, 2, 3)]
        self.people += [one.id for one in (both, upward, highest, head, *developers, manager, *staff)]
        self.people += self.administrators
        db.session.add(Donor(code="EUROPE", name="A fund of the Union", kind="eu", eu_money=True))
        db.session.flush()
        made = [
            a_project(developer=developers[0], complete=True, title="Of the Fund"),
            a_project(developer=head, office_code="UGA", complete=True, title="Of the head of office"),
            a_project(
                developer=developers[0], manager=manager, funding=Funding.DONOR, complete=True, title="A donor's"
            ),
            a_project(developer=developers[1], funding=Funding.DONOR, donor_code="EUROPE", complete=True, title="EU"),
        ]
        self.projects = [one.id for one in made]
        db.session.commit()


class Endorsements(RuleBasedStateMachine):
    """Whoever moves is drawn from all people; `proceed` draws from those on whose desk a proposal lies."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        self.savepoint = db.engine.begin_nested()  # type: ignore[attr-defined]
        self.teams: dict[int, set[int]] = {
            one: set(db.session.scalars(select(Party.user_id).where(Party.project_id == one, Party.part.in_(TEAM))))
            for one in self.stage.projects
        }
        """By project, everybody who was ever on the team: the model, told by what the rules did."""
        self.signed: dict[int, list[tuple[str, frozenset[int]]]] = {one: [] for one in self.stage.projects}
        """By project, what was signed and by whom, an absent person too."""
        self.known_steps = set(db.session.scalars(select(Step.id)))
        self.answers: dict[int, tuple[Any, ...]] = {}
        self.touched: int = self.stage.projects[0]
        """The project of the last rule: what holds of the others was looked at before."""

        self.kept: dict[int, Any] = {}
        """By round that a later one followed, the answers as they stood then."""

    def teardown(self) -> None:
        db.session.remove()
        self.savepoint.rollback()

    # -- what is there ------------------------------------------------------------------------------------------------

    def person(self, number: int) -> User:
        return self.read(pick(self.stage.people, number))

    @staticmethod
    def read(user_id: int) -> User:
        return db.session.scalars(
            select(User).where(User.id == user_id).options(*with_rights()).execution_options(populate_existing=True)
        ).one()

    def project(self, number: int) -> Project:
        self.touched = pick(self.stage.projects, number)
        return self.whole(self.touched)

    @staticmethod
    def whole(project_id: int) -> Project:
        project = locked(project_id)
        queries.judge(project, queries.newest_round(project))
        queries.people_again()
        return project

    @staticmethod
    def seen(project: Project, late: bool) -> int:
        return project.steps[-2 if late and len(project.steps) > 1 else -1].id

    def attempt(self, work: Callable[[], Any]) -> Any:
        """Do it as a request would: all of it, or nothing."""
        before = self.everything()
        try:
            done = work()
            db.session.commit()
        except (Refused, Conflict):
            db.session.rollback()
            assert self.everything() == before, "a refusal left something changed"
            return None
        finally:
            db.session.expire_all()
        self.nobody_on_the_team_signs()
        return done or True

    @staticmethod
    def everything() -> tuple[Any, ...]:
        counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Step, Round, Letter, Party)]
        heads = db.session.execute(select(Project.id, Project.status, Project.journal_head).order_by(Project.id)).all()
        given = db.session.execute(
            select(Clearance.id, Clearance.verdict, Clearance.version, Clearance.note).order_by(Clearance.id)
        ).all()
        return counts, heads, given

    # -- moves --------------------------------------------------------------------------------------------------------

    @initialize(first=st.integers(0, 24), second=st.integers(0, 8), number=ANY, who=ANY)
    def some_are_on_their_way(self, first: int, second: int, number: int, who: int) -> None:
        for place, far in ((number, first), (number + 1, second)):
            for each in range(far):
                self.goes_on(place, who + 7 * each, "back" if (who + each) % 7 == 0 else "on")

    @rule(number=ANY, who=ANY, times=st.integers(1, 4), verdict=st.sampled_from(["on", "on", "on", "back"]))
    def proceed(self, number: int, who: int, times: int, verdict: str) -> None:
        for each in range(times):
            self.goes_on(number, who + 7 * each, verdict)

    def goes_on(self, number: int, who: int, verdict: str) -> None:
        """Somebody on whose desk it lies does what is asked there."""
        project = self.project(number)
        if project.status is Status.DRAFT:
            self.submit(project, pick(sorted(self.teams[project.id]), who))
            return
        desks = queries.waiting(project, queries.newest_round(project))
        desk = pick(desks, who)
        if desk is None or not desk.people:
            return
        person = self.read(pick(sorted(one.id for one in desk.people), who))
        if project.status in OF_THE_TEAM:
            self.submit(project, person.id)
        elif desk.naming:
            self.name(project, person, who)
        elif project.status is Status.REVIEW:
            picked = Verdict.RETURN if verdict == "back" else pick((Verdict.CLEAR, Verdict.COMMENTS), who)
            assert self.give(project, desk.seat, person, picked, CheckAnswer.YES, late=False)
        elif project.status is Status.FUND_REVIEW and desk.seat:
            self.draft(project, desk.seat, person, CheckAnswer.YES)
            project, person = self.whole(project.id), self.read(person.id)
            self.decide(project, person, "return" if verdict == "back" else "recommend", late=False)
        else:
            moves = [
                move
                for move in LIFECYCLE.moves_from(project.status)
                if move.via == "endorsement.decide" and can(person, move.action, project)
            ]
            forward = [move for move in moves if move.note != "required" or move.name == "approved"]
            move = pick((moves if verdict == "back" else forward) or moves, who)
            if move is not None:
                self.decide(project, person, move.name, late=False)

    def submit(self, project: Project, user_id: int) -> None:
        """Submit; what reviewers said is answered first, most of the time."""
        if user_id % 5:
            self.attempt(lambda: answer_comments(self.whole(project.id), actor=self.read(user_id)))
        self.attempt(lambda: operations.submit(self.whole(project.id), "submit", actor=self.read(user_id)))

    def name(self, project: Project, person: User, who: int) -> None:
        other = self.person(who)
        seen = self.seen(project, False)
        self.attempt(lambda: operations.name_clearer(project, email=other.email, actor=person, seen=seen))

    def decide(self, project: Project, person: User, name: str, *, late: bool) -> Any:
        return self.attempt(
            lambda: operations.decide(
                project, name, actor=person, seen=self.seen(project, late), note="Because.", sections=["RAT"]
            )
        )

    def give(
        self, project: Project, seat: Any, person: User, verdict: Verdict, answer: CheckAnswer, *, late: bool
    ) -> Any:
        typed = Typed({one.code: (answer, "") for one in checks(project, seat.reviewer)}, "Said.", ["RAT"])
        return self.attempt(
            lambda: operations.give(
                seat, actor=person, seen=self.seen(project, late), version=seat.version, verdict=verdict, typed=typed
            )
        )

    def draft(self, project: Project, seat: Any, person: User, answer: CheckAnswer | None) -> None:
        typed = Typed({one.code: (answer, "n") for one in checks(project, seat.reviewer)}, f"Draft {person.id}.")
        self.attempt(lambda: operations.save_draft(seat, actor=person, version=seat.version, typed=typed))

    @rule(number=ANY, who=ANY, name=st.sampled_from(sorted({move.name for move in LIFECYCLE})), late=st.booleans())
    def anybody_decides(self, number: int, who: int, name: str, late: bool) -> None:
        if name == "submit":
            self.submit(self.project(number), self.person(who).id)
        else:
            self.decide(self.project(number), self.person(who), name, late=late)

    @rule(
        number=ANY,
        who=ANY,
        seat=ANY,
        verdict=st.sampled_from(Verdict),
        answer=st.sampled_from([CheckAnswer.YES, CheckAnswer.YES, CheckAnswer.NO]),
        late=st.booleans(),
    )
    def anybody_answers(
        self, number: int, who: int, seat: int, verdict: Verdict, answer: CheckAnswer, late: bool
    ) -> None:
        project = self.project(number)
        if asked := pick(project.asked or [], seat):
            self.give(project, asked, self.person(who), verdict, answer, late=late)

    @rule(number=ANY, who=ANY, seat=ANY, of=ANY)
    def somebody_drafts_or_looks_at_an_old_round(self, number: int, who: int, seat: int, of: int) -> None:
        project = self.project(number)
        asked = pick([one for each in queries.rounds(project) for one in each.clearances], of)
        if asked:
            self.draft(project, asked, self.person(who), pick((None, CheckAnswer.NO, CheckAnswer.YES), seat))

    @rule(number=ANY, seat=ANY)
    def whoever_answered_takes_it_back(self, number: int, seat: int) -> None:
        project = self.project(number)
        given = pick([one for one in project.asked or [] if one.decided_by_id], seat)
        if given:
            person = self.read(given.decided_by_id)
            seen = self.seen(project, False)
            self.attempt(lambda: operations.take_back(given, actor=person, seen=seen))

    @rule(number=ANY, who=ANY, other=ANY)
    def anybody_names_who_clears(self, number: int, who: int, other: int) -> None:
        self.name(self.project(number), self.person(who), other)

    @rule(number=ANY, who=ANY, name=st.sampled_from(["recall", "recall-changes", "recall-donor", "withdraw"]))
    def somebody_recalls_or_withdraws(self, number: int, who: int, name: str) -> None:
        project = self.project(number)
        if name == "withdraw" and who % 4:
            return
        person = self.read(pick(sorted(self.teams[project.id]), who)) if who % 3 else self.person(who)
        if name == "withdraw":
            self.attempt(lambda: take(project.id, name, actor=person, note="Not now."))
        else:
            seen = self.seen(project, False)
            self.attempt(lambda: operations.recall(project, name, actor=person, seen=seen, note="Not now."))

    @rule(number=ANY, who=ANY, code=st.sampled_from(TEXTS))
    def somebody_writes(self, number: int, who: int, code: str) -> None:
        project = self.project(number)
        person = self.read(pick(sorted(self.teams[project.id]), who)) if who % 4 else self.person(who)
        section = next(one for one in project.sections if one.code == code)
        text, version = f"Text {who} of {code}.", section.version
        if self.attempt(lambda: write_section(project, code, actor=person, version=version, text=text)):
            self.teams[project.id].add(person.id)

    @rule(number=ANY)
    def the_cover_changes_while_it_can(self, number: int) -> None:
        project = self.project(number)
        if project.is_editable:
            project.title += " again"
            db.session.commit()

    @rule(number=ANY, who=ANY, other=ANY)
    def somebody_joins_the_team(self, number: int, who: int, other: int) -> None:
        project, joins = self.project(number), self.person(other)
        leads = self.read(pick(sorted(self.teams[project.id]), who)) if who % 3 else self.person(who)
        if self.attempt(lambda: add_developer(project, actor=leads, person=joins)):
            assert joins.id not in {one for _, people in self.signed[project.id] for one in people}
            self.teams[project.id].add(joins.id)

    @rule(number=ANY, who=ANY, other=ANY)
    def somebody_leaves_the_team(self, number: int, who: int, other: int) -> None:
        project = self.project(number)
        leads, leaves = (self.read(pick(sorted(self.teams[project.id]), one)) for one in (who, other))
        self.attempt(lambda: remove_developer(project, actor=leads, user_id=leaves.id))

    # -- people -------------------------------------------------------------------------------------------------------

    @rule(who=ANY, by=ANY, what=st.sampled_from(GRANTED))
    def a_role_is_granted(self, who: int, by: int, what: tuple[Role, str | None]) -> None:
        role, place = what
        scope = Scope.ORGANIZATION if place is None else Scope.REGION
        if place == "KEN":
            return
        person, administrator = self.person(who), self.person(by) if by % 4 == 0 else self.administrator(by)
        self.attempt(lambda: grants.grant_role(person, actor=administrator, role=role, scope=scope, region_code=place))
        self.a_grant_is_confirmed(who, by + 1)

    def a_grant_is_confirmed(self, which: int, by: int) -> None:
        waiting = [one for one in db.session.scalars(select(Grant).order_by(Grant.id)) if one.waits_for_confirmation]
        if found := pick(waiting, which):
            administrator = self.administrator(by)
            self.attempt(lambda: grants.confirm_grant(found, actor=administrator))

    @rule(which=ANY, by=ANY)
    def a_role_is_revoked(self, which: int, by: int) -> None:
        held = db.session.scalars(
            select(Grant).where(Grant.revoked_at.is_(None), Grant.role != Role.ADMIN).order_by(Grant.id)
        ).all()
        if found := pick(held, which):
            administrator = self.administrator(by)
            self.attempt(lambda: grants.revoke_grant(found, actor=administrator, reason="Moved."))

    def administrator(self, number: int) -> User:
        return self.read(pick(self.stage.administrators, number))

    @rule(who=ANY, by=ANY)
    def an_account_is_disabled(self, who: int, by: int) -> None:
        person, administrator = self.person(who), self.administrator(by)
        if not person.active or who % 3 == 0:
            person = self.read(db.session.scalar(select(User.id).where(User.active.is_(False)).limit(1)) or person.id)
            self.attempt(lambda: accounts.enable(person, actor=administrator))
        else:
            self.attempt(lambda: accounts.disable(person, actor=administrator, reason="Left."))

    @rule(who=ANY, other=ANY, role=st.sampled_from([None, *Role]))
    def somebody_stands_in(self, who: int, other: int, role: Role | None) -> None:
        absent, delegate = self.person(who), self.person(other)
        self.attempt(
            lambda: delegations.delegate(
                absent,
                actor=absent,
                delegate=delegate,
                from_on=date(2016, 10, 1),
                until_on=date(2016, 12, 1),
                role=role,
            )
        )

    @rule(which=ANY)
    def somebody_is_back(self, which: int) -> None:
        running = db.session.scalars(select(Delegation.id).where(Delegation.ended_at.is_(None)).order_by(Delegation.id))
        if found := lent(pick(running, which) or 0):
            absent = self.read(found.absent_id)
            self.attempt(lambda: delegations.end_delegation(found, actor=absent))

    # -- the law ------------------------------------------------------------------------------------------------------

    @invariant()
    def no_illegal_stage(self) -> None:
        for project in db.session.scalars(select(Project).where(Project.id.in_(self.stage.projects))):
            steps = db.session.scalars(select(Step).where(Step.project_id == project.id).order_by(Step.id)).all()
            at = None
            for step in steps[1:]:
                assert at is None or step.source is at, f"{step.move} does not start where the last step ended"
                move = LIFECYCLE.find(step.source, step.move)
                assert move is not None and move.target is step.target, (step.source, step.move, step.target)
                at = step.target
            if len(steps) > 1:
                assert project.status is at

    @invariant()
    def nobody_on_the_team_signs(self) -> None:
        """Whatever is new since the last look is held against the team as it is now: one rule, one project."""
        for step in db.session.scalars(select(Step).where(Step.id.not_in(self.known_steps)).order_by(Step.id)):
            self.known_steps.add(step.id)
            move = LIFECYCLE.find(step.source, step.move)
            told = move.action in MESSENGERS and self.is_manager(step)
            if move.via == "endorsement.decide" and step.actor_id and not told:
                self.signs(step.project_id, move.action, step.actor_id, step.behalf_of_id)
        for project_id, one in db.session.execute(
            select(Round.project_id, Clearance).join(Clearance.round).order_by(Clearance.id)
        ):
            said = (one.verdict, one.decided_by_id, one.behalf_of_id, one.decided_at)
            if self.answers.get(one.id) != said:
                self.answers[one.id] = said
                if one.decided_by_id and not one.stands_id:
                    self.signs(project_id, Action.REVIEW, one.decided_by_id, one.behalf_of_id)

    @staticmethod
    def is_manager(step: Step) -> bool:
        return bool(
            db.session.scalar(
                select(Party.part).where(
                    Party.project_id == step.project_id, Party.user_id == step.actor_id, Party.part == Part.MANAGER
                )
            )
        )

    def signs(self, project_id: int, action: Action, *people: int | None) -> None:
        signers = frozenset(one for one in people if one)
        assert not signers & self.teams[project_id], f"{action}: signed by or for somebody on the team"
        before = self.signed[project_id]

        def earlier(*actions: Action) -> set[int]:
            return {one for done, them in before if done in actions for one in them}

        if action is Action.ENDORSE:
            assert not signers & earlier(Action.CLEAR_OFFICE, Action.REVIEW, Action.SEND_BACK), "endorser cleared too"
        if action is Action.APPROVE:
            others = earlier(Action.CLEAR_OFFICE, Action.REVIEW, Action.SEND_BACK, Action.ENDORSE, Action.FUND_REVIEW)
            assert not signers & others, "the approver is no further person"
        before.append((action, signers))

    @invariant()
    def nothing_goes_on_without_its_clearances(self) -> None:
        if db.session.get_one(Project, self.touched).status not in AFTER_CLEARANCES:
            return
        project = self.whole(self.touched)
        rounds = queries.rounds(project)
        newest, handbook = rounds[0], project.edition.handbook
        assert newest.sha256 == seal(newest.snapshot) == seal(snapshot(project)), "what stands is not what was read"
        needed = handbook.reviewers_for(project.funding.value, submitted_facts(newest.snapshot))
        answered = {one.reviewer for one in newest.clearances}
        assert {one.key for one in needed if one.scope != "named" or one.place != project.region_code} <= answered
        for one in newest.clearances:
            if not one.required:
                continue
            assert one.is_given, f"{one.seat} is missing"
            if one.stands_id:
                first = next(each for each in rounds if one.stands_id in {its.id for its in each.clearances})
                concern = {section.code for section in handbook.sections if one.reviewer in section.roles}
                assert not changed_sections(first.snapshot, newest.snapshot) & concern, f"{one.seat} is stale"
        heads = db.session.scalars(select(Decision).where(Decision.round_id == newest.id, Decision.role == Role.COM))
        assert heads.all(), "the head of office did not clear this version"

    @invariant()
    def earlier_rounds_never_change(self) -> None:
        for round_id in db.session.scalars(select(Round.id).where(Round.closed_at.is_not(None))):
            number = db.session.get_one(Round, round_id)
            later = db.session.scalar(
                select(Round.id).where(Round.project_id == number.project_id, Round.number > number.number).limit(1)
            )
            if later is None:
                continue
            rows = db.session.execute(
                select(*Clearance.__table__.columns).where(Clearance.round_id == round_id).order_by(Clearance.id)
            ).all()
            assert self.kept.setdefault(round_id, rows) == rows, "an earlier round was changed"

    @invariant()
    def every_open_proposal_lies_on_a_desk(self) -> None:
        if db.session.get_one(Project, self.touched).status not in DESKS:
            return
        project = self.whole(self.touched)
        desks = queries.waiting(project, queries.newest_round(project))
        assert desks, f"{project.status}: it lies on no desk"
        reference = project.reference
        if any(not desk.people for desk in desks) and (administrators := queries.administrators()):
            theirs = queries.on_the_desk(self.read(administrators[0].id))
            assert reference in {row.reference for row in theirs}, "nobody may, and it is on no administrator's desk"

    @invariant()
    def the_journal_verifies(self) -> None:
        assert list(journal.faults(db.session(), SUBJECTS)) == []


def drive(examples: int, steps: int, *phases: Phase) -> None:
    Endorsements.stage = Stage()
    run_state_machine_as_test(
        Endorsements,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_law_of_the_endorsement_holds_whoever_does_what(app):
    drive(6, 14, Phase.generate)


@pytest.mark.soak
def test_the_law_holds_over_long_roads(app):
    drive(200, 80, Phase.generate, Phase.shrink)
