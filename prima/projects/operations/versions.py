"""Freezing the project as it was approved: at activation, and by each approved change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import object_session

from prima.projects.models import Part, Project, Version
from prima.projects.snapshot import seal, snapshot
from prima.users import User

DATES = ("starts_on", "ends_on", "first_ends_on")


def freeze(project: Project, *, actor: User, change_id: int | None = None) -> Version:
    """The next version of the locked project, as it stands now; its number begins at 1 and has no gaps."""
    session = object_session(project)
    assert session is not None
    session.flush()
    last = session.scalar(select(func.max(Version.number)).where(Version.project_id == project.id)) or 0
    frozen = as_it_stands(project)
    version = Version(
        project_id=project.id,
        number=last + 1,
        change_id=change_id,
        by_id=actor.id,
        snapshot=frozen,
        sha256=seal(frozen),
    )
    session.add(version)
    session.flush()
    return version


def as_it_stands(project: Project) -> dict[str, Any]:
    """The proposal's snapshot, with project ID, dates, people and the codes of budget lines."""
    dates = {name: value.isoformat() if (value := getattr(project, name)) else None for name in DATES}
    people = {part.value: sorted(one.email for one in project.people(part)) for part in (Part.MANAGER, Part.ALTERNATE)}
    codes = [line.code for line in sorted(project.lines, key=lambda line: line.position)]
    return {**snapshot(project), "code": project.code, "dates": dates, "people": people, "line_codes": codes}


def give_codes(project: Project) -> None:
    """Give every budget line without one the next code of the project (B001): finance states spending by it.

    A code is never given twice, though its line was removed: the highest that a version holds counts too.
    """
    session = object_session(project)
    assert session is not None
    given = [line.code for line in project.lines if line.code]
    given += [
        code
        for codes in session.scalars(select(Version.snapshot["line_codes"]).where(Version.project_id == project.id))
        for code in codes or ()
        if code
    ]
    last = max((number_of(code) for code in given), default=0)
    for line in sorted(project.lines, key=lambda line: (line.position, line.id or 0)):
        if line.code is None:
            last += 1
            line.code = code_of(last)


def code_of(number: int) -> str:
    return f"B{number:03d}"


def number_of(code: str) -> int:
    """The number in a code of ours; 0 for a code of another form."""
    digits = code[1:]
    return int(digits) if code[:1] == "B" and digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
