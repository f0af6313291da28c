"""The parts of the administrators' room, as shown above each of its lists."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from prima.people import queries

Tab = tuple[str, str, bool, int | None]


def around(here: str) -> list[Tab]:
    """(label, address, whether it is this one, count) of each list."""
    waiting = queries.waiting_count()
    lists = (
        ("administration.people", _("People"), None),
        ("grants.waiting", _("Roles to confirm"), waiting or None),
        ("donors.index", _("Donors"), None),
        ("oversight.index", _("Journal"), None),
        ("scheduler.index", _("Scheduler and letters"), None),
    )
    return [(label, url_for(endpoint), endpoint == here, count) for endpoint, label, count in lists]
