"""The process map: stages, statuses and moves, who acts and for how long, and where a project stands on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima import clock
from prima.filters import day
from prima.handbook.conditions import codes_in, say
from prima.handbook.edition import Edition, Funding, Reviewer, Stage
from prima.lists import RoleName, StatusName
from prima.permissions import Action, can
from prima.processmap import Map, Way, lay_out
from prima.processmap import Stage as Drawn
from prima.processmap import Status as Shown
from prima.projects import rules
from prima.projects.models import Part, Project, Step
from prima.projects.names import spoken
from prima.projects.page import need_url
from prima.projects.stages import ACTIVATE, BEFORE_ACTIVATION, LIFECYCLE, Status
from prima.road import Station
from prima.users import Role, Scope, User
from prima.workflow import Move

S, A, R = Status, Action, Role
BESIDE = frozenset({S.RETURNED, S.RETAINED, S.DONOR_CHANGES, S.REJECTED, S.WITHDRAWN, S.SUSPENDED, S.CANCELLED})
"""Statuses beside the straight road."""
CLOSE, SETTLE = "closure.close", "closure.settle"

TEAM: tuple[Role, ...] = (R.PDEV, R.PM, R.APM)
TO_THE_DONOR: tuple[Role, ...] = (R.RPDO, R.PM, R.APM)
TAKERS: dict[Action, dict[str, tuple[Role, ...]]] = {
    A.EDIT_PROPOSAL: dict.fromkeys(("fund", "donor"), TEAM),
    A.SUBMIT: dict.fromkeys(("fund", "donor"), (R.PDEV,)),
    A.WITHDRAW: dict.fromkeys(("fund", "donor"), (R.PDEV, R.COM)),
    A.CLEAR_OFFICE: dict.fromkeys(("fund", "donor"), (R.COM,)),
    A.SEND_BACK: dict.fromkeys(("fund", "donor"), (R.RPDO,)),
    A.ENDORSE: dict.fromkeys(("fund", "donor"), (R.RD,)),
    A.ROUTE_ENDORSED: {"fund": (R.FUND,), "donor": TO_THE_DONOR},
    A.FUND_REVIEW: {"fund": (R.FUND,)},
    A.APPROVE: {"fund": (R.DDG,)},
    A.ANSWER_DONOR: {"donor": TO_THE_DONOR},
    A.ACTIVATE: {"fund": (R.FUND,), "donor": (R.RRMO,)},
    A.RUN: {"fund": (R.FUND,), "donor": (R.RRMO,)},
}
"""Which roles take the moves of an action: what the tables of rights allow, put into words (a test compares them).

