"""The list of donors: add, change, retire."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima import donors
from prima.administration import tabs
from prima.administration.views.people import number
from prima.errors import Refused
from prima.lists import Donor
from prima.people.forms import ChangeDonorForm, DonorForm, NewDonorForm, SearchForm
from prima.permissions import Action, guard
from prima.users import viewer

bp = Blueprint("donors", __name__, url_prefix="/administration/donors")
Answer = str | Response | tuple[str, int]


@bp.get("")
@guard(Action.ADMINISTER)
def index() -> str:
    form = SearchForm(request.args)
    q = form.q.data or "" if form.validate() else ""
    return render_template(
        "administration/donors.html",
        tabs=tabs.around("donors.index"),
        form=form,
        q=q,
        donors=donors.listed(q),
        kinds=donors.KINDS,
    )


@bp.route("/new", methods=["GET", "POST"])
@guard(Action.ADMINISTER)
def add() -> Answer:
    form = with_kinds(NewDonorForm())
    if form.validate_on_submit():
        try:
            donors.add_donor(actor=viewer(), **form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The donor is on the list and can be chosen."), "success")
            return redirect(url_for(".index"), 303)
    return render_template("administration/add_donor.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/<code>", methods=["GET", "POST"])
@guard(Action.ADMINISTER, donors.find, see=Action.ADMINISTER)
def change(donor: Donor) -> Answer:
    form = with_kinds(ChangeDonorForm(obj=donor, version=donors.version_of(donor)))
    if form.validate_on_submit():
        try:
            donors.change_donor(donor, actor=viewer(), version=number(form.version.data), **form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The donor is changed."), "success")
            return redirect(url_for(".index"), 303)
    page = render_template("administration/change_donor.html", form=form, donor=donor)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<code>/retire")
@guard(Action.ADMINISTER, donors.find, see=Action.ADMINISTER)
def retire(donor: Donor) -> Answer:
    donors.retire_donor(donor, actor=viewer())
    flash(_("%(name)s is retired: its projects keep it, new ones cannot choose it.", name=donor.name), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/<code>/restore")
@guard(Action.ADMINISTER, donors.find, see=Action.ADMINISTER)
def restore(donor: Donor) -> Answer:
    donors.restore_donor(donor, actor=viewer())
    flash(_("%(name)s can be chosen again.", name=donor.name), "success")
    return redirect(url_for(".index"), 303)


def with_kinds(form: DonorForm) -> DonorForm:
    form.kind.choices = [
        SelectChoice("", _l("Choose a kind")),
        *(SelectChoice(code, label) for code, label in donors.KINDS.items()),
    ]
    return form
