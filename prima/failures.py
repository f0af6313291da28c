"""How errors answer: a plain page that says what happened and what to do; nothing half-written stays."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from prima.config import MEGABYTE, MOST_BYTES_OF_A_FILE
from prima.db import db
from prima.errors import Conflict, Reason, Refused

Answer = tuple[str, int]
PASSWORD = "password"
"""The field of every form that takes one."""
WORTH_SHOWING = 20
"""Letters of a text that somebody would not like to write again."""


def page(code: int, title: str, text: str, reasons: list[Reason] | None = None, **more: Any) -> Answer:
    shown = [(reason.text, _mended_at(reason)) for reason in reasons or []]
    told = {"code": code, "title": title, "text": text, "reasons": shown, "back": _back(), **more}
    return render_template("errors/error.html", **told), code


def signed_out(hours: int) -> Answer:
    """Something was sent by somebody whose session had ended: it can be sent once more when they are back.

    Passwords are not written into a page, and files cannot be.
    """
    fields = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
    again = bool(fields) and PASSWORD not in request.form
    target = request.script_root + request.full_path.rstrip("?")
    return (
        render_template(
            "errors/signed_out.html",
            hours=hours,
            again=again,
            action=target,
            fields=fields,
            files=bool(request.files),
            texts=[value for _name, value in fields if len(value) >= WORTH_SHOWING] if again else [],
            sign_in_url=_sign_in_url(),
        ),
        401,
    )


def _sign_in_url() -> str:
    """By which one comes back to the page that was open."""
    came_from = urlsplit(_back())
    return url_for("signin.sign_in", next=f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)


def _mended_at(reason: Reason) -> str | None:
    if reason.at:
        values: dict[str, Any] = dict(reason.values)
        return url_for(reason.at, _anchor=reason.field or None, **values)
    return reason.url or None


def _back() -> str:
    """Where the person came from, when that was a page of ours."""
    referrer = request.referrer or ""
    return referrer if referrer.startswith(request.host_url) else request.script_root + "/"


def init_app(app: Flask) -> None:
    words = {
        400: (_l("This request cannot be read"), _l("Go back and try again.")),
        403: (_l("You may not do this"), _l("Your roles do not include it. An administrator can tell you who may.")),
        404: (_l("There is nothing here for you"), _l("The address is wrong, or you may not see what is there.")),
        405: (_l("This address takes no such request"), _l("Go back and use the page's own buttons.")),
    }

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Answer:
        db.session.rollback()
        return page(409, _("This cannot be done now"), _("Nothing was changed."), error.reasons)

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> Answer:
        db.session.rollback()
        kept = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
        return (
            render_template(
                "errors/conflict.html",
                conflict=error,
                kept=[(name, value) for name, value in kept if name != "version"],
                action=request.url,
            ),
            409,
        )

    @app.errorhandler(CSRFError)
    def token(error: CSRFError) -> Answer:
        signed_in = current_user.is_authenticated
        return page(
            400,
            _("This page was open for too long"),
            _("For your safety it could not be sent. Go back, copy what you typed, load the page again and send it.")
            if signed_in
            else _("Your session has ended. Go back, copy what you typed, sign in and send it again."),
            sign_in_url=None if signed_in else _sign_in_url(),
        )

    @app.errorhandler(413)
    def too_large(error: HTTPException) -> Answer:
        whole, text = app.config["MAX_CONTENT_LENGTH"], app.config["MAX_FORM_MEMORY_SIZE"]
        files = request.mimetype == "multipart/form-data"
        if files and (request.content_length or 0) <= whole:
            says = _(
                "A text can have up to %(limit)s MB, and a form up to %(fields)s fields.",
                limit=text // MEGABYTE,
                fields=f"{app.config['MAX_FORM_PARTS']:,}",
            )
        else:
            says = _("At most %(limit)s MB can be sent at once.", limit=(whole if files else text) // MEGABYTE)
            if files:
                says += " " + _("A file can have up to %(limit)s MB.", limit=MOST_BYTES_OF_A_FILE // MEGABYTE)
        return page(413, _("This is too large"), says + " " + _("What was saved before is still there."))

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> Answer:
        """A value that no row can hold, as NUL in an address or a number of thirty digits: nothing has or takes it."""
        db.session.rollback()
        code = 404 if request.method in ("GET", "HEAD") else 400
        title, text = words[code]
        return page(code, str(title), str(text))

    @app.errorhandler(OperationalError)
    def unreachable(error: OperationalError) -> Answer:
        app.logger.error("database: %s", error)
        g.without_database = True
        db.session.remove()
        return page(503, _("The database cannot be reached"), _("Nothing was lost. Try again in a minute."))

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Answer:
        code = error.code or 500
        title, text = words.get(code, (_l("Something went wrong"), _l("Nothing was changed. Try again.")))
        return page(code, str(title), str(text))

    @app.errorhandler(500)
    def broken(error: Exception) -> Answer:
        lost = getattr(error, "original_exception", None)
        if isinstance(lost, OperationalError):  # while another error's page was drawn, or at the commit
            return unreachable(lost)
        db.session.rollback()
        g.without_database = True  # what the frame asks may be what broke
        return page(
            500, _("Something went wrong here"), _("Nothing was changed. The operators of PRIMA have been told.")
        )
