"""Which projects somebody opened last: kept in a signed cookie of the browser alone, so that reading writes nothing."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from prima.users import User, viewer

COOKIE = "prima_recent"
MOST = 10
LONGEST = 1000
"""Of the cookie; what is longer is none of ours."""
KEPT = 60 * 60 * 24 * 90
OPENED = "projects.show"
NAME = re.compile(r"[A-Za-z0-9.-]{1,40}")
"""A reference or project ID, as it stands in the address."""


def opened(user: User) -> list[str]:
    """References and project IDs as the person opened them, the last one first. Whether they may still be seen, and
    whether two of them are one project, is for the query to say."""
    text = request.cookies.get(COOKIE, "")
    if not text or len(text) > LONGEST:
        return []
    try:
        found = _seal().loads(text)
    except BadData:
        return []
    whose, names = found
    return list(names)[:MOST] if whose == user.id else []


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="recently opened")


def init_app(app: Flask) -> None:
    @app.after_request
    def remember(response: Response) -> Response:
        if request.endpoint != OPENED or request.method != "GET" or response.status_code != 200:
            return response
        user, name = viewer(), (request.view_args or {}).get("reference", "")
        if user is not None and NAME.fullmatch(name):
            before = opened(user)
            names = [name, *(one for one in before if one != name)][:MOST]
            if names != before:
                response.set_cookie(
                    COOKIE,
                    str(_seal().dumps([user.id, names])),
                    max_age=KEPT,
                    httponly=True,
                    samesite="Lax",
                    secure=bool(current_app.config["COOKIE_SECURE"]),
                )
        return response
