"""Extending a project: one recorded decision moves the end and recomputes every deadline that is still open."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from prima import clock, outbox
from prima.db import db
from prima.errors import Invalid, Refused
from prima.filters import day
from prima.journal import record
from prima.permissions import Action, can
from prima.projects.models import Extension, Part
from prima.projects.rights import running_authority
from prima.projects.stages import RUNNING
from prima.reporting import queries
from prima.reporting.operations.deadlines import recompute
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
    changes = recompute(project, was_end=was_end, actor=actor)
    authority = running_authority(actor, project)
    record(
        project,
        "extended",
        actor=actor,
        behalf_of=authority.absent if authority else None,
        old_end=was_end,
        new_end=ends_on,
        reason=reason.strip(),
        moved=changes.moved,
        added=changes.added,
        dropped=changes.dropped,
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
