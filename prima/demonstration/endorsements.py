"""Rounds of review with the version they froze, the clearances and their answers, and in which role was decided."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import YESTERDAY, moment, working_day
from prima.demonstration.plot import SEATS
from prima.demonstration.proposals import Case
from prima.demonstration.topics import ASKED
from prima.endorsement import record
from prima.endorsement.models import Answer, CheckAnswer, Clearance, Decision, Round, Verdict
from prima.projects import rules
from prima.projects.models import Part, Project, Step
from prima.projects.snapshot import changed_sections, seal, snapshot
from prima.users import Role
from prima.workdays import add_working_days

SENT_BACK_FOR = ["RAT", "BUD"]
FIRST_ANSWERS = {Role.RTS: Verdict.COMMENTS, Role.RME: Verdict.CLEAR}
"""Who had answered when the coordinator sent a first version back."""
COMMENT = "Please keep the two visits apart from the training, so that the report can show their results."
COMING_BACK = "The baseline of the second output is not explained. Please state from when the figures are."


@dataclass(frozen=True)
class Signed:
    """A part in the project that a decision gave."""

    role: Role
    part: Part
    at: datetime


class Endorsement:
    """One project's way through the endorsement, told move by move."""

    def __init__(self, project: Project, case: Case, chronicle: Chronicle, source: random.Random) -> None:
        self.project, self.case, self.chronicle, self.source = project, case, chronicle, source
        self.rounds: list[Round] = []
        self.rows: list[Any] = []
        self.signed: list[Signed] = []
        self.handbook = project.edition.handbook
        self.regional = rules.is_regional(project)

    def follow(self, move: str, step: Step, upcoming: Sequence[tuple[str, datetime]]) -> None:
        """What a move brings with it; `upcoming` are the moves after it."""
        at = step.at
        if move == "submit":
            self._freeze(at)
        elif move == "clear":
            self._open(at, upcoming)
        seat = SEATS[move]
        if seat.decides and seat.role:
            sections = SENT_BACK_FOR if move == "return" else []
            there = self.rounds[-1]
            self.rows.append(Decision(step=step, round=there, role=seat.role, sections=sections))
            if sections:
                there.closed_at = at
            who = self.case.site.who(seat.role)
            self.chronicle.note(self.project, at, "decided", who, round=there.number, **record.decided(self.rows[-1]))
            if seat.part:
                self.signed.append(Signed(seat.role, seat.part, at))
        if move == "to-fund":
            self._open_for_the_fund(at, upcoming)

    def _freeze(self, at: datetime) -> None:
        developer = self.case.site.who(Role.PDEV)
        frozen = snapshot(self.project)
        if self.case.story.returned_once and not self.rounds:
            frozen = first_version(frozen)
        there = Round(
            project_id=self.project.id,
            number=len(self.rounds) + 1,
            submitted_at=at,
            submitted_by_id=developer.id,
            snapshot=frozen,
            sha256=seal(frozen),
            clearances=[],
        )
        self.rounds.append(there)
        self.rows.append(there)
        self.chronicle.note(self.project, at, "version frozen", developer, **record.frozen(there))

    def _open(self, at: datetime, upcoming: Sequence[tuple[str, datetime]]) -> None:
        """Open the clearances of the round; answer those that the story has answered."""
        given = self._given(upcoming)
        there = self.rounds[-1]
        ends = upcoming[0][1] if upcoming else None
        seats = []
        for reviewer in self.handbook.reviewers_for("fund", self.project.facts):
            role = Role(reviewer.role)
            clearance = Clearance(
                **seat(role, "region"),
                required=reviewer.required,
                opened_at=at,
                due_on=add_working_days(at.date(), reviewer.days),
                sections=[],
                answers=[],
            )
            there.clearances.append(clearance)
            if (before := self._standing(role)) is not None:
                clearance.stands = before
                clearance.opened_at, clearance.due_on = before.opened_at, before.due_on
                clearance.verdict, clearance.note = before.verdict, before.note
                clearance.decided_by_id, clearance.decided_at = before.decided_by_id, before.decided_at
                clearance.answers = [
                    Answer(check_code=one.check_code, answer=one.answer, note=one.note) for one in before.answers
                ]
            seats.append({**record.asked(clearance), **record.given(clearance)})
            if before is None and role in given:
                self._answer(clearance, given[role], self._between(at, ends))

        self.chronicle.note(self.project, at, "review opened", None, round=there.number, seats=seats)

    def _given(self, upcoming: Sequence[tuple[str, datetime]]) -> dict[Role, Verdict]:
        """Who answers in this round: all before the proposal goes on, some before it goes back or is at hand."""
        following = upcoming[0][0] if upcoming else ""
        if following == "pass":
            return {
                Role(one.role): Verdict.COMMENTS if one.role == "RTS" else Verdict.CLEAR
                for one in self.handbook.reviewers_for("fund", self.project.facts)
            }
        if following == "return":
            return FIRST_ANSWERS
        return {Role(role): Verdict(verdict) for role, verdict in self.case.story.answers}

    def _standing(self, role: Role) -> Clearance | None:
        """A clearance of the round before that still stands, as no section of its role changed."""
        if len(self.rounds) == 1:
            return None
        before, there = self.rounds[-2], self.rounds[-1]
        earlier = next(one for one in before.clearances if one.role is role)
        concern = {section.code for section in self.handbook.sections if role in section.roles}
        changed = changed_sections(before.snapshot, there.snapshot) & concern
        return earlier if earlier.is_given and not changed else None

    def _between(self, at: datetime, ends: datetime | None) -> datetime:
        last = ends.date() if ends else YESTERDAY
        days = max((last - at.date()).days - 1, 1)
        found = moment(working_day(at.date() + timedelta(days=1 + self.source.randrange(days))), self.source)
        latest = (ends or moment(YESTERDAY, self.source)) - timedelta(minutes=20)
        return max(min(found, latest), at + timedelta(minutes=30))

    def _answer(self, clearance: Clearance, verdict: Verdict, at: datetime) -> None:
        who = self.case.site.who(clearance.role)
        clearance.verdict, clearance.decided_at, clearance.decided_by_id = verdict, at, who.id
        clearance.note = {Verdict.COMMENTS: COMMENT, Verdict.RETURN: COMING_BACK}.get(verdict, "")
        clearance.sections = ["MAT"] if verdict is Verdict.RETURN else []
        clearance.version = 2
        clearance.answers = self._answers(clearance.role, doubt="IND" if verdict is Verdict.RETURN else "")
        self.signed.append(Signed(clearance.role, Part.REVIEWED, at))
        self.chronicle.note(
            self.project,
            at,
            "clearance given",
            who,
            round=len(self.rounds),
            **record.asked(clearance),
            **record.given(clearance),
        )

    def _answers(self, role: Role, doubt: str = "") -> list[Answer]:
        found = []
        for check in self.handbook.checks_for(role, "fund", regional=self.regional):
            if check.code == doubt:
                found.append(Answer(check_code=check.code, answer=CheckAnswer.NO, note=COMING_BACK))
            elif check.code == "B30" and self.case.story.heavy_staff:
                found.append(Answer(check_code=check.code, answer=CheckAnswer.YES, note=ASKED["STAFF"]))
            else:
                found.append(Answer(check_code=check.code, answer=CheckAnswer.YES, note=""))
        return found

    def _open_for_the_fund(self, at: datetime, upcoming: Sequence[tuple[str, datetime]]) -> None:
        """Fund management answers checks of its own, and says by its decision what came of them."""
        days = max(desk.days or 0 for desk in self.handbook.desks_for("FUND_REVIEW", "fund"))
        sheet = Clearance(
            **seat(Role.FUND, "headquarters"),
            required=False,
            opened_at=at,
            due_on=add_working_days(at.date(), days),
            sections=[],
            answers=[],
        )
        number = self.rounds[-1].number
        opened = {**record.asked(sheet), **record.given(sheet)}
        self.chronicle.note(self.project, at, "review opened", None, round=number, seats=[opened])
        if upcoming:
            sheet.verdict = Verdict.CLEAR if upcoming[0][0] == "recommend" else Verdict.RETURN
            sheet.note = SEATS[upcoming[0][0]].note
            sheet.answers = self._answers(Role.FUND)
            sheet.version = 2
            answer = {**record.asked(sheet), **record.given(sheet)}
            who = self.case.site.who(Role.FUND)
            self.chronicle.note(self.project, upcoming[0][1], "clearance given", who, round=number, **answer)
        self.rounds[-1].clearances.append(sheet)


def seat(role: Role, scope: str) -> dict[str, Any]:
    """A role that is asked for all areas of work."""
    called = {"seat": role.value, "reviewer": role.value, "role": role, "scope": scope}
    return {**called, "areas": [], "specialist": False, "gender_marker_reason": ""}


def first_version(frozen: dict[str, Any]) -> dict[str, Any]:
    """The proposal before it was returned: a shorter rationale, and travel without its missions."""
    earlier = copy.deepcopy(frozen)
    earlier["sections"]["RAT"] = earlier["sections"]["RAT"].split("\n\n")[0]
    earlier["lines"][-1]["description"] = "Travel"
    return earlier
