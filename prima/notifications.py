"""What PRIMA wrote to somebody, to be read here too: newest first, unread ones marked.

Subject and link stand here, never the text: the page behind the link says what is so now, to those who may see it.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.outbox import Letter
from prima.people import notifications
from prima.permissions import Action, guard
from prima.users import viewer

bp = Blueprint("notifications", __name__, url_prefix="/notifications")


@bp.get("")
@guard(Action.SIGNED_IN)
def index() -> str:
    given = request.args.get("before", "")
    before = number(given)
    letters, more = notifications.listed(viewer(), before)
    return render_template(
        "account/notifications.html",
        letters=[(letter, request.script_root + letter.path if letter.path else "") for letter in letters],
        unread=any(letter.read_at is None for letter in letters) or notifications.count_unread(None, viewer()) > 0,
        newest=letters[0].id if letters else 0,
        before=before,
        problem=_("This page of the list does not exist; the first is shown.") if given and before is None else "",
        first_url=url_for("notifications.index") if before else None,
        next_url=url_for("notifications.index", before=letters[-1].id) if more else None,
    )


@bp.post("/<int:letter_id>/read")
@guard(Action.SIGNED_IN, lambda letter_id: notifications.own(viewer(), letter_id), see=None)
def read(letter: Letter) -> Response:
    notifications.mark_read(letter)
    flash(_("Marked as read: %(subject)s", subject=letter.subject), "success")
    return redirect(url_for("notifications.index", before=number(request.form.get("before", ""))), 303)


@bp.post("/read")
@guard(Action.SIGNED_IN)
def read_all() -> Response:
    """Up to the newest that stood on the page: what came meanwhile was not seen."""
    notifications.mark_all_read(viewer(), up_to=number(request.form.get("newest", "")) or 0)
    flash(_("All notifications are marked as read."), "success")
    return redirect(url_for("notifications.index"), 303)


def number(text: str) -> int | None:
    """A letter's id as a page sends it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
