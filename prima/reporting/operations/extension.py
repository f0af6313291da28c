"""Extending a project: one recorded decision moves the end and recomputes every deadline that is still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _

from prima import clock, outbox
from prima.db import db
from prima.errors import Invalid, Refused
from prima.filters import day
from prima.journal import record
from prima.permissions import Action, can
from prima.projects.models import Extension, Part, Project
from prima.projects.rights import running_authority
from prima.projects.stages import RUNNING, Funding
from prima.reporting import queries
from prima.reporting.calendar import Changes, Due, Existing, revised
from prima.reporting.models import Deadline
from prima.users import User

LAST_YEAR = 2100


def extend(project_id: int, *, actor: User, ends_on: date, reason: str, seen: date | None = None) -> Extension:
    """Move the end of a running project. `seen` is the end that the person had before their eyes."""
    project = queries.locked_project(project_id, actor)
    if not can(actor, Action.RUN, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))
    if project.status not in RUNNING or project.starts_on is None or project.ends_on is None:
        raise Refused(_("Only a project that runs can be extended."))
    was_end, today = project.ends_on, clock.today()
    if seen is not None and seen != was_end:
        raise Refused(
            _("The end was changed to %(end)s meanwhile. Please decide again with this in view.", end=day(was_end))
        )
    if ends_on <= was_end:
        raise Invalid("ends_on", _("The new end must come after the present one, %(end)s.", end=day(was_end)))
    if ends_on.year > LAST_YEAR:
        raise Invalid("ends_on", _("Please check the year: it must not lie after %(last)s.", last="2100"))
    if not reason.strip():
        raise Invalid("reason", _("Please write the reason."))
    extension = Extension(
        project=project,
        old_end=was_end,
        new_end=ends_on,
        reason=reason.strip(),
        decided_by_id=actor.id,
        decided_on=today,
    )
    db.session.add(extension)
    project.ends_on = ends_on
    project.updated_at = clock.now()
    rows = queries.deadlines_of(project.id)
    changes = revised(
        standing(rows),
        project.starts_on,
        ends_on,
        project.edition.handbook.deadlines,
        was_end=was_end,
        decided_on=today,
        **terms(project),
    )
    apply(project, changes, rows)
    authority = running_authority(actor, project)
    record(
        project,
        "extended",
        actor=actor,
        behalf_of=authority.absent if authority else None,
        old_end=was_end,
        new_end=ends_on,
        reason=reason.strip(),
        moved=len(changes.move),
        added=len(changes.add),
        dropped=len(changes.drop),
    )
    for person in project.people(Part.MANAGER, Part.ALTERNATE):
        outbox.queue(
            db.session(),
            to=person,
            cause=f"project:{project.id}",
            kind=f"extended:{ends_on.isoformat()}",
            subject=_("%(id)s is extended to %(end)s", id=project.name, end=day(ends_on)),
            body=_(
                "The end of %(id)s, %(title)s, has been moved from %(old)s to %(new)s.\n\nReason: %(reason)s\n\n"
                "The deadlines that were still open have been recomputed; the project's reports show the new dates.",
                id=project.name,
                title=project.title,
                old=day(was_end),
                new=day(ends_on),
                reason=reason.strip(),
            ),
            path=f"/projects/{project.reference}/reports",
        )
    return extension


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


def apply(project: Project, changes: Changes, rows: Sequence[Deadline]) -> None:
    """Write down what a decision changes: the first date of each deadline, and what fell away, stay visible."""
    by_id = {row.id: row for row in rows}
    for existing, why in changes.drop:
        drop(by_id[existing.ref or 0], why)
    db.session.flush()  # what fell away makes room for what is added with the same period
    for existing, due in changes.move:
        row = by_id[existing.ref or 0]
        row.period_from, row.period_to, row.from_on = due.period_from, due.period_to, due.from_on
        row.due_on, row.why = due.due_on, due.why
    db.session.flush()
    db.session.add_all(made(project, due) for due in changes.add)
    db.session.flush()


def made(project: Project, due: Due) -> Deadline:
    return Deadline(
        project_id=project.id,
        kind=due.kind,
        period_from=due.period_from,
        period_to=due.period_to,
        from_on=due.from_on,
        due_on=due.due_on,
        first_due_on=due.due_on,
        why=due.why,
    )


def drop(row: Deadline, why: str) -> None:
    row.fell_away_at, row.is_open, row.why = clock.now(), False, why
