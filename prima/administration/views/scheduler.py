"""What runs by itself: each job and how it does, who leads, and the letters that did not leave."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from prima import clock, postmaster, scheduler
from prima.administration import tabs
from prima.administration.views.people import number
from prima.db import db
from prima.journal import record
from prima.outbox import Letter
from prima.permissions import Action, guard
from prima.users import viewer

bp = Blueprint("scheduler", __name__, url_prefix="/administration/scheduler")


@bp.get("")
@guard(Action.ADMINISTER)
def index() -> str:
    session = db.session()
    before = edge(request.args.get("before", ""))
    found = postmaster.stuck(session, before)
    shown = found[: postmaster.ON_A_PAGE]
    refused = postmaster.refused(session)
    return render_template(
        "administration/scheduler.html",
        tabs=tabs.around("scheduler.index"),
        now=clock.now(),
        alive=scheduler.alive(session),
        seats=scheduler.seats(session),
        conditions=scheduler.conditions(session, current_app.extensions["prima.jobs"]),
        counts=postmaster.counts(session),
        silent=current_app.extensions["prima.never_reminded"](),
        letters=shown,
        refused=refused,
        holders=postmaster.holders(session, list(refused)),
        beginning=before is not None,
        following=url_for(".index", before=shown[-1].id) if len(found) > len(shown) else None,
    )


def edge(text: str) -> int | None:
    """The letter below which the page begins; what is none begins at the newest."""
    found = number(text)
    return found if 0 < found < 2**63 else None


def letter(letter_id: int) -> Letter | None:
    return postmaster.letter(db.session(), letter_id)


@bp.post("/letters/<int:letter_id>/retry")
@guard(Action.ADMINISTER, letter, see=Action.ADMINISTER)
def retry(letter: Letter) -> Response:
    return tried_again(postmaster.retry(db.session(), [letter.id]), [letter.id])


@bp.post("/letters/retry")
@guard(Action.ADMINISTER)
def retry_all() -> Response:
    return tried_again(postmaster.retry(db.session()), None)


def tried_again(count: int, numbers: list[int] | None) -> Response:
    if count:
        record(viewer(), "letters tried again", actor=viewer(), letters=numbers, count=count)
        flash(ngettext("%(num)s letter is tried again within a minute.",
                       "%(num)s letters are tried again within a minute.", count), "success")  # fmt: skip
    else:
        flash(_("Nothing is tried again: where the address is none, mend it in the account first."), "warning")
    return redirect(url_for(".index"), 303)
