"""Taking up what lies on a desk, giving it back, handing it over: three buttons on the pages where it is answered."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.endorsement import operations, queries
from prima.endorsement.forms import HandOverForm, SeenForm
from prima.endorsement.queries import Asked
from prima.permissions import Action, guard
from prima.users import viewer

bp = Blueprint("claims", __name__, url_prefix="/projects/<reference>/desk/<seat>")


@bp.post("/take-up")
@guard(Action.VIEW_PROJECT, queries.at_desk)
def take_up(asked: Asked) -> Response:
    says = _("You have taken this up. Your colleagues see it, and cannot answer meanwhile.")
    return _done(asked, operations.claim, says)


@bp.post("/give-back")
@guard(Action.VIEW_PROJECT, queries.at_desk)
def give_back(asked: Asked) -> Response:
    return _done(asked, operations.release, _("You have given it back. Everybody who may do it can take it up."))


@bp.post("/hand-over")
@guard(Action.VIEW_PROJECT, queries.at_desk)
def hand_over(asked: Asked) -> Response:
    form = HandOverForm()
    colleague = operations.hand_over(
        asked.project, asked.seat, to=form.to.data, actor=viewer(), seen=form.seen.data or 0
    )
    flash(_("%(name)s has it now, and gets a letter.", name=colleague.name), "success")
    return _back(asked)


def _done(asked: Asked, verb: Callable[..., None], says: str) -> Response:
    verb(asked.project, asked.seat, actor=viewer(), seen=SeenForm().seen.data or 0)
    flash(says, "success")
    return _back(asked)


def _back(asked: Asked) -> Response:
    """To the clearance's page where the button stood there, else to the project's."""
    reference = asked.project.reference
    if request.form.get("back") == "clearance":
        return redirect(url_for("clearances.show", reference=reference, seat=asked.seat.lower()), 303)
    return redirect(url_for("projects.show", reference=reference), 303)
