"""Whether the codes that an edition names stand in the lists: roles, statuses, and those of conditions."""

from __future__ import annotations

from collections.abc import Iterator

from prima.handbook.conditions import FIELDS, Condition, comparisons
from prima.handbook.edition import Edition, called
from prima.reference import reader


def unknown_codes(edition: Edition) -> Iterator[tuple[str, str]]:
    """(key, reason) of every code that no list knows, each key as in the file."""
    roles = {row["code"] for row in reader.rows("team_roles.csv") if row["account"] == "yes"}
    statuses = _codes("project_statuses")
    for key, role in _roles(edition):
        if role not in roles:
            yield key, f"{role} is not a role of the list that people can hold"
    for desk in edition.desks:
        if desk.status not in statuses:
            yield f"desks[{desk.status}].status", f"{desk.status} is not a status of the list"
        elif any(stage.statuses for stage in edition.stages) and edition.stage_of(desk.status) is None:
            yield f"desks[{desk.status}].status", f"{desk.status} is among the statuses of no stage"
    for stage in edition.stages:
        for code in stage.statuses:
            if code not in statuses:
                yield f"stages[{stage.code}].statuses", f"{code} is not a status of the list"
    for suggestion in edition.gender.suggestions if edition.gender else ():
        if suggestion.code not in _codes("gender_marker"):
            yield f"gender.suggestions[{suggestion.code}].code", f"{suggestion.code} is not a code of the gender marker"
    for reviewer in edition.reviewers:
        if reviewer.place and reviewer.place not in _codes("regional_offices"):
            yield f"reviewers[{reviewer.key}].place", f"{reviewer.place} is not a Regional Office of the list"
    for code in edition.gender_not_applicable_types:
        if code not in _codes("project_types"):
            yield "gender_not_applicable_types", f"{code} is not a project type of the list"
    for key, condition in conditions(edition):
        for one in comparisons(condition):
            list_name = FIELDS[one.field].list_name
            for code in one.value if isinstance(one.value, tuple) else (one.value,):
                if list_name and code not in _codes(list_name):
                    yield key, f"{code} does not stand in the list {list_name}"


def conditions(edition: Edition) -> Iterator[tuple[str, Condition]]:
    """(key, condition) of everything that is needed under one only."""
    items: list[tuple[str, Condition | None]] = [
        *((f"sections[{one.code}]", one.needed_when) for one in edition.sections),
        *((f"rules[{one.code}]", one.needed_when) for one in edition.rules),
        *((f"reviewers[{one.key}]", one.needed_when) for one in edition.reviewers),
    ]
    for key, condition in items:
        if condition is not None:
            yield f"{key}.needed_when", condition


def _roles(edition: Edition) -> Iterator[tuple[str, str]]:
    for desk in edition.desks:
        for role in desk.roles:
            yield f"desks[{desk.status}].roles", role
    for stage in edition.stages:
        for role in stage.who:
            yield f"stages[{stage.code}].who", role
    for duty in edition.duties:
        yield f"duties[{called(duty)}].role", duty.role
    for reviewer in edition.reviewers:
        yield f"reviewers[{reviewer.key}].role", reviewer.role
        if reviewer.fallback:
            yield f"reviewers[{reviewer.key}].fallback", reviewer.fallback
    if edition.changes:
        yield "changes.endorsed_by", edition.changes.endorsed_by
        yield "changes.decided_by.fund", edition.changes.decided_by.fund
        yield "changes.decided_by.donor", edition.changes.decided_by.donor
    named = {one.code for one in edition.reviewers if one.code}
    for check in edition.checks:
        if check.role not in named:
            yield f"checks[{check.code}].role", check.role
    for report in edition.reports:
        yield f"reports[{report.code}].accepted_by", report.accepted_by
        for role in report.checked_by:
            yield f"reports[{report.code}].checked_by", role


def _codes(list_name: str) -> set[str]:
    return {row["code"] for row in reader.rows(f"{list_name}.csv")}
