"""Deadlines in one's own calendar: the page of one's addresses, and what a calendar program reads under one."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.permissions import Action, guard
from prima.reporting import agenda, icalendars, operations
from prima.reporting.forms import CalendarForm, calendar_form
from prima.reporting.models import CalendarAddress, CalendarScope
from prima.users import viewer

bp = Blueprint("calendars", __name__)
Answer = str | Response | tuple[str, int]
NEW = "calendar_address"
"""In the session's cookie until it was shown: the secret of an address just made."""


@bp.route("/account/calendar", methods=["GET", "POST"])
@guard(Action.SIGNED_IN)
def index() -> Answer:
    form = asked()
    if form.validate_on_submit():
        try:
            made, token = operations.make_address(
                actor=viewer(),
                scope=CalendarScope(form.scope.data),
                project=form.project.data or "",
                region=form.region.data if form.region else None,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            session[NEW] = [made.id, token]
            flash(_("The address is made. Copy it now: it is shown this once only."), "success")
            return redirect(url_for("calendars.index"), 303)
    return draw(form), 422 if form.is_submitted() else 200


@bp.post("/account/calendar/<int:address_id>/revoke")
@guard(Action.SIGNED_IN, lambda address_id: agenda.address_of(viewer(), address_id), see=None)
def revoke(address: CalendarAddress) -> Answer:
    operations.revoke(address, actor=viewer())
    flash(_("The address is revoked: nothing is read under it any more."), "success")
    return redirect(url_for("calendars.index"), 303)


@bp.get("/calendar/<token>.ics")
@guard(Action.ANYBODY, agenda.by_token, see=None)
def read(address: CalendarAddress) -> Response:
    """Without signing in, as calendar programs do: whoever has the address reads what its owner may see now."""
    name, events = agenda.calendar(address)
    content = icalendars.write(name, events, base_url=current_app.config["BASE_URL"])
    answer = current_app.response_class(content, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "inline; filename=prima.ics"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


def asked() -> CalendarForm:
    """What to make an address for; a link from a project names it."""
    regions = agenda.regions_of(viewer())
    scopes = [
        (CalendarScope.PERSON.value, _("Mine: what I owe as manager or alternate, and what I follow up")),
        (CalendarScope.PROJECT.value, _("All of one project")),
    ]
    if regions:
        scopes.append((CalendarScope.REGION.value, _("All of a Regional Office")))
    project = request.args.get("project", "")
    scope = CalendarScope.PROJECT if project else CalendarScope.PERSON
    return calendar_form(scopes, regions, {"scope": scope.value, "project": project[:40]})


def draw(form: CalendarForm) -> str:
    rows = agenda.addresses_of(viewer())
    number, token = session.pop(NEW, None) or (None, "") if request.method == "GET" else (None, "")
    made = next((one for one in rows if one.id == number), None)
    address = current_app.config["BASE_URL"] + f"/calendar/{token}.ics" if made else ""
    return render_template(
        "reporting/calendars.html",
        form=form,
        rows=[(one, agenda.name_of(one)) for one in rows],
        made=made,
        made_name=agenda.name_of(made) if made else "",
        address=address,
        opens=re.sub("^https?:", "webcal:", address),
    )
