"""Who may do what to a project: the predicates, and the table of rights of this package."""

from __future__ import annotations

from typing import Any

from prima import clock
from prima.permissions import Action, authorities, authority
from prima.projects.changes import ChangeKind, ChangeState, deciding_role
from prima.projects.stages import BEFORE_ACTIVATION, Funding
from prima.users import Authority, Role, Scope, User
from prima.workflow import Move

S = ChangeState

DEVELOPER, MANAGER, ALTERNATE, EVALUATOR = "developer", "manager", "alternate", "evaluator"
READS_NO_DRAFTS = frozenset({Role.ADMIN, Role.EVAL})
"""Administrators keep accounts and lists; an evaluator sees the one project."""
OFFICE_ROLES = frozenset(Role) - READS_NO_DRAFTS


def holds_part(user: User, project: Any, *parts: str) -> bool:
    return any(party.user_id == user.id and party.part in parts and party.until_at is None for party in project.parties)


def had_a_part(user: User, project: Any) -> bool:
    """Team at any time, or holds or held a clearance, an endorsement, an approval.

    Somebody from outside sees a project only as long as they have a part in it: an evaluator until another is named.
    """
    return any(party.user_id == user.id and (user.staff or party.until_at is None) for party in project.parties)


def office_or_region(user: User, project: Any) -> bool:
    """Belongs to the management site or to its Regional Office (not at headquarters' scope)."""
    held = authorities(user, OFFICE_ROLES, office_id=project.office_id, region=project.region_code)
    return any(one.scope is not Scope.ORGANIZATION for one in held)


def authority_at(user: User, project: Any, role: Role) -> Any:
    return authority(user, [role], office_id=project.office_id, region=project.region_code)


def fund(user: User, project: Any) -> bool:
    """Fund management and the approver, for projects of the Fund."""
    return project.funding is Funding.FUND and authority(user, [Role.FUND, Role.DDG]) is not None


def fund_authority(user: User) -> Authority | None:
    """By which authority the person keeps the Fund's calls for proposals."""
    return authority(user, [Role.FUND])


def fund_management(user: User, subject: Any) -> bool:
    return fund_authority(user) is not None


def asked_elsewhere(user: User, project: Any) -> bool:
    """Holds a role at headquarters, or at another Regional Office, whose clearance was asked."""
    return any(called in project.asked_elsewhere for called in asked_as(user))


def asked_as(user: User) -> set[str]:
    """As what Project.asked_elsewhere may name the person."""
    found = set()
    for held in user.authorities(clock.today()):
        if held.scope is Scope.ORGANIZATION:
            found.add(str(held.role))
        elif held.scope is Scope.REGION:
            found.add(f"{held.role}@{held.region_code}")
    return found


def all_staff_once_endorsed(user: User, project: Any) -> bool:
    return user.staff and not project.is_close_held


def developer(user: User, project: Any) -> bool:
    return holds_part(user, project, DEVELOPER)


def team(user: User, project: Any) -> bool:
    return holds_part(user, project, DEVELOPER, MANAGER, ALTERNATE)


def editor(user: User, project: Any) -> bool:
    """Who drafts: the team while the proposal is open for writing."""
    return project.is_editable and team(user, project)


def commenter(user: User, project: Any) -> bool:
    """Whoever sees internal parts, as long as the proposal may still change."""
    return project.status in BEFORE_ACTIVATION and any(sees(user, project) for sees in INTERNALS)


def manager(user: User, project: Any) -> bool:
    return holds_part(user, project, MANAGER, ALTERNATE)


def own_head_of_office(user: User, project: Any) -> bool:
    return authority_at(user, project, Role.COM) is not None


def may_create(user: User, subject: Any) -> bool:
    """Project developers, at a country office or a Regional Office."""
    return any(held.role is Role.PDEV and held.absent is None for held in user.authorities(clock.today()))


def resource_management(user: User, project: Any) -> bool:
    return running_authority(user, project) is not None