Clearances are the edition's: its reviewers.
"""
ON_THE_TEAM = {R.PDEV: Part.DEVELOPER, R.PM: Part.MANAGER, R.APM: Part.ALTERNATE, R.EVAL: Part.EVALUATOR}
"""Roles that a person has in the one project, not over a place."""


@dataclass(frozen=True)
class Row:
    """A move as the map tells it; `taken` says when and by whom, the last time."""

    number: int
    says: str
    sources: str
    target: str
    who: str
    asks: tuple[str, ...]
    taken: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(frozen=True)
class Next:
    """A move that can come next: who takes it here, and what is still missing for it, each with the page to mend it."""

    number: int
    says: str
    target: str
    who: str
    missing: Sequence[tuple[str, str | None]]
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Actor:
    """What a role does, stage by stage; `names` are those who have it on the project."""

    role: str
    duties: Sequence[tuple[str, Sequence[str]]]
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Process:
    map: Map
    moves: Sequence[Row]
    actors: Sequence[Actor]
    reviewers: Sequence[Station] = ()
    following: Sequence[Next] = ()


@dataclass
class Tables:
    """Reads the tables once for a page: the edition, the lists, and the project if there is one."""

    edition: Edition
    statuses: Mapping[str, StatusName]
    roles: Mapping[str, RoleName]
    funding: Funding
    project: Project | None = None
    people: Sequence[User] = ()
    reviewers: Sequence[Station] | None = None
    """Those really asked, of a project; else the edition's, under their conditions."""
    groups: list[tuple[Stage | None, list[str]]] = field(init=False)
    moves: list[list[Move]] = field(init=False)
    """The moves of this funding, those of one number together: withdrawing is one, wherever it starts."""

    def __post_init__(self) -> None:
        of_list = {code: row for code, row in self.statuses.items() if row.funding in ("both", self.funding)}
        stages = {code: self.edition.stage_of(code, row.stage) for code, row in of_list.items()}
        self.groups = [(stage, [code for code in of_list if stages[code] is stage]) for stage in self.edition.stages]
        if beside := [code for code, stage in stages.items() if stage is None]:
            self.groups.append((None, beside))
        order = [code for _stage, codes in self.groups for code in codes]
        nowhere = {code for code, stage in stages.items() if stage is None}
        found: dict[tuple[str, str, str], list[Move]] = {}
        for move in sorted(LIFECYCLE, key=lambda move: order.index(move.source) if move.source in order else 0):
            if move.source in order and move.target in order and self._exists(move):
                source = "" if move.target in nowhere else move.source
                found.setdefault((move.name, source, move.target), []).append(move)
        # What may be done everywhere is told last.
        self.moves = sorted(found.values(), key=lambda moves: len(moves) > 1)

    def _exists(self, move: Move) -> bool:
        if move.only in (rules.is_fund, rules.is_donor):
            return (move.only is rules.is_fund) is (self.funding == "fund")
        return move.action is A.REVIEW or self.funding in TAKERS[move.action]

    # -- the drawing --------------------------------------------------------------------------------------------------

    def drawing(self) -> Map:
        been = self._been()
        drawn = []
        for stage, codes in self.groups:
            boxes = [self._box(code, been) for code in codes]
            name = stage.name.say() if stage else _("Before activation")
            drawn.append(Drawn(name, boxes, note=stage.holds.say() if stage and not boxes else ""))
        return lay_out(drawn, self._ways())

    def _box(self, code: str, been: Mapping[str, str]) -> Shown:
        desks = self.edition.desks_for(code, self.funding)
        days = max((desk.days or 0 for desk in desks), default=0)
        state = self._state(Status(code), been)
        return Shown(
            code,
            self.statuses[code].name,
            who=self._having(code, [role for desk in desks for role in desk.roles]),
            days=ngettext("%(num)s working day", "%(num)s working days", days) if days else "",
            state=state,
            when=_("Here since %(when)s", when=been[code]) if state == "here" and code in been else been.get(code, ""),
            is_beside=code in BESIDE,
            moves=tuple(
                f"{number} {moves[0].says}"
                for number, moves in enumerate(self.moves, 1)
                if (moves[0].source == code and len(moves) == 1) or (len(moves) > 1 and moves[0].target == code)
            ),
        )

    def _having(self, code: str, roles: Sequence[str]) -> str:
        """Who has it: in review those really asked, or the desk's roles and those that a condition adds."""
        if code != S.REVIEW:
            return self._named(roles)
        if self.reviewers:
            return ", ".join(dict.fromkeys(one.role for one in self.reviewers))
        further = [one.role for one in self._of_edition() if one.needed_when and one.role not in roles]
        if not further:
            return self._named(roles)
        return _("%(roles)s; under conditions also %(further)s", roles=self._named(roles), further=self._named(further))

    def _of_edition(self) -> list[Reviewer]:
        return [one for one in self.edition.reviewers if self.funding in one.funding]

    def conditional(self) -> list[Station]:
        """The edition's reviewers: of which place, for what, and under which condition in words."""
        found = self._of_edition()
        wanted = {("cities", one.place) for one in found if one.place}
        wanted |= {each for one in found if one.needed_when for each in codes_in(one.needed_when)}
        name_of = spoken(wanted)
        return [
            Station(
                self.roles[one.role].name,
                self._where(one, name_of),
                one.days,
                areas=_("a specialist for each area of work, where there is one") if one.areas else "",
                why=_("when %(condition)s", condition=say(one.needed_when, name_of)) if one.needed_when else "",
                required=one.required,
                fallback=self.roles[one.fallback].name if one.fallback else "",
            )
            for one in found
        ]

    @staticmethod
    def _where(one: Reviewer, name_of: Callable[[str, str], str]) -> str:
        if one.place:
            return _("Regional Office %(city)s", city=name_of("cities", one.place))
        return {
            "office": _("the office"),
            "region": _("its Regional Office"),
            "headquarters": _("Headquarters"),
        }[one.scope]

    def _been(self) -> dict[str, str]:
        """When the project came into each status, and by whom; the last time counts."""
        return {step.target.value: _when(step) for step in self.project.steps} if self.project else {}

    def _state(self, code: Status, been: Mapping[str, str]) -> str:
        if self.project and code is self.project.status:
            return "here"
        if code in been:
            return "done"
        return "off" if code in BESIDE else "ahead"

    def _ways(self) -> list[Way]:
        ways = []
        for number, moves in enumerate(self.moves, 1):
            for move in moves if len(moves) == 1 else ():
                state = "taken" if self._steps(move) else "open" if self._is_open(move) else ""
                ways.append(Way(number, move.source, move.target, state))
        return ways

    def _steps(self, move: Move) -> list[Step]:
        steps = self.project.steps if self.project else ()
        return [step for step in steps if (step.source, step.move) == (move.source, move.name)]

    def _is_open(self, move: Move) -> bool:
        return self.project is not None and move.source is self.project.status

    # -- the tables ---------------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        found = []
        for number, moves in enumerate(self.moves, 1):
            move = moves[0]
            steps = [step for one in moves for step in self._steps(one)]
            everywhere = {one.source for one in moves} == set(self._before_activation())
            found.append(
                Row(
                    number,
                    str(move.says),
                    _("every status before activation")
                    if everywhere
                    else ", ".join(self.statuses[one.source].name for one in moves),
                    self.statuses[move.target].name,
                    self._takers(move),
                    self.asks(move),
                    tuple(_when(step) for step in steps),
                    any(self._is_open(one) for one in moves),
                )
            )
        return found

    def _before_activation(self) -> list[str]:
        listed = [code for _stage, codes in self.groups for code in codes]
        return [code for code in BEFORE_ACTIVATION if code in listed]

    def _takers(self, move: Move) -> str:
        if not move.via:
            return _("PRIMA, by itself")
        return self._named(self._roles(move))

    def _roles(self, move: Move) -> Iterable[str]:
        if move.action is A.REVIEW:
            return [one.role for one in self.edition.reviewers if self.funding in one.funding]
        return TAKERS[move.action].get(self.funding, ())

    def asks(self, move: Move) -> tuple[str, ...]:
        """What the move needs: the rules, checks and items of the edition, and a written reason."""
        found = []
        if move.needs is rules.to_develop:
            found.append(_("a summary of the idea"))
        elif move.needs is rules.to_submit:
            kept = [one for one in self.edition.rules if one.when == "submit" and self.funding in one.applies_to]
            found.append(_("every section within its limit of words"))
            found.append(ngettext("%(num)s rule for submitting", "%(num)s rules for submitting", len(kept)))
        if move.via == ACTIVATE:
            found += [_small(one.text.say()) for one in self.edition.activation]
        elif move.via == CLOSE:
            found += [_("accepted final reports"), *(_small(one.text.say()) for one in self.edition.closure)]
        elif move.via == SETTLE:
            found += [_small(one.text.say()) for one in self.edition.settlement]
        if move.target not in BESIDE and (checks := self._checks(move)):
            found.append(ngettext("%(num)s check that must pass", "%(num)s checks that must pass", checks))
        if move.action is A.REVIEW and not move.via:
            found += self._clearances()
        if move.note == "required":
            found.append(_("a written reason"))
        return tuple(found)

    def _clearances(self) -> list[str]:
        """How many clearances are required: of those really asked, or without a condition."""
        asked = [one for one in self._of_edition() if not one.needed_when]
        required = sum(one.required for one in (self.reviewers or asked))
        found = [ngettext("%(num)s required clearance", "%(num)s required clearances", required)]
        if not self.reviewers and len(asked) < len(self._of_edition()):
            found.append(_("further ones under conditions"))
        return found

    def _checks(self, move: Move) -> int:
        """How many checks that must pass are answered where the move starts; regional ones count with the others."""
        roles = {role for desk in self.edition.desks_for(move.source, self.funding) for role in desk.roles}
        return sum(
            check.must_pass and check.role in roles and self.funding in check.applies_to
            for check in self.edition.checks
            if move.source in (S.REVIEW, S.FUND_REVIEW)
        )

    def following(self) -> list[Next]:
        """The moves that may come next, those that lead on first."""
        project = self.project
        assert project is not None
        numbers = {(move.source, move.name): number for number, moves in enumerate(self.moves, 1) for move in moves}
        open_ones = [
            move for move in LIFECYCLE.moves_from(project.status, project) if (move.source, move.name) in numbers
        ]
        return [
            Next(
                numbers[move.source, move.name],
                str(move.says),
                self.statuses[move.target].name,
                self._who_here(move, project),
                [(str(need.text), need_url(project, need)) for need in move.missing(project)],
                self.asks(move),
            )
            for move in sorted(open_ones, key=lambda move: move.target in BESIDE)
        ]

    def _who_here(self, move: Move, project: Project) -> str:
        if not move.via:
            return _("PRIMA, by itself")
        able = [user.name for user in self.people if can(user, move.action, project)]
        who = self._named(self._roles(move))
        return f"{', '.join(able)} ({who})" if able else _("nobody yet: %(role)s", role=who)

    def actors(self) -> list[Actor]:
        """Each role with its duties; one that the edition gives none does what the list of roles says.

        Of a project, the reviewers under conditions stand here only where they are asked.
        """
        asked = None
        if self.project is not None and self.reviewers is not None:
            names = {one.role for one in self.reviewers}
            asked = {code for code, row in self.roles.items() if row.name in names}
        acting = acting_roles(self.edition, self.funding, asked)
        return [
            Actor(row.name, self._duties(code) or [("", [row.does])], self._names(code))
            for code, row in self.roles.items()
            if code in acting
        ]

    def _duties(self, role: str) -> list[tuple[str, list[str]]]:
        found = []
        for stage in self.edition.stages:
            texts = [
                duty.text.say()
                for duty in self.edition.duties
                if duty.role == role and duty.stage == stage.code and self.funding in duty.applies_to
            ]
            if texts:
                found.append((stage.name.say(), texts))
        return found

    def _names(self, role: str) -> list[str]:
        if self.project is None:
            return []
        if role in ON_THE_TEAM:
            return [user.name for user in self.project.people(ON_THE_TEAM[Role(role)])]
        own, lent = [], []
        for user in self.people:
            for held in user.authorities(clock.today()):
                if held.role == role and _reaches(held, self.project):
                    if held.absent is None:
                        own.append(user.name)
                    else:
                        lent.append(_("%(actor)s for %(absent)s", actor=user.name, absent=held.absent.name))
        return list(dict.fromkeys([*own, *lent]))

    def _named(self, roles: Iterable[str]) -> str:
        return ", ".join(self.roles[role].name for role in dict.fromkeys(roles))


