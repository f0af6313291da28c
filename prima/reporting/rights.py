"""Who checks and accepts reports: the roles that the edition names for them, and never somebody of the team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prima import clock
from prima.permissions import Action, can
from prima.projects.rights import EVALUATOR, authority_at, holds_part, manager, resource_management, team
from prima.projects.rules import is_donor, is_fund
from prima.projects.stages import Status
from prima.reporting.steps import OWING, deciding_roles, report_type
from prima.users import Authority, Role, User
from prima.workflow import Move


def decider(user: User, project: Any, roles: Iterable[str]) -> Authority | None:
    """The authority by which the person decides on the project's reports, in their own name or for somebody else."""
    if barred(user, project):
        return None
    for role in roles:
        held: Authority | None = authority_at(user, project, Role(role))
        if held and not (held.absent and barred(held.absent, project)):
            return held
    return None


def barred(user: User, project: Any) -> bool:
    """Nobody of the team decides on the project's reports, nor whoever evaluates it."""
    return project.on_the_team(user) or any(
        party.user_id == user.id and party.part == EVALUATOR for party in project.parties
    )


def may_take(user: User, move: Move, deadline: Any) -> bool:
    """Whether the person may take this move of this report: the table's action, then the edition's role for it."""
    kind = report_type(deadline)
    if kind is None or not can(user, move.action, deadline.project):
        return False
    if move.action in (Action.WRITE_REPORT, Action.WRITE_EVALUATION):
        return True
    return decider(user, deadline.project, deciding_roles(kind, move.source)) is not None  # type: ignore[arg-type]


def checks_narrative(user: User, project: Any) -> bool:
    """Somebody whom the edition names for narrative, monitoring or evaluation reports."""
    return decider(user, project, _roles(project, financial=False)) is not None


def checks_financial(user: User, project: Any) -> bool:
    return decider(user, project, _roles(project, financial=True, accepting=False)) is not None


def accepts_financial(user: User, project: Any) -> bool:
    return decider(user, project, _roles(project, financial=True, checking=False)) is not None


def _roles(project: Any, *, financial: bool, checking: bool = True, accepting: bool = True) -> set[str]:
    kinds = [kind for kind in project.edition.handbook.reports if (kind.part == "financial") is financial]
    found = {role for kind in kinds for role in kind.checked_by if checking}
    return found | {kind.accepted_by for kind in kinds if accepting}


def asks_reports(user: User, project: Any) -> bool:
    """The manager or the alternate hears what a donor asks; so does whoever runs the project's dates."""
    return is_donor(project) and any(can(user, action, project) for action in (Action.WRITE_REPORT, Action.RUN))


IMPORTERS = (Role.FIN, Role.RRMO, Role.RAS)
"""Who takes over what finance states, within the place for which they hold the role."""


def imports_spending(user: User, project: Any) -> bool:
    """Whether the person takes over spending of the project or, where none is meant, of any."""
    if project is None:
        return any(held.role in (*IMPORTERS, Role.FUND) for held in user.authorities(clock.today()))
    return import_authority(user, project) is not None


def import_authority(user: User, project: Any) -> Authority | None:
    """By which authority; Fund management has it over the projects of the Fund, nobody over those of their own."""
    roles = (*IMPORTERS, Role.FUND) if is_fund(project) else IMPORTERS
    return decider(user, project, roles)


def evaluator(user: User, project: Any) -> bool:
    return holds_part(user, project, EVALUATOR)


def evaluation_officer(user: User, project: Any) -> bool:
    """The region's M&E officer, unless they have decided on the project or belong to its team."""
    held = authority_at(user, project, Role.RME)
    return held is not None and all(is_independent(one, project) for one in (user, held.absent) if one)


def is_independent(user: User, project: Any) -> bool:
    """Has no part in the project, at any time, but that of evaluating it."""
    return all(party.part == EVALUATOR for party in project.parties if party.user_id == user.id)


def manager_without_evaluator(user: User, project: Any) -> bool:
    """The manager and the alternate may begin the report until an evaluator is named."""
    named = any(party.part == EVALUATOR and party.until_at is None for party in project.parties)
    return not named and manager(user, project)


def names_evaluator(user: User, project: Any) -> bool:
    """The Regional Office: project development, or monitoring and evaluation."""
    return decider(user, project, (Role.RPDO, Role.RME)) is not None


def follows_up(user: User, project: Any) -> bool:
    """Beside its owner: the manager, the alternate, and the region's M&E officer."""
    return manager(user, project) or authority_at(user, project, Role.RME) is not None


def records_lessons(user: User, project: Any) -> bool:
    """The team while the project runs or its last reports are written; its evaluator."""
    return evaluator(user, project) or (project.status in OWING - {Status.OP_CLOSED} and team(user, project))


def curator(user: User, project: Any) -> Authority | None:
    """By which authority the person takes its lessons into the library: nobody does it with those of an own project."""
    return decider(user, project, (*((Role.FUND,) if is_fund(project) else ()), Role.RPDO, Role.RTS))


def curates(user: User, project: Any) -> bool:
    return curator(user, project) is not None


RIGHTS = {
    Action.NAME_EVALUATOR: (resource_management, names_evaluator),
    Action.EVALUATE: (evaluator, evaluation_officer),
    Action.WRITE_EVALUATION: (evaluator, evaluation_officer, manager_without_evaluator),
    Action.FOLLOW_UP: (follows_up,),
    Action.RECORD_LESSONS: (records_lessons,),
    Action.CURATE_LESSONS: (curates,),
    Action.ASK_REPORT: (asks_reports,),
    Action.IMPORT_SPENDING: (imports_spending,),
    Action.CHECK_NARRATIVE: (checks_narrative,),
    Action.CHECK_FINANCIAL: (checks_financial,),
    Action.ACCEPT_FINANCIAL: (accepts_financial,),
}
