"""The road of a proposal in words: each desk with its role, place and people, why it is asked, and who answers else."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from prima import clock
from prima.endorsement.models import Clearance, Round, Verdict
from prima.endorsement.queries.naming import Names, seat_names
from prima.endorsement.queries.people import judge, seated, stops
from prima.endorsement.queries.rounds import frozen, newest_clearances
from prima.endorsement.rights import APPROVER, ENDORSER, FUND, HEAD, Seat, named_to_clear, seat_of, sitting
from prima.endorsement.routing import Stop
from prima.endorsement.steps import signed
from prima.handbook.conditions import codes_in, grounds, say
from prima.projects.models import Project
from prima.projects.names import spoken
from prima.projects.rules import is_fund
from prima.projects.snapshot import submitted_facts
from prima.projects.stages import Status
from prima.road import Station
from prima.users import Role, User

DECIDERS = {Status.ENDORSE: ENDORSER, Status.FUND_REVIEW: FUND, Status.APPROVER: APPROVER}
"""Who decides alone in a status."""


def road_ahead(project: Project) -> list[Station]:
    """Who will have the proposal once it is submitted, by the edition and by who holds the roles today."""
    asked = stops(project, project.facts, [row.code for row in project.areas if row.amount])
    last = [Role.FUND, Role.DDG] if is_fund(project) else [Role.RPDO]
    road = _Road(project, project.facts, seated(project, asked, {Role.COM, Role.RD, *last}))
    found = [road.head(), *(road.stop(one) for one in asked), road.decider(ENDORSER, Status.ENDORSE)]
    if is_fund(project):
        return [*found, road.decider(FUND, Status.FUND_REVIEW), road.decider(APPROVER, Status.APPROVER)]
    return [*found, road.donor()]


def road_of_reviewers(project: Project) -> list[Station]:
    """The reviewers really asked: those of the newest round, or those that the proposal as it is would need."""
    newest = newest_clearances(project)
    asked = [one for one in newest.clearances if one.role is not Role.FUND] if newest else []
    if newest and asked:
        judge(project, newest, people := seated(project, asked))
        road = _Road(project, project.facts, people)
        return [road.answered(one, newest) for one in asked]
    if project.is_editable:
        facts, areas = project.facts, [row.code for row in project.areas if row.amount]
    elif newest:
        snapshot = frozen(project, [newest.number])[newest.number]
        facts, areas = submitted_facts(snapshot), list(snapshot["areas"])
    else:
        return []  # imported as endorsed: nobody was asked here
    coming = stops(project, facts, areas)
    road = _Road(project, facts, seated(project, coming))
    return [road.stop(one) for one in coming]


def vacancies(project: Project, newest: Round | None) -> list[Station]:
    """The desks that nobody can use: of a proposal just submitted those of its whole road, else those it lies on."""
    status = project.status
    if status is Status.OFFICE_CLEAR:
        found = road_ahead(project)
    elif status is Status.REVIEW and newest:
        asked = [one for one in newest.clearances if one.is_open]
        road = _Road(project, project.facts, seated(project, asked))
        found = [road.stop(one) for one in asked]
    elif status in DECIDERS:
        seat = DECIDERS[status]
        found = [_Road(project, project.facts, seated(project, (), {seat.role})).decider(seat, status)]
    else:
        found = []
    return [one for one in found if one.vacancy]


class _Road:
    """What is read once to tell the stations of a project."""

    def __init__(self, project: Project, facts: Mapping[str, Any] | None, people: Sequence[User]) -> None:
        self.project, self.facts, self.people = project, facts, people
        self.names: Names = seat_names()
        funding = project.funding.value
        self.reviewers = {one.key: one for one in project.edition.handbook.reviewers if funding in one.funding}
        conditions = [one.needed_when for one in self.reviewers.values() if one.needed_when]
        self.name_of = spoken(code for condition in conditions for code in codes_in(condition))

    # -- the stations -------------------------------------------------------------------------------------------------

    def head(self) -> Station:
        project = self.project
        able = [user for user in self.people if sitting(user, project, HEAD) or named_to_clear(user, project)]
        if able:
            vacancy = ""
        elif self._held(HEAD):
            vacancy = _(
                "The head of office is on the team of this project; the regional endorser names who clears for the "
                "office."
            )
        else:
            vacancy = _(
                "Nobody holds this role for %(place)s; the regional endorser names who clears for the office.",
                place=project.office.name,
            )
        return Station(
            self.names.role(Role.COM), project.office.name, self._days(Status.OFFICE_CLEAR), names=_called(able),
            vacancy=vacancy,
        )  # fmt: skip

    def stop(self, one: Stop | Clearance) -> Station:
        """A clearance that is asked and not given yet."""
        own = dataclasses.replace(seat_of(one), fallen=False)
        able, vacancy = self._sitting(own), ""
        if not able:
            able = self._sitting(dataclasses.replace(own, fallen=True))
            vacancy = self._vacancy(one, own, able)
        return Station(
            self.names.role(one.role),
            self._where(one),
            one.days if isinstance(one, Stop) else self._days_of(one),
            areas=self._areas(one.areas),
            why=self._why(one),
            required=one.required,
            names=_called(able),
            vacancy=vacancy,
        )

    def answered(self, one: Clearance, newest: Round) -> Station:
        """A clearance of a round, with its answer; one that is open lies on somebody's desk while the review lasts."""
        here = newest.closed_at is None and self.project.status is Status.REVIEW
        if one.is_open and here:
            return dataclasses.replace(self.stop(one), answer=_("open"))
        answer = _("not answered in this round") if one.is_open else _verdict(one)
        names = [] if one.is_open else [signed(one.decided_by, one.behalf_of)]
        return dataclasses.replace(self.stop(one), names=names, vacancy="", answer=answer)

    def decider(self, seat: Seat, status: Status) -> Station:
        able = self._sitting(seat)
        where = _("Headquarters") if seat.organization else self._region(self.project.region_code)
        vacancy = "" if able else _("%(nobody)s; the proposal waits there until somebody is granted it.",
                                     nobody=self._nobody(seat, self._in(where, seat)))  # fmt: skip
        return Station(self.names.role(seat.role), where, self._days(status), names=_called(able), vacancy=vacancy)

    def donor(self) -> Station:
        donor = self.project.donor
        recorded = _("its answer is recorded here, with the letter")
        return Station(_("Donor"), donor.name if donor else "", self._days(Status.DONOR_SUBMITTED), names=[recorded])

    # -- words --------------------------------------------------------------------------------------------------------

    def _where(self, one: Stop | Clearance) -> str:
        if one.scope == "office":
            return self.project.office.name
        if one.scope == "headquarters":
            return _("Headquarters")
        return self._region(one.place or self.project.region_code)

    def _region(self, code: str | None) -> str:
        return _("Regional Office %(city)s", city=self.names.city(code)) if code else _("no Regional Office")

    def _in(self, where: str, seat: Seat) -> str:
        """Where, to follow "nobody holds this role"."""
        if seat.organization:
            return _("at headquarters")
        code = seat.place or self.project.region_code
        return _("in %(place)s", place=self.names.city(code) if code and where == self._region(code) else where)

    def _areas(self, codes: Iterable[str]) -> str:
        return "; ".join(self.names.area(code) for code in codes)

    def _why(self, one: Stop | Clearance) -> str:
        reviewer = self.reviewers.get(one.reviewer)
        if reviewer is None or reviewer.needed_when is None:
            return ""
        condition = grounds(reviewer.needed_when, self.facts) if self.facts is not None else reviewer.needed_when
        return _("because %(condition)s", condition=say(condition, self.name_of))

    def _vacancy(self, one: Stop | Clearance, own: Seat, able: Collection[User]) -> str:
        nobody = self._nobody(own, self._in(self._where(one), own))
        answering = []
        held = [sitting(user, self.project, dataclasses.replace(own, fallen=True)) for user in able]
        if any(each and each.role is one.role for each in held):
            answering.append(_("a specialist of other areas of work"))
        if one.fallback and any(each and each.role is one.fallback for each in held):
            answering.append(_("the %(role)s", role=self.names.role(one.fallback)))
        if answering:
            return _("%(nobody)s; %(who)s answers for it.", nobody=nobody, who=_(" or ").join(answering))
        if not one.required:
            return _("%(nobody)s; the answer is not waited for.", nobody=nobody)
        if one.fallback:
            return _(
                "%(nobody)s, nor the one that answers for it (%(role)s); the proposal waits there until somebody is "
                "granted one of them.",
                nobody=nobody,
                role=self.names.role(one.fallback),
            )
        return _("%(nobody)s; the proposal waits there until somebody is granted it.", nobody=nobody)

    def _nobody(self, seat: Seat, place: str) -> str:
        if self._held(seat):
            return _("Whoever holds this role %(place)s has another part in this project", place=place)
        return _("Nobody holds this role %(place)s", place=place)

    def _held(self, seat: Seat) -> bool:
        """Whether somebody holds the role there who may not use it on this project."""
        return any(
            seat.reached_by(one, self.project) for user in self.people for one in user.authorities(clock.today())
        )

    def _sitting(self, seat: Seat) -> list[User]:
        return [user for user in self.people if sitting(user, self.project, seat)]

    def _days(self, status: Status) -> int | None:
        desks = self.project.edition.handbook.desks_for(status, self.project.funding.value)
        return max((desk.days for desk in desks if desk.days), default=None)

    def _days_of(self, one: Clearance) -> int | None:
        reviewer = self.reviewers.get(one.reviewer)
        return reviewer.days if reviewer else None


def _called(people: Iterable[User]) -> list[str]:
    return [user.name for user in people]


def _verdict(one: Clearance) -> str:
    says = {
        Verdict.CLEAR: _("cleared"),
        Verdict.COMMENTS: _("cleared with comments"),
        Verdict.RETURN: _("returned"),
    }[one.verdict or Verdict.CLEAR]
    if one.stands is not None:
        return _("%(says)s in round %(number)s, stands", says=says, number=one.stands.round.number)
    return _("%(says)s, %(day)s", says=says, day=format_date(one.decided_at, "d MMM y")) if one.decided_at else says
