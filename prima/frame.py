"""What stands around every page: menu, who is signed in, a demonstration's day, whether the scheduler lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask, g, request, url_for

from prima import clock, scheduler
from prima.assets import asset
from prima.db import db
from prima.permissions import Action, can
from prima.users import User, viewer


@dataclass(frozen=True)
class MenuItem:
    """A line of the menu: the endpoint it opens, and the action that a reader needs."""

    label: Any
    endpoint: str
    action: Action
    count: str = ""
    """The name of a count shown behind the label."""
    rooms: tuple[str, ...] = ()
    """Other blueprints whose pages belong under it."""


@dataclass(frozen=True)
class Shown:
    label: str
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True)
class Frame:
    viewer: User | None
    menu: Sequence[Shown]
    demonstration_day: date | None
    scheduler_alive: bool
    sign_out_url: str
    search_url: str | None
    account_links: Sequence[Shown]
    unread: Shown | None
    """The line of the account that has something new, if one has."""
    plotly_url: str


Count = Callable[[Any, User], int]


def init_app(
    app: Flask, menu: Sequence[MenuItem], account: Sequence[MenuItem], counts: dict[str, Count], search: str
) -> None:
    @app.context_processor
    def frame() -> dict[str, Frame]:
        if g.get("without_database"):
            return {}
        user = viewer()
        room = (request.blueprint or "").split(".")[0]
        items, links = (
            [
                Shown(
                    str(item.label),
                    url_for(item.endpoint),
                    room in (item.endpoint.split(".")[0], *item.rooms),
                    counts[item.count](db.session, user) if item.count else None,
                )
                for item in table
                if user and can(user, item.action)
            ]
            for table in (menu, account)
        )
        return {
            "frame": Frame(
                viewer=user,
                menu=items,
                demonstration_day=clock.fixed_day(),
                scheduler_alive=user is None
                or (scheduler.beats(g.beat) if "beat" in g else scheduler.alive(db.session())),
                sign_out_url=url_for("signin.sign_out"),
                search_url=url_for(search) if user and search else None,
                account_links=links,
                unread=next((link for link in links if link.count), None),
                plotly_url=asset("plotly.min.js"),
            )
        }

    @app.context_processor
    def may() -> dict[str, Any]:
        user = None if g.get("without_database") else viewer()
        return {"may": lambda action, subject=None: can(user, Action[action], subject), "today": clock.today()}
