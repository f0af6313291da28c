"""Signing in and out, and a new password for a forgotten one."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo, Length

from prima import sessions
from prima.forms import REQUIRED, BaseForm, line
from prima.permissions import Action, guard

bp = Blueprint("signin", __name__)
Answer = str | Response | tuple[str, int]


class SignInForm(BaseForm):
    email = line(_l("E-mail address"), render_kw={"autocomplete": "username", "inputmode": "email"})
    password = PasswordField(
        _l("Password"), validators=[DataRequired(REQUIRED)], render_kw={"autocomplete": "current-password"}
    )


@bp.route("/sign-in", methods=["GET", "POST"])
@guard(Action.ANYBODY)
def sign_in() -> Answer:
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("signin/sign_in.html", form=form, forgotten_url=url_for("signin.forgotten")), 422 if form.is_submitted() else 200
    user = sessions.sign_in(
        form.email.data, form.password.data, request.remote_addr or "", request.user_agent.string
    )
    if user is None:
        form.form_errors.append(
            _("The address and the password do not match, or there were too many tries: wait 15 minutes then.")
        )
        return render_template("signin/sign_in.html", form=form, forgotten_url=url_for("signin.forgotten")), 422
    return redirect(inside(request.args.get("next", "")), 303)


@bp.route("/forgotten", methods=["GET", "POST"])
@guard(Action.ANYBODY)
def forgotten() -> Answer:
    raise NotFound


@bp.post("/sign-out")
@guard(Action.SIGNED_IN)
def sign_out() -> Answer:
    sessions.sign_out()
    flash(_("You are signed out."), "success")
    return redirect(url_for("signin.sign_in"), 303)


def inside(target: str) -> str:
    """The page asked for, only when it is one of ours."""
    parts = urlsplit(target)
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if good else "/"


_ = (EqualTo, Length) and _
