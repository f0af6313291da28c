"""The first page: what is on your desk, the world, and your bookmarks. Knows all packages by way of create_app."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, render_template

from prima.desk import Duty
from prima.permissions import Action, guard
from prima.projects import queries
from prima.users import User, viewer

bp = Blueprint("home", __name__)

def desk(user: User) -> list[Duty]:
    """Everything that waits for the person, late and early due first, then the oldest; asked once per request."""
    if "desk" not in g:
        found = [duty for ask in current_app.extensions["prima.desks"] for duty in ask(user)]
        g.desk = sorted(found, key=lambda duty: duty.order)
    return list(g.desk)


def count(_session: Any, user: User) -> int:
    return len(desk(user))



@bp.get("/")
@guard(Action.SIGNED_IN)
def show() -> str:
    user = viewer()
    return render_template("home.html", duties=desk(user), bookmarks=queries.bookmarks_of(user))
