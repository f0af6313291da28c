"""The anchors of the journal, for whoever holds them against the letters and wants them on paper."""

from __future__ import annotations

from datetime import UTC, date

from flask import Blueprint, render_template, request, url_for

from prima import anchors
from prima.administration import tabs
from prima.db import db
from prima.permissions import Action, guard

bp = Blueprint("oversight", __name__, url_prefix="/administration/journal")


@bp.get("")
@guard(Action.ADMINISTER)
def index() -> str:
    found = anchors.listed(db.session(), edge(request.args.get("before", "")))
    shown = found[: anchors.PAGE]
    following = url_for(".index", before=shown[-1].on_day.isoformat()) if len(found) > len(shown) else None
    return render_template(
        "administration/journal.html",
        utc=UTC,  # the anchor's day is a day of it
        tabs=tabs.around("oversight.index"),
        anchors=shown,
        following=following,
        beginning=bool(request.args.get("before")),
    )


def edge(text: str) -> date | None:
    """The day before which the page begins; what is none begins at the newest."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
