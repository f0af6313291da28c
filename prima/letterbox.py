"""How one's letters come: at once or in a digest, in which language, and where the morning of a digest is."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import letters, zones
from prima.db import db
from prima.errors import Refused
from prima.people import wishes
from prima.people.letters_form import chosen, letters_form
from prima.permissions import Action, can, guard
from prima.users import viewer

bp = Blueprint("letters", __name__, url_prefix=letters.SETTINGS_PATH)


@bp.route("", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def index() -> str | Response | tuple[str, int]:
    person = viewer()
    form = letters_form(person, wishes.ways(person), zones.of_office(db.session(), person.id))
    if form.validate_on_submit():
        try:
            wishes.choose(
                person,
                actor=person,
                chosen=chosen(form),
                language=form.language.data,
                time_zone=form.time_zone.data or "",
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved. From now on your letters come as you chose."), "success")
            return redirect(url_for("letters.index"), 303)
    administers = can(person, Action.ADMINISTER)
    page = render_template(
        "account/letters.html",
        form=form,
        topics=[one for one in letters.TOPICS if one is not letters.OF_ADMINISTRATORS or administers],
        ways=letters.WAYS,
        held=wishes.count_held(person),
        hour=f"{current_app.config['DIGEST_HOUR']:02}:00",
    )
    return (page, 422) if form.is_submitted() else page
