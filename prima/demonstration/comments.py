"""What colleagues and reviewers said about sections of drafts and of returned proposals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from prima.demonstration.proposals import Case
from prima.projects.models import Comment, Project
from prima.projects.stages import Status
from prima.users import Role


@dataclass(frozen=True)
class Said:
    """A comment, `days` after the proposal came to where it is; the developer resolved it the day after, or not."""

    section: str
    role: Role
    days: int
    text: str
    resolved: bool = False


SAID = {
    Status.DRAFT: (
        Said("SUM", Role.PM, 2, "The first sentence says what we do. Could it say what the problem is?", True),
        Said("RAT", Role.PM, 3, "Please name the year of the figures, and where they are from."),
        Said("BUD", Role.RMO, 4, "Rent went up by 4 per cent this month. Please look at the line again."),
    ),
    Status.RETURNED: (
        Said("RAT", Role.RTS, 1, "Which groups were consulted? One sentence with dates and places is enough."),
        Said("BUD", Role.RRMO, 1, "Please split travel: missions of staff on one line, participants on another."),
        Said("MAT", Role.RME, 0, "Is the target of the first outcome within reach in that time?", True),
    ),
}  # fmt: skip


def comments_of(project: Project, case: Case) -> Iterator[Comment]:
    developer = case.site.who(Role.PDEV)
    for said in SAID.get(case.story.status, ()):
        at = case.moves[-1][1] + timedelta(days=said.days, minutes=25)
        yield Comment(
            project_id=project.id,
            section_code=said.section,
            author_id=case.site.who(said.role).id,
            text=said.text,
            round_number=1 if case.story.status is Status.RETURNED else None,
            needs_answer=case.story.status is Status.RETURNED,
            at=at,
            published_at=at,
            resolved_at=at + timedelta(hours=22) if said.resolved else None,
            resolved_by_id=developer.id if said.resolved else None,
        )
