"""The first page: what is on your desk, the world, search and bookmarks."""

from __future__ import annotations

from flask import Blueprint, render_template

from prima.permissions import Action, guard

bp = Blueprint("home", __name__)


@bp.get("/")
@guard(Action.SIGNED_IN)
def show() -> str:
    return render_template("home.html")
