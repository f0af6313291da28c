"""One's own account: password, sessions, roles, and who stands in while one is away."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import sessions
from prima.errors import Invalid, Refused
from prima.people import accounts, delegations, queries
from prima.people import names as called
from prima.people.delegation_form import delegation_form, make_delegation
from prima.people.forms import ChangePasswordForm
from prima.permissions import Action, guard
from prima.users import Delegation, SignIn, viewer

bp = Blueprint("account", __name__, url_prefix="/account")
Answer = str | Response | tuple[str, int]


@bp.get("")
@guard(Action.SIGNED_IN)
def show() -> str:
    person = queries.person(viewer().id)
    assert person is not None
    open_ones = sorted(queries.open_delegations_of(person), key=lambda one: one.from_on)
    return render_template(
        "account/show.html",
        person=person,
        names=called.load(),
        sessions=[(one, device(one.agent), sessions.is_this_one(one)) for one in sessions.open_of(person)],
        mine=[one for one in open_ones if one.absent_id == person.id],
        for_others=[one for one in open_ones if one.delegate_id == person.id],
        can_delegate=bool(delegations.lent(person)),
    )


@bp.route("/password", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def password() -> Answer:
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            if sessions.proves_again(viewer(), form.current.data):
                accounts.change_password(viewer(), actor=viewer(), password=form.password.data)
                sessions.start(viewer())
                flash(_("Your new password is saved. Every other session has ended."), "success")
                return redirect(url_for("account.show"), 303)
            form.current.errors = [_("This is not your password, or there were too many tries: wait 15 minutes then.")]
        except Invalid as refusal:
            form.refuse(refusal)
    return render_template("signin/new_password.html", form=form), 422 if form.is_submitted() else 200


@bp.post("/sessions/<int:session_id>/end")
@guard(Action.SIGNED_IN, sessions.own, see=None)
def end_session(session: SignIn) -> Answer:
    if sessions.is_this_one(session):
        sessions.sign_out()
        flash(_("You are signed out."), "success")
        return redirect(url_for("signin.sign_in"), 303)
    sessions.end(session)
    flash(_("The session has ended."), "success")
    return redirect(url_for("account.show"), 303)


@bp.post("/sessions/end-others")
@guard(Action.SIGNED_IN)
def end_other_sessions() -> Answer:
    sessions.end_others()
    flash(_("Every other session has ended."), "success")
    return redirect(url_for("account.show"), 303)


@bp.route("/delegations/new", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def delegate() -> Answer:
    person = queries.person(viewer().id)
    assert person is not None
    form = delegation_form(person)
    if form.validate_on_submit():
        try:
            made = make_delegation(form, person, actor=viewer())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s stands in for you on these days.", name=made.delegate.name), "success")
            return redirect(url_for("account.show"), 303)
    return render_template("account/delegate.html", form=form), 422 if form.is_submitted() else 200


def own_delegation(delegation_id: int) -> Delegation | None:
    found = queries.delegation(delegation_id)
    return found if found and viewer() and found.absent_id == viewer().id else None


@bp.post("/delegations/<int:delegation_id>/end")
@guard(Action.SIGNED_IN, own_delegation, see=None)
def end_delegation(delegation: Delegation) -> Answer:
    delegations.end_delegation(delegation, actor=viewer())
    flash(_("%(name)s no longer stands in for you.", name=delegation.delegate.name), "success")
    return redirect(url_for("account.show"), 303)


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device(agent: str) -> str:
    """A browser as its owner would call it: Firefox on Windows."""
    browser = next((name for sign, name in BROWSERS if sign in agent), _("Another browser"))
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser
