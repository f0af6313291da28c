"""The deadlines of a project as rows: made at activation, recomputed by every decision, each with its whole history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from prima import clock
from prima.db import db
from prima.following import Recomputed
from prima.projects.models import Project
from prima.projects.stages import Funding
from prima.reporting import queries
from prima.reporting.calendar import (
    EVALUATION,
    EXTENSION_REQUEST,
    N_,
    RESPONSE,
    Changes,
    Due,
    Existing,
    deadlines,
    revised,
)
from prima.reporting.models import Deadline, DeadlineChange
from prima.users import User

CLOSED = N_("The project was closed operationally; its final reports cover this.")
NOTHING_TO_ASK = N_("The project was closed operationally; nothing can be asked for any more.")
AFTER_CLOSURE = frozenset({EVALUATION, RESPONSE})
BY_DECISION = N_("A decision moved it.")


def make(project: Project, *, actor: User | None) -> list[Deadline]:
    """The deadlines of a project whose dates have just been set."""
    assert project.starts_on and project.ends_on
    rules = project.edition.handbook.deadlines
    made = [
        _made(project, due, actor)
        for due in deadlines(project.starts_on, project.ends_on, rules, **terms(project), decided_on=clock.today())
    ]
    db.session.add_all(made)
    db.session.flush()
    return made


def make_past(project: Project, first_ends_on: date) -> None:
    """The deadlines of a project that ran before it came here, by its dates alone, whatever day it is.

    `first_ends_on` is the end before any extension: what was due by it stays visible as the first date.
    """
    assert project.starts_on and project.ends_on
    rules, agreed = project.edition.handbook.deadlines, terms(project)
    first = {
        (due.kind, due.period_from): due.due_on for due in deadlines(project.starts_on, first_ends_on, rules, **agreed)
    }
    for due in deadlines(project.starts_on, project.ends_on, rules, **agreed):
        row = _made(project, due, None)
        row.first_due_on = first.get((due.kind, due.period_from), due.due_on)
        db.session.add(row)
    db.session.flush()


def add(project: Project, due: Due, *, actor: User | None) -> Deadline:
    """One deadline more, which follows from something that happened."""
    row = _made(project, due, actor)
    db.session.add(row)
    db.session.flush()
    return row


def recompute(
    project: Project,
    *,
    was_end: date,
    actor: User | None,
    change_id: int | None = None,
    cancelled: bool = False,
    was_start: date | None = None,
    decided_on: date | None = None,
) -> Recomputed:
    """Recompute what is open by the project's new dates, which stand already; what was submitted stays.

    `was_start` where the start was corrected too; `decided_on` where the decision was taken on another day than today.
    """
    assert project.starts_on and project.ends_on
    rows = queries.deadlines_of(project.id)
    changes = revised(
        standing(rows),
        project.starts_on,
        project.ends_on,
        project.edition.handbook.deadlines,
        was_end=was_end,
        was_start=was_start,
        decided_on=decided_on or clock.today(),
        cancelled=cancelled,
        **terms(project),
    )
    _apply(project, changes, rows, actor, change_id)
    return Recomputed(len(changes.move), len(changes.add), len(changes.drop))


def end(project: Project, *, actor: User | None) -> None:
    """Operational closure: what its final reports cover falls away."""
    for row in queries.deadlines_of(project.id):
        if row.is_open and row.kind not in AFTER_CLOSURE:
            drop(row, NOTHING_TO_ASK if row.kind == EXTENSION_REQUEST else CLOSED, actor)
    db.session.flush()


def terms(project: Project) -> dict[str, Any]:
    """What was agreed with the donor; for the Fund the edition alone decides."""
    donor = project.funding is Funding.DONOR
    return {
        "funding": project.funding.value,
        "interim_every": project.interim_every_months if donor else None,
        "evaluation": project.evaluation_agreed if donor else None,
    }


def standing(rows: Iterable[Deadline]) -> list[Existing]:
    """The rows that stand, as the calendar reads them."""
    return [
        Existing(
            kind=row.kind,
            due_on=row.due_on,
            period_from=row.period_from,
            period_to=row.period_to,
            from_on=row.from_on,
            submitted=row.report is not None and row.report.first_submitted_on is not None,
            ad_hoc=row.ad_hoc,
            ref=row.id,
        )
        for row in rows
        if row.fell_away_at is None
    ]


def _apply(
    project: Project, changes: Changes, rows: Sequence[Deadline], actor: User | None, change_id: int | None
) -> None:
    """Write down what a decision changes: the first date of each deadline, and what fell away, stay visible."""
    by_id = {row.id: row for row in rows}
    for existing, why in changes.drop:
        drop(by_id[existing.ref or 0], why, actor, change_id)
    db.session.flush()  # what fell away makes room for what is added with the same period
    for existing, due in changes.move:
        row = by_id[existing.ref or 0]
        if row.due_on != due.due_on:
            noted(row, row.due_on, due.due_on, actor=actor, why=due.why or BY_DECISION, change_id=change_id)
        row.period_from, row.period_to, row.from_on = due.period_from, due.period_to, due.from_on
        row.due_on, row.why = due.due_on, due.why
    db.session.flush()
    db.session.add_all(_made(project, due, actor, change_id) for due in changes.add)
    db.session.flush()


def _made(project: Project, due: Due, actor: User | None, change_id: int | None = None) -> Deadline:
    row = Deadline(
        project_id=project.id,
        kind=due.kind,
        period_from=due.period_from,
        period_to=due.period_to,
        from_on=due.from_on,
        due_on=due.due_on,
        first_due_on=due.due_on,
        why=due.why,
    )
    noted(row, None, due.due_on, actor=actor, why=due.why, change_id=change_id)
    return row


def drop(row: Deadline, why: str, actor: User | None, change_id: int | None = None, reason: str = "") -> None:
    noted(row, row.due_on, None, actor=actor, why=why, reason=reason, change_id=change_id)
    row.fell_away_at, row.is_open, row.why = clock.now(), False, why


def noted(
    row: Deadline,
    old: date | None,
    new: date | None,
    *,
    actor: User | None,
    why: str = "",
    reason: str = "",
    change_id: int | None = None,
) -> None:
    """One entry in the history of a deadline."""
    db.session.add(
        DeadlineChange(
            deadline=row,
            by_id=actor.id if actor else None,
            change_id=change_id,
            old_due_on=old,
            new_due_on=new,
            why=why,
            reason=reason,
        )
    )
