"""The first page: what is on your desk, the world, and your bookmarks. Knows all packages by way of create_app."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from flask import Blueprint, current_app, g, render_template, url_for
from flask_babel import gettext as _

from prima import clock, sessions
from prima.desk import Duty
from prima.permissions import Action, guard
from prima.projects import queries
from prima.reference import reader
from prima.reporting import portfolio
from prima.users import User, viewer

bp = Blueprint("home", __name__)
SHADES = 5
MAP_HEIGHT = 418
"""Below lies only the empty south of the projection."""


class Place(NamedTuple):
    """A country on the map, as the macro draws it."""

    code: str
    name: str
    path: str | None
    x: float
    y: float
    tone: int | None
    value_text: str
    url: str | None


@dataclass(frozen=True)
class World:
    width: int
    height: int
    places: list[Place]
    legend: list[tuple[int, str]]
    note: str


def desk(user: User) -> list[Duty]:
    """Everything that waits for the person, late and early due first, then the oldest; asked once per request."""
    if "desk" not in g:
        found = [duty for ask in current_app.extensions["prima.desks"] for duty in ask(user)]
        g.desk = sorted(found, key=lambda duty: duty.order)
    return list(g.desk)


def count(_session: Any, user: User) -> int:
    """The number in the menu: counted here, else kept with the session for a minute, so that pages stay light."""
    if "desk" not in g:
        kept = sessions.kept_count()
        if kept is not None:
            return kept
    number = len(desk(user))
    sessions.keep_count(number)
    return number


@bp.get("/")
@guard(Action.SIGNED_IN)
def show() -> str:
    user = viewer()
    return render_template(
        "home.html",
        duties=desk(user),
        headline=portfolio.headline(user),
        world=world(user),
        bookmarks=queries.bookmarks_of(user),
        today=clock.today(),
    )


def world(user: User) -> World:
    """The map, shaded by number of projects; a country's projects are a click away."""
    shapes = reader.world()
    rows = {row.code: row for row in portfolio.by_country(user)}
    most = max((row.projects for row in rows.values()), default=0)
    places = []
    for code, shape in shapes["countries"].items():
        row = rows.get(code)
        places.append(
            Place(
                code=code,
                name=row.name if row else code,
                path=shape.get("path"),
                x=shape["x"],
                y=shape["y"],
                tone=shade(row.projects, most) if row else None,
                value_text=_value(row) if row else "",
                url=url_for("listing.index", country=code) if row else None,
            )
        )
    return World(shapes["width"], MAP_HEIGHT, places, legend(most, rows.values()), "")


def shade(number: int, most: int) -> int:
    """From 1 (few) to 5 (most); 0 for none."""
    return 0 if not number else min(SHADES, 1 + number * SHADES // (most + 1))


def legend(most: int, rows: Any) -> list[tuple[int, str]]:
    """What each shade that occurs stands for."""
    numbers: dict[int, list[int]] = {}
    for row in rows:
        numbers.setdefault(shade(row.projects, most), []).append(row.projects)
    return [
        (tone, f"{min(found)}" if min(found) == max(found) else f"{min(found)}–{max(found)}")
        for tone, found in sorted(numbers.items())
        if tone
    ]


def _value(row: Any) -> str:
    budget = f"{row.budget or Decimal(0):,.0f}"
    text = _("%(count)s projects, USD %(budget)s", count=row.projects, budget=budget)
    return text + (", " + _("%(count)s overdue", count=row.overdue) if row.overdue else "")
