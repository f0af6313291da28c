"""Roles: granting, confirming and revoking them."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima import clock
from prima.administration import tabs
from prima.errors import Refused
from prima.people import grants, queries
from prima.people import names as called
from prima.people.forms import GrantForm, OptionalReasonForm
from prima.permissions import Action, guard
from prima.places import Office
from prima.users import Grant, Role, Scope, User, viewer

bp = Blueprint("grants", __name__, url_prefix="/administration")
Answer = str | Response | tuple[str, int]


@bp.get("/grants")
@guard(Action.ADMINISTER)
def waiting() -> str:
    return render_template(
        "administration/grants.html",
        tabs=tabs.around("grants.waiting"),
        grants=[(one, viewer().id in (one.user_id, one.granted_by_id)) for one in queries.waiting_grants()],
        names=called.load(),
    )


@bp.route("/people/<int:person_id>/grants/new", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def give(person: User) -> Answer:
    form = GrantForm()
    names = called.load()
    form.role.choices = [SelectChoice("", _l("Choose a role")), *(SelectChoice(*one) for one in names.roles.items())]
    form.scope.choices = list(GrantForm.SCOPES)
    form.region_code.choices = [
        SelectChoice("", _l("No Regional Office")),
        *(SelectChoice(region.code, names.region(region.code)) for region in queries.regions()),
    ]
    form.office_id.choices = [SelectChoice("", _l("No single office")), *office_choices(names)]
    by_area = queries.roles_by_area()
    form.areas.choices = [SelectChoice(*one) for one in names.areas.items()] if by_area else []
    if form.validate_on_submit():
        try:
            made = grants.grant_role(
                person,
                actor=viewer(),
                role=Role(form.role.data),
                scope=Scope(form.scope.data),
                region_code=form.region_code.data,
                office_id=int(form.office_id.data) if form.office_id.data else None,
                areas=form.areas.data or (),
                reason=form.reason.data,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            waits = _("The role is granted. It counts once a second administrator has confirmed it.")
            flash(waits if made.waits_for_confirmation else _("The role is granted."), "success")
            return redirect(url_for("administration.person", person_id=person.id), 303)
    page = render_template(
        "administration/give.html",
        form=form,
        person=person,
        by_area=", ".join(name for code, name in names.roles.items() if code in by_area),
    )
    return page, 422 if form.is_submitted() else 200


def office_choices(names: called.Names) -> list[SelectChoice]:
    """Offices by name, under the Regional Office each belongs to today."""
    today = clock.today()

    def group(office: Office) -> str:
        region = office.region_on(today)
        return names.region(region) if region else _("Headquarters")

    ordered = sorted(queries.offices(), key=group)
    return [
        SelectChoice(str(office.id), names.office(office), optgroup=label)
        for label, offices in groupby(ordered, key=group)
        for office in offices
    ]


@bp.post("/grants/<int:grant_id>/confirm")
@guard(Action.ADMINISTER, queries.grant, see=Action.ADMINISTER)
def confirm(grant: Grant) -> Answer:
    grants.confirm_grant(grant, actor=viewer())
    flash(_("The role of %(name)s is confirmed and counts from now on.", name=grant.user.name), "success")
    return redirect(url_for("grants.waiting"), 303)


@bp.route("/grants/<int:grant_id>/revoke", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.grant, see=Action.ADMINISTER)
def revoke(grant: Grant) -> Answer:
    form = OptionalReasonForm()
    if form.validate_on_submit():
        try:
            grants.revoke_grant(grant, actor=viewer(), reason=form.reason.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The role is revoked."), "success")
            return redirect(url_for("administration.person", person_id=grant.user_id), 303)
    page = render_template("administration/revoke.html", form=form, grant=grant, names=called.load())
    return page, 422 if form.is_submitted() else 200
