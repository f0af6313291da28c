"""People: the list, an account, making, mending, disabling and enabling it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima import postmaster
from prima.administration import tabs
from prima.db import db
from prima.errors import Refused
from prima.people import accounts, delegations, history, queries
from prima.people import names as called
from prima.people.forms import ChangePersonForm, FilterForm, OptionalReasonForm, PersonForm, ReasonForm
from prima.permissions import Action, guard
from prima.users import Role, User, viewer

bp = Blueprint("administration", __name__, url_prefix="/administration")
Answer = str | Response | tuple[str, int]
STATES = {"active": True, "disabled": False}


@bp.get("/people")
@guard(Action.ADMINISTER)
def people() -> str:
    names = called.load()
    form, problems = filters(names)
    after, before = edge("after", problems), edge("before", problems)
    page = queries.listed(
        q=form.q.data or "",
        role=Role(form.role.data) if form.role.data else None,
        active=STATES.get(form.state.data),
        after=after,
        before=before,
    )
    kept = {name: value for name, value in form.values().items() if value}
    return render_template(
        "administration/people.html",
        tabs=tabs.around("administration.people"),
        form=form,
        problems=problems,
        filtered=bool(kept),
        page=page,
        refused=postmaster.refused(db.session(), [one.email for one in page.people]),
        names=names,
        previous_url=url_for(".people", before=page.before, **kept) if page.before else None,
        next_url=url_for(".people", after=page.after, **kept) if page.after else None,
    )


def filters(names: called.Names) -> tuple[FilterForm, list[str]]:
    """What narrows the list; what cannot be understood is left out, and said."""
    form = FilterForm(MultiDict(request.args))
    form.role.choices = [SelectChoice("", _l("Any role")), *(SelectChoice(*one) for one in names.roles.items())]
    form.state.choices = [
        SelectChoice("", _l("Any")),
        SelectChoice("active", _l("Active")),
        SelectChoice("disabled", _l("Disabled")),
    ]
    form.validate()
    wrong = [field for field in form if field.errors]
    for field in wrong:
        field.data, field.raw_data, field.errors = None, None, []
    return form, [_("“%(filter)s” was not understood and is left out.", filter=field.label.text) for field in wrong]


def edge(name: str, problems: list[str]) -> int | None:
    """The person with whom a page of the list begins or ends."""
    text = request.args.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 20 and queries.exists(int(text)):
        return int(text)
    problems.append(_("The place in the list was not understood: this is its beginning."))
    return None


@bp.get("/people/<int:person_id>")
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def person(person: User) -> str:
    names = called.load()
    return render_template(
        "administration/person.html",
        person=person,
        refused=postmaster.refused(db.session(), [person.email]).get(person.email),
        names=names,
        delegations=queries.delegations_of(person),
        open_delegations={one.id for one in queries.open_delegations_of(person)},
        entries=history.tell(queries.entries_of(person), names),
        can_delegate=bool(delegations.lent(person)),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@guard(Action.ADMINISTER)
def create() -> Answer:
    form = PersonForm()
    if not form.is_submitted():
        form.staff.data = True
    if form.validate_on_submit():
        try:
            made = accounts.create_user(actor=viewer(), **form.values())
            accounts.send_password_link(made, actor=viewer())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The account is made, and a link to choose a password is on its way."), "success")
            return redirect(url_for(".person", person_id=made.id), 303)
    return render_template("administration/create.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/people/<int:person_id>/edit", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def edit(person: User) -> Answer:
    person_id, name = person.id, person.name
    form = ChangePersonForm(obj=person, version=accounts.version_of(person))
    if form.validate_on_submit():
        try:
            accounts.change_user(person, actor=viewer(), version=number(form.version.data), **form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The account is changed."), "success")
            return redirect(url_for(".person", person_id=person_id), 303)
    page = render_template("administration/edit.html", form=form, person_id=person_id, name=name)
    return page, 422 if form.is_submitted() else 200


@bp.route("/people/<int:person_id>/disable", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def disable(person: User) -> Answer:
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            accounts.disable(person, actor=viewer(), reason=form.reason.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The account is disabled and its sessions have ended."), "success")
            return redirect(url_for(".person", person_id=person.id), 303)
    page = render_template("administration/disable.html", form=form, person=person)
    return page, 422 if form.is_submitted() else 200


@bp.route("/people/<int:person_id>/enable", methods=["GET", "POST"])
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def enable(person: User) -> Answer:
    form = OptionalReasonForm()
    if form.validate_on_submit():
        try:
            accounts.enable(person, actor=viewer(), reason=form.reason.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The account is enabled; its roles count again."), "success")
            return redirect(url_for(".person", person_id=person.id), 303)
    page = render_template("administration/enable.html", form=form, person=person)
    return page, 422 if form.is_submitted() else 200


@bp.post("/people/<int:person_id>/send-link")
@guard(Action.ADMINISTER, queries.person, see=Action.ADMINISTER)
def send_link(person: User) -> Answer:
    accounts.send_password_link(person, actor=viewer())
    flash(_("A link to choose a password is on its way to %(email)s.", email=person.email), "success")
    return redirect(url_for(".person", person_id=person.id), 303)


def number(text: str | None) -> int:
    """The version a form was made with; what is no number matches none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else -1