def running_authority(user: User, project: Any) -> Authority | None:
    """By which authority the person activates, extends or closes it: Fund management, or the region's RRMO.

    Nobody on the team does, nor anybody in place of somebody on the team.
    """
    if project.on_the_team(user):
        return None
    if project.funding is Funding.FUND:
        held = authorities(user, [Role.FUND])
    else:
        held = authorities(user, [Role.RRMO], office_id=project.office_id, region=project.region_code)
    return next((one for one in held if one.absent is None or not project.on_the_team(one.absent)), None)


HEADQUARTERS = frozenset({Role.FUND, Role.DDG})
"""Held for the whole organization only."""


def change_authority(user: User, project: Any, role: str) -> Authority | None:
    """By which authority in the role the person decides on its changes; never somebody of the team, nor for one."""
    if project.on_the_team(user):
        return None
    held_role = Role(role)
    place = {} if held_role in HEADQUARTERS else {"office_id": project.office_id, "region": project.region_code}
    held = authorities(user, [held_role], **place)
    return next((one for one in held if one.absent is None or not project.on_the_team(one.absent)), None)


def change_rules(project: Any) -> Any:
    """What the edition says of changes; None where no page has looked up which edition speaks for an older one."""
    return project.change_rules or project.edition.handbook.changes


def endorses_changes(user: User, project: Any) -> bool:
    rules = change_rules(project)
    return rules is not None and change_authority(user, project, deciding_role(rules, project, S.ASKED)) is not None


def decides_changes(user: User, project: Any) -> bool:
    rules = change_rules(project)
    return rules is not None and change_authority(user, project, deciding_role(rules, project, S.ENDORSED)) is not None


def changing_authority(user: User, move: Move, change: Any) -> Authority | None:
    """The authority by which the person takes this move of this change, where it takes one.

    Whoever endorsed it does not decide on it, and nobody decides who becomes manager if that is themselves.
    """
    rules = change_rules(change.project)
    if rules is None or move.action not in (Action.ENDORSE_CHANGE, Action.DECIDE_CHANGE):
        return None
    held = change_authority(user, change.project, deciding_role(rules, change.project, move.source))  # type: ignore[arg-type]
    people = {user.id, *([held.absent.id] if held and held.absent else [])}
    return None if people & _barred(change, move) else held


def _barred(change: Any, move: Move) -> set[int]:
    barred = {change.after["person"]} if change.kind is ChangeKind.MANAGER and "person" in change.after else set()
    if move.source is S.ENDORSED:
        last = next((step for step in reversed(change.steps) if step.target is S.ENDORSED), None)
        barred |= {last.actor_id, last.behalf_of_id} if last else set()
    return barred


def may_change(user: User, move: Move, change: Any) -> bool:
    """Whether the person may take this move of this change."""
    if move.only and not move.only(change):
        return False
    if move.action is Action.ASK_CHANGE:
        return manager(user, change.project)
    return changing_authority(user, move, change) is not None


INTERNALS = (had_a_part, office_or_region, asked_elsewhere, fund)
"""Who sees the internal parts of a project."""

RIGHTS = {
    Action.CREATE_PROJECT: (may_create,),
    Action.VIEW_PROJECT: (all_staff_once_endorsed, *INTERNALS),
    Action.VIEW_INTERNAL: INTERNALS,
    Action.EDIT_PROPOSAL: (editor,),
    Action.COMMENT: (commenter,),
    Action.EDIT_TEAM: (developer, own_head_of_office),
    Action.SUBMIT: (developer,),
    Action.WITHDRAW: (developer, own_head_of_office),
    Action.ACTIVATE: (resource_management,),
    Action.RUN: (resource_management,),
    Action.MANAGE_CALLS: (fund_management,),
    Action.WRITE_REPORT: (manager,),
    Action.ASK_CHANGE: (manager,),
    Action.ENDORSE_CHANGE: (endorses_changes,),
    Action.DECIDE_CHANGE: (decides_changes,),
}
