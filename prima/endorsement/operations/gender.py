"""The gender marker that a reviewer sets otherwise, with a reason: it is the project's once the round passes."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from prima.endorsement.models import Clearance, Round, Verdict
from prima.errors import Invalid
from prima.journal import record
from prima.projects.models import Project
from prima.projects.queries import GENDER_SET
from prima.users import Role


def must_be_reasoned(code: str | None, reason: str) -> None:
    if code and not reason.strip():
        raise Invalid("gender_marker_reason", _("Please say why the gender marker should be another one."))
    if reason.strip() and not code:
        raise Invalid("gender_marker_code", _("Please choose the code that the reason is about, or empty the reason."))


def given(there: Round) -> list[Clearance]:
    """The clearances that set another gender marker, in the order they were decided: the last one counts.

    What stands from a round that passed has had its effect then, and carries no code (carried_on).
    """
    found = [one for one in there.clearances if one.is_given and one.gender_marker_code and one.decided_at]
    return sorted(found, key=lambda one: (one.decided_at, one.id))


def set_gender_marker(project: Project, there: Round) -> None:
    """When the round passes, as its reviewers said; each is noted, with who said it and why."""
    for one in given(there):
        if project.gender_marker_code == one.gender_marker_code:
            continue
        before, project.gender_marker_code = project.gender_marker_code, one.gender_marker_code
        record(
            project,
            GENDER_SET,
            actor=one.decided_by,
            behalf_of=one.behalf_of,
            before=before,
            after=one.gender_marker_code,
            reason=one.gender_marker_reason,
            seat=one.seat,
            round=there.number,
        )


def has_passed(there: Round) -> bool:
    """Whether every required clearance was given, and none returned it."""
    answered = [one for one in there.clearances if one.role is not Role.FUND]
    required = all(one.is_given or not one.required for one in answered)
    return required and not any(one.verdict is Verdict.RETURN for one in answered)


def carried_on(before: Clearance) -> dict[str, Any]:
    """What a clearance that stands brings along of the gender marker: nothing that has been the project's already.

    A colleague may have set another one since, with the last word.
    """
    if has_passed(before.round):
        return {"gender_marker_code": None, "gender_marker_reason": ""}
    return {"gender_marker_code": before.gender_marker_code, "gender_marker_reason": before.gender_marker_reason}


def drafted_again(before: Clearance | None, project: Project) -> dict[str, Any]:
    """What a reviewer who is asked again finds: the code chosen before, unless it is the project's by now."""
    if before is None or before.gender_marker_code == project.gender_marker_code:
        return {"gender_marker_code": None, "gender_marker_reason": ""}
    return {"gender_marker_code": before.gender_marker_code, "gender_marker_reason": before.gender_marker_reason}


def as_passed(there: Round) -> dict[str, Any]:
    """A round's version with the gender marker its reviewers set: what they set is no change of the team's."""
    frozen: dict[str, Any] = there.snapshot
    if has_passed(there) and (found := given(there)):
        return {**frozen, "cover": {**frozen["cover"], "gender_marker_code": found[-1].gender_marker_code}}
    return frozen
