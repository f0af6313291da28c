"""Signing in and out, and a new password for a forgotten one."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import sessions
from prima.errors import Invalid
from prima.people import accounts, queries
from prima.people.forms import ForgottenForm, NewPasswordForm, SignInForm
from prima.permissions import Action, guard

bp = Blueprint("signin", __name__)
Answer = str | Response | tuple[str, int]


@bp.route("/sign-in", methods=["GET", "POST"])
@guard(Action.ANYBODY)
def sign_in() -> Answer:
    form = SignInForm()
    if form.validate_on_submit():
        if sessions.sign_in(form.email.data, form.password.data):
            return redirect(inside(request.args.get("next", "")), 303)
        form.form_errors.append(
            _("The address and the password do not match, or there were too many tries: wait 15 minutes then.")
        )
    page = render_template("signin/sign_in.html", form=form, forgotten_url=url_for("signin.forgotten"))
    return page, 422 if form.is_submitted() else 200


@bp.route("/forgotten", methods=["GET", "POST"])
@guard(Action.ANYBODY)
def forgotten() -> Answer:
    form = ForgottenForm()
    if form.validate_on_submit():
        accounts.forget_password(form.email.data)
        flash(_("If this address has an account, a letter with a link is on its way. The link works for one hour."))
        return redirect(url_for("signin.sign_in"), 303)
    page = render_template("signin/forgotten.html", form=form, sign_in_url=url_for("signin.sign_in"))
    return page, 422 if form.is_submitted() else 200


@bp.route("/new-password/<token>", methods=["GET", "POST"])
@guard(Action.ANYBODY)
def new_password(token: str) -> Answer:
    if queries.link(token) is None:
        flash(_("This link was used already, or it is older than an hour. Ask for a new one here."), "warning")
        return redirect(url_for("signin.forgotten"), 303)
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            accounts.use_password_link(token, password=form.password.data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(_("Your new password is saved. Sign in with it."), "success")
            return redirect(url_for("signin.sign_in"), 303)
    return render_template("signin/new_password.html", form=form), 422 if form.is_submitted() else 200


@bp.post("/sign-out")
@guard(Action.SIGNED_IN)
def sign_out() -> Answer:
    sessions.sign_out()
    flash(_("You are signed out."), "success")
    return redirect(url_for("signin.sign_in"), 303)


def inside(target: str) -> str:
    """The page asked for, only when it is one of ours; browsers take a backslash for a slash and skip controls."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return url_for("home.show")
    plain = target.isprintable() and "\\" not in target
    good = plain and target.startswith("/") and not target.startswith("//") and not (parts.scheme or parts.netloc)
    return target if good else url_for("home.show")
