"""The record of endorsement in words, as page and paper show it: the last word of each role, then the rounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from prima.endorsement import record
from prima.endorsement.models import CheckAnswer, Clearance, Decision, Round, Verdict
from prima.endorsement.overview import said_of
from prima.endorsement.queries import Names
from prima.endorsement.steps import answered, signed
from prima.journal import Entry
from prima.projects.models import Project
from prima.projects.snapshot import seal
from prima.projects.stages import Status
from prima.users import Role


@dataclass(frozen=True)
class Line:
    """Who answered what, when, on which version; `remarks` are what the Handbook wants to be seen of it."""

    role: str
    says: str
    tone: str
    who: str
    at: datetime | None
    round_number: int
    remarks: tuple[str, ...] = ()
    note: str = ""
    sections: str = ""


@dataclass(frozen=True)
class Checked:
    """A reviewer's answer to a check."""

    role: str
    question: str
    says: str
    note: str


@dataclass(frozen=True)
class Chapter:
    """A round: the version it froze, and the answers on it."""

    number: int
    submitted_at: datetime
    submitted_by: str
    sha256: str
    intact: bool
    lines: list[Line]
    checks: list[Checked]
    twice: list[str]
    """A sentence for each person who gave more than one clearance of the round."""


@dataclass(frozen=True)
class Record:
    reference: str
    title: str
    checksum: str
    at: datetime | None
    """When the last of it was written."""
    in_force: list[Line]
    chapters: list[Chapter]
    internal: bool


class Teller:
    """Says a project's rounds for one reader; `internal`: whether notes and checks are for that reader."""

    def __init__(
        self, project: Project, rounds: Sequence[Round], entries: Iterable[Entry], names: Names, *, internal: bool
    ) -> None:
        self.project, self.rounds, self.names, self.internal = project, rounds, names, internal
        self.titles = {one.code: one.title.say() for one in project.edition.handbook.sections}
        self.questions = {one.code: one.question.say() for one in project.edition.handbook.checks}
        self.fallen = _fallen(entries)

    def told(self) -> Record:
        moments = [one.submitted_at for one in self.rounds]
        moments += [line.at for one in self.rounds for line in self._lines(one) if line.at]
        return Record(
            reference=self.project.name,
            title=self.project.title,
            checksum=record.checksum(self.project.reference, self.rounds),
            at=max(moments, default=None),
            in_force=self._in_force(),
            chapters=[self._chapter(one) for one in self.rounds],
            internal=self.internal,
        )

    def _in_force(self) -> list[Line]:
        last = record.in_force(self.rounds)
        return _in_order(
            [self._decision(one, at) if isinstance(one, Decision) else self._clearance(one) for at, one in last]
        )

    def _chapter(self, one: Round) -> Chapter:
        return Chapter(
            number=one.number,
            submitted_at=one.submitted_at,
            submitted_by=one.submitted_by.name,
            sha256=one.sha256,
            intact=seal(one.snapshot) == one.sha256,
            lines=self._lines(one),
            checks=[check for each in one.clearances if self.internal for check in self._checks(each)],
            twice=list(self._twice(one)),
        )

    def _lines(self, one: Round) -> list[Line]:
        answers = [self._clearance(each) for each in one.clearances if each.role is not Role.FUND]
        return _in_order([*(self._decision(each, one.number) for each in one.decisions), *answers])

    def _decision(self, decision: Decision, number: int) -> Line:
        step = decision.step
        tones = {Status.RETURNED: "violet", Status.DONOR_CHANGES: "violet", Status.REJECTED: "red"}
        return Line(
            role=self.names.role(decision.role),
            says=answered(step.move),
            tone=tones.get(step.target, "green"),
            who=signed(step.actor, step.behalf_of),
            at=step.at,
            round_number=number,
            note=step.note if self.internal else "",
            sections=self._sections(decision.sections),
        )

    def _clearance(self, one: Clearance) -> Line:
        role, number = self.names.seat(one), one.round.number
        if one.verdict is None:
            asked = one.round.closed_at is None and self.project.status is Status.REVIEW
            return Line(role, _("open") if asked else _("not answered in this round"), "grey", "", None, number)
        return Line(
            role=role,
            says=said_of(one, one.verdict),
            tone="violet" if one.verdict is Verdict.RETURN else "green",
            who=signed(one.decided_by, one.behalf_of),
            at=one.decided_at,
            round_number=number,
            remarks=tuple(self._remarks(one)),
            note=one.note if self.internal else "",
            sections=self._sections(one.sections),
        )

    def _remarks(self, one: Clearance) -> Iterable[str]:
        origin = one.stands or one
        if held := self.fallen.get((origin.round.number, origin.seat)):
            if held == one.role:
                yield _("%(who)s answered, as nobody held the role", who=signed(one.decided_by, one.behalf_of))
            else:
                yield _(
                    "%(who)s answered as %(role)s, as nobody held the role",
                    who=signed(one.decided_by, one.behalf_of),
                    role=self.names.role(held),
                )
        if origin.gender_marker_code:
            said = _("Gender marker as the reviewer sees it: %(code)s", code=origin.gender_marker_code)
            yield f"{said}. {origin.gender_marker_reason}" if self.internal and origin.gender_marker_reason else said

    def _sections(self, codes: Iterable[str]) -> str:
        return ", ".join(self.titles.get(code, code) for code in codes)

    def _checks(self, one: Clearance) -> Iterable[Checked]:
        """Of an open seat they are a draft, which nobody else reads."""
        words = {
            CheckAnswer.YES: _("yes"),
            CheckAnswer.NO: _("no"),
            CheckAnswer.NOT_APPLICABLE: _("not applicable"),
            None: _("not answered"),
        }
        if not one.is_open:
            for answer in one.answers:
                question = self.questions.get(answer.check_code, answer.check_code)
                yield Checked(self.names.seat(one), question, words[answer.answer], answer.note)

    def _twice(self, one: Round) -> Iterable[str]:
        """One person may give two clearances where the edition says so: the record shows it (Handbook)."""
        seats: dict[str, list[str]] = defaultdict(list)
        for each in one.clearances:
            if not each.is_open and each.decided_by is not None:
                seats[each.decided_by.name].append(self.names.seat(each))
        for who, given in seats.items():
            if len(given) > 1:
                yield _(
                    "%(who)s gave %(count)s clearances: %(seats)s", who=who, count=len(given), seats="; ".join(given)
                )


def _fallen(entries: Iterable[Entry]) -> Mapping[tuple[int, str], str]:
    """By round and seat, the role in which somebody answered while nobody held the one that was asked."""
    found: dict[tuple[int, str], str] = {}
    for entry in entries:
        data: dict[str, Any] = entry.data
        if entry.event in ("clearance given", "clearance taken back") and "seat" in data:
            found.pop((data["round"], data["seat"]), None)
            if entry.event == "clearance given" and data.get("fallen") and data.get("held"):
                found[data["round"], data["seat"]] = data["held"]
    return found


def _in_order(lines: list[Line]) -> list[Line]:
    """As they were given, what is open last."""
    open_ones = [line for line in lines if line.at is None]
    given = [(line.at, place, line) for place, line in enumerate(lines) if line.at is not None]
    return [line for _at, _place, line in sorted(given, key=lambda one: one[:2])] + open_ones
