"""Standing in, arranged by an administrator with a reason."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.people import delegations, queries
from prima.people.delegation_form import delegation_form, make_delegation
from prima.permissions import Action, guard
from prima.users import Delegation, User, viewer

bp = Blueprint("delegations", __name__, url_prefix="/administration")
Answer = str | Response | tuple[str, int]


@bp.route("/people/<int:person_id>/delegations/new", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def make(person: User) -> Answer:
    form = delegation_form(person)
    if form.validate_on_submit():
        try:
            made = make_delegation(form, person, actor=viewer())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            names = {"delegate": made.delegate.name, "absent": person.name}
            flash(_("%(delegate)s stands in for %(absent)s on these days.", **names), "success")
            return redirect(url_for("administration.person", person_id=person.id), 303)
    page = render_template("administration/delegate.html", form=form, person=person)
    return page, 422 if form.is_submitted() else 200


@bp.post("/delegations/<int:delegation_id>/end")
@guard(Action.ADMINISTER, queries.delegation, see=Action.ADMINISTER)
def end(delegation: Delegation) -> Answer:
    delegations.end_delegation(delegation, actor=viewer())
    flash(_("%(name)s no longer stands in.", name=delegation.delegate.name), "success")
    return redirect(url_for("administration.person", person_id=delegation.absent_id), 303)