def acting_roles(edition: Edition, funding: Funding, asked: Collection[str] | None = None) -> set[str]:
    """The roles that have something to do, by the edition; of its reviewers those `asked`, or all (None)."""
    acting = {duty.role for duty in edition.duties if funding in duty.applies_to}
    acting |= {role for desk in edition.desks if funding in desk.funding for role in desk.roles}
    reviewers = {one.role for one in edition.reviewers if funding in one.funding}
    acting |= reviewers if asked is None else reviewers & set(asked)
    for kind in edition.reports:
        acting |= {*kind.checked_by, kind.accepted_by}
    return acting


def process(
    edition: Edition,
    statuses: Mapping[str, StatusName],
    roles: Mapping[str, RoleName],
    funding: Funding,
    project: Project | None = None,
    people: Sequence[User] = (),
    reviewers: Sequence[Station] | None = None,
) -> Process:
    """The process for one kind of funding; with a project, what is done, where it is, what comes next, and who acts.

    `people` are those who hold a role over the project, with grants and delegations; `reviewers` those really asked.
    """
    tables = Tables(edition, statuses, roles, funding, project, people, reviewers)
    return Process(
        tables.drawing(),
        tables.rows(),
        tables.actors(),
        tables.conditional() if reviewers is None else reviewers,
        tables.following() if project else (),
    )


def _reaches(held: Any, project: Project) -> bool:
    if held.scope is Scope.ORGANIZATION:
        return True
    if held.scope is Scope.REGION:
        return bool(held.region_code == project.region_code)
    return bool(held.office_id == project.office_id)


def _when(step: Step) -> str:
    name = step.actor.name if step.actor else ""
    if step.actor and step.behalf_of:
        name = _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
    return ", ".join(filter(None, [day(step.at), name]))


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
