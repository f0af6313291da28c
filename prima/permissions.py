"""Who may do what: one table from action to predicates, `can`, and `guard`, which every view carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import abort, current_app
from flask_login import current_user

from prima import clock
from prima.users import Authority, Role, Scope, User, viewer


class Action(StrEnum):
    """Everything a person can do. The value is the verb phrase used in sentences."""

    ANYBODY = "open a public page"
    SIGNED_IN = "use PRIMA"
    ADMINISTER = "administer people and lists"
    SEE_FIGURES = "see dashboards"
    CREATE_PROJECT = "create a project"
    VIEW_PROJECT = "see this project"
    VIEW_INTERNAL = "see internal parts"
    EDIT_PROPOSAL = "edit the proposal"
    COMMENT = "comment on a section"
    EDIT_TEAM = "change the team"
    SUBMIT = "submit the proposal"
    WITHDRAW = "withdraw the proposal"
    CLEAR_OFFICE = "clear for the office"
    REVIEW = "review the proposal"
    SEND_BACK = "send the proposal back"
    ENDORSE = "endorse"
    ROUTE_ENDORSED = "take the endorsed proposal on"
    FUND_REVIEW = "review for the Fund"
    SEE_CALLS = "see the calls for proposals"
    MANAGE_CALLS = "manage funding rounds"
    APPROVE = "approve"
    ANSWER_DONOR = "record the donor's answer"
    ACTIVATE = "activate"
    RUN = "suspend or close"
    ASK_CHANGE = "ask for a change"
    ENDORSE_CHANGE = "endorse a change"
    DECIDE_CHANGE = "decide on a change"
    WRITE_REPORT = "write reports"
    ASK_REPORT = "ask for a further report"
    CHECK_NARRATIVE = "check narrative reports"
    CHECK_FINANCIAL = "check financial reports"
    ACCEPT_FINANCIAL = "accept financial reports"
    IMPORT_SPENDING = "take over what finance states"
    NAME_EVALUATOR = "name the evaluator"
    EVALUATE = "rate and recommend"
    WRITE_EVALUATION = "write the evaluation report"
    FOLLOW_UP = "follow up recommendations"
    SEE_LESSONS = "see the library of lessons"
    RECORD_LESSONS = "record lessons"
    CURATE_LESSONS = "take lessons into the library"


Predicate = Callable[[User, Any], Any]
RULES: dict[Action, tuple[Predicate, ...]] = {}
"""Any one of the named people is enough. Filled by create_app from the tables of the packages."""


def add_rules(rules: Mapping[Action, tuple[Predicate, ...]]) -> None:
    for action, predicates in rules.items():
        if RULES.get(action, predicates) != predicates:
            raise ValueError(f"{action!r} has rules in two tables")
        RULES[action] = predicates


def can(user: User | None, action: Action, subject: Any = None) -> bool:
    """Whether the person may do it to the subject, by the table alone."""
    if action is Action.ANYBODY:
        return True
    if user is None or not user.active:
        return False
    return any(predicate(user, subject) for predicate in RULES[action])


def require(user: User | None, action: Action, subject: Any = None) -> None:
    if not can(user, action, subject):
        abort(403)


def guard(
    action: Action, load: Callable[..., Any] | None = None, *, see: Action | None = Action.VIEW_PROJECT
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Name the action of a view. With `load`, the URL's values load the subject, which the view gets in their place.

    What the viewer may not see (`see`) is a 404; what may be seen and not done is a 403.
    """

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**values: Any) -> Any:
            if action is not Action.ANYBODY and not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            if load is None:
                require(viewer(), action)
                return view(**values)
            subject = load(**values)
            if subject is None or (see and not can(viewer(), see, whole(subject))):
                abort(404)
            require(viewer(), action, whole(subject))
            return view(subject)

        guarded.action = action  # type: ignore[attr-defined]
        return guarded

    return around


def whole(subject: Any) -> Any:
    """Rights are asked of the project: a part (a clearance, a report) names it as `.project`."""
    return getattr(subject, "project", subject)


def authority(
    user: User, roles: Iterable[Role], *, office_id: int | None = None, region: str | None = None
) -> Authority | None:
    """The person's authority in one of the roles over an office, its region or the organization; own ones first."""
    return next(iter(authorities(user, roles, office_id=office_id, region=region)), None)


def authorities(
    user: User, roles: Iterable[Role], *, office_id: int | None = None, region: str | None = None
) -> list[Authority]:
    """All of them, own ones before lent ones."""
    wanted = set(roles)
    found = [
        held
        for held in user.authorities(clock.today())
        if held.role in wanted
        and (
            held.scope is Scope.ORGANIZATION
            or (held.scope is Scope.REGION and region is not None and held.region_code == region)
            or (held.scope is Scope.OFFICE and office_id is not None and held.office_id == office_id)
        )
    ]
    return sorted(found, key=lambda held: held.absent is not None)


def signed_in(user: User, subject: Any) -> bool:
    return True


def staff(user: User, subject: Any) -> bool:
    return user.staff


def administrator(user: User, subject: Any) -> bool:
    return any(grant.role is Role.ADMIN and grant.in_force for grant in user.grants)


RULES.update({Action.SIGNED_IN: (signed_in,), Action.ADMINISTER: (administrator,), Action.SEE_FIGURES: (staff,)})
RULES[Action.SEE_CALLS] = (staff,)
RULES[Action.SEE_LESSONS] = (staff,)
